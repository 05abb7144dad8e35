"""A user's desk: a home folder of its own, editors that start the relay there, and the daemon under them.

Whatever runs there is found by its environment, and killed in the end.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import define, field

from lsp_aid.sidecar import control
from lsp_aid.sidecar.meeting import Meeting
from tests.support.bare_client import BareClient

PATIENT = """
import sys
from lsp_aid.sidecar import link
link.STEADY_SECONDS = {steady}
link.PAUSES = (0.0,) * 3 + (0.05,)
sys.argv = ["lsp-aid", "--stdio"]
from lsp_aid.__main__ import main
sys.exit(main())
"""
"""The relay for tests that kill many daemons on purpose, one soon after the other."""


@define(eq=False)
class Editor:
    """An editor's end: its client, and the process of the relay."""

    client: BareClient
    process: asyncio.subprocess.Process

    async def end(self) -> int:
        """Leaves as an editor does. The relay's exit status."""
        await self.client.leave()
        async with asyncio.timeout(30):
            return await self.process.wait()


@define(eq=False)
class Desk:
    home: Path
    more: dict[str, str] = field(factory=dict)
    _editors: list[Editor] = field(factory=list)

    @property
    def environment(self) -> dict[str, str]:
        folders = {f"XDG_{name}_HOME": str(self.home / name.lower()) for name in ("STATE", "CONFIG", "CACHE", "DATA")}
        runtime = self.home / "runtime"
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(runtime), "LSP_AID_TRUST": "never", **folders}
        return {**os.environ, **own, **self.more}

    @property
    def meeting(self) -> Meeting:
        return Meeting(self.environment)

    @property
    def daemon(self) -> dict[str, Any]:
        """What the daemon that runs says of itself."""
        found = control.status(self.environment)
        assert found is not None, "no daemon runs"
        return found

    @property
    def pid(self) -> int:
        return int(self.daemon["pid"])

    async def editor(self, *command: str, environment: Mapping[str, str] | None = None) -> Editor:
        """Starts an editor: the relay, with a client at its ends."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *(command or (sys.executable, "-m", "lsp_aid", "--stdio")),
            stdin=pipe,
            stdout=pipe,
            env={**self.environment, **(environment or {})},
            cwd=self.home,
            limit=1 << 26,
        )
        assert process.stdin
        assert process.stdout
        client = BareClient(process.stdout, process.stdin)
        client.answers["workspace/configuration"] = lambda params: [None] * len(params["items"])
        self._editors.append(Editor(client, process))
        return self._editors[-1]

    async def patient(self, steady: float = 1000.0, environment: Mapping[str, str] | None = None) -> Editor:
        """The same, by a relay that is used to daemons that are killed. With a `steady` of 0 none counts as a crash
        that follows another."""
        return await self.editor(sys.executable, "-c", PATIENT.format(steady=steady), environment=environment)

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Runs `lsp-aid` with arguments. Its exit status, and what it wrote to either stream."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lsp_aid", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environment,
            cwd=self.home,
        )
        async with asyncio.timeout(120):
            output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def kill_daemon(self) -> int:
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        await gone(pid)
        return pid

    def configure(self, **sidecar: object) -> None:
        """Writes the user's settings of the sidecar."""
        config = Path(self.environment["XDG_CONFIG_HOME"]) / "lsp-aid" / "config.json"
        config.parent.mkdir(parents=True)
        config.write_text(json.dumps({"sidecar": sidecar}))

    def hook(self, code: str) -> None:
        """Has every daemon run some code before anything else."""
        folder = self.home / "hook"
        folder.mkdir(parents=True)
        lines = "".join(f"    {line}\n" for line in code.strip().splitlines())
        (folder / "sitecustomize.py").write_text(f'import sys\nif "daemon" in sys.orig_argv:\n{lines}')
        path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
        self.more["PYTHONPATH"] = path

    def log(self) -> str:
        path = Path(self.meeting.log)
        return path.read_text() if path.exists() else ""

    def running(self) -> Iterator[tuple[int, str]]:
        """The processes of this desk, with their command lines."""
        mark = f"HOME={self.home}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes():
                    dead = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0] in (b"Z", b"X")
                    if not dead:
                        yield int(folder.name), (folder / "cmdline").read_text().replace("\0", " ")

    async def all_gone(self, *but: str) -> None:
        """Waits until nothing runs here any longer, but for command lines that hold one of the words."""

        def left() -> list[tuple[int, str]]:
            return [(pid, line) for pid, line in self.running() if not any(word in line for word in but)]

        try:
            await until(lambda: not left(), 30)
        except TimeoutError:
            for pid, line in left():
                if " daemon " in line:
                    os.kill(pid, signal.SIGUSR1)  # it notes down what it is at
            await asyncio.sleep(0.2)
            raise AssertionError(f"still there: {left()}\n{self.log()[-6000:]}") from None

    async def tidy(self) -> None:
        for editor in self._editors:
            await editor.client.hang_up()
            with contextlib.suppress(ProcessLookupError):
                editor.process.kill()
            await editor.process.wait()
        for _ in range(3):
            for pid, _ in tuple(self.running()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def desk_at(home: Path, **more: str) -> AsyncIterator[Desk]:
    """A desk whose processes are gone in the end."""
    desk = Desk(home, more)
    try:
        yield desk
    except BaseException:
        sys.stderr.write(desk.log()[-6000:])
        raise
    finally:
        await desk.tidy()


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Waits until something holds that nothing tells of."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def gone(pid: int) -> None:
    """Waits until a process has ended."""
    await until(lambda: not _lives(pid))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False
