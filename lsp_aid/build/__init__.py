"""dune and the compiler as processes: toolchains, one-shot builds."""
