"""The server in this very process, at the other end of a socket, with ports that are plain objects.

Its builds are a toy's: every `lenght` in an .ml file is an unbound name, as OCaml would say it; a file that holds
`broken-toolchain` breaks the tool, one that holds `slow-build` makes every build last.
"""

import asyncio
import json
import re
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import define, field, frozen

from lsp_aid.config import Settings
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.build_status import PROJECT_FILE, BuildSource, BuildStatus, Promotion
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.chat import Message
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.events import Event
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import BuildListener, Model, View
from lsp_aid.domain.text import SourceText
from lsp_aid.errors import AidError, ToolchainError
from lsp_aid.server.services import Opened, Services
from lsp_aid.server.stdio import messages, serve
from lsp_aid.tasks.project import Project
from lsp_aid.workspace.journal import Journal
from lsp_aid.workspace.pages import write_page
from lsp_aid.workspace.proposals import ProposalStore
from lsp_aid.workspace.trust import Trust
from lsp_aid.workspace.view import WorkspaceView
from tests.support.bare_client import BareClient

SAVE_SECONDS = 0.2  # editors save several files at once
SLOW_SECONDS = 20.0


async def toy_build(view: View) -> BuildResult:
    texts = {path: view.read(path) for path in view.paths() if path.endswith((".ml", "dune-project"))}
    if any("broken-toolchain" in text for text in texts.values()):
        raise ToolchainError("dune cannot be started", "Install dune.")
    if any("slow-build" in text for text in texts.values()):
        await asyncio.sleep(SLOW_SECONDS)
    errors = [_error(path, text, m) for path, text in texts.items() for m in re.finditer(r"\b(List\.)?lenght\b", text)]
    if "no-such-field" in texts.get("dune-project", ""):
        errors.append(Diagnostic("", SourceText("").range(0, 0), Severity.ERROR, "Unknown field", "dune"))
    return BuildResult(not errors, tuple(errors), 0.01)


def _error(path: str, text: str, match: re.Match) -> Diagnostic:
    place = SourceText(text).range(match.start(), match.end())
    message = f'Unbound value "{match[0]}"\nHint: Did you mean "length"?'
    return Diagnostic(path, place, Severity.ERROR, message, hint='Did you mean "length"?')


@define(eq=False)
class ToyBuild:
    """Implements the port `Monitor`. `built` is what became of each build, `promotions` what each offers."""

    root: Path
    built: list[str]
    promotions: tuple[Promotion, ...] = ()
    listener: BuildListener | None = None
    _running: "asyncio.Task[None] | None" = None

    async def build(self) -> BuildResult:
        self.built.append("started")
        try:
            result = await toy_build(WorkspaceView(self.root))
        except asyncio.CancelledError:
            self.built.append("cancelled")
            raise
        self.built.append("ended")
        return result

    def start(self, listener: BuildListener) -> None:
        if self.listener is None:
            self.listener = listener
            self._restart(0)

    def saved(self, *paths: str) -> None:
        self._restart(SAVE_SECONDS)

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    def _restart(self, delay: float) -> None:
        before, self._running = self._running, None
        if before is not None:
            before.cancel()
        self._running = asyncio.create_task(self._follow(delay, before))

    async def _follow(self, delay: float, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait([before])
        await asyncio.sleep(delay)
        assert self.listener is not None
        self.listener.build_begun()
        try:
            result = await self.build()
        except AidError as error:
            self.listener.build_failed(error)
            return
        view = WorkspaceView(self.root)
        paths = {each.path or PROJECT_FILE for each in result.diagnostics}
        paths |= {each.in_source for each in self.promotions if view.exists(each.in_source)}
        texts = {path: view.read(path) for path in paths}
        self.listener.build_ended(BuildStatus(result, BuildSource.ONE_SHOT, self.promotions, texts))


@frozen
class ToyEvaluator:
    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        return Evaluation(await toy_build(Overlay(view, changes)))


@define
class Saying:
    """A model that says one thing, or, where it has nothing to say, waits for ever and notes that it was given up."""

    reply: str = ""
    name: str = "parrot"
    given_up: bool = False

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str]:
        if self.reply:
            yield self.reply
            return
        try:
            yield "Well"
            await asyncio.sleep(3600)
        finally:
            self.given_up = True


def block(path: str, search: str, replace: str) -> str:
    return f"{path}\n```ocaml\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n```\n"


@define
class Noted:
    """Implements the port `EventSink`, and keeps all."""

    events: list[Event] = field(factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    @property
    def happenings(self) -> list[str]:
        return [event.happening.value for event in self.events]


@define
class Shelf:
    """Implements `Keeper` in this process. `environment` is the editor's, `brought` what was asked of it."""

    kept: dict[str, object] = field(factory=dict)
    editor: str = ""
    jobs: int = 0
    brought: list[str] = field(factory=list)

    def keep(self, key: str, value: object) -> None:
        self.kept.pop(key, None)
        if value is not None:
            self.kept[key] = json.loads(json.dumps(value))

    def describe(self, editor: str) -> None:
        self.editor = editor

    def busy(self, jobs: int) -> None:
        self.jobs = jobs

    async def bring(self, names: Sequence[str]) -> None:
        self.brought += names


@define
class Toy:
    """What a test looks at: what was built, what happened, which projects are open."""

    home: Path
    model: Model | None = None
    environment: dict[str, str] = field(factory=dict)
    builds: dict[str, list[str]] = field(factory=dict)
    events: Noted = field(factory=Noted)
    opened: list[Path] = field(factory=list)
    closed: list[Path] = field(factory=list)
    exit_codes: list[int] = field(factory=list)
    promotions: tuple[Promotion, ...] = ()
    shelf: Shelf = field(factory=Shelf)

    def services(self) -> Services:
        environment = {"XDG_STATE_HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home), **self.environment}
        return Services(
            open_project=self.open_project,
            find_root=find_root,
            make_view=make_view,
            trust=lambda settings: Trust(environment, settings.trust),
            store=lambda root: ProposalStore(root, environment),
            journal=lambda root: Journal(root, environment),
            page=lambda text: write_page("explanation", text, environment),
            environment=environment,
            keeper=self.shelf,
        )

    async def open_project(self, root: Path, settings: Settings) -> Opened:
        self.opened.append(root)
        built = self.builds.setdefault(root.name, [])
        evaluator, model = ToyEvaluator(), self.model
        close = lambda: self.closed.append(root)  # noqa: E731
        monitor = ToyBuild(root, built, self.promotions)
        return Opened(Project(root, settings, monitor, evaluator, model, self.events, close), monitor)


def find_root(path: Path) -> Path | None:
    for folder in (path, *path.parents):
        if (folder / "dune-project").is_file():
            return folder
    return None


def make_view(root: Path, documents: Mapping[str, tuple[str, int]]) -> View:
    return WorkspaceView(root, documents)


@asynccontextmanager
async def served(toy: Toy, process: int | None = None) -> AsyncIterator[BareClient]:
    """A client of a server that runs until the client is done; both are gone afterwards."""
    ours, theirs = socket.socketpair()
    client = BareClient(*await asyncio.open_connection(sock=ours))
    reader, writer = await asyncio.open_connection(sock=theirs)
    server = asyncio.create_task(serve(toy.services(), messages(reader), writer, process))
    try:
        yield client
    finally:
        await client.hang_up()
        async with asyncio.timeout(20):
            toy.exit_codes.append(await server)


def project(folder: Path, **files: str) -> Path:
    """A little dune project; `lib__a` stands for `lib/a.ml`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dune-project").write_text("(lang dune 3.17)\n")
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".ml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
