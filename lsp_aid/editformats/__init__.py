"""How models write edits: one file per reply format."""
