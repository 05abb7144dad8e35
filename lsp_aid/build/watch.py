"""A `dune build --watch` of our own, in a build folder of our own.

What it prints is cut into builds: a build begins with the watch or with `*** NEW BUILD`, and ends with a line
`..., waiting for filesystem changes...`. So each is read exactly as the output of a single build is. Over RPC it is
only asked for promotions.
"""

import contextlib
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from attrs import define, evolve, field, frozen

from lsp_aid.build.build_log import BuildLog
from lsp_aid.build.dune import build_result, disk_reader, dune_command, dune_environment, make_build_dir
from lsp_aid.build.process import OUTPUT_LIMIT, Finished, in_thread, running
from lsp_aid.build.rpc import Client, RpcEndedError, RpcRefusedError, connect
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.build_status import BuildSource, BuildStatus, Promotion
from lsp_aid.errors import ToolchainError

_BEGINS = re.compile(rb"\*{10} NEW BUILD \(.*\) \*{10}\s*$")
_ENDS = re.compile(rb"(?P<what>Success|Had \d+ errors?), waiting for filesystem changes\.\.\.\s*$")
_CHUNK = 65536
_LONGEST_SOCKET = 107 if sys.platform.startswith("linux") else 103


@frozen
class Begun:
    """A build has begun; what the last one said no longer holds."""


@frozen
class Printed:
    """A build has ended, with all that it printed."""

    green: bool
    output: bytes


class Cutter:
    """Cuts the output of a watch into builds."""

    def __init__(self) -> None:
        self._line = b""
        self._output = bytearray()

    def feed(self, data: bytes) -> Iterator[Begun | Printed]:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            if _BEGINS.search(line):
                self._output.clear()
                yield Begun()
            elif end := _ENDS.search(line):
                self._keep(line[: end.start()])
                yield Printed(end["what"] == b"Success", bytes(self._output))
                self._output.clear()
            else:
                self._keep(line + b"\n")
        if len(self._line) > OUTPUT_LIMIT:
            self._line = b""

    def rest(self) -> bytes:
        """What was printed since the last build ended."""
        return bytes(self._output) + self._line

    def _keep(self, line: bytes) -> None:
        if len(self._output) + len(line) <= OUTPUT_LIMIT:
            self._output += line


@define(eq=False)
class OwnWatch:
    """Watches the project at `root`, building into `build_dir`, which is outside of it.

    `run_dir` is a folder of ours that the watch notes itself in, so that other programs do not take it for the user's.
    `last_words` is what the last one printed before it ended.
    """

    root: Path
    build_dir: Path
    run_dir: Path
    toolchain: Toolchain
    log: BuildLog
    settings: BuildSettings = field(factory=BuildSettings)
    last_words: str = ""

    async def follow(self) -> AsyncGenerator[Begun | BuildStatus]:
        """Starts the watch and tells of its builds until it dies. Close the generator: then no process of it is left.

        Raises ToolchainError, FileUnwritableError.
        """
        if len(os.fsencode(self.build_dir / ".rpc" / "dune")) > _LONGEST_SOCKET:  # dune says so, and then hangs
            raise ToolchainError(
                f"dune cannot watch with a build folder as deep as {self.build_dir}: its socket has too long a path",
                "Set XDG_CACHE_HOME to a folder with a shorter path. Until then a save starts a build.",
            )
        self._make_folders()
        options = ("--watch", "--terminal-persistence=preserve")
        command = dune_command(self.toolchain, self.root, self.build_dir, self.settings.targets, *options)
        environment = dune_environment(apart(self.toolchain, self.run_dir))
        began, cutter = time.monotonic(), Cutter()
        self.log.restart()
        async with running(command, cwd=self.root, environment=environment) as stream, _Promotions(self) as promotions:
            while data := await stream.read(_CHUNK):
                # What is printed in one go is looked at as one: only the last build of it still holds.
                events = list(cutter.feed(data))
                if any(isinstance(event, Begun) for event in events):
                    began = time.monotonic()
                    yield Begun()
                if events and isinstance(last := events[-1], Printed):
                    result = await in_thread(lambda: self._result(last, time.monotonic() - began))  # noqa: B023
                    found = () if result.green else await promotions.of(result)
                    yield BuildStatus(result, BuildSource.OWN_WATCH, found)
        self.last_words = cutter.rest().decode("utf-8", "replace").strip()

    def _make_folders(self) -> None:
        make_build_dir(self.build_dir)
        shutil.rmtree(self.run_dir / "dune", ignore_errors=True)  # what those that were killed left there
        make_build_dir(self.run_dir)

    def _result(self, printed: Printed, seconds: float) -> BuildResult:
        done = Finished(0 if printed.green else 1, printed.output)
        self.log.update()
        result = build_result(done, self.root, self.build_dir, disk_reader(self.root), seconds)
        return self.log.with_warnings(result)


@define(eq=False)
class _Promotions:
    """Asks a watch of our own for promotions, over a connection that is made when it is first needed."""

    watch: OwnWatch
    client: Client | None = None

    async def of(self, result: BuildResult) -> tuple[Promotion, ...]:
        """None where dune cannot be asked: they are an offer, and the build counts without them."""
        paths = {each.path for each in result.errors if each.source == "dune"}
        if not paths:
            return ()
        try:
            if self.client is None:
                self.client = await connect(self.watch.build_dir / ".rpc" / "dune")
            told = await self.client.diagnostics(self.watch.root, disk_reader(self.watch.root))
        except (RpcEndedError, RpcRefusedError):
            return ()
        return tuple(dict.fromkeys(each for one in told for each in one.promotions if each.in_source in paths))

    async def __aenter__(self) -> "_Promotions":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.client is not None:
            with contextlib.suppress(RpcEndedError):
                await self.client.close()


def apart(toolchain: Toolchain, run_dir: Path) -> Toolchain:
    """The toolchain with the folder in which dunes note themselves set to one of ours. It has to be the same for all
    builds in one build folder: dune builds anew what it built in another environment."""
    return evolve(toolchain, environment={**toolchain.environment, "XDG_RUNTIME_DIR": str(run_dir)})
