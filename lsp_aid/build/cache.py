"""The folders of our own below the user's cache folder: one per project, private, and pruned by age."""

import hashlib
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from lsp_aid.errors import FileUnwritableError

_MARK = "root"
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


def prune(home: Path, days: float = 30.0) -> None:
    """Removes the projects' folders below `home`, as `cache_home` tells it, that were not asked for in so many days.

    What is held by a running lsp-aid is as new as its start; what cannot be removed is left for the next time.
    """
    oldest = time.time() - days * _DAY
    try:
        folders = [folder for folder in home.iterdir() if folder.is_dir() and not folder.is_symlink()]
    except OSError:
        return
    for folder in folders:
        try:
            old = (folder / _MARK).stat().st_mtime < oldest
        except OSError:
            continue  # not one of ours, or being made this moment
        if old:
            shutil.rmtree(folder, ignore_errors=True)
