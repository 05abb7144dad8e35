"""Speaks to a keeper (`keeper.py`): one evaluation at a time, each in a sandbox that is made for it."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import asdict, define, field, frozen

from lsp_aid.build import resident
from lsp_aid.build.resident import Resident
from lsp_aid.ces.inside import HOME, binds, inside_environment
from lsp_aid.ces.unshare import Unshare
from lsp_aid.errors import SandboxError

WORK = Path("/tmp/work")  # noqa: S108 - the tree, as programs see it
_KEEPER = Path(__file__).with_name("keeper.py")
_READY_SECONDS = 30.0
_GRACE = 30.0
_LONGEST = 1 << 31


@frozen
class Limits:
    """What one evaluation may take, all of its processes together: `memory` and `disk` in bytes, bytes of `output` that
    are kept of each program (fifteen times that may be printed), `cpu` seconds and `seconds` of wall time for each
    program."""

    cpu: float = 600.0
    memory: int = 4 << 30
    processes: int = 256
    output: int = 8_000_000
    disk: int = 2 << 30
    seconds: float = 300.0


@frozen
class Step:
    """One program, run in the tree. `seconds` of wall time."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    seconds: float


@frozen
class FileWrite:
    """A file of the tree as an evaluation has it; None where it is not there."""

    path: str
    content: bytes | None
    mode: int = 0o644


@frozen
class Ran:
    """How one program ended. `code` is negative for a signal. `limit` names what it exceeded: `processes`, `memory`,
    `cpu`, `output`, `time`, or `idle` for one that mostly waited until its time was over; empty where nothing.
    `left` counts the processes that it left behind."""

    code: int
    output: bytes
    limit: str
    seconds: float
    cpu: float
    memory: int
    left: int

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


@frozen
class Kept:
    """What became of a request. `reset`: the seconds that making the sandbox took. `walls`: `landlock`, `seccomp`.
    `full`: its disk was used up. `starved`: the system has ended programs meanwhile, here or elsewhere, for want of
    memory. `root` is where programs saw the tree."""

    ran: tuple[Ran, ...]
    files: Mapping[str, bytes]
    walls: tuple[str, ...]
    reset: float
    full: bool
    root: Path = WORK
    starved: bool = False


class LostError(SandboxError):
    """An evaluation whose outcome nobody knows: what watches over it has ended."""


class Keeping(Protocol):
    """A way to run programs over a tree, one request at a time."""

    async def run(
        self,
        steps: Sequence[Step],
        limits: Limits,
        files: Sequence[FileWrite] = (),
        wanted: Mapping[str, int] | None = None,
    ) -> Kept:
        """Runs programs with `files` written, until one fails. `wanted` are files to give back with how many bytes of
        their ends, by their path in the tree, or from the root below /tmp.

        A cancel ends them. Raises LostError, SandboxError, ToolchainError.
        """

    async def start(self) -> None:
        """Starts what the first request would start. Raises SandboxError, ToolchainError."""

    async def close(self) -> None:
        """Ends it. When this returns no process of it is left."""


@define(eq=False)
class Keeper:
    """One keeper, for one tree, one request at a time. Started when first asked, again after it was lost."""

    tree: Path
    sandbox: Unshare
    visible: Sequence[Path]
    way: str = "overlay"
    """How the tree is seen: `overlay`, `copy`, or `itself`, which changes it."""
    writable: tuple[str, ...] | None = None
    """The folders of the tree that programs may write; None: all of it."""
    place: Path = WORK
    """Where programs see the tree."""
    _resident: Resident | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    async def run(
        self,
        steps: Sequence[Step],
        limits: Limits,
        files: Sequence[FileWrite] = (),
        wanted: Mapping[str, int] | None = None,
    ) -> Kept:
        """Runs programs in a fresh sandbox over the tree with `files` written, until one fails. `wanted` are files to
        give back with how many bytes of their ends.

        A cancel ends them. Raises LostError, SandboxError, ToolchainError.
        """
        head = {
            "tree": self.way,
            "place": str(self.place),
            "writable": self.writable,
            "files": [(file.path, None if file.content is None else len(file.content), file.mode) for file in files],
            "steps": [asdict(step) for step in steps],
            "limits": asdict(limits),
            "wanted": dict(wanted or {}),
        }
        blob = b"".join(file.content for file in files if file.content is not None)
        seconds = sum(step.seconds for step in steps) + _GRACE
        async with self._lock:
            started = self._resident or await self._start()
            try:
                async with asyncio.timeout(seconds):
                    _send(started, head, blob)
                    await started.writer.drain()
                    answer = await _receive(started)
            except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, ValueError) as error:
                words = started.last_words
                await self._close()
                raise LostError(f"The sandbox has ended in the middle of an evaluation: {words[-500:]}") from error
            except BaseException:
                await self._close()
                raise
        return _read(*answer)

    async def start(self) -> None:
        """Starts it, so that the first request need not. Raises SandboxError, ToolchainError."""
        async with self._lock:
            if self._resident is None:
                await self._start()

    def end(self) -> None:
        """Tells it to end, and does not wait."""
        if self._resident is not None:
            self._resident.end()

    async def close(self) -> None:
        """Ends it. When this returns no process of it is left."""
        async with self._lock:
            await self._close()

    async def _start(self) -> Resident:
        plan = {
            "hidden": [str(folder) for folder in self.sandbox.hidden],
            "binds": [
                (str(b.source), str(b.target), b.writable)
                for b in binds(
                    self.sandbox.hidden,
                    [*self.visible, *([self.tree] if self.way != "itself" else [])],
                    [self.tree] if self.way == "itself" else [],
                )
            ],
            "home": HOME,
            "tree": str(self.tree.resolve()),
        }
        argv = self.sandbox.command([sys.executable, "-I", "-S", str(_KEEPER), json.dumps(plan)])
        started = await resident.start(argv, cwd=Path("/"), environment=inside_environment({"PATH": os.defpath}))
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await _receive(started)
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, ValueError) as error:
            await asyncio.sleep(0.05)  # what it says of itself may come a moment later
            words = started.last_words
            await started.close()
            raise SandboxError(f"The sandbox does not start: {words[-500:]}") from error
        except BaseException:
            await started.close()
            raise
        self._resident = started
        return started

    async def _close(self) -> None:
        if self._resident is not None:
            closing, self._resident = self._resident, None
            await closing.close()


def _send(to: Resident, head: Mapping[str, Any], blob: bytes) -> None:
    text = json.dumps(head).encode()
    to.writer.write(b"%d %d\n" % (len(text), len(blob)) + text + blob)


async def _receive(source: Resident) -> tuple[dict[str, Any], bytes]:
    lengths = [int(word) for word in (await source.reader.readline()).split()]
    if len(lengths) != 2 or not all(0 <= length <= _LONGEST for length in lengths):
        raise ValueError("an answer of no known shape")
    text = await source.reader.readexactly(lengths[0])
    return json.loads(text), await source.reader.readexactly(lengths[1])


def _read(head: Mapping[str, Any], blob: bytes) -> Kept:
    if "lost" in head:
        raise LostError(f"The outcome of an evaluation is lost: {head['lost']}")
    ran, at = [], 0
    for step in head["steps"]:
        end = at + step["output"]
        known = {name: step[name] for name in ("code", "limit", "seconds", "cpu", "memory", "left")}
        ran.append(Ran(output=blob[at:end], **known))
        at = end
    files = {}
    for path, length in head["files"].items():
        files[path] = blob[at : at + length]
        at += length
    return Kept(tuple(ran), files, tuple(head["walls"]), head["reset"], head["full"], starved=head["starved"])


@frozen
class Isolation:
    """What this machine has for evaluations: `way` is `overlay`, or `copy` where there are none that will do, and `why`
    says then what is amiss. `walls` are those of `Kept`."""

    way: str
    walls: tuple[str, ...]
    why: str = ""


async def probe(sandbox: Unshare) -> Isolation:
    """Tries it out. Raises SandboxError, ToolchainError."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="lsp-aid-probe-"))
    (folder / "folder").mkdir()
    (folder / "folder" / "old").touch()
    # Builds remove folders and make them again, which takes more of an overlay than to add files.
    script = "rm -r folder && mkdir folder && echo new > folder/file && mv folder other && cat other/file"
    step = Step(("/bin/sh", "-c", script), {"PATH": os.defpath}, _READY_SECONDS)
    why = ""
    try:
        for way in ("overlay", "copy"):
            keeper = Keeper(folder, sandbox, [], way)
            try:
                (ran,) = (kept := await keeper.run([step], Limits())).ran
                if ran.output == b"new\n":
                    return Isolation(way, kept.walls, why)
                why = why or f"an overlay does not do: {ran.text.strip()[-200:]}"
            except LostError as error:
                why = why or error.what
            finally:
                await keeper.close()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    raise SandboxError(f"The sandbox cannot lay out a tree: {why}")
