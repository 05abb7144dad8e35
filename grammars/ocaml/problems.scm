; Where the text is not OCaml: what the parser skipped, and what it made up.
(ERROR) @skipped
(MISSING) @missing
