"""What models are told. Pure."""
