"""The embedded engine that repairs build errors without a model: one file per family of errors, and the search."""
