"""Chat models: one file per backend."""
