"""Speaks to one program that stays up: requests and answers by number, several at a time."""

import asyncio
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import define, field, frozen

from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.errors import ToolchainError
from lsp_aid.typer import frames
from lsp_aid.typer.installing import Compiler, Program

_GRACE = 5.0
_READY_SECONDS = 60.0
_WORD = 8
_LIMITED = ("/bin/sh", "-c", 'ulimit -v "$0" 2>/dev/null; exec "$@"')
_SPARE_KIB = 3 * 1024 * 1024
"""Address space beside the heap: OCaml 5 reserves much of it that it never uses."""


class GoneError(ToolchainError):
    """The program ended, or speaks nonsense."""


class FlagsError(ToolchainError):
    """The compiler does not know a flag."""


class Resident(Protocol):
    """A running program, as `lsp_aid.build.resident.Resident`."""

    @property
    def reader(self) -> asyncio.StreamReader: ...
    @property
    def writer(self) -> asyncio.StreamWriter: ...
    @property
    def last_words(self) -> str: ...
    async def close(self) -> None: ...


class Start(Protocol):
    """Starts a program that stays, with the guard that ends it with us. Raises ToolchainError."""

    def __call__(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> Awaitable[Resident]: ...


@frozen
class Answer:
    """`lost` is empty for an answer with `fields`; else it says what became of the request: `time`, `memory`, ..."""

    fields: tuple[bytes, ...]
    lost: str = ""


@define(eq=False)
class Client:
    """One program, of one configuration. `heap` is how many bytes its heap had at the last answer."""

    _resident: Resident
    _work: Path
    heap: int = 0
    gone: bool = False
    _waiting: dict[bytes, "asyncio.Future[Answer]"] = field(factory=dict, init=False)
    _numbers: "itertools.count[int]" = field(factory=itertools.count, init=False)
    _listening: "asyncio.Task[None] | None" = field(default=None, init=False)

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    async def open(self) -> str:
        """Waits until the program is ready; gives its compiler's version. Raises GoneError, FlagsError."""
        ready = self._expect(b"ready")
        self._listening = asyncio.create_task(self._listen())
        try:
            async with asyncio.timeout(_READY_SECONDS):
                answer = await ready
        except TimeoutError:
            raise GoneError("The typer does not start") from None
        if answer.lost:
            raise FlagsError(f"The compiler cannot use its flags: {answer.lost}", "Mend the flags in the dune file.")
        return answer.fields[0].decode("ascii", "replace")

    async def ask(self, seconds: float, *request: str | bytes) -> Answer:
        """Raises GoneError where the program ends meanwhile. A cancel ends the work that was asked for."""
        if self.gone:
            raise GoneError("The typer has ended")
        number = b"%d" % next(self._numbers)
        answer = self._expect(number)
        try:
            self._send(number, f"{seconds:.3f}", *request)
            async with asyncio.timeout(seconds + _GRACE):
                await self._resident.writer.drain()
                return await answer
        except (TimeoutError, ConnectionError) as error:
            self._end()
            raise GoneError("The typer does not answer") from error
        finally:
            if self._waiting.pop(number, None) is not None and not answer.done() and not self.gone:
                self._send(b"cancel", number)
            answer.cancel()

    async def close_when_idle(self) -> None:
        """Ends the program once nobody waits for an answer."""
        while waiting := [answer for answer in self._waiting.values() if not answer.done()]:
            await asyncio.wait(waiting)
        await self.close()

    async def close(self) -> None:
        """Ends the program. When this returns no process of it is left."""
        self._end()
        await self._resident.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await asyncio.to_thread(shutil.rmtree, self._work, ignore_errors=True)

    def _expect(self, number: bytes) -> "asyncio.Future[Answer]":
        self._waiting[number] = asyncio.get_running_loop().create_future()
        return self._waiting[number]

    def _send(self, *fields: str | bytes) -> None:
        self._resident.writer.write(frames.encode(fields))

    async def _listen(self) -> None:
        try:
            while (fields := await frames.read(self._resident.reader)) is not None:
                number, heap, status, *rest = fields
                self.heap = int(heap) * _WORD
                waiting = self._waiting.pop(number, None)
                if waiting is not None and not waiting.done():
                    lost = b" ".join(rest).decode("utf-8", "replace") or "lost" if status != b"ok" else ""
                    waiting.set_result(Answer(tuple(rest), lost))
        except (frames.GarbledError, ValueError, ConnectionError):
            pass  # as good as gone
        finally:
            self._end()

    def _end(self) -> None:
        self.gone = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(GoneError(f"The typer has ended: {self._resident.last_words[-500:]}"))
        self._waiting.clear()


_PREFIX = "lsp-aid-typer-"
_OURS = re.compile(rf"{_PREFIX}(\d{{1,9}})-")


def _make_work_folder() -> Path:
    """A folder of this process; those of processes that have died are removed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = _OURS.match(folder.name)
        if owner and not _is_alive(int(owner[1])):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


async def launch(program: Program, compiler: Compiler, flags: CompilerFlags, start: Start, child_bytes: int) -> Client:
    """Starts the program for a configuration and waits until it is ready. Raises GoneError, FlagsError."""
    work = await asyncio.to_thread(_make_work_folder)
    folder = flags.folder if flags.folder.is_dir() else Path("/")
    words = (*program.command, str(folder), str(work), str(child_bytes // _WORD), *flags.words)
    limit = str(child_bytes // 1024 + _SPARE_KIB)
    client: Client | None = None
    try:
        environment = {**compiler.environment, "OCAMLLIB": program.library}
        resident = await start((*_LIMITED, limit, *words), cwd=folder, environment=environment)
        client = Client(resident, work)
        version = await client.open()
        if version != compiler.version:
            raise GoneError(f"The typer is of OCaml {version}, the compiler is {compiler.version}")
    except BaseException:
        if client is not None:
            await client.close()
        shutil.rmtree(work, ignore_errors=True)
        raise
    return client
