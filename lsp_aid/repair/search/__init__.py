"""Search among small edits of one module, with the type checker as the oracle."""
