"""What lsp-aid can do: one file per task."""
