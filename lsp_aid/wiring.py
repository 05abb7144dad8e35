"""The only place where ports get their implementations."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from attrs import define, evolve, field, frozen

from lsp_aid.build.cache import Slot, cache_home, claim_slot, project_cache, prune, slot_folders
from lsp_aid.build.doubts import Doubts
from lsp_aid.build.dune import DuneBuild
from lsp_aid.build.dune_flags import DuneFlags
from lsp_aid.build.lone_file import LoneFileBuild
from lsp_aid.build.monitor import BuildMonitor
from lsp_aid.build.ocamlformat import Ocamlformat
from lsp_aid.build.process import run
from lsp_aid.build.project_root import find_root
from lsp_aid.build.resident import start
from lsp_aid.build.shared import SharedMonitor
from lsp_aid.build.toolchain import Toolchain, find, marks
from lsp_aid.ces.evaluator import LoneFileEvaluator, NoEvaluator, ShadowEvaluator
from lsp_aid.ces.sandbox import Sandbox, find_sandbox
from lsp_aid.config import Settings
from lsp_aid.domain.ports import Build, Evaluator, LiveTyping
from lsp_aid.domain.typed import Checked, CompilerFlags
from lsp_aid.models import model_from
from lsp_aid.tasks.project import Project
from lsp_aid.telemetry.dropping import DroppingSink
from lsp_aid.typer.installing import Compiler, Program
from lsp_aid.typer.pool import Limits, TyperPool
from lsp_aid.typer.pooled import PooledTyper
from lsp_aid.workspace.journal import Journal
from lsp_aid.workspace.pages import write_page
from lsp_aid.workspace.proposals import ProposalStore
from lsp_aid.workspace.trust import Trust
from lsp_aid.workspace.view import WorkspaceView

if TYPE_CHECKING:
    from lsp_aid.server.services import Keeper, Opened, Services
    from lsp_aid.sidecar.connection import Connection


_BUILDS = "status"
"""The folder in a slot where the builds of what is on disk go."""


@frozen
class _Ground:
    """What the ports of a dune project stand on. The slot is theirs until the project is closed."""

    trusted: bool
    toolchain: Toolchain
    sandbox: Sandbox | None
    slot: Slot

    @property
    def build_dir(self) -> Path:
        return self.slot.folder / "status"


@frozen
class _LoneTyping:
    """Implements the port `Typing` for a file that belongs to no project."""

    typer: PooledTyper

    async def flags_for(self, path: str) -> CompilerFlags | None:
        return CompilerFlags(("-w", "-a", "-I", "+unix", "-I", "+str"))


@frozen
class _DuneTyping:
    """Implements the port `Typing` for a project, by what the evaluator has built of it."""

    typer: PooledTyper
    _flags: DuneFlags

    async def flags_for(self, path: str) -> CompilerFlags | None:
        return await self._flags.flags_for(path) if self._flags.trusted else None


@frozen
class _LiveTyping:
    """Implements the port `LiveTyping` for a project, by what was built of its files in a folder."""

    typer: PooledTyper
    _flags: DuneFlags
    doubts: Doubts

    async def flags_for(self, path: str) -> CompilerFlags | None:
        return await self._flags.flags_for(path) if self._flags.trusted else None

    async def is_doubtful(
        self,
        checked: Checked,
        path: str,
        flags: CompilerFlags,
        unsaved: Collection[str],
        saved: Collection[str],
        *,
        settled: bool,
    ) -> bool:
        return await self.doubts.about(checked, path, flags, unsaved, saved, settled=settled)


@define(eq=False)
class _Typers:
    """The pool of this process. It ends with the last project that uses it."""

    cache: Path
    _pool: TyperPool | None = None
    _users: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _ending: "asyncio.Task[None] | None" = None

    @property
    def pool(self) -> TyperPool:
        """Nothing of it is started before it is asked."""
        if self._pool is None:
            self._pool = TyperPool(self.cache, run, start)
        return self._pool

    def take(self) -> None:
        """Takes note of a project. To be called on the event loop."""
        self._users, self._loop = self._users + 1, asyncio.get_running_loop()

    def give_back(self) -> None:
        """A project is closed, in whichever thread. If the event loop does not go on, the typers end with us."""
        assert self._loop is not None  # somebody has taken it
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._given_back)

    def _given_back(self) -> None:
        self._users -= 1
        if not self._users and self._pool is not None:
            pool, self._pool = self._pool, None
            self._ending = asyncio.create_task(pool.close())


@define(eq=False)
class _SharedProject:
    """A project that is open for several connections. It is closed with the last of them."""

    ground: _Ground
    project: Project
    monitor: SharedMonitor
    _users: int = 0

    def take(self) -> Project:
        """The project for one more connection, which closes it once."""
        self._users += 1
        return evolve(self.project, close=self._give_back)

    def _give_back(self) -> None:
        self._users -= 1
        if not self._users:
            self.project.close()


@define(eq=False)
class Engine:
    """What the connections of a process share: typers, and projects that are opened alike, which is with the same
    settings and in the same environment."""

    projects: dict[Hashable, _SharedProject] = field(factory=dict)
    _typers: dict[Path, _Typers] = field(factory=dict)
    _locks: "WeakValueDictionary[Hashable, asyncio.Lock]" = field(factory=WeakValueDictionary)

    def typers(self, environment: Mapping[str, str]) -> _Typers:
        cache = cache_home(environment) / "typer"
        return self._typers.setdefault(cache, _Typers(cache))

    def lock(self, key: Hashable) -> asyncio.Lock:
        """Held by who opens a project."""
        return self._locks.setdefault(key, asyncio.Lock())

    def forget(self, shared: _SharedProject) -> None:
        """Who comes now is not given this one any more."""
        self.projects = {key: one for key, one in self.projects.items() if one is not shared}

    async def serve(self, connection: "Connection") -> int:
        """Serves an editor of the daemon's, with the environment that the editor has."""
        from lsp_aid.server import serve

        wiring = Wiring(connection.hello.environment, self)
        return await serve(wiring.services(connection), connection.messages(), connection)


@frozen
class Wiring:
    """Opens projects. `environment` is that of the process unless a test says otherwise."""

    environment: Mapping[str, str] = field(factory=lambda: dict(os.environ))
    engine: Engine = field(factory=Engine, eq=False, repr=False)

    @property
    def _typers(self) -> _Typers:
        return self.engine.typers(self.environment)

    def trust(self, settings: Settings) -> Trust:
        return Trust(self.environment, settings.trust)

    def services(self, keeper: "Keeper | None" = None) -> "Services":
        """What the server needs. `keeper` outlives it, if there is one."""
        from lsp_aid.server.services import NoKeeper, Services  # the commands that serve no editor do without

        return Services(
            open_project=self.follow_project,
            find_root=find_root,
            make_view=WorkspaceView,
            trust=self.trust,
            store=lambda root: ProposalStore(root, self.environment),
            journal=lambda root: Journal(root, self.environment),
            page=lambda text: write_page("explanation", text, self.environment),
            environment=self.environment,
            keeper=keeper or NoKeeper(),
        )

    async def follow_project(self, root: Path, settings: Settings) -> "Opened":
        """The same as `open_project` for who stays: its builds are those of a monitor, which follows them."""
        from lsp_aid.server.services import Opened

        key = (root, settings, frozenset(self.environment.items()))
        async with self.engine.lock(key):
            shared = self.engine.projects.get(key)
            if shared is None:
                shared = self.engine.projects[key] = await self._share(root, settings)
            project, monitor, ground = shared.take(), shared.monitor.follow(), shared.ground
        built: dict[Path, _LiveTyping] = {}

        def typing(build_dir: Path) -> LiveTyping:
            if build_dir not in built:
                flags = DuneFlags(root, build_dir, ground.toolchain, ground.trusted)
                typer = self._typer(ground.toolchain, trusted=ground.trusted)
                built[build_dir] = _LiveTyping(typer, flags, Doubts(root, build_dir))
            built[build_dir].doubts.forget()
            return built[build_dir]

        return Opened(project, monitor, typing)

    async def _share(self, root: Path, settings: Settings) -> _SharedProject:
        ground = await self._ground(root, settings)
        found = partial(marks, ground.toolchain, root)
        monitor = BuildMonitor(root, ground.build_dir, ground.toolchain, settings.build, marks=found)
        project = self._project(root, settings, ground, monitor)
        shared = _SharedProject(ground, project, SharedMonitor(monitor))
        shared.monitor.on_stale = partial(self.engine.forget, shared)
        return shared

    @contextlib.asynccontextmanager
    async def watching(self, root: Path, settings: Settings) -> AsyncIterator[BuildMonitor]:
        """What tells of the builds of the project at `root`, and nothing more, for as long as the block lasts. Where an
        editor's server has them built already, that is followed. Raises ToolchainError, FileUnwritableError."""
        toolchain = await find(root, settings.toolchain, self.environment, trusted=True)
        cache = await asyncio.to_thread(project_cache, root, self.environment)
        slot = await asyncio.to_thread(claim_slot, cache)

        def others() -> list[Path]:
            return [folder / _BUILDS for folder in slot_folders(cache) if folder != slot.folder]

        monitor = BuildMonitor(root, slot.folder / _BUILDS, toolchain, settings.build, others=others)
        try:
            yield monitor
        finally:
            await monitor.close()
            slot.release()

    async def open_project(self, root: Path, settings: Settings) -> Project:
        """The ports of the dune project at `root`. Raises ToolchainError, SandboxError, FileUnwritableError."""
        ground = await self._ground(root, settings)
        build = DuneBuild(root, ground.build_dir, ground.toolchain, settings.build)
        return self._project(root, settings, ground, build)

    async def _ground(self, root: Path, settings: Settings) -> "_Ground":
        trusted = await asyncio.to_thread(self.trust(settings).is_trusted, root)
        toolchain = await find(root, settings.toolchain, self.environment, trusted=trusted)
        sandbox = await find_sandbox(settings.sandbox, self.environment)
        return _Ground(trusted, toolchain, sandbox, await self._claim(root))

    def _project(self, root: Path, settings: Settings, ground: "_Ground", build: Build) -> Project:
        slot, toolchain = ground.slot, ground.toolchain
        shadow = ShadowEvaluator(slot.folder, root, toolchain, ground.sandbox, settings.build, trusted=ground.trusted)
        evaluator: Evaluator = shadow
        if settings.trust == "never":
            evaluator = NoEvaluator("the setting `trust` is `never`: nothing is built")
        typer = self._typer(toolchain, trusted=ground.trusted)
        built = slot.folder / ("build" if ground.sandbox else "build-bare")
        flags = DuneFlags(slot.folder / "shadow", built, toolchain, trusted=ground.trusted)
        return Project(
            root=root,
            settings=settings,
            build=build,
            evaluator=evaluator,
            model=model_from(settings.model, self.environment),
            events=DroppingSink(),
            close=self._closing(slot, shadow.end),
            formatter=Ocamlformat(root, toolchain.environment),
            store=ProposalStore(root, self.environment),
            journal=Journal(root, self.environment),
            typing=_DuneTyping(typer, flags),
        )

    async def open_lone_file(self, file: Path, settings: Settings) -> Project:
        """The ports of an .ml file that belongs to no dune project. Raises as `open_project`."""
        trusted = self.trust(settings).is_trusted(file.parent)
        toolchain = await find(file.parent, settings.toolchain, self.environment, need_dune=False, trusted=trusted)
        sandbox = await find_sandbox(settings.sandbox, self.environment)
        slot = await self._claim(file)
        typer = self._typer(toolchain, trusted=False)
        return Project(
            root=file.parent,
            settings=settings,
            build=LoneFileBuild(file, slot.folder / "status", toolchain, settings.build),
            evaluator=LoneFileEvaluator(slot.folder, file, toolchain, sandbox, settings.build),
            model=model_from(settings.model, self.environment),
            events=DroppingSink(),
            close=self._closing(slot),
            formatter=Ocamlformat(file.parent, toolchain.environment),
            store=ProposalStore(file.parent, self.environment),
            journal=Journal(file.parent, self.environment),
            typing=_LoneTyping(typer),
        )

    @contextlib.asynccontextmanager
    async def lone_typer(self, settings: Settings, *, jobs: int = 1) -> AsyncIterator[PooledTyper]:
        """A typer for programs of one file, which use the standard library alone; so many `jobs` at once.

        Raises ToolchainError, FileUnwritableError.
        """
        folder = Path(self.environment.get("HOME") or "/")
        toolchain = await find(folder, settings.toolchain, self.environment, need_dune=False, trusted=False)
        pool = TyperPool(self._typers.cache, run, start, Limits(jobs=jobs))
        try:
            yield PooledTyper(pool, _compiler(toolchain), trusted=False)
        finally:
            await pool.close()

    def _typer(self, toolchain: Toolchain, *, trusted: bool) -> PooledTyper:
        """The typer of a project, which its close gives back."""
        return PooledTyper(self._typers.pool, _compiler(toolchain), trusted=trusted)

    def _closing(self, slot: Slot, end: Callable[[], None] = lambda: None) -> Callable[[], None]:
        """Ends what the evaluator has started, frees the folder, and ends the typers with the last project."""
        self._typers.take()

        def close() -> None:
            end()
            slot.release()
            self._typers.give_back()

        return close

    async def _claim(self, project: Path) -> Slot:
        """A folder for builds that nobody else uses; those of projects long gone are removed. Who is cancelled holds
        none. Raises FileUnwritableError."""

        def claim() -> Slot:
            prune(cache_home(self.environment))
            return claim_slot(project_cache(project, self.environment))

        claiming = asyncio.ensure_future(asyncio.to_thread(claim))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            claiming.add_done_callback(_let_go)
            raise


def _let_go(claiming: "asyncio.Future[Slot]") -> None:
    if not claiming.cancelled() and claiming.exception() is None:
        claiming.result().release()


def _compiler(toolchain: Toolchain) -> Compiler:
    assert toolchain.ocaml is not None  # none was found without
    return Compiler(toolchain.ocaml, toolchain.ocaml_version, toolchain.environment)


async def typer_program(toolchain: Toolchain, environment: Mapping[str, str]) -> Program:
    """How the typer is run with a toolchain, for who wants to know. It is made where it is not there yet.

    Raises ToolchainError, BuildTimeoutError, FileUnwritableError.
    """
    pool = TyperPool(cache_home(environment) / "typer", run, start)
    try:
        return await pool.program(_compiler(toolchain))
    finally:
        await pool.close()
