"""Where edits may go: inside the project, never into version control, build results or hidden files.

A path that a model wrote is a claim, nothing more. Every path is checked here before it is read or written.
"""

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath

from lsp_aid.errors import NotSourceError, OutsideError

MAX_PATH = 1024

_CLOSED_FOLDERS = frozenset({"_build", "_opam", "_esy", "_darcs", "node_modules"})
_OPEN_DOTFILES = frozenset(
    {".ocamlformat", ".ocamlformat-ignore", ".ocamlformat-enable", ".gitignore", ".hgignore", ".gitattributes"}
)
_PROGRAM_FILES = re.compile(
    r"dune|dune\.inc|dune-project|dune-workspace(\..*)?|dune-file|jbuild|.*\.opam(\.template|\.locked)?|opam|\.ocamlformat(-.*)?"
    r"|(GNU)?Makefile|.*\.mk|configure|.*\.(sh|bash|py|t)|\.ocamlinit|\.gitattributes",
    re.IGNORECASE,  # as some systems find them
)


def check_path(root: Path, path: str) -> str:
    """The path relative to `root`, with `/`, without `.` parts; an absolute path inside the root becomes relative.

    Raises OutsideError for a path that leaves the root (by `..` or by a link at any level), that enters version
    control, build results, a local switch or a hidden file, or whose spelling means something else on some system.
    """
    _check_spelling(path)
    root = Path(os.path.realpath(root))
    pure = PurePosixPath(path)
    if pure.is_absolute():
        if not pure.is_relative_to(root):
            raise OutsideError(f"{shown(path)} lies outside {root}", "Only files of the project are edited.")
        pure = pure.relative_to(root)
    if ".." in pure.parts:
        raise OutsideError(f"{shown(path)} leads upwards", "Only files of the project are edited.")
    if not pure.parts:
        raise OutsideError(f"{shown(path)} is the project's folder", "Name a file in it.")
    _check_parts(pure, path)
    target = _target(root, pure, path)
    if not target.is_relative_to(root):
        raise OutsideError(f"{shown(path)} leads outside {root} by a link", "Only files of the project are edited.")
    _check_parts(PurePosixPath(target.relative_to(root)), path)
    return pure.as_posix()


def runs_programs(path: str) -> bool:
    """Whether a file says what a build, a formatter or a test runs, so that a change of it deserves a look."""
    return _PROGRAM_FILES.fullmatch(PurePosixPath(path).name) is not None


def shown(path: str) -> str:
    """A path as it may stand in a message: short, nothing in it that a terminal would obey."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in path)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _check_spelling(path: str) -> None:
    if not path.strip() or len(path) > MAX_PATH:
        raise OutsideError("A path is empty or far too long" if path.strip() else "A path is empty")
    if "\\" in path or re.match(r"[A-Za-z]:", path):
        raise OutsideError(f"{shown(path)} is spelt as on Windows", "Write paths relative to the project, with `/`.")
    if path.endswith("/"):
        raise OutsideError(f"{shown(path)} names a folder", "Name a file in it.")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in path):
        raise OutsideError(f"{shown(path)} holds a character that is not shown")


def _check_parts(pure: PurePosixPath, path: str) -> None:
    for number, part in enumerate(pure.parts):
        folded = unicodedata.normalize("NFKC", part).casefold()
        if part != part.strip() or part.endswith(".") or part.startswith("~"):
            raise OutsideError(f"{shown(path)} has a part that systems read differently", "Choose a plain name.")
        is_last = number == len(pure.parts) - 1
        if folded.startswith(".") and not (is_last and part in _OPEN_DOTFILES):
            raise OutsideError(f"{shown(path)} is hidden", "Hidden files and folders are not edited.")
        if folded in _CLOSED_FOLDERS or folded.startswith("git~"):
            raise NotSourceError(f"{shown(path)} is not source", f"Nothing in {part} is edited.", pure.as_posix())


def _target(root: Path, pure: PurePosixPath, path: str) -> Path:
    try:
        return Path(os.path.realpath(root / pure, strict=False))
    except (OSError, ValueError) as error:
        raise OutsideError(f"{shown(path)} cannot be followed: {error}") from error
