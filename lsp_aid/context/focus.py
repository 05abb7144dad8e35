"""What context is gathered for, and what of the project may be shown to a model at all."""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import PurePosixPath

from attrs import define

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import View
from lsp_aid.domain.text import Range
from lsp_aid.errors import WorkspaceError

MAX_CHARACTERS = 200_000
"""A larger file is generated, or data."""

_SUFFIXES = (".ml", ".mli", ".mll", ".mly")
_DUNE_FILES = ("dune", "dune-project", "dune-workspace")
_SECRET_NAME = re.compile(r"secret|credential|passw|private_?key|api_?key|access_?key|id_[rd]sa", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{30,}"
    r"|\bsk-[\w-]{20,}|\bxox[abpr]-[\w-]{10,}"
)


@define(frozen=True, slots=False)
class Focus:
    """`path` is the file at hand, None where there is none; `place` the selection or the cursor in it. `prompt` is what
    the user has written, `errors` what the build says, `tokens` what the prompt may have in all."""

    view: View
    path: str | None = None
    place: Range | None = None
    prompt: str = ""
    errors: Sequence[Diagnostic] = ()
    tokens: int = 16000

    @cached_property
    def sources(self) -> Sequence[str]:
        """The paths that may be shown to a model."""
        return [path for path in self.view.paths() if may_be_shown(path)]

    def read(self, path: str) -> str | None:
        """The text of a file as it is shown: without BOM and CR. None where it cannot be read or must not be shown."""
        try:
            text = self.view.read(path) if may_be_shown(path) else None
        except WorkspaceError:
            return None
        return plain(text) if text is not None and may_be_quoted(path, text) else None


def plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def may_be_quoted(path: str, text: str) -> bool:
    """Whether a text of that path may be shown: neither its name nor what it holds looks like a secret."""
    return may_be_shown(path) and len(text) <= MAX_CHARACTERS and not _SECRET_TEXT.search(text)


def may_be_shown(path: str) -> bool:
    """Whether a path is that of a source of OCaml or dune, neither hidden nor by its name a secret."""
    pure = PurePosixPath(path)
    if any(part.startswith(".") for part in pure.parts) or _SECRET_NAME.search(path):
        return False
    return pure.name in _DUNE_FILES or pure.suffix in _SUFFIXES
