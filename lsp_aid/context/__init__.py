"""What a model is shown of the project: one file per source."""
