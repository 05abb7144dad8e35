"""The compiler's type checker, kept up: its OCaml source, the program made of it, and the pool that speaks to it."""
