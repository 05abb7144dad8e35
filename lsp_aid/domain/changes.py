"""Changes of whole files: what every edit becomes once it is placed."""

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from lsp_aid.errors import EditError


@frozen
class FileChange:
    """One file before and after. `before` is None for a file that is created, `after` for one that is deleted.
    `executable`: whether it can be run afterwards, which may be all that changes; None where that does not change, and
    for a new file that cannot."""

    path: str
    before: str | None
    after: str | None
    executable: bool | None = None


def mode_with(mode: int, executable: bool | None) -> int:
    """A file's permissions once it can be run by all who may read it, or by nobody; as they are for None."""
    if executable is None:
        return mode
    return mode | (mode & 0o444) >> 2 if executable else mode & ~0o111


def _files(changes: Iterable[FileChange]) -> tuple[FileChange, ...]:
    return tuple(changes)


@frozen
class ChangeSet:
    """Changes of several files, each file once, that are made whole or not at all."""

    files: tuple[FileChange, ...] = field(default=(), converter=_files)

    def __attrs_post_init__(self) -> None:
        paths = [change.path for change in self.files]
        if len(set(paths)) != len(paths):
            raise EditError("A set of changes names a file twice")

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(change.path for change in self.files)

    @property
    def texts(self) -> Mapping[str, str | None]:
        """The text of each changed file afterwards; None where it is deleted."""
        return {change.path: change.after for change in self.files}

    @property
    def reversed(self) -> "ChangeSet":
        """The way back."""
        return ChangeSet(
            FileChange(c.path, c.after, c.before, None if c.executable is None else not c.executable)
            for c in self.files
        )

    def then(self, later: "ChangeSet") -> "ChangeSet":
        """This one followed by `later`, whose texts before are this one's after. What ends as it began is left out."""
        merged = {change.path: change for change in self.files}
        for change in later.files:
            first = merged.get(change.path)
            if first is not None:
                executable = first.executable if change.executable is None else change.executable
                change = FileChange(change.path, first.before, change.after, executable)
            merged[change.path] = change
        return ChangeSet(change for change in merged.values() if change.before != change.after)

    @classmethod
    def of(cls, changes: Iterable[FileChange]) -> "ChangeSet":
        """Without the files that do not change."""
        return cls(change for change in changes if change.before != change.after)
