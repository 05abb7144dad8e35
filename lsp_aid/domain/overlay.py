"""A view with changes made to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.ports import View
from lsp_aid.errors import FileUnreadableError


@frozen
class Overlay:
    """`base` as it would be with `changes`: itself a View."""

    base: View
    changes: ChangeSet

    @property
    def root(self) -> Path:
        return self.base.root

    @property
    def open_texts(self) -> Mapping[str, str]:
        texts = self.changes.texts
        now = {path: texts.get(path, text) for path, text in self.base.open_texts.items()}
        return {path: text for path, text in now.items() if text is not None}

    def read(self, path: str) -> str:
        texts = self.changes.texts
        if path not in texts:
            return self.base.read(path)
        text = texts[path]
        if text is None:
            raise FileUnreadableError(f"{path} is deleted by the change")
        return text

    def exists(self, path: str) -> bool:
        texts = self.changes.texts
        return texts[path] is not None if path in texts else self.base.exists(path)

    def paths(self) -> Sequence[str]:
        texts = self.changes.texts
        kept = {path for path in self.base.paths() if texts.get(path, "") is not None}
        return sorted(kept | {path for path, text in texts.items() if text is not None})

    def version(self, path: str) -> int | None:
        return self.base.version(path)
