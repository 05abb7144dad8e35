"""What the server holds for its client: documents, settings, projects, jobs."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from lsprotocol import types

from lsp_aid.config import Settings, load, merge
from lsp_aid.domain.build_status import BuildState
from lsp_aid.errors import ConfigError, NoProjectError, NotTrustedError, UsageError
from lsp_aid.server.applying import Applying
from lsp_aid.server.client import QUICK_SECONDS, Client
from lsp_aid.server.from_lsp import change_of, path_of
from lsp_aid.server.jobs import Job, Jobs
from lsp_aid.server.proposals import Proposals
from lsp_aid.server.root import Root
from lsp_aid.server.services import Services
from lsp_aid.workspace.documents import Document, Documents
from lsp_aid.workspace.view import SKIPPED_FOLDERS

log = logging.getLogger(__name__)

SECTION = "lsp-aid"
_OWN_SAVE_SECONDS = 3.0


@define(eq=False)
class Session:
    """`settings` are the ones in force: where the editor's cannot be used, those that were before."""

    services: Services
    client: Client
    settings: Settings = field(factory=Settings)
    documents: Documents = field(factory=Documents)
    proposals: Proposals = field(factory=Proposals)
    roots: dict[Path, Root] = field(factory=dict)
    folders: list[Path] = field(factory=list)
    jobs: Jobs = field(init=False)
    applying: Applying = field(init=False)
    _options: Mapping[str, Any] = field(factory=dict)
    _ready: asyncio.Event = field(factory=asyncio.Event)
    _broken_off: list[Job] = field(factory=list)
    _without_project: set[Path] = field(factory=set)
    _saved: dict[Path, float] = field(factory=dict)
    _found: dict[Path, Path | None] = field(factory=dict)  # the root of each folder asked for

    @jobs.default
    def _jobs(self) -> Jobs:
        return Jobs(self.client, self.services.keeper)

    @applying.default
    def _applying(self) -> Applying:
        return Applying(self.client, self.documents)

    # --- beginning and end ---

    def initialize(self, params: types.InitializeParams) -> None:
        options = params.initialization_options
        self._options = _section(options) if isinstance(options, Mapping) else {}
        uris = [folder.uri for folder in params.workspace_folders or ()]
        if not uris and params.root_uri:
            uris = [params.root_uri]
        self.folders = [path for uri in uris if (path := path_of(uri))]
        self._broken_off = self.jobs.restore()
        if params.client_info:
            self.services.keeper.describe(f"{params.client_info.name} {params.client_info.version or ''}".strip())

    async def start(self) -> None:
        """Takes the settings, then begins with the projects of the folders and of what was opened meanwhile."""
        registrations = []
        if self.client.can.configuration_changes:
            registrations.append(_registration(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": SECTION}))
        if self.client.can.watched_files:
            patterns = ("**/*.{ml,mli,mll,mly}", "**/{dune,dune-project,dune-workspace}")
            watchers = [{"globPattern": pattern} for pattern in patterns]
            registrations.append(_registration(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, {"watchers": watchers}))
        await self._load(await self.client.settings(SECTION))
        self._ready.set()
        for folder in self.folders:
            self._root_at(folder)
        for document in self.documents:
            self.root_of(document)
        for job in self._broken_off:
            job.tell()
            self.client.show(f"lsp-aid: {job.error}")
        if registrations:
            await self.client.register(*registrations)

    async def until_ready(self) -> None:
        """Waits, within reason, for the settings: before them there is no project."""
        try:
            async with asyncio.timeout(2 * QUICK_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise UsageError("The server waits for the notification `initialized`") from None

    async def close(self) -> None:
        """Ends all that runs. No process is left."""
        await self.jobs.close()
        await self.applying.close()
        await asyncio.gather(*(root.close() for root in self.roots.values()), return_exceptions=True)
        self.roots = {}

    # --- settings ---

    async def configure(self, pushed: Any) -> None:
        """Takes new settings: from the editor where it can be asked, else the ones that it sent."""
        section = pushed.get(SECTION) if isinstance(pushed, Mapping) else None
        layer = await self.client.settings(SECTION) if self.client.can.configuration else section
        before = self.settings
        await self._load(layer if isinstance(layer, Mapping) else {})
        if self.settings != before:
            await asyncio.gather(*(root.reconfigure(self.settings) for root in tuple(self.roots.values())))

    async def _load(self, layer: Mapping[str, Any]) -> None:
        over = merge(_set(self._options), _set(layer))
        try:
            self.settings = await asyncio.to_thread(load, self.services.environment, over)
        except ConfigError as error:
            self.client.show(f"lsp-aid: {error}")
            with contextlib.suppress(ConfigError):  # what the editor says is wrong; the user's own file may be right
                if not self._ready.is_set():
                    self.settings = await asyncio.to_thread(load, self.services.environment)
        if self.settings.model.key_env:
            await self.services.keeper.bring([self.settings.model.key_env])

    # --- documents ---

    def open(self, item: types.TextDocumentItem) -> None:
        path = path_of(item.uri)
        if path is None:
            return
        document = Document.opened(item.uri, path, item.language_id, item.version, item.text)
        self.documents.open(document)
        self._found.pop(path.parent, None)
        root = self.root_of(document)
        if root:
            root.active = root.relative(path)
            root.settle(root.active)
        self.applying.edited(document)

    def change(self, params: types.DidChangeTextDocumentParams) -> None:
        document = self.find(params.text_document.uri)
        if document is None:
            log.warning("A change of a document that is not open: %s", params.text_document.uri)
            return
        changes = [change_of(event) for event in params.content_changes]
        edits = document.change(changes, params.text_document.version, self.client.can.encoding)
        if root := self.root_of(document):
            root.edited(document, edits)
        self.applying.edited(document)

    def save(self, uri: str) -> None:
        path = path_of(uri)
        if path is None:
            return
        self._saved[path] = time.monotonic()
        self._forget_roots([path])
        if root := self._root_at(path):
            root.saved(root.relative(path))

    def close_document(self, uri: str) -> None:
        path = path_of(uri)
        document = self.documents.close(path) if path else None
        if document and (root := self.root_of(document)):
            root.settle(root.relative(document.path))

    def files_changed(self, changes: Sequence[types.FileEvent]) -> None:
        """Files changed on disk. What the editor saved itself is known already."""
        now = time.monotonic()
        paths = [path for change in changes if (path := path_of(change.uri)) and _is_source(path)]
        self._forget_roots(paths)
        foreign = [path for path in paths if now - self._saved.get(path, -1e9) > _OWN_SAVE_SECONDS]
        changed: dict[Path, list[Path]] = {}
        for path in foreign:
            if root := self._root_at(path):
                changed.setdefault(root.path, []).append(path)
        for folder, found in changed.items():
            root = self.roots[folder]
            root.disk_changed(*map(root.relative, found))

    def find(self, uri: str) -> Document | None:
        path = path_of(uri)
        return self.documents.at(path) if path else None

    # --- projects ---

    def change_folders(self, added: Sequence[str], removed: Sequence[str]) -> list[Root]:
        """Begins with the projects of the folders added, and returns those that are to be closed."""
        gone = [path for uri in removed if (path := path_of(uri))]
        new = [path for uri in added if (path := path_of(uri))]
        self.folders = [path for path in self.folders if path not in gone] + new
        for path in new:
            self._root_at(path)
        kept = {root.path for folder in self.folders if (root := self._root_at(folder))}
        closed = [root for path, root in self.roots.items() if path not in kept and any(map(path.is_relative_to, gone))]
        for root in closed:
            del self.roots[root.path]
        return closed

    def root_of(self, document: Document) -> Root | None:
        """The project of a document; None for a document that is none of ours or belongs to no project."""
        if document.language is None:
            return None
        root = self._root_at(document.path)
        if root is None and self._ready.is_set() and document.path.parent not in self._without_project:
            self._without_project.add(document.path.parent)
            self.client.show(
                f"lsp-aid: {document.path.name} belongs to no dune project, so nothing is built or repaired. "
                "A dune-project file in its folder or above makes one.",
                types.MessageType.Info,
            )
        return root

    def root_for(self, uri: str) -> tuple[Root, str]:
        """The project that a command names by a document, and the path in it. Raises NoProjectError, UsageError."""
        path = path_of(uri)
        if path is None:
            raise UsageError(f"{uri} names no file")
        root = self._root_at(path)
        if root is None:
            raise NoProjectError(f"{path} belongs to no dune project", "Make one by a dune-project file above it.")
        return root, root.relative(path)

    async def trusted_root_for(self, uri: str) -> tuple[Root, str]:
        """The same, after asking for trust where there is none. Raises NotTrustedError as well."""
        root, path = self.root_for(uri)
        if not root.trusted and await root.ask_for_trust() and root.status is BuildState.UNTRUSTED:
            root.start()
        if not root.trusted:
            raise NotTrustedError(f"{root.path} is not trusted, and this needs a build", "Trust the folder first.")
        return root, path

    def _root_at(self, path: Path) -> Root | None:
        found = self._find_root(path)
        if found is None or not self._ready.is_set():
            return None
        if found not in self.roots:
            root = Root(found, self.services, self.client, self.documents, self.proposals, self.settings)
            root.trusted = self.services.trust(self.settings).is_trusted(found)
            self.roots[found] = root
            root.start()
        return self.roots[found]

    def _find_root(self, path: Path) -> Path | None:
        """As `find_root`, without looking at the disk at every key that is pressed."""
        folder = path if path in self.folders else path.parent
        if folder not in self._found:
            self._found[folder] = self.services.find_root(folder)
        return self._found[folder]

    def _forget_roots(self, paths: Iterable[Path]) -> None:
        """A file that makes a project has come, changed or gone."""
        if any(path.name in ("dune-project", "dune-workspace") for path in paths):
            self._found.clear()
            self._without_project.clear()


def _section(options: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = options.get(SECTION)
    if isinstance(inner, Mapping):
        return inner
    return {name: value for name, value in options.items() if name != "ocamllsp"}  # which is no setting


def _is_source(path: Path) -> bool:
    """Not what a build wrote: dune copies every source."""
    return SKIPPED_FOLDERS.isdisjoint(path.parts)


def _set(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is null: editors send that for what is not set."""
    return {k: _set(v) if isinstance(v, Mapping) else v for k, v in layer.items() if v is not None}


def _registration(method: str, options: Any) -> types.Registration:
    return types.Registration(id=f"lsp-aid:{method}", method=method, register_options=options)
