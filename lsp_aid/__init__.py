"""lsp-aid: an AI development environment for OCaml teams, as one Language Server."""

__version__ = "0.1.0"
