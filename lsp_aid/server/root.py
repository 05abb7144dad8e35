"""One dune project that the editor works in: trusted or not, its last build, its repairs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import define, field
from lsprotocol import types

from lsp_aid.config import Settings
from lsp_aid.domain.build_status import BuildState, BuildStatus
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import LiveTyping, View
from lsp_aid.domain.proposal import Proposal
from lsp_aid.domain.text import Range
from lsp_aid.errors import AidError, NotTrustedError
from lsp_aid.repair.engine import Focus
from lsp_aid.server import to_lsp
from lsp_aid.server.board import Board
from lsp_aid.server.client import Client
from lsp_aid.server.fixes import Fixes
from lsp_aid.server.kept import Kept
from lsp_aid.server.opening import Opening
from lsp_aid.server.parts import Parts
from lsp_aid.server.promoting import Promoting
from lsp_aid.server.proposals import Offered, Proposals
from lsp_aid.server.publishing import is_published
from lsp_aid.server.services import Services
from lsp_aid.server.unsaved import Unsaved
from lsp_aid.tasks.project import Project
from lsp_aid.tasks.report import state_data
from lsp_aid.workspace.documents import Document, Documents, Edited

log = logging.getLogger(__name__)

_TRUST, _NOT_NOW = "Trust", "Not now"


@define(eq=False)
class Root:
    """Implements the port `BuildListener`. `build` is the last complete one, None where none is known.

    `active`: the document that the user was last in, relative to the root. `parts`: the proposal that waits to be
    taken by hunk, if one does."""

    path: Path
    services: Services
    client: Client
    documents: Documents
    proposals: Proposals
    settings: Settings
    trusted: bool = False
    active: str = ""
    status: BuildState = BuildState.UNTRUSTED
    build: BuildStatus | None = None
    board: Board = field(init=False)
    unsaved: Unsaved = field(init=False)
    fixes: Fixes = field(init=False)
    kept: Kept = field(init=False)
    parts: Parts | None = None
    promoting: Promoting = field(factory=Promoting)
    _generation: int = 0
    _opening: Opening = field(init=False)
    _asking: asyncio.Lock = field(factory=asyncio.Lock)
    _working: "asyncio.Task[None] | None" = None
    _at_work: asyncio.Lock = field(factory=asyncio.Lock)
    _said: set[str] = field(factory=set)
    _told: dict[str, Any] = field(factory=dict)

    @board.default
    def _board(self) -> Board:
        def publishes(diagnostic: Diagnostic, document: Document | None) -> bool:
            return is_published(diagnostic, document, self.settings, self.client.can.ocamllsp)

        return Board(
            *(self.path, self.client, self.documents, self._waiting, publishes),
            unsaved=lambda path: self.unsaved.shown(path),
        )

    @unsaved.default
    def _unsaved(self) -> Unsaved:
        return Unsaved(
            document=lambda path: self.documents.at(self.path / path),
            disk=lambda: self.services.make_view(self.path, {}),
            redraw=self.board.redraw,
        )

    @fixes.default
    def _fixes(self) -> Fixes:
        return Fixes(self.state, self.view, self.holding, self.proposals)

    @kept.default
    def _kept(self) -> Kept:
        return Kept(self.services.store(self.path), self.services.journal(self.path), self.client)

    @_opening.default
    def _make_opening(self) -> Opening:
        return Opening(lambda: self.services.open_project(self.path, self.settings))

    # --- what it is ---

    def state(self) -> Hashable:
        """What repairs depend on: the last build and the versions of the open documents."""
        versions = sorted((path, document.version) for path, document in self.documents.below(self.path).items())
        return (self._generation, tuple(versions))

    def view(self) -> View:
        """The project as the editor holds it now."""
        documents = self.documents.below(self.path)
        return self.services.make_view(self.path, {path: (d.text, d.version) for path, d in documents.items()})

    def relative(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    async def project(self) -> Project:
        """The project's ports, opened when first needed. Raises NotTrustedError and what opening raises."""
        self._check_trust()
        opened = await self._opening.get()
        opened.monitor.start(self)
        return opened.project

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[Project]:
        """The same for long work: the ports stay open until the block is left, though the settings change."""
        await self.project()
        async with self._opening.held() as project:
            yield project

    @property
    def opened(self) -> Project | None:
        """The project's ports where they are open already."""
        return self._opening.opened.project if self._opening.opened else None

    def _check_trust(self) -> None:
        if not self.trusted:
            raise NotTrustedError(
                f"Building {self.path} would run its programs, and the folder is not trusted",
                "Trust it in the editor, or by `lsp-aid trust`.",
            )

    # --- what happens to it ---

    def start(self) -> None:
        """Begins: asks for trust if need be, then follows the builds."""
        self._restart_work(self._start)

    async def ask_for_trust(self) -> bool:
        """Whether the folder is trusted, after asking the user where nothing is known. Raises FileUnwritableError."""
        async with self._asking:
            store = self.services.trust(self.settings)
            self.trusted = await asyncio.to_thread(store.is_trusted, self.path)
            if self.trusted or self.settings.trust != "ask":
                return self.trusted
            question = (
                f"Building {self.path} runs programs of that folder: rules, preprocessors and tests. "
                "Do you trust it? Without that, lsp-aid builds and repairs nothing there."
            )
            if await self.client.choose(question, _TRUST, _NOT_NOW) == _TRUST:
                await self.give_trust()
            return self.trusted

    async def give_trust(self) -> None:
        """Remembers the folder as trusted. Raises FileUnwritableError, NotTrustedError."""
        if self.settings.trust == "never":
            raise NotTrustedError("The setting `trust` is `never`", "Set it to `ask`.")
        await asyncio.to_thread(self.services.trust(self.settings).trust, self.path)
        self.trusted = True

    def saved(self, *paths: str) -> None:
        """Files were written, relative to the root where they are known. What could not be opened is tried anew."""
        if not self.trusted:
            return
        self.unsaved.written(*paths)
        if opened := self._opening.opened:
            opened.monitor.saved(*paths)
        elif self._working is None or self._working.done():
            self._restart_work(self._follow)

    def disk_changed(self, *paths: str) -> None:
        """Files changed behind the editor's back: what was computed may no longer hold."""
        self._generation += 1
        self.fixes.forget_stale()
        self.saved(*paths)
        self.unsaved.changed_on_disk(*paths)

    def edited(self, document: Document, edits: list[Edited]) -> None:
        self.active = self.relative(document.path)
        if self.parts and self.parts.edited(self.active, document, edits):
            self.board.redraw_soon(self.active)
        self.promoting.edited(self.active, document, edits)
        self.unsaved.edited(self.active, edits)
        self.board.edited(self.active, document, edits)
        self.fixes.forget_stale()

    def settle(self, path: str) -> None:
        """Places anew what is known of a file that was opened or closed: the two texts may differ."""
        document = self.documents.at(self.path / path)
        if self.parts:
            self.parts.settle(path, document.text if document else None)
            self.board.redraw_soon(path)
        self.promoting.settle(path, document.text if document else None)
        self.unsaved.settle(path)
        self.board.settle(path)
        self.fixes.forget_stale()

    def wait_for_choice(self, offered: Offered, origin: str = "") -> Parts:
        """Has a proposal wait to be taken by hunk; one that waited before waits no longer."""
        self.stop_waiting()
        self.parts = Parts.of(offered, self.view(), origin)
        self.show_waiting()
        return self.parts

    def stop_waiting(self, identifier: str | None = None) -> None:
        """The proposal with that id, or whichever, waits no longer."""
        if self.parts and identifier in (None, self.parts.offered.proposal.id):
            parts, self.parts = self.parts, None
            self._redraw(parts)

    def show_waiting(self) -> None:
        """Shows what of a proposal still waits."""
        if self.parts and not self.parts.parts:
            self.stop_waiting()
        if self.parts:
            self._redraw(self.parts)

    def _redraw(self, parts: Parts) -> None:
        self.redraw(path for path, text in parts.bases.items() if text is not None)

    def redraw(self, paths: Iterable[str]) -> None:
        """Shows files anew: what waits in them is another."""
        for path in paths:
            self.board.redraw_soon(path)

    async def reconfigure(self, settings: Settings) -> None:
        """Begins anew with other settings."""
        await self._stop()
        self.settings, self.trusted = settings, False
        self.start()

    async def close(self) -> None:
        """Ends all that runs for it and takes down what is shown."""
        await self._stop()
        await self.kept.settle()
        parts, self.parts = self.parts, None
        self.board.clear(parts.bases if parts else ())

    def say_once(self, error: AidError) -> None:
        """Shows an error to the user, once until the next build that could be made."""
        log.warning("%s: %s", self.path, error)
        if str(error) not in self._said:
            self._said.add(str(error))
            self.client.show(f"lsp-aid: {error}")

    # --- how ---

    def _restart_work(self, work: Callable[[], Awaitable[None]]) -> None:
        if self._working is not None:
            self._working.cancel()

        async def alone() -> None:
            async with self._at_work:  # what was cancelled holds the build folder until its processes are gone
                await work()

        self._working = asyncio.create_task(alone())
        self._working.add_done_callback(_log_failure)

    async def _start(self) -> None:
        await self.kept.load()
        try:
            if await self.ask_for_trust():
                await self._follow()
            else:
                self.board.clear()
                self._tell(BuildState.UNTRUSTED)
        except AidError as error:
            self.say_once(error)

    async def _follow(self) -> None:
        """Opens the project, whose monitor tells of its builds from then on."""
        self._tell(BuildState.BUILDING)
        try:
            await self.project()
        except AidError as error:
            self.build_failed(error)

    async def _reopen(self) -> None:
        await self._close_project()
        await self._follow()

    # --- what its builds say ---

    def build_begun(self) -> None:
        self.unsaved.begun()
        self._tell(BuildState.BUILDING)

    def build_failed(self, error: AidError) -> None:
        self.build = None
        also = self.promoting.paths
        self.promoting.clear()
        self.unsaved.clear()
        self.board.clear(also)
        self._tell(BuildState.FAILED)
        self.say_once(error)

    def build_ended(self, status: BuildStatus) -> None:
        self._said.clear()
        known = self.build and {d.identity for d in self.build.result.errors}
        if known != {d.identity for d in status.result.errors}:
            self._generation += 1
        self.build = status
        self.unsaved.ended(status, self._typing(status))
        before = self.promoting.paths
        self.promoting.renew(status, self._offer, self._built_view(status))
        self.board.show(status)
        self.redraw({*before, *self.promoting.paths})
        self._tell(status.state)
        self.fixes.forget_stale()
        if not status.result.green:
            self.fixes.ahead(self._likely_focus())

    def _offer(self, proposal: Proposal) -> Offered:
        assert self.opened is not None, "it is open while it is built"
        (offered,) = self.proposals.add([proposal], self.view(), self.opened)
        return offered

    def _built_view(self, status: BuildStatus) -> View:
        """What would be promoted, as the editor holds it or else as it was built: read from no disk."""
        texts = {}
        for path in {each.in_source for each in status.promotions}:
            document = self.documents.at(self.path / path)
            if document or path in status.texts:
                texts[path] = (document.text, document.version) if document else (status.texts[path], 0)
        return self.services.make_view(self.path, texts)

    def _typing(self, status: BuildStatus) -> LiveTyping | None:
        opened = self._opening.opened
        return opened.typing(status.build_dir) if opened and opened.typing and status.build_dir else None

    def toolchain_changed(self) -> None:
        log.info("%s: OCaml or dune is another: the project is opened anew", self.path)
        self._restart_work(self._reopen)

    def _waiting(self, path: str) -> list[types.Diagnostic]:
        """The hunks in a file that can be taken or promoted, as the editor shows them."""
        parts = self.parts.live if self.parts else ()
        places = [(part, part.range) for part in parts if part.hunk.path == path]
        taken = [to_lsp.waiting(part.hunk.diff, place) for part, place in places if place]
        return taken + self.promoting.shown(path)

    def _likely_focus(self) -> Focus | None:
        """The first error of the document that the user is in, else of any file."""
        for path in (self.active, *self.board.paths):
            for shown in self.board.shown(path):
                if shown.diagnostic.is_error:
                    return self.focus(shown.diagnostic.path, shown.place)
        return None

    def focus(self, path: str, place: Range) -> Focus | None:
        """What repairs aim at; None, which is the whole project, where the error is of no file."""
        return Focus(path, place) if path else None

    def focus_at(self, path: str, place: Range) -> Focus | None:
        """The same for the error that is shown at a place; where none is, the place itself."""
        for shown in self.board.shown(path):
            if shown.diagnostic.is_error and shown.place.touches(place):
                return self.focus(shown.diagnostic.path, shown.place)
        return Focus(path, place)

    def data(self) -> dict[str, Any]:
        """What `lsp-aid/status` says."""
        return {"root": self.path.as_uri(), **state_data(self.status, self.build)}

    def _tell(self, state: BuildState) -> None:
        self.status = state
        if self._told != (data := self.data()):
            self._told = data
            self.client.tell("lsp-aid/status", data)

    async def _stop(self) -> None:
        if self._working is not None:
            self._working.cancel()
        async with self._at_work:
            await self._close_project()

    async def _close_project(self) -> None:
        await self.unsaved.close()
        await self.fixes.close()
        await self._opening.close()


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("Work on a project failed", exc_info=error)
