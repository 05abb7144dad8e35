"""The pool: one per process, for all projects. Programs are kept by toolchain, environment and flags, and the port
`Typer` stands in front of them.

A program that ends is started again once; if it ends again, or cannot be made, the next level takes its place.
"""

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from pathlib import Path

from attrs import define, evolve, field, frozen

from lsp_aid.domain.text import Position
from lsp_aid.domain.typed import Checked, CompilerFlags, Name, NameKind, Scope, TypedRange
from lsp_aid.errors import BuildTimeoutError, NotTrustedError, ToolchainError
from lsp_aid.typer import direct, installing
from lsp_aid.typer.client import Answer, Client, FlagsError, GoneError, Start, launch
from lsp_aid.typer.installing import Compiler, Level, Program, Run
from lsp_aid.typer.reports import Source, byte_offset, place, result


@frozen
class Limits:
    """`processes` are kept at most, `jobs` requests are worked on at once. One request may take so many `seconds` and
    bytes of heap; a program whose own heap has grown beyond `resident_bytes` is started anew."""

    seconds: float = 20.0
    processes: int = 6
    jobs: int = field(factory=lambda: os.cpu_count() or 1)
    request_bytes: int = 1 << 30
    resident_bytes: int = 1 << 29


class TooMuchMemoryError(ToolchainError):
    """One text takes more memory than a request may."""


Key = tuple[Compiler, CompilerFlags]


@define(eq=False)
class TyperPool:
    """`cache` is where compiled programs are kept; `run` and `start` run programs under the guard that ends them."""

    cache: Path
    _run: Run
    _start: Start
    limits: Limits = field(factory=Limits)
    _programs: dict[Compiler, Program] = field(factory=dict, init=False)
    _clients: "OrderedDict[Key, Client]" = field(factory=OrderedDict, init=False)
    _locks: dict[object, asyncio.Lock] = field(factory=dict, init=False)
    _jobs: asyncio.Semaphore = field(init=False)
    _closing: set["asyncio.Task[None]"] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._jobs = asyncio.Semaphore(self.limits.jobs)

    def typer(self, compiler: Compiler, *, trusted: bool) -> "PooledTyper":
        """The port, for one compiler and one project. Without trust no preprocessor is run."""
        return PooledTyper(self, compiler, trusted)

    async def program(self, compiler: Compiler) -> Program:
        """The level that is in use for a compiler, and why it is no better one. The program is made on first use.

        Raises ToolchainError, BuildTimeoutError, FileUnwritableError.
        """
        async with self._lock(compiler):
            if compiler not in self._programs:
                self._programs[compiler] = await self._install(compiler)
            return self._programs[compiler]

    async def close(self) -> None:
        """Ends all programs."""
        clients = [*self._clients.values()]
        self._clients.clear()
        await asyncio.gather(*(client.close() for client in clients), *self._closing)

    async def ask(self, compiler: Compiler, flags: CompilerFlags, *request: str | bytes) -> Answer | None:
        """What the program answers; None where the level in use has none. Raises ToolchainError, BuildTimeoutError."""
        async with self._jobs:
            for attempt in range(4):
                program = await self.program(compiler)
                if program.level is Level.COMPILER:
                    return None
                try:
                    async with self._client(program, compiler, evolve(flags, unit="")) as client:
                        return await client.ask(self.limits.seconds, *request)
                except GoneError as error:
                    if attempt % 2:
                        await self._lower(compiler, program, str(error))
        return None

    async def check_directly(self, source: Source, compiler: Compiler) -> Checked:
        async with self._jobs:
            return await direct.check(source, compiler, self._run, self.limits.seconds)

    @contextlib.asynccontextmanager
    async def _client(self, program: Program, compiler: Compiler, flags: CompilerFlags) -> AsyncIterator[Client]:
        key = (compiler, flags)
        async with self._lock(key):
            client = self._clients.get(key)
            if client is None or client.gone:
                self._drop(key)
                client = await launch(program, compiler, flags, self._start, self.limits.request_bytes)
                self._clients[key] = client
                self._make_room()
            self._clients.move_to_end(key)
        yield client
        if client.gone or client.heap > self.limits.resident_bytes:
            self._drop(key, client)

    def _make_room(self) -> None:
        idle = [key for key, client in self._clients.items() if not client.busy][:-1]
        for key in idle[: max(0, len(self._clients) - self.limits.processes)]:
            self._drop(key)

    def _drop(self, key: Key, only: Client | None = None) -> None:
        """Lets go of a program; it is ended once nobody waits for it."""
        client = self._clients.get(key)
        if client is None or (only is not None and only is not client):
            return
        del self._clients[key]
        task = asyncio.create_task(client.close_when_idle())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _lock(self, key: object) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    async def _install(self, compiler: Compiler) -> Program:
        why = []
        library = await installing.library(compiler, self._run)
        made = await installing.native(compiler, self.cache, self._run)
        candidates = [made] if isinstance(made, Program) else []
        if isinstance(made, str):
            why.append(made)
        for level in (Level.NATIVE, Level.TOPLEVEL):
            if level is Level.TOPLEVEL:
                candidates = await installing.toplevel(compiler, self.cache, self._run)
            for candidate in candidates:
                program = evolve(candidate, library=library, why=" ".join(why))
                failed = await self._try(program, compiler)
                if failed is None:
                    return program
                why.append(failed)
        return Program(Level.COMPILER, why=" ".join(why)[:2000], library=library)

    async def _try(self, program: Program, compiler: Compiler) -> str | None:
        """Why a program does not work; None if it does."""
        try:
            client = await launch(program, compiler, CompilerFlags(), self._start, self.limits.request_bytes)
        except (ToolchainError, BuildTimeoutError) as error:
            return str(error)
        await client.close()
        return None

    async def _lower(self, compiler: Compiler, program: Program, why: str) -> None:
        """The next level takes the place of a program that keeps ending."""
        async with self._lock(compiler):
            if self._programs.get(compiler) is not program:
                return
            lower = Program(Level.COMPILER, why=why, library=program.library)
            if program.level is Level.NATIVE:
                for candidate in await installing.toplevel(compiler, self.cache, self._run):
                    usable = evolve(candidate, library=program.library, why=why)
                    if await self._try(usable, compiler) is None:
                        lower = usable
                        break
            self._programs[compiler] = lower
            for key in [key for key in self._clients if key[0] == compiler]:
                self._drop(key)


@frozen
class PooledTyper:
    """Implements the port `Typer` for one compiler."""

    _pool: TyperPool
    _compiler: Compiler
    _trusted: bool

    async def check(
        self, path: str, text: str, flags: CompilerFlags, *, interface: str | None = None, signature: bool = False
    ) -> Checked:
        source = self._source(path, text, flags, interface)
        started = time.monotonic()
        given = ("0", "") if interface is None else ("1", interface)
        request = ["check", source.unit, path, text, "1" if signature else "0", *given]
        try:
            answer = await self._pool.ask(self._compiler, flags, *request)
        except FlagsError:
            answer = None  # the compiler itself tells best what it does not know
        if answer is None or answer.lost.startswith(("internal", "stack", "signal", "status")):
            return await self._pool.check_directly(source, self._compiler)
        verdict, report, shown, modules = self._fields(answer, path)
        build = result(source, report.decode("utf-8", "replace"), green=verdict == b"green", started=started)
        return Checked(build, shown.decode("utf-8", "replace"), frozenset(modules.decode("ascii", "replace").split()))

    async def check_many(
        self,
        path: str,
        texts: Iterable[str],
        flags: CompilerFlags,
        *,
        interface: str | None = None,
        signature: bool = False,
    ) -> AsyncGenerator[Checked | None]:
        for text in texts:
            try:
                yield await self.check(path, text, flags, interface=interface, signature=signature)
            except (BuildTimeoutError, TooMuchMemoryError):
                yield None

    async def type_at(self, path: str, text: str, position: Position, flags: CompilerFlags) -> Sequence[TypedRange]:
        source = self._source(path, text, flags)
        offset = str(byte_offset(text, position))
        answer = await self._pool.ask(self._compiler, flags, "type_at", source.unit, path, text, offset)
        fields = self._fields(answer, path) if answer else ()
        return [
            TypedRange(place(text, int(first), int(last)), shown.decode("utf-8", "replace"))
            for first, last, shown in zip(fields[::3], fields[1::3], fields[2::3], strict=True)
        ]

    async def scope_at(
        self,
        path: str,
        text: str,
        position: Position,
        flags: CompilerFlags,
        *,
        prefix: str = "",
        within: str = "",
        limit: int = 200,
    ) -> Scope:
        source = self._source(path, text, flags)
        where = [path, text, str(byte_offset(text, position)), str(limit), prefix, within]
        answer = await self._pool.ask(self._compiler, flags, "scope_at", source.unit, *where)
        cut, *fields = self._fields(answer, path) if answer else (b"whole",)
        words = [word.decode("utf-8", "replace") for word in fields]
        names = zip(words[::3], words[1::3], words[2::3], strict=True)
        return Scope(tuple(Name(NameKind(kind), name, shown) for kind, name, shown in names), cut == b"cut")

    async def signature(self, module: str, flags: CompilerFlags) -> str | None:
        self._guard(flags)
        answer = await self._pool.ask(self._compiler, flags, "signature", module)
        fields = self._fields(answer, module) if answer else ()
        return fields[0].decode("utf-8", "replace") if fields else None

    def _source(self, path: str, text: str, flags: CompilerFlags, interface: str | None = None) -> Source:
        self._guard(flags)
        return Source(path, text, flags, interface)

    def _guard(self, flags: CompilerFlags) -> None:
        if flags.runs_programs and not self._trusted:
            raise NotTrustedError(
                "The flags name a preprocessor, which is a program of a folder that is not trusted", "Trust the folder."
            )

    def _fields(self, answer: Answer, what: str) -> tuple[bytes, ...]:
        if not answer.lost:
            return answer.fields
        if answer.lost == "time":
            seconds = self._pool.limits.seconds
            raise BuildTimeoutError(f"Typing {what} did not end within {seconds:g} seconds", "Make the module smaller.")
        if answer.lost == "memory":
            raise TooMuchMemoryError(f"Typing {what} takes too much memory", "Make the module smaller.")
        raise ToolchainError(f"Typing {what} failed: {answer.lost}", "Check it by a build.")
