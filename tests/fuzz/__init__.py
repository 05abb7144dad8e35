"""What comes from models, compilers, repositories and editors, and may be anything."""
