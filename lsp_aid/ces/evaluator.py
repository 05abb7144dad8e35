"""Builds texts that are not on disk: in a shadow of the workspace, shut in where the system can do that."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from attrs import define, field, frozen

from lsp_aid.build.dune import build_result, dune_command, dune_environment, make_build_dir
from lsp_aid.build.lone_file import check, interface_of
from lsp_aid.build.process import Finished, in_thread, run
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.ces.sandbox import CURE, Sandbox
from lsp_aid.ces.shadow import Shadow
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import View
from lsp_aid.errors import AidError, SandboxError

_NO_SANDBOX = "no sandbox to build it in: install bubblewrap, or permit unprivileged user namespaces"
_NOT_TRUSTED = f"the folder is not trusted, and there is {_NO_SANDBOX}"


@frozen
class NoEvaluator:
    """Builds nothing, for `reason`: all that can be known is whether a text parses."""

    reason: str

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        return Evaluation(None, self.reason)


@define
class ShadowEvaluator:
    """Builds the dune project at `root` in `folder/shadow`, one evaluation after the other.

    `trusted`: the user has said that programs of this folder may run. Whatever is not trusted runs in the sandbox or
    not at all; where there is a sandbox, everything runs there.
    """

    folder: Path
    root: Path
    toolchain: Toolchain
    sandbox: Sandbox | None
    settings: BuildSettings = field(factory=BuildSettings)
    trusted: bool = field(kw_only=True)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        """Raises ToolchainError, BuildTimeoutError, OutsideError, FileUnwritableError, SandboxError."""
        if self.sandbox is None and untrusted:
            return Evaluation(None, _NO_SANDBOX)
        if self.sandbox is None and not self.trusted:
            return Evaluation(None, _NOT_TRUSTED)
        async with self._lock:
            shadow = Shadow(self.folder / "shadow", self.root)
            await in_thread(lambda: shadow.sync(view, changes), shadow.stop.set)
            return Evaluation(await self._build(shadow, reader(Overlay(view, changes))))

    async def _build(self, shadow: Shadow, read: Callable[[str], str | None]) -> BuildResult:
        # What programs in a sandbox have left behind is never run outside of one.
        build_dir = self.folder / ("build" if self.sandbox else "build-bare")
        make_build_dir(build_dir)
        command = dune_command(self.toolchain, shadow.folder, build_dir, self.settings.targets, "--cache=disabled")
        environment = dune_environment(self.toolchain)
        if self.sandbox:
            # The shadow can only be read: no program changes what is judged.
            command, environment = self.sandbox.wrap(
                command,
                writable=[build_dir],
                visible=[*self.toolchain.visible, shadow.folder],
                environment=environment,
            )
        started = time.monotonic()
        done = await run(command, cwd=shadow.folder, environment=environment, seconds=self.settings.seconds)
        seconds = time.monotonic() - started
        _raise_if_sandbox_failed(self.sandbox, done)
        return await in_thread(lambda: build_result(done, shadow.folder, build_dir, read, seconds))


@define
class LoneFileEvaluator:
    """Checks the texts of a lone file and of its interface. Nothing in them runs; in the sandbox where there is one."""

    folder: Path
    file: Path
    toolchain: Toolchain
    sandbox: Sandbox | None
    settings: BuildSettings = field(factory=BuildSettings)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        """Raises ToolchainError, BuildTimeoutError, FileUnreadableError, FileUnwritableError, SandboxError."""
        after = Overlay(view, changes)
        names = {self.file.name, interface_of(self.file).name}
        if others := set(changes.paths) - names:
            return Evaluation(None, f"{min(others)} is beside a lone file, which is all that can be checked")
        async with self._lock:
            contents = await in_thread(
                lambda: {
                    name: after.read(name).encode("utf-8", "surrogatepass") for name in names if after.exists(name)
                }
            )
            return Evaluation(await check(contents, self.folder / "check", self.toolchain, self._run))

    async def _run(self, command: list[str]) -> Finished:
        folder, environment = self.folder / "check", dict(self.toolchain.environment)
        if self.sandbox:
            command, environment = self.sandbox.wrap(
                command, writable=[folder], visible=self.toolchain.visible, environment=environment
            )
        done = await run(command, cwd=folder, environment=environment, seconds=self.settings.seconds)
        _raise_if_sandbox_failed(self.sandbox, done)
        return done


def reader(view: View) -> Callable[[str], str | None]:
    """Reads a text of a view; None for what it does not have."""

    def read(path: str) -> str | None:
        try:
            return view.read(path)
        except AidError:
            return None

    return read


def _raise_if_sandbox_failed(sandbox: Sandbox | None, done: Finished) -> None:
    """What the sandbox itself says comes before anything that runs in it."""
    if sandbox and done.code != 0 and done.output.startswith((f"{sandbox.name}: ".encode(), b"Traceback (most recent")):
        raise SandboxError(f"The sandbox failed: {done.text.strip()[-500:]}", CURE)
