"""Errors that may only come from others: they wait until those are settled."""

import re
from collections.abc import Sequence

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import View
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.places import text_of


def causes(view: View, errors: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """The errors without those in files that use a module whose implementation and interface do not agree: what such a
    module has is not settled yet."""
    unsettled = {module_of(error.path) for error in errors if _disagrees(error)}
    if not unsettled:
        return errors
    uses = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(unsettled)))})\b")
    found = [e for e in errors if _disagrees(e) or not uses.search(text_of(view, e.path) or "")]
    return found or errors


def _disagrees(error: Diagnostic) -> bool:
    message = messages.read(error)
    return isinstance(message, messages.SignatureMismatch) and bool(message.interface)
