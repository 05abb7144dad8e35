"""Builds what is on disk with dune, into a build folder of our own.

The user's own `dune build --watch` holds the lock of `_build` only, so it is never in the way, nor we in its; with
promotion off nothing is written to the source tree.
"""

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from attrs import field, frozen

from lsp_aid.build.process import Finished, in_thread, run
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.errors import FileUnwritableError, ToolchainError
from lsp_aid.ocaml.compiler_output import parse

_BROKEN = re.compile(
    r"^(?:Internal error, please report upstream|Fatal error: exception|dune: |Error: A running dune \(pid: )",
    re.MULTILINE,
)
_FULL = re.compile(r"No space left on device|Read-only file system|Disk quota exceeded|_build.*Permission denied")
_NO_SPACE = re.compile(r"^(?! *\d+ \||[-+]).*(?:No space left on device|Disk quota exceeded)", re.MULTILINE)
_LOCKED = re.compile(r"\s*Error: A running dune\b[^\n]*has locked the build directory")
_KILLED = re.compile(r"^Command got signal KILL\.", re.MULTILINE)
_LITTLE_SPACE, _FEW_FILES = 256 << 20, 100
_NOWHERE = Range(Position(0, 0), Position(0, 0))
_ENDED_BY_ITSELF = (0, 1)
_TAIL = 2000


@frozen
class DuneBuild:
    """Builds the project at `root` into `build_dir`, which is outside of it. Implements the port `Build`."""

    root: Path
    build_dir: Path
    toolchain: Toolchain
    settings: BuildSettings = field(factory=BuildSettings)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False, eq=False)

    async def build(self) -> BuildResult:
        """Builds. Raises ToolchainError, BuildTimeoutError, FileUnwritableError."""
        async with self._lock:
            make_build_dir(self.build_dir)
            command = dune_command(self.toolchain, self.root, self.build_dir, self.settings.targets)
            environment, started = dune_environment(self.toolchain), time.monotonic()
            done = await run(command, cwd=self.root, environment=environment, seconds=self.settings.seconds)
            seconds = time.monotonic() - started
            return await in_thread(
                lambda: build_result(done, self.root, self.build_dir, disk_reader(self.root), seconds)
            )


def dune_command(toolchain: Toolchain, root: Path, build_dir: Path, targets: Sequence[str], *options: str) -> list[str]:
    """The command line of a build that neither reads the user's configuration nor writes to the source tree.

    Raises ToolchainError where there is no dune.
    """
    if toolchain.dune is None:
        raise ToolchainError("No dune was found", "Install dune 3.17 or later, or set `toolchain`.")
    return [
        *(str(toolchain.dune), "build", "--root", str(root), "--build-dir", str(build_dir)),
        *("--no-config", "--disable-promotion", "--no-print-directory", "--display=quiet", *options),
        *("--", *targets),
    ]


def dune_environment(toolchain: Toolchain) -> dict[str, str]:
    """What dune is run with: never colours, never the marks by which an outer dune knows an inner one."""
    kept = {
        name: value
        for name, value in toolchain.environment.items()
        if name not in ("INSIDE_DUNE", "DUNE_BUILD_DIR", "DUNE_ROOT", "OCAML_COLOR", "DUNE_RPC")
    }
    return {**kept, "OCAML_COLOR": "never"}


def make_build_dir(folder: Path) -> None:
    """Makes a folder, with those above it. Raises FileUnwritableError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileUnwritableError(f"{folder} cannot be made: {error.strerror}", _cure(folder)) from error


def disk_reader(root: Path) -> Callable[[str], str | None]:
    """Reads a file below `root` by its relative path; None for what is not there, or is no UTF-8, or lies outside."""

    def read(path: str) -> str | None:
        try:
            file = (root / path).resolve()
            return file.read_bytes().decode("utf-8") if file.is_relative_to(root) and file.is_file() else None
        except (OSError, ValueError):
            return None

    return read


def build_result(
    done: Finished, root: Path, build_dir: Path, read: Callable[[str], str | None], seconds: float
) -> BuildResult:
    """What a dune that has ended says about the project at `root`.

    The messages are ordered by place, since dune tells them as they arise. Paths below `build_dir` are written as
    `_build/...`, those below `root` relative to it, so that builds in different folders say the same.
    Raises ToolchainError for a dune that was killed or crashed, FileUnwritableError for a build folder that is full.
    """
    text = with_usual_names(done.text, root, build_dir)
    if done.code < 0:
        raise ToolchainError(
            f"dune was ended by signal {-done.code}", "Build again; if it stays, see the system's log."
        )
    if done.code:
        raise_if_full(text, build_dir)
    found = parse(text, read)
    if done.code == 0:
        # What a program prints that happens to look like an error was none to dune.
        return BuildResult(True, _sorted(d for d in found if not d.is_error), seconds, text)
    if not any(d.is_error and d.path for d in found):
        _raise_if_broken(done.code, text, build_dir)
    if not any(d.is_error for d in found):
        tail = text.strip()[-_TAIL:] or f"dune ended with status {done.code} and said nothing"
        found = (*found, Diagnostic("", _NOWHERE, Severity.ERROR, tail, source="dune"))
    return BuildResult(False, _sorted(found), seconds, text)


def raise_if_full(text: str, folder: Path) -> None:
    """Raises FileUnwritableError where a build that failed says that there was no space, and `folder` has next to none.

    Compilers tell it as an error of the file that they compile. The failed write may have left some space."""
    if _NO_SPACE.search(text) and is_full(folder):
        raise FileUnwritableError(f"There is no space left in {folder}", _cure(folder))


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has next to no space."""
    try:
        space = os.statvfs(folder)
    except OSError:
        return False
    return space.f_bavail * space.f_frsize < _LITTLE_SPACE or (space.f_files > 0 and space.f_favail < _FEW_FILES)


def is_locked(done: Finished) -> bool:
    """Whether a dune gave up since another one, or what is left of it, holds the build folder."""
    return done.code == 1 and _LOCKED.match(done.text) is not None


def was_killed(text: str) -> bool:
    """Whether a program of a build was killed, as systems do that run out of memory."""
    return _KILLED.search(text) is not None


def raise_if_killed(text: str) -> None:
    """Raises ToolchainError where a program of a build was killed: dune tells it as an error of the sources."""
    if was_killed(text):
        raise ToolchainError(
            "A program of the build got signal KILL", "The machine may have too little memory: see the system's log."
        )


def with_usual_names(text: str, root: Path, build_dir: Path) -> str:
    """Paths below `build_dir` as `_build/...`, those below `root` relative to it.

    Diffs name files as `a/folder/..`, which for an absolute folder runs together to `a/tmp/..`."""
    text = re.sub(
        rf"(?:(?<=\s)([ab]))?{re.escape(str(build_dir))}(?=/)", lambda m: f"{m[1]}/_build" if m[1] else "_build", text
    )
    return re.sub(rf"(?<![\w/]){re.escape(str(root))}/", "", text)


def _raise_if_broken(code: int, text: str, build_dir: Path) -> None:
    """Only asked where no message names a file: what programs of the project print is no word of dune's."""
    if unwritable := _FULL.search(text):
        raise FileUnwritableError(f"dune cannot write to {build_dir}: {unwritable[0]}", _cure(build_dir))
    broken = _BROKEN.search(text)
    if broken and broken[0].startswith("Internal error"):
        told = text[broken.start() :].strip()[:_TAIL]
        raise ToolchainError(
            f"dune has crashed by a fault of its own: {told}", "Build other targets, or try another dune."
        )
    if broken or code not in _ENDED_BY_ITSELF:
        tail = text.strip()[-_TAIL:]
        raise ToolchainError(f"dune could not work, status {code}: {tail}", "Build by hand to see whether it stays.")


def _sorted(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By place; what is about the project as a whole comes last."""
    return tuple(sorted(found, key=lambda d: (not d.path, d.path, d.range.start)))


def _cure(folder: Path) -> str:
    return f"Free space or permit writing in {folder.parent}, or set XDG_CACHE_HOME to another folder."
