"""The user's own `dune build --watch`, followed over RPC.

Two polls only say that something has changed. What holds is then asked for as a whole, and counts if dune says before
and after that its build is complete. What RPC leaves out is read from dune's log.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from attrs import define, field

from lsp_aid.build.build_log import BuildLog, by_place
from lsp_aid.build.dune import disk_reader
from lsp_aid.build.process import in_thread
from lsp_aid.build.rpc import Client, RpcEndedError, RpcRefusedError
from lsp_aid.build.rpc_messages import Progress, RpcDiagnostic, join
from lsp_aid.build.watch import Begun
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.build_status import BuildSource, BuildStatus
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range

_NOWHERE = Range(Position(0, 0), Position(0, 0))


@define(eq=False)
class UserWatch:
    """`client` is connected to the watch, which builds the project at `root` into `build_dir`."""

    client: Client
    root: Path
    build_dir: Path
    _log: BuildLog = field(init=False)
    _progress: Progress = Progress.WAITING
    _wake: asyncio.Event = field(factory=asyncio.Event)
    _ended: bool = False

    @_log.default
    def _make_log(self) -> BuildLog:
        return BuildLog(self.root, self.build_dir, disk_reader(self.root))

    async def follow(self) -> AsyncGenerator[Begun | BuildStatus]:
        """Tells of its builds until it ends, or what it says is no longer dune's protocol. Close the generator."""
        tasks = [asyncio.create_task(self._poll_progress()), asyncio.create_task(self._poll_diagnostics())]
        began, building = time.monotonic(), False
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._ended:
                    return
                if self._progress.is_complete:
                    found = await self._complete()
                    if found is not None:
                        building = False
                        yield await in_thread(lambda: self._status(found, time.monotonic() - began))  # noqa: B023
                elif not building and self._progress is not Progress.WAITING:
                    began, building = time.monotonic(), True
                    yield Begun()
        except (RpcEndedError, RpcRefusedError):
            return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.client.close()

    async def _complete(self) -> tuple[bool, tuple[RpcDiagnostic, ...]] | None:
        """Whether the build is green and what there is to say; None if another build has begun meanwhile."""
        green = self._progress is Progress.SUCCESS
        told = await self.client.diagnostics(self.root, disk_reader(self.root))
        await self.client.ping()  # had a build begun before dune told, its poll would be answered by now
        return None if self._wake.is_set() else (green, told)

    def _status(self, found: tuple[bool, tuple[RpcDiagnostic, ...]], seconds: float) -> BuildStatus:
        green, told = found
        self._log.update()
        diagnostics = join(told, self._log.printed())
        if green:
            diagnostics = tuple(each for each in diagnostics if not each.is_error)
        elif not any(each.is_error for each in diagnostics):
            message = "dune says that the build has failed, and not why"
            diagnostics = (*diagnostics, Diagnostic("", _NOWHERE, Severity.ERROR, message, source="dune"))
        result = self._log.with_warnings(BuildResult(green, by_place(diagnostics), seconds))
        promotions = dict.fromkeys(each for one in told for each in one.promotions)
        return BuildStatus(result, BuildSource.USER_WATCH, tuple(promotions))

    async def _poll_progress(self) -> None:
        try:
            while (state := await self.client.poll_progress()) is not None:
                self._progress = state
                self._wake.set()
        finally:
            self._ended = True
            self._wake.set()

    async def _poll_diagnostics(self) -> None:
        while await self.client.poll_diagnostics() is not None:
            self._wake.set()
