"""Whether a base still is what it was when it was opened: somebody may empty the cache folder meanwhile.

A module that is gone would turn verdicts red, a test that is gone would turn them green. Contents are compared when a
base is opened; from then on it is enough to see what the disk says of its files and folders.
"""

import os
from collections.abc import Iterator

from attrs import define, field

from lsp_aid.ces.base import Base
from lsp_aid.ces.checkout import BUILD_FOLDER

Seen = tuple[tuple[str, int, int], ...]


@define(eq=False)
class Intact:
    """One base, as it is now and as it was. Works on the disk."""

    base: Base
    _folders: tuple[str, ...] = field(init=False)
    _sources: Seen = field(init=False)
    _objects: Seen = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._folders = tuple(f"{self.base.tree}/{folder}" for folder in sorted(self.base.graph.modules))
        self._sources, self._objects = self._see_sources(), self._see_objects()

    @property
    def has_its_sources(self) -> bool:
        """A look at each of them."""
        return self.base.is_there and self._see_sources() == self._sources

    @property
    def has_its_objects(self) -> bool:
        """Whether nothing was added or removed where compiled modules are: a look at each of those folders."""
        return self.base.is_there and self._see_objects() == self._objects

    def _see_sources(self) -> Seen:
        return tuple(sorted(_below(str(self.base.tree), (BUILD_FOLDER,))))

    def _see_objects(self) -> Seen:
        return tuple(map(_told, self._folders))


def _below(folder: str, skipped: tuple[str, ...] = ()) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name in skipped:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
        else:
            yield _told(entry.path)


def _told(path: str) -> tuple[str, int, int]:
    try:
        status = os.lstat(path)
    except OSError:
        return path, -1, -1
    return path, status.st_size, status.st_mtime_ns
