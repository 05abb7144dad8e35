"""Writing files: whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from lsp_aid.domain.changes import ChangeSet, FileChange, mode_with
from lsp_aid.edits.containment import check_path, shown
from lsp_aid.errors import FileUnreadableError, FileUnwritableError, StaleError
from lsp_aid.workspace.view import read_text

_STAGED = ".lsp-aid-"


def write_private(file: Path, text: str) -> None:
    """Replaces a file of ours in one step; only the user can read it. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(_stage(file, text, mode=0o600), file)


def apply_changes(root: Path, changes: ChangeSet) -> None:
    """Makes the changes on disk, all of them or none.

    Raises OutsideError; StaleError, which names every file that is not what the change was computed from;
    FileUnreadableError; FileUnwritableError, with every file as it was before.
    """
    for change in changes.files:
        check_path(root, change.path)
    _check_current(root, changes)
    new_folders = _missing_folders(root, changes)
    staged: dict[str, Path | None] = {}
    done: list[FileChange] = []
    path = ""
    try:
        for change in changes.files:  # a full disk shows here, before any file is touched
            path = change.path
            _check_writable(_target(root, path))
            staged[path] = _stage(_target(root, path), change.after, change.executable)
        _check_current(root, changes)  # that took a while
        for change in changes.files:
            path = change.path
            done.append(change)
            _put(staged[path], _target(root, path))
    except BaseException as error:  # a signal as well: nothing stays half done
        lost = _roll_back(root, done, staged, new_folders)
        if not isinstance(error, OSError) and not lost:
            raise
        cure = f"{', '.join(lost)} could not be put back." if lost else "Nothing was changed."
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise FileUnwritableError(
            f"{shown(path)} cannot be written: {reason}", f"{cure} Check permissions and space.", lost
        ) from error


def read_current(root: Path, path: str) -> str | None:
    """The text that a file has on disk now, None where there is no file. Raises OutsideError, FileUnreadableError."""
    check_path(root, path)
    try:
        return read_text(root / path, path)
    except FileUnreadableError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise


def remove_staged(root: Path, changes: ChangeSet) -> None:
    """Removes what a process that was killed while it made these changes has left beside the files."""
    for change in changes.files:
        check_path(root, change.path)
        target = _target(root, change.path)
        for left in target.parent.glob(f".*{_STAGED}*.tmp"):
            if left.name.startswith(f".{target.name}{_STAGED}"):
                with suppress(OSError):  # it is in nobody's way
                    left.unlink()


def _check_current(root: Path, changes: ChangeSet) -> None:
    stale = tuple(change.path for change in changes.files if read_current(root, change.path) != change.before)
    if stale:
        has = "has" if len(stale) == 1 else "have"
        raise StaleError(
            f"{', '.join(map(shown, stale))} {has} changed in the meantime", "Nothing was written; try again.", stale
        )


def _check_writable(target: Path) -> None:
    """A file that may not be written is not replaced by another either."""
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(13, "it may not be written", str(target))


def _missing_folders(root: Path, changes: ChangeSet) -> list[Path]:
    """The folders that the changes make, the deepest first."""
    targets = [_target(root, change.path) for change in changes.files if change.after is not None]
    missing = {folder for target in targets for folder in target.parents if not os.access(folder, os.F_OK)}
    return sorted(missing, key=lambda folder: -len(folder.parts))


def _roll_back(
    root: Path, done: list[FileChange], staged: dict[str, Path | None], new_folders: list[Path]
) -> list[str]:
    """Puts back what was written. The paths where that failed."""
    lost = []
    for change in reversed(done):
        try:
            if read_current(root, change.path) == change.after:
                target, (back,) = _target(root, change.path), ChangeSet([change]).reversed.files
                _put(_stage(target, back.after, back.executable), target)
        except (OSError, FileUnreadableError):
            lost.append(change.path)
    for copy in staged.values():
        if copy:
            copy.unlink(missing_ok=True)
    for folder in new_folders:
        with suppress(OSError):  # it was not made, or somebody else uses it
            folder.rmdir()
    return lost


def _target(root: Path, path: str) -> Path:
    """Where a path leads: a link inside the workspace stays a link."""
    return Path(os.path.realpath(root / path))


def _stage(target: Path, text: str | None, executable: bool | None = None, *, mode: int | None = None) -> Path | None:
    """The text in a new file beside the target, with the target's permissions but for what `executable` says, or with
    `mode`; None where there is to be none."""
    if text is None:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}{_STAGED}", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode_with(_usual_mode(target), executable) if mode is None else mode)
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
