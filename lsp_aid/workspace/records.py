"""Records of ours that survive restarts: one private JSON file each, in a folder that never grows beyond its bounds.

Below the user's state folder, each project has `projects/NAME-HASH`. A record is written in one step, so that a process
that dies leaves the old one or the new one. Several processes may share a folder.
"""

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import cattrs
from attrs import field, frozen

from lsp_aid.errors import FileUnwritableError, WorkspaceError
from lsp_aid.workspace.disk import write_private

log = logging.getLogger(__name__)

T = TypeVar("T")

_FORM = 1  # of the records; those of another form are passed over
_MARK = "root"
_NAME = re.compile(r"(\d{20})-(\w{1,64})\.json")
_DAY = 86400.0
_WAIT_SECONDS = 10.0
_PROJECT_DAYS = 180.0


def state_home(environment: Mapping[str, str]) -> Path:
    """Where all state of lsp-aid lies. Nothing is made."""
    base = environment.get("XDG_STATE_HOME", "")
    # A relative path is to be ignored, as the specification of these variables has it.
    if not Path(base).is_absolute():
        base = str(Path(environment.get("HOME") or Path.home()) / ".local" / "state")
    return Path(base, "lsp-aid")


def project_state(root: Path, environment: Mapping[str, str]) -> Path:
    """The project's folder. Nothing is made. Its name starts with the project's own, for people; a hash of the whole
    path tells it from others."""
    root = root.resolve()
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    name = re.sub(r"[^\w.-]", "_", root.name, flags=re.ASCII)[:40]
    return state_home(environment) / "projects" / f"{name}-{digest}"


@contextmanager
def claimed(folder: Path, name: str = "lock") -> Iterator[None]:
    """Waits until no other process, and no other thread of this one, holds the folder.

    Raises FileUnwritableError; WorkspaceError where it is held for long.
    """
    with _told(folder):
        _make(folder)
        lock = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + _WAIT_SECONDS
        while not _lock(lock):
            if time.monotonic() > until:
                raise WorkspaceError(f"Another lsp-aid writes to {folder}", "Try again when that has ended.")
            time.sleep(0.02)
        yield
    finally:
        os.close(lock)


@frozen
class Records:
    """Records in `folder`, a folder within a project's state. At most `most` are kept, for so many `days`, and
    `size` bytes in all; the latest is kept in any case."""

    folder: Path
    most: int = 200
    days: float = 30.0
    size: int = 64_000_000
    root: Path | None = field(default=None, kw_only=True)
    """The project, which is noted down for people."""

    def write(self, identifier: str, value: Any) -> None:
        """Writes a record, or replaces that with the same identifier, a word. Raises FileUnwritableError."""
        text = json.dumps({"form": _FORM, "value": _converter().unstructure(value)})
        with claimed(self.folder), _told(self.folder):
            self._mark()
            files = self._files()
            there = next((file for file in files if _identifier(file) == identifier), None)
            latest = int(files[0].name[:20]) if files else 0
            name = there.name if there else f"{max(time.time_ns(), latest + 1):020}-{identifier}.json"
            write_private(self.folder / name, text)
            self._prune()

    def read(self, identifier: str, form: type[T]) -> T | None:
        """The record with that identifier; None where there is none, or none that can be read."""
        return next((self._load(file, form) for file in self._files() if _identifier(file) == identifier), None)

    def all(self, form: type[T]) -> Iterator[T]:
        """All that can be read, the latest first."""
        for file in self._files():
            if (value := self._load(file, form)) is not None:
                yield value

    def remove(self, identifier: str) -> None:
        """Raises FileUnwritableError."""
        with claimed(self.folder), _told(self.folder):
            for file in self._files():
                if _identifier(file) == identifier:
                    file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """The records' files, the latest first."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - names are all that is asked for
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            log.warning("%s cannot be read: %s", self.folder, error.strerror)
            return []
        return [self.folder / name for name in sorted(names, reverse=True) if _NAME.fullmatch(name)]

    def _load(self, file: Path, form: type[T]) -> T | None:
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            if data["form"] != _FORM:
                return None
            return _converter().structure(data["value"], form)
        except FileNotFoundError:
            return None  # forgotten by another process a moment ago
        except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError) as error:
            log.warning("%s is passed over: %s", file, type(error).__name__)
            return None

    def _mark(self) -> None:
        mark = self.folder.parent / _MARK
        if self.root is not None and not mark.exists():
            write_private(mark, f"{self.root.resolve()}\n".encode(errors="replace").decode())
            sweep(self.folder.parent.parent)
        with suppress(FileNotFoundError):
            os.utime(mark)

    def _prune(self) -> None:
        oldest = (time.time() - self.days * _DAY) * 1e9
        total = 0
        for number, file in enumerate(self._files()):
            total += file.stat().st_size
            if number and (number >= self.most or int(file.name[:20]) < oldest or total > self.size):
                file.unlink(missing_ok=True)
        for left in self.folder.glob(".*.tmp"):  # of a process that died; whoever writes holds the lock
            left.unlink(missing_ok=True)


def sweep(projects: Path, days: float = _PROJECT_DAYS) -> None:
    """Removes the state of projects that nothing was written for in so many days."""
    oldest = time.time() - days * _DAY
    for folder in projects.iterdir():
        try:
            old = (folder / _MARK).stat().st_mtime < oldest
        except OSError:
            continue  # not one of ours, or being made this moment
        if old and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _identifier(file: Path) -> str:
    match = _NAME.fullmatch(file.name)
    return match[2] if match else ""


def _make(folder: Path) -> None:
    """The folder and those above it up to `lsp-aid`, readable for the user alone."""
    ours = [folder, *folder.parents]
    names = [parent.name for parent in ours]
    above = names.index("lsp-aid") if "lsp-aid" in names else 0
    for part in reversed(ours[: above + 1]):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
        if part != ours[above]:
            part.chmod(0o700)


def _lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """What the disk refuses, as an error of ours."""
    try:
        yield
    except OSError as error:
        raise FileUnwritableError(
            f"{folder} cannot be written: {error.strerror}", "Permit writing there, or set XDG_STATE_HOME elsewhere."
        ) from error


@cache
def _converter() -> cattrs.Converter:
    return cattrs.Converter()
