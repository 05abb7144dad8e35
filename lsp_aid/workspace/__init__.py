"""The user's files: documents, disk, trust."""
