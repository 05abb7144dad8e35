"""Writing files: whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.containment import check_path
from lsp_aid.errors import FileUnreadableError, FileUnwritableError, StaleError
from lsp_aid.workspace.view import read_text


def write_private(file: Path, text: str) -> None:
    """Replaces a file of ours in one step; only the user can read it. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(_stage(file, text, 0o600), file)


def apply_changes(root: Path, changes: ChangeSet) -> None:
    """Makes the changes on disk, all of them or none.

    Raises OutsideError; StaleError where a file is not what the change was computed from; FileUnwritableError, with
    every file as it was before.
    """
    for change in changes.files:
        check_path(root, change.path)
        if _current(root, change.path) != change.before:
            raise StaleError(f"{change.path} has changed in the meantime", "Nothing was written; try again.")
    staged: dict[str, Path | None] = {}
    done: list[FileChange] = []
    try:
        for change in changes.files:  # a full disk shows here, before any file is touched
            staged[change.path] = _stage(_target(root, change.path), change.after)
        for change in changes.files:
            done.append(change)
            _put(staged[change.path], _target(root, change.path))
    except OSError as error:
        for change in reversed(done):
            with suppress(OSError):  # what cannot be written now could not be written before: it is as it was
                target = _target(root, change.path)
                _put(_stage(target, change.before), target)
        for copy in staged.values():
            if copy:
                copy.unlink(missing_ok=True)
        raise FileUnwritableError(
            f"{error.filename or root} cannot be written: {error.strerror}",
            "Nothing was changed. Check permissions and space.",
        ) from error


def _target(root: Path, path: str) -> Path:
    """Where a path leads: a link inside the workspace stays a link."""
    return Path(os.path.realpath(root / path))


def _current(root: Path, path: str) -> str | None:
    try:
        return read_text(root / path, path)
    except FileUnreadableError:
        if (root / path).exists():
            raise
        return None


def _stage(target: Path, text: str | None, mode: int | None = None) -> Path | None:
    """The text in a new file beside the target, with the target's permissions; None where there is to be none."""
    if text is None:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(_usual_mode(target) if mode is None else mode)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _put(staged: Path | None, target: Path) -> None:
    if staged:
        staged.replace(target)
    else:
        target.unlink(missing_ok=True)


def _usual_mode(target: Path) -> int:
    if target.exists():
        return target.stat().st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
