"""A view of texts that are only in memory."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from lsp_aid.errors import FileUnreadableError


@frozen
class PlainView:
    texts: Mapping[str, str]
    root: Path = Path("/nonexistent-project")
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
