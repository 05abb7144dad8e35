"""Builds texts that are not on disk: in a shadow of the workspace, shut in where the system can do that."""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import define, field, frozen

from lsp_aid.build.dune import (
    build_result,
    dune_command,
    dune_environment,
    is_locked,
    make_build_dir,
    raise_if_killed,
)
from lsp_aid.build.lone_file import check, interface_of
from lsp_aid.build.process import Finished, in_thread, run
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.ces.inside import inside_environment
from lsp_aid.ces.keeping import FileWrite, Keeper, Limits, LostError, Step, probe
from lsp_aid.ces.outcomes import exceeded, reader
from lsp_aid.ces.sandbox import CURE, Sandbox, find_sandbox
from lsp_aid.ces.shadow import Shadow
from lsp_aid.ces.unshare import Unshare
from lsp_aid.ces.verdict import problem
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import View
from lsp_aid.errors import AidError, BuildTimeoutError, FileUnwritableError, SandboxError

log = logging.getLogger(__name__)

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

    The shadow is the workspace, built by itself; changes are built in an overlay over it, where the system has such, so
    that it stays warm whatever is tried. `trusted`: the user has said that programs of this folder may run. Whatever is
    not trusted runs in the sandbox or not at all; where there is a sandbox, everything runs there.
    """

    folder: Path
    root: Path
    toolchain: Toolchain
    sandbox: Sandbox | None
    settings: BuildSettings = field(factory=BuildSettings)
    trusted: bool = field(kw_only=True)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)
    _keeper: Keeper | None = field(default=None, init=False)
    _built: object = field(default=None, init=False)
    """The state of the shadow that the build folder is of."""

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        """Raises ToolchainError, BuildTimeoutError, OutsideError, FileUnwritableError, SandboxError."""
        if self.sandbox is None and untrusted:
            return Evaluation(None, _NO_SANDBOX)
        if self.sandbox is None and not self.trusted:
            return Evaluation(None, _NOT_TRUSTED)
        async with self._lock:
            shadow = Shadow(self.folder / "shadow", self.root)
            read = reader(Overlay(view, changes))
            if not changes or not await self._has_overlays():
                await in_thread(lambda: shadow.sync(view, changes), shadow.stop.set)
                self._built = None
                result = await self._build(shadow, read)
                self._built = shadow.state
                return Evaluation(result)
            writes = await in_thread(lambda: shadow.writes(view, changes), shadow.stop.set)
            await in_thread(lambda: shadow.sync(view, ChangeSet()), shadow.stop.set)
            if self._built is None or self._built != shadow.state:
                self._built = None
                await self._build(shadow, reader(view))
                self._built = shadow.state
            files = [
                FileWrite(f"{shadow.folder.name}/{path}", content, mode) for path, (content, mode) in writes.items()
            ]
            return Evaluation(await self._build_over(shadow, files, read))

    def end(self) -> None:
        """Ends what was started, without waiting for it."""
        if self._keeper is not None:
            self._keeper.end()

    @property
    def _build_dir(self) -> Path:
        # What programs in a sandbox have left behind is never run outside of one.
        return self.folder / ("build" if self.sandbox else "build-bare")

    async def _has_overlays(self) -> bool:
        if self.sandbox is None:
            return False
        if self._keeper is None:
            sandbox = await overlays(self.toolchain.environment)
            if sandbox is None:
                return False
            tree = self.folder.resolve()
            self._keeper = Keeper(tree, sandbox, self.toolchain.visible, "overlay", (self._build_dir.name,), tree)
        return True

    def _command(self, shadow: Shadow) -> list[str]:
        return dune_command(self.toolchain, shadow.folder, self._build_dir, self.settings.targets, "--cache=disabled")

    async def _build(self, shadow: Shadow, read: Callable[[str], str | None]) -> BuildResult:
        started = time.monotonic()
        done = await self._run(shadow)
        if is_locked(done):
            log.warning("Something of an earlier build still holds %s: another is made", self._build_dir)
            await in_thread(lambda: _set_aside(self._build_dir))
            done = await self._run(shadow)
        seconds = time.monotonic() - started
        _raise_if_sandbox_failed(self.sandbox, done)
        raise_if_killed(done.text)
        return await in_thread(lambda: build_result(done, shadow.folder, self._build_dir, read, seconds))

    async def _run(self, shadow: Shadow) -> Finished:
        make_build_dir(self._build_dir)
        command, environment = self._command(shadow), dune_environment(self.toolchain)
        if self.sandbox:
            # The shadow can only be read: no program changes what is judged.
            command, environment = self.sandbox.wrap(
                command,
                writable=[self._build_dir],
                visible=[*self.toolchain.visible, shadow.folder],
                environment=environment,
            )
        return await run(command, cwd=shadow.folder, environment=environment, seconds=self.settings.seconds)

    async def _build_over(
        self, shadow: Shadow, files: Sequence[FileWrite], read: Callable[[str], str | None]
    ) -> BuildResult:
        assert self._keeper is not None
        environment = inside_environment(dune_environment(self.toolchain))
        step = Step(tuple(self._command(shadow)), environment, self.settings.seconds)
        limits = Limits(cpu=self.settings.seconds * (os.cpu_count() or 1), memory=_memory(), disk=_memory())
        try:
            kept = await self._keeper.run([step], limits, files)
        except LostError:  # once may be chance
            kept = await self._keeper.run([step], limits, files)
        (ran,) = kept.ran
        if ran.limit in ("time", "idle"):
            raise BuildTimeoutError(
                f"dune did not end within {self.settings.seconds:g} seconds", "Raise the setting `build.seconds`."
            )
        if limit := exceeded(ran, kept):
            return BuildResult(False, (problem(f"It was ended: it takes more than it may of {limit}"),), ran.seconds)
        raise_if_killed(ran.text)
        done = Finished(ran.code if ran.code < 128 else 128 - ran.code, ran.output)
        return await in_thread(lambda: build_result(done, shadow.folder, self._build_dir, read, ran.seconds))


def _set_aside(folder: Path) -> None:
    """Lets go of a build folder that another process holds: that keeps it under another name. Raises
    FileUnwritableError."""
    aside = folder.with_name(f"{folder.name}.held")
    try:
        if aside.exists():
            shutil.rmtree(aside)
        folder.rename(aside)
    except OSError as error:
        cure = f"Permit writing in {folder.parent}."
        raise FileUnwritableError(f"{folder} cannot be renamed: {error}", cure) from error


_OVERLAYS: dict[str, Unshare | None] = {}


async def overlays(environment: Mapping[str, str]) -> Unshare | None:
    """The sandbox that can lay an overlay over a folder; None where this machine has none. Tried once."""
    home = environment.get("HOME", "")
    if home not in _OVERLAYS:
        try:
            found = await find_sandbox("unshare", environment)
            works = isinstance(found, Unshare) and (await probe(found)).way == "overlay"
            _OVERLAYS[home] = found if works and isinstance(found, Unshare) else None
        except AidError:
            _OVERLAYS[home] = None
    return _OVERLAYS[home]


def _memory() -> int:
    """Half of what the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


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


def _raise_if_sandbox_failed(sandbox: Sandbox | None, done: Finished) -> None:
    """What the sandbox itself says comes before anything that runs in it."""
    if sandbox and done.code != 0 and done.output.startswith((f"{sandbox.name}: ".encode(), b"Traceback (most recent")):
        raise SandboxError(f"The sandbox failed: {done.text.strip()[-500:]}", CURE)
