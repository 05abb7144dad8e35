"""The Language Server: the only home of pygls and lsprotocol."""
