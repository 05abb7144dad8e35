"""OCaml as text: syntax, compiler messages, dune files. Pure: no file is read, no process started here."""
