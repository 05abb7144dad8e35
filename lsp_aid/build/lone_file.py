"""Checks a single file that belongs to no dune project: the compiler on a copy of it, in a folder of our own.

Compiling runs no code of the file. The one thing in a file that could harm the compiler is a syntax tree in binary
form, which it would read unchecked: such a file is refused.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from attrs import field, frozen

from lsp_aid.build.process import Finished, in_thread, run
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.errors import FileUnreadableError, FileUnwritableError, ToolchainError
from lsp_aid.ocaml.compiler_output import parse

_LIBRARIES = ("unix", "str", "threads", "dynlink")
_BINARY_TREE = b"Caml1999"


@frozen
class LoneFileBuild:
    """Checks the file at `path`, as it is on disk, in `folder`. Implements the port `Build`."""

    path: Path
    folder: Path
    toolchain: Toolchain
    settings: BuildSettings = field(factory=BuildSettings)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False, eq=False)

    async def build(self) -> BuildResult:
        """Raises ToolchainError, BuildTimeoutError, FileUnreadableError, FileUnwritableError."""
        async with self._lock:
            contents = await in_thread(self._contents)
            return await check(contents, self.folder, self.toolchain, self._run)

    async def _run(self, command: list[str]) -> Finished:
        return await run(
            command, cwd=self.folder, environment=self.toolchain.environment, seconds=self.settings.seconds
        )

    def _contents(self) -> dict[str, bytes]:
        found = {}
        for path in sorted({self.path, interface_of(self.path)}):
            try:
                found[path.name] = path.read_bytes()
            except FileNotFoundError as error:
                if path == self.path:
                    raise FileUnreadableError(f"{path} is not there", "Name another file.") from error
            except OSError as error:
                raise FileUnreadableError(f"{path} cannot be read: {error.strerror}", "Permit reading it.") from error
        return found


def interface_of(path: Path) -> Path:
    """The `.mli` that an `.ml` has to agree with, if it is there."""
    return path.with_suffix(".mli") if path.suffix == ".ml" else path


async def check(
    contents: Mapping[str, bytes],
    folder: Path,
    toolchain: Toolchain,
    run_there: Callable[[list[str]], Awaitable[Finished]],
) -> BuildResult:
    """Checks files by name, of which the one is the other's interface, in `folder`, which is emptied first.

    Raises FileUnreadableError for a file that is no source, FileUnwritableError, ToolchainError, and what `run_there`
    raises.
    """
    commands = await in_thread(lambda: _prepare(toolchain, folder, contents))
    started, output, code = time.monotonic(), b"", 0
    for command in commands:
        done = await run_there(command)
        output, code = output + done.output, done.code
        if code != 0:
            break
    return _result(Finished(code, output), contents, time.monotonic() - started)


def _prepare(toolchain: Toolchain, folder: Path, contents: Mapping[str, bytes]) -> list[list[str]]:
    """Writes the files and gives the command lines that check them there, to be run until one fails."""
    if toolchain.ocaml is None:
        raise ToolchainError("No OCaml compiler was found", "Install OCaml, or set `toolchain`.")
    for name, content in contents.items():
        if content.startswith(_BINARY_TREE):
            raise FileUnreadableError(f"{name} holds no OCaml source", "Name another file.")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        cure = "Free space or permit writing there, or set XDG_CACHE_HOME to another folder."
        raise FileUnwritableError(f"{folder} cannot be written: {error.strerror}", cure) from error
    options = ["-c", "-color", "never", "-error-style", "short"]
    for library in _LIBRARIES:
        options += ["-I", f"+{library}"]
    names = sorted(contents, reverse=True)  # the interface first
    return [[str(toolchain.ocaml), *options, f"./{name}" if name.startswith("-") else name] for name in names]


def _result(done: Finished, contents: Mapping[str, bytes], seconds: float) -> BuildResult:
    """What a compiler that has ended says. Raises ToolchainError where it was killed or crashed."""

    def read(path: str) -> str | None:
        try:
            return contents[path].decode("utf-8") if path in contents else None
        except UnicodeDecodeError:
            return None

    found = parse(done.output, read)
    if done.code == 0:
        return BuildResult(True, found, seconds, done.text)
    if done.code < 0 or not any(d.is_error for d in found):
        tail = done.text.strip()[-2000:]
        if done.code < 0 or "Fatal error:" in tail:
            raise ToolchainError(f"The compiler could not work, status {done.code}: {tail}", "Mend the installation.")
        nowhere = Range(Position(0, 0), Position(0, 0))
        found = (*found, Diagnostic("", nowhere, Severity.ERROR, tail or f"ocamlc ended with status {done.code}"))
    return BuildResult(False, found, seconds, done.text)
