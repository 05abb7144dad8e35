"""Errors that may only come from others: they wait until those are settled."""

import re
from collections.abc import Sequence, Set

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import View
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.places import text_of

_OPENED = re.compile(r"\bopen!? +(?:[\w']+\.)*([A-Z][\w']*)")
_UNUSED = (32, 34, 37, 69)  # values, types, constructors, fields


def causes(view: View, errors: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """The errors without those in files that use a module whose implementation and interface do not agree: what such a
    module has is not settled yet. What a module does not use itself waits as well, where others ask for what it hides.
    """
    asked = _asked(view, errors)
    errors = [error for error in errors if not _is_hidden(error, asked)] or errors
    unsettled = {module_of(error.path) for error in errors if _disagrees(error)}
    if not unsettled:
        return errors
    uses = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(unsettled)))})\b")
    found = [e for e in errors if _disagrees(e) or not uses.search(text_of(view, e.path) or "")]
    return found or errors


def _asked(view: View, errors: Sequence[Diagnostic]) -> set[str]:
    """The modules of which others name what they do not have, by their names or by an `open`."""
    found: set[str] = set()
    for error in errors:
        message = messages.read(error) if messages.warning_number(error) is None else None
        if isinstance(message, messages.UnboundName) and message.qualifier:
            found.add(message.qualifier.rpartition(".")[2])
        elif isinstance(message, messages.UnboundName):
            found.update(_OPENED.findall(text_of(view, error.path) or ""))
    return found


def _is_hidden(error: Diagnostic, asked: Set[str]) -> bool:
    """Whether it says that something of such a module is not used."""
    return messages.warning_number(error) in _UNUSED and module_of(error.path) in asked


def _disagrees(error: Diagnostic) -> bool:
    message = messages.read(error)
    return isinstance(message, messages.SignatureMismatch) and bool(message.interface)
