"""The pool: one per process, for all projects. Programs are kept by toolchain, environment and flags; `pooled.py` puts
the port `Typer` in front of them.

A program that ends is started again once; if it ends again, or cannot be made, the next level takes its place.
"""

import asyncio
import contextlib
import os
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from weakref import WeakValueDictionary

from attrs import define, evolve, field, frozen

from lsp_aid.domain.typed import Checked, CompilerFlags
from lsp_aid.errors import BuildTimeoutError, ToolchainError
from lsp_aid.typer import direct, installing
from lsp_aid.typer.client import Answer, Client, GoneError, Start, launch
from lsp_aid.typer.installing import Compiler, Level, Program, Run
from lsp_aid.typer.reports import Source


@frozen
class Limits:
    """`processes` are kept at most. So many `jobs` are worked on at once, and beside them all but one of so many that
    somebody waits for less. One request may take so many `seconds` and bytes of heap; a program whose own heap has
    grown beyond `resident_bytes` is started anew."""

    seconds: float = 20.0
    processes: int = 6
    jobs: int = field(factory=lambda: os.cpu_count() or 1)
    request_bytes: int = 1 << 30
    resident_bytes: int = 1 << 29


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
    _locks: "WeakValueDictionary[object, asyncio.Lock]" = field(factory=WeakValueDictionary, init=False)
    _jobs: asyncio.Semaphore = field(init=False)
    _background: asyncio.Semaphore = field(init=False)
    _closing: set["asyncio.Task[None]"] = field(factory=set, init=False)
    _closed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._jobs = asyncio.Semaphore(self.limits.jobs)
        self._background = asyncio.Semaphore(max(1, self.limits.jobs - 1))

    async def program(self, compiler: Compiler) -> Program:
        """The level that is in use for a compiler, and why it is no better one. The program is made on first use.

        Raises ToolchainError, BuildTimeoutError, FileUnwritableError.
        """
        async with self._lock(compiler):
            if compiler not in self._programs:
                self._programs[compiler] = await self._install(compiler)
            return self._programs[compiler]

    async def close(self) -> None:
        """Ends all programs. Nothing is started any longer."""
        self._closed = True
        clients = [*self._clients.values()]
        self._clients.clear()
        await asyncio.gather(*(client.close() for client in clients), *self._closing)

    async def ask(
        self, compiler: Compiler, flags: CompilerFlags, *request: str | bytes, background: bool = False
    ) -> Answer | None:
        """What the program answers; None where the level in use has none. `background`: others come first.

        Raises ToolchainError, BuildTimeoutError.
        """
        async with self._background if background else self._jobs:
            for attempt in range(4):
                self._check_open()
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

    async def check_directly(self, source: Source, compiler: Compiler, *, background: bool = False) -> Checked:
        """What the compiler itself says, as a process. Raises ToolchainError, BuildTimeoutError."""
        async with self._background if background else self._jobs:
            return await direct.check(source, compiler, self._run, self.limits.seconds)

    @contextlib.asynccontextmanager
    async def _client(self, program: Program, compiler: Compiler, flags: CompilerFlags) -> AsyncIterator[Client]:
        key = (compiler, flags)
        async with self._lock(key):
            client = self._clients.get(key)
            if client is None or client.gone:
                self._drop(key)
                client = await launch(program, compiler, flags, self._start, self.limits.request_bytes)
                if self._closed:  # meanwhile
                    await client.close()
                self._check_open()
                self._clients[key] = client
                self._make_room()
            self._clients.move_to_end(key)
        try:
            yield client
        finally:
            if client.gone or client.heap > self.limits.resident_bytes:
                self._drop(key, client)

    def _check_open(self) -> None:
        if self._closed:
            raise ToolchainError("The project was closed while it was worked on")

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
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock

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
