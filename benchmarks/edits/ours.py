"""Applies replies by lsp-aid, as the product does: any format, over a view of the workspace."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from lsp_aid import editformats
from lsp_aid.edits.placing import place
from lsp_aid.errors import AidError, FileUnreadableError


@frozen
class Result:
    """`after`: the text of every file, None for one that is gone. `problem`: why nothing, or not all, was applied."""

    after: Mapping[str, str | None]
    problem: str = ""
    crashed: bool = False


@frozen
class MemoryView:
    """Implements lsp-aid's port `View` over texts in memory."""

    texts: Mapping[str, str]
    root: Path = Path("/nonexistent-workspace")
    open_texts: Mapping[str, str] = field(factory=dict)

    def read(self, path: str) -> str:
        if path not in self.texts:
            raise FileUnreadableError(f"{path} cannot be read")
        return self.texts[path]

    def exists(self, path: str) -> bool:
        return path in self.texts

    def paths(self) -> Sequence[str]:
        return sorted(self.texts)

    def version(self, path: str) -> int | None:
        return None


def apply(files: Mapping[str, str], text: str) -> Result:
    """What the files are after a reply."""
    try:
        changes = place(MemoryView(files), editformats.read(text))
    except AidError as error:
        return Result(files, str(error))
    except Exception as error:  # a crash is a result, too
        return Result(files, f"{type(error).__name__}: {error}", crashed=True)
    if not changes:
        return Result(files, "The reply holds no change.")
    return Result({**files, **changes.texts})
