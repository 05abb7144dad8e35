"""From a path on the command line to a project."""

import os
from pathlib import Path

from lsp_aid.build.project_root import find_root
from lsp_aid.config import Settings
from lsp_aid.domain.text import Position, Range
from lsp_aid.errors import NoProjectError
from lsp_aid.repair.engine import Focus
from lsp_aid.tasks.project import Project
from lsp_aid.wiring import Wiring

_WHOLE_FILE = Range(Position(0, 0), Position(10**9, 0))


async def open_path(path: Path, settings: Settings) -> tuple[Project, Focus | None]:
    """The dune project that a folder or file belongs to, or that of a lone .ml file, with the file as focus.

    Raises NoProjectError, and what opening raises.
    """
    path, root = _locate(path)
    if root is None:
        return await Wiring().open_lone_file(path, settings), Focus(path.name, _WHOLE_FILE)
    focus = Focus(path.relative_to(root).as_posix(), _WHOLE_FILE) if path != root else None
    return await Wiring().open_project(root, settings), focus


def _locate(path: Path) -> tuple[Path, Path | None]:
    """The path without links, and the root of its dune project; None for a lone .ml file."""
    if not path.exists():
        raise NoProjectError(f"{path} does not exist", "Name a dune project or an .ml file.")
    path = Path(os.path.realpath(path))
    root = find_root(path)
    if root is None and not (path.is_file() and path.suffix == ".ml"):
        raise NoProjectError(
            f"{path} belongs to no dune project",
            "Name a folder with a dune-project file in it or above it, or an .ml file.",
        )
    return path, root
