"""The Language Server: the only home of pygls and lsprotocol."""

from lsp_aid.server.services import Services
from lsp_aid.server.stdio import serve, serve_stdio

__all__ = ["READING", "Services", "serve", "serve_stdio"]

READING = ("lsp-aid/text", "lsp-aid.status", "lsp-aid.proposal")
"""Methods and commands of ours that only read: they may be asked again when a server was replaced."""
