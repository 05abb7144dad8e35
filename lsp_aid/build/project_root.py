"""Finds the project that a file belongs to."""

from pathlib import Path


def find_root(path: Path) -> Path | None:
    """The root as dune finds it: the outermost folder at or above `path` with a `dune-workspace`, else the outermost
    with a `dune-project`. None where there is no such folder.

    The file system's root is never a project, and the home folder is none of what lies in it: a forgotten
    `~/dune-project` shall not make a project of all that a user has.
    """
    path = path.resolve()
    start = path if path.is_dir() else path.parent
    folders = [folder for folder in (start, *start.parents) if folder != folder.parent]
    home = _home()
    if home in folders and start != home:
        folders = folders[: folders.index(home)]
    for name in ("dune-workspace", "dune-project"):
        for folder in reversed(folders):
            if (folder / name).is_file():
                return folder
    return None


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (RuntimeError, OSError):
        return None
