"""Which diagnostics are published, and which are left to ocamllsp.

Where an editor says that ocamllsp serves the same documents, that shows what the compiler says of each text that is
open, as it is typed. What it cannot know is ours: errors of other files, of dune and of the linker, and what depends on
an interface, which is not looked at while one text is typed.
"""

from lsp_aid.config import Settings
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.workspace.documents import Document

_TYPED_ALONE = ("ocaml", "ocaml.interface")
_BY_INTERFACE = tuple(f"warning {number} " for number in (32, 34, 37, 60, 69))
"""Values, types, constructors, modules and fields that are never used: without its interface a file exports all."""


def is_published(diagnostic: Diagnostic, document: Document | None, settings: Settings, ocamllsp: bool) -> bool:
    """Whether a diagnostic is for us to publish. `document` is the one that it is in, None where that is not open;
    `ocamllsp`: whether that serves the same documents."""
    if settings.publish == "never":
        return False
    return settings.publish == "always" or not ocamllsp or not _is_shown_by_ocamllsp(diagnostic, document)


def _is_shown_by_ocamllsp(diagnostic: Diagnostic, document: Document | None) -> bool:
    if document is None or document.language not in _TYPED_ALONE or not diagnostic.path or diagnostic.source != "ocaml":
        return False
    needs_interface = (diagnostic.code or "").startswith(_BY_INTERFACE)
    return not needs_interface and not diagnostic.flat_message.startswith("The implementation ")
