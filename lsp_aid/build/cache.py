"""The folders of our own below the user's cache folder: one per project, private, and pruned by age."""

import fcntl
import hashlib
import itertools
import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from lsp_aid.errors import FileUnwritableError

_MARK = "root"
_LOCK = "lock"
_DAY = 86400.0


def cache_home(environment: Mapping[str, str]) -> Path:
    """Where all caches of lsp-aid lie. Nothing is made."""
    base = environment.get("XDG_CACHE_HOME", "")
    # A relative path is to be ignored, as the specification of these variables has it.
    if not Path(base).is_absolute():
        base = str(Path(environment.get("HOME") or Path.home()) / ".cache")
    return Path(base, "lsp-aid")


def project_cache(root: Path, environment: Mapping[str, str]) -> Path:
    """The project's folder, made with mode 0700. Raises FileUnwritableError.

    The name starts with the project's own, for people; a hash of the whole path tells it from others.
    """
    root = root.resolve()
    digest = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    name = re.sub(r"[^\w.-]", "_", root.name, flags=re.ASCII)[:40]
    folder = cache_home(environment) / f"{name}-{digest}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        mark = folder / _MARK
        mark.write_bytes(str(root).encode("utf-8", "surrogateescape"))
    except OSError as error:
        cure = "Permit writing there, or set XDG_CACHE_HOME to another folder."
        raise FileUnwritableError(f"{folder} cannot be written: {error.strerror}", cure) from error
    return folder


@frozen
class Slot:
    """A folder below a project's cache that this process has to itself until it lets go of it, or dies."""

    folder: Path
    _lock: int

    def release(self) -> None:
        os.close(self._lock)


def claim_slot(cache: Path) -> Slot:
    """The first of `cache/0`, `cache/1`, ... that no other process holds: two builds never share a build folder.

    Raises FileUnwritableError.
    """
    for number in itertools.count():
        folder = cache / str(number)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            cure = "Permit writing there, or set XDG_CACHE_HOME to another folder."
            raise FileUnwritableError(f"{folder} cannot be used: {error.strerror}", cure) from error
        if _lock(lock):
            return Slot(folder, lock)
        os.close(lock)
    raise AssertionError("counting ends never")


def slot_folders(cache: Path) -> list[Path]:
    """The folders of all slots of a project, whoever holds them."""
    try:
        return sorted(folder for folder in cache.iterdir() if folder.name.isdigit())
    except OSError:
        return []


def prune(home: Path, days: float = 30.0, days_of_gone: float = 1.0) -> None:
    """Removes the projects' folders below `home`, as `cache_home` tells it, that were not asked for in so many days;
    sooner where the project itself is gone, as those of scripts and tests are.

    What a running lsp-aid holds stays; what cannot be removed is left for the next time.
    """
    now = time.time()
    try:
        folders = [folder for folder in home.iterdir() if folder.is_dir() and not folder.is_symlink()]
    except OSError:
        return
    for folder in folders:
        try:
            age = (now - (folder / _MARK).stat().st_mtime) / _DAY
            root = Path(os.fsdecode((folder / _MARK).read_bytes()))
            old = age > days or (age > days_of_gone and not root.exists())
        except OSError:
            continue  # not one of ours, or being made this moment
        if old and not any(_is_held(lock) for lock in folder.glob(f"*/{_LOCK}")):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(lock: Path) -> bool:
    try:
        number = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _lock(number)
    finally:
        os.close(number)


def _lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
