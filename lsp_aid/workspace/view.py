"""The workspace as it stands: open documents over the files on disk."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_aid.errors import FileUnreadableError, OutsideError

SKIPPED_FOLDERS = frozenset({"_build", ".git", ".hg", ".jj", ".svn", "_opam", "_esy", "node_modules"})
"""Folders that hold no source: build results, version control, local switches."""

MAX_BYTES = 4_000_000
"""A larger file is data, not source."""


class WorkspaceView:
    """Implements the port `View`. Texts are read when asked for and then kept, so that a view does not change.

    `documents`: the open documents by path relative to the root, each with its text and version.
    """

    def __init__(self, root: Path, documents: Mapping[str, tuple[str, int]] | None = None) -> None:
        self._root = root.resolve()
        self._documents = dict(documents or {})
        self._texts: dict[str, str] = {}
        self._paths: tuple[str, ...] | None = None

    @property
    def root(self) -> Path:
        return self._root

    @property
    def open_texts(self) -> Mapping[str, str]:
        return {path: text for path, (text, _) in self._documents.items()}

    def version(self, path: str) -> int | None:
        return self._documents[path][1] if path in self._documents else None

    def exists(self, path: str) -> bool:
        return path in self._documents or self._inside(path).is_file()

    def read(self, path: str) -> str:
        if path in self._documents:
            return self._documents[path][0]
        if path not in self._texts:
            self._texts[path] = read_text(self._inside(path), path)
        return self._texts[path]

    def paths(self) -> Sequence[str]:
        if self._paths is None:
            self._paths = tuple(sorted({*self._walk(), *self._documents}))
        return self._paths

    def _walk(self) -> list[str]:
        found = []
        for folder, folders, files in os.walk(self._root):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            found += [Path(folder, name).relative_to(self._root).as_posix() for name in files]
        return found

    def _inside(self, path: str) -> Path:
        target = Path(os.path.realpath(self._root / path.replace("\0", "?")))
        if "\0" in path or not target.is_relative_to(self._root):
            raise OutsideError(f"{path} lies outside {self._root}", "Only files of the project are read.")
        return target


def read_text(file: Path, shown_as: str | None = None) -> str:
    """A file's text exactly as it is, BOM and line ends included. Raises FileUnreadableError."""
    name = shown_as or str(file)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise FileUnreadableError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB", "It is left alone.")
        content = file.read_bytes()
    except OSError as error:
        raise FileUnreadableError(f"{name} cannot be read: {error.strerror}", "Check its permissions.") from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileUnreadableError(f"{name} is not UTF-8 (byte {error.start})", "Convert it to UTF-8.") from error
    if "\0" in text:
        raise FileUnreadableError(f"{name} is a binary file", "It is left alone.")
    return text
