"""Runs one program and everything that it starts, and sees to it that nothing of it is left.

The program is started by `reaper.py`, a small program of its own that ends all descendants when this process dies,
even by SIGKILL, and when it is told to.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from attrs import frozen

from lsp_aid.errors import BuildTimeoutError, ToolchainError

OUTPUT_LIMIT = 8_000_000
"""Bytes of output that are kept: the first half and the last half of it."""

T = TypeVar("T")

_REAPER = Path(__file__).with_name("reaper.py")
_CHUNK = 65536
_FAREWELL_SECONDS = 10.0


@frozen
class Finished:
    """A program that has ended. `code` is negative for a signal, as `subprocess` has it; `output` is standard output
    and standard error as they came; `cut` tells that its middle was left out."""

    code: int
    output: bytes
    cut: bool = False

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


async def run(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], seconds: float, stdin: bytes | None = None
) -> Finished:
    """Runs a program to its end. When this returns, or raises, no process of it is left.

    Raises BuildTimeoutError after `seconds`; ToolchainError if it cannot be started.
    """
    with contextlib.ExitStack() as ends:
        watch, hold = _pipe(ends)  # the reaper reads it: a byte when it is to end, its end when we have died
        report, report_end = _pipe(ends)
        os.set_blocking(report, False)
        process = await _start(argv, cwd, environment, (watch, report_end), with_stdin=stdin is not None)
        try:
            return await _finish(process, argv, report, seconds, stdin)
        finally:
            os.write(hold, b"!")
            await _until_gone(process)


@contextlib.asynccontextmanager
async def running(
    argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> AsyncGenerator[asyncio.StreamReader]:
    """Runs a program while the block lasts, and gives its standard output and standard error as one stream, which ends
    with the program. When the block is left, no process of it is left.

    Raises ToolchainError if it cannot be started.
    """
    with contextlib.ExitStack() as ends:
        watch, hold = _pipe(ends)
        _, report_end = _pipe(ends)
        process = await _start(argv, cwd, environment, (watch, report_end), with_stdin=False)
        try:
            assert process.stdout is not None  # it is a pipe
            yield process.stdout
        finally:
            os.write(hold, b"!")
            await _until_gone(process)


async def in_thread(work: Callable[[], T], stop: Callable[[], None] = lambda: None) -> T:
    """Does blocking work in a thread. A cancel calls `stop`, and waits until the work has come to its end: what it
    writes to is not let go of before."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop()
        while not working.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        working.exception()  # it is seen; that it was cancelled is what matters
        raise


def _pipe(ends: contextlib.ExitStack) -> tuple[int, int]:
    pair = os.pipe()
    for end in pair:
        ends.callback(os.close, end)
    return pair


async def _start(
    argv: Sequence[str], cwd: Path, environment: Mapping[str, str], pass_fds: tuple[int, int], *, with_stdin: bool
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_REAPER), *map(str, pass_fds), "--", *argv),
            cwd=cwd,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE if with_stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolchainError(f"{argv[0]} cannot be started in {cwd}: {error}", "See that both are there.") from error


async def _finish(
    process: asyncio.subprocess.Process, argv: Sequence[str], report: int, seconds: float, stdin: bytes | None
) -> Finished:
    kept = _Kept()
    try:
        async with asyncio.timeout(seconds):
            feeding = asyncio.ensure_future(_feed(process, stdin))
            try:
                assert process.stdout is not None  # it is a pipe
                while chunk := await process.stdout.read(_CHUNK):
                    kept.add(chunk)
                await process.wait()
            finally:
                feeding.cancel()
    except TimeoutError:
        raise BuildTimeoutError(
            f"{Path(argv[0]).name} did not end within {seconds:g} seconds", "Raise the setting `build.seconds`."
        ) from None
    code, problem = _read_report(report, process.returncode or 1)
    if problem:
        raise ToolchainError(f"{argv[0]} cannot be started: {problem}", "See that it is there and may be executed.")
    return Finished(code, kept.bytes(), kept.cut)


def _read_report(report: int, otherwise: int) -> tuple[int, str]:
    """What the reaper, which has ended, reported: the exit status, and why the program could not be started."""
    try:
        lines = os.read(report, _CHUNK).decode("utf-8", "replace").splitlines()
    except BlockingIOError:
        return otherwise, "what watches over it was killed"
    problems = [line[1:] for line in lines if line.startswith("!")]
    return int(lines[-1]), problems[0] if problems else ""


async def _feed(process: asyncio.subprocess.Process, stdin: bytes | None) -> None:
    if stdin is None or process.stdin is None:
        return
    # A program need not read all that it is given.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
        process.stdin.close()


async def _until_gone(process: asyncio.subprocess.Process) -> None:
    """Waits for the reaper, which ends once everything else has. A cancel in the meantime waits as well."""
    waiting = asyncio.ensure_future(_wait(process))
    cancelled = False
    while not waiting.done():
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if waiting.done():
                raise
            cancelled = True
    waiting.result()
    if cancelled:
        raise asyncio.CancelledError


async def _wait(process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class _Kept:
    """The first and the last half of what comes in, up to the limit."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self.cut = False

    def add(self, chunk: bytes) -> None:
        half = OUTPUT_LIMIT // 2
        room = max(0, half - len(self._head))
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * half:
            del self._tail[:-half]
            self.cut = True

    def bytes(self) -> bytes:
        half = OUTPUT_LIMIT // 2
        if len(self._tail) > half:
            self.cut = True
            del self._tail[:-half]
        return bytes(self._head + (b"\n[...]\n" if self.cut else b"") + self._tail)
