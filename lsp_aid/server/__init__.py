"""The Language Server: the only home of pygls and lsprotocol."""

from lsp_aid.server.services import Services
from lsp_aid.server.stdio import serve_stdio

__all__ = ["Services", "serve_stdio"]
