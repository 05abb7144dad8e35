"""A copy of the workspace, apart from the user's files, that is kept in step with what the editor holds.

A manifest beside the copy tells what was written there last, so that a sync touches only what has changed. It is taken
away before the first change and put back after the last: a sync that was cut off leaves none, and the next one then
trusts nothing and compares contents. Nothing is ever written through a link.
"""

import contextlib
import hashlib
import json
import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from attrs import define, field, frozen

from lsp_aid.domain.changes import ChangeSet, mode_with
from lsp_aid.domain.ports import View
from lsp_aid.errors import FileUnwritableError, OutsideError

VERSION_CONTROL = frozenset((".git", ".hg", ".jj", ".svn"))
SWITCHES = frozenset(("_build", "_opam", "_esy"))
"""What a build has made, and what it is made with, at the top of a project."""
SKIPPED = VERSION_CONTROL | SWITCHES | {"node_modules"}
"""Names that hold no source as a rule, at any depth."""

Record = tuple[str | int, ...]
"""What a manifest keeps of an entry. Two that are equal mean the same entry in the copy."""

_SETTLED_NANOSECONDS = 100_000_000
_NEW_FILE_MODE = 0o644


@frozen
class _Entry:
    """One entry as it shall be. `kind`: `folder`, `link` (to `target`), `copy` (of `source`), `text` (`content`)."""

    kind: str
    record: Record
    mode: int = 0
    source: str = ""
    target: str = ""
    content: bytes = b""


def _resolved(path: Path) -> Path:
    return path.resolve()


@define
class Shadow:
    """The copy of `root` in `folder`; both are absolute. One sync at a time. What has a name of `skipped` is not
    copied, at any depth, nor what has one of `skipped_at_top` at the top."""

    folder: Path
    root: Path = field(converter=_resolved)
    stop: threading.Event = field(factory=threading.Event)
    """Set from another thread, it ends a running sync by `SyncStopped`."""
    skipped: frozenset[str] = field(default=SKIPPED, kw_only=True)
    skipped_at_top: frozenset[str] = field(default=frozenset(), kw_only=True)

    def sync(self, view: View, changes: ChangeSet) -> None:
        """Makes the copy what the disk holds, with the open texts of `view` and then `changes` laid over it.

        Blocks. Raises OutsideError for a change that leaves the project or enters a folder that is not copied,
        FileUnwritableError.
        """
        desired = dict(self._scan())
        self._lay_over(desired, view.open_texts, changes)
        try:
            self._write(desired)
        except OSError as error:
            cure = f"Free space or permit writing in {self.folder.parent}."
            raise FileUnwritableError(f"The shadow of {self.root} cannot be written: {error}", cure) from error

    def writes(self, view: View, changes: ChangeSet) -> dict[str, tuple[bytes | None, int]]:
        """What the copy of `view` alone lacks for the changes: by path the content, None for what is to go, and the
        mode. Blocks. Raises OutsideError as `sync`."""
        before = dict(self._scan())
        self._lay_over(before, view.open_texts, ChangeSet())
        after = dict(before)
        self._lay_over(after, {}, changes)
        gone: tuple[bytes | None, int] = (None, 0)
        found = dict.fromkeys(before.keys() - after.keys(), gone)
        for path, entry in after.items():
            if entry.kind == "text" and entry != before.get(path):
                found[path] = (entry.content, entry.mode | stat.S_IRUSR | stat.S_IWUSR)
        return found

    @property
    def state(self) -> object:
        """What tells whether a sync has changed anything since."""
        try:
            status = self._manifest.stat()
        except OSError:
            return object()
        return status.st_mtime_ns, status.st_ino

    def forget(self) -> None:
        """Makes an end of it: the copy stays as it is, and no further sync is to be expected."""
        self.folder.mkdir(exist_ok=True)
        self._manifest.unlink(missing_ok=True)

    def _scan(self) -> Iterator[tuple[str, _Entry]]:
        """What is on disk, by path relative to the root, folders before what they hold."""
        root, own = str(self.root), str(self.folder.parent.parent)
        pending = [""]
        while pending:
            self._check_stop()
            folder = pending.pop()
            try:
                entries = list(os.scandir(f"{root}/{folder}"))
            except OSError:
                continue  # what cannot be read cannot be built either: dune will say so
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.name in self.skipped or path in self.skipped_at_top or entry.path == own:
                    continue
                found = self._entry(entry)
                if found is None:
                    continue
                yield path, found
                if found.kind == "folder":
                    pending.append(path)

    def _entry(self, entry: "os.DirEntry[str]") -> _Entry | None:
        try:
            if entry.is_symlink():
                target = self._link_target(entry.path)
                return _Entry("link", ("link", target), target=target)
            status = entry.stat(follow_symlinks=False)
        except OSError:
            return None  # it has gone while we looked
        if stat.S_ISDIR(status.st_mode):
            return _Entry("folder", ("folder",))
        if not stat.S_ISREG(status.st_mode):
            return None
        mode = stat.S_IMODE(status.st_mode) & 0o777
        record: Record = ("copy", status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size, mode)
        # A file that changed a moment ago may change again without its times showing it: look again the next time.
        if abs(time.time_ns() - status.st_ctime_ns) < _SETTLED_NANOSECONDS:
            record = ("copy", "unsettled", time.monotonic_ns())
        return _Entry("copy", record, mode, source=entry.path)

    def _link_target(self, path: str) -> str:
        """What a link shall say in the copy: the same where it stays in the project, else the real place."""
        target, parent, root = Path(path).readlink(), Path(path).parent, str(self.root)
        if not target.is_absolute() and _is_below(os.path.normpath(parent / target), root):
            return str(target)
        real = os.path.realpath(parent / target)
        return os.path.relpath(real, parent) if _is_below(real, root) else real

    def _lay_over(self, desired: dict[str, _Entry], open_texts: Mapping[str, str], changes: ChangeSet) -> None:
        for path, text in open_texts.items():
            with contextlib.suppress(OutsideError):  # a document that the build does not see
                self._put(desired, self._place(path), text)
        for change in changes.files:
            place = self._place(change.path)
            if change.after is None:
                desired.pop(place, None)
            else:
                self._put(desired, place, change.after, change.executable)

    def _place(self, path: str) -> str:
        """The relative path of the file that `path` leads to, links followed. Raises OutsideError."""
        pure = PurePosixPath(path)
        if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\0" in path:
            raise OutsideError(f"{path!r} is no path within the project")
        place = PurePosixPath(os.path.realpath(self.root / pure))
        if not _is_below(str(place), str(self.root)) or place == PurePosixPath(self.root):
            raise OutsideError(f"{path} leads out of the project, to {place}")
        relative = place.relative_to(self.root)
        if skipped := self.skipped.intersection(relative.parts) | self.skipped_at_top.intersection(relative.parts[:1]):
            raise OutsideError(f"{path} lies in {min(skipped)}, which is not for editing")
        return str(relative)

    def _put(self, desired: dict[str, _Entry], path: str, text: str, executable: bool | None = None) -> None:
        content = text.encode("utf-8", "surrogatepass")
        old = desired.get(path)
        mode = old.mode if old is not None and old.kind in ("copy", "text") else _NEW_FILE_MODE
        mode = mode_with(mode, executable)
        for parent in PurePosixPath(path).parents:
            if str(parent) != "." and desired.get(str(parent), _FOLDER).kind != "folder":
                raise OutsideError(f"{path} cannot be written: {parent} is a file")
            if str(parent) != ".":
                desired[str(parent)] = _FOLDER
        if old is not None and old.kind == "folder":
            raise OutsideError(f"{path} cannot be written: it is a folder")
        desired[path] = _Entry("text", ("text", hashlib.sha256(content).hexdigest(), mode), mode, content=content)

    def _write(self, desired: dict[str, _Entry]) -> None:
        known = self._load()
        present = known if known is not None else self._present()
        stale = [path for path, record in present.items() if _kind(record) != _kind_of(desired.get(path))]
        changed = [path for path, entry in desired.items() if present.get(path) != entry.record]
        if known is not None and not stale and not changed:
            return
        self._manifest.unlink(missing_ok=True)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(stale, reverse=True):
            self._check_stop()
            _remove(self.folder / path)
        for path in sorted(changed):  # a folder sorts before what it holds
            self._check_stop()
            self._make(path, desired[path])
        self._save({path: entry.record for path, entry in desired.items()})

    def _make(self, path: str, entry: _Entry) -> None:
        place = self.folder / path
        if entry.kind == "folder":
            place.mkdir(exist_ok=True)
        elif entry.kind == "link":
            if not place.is_symlink() or str(place.readlink()) != entry.target:
                _remove(place)
                place.symlink_to(entry.target)
        else:
            try:
                content = entry.content if entry.kind == "text" else _read_regular(entry.source)
            except OSError:
                _remove(place)  # gone or unreadable: then it is not there for the build either
                return
            self._write_file(place, content, entry.mode | stat.S_IRUSR | stat.S_IWUSR)

    def _write_file(self, place: Path, content: bytes, mode: int) -> None:
        """Only where it differs, so that dune has little to look at anew."""
        with contextlib.suppress(FileNotFoundError):
            status = place.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size == len(content) and place.read_bytes() == content:
                if stat.S_IMODE(status.st_mode) != mode:
                    place.chmod(mode)
                return
        temporary = self.folder.with_name(f"{self.folder.name}.part")
        temporary.unlink(missing_ok=True)
        temporary.write_bytes(content)
        temporary.chmod(mode)
        temporary.replace(place)  # takes the place of a link, never follows it

    @property
    def _manifest(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.json")

    def _load(self) -> dict[str, Record] | None:
        """What was written last; None where that is not known."""
        try:
            content = json.loads(self._manifest.read_bytes())
            if content["root"] != str(self.root) or not self.folder.is_dir():
                return None
            return {path: tuple(record) for path, record in content["entries"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _save(self, records: dict[str, Record]) -> None:
        temporary = self._manifest.with_suffix(".new")
        temporary.write_text(json.dumps({"root": str(self.root), "entries": records}), encoding="utf-8")
        temporary.replace(self._manifest)

    def _present(self) -> dict[str, Record]:
        """What there is in the copy, with no more than its kind: no record of it equals another."""
        found: dict[str, Record] = {}
        for folder, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                place = Path(folder, name)
                kind = "link" if place.is_symlink() else "folder" if place.is_dir() else "copy"
                found[str(place.relative_to(self.folder))] = (kind, "unknown")
        return found

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise SyncStopped


class SyncStopped(Exception):  # noqa: N818 - no error: it was asked for
    """A sync ended early since it was told to. The next one makes up for it."""


_FOLDER = _Entry("folder", ("folder",))


def _kind(record: Record) -> str:
    return "file" if record[0] in ("copy", "text") else str(record[0])


def _kind_of(entry: _Entry | None) -> str:
    return _kind(entry.record) if entry else ""


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _read_regular(path: str) -> bytes:
    """Reads a file that was a regular one a moment ago: a link or a pipe that has taken its place is not read."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise FileNotFoundError(path)
        return file.read()


def _remove(place: Path) -> None:
    """Removes whatever is there, itself and not what it leads to."""
    try:
        if place.is_symlink() or not place.is_dir():
            place.unlink(missing_ok=True)
        else:
            shutil.rmtree(place)
    except NotADirectoryError:
        return  # what it lay in has been replaced already
