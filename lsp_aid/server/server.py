"""The Language Server of one client: which message goes where."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_aid import __version__, actions
from lsp_aid.errors import AidError, UsageError
from lsp_aid.server.calling import Call
from lsp_aid.server.capabilities import features_of
from lsp_aid.server.client import Client
from lsp_aid.server.code_actions import Action, code_actions, resolve
from lsp_aid.server.commands import COMMANDS
from lsp_aid.server.explaining import hover, is_wanted
from lsp_aid.server.from_lsp import Arguments
from lsp_aid.server.protocol import AidProtocol, converter
from lsp_aid.server.services import Services
from lsp_aid.server.session import Session
from lsp_aid.server.watchdog import watch

log = logging.getLogger(__name__)

TEXT = "lsp-aid/text"
"""A request of our own."""


class AidServer(LanguageServer):
    """One for each client. `session` is there from `initialize` on."""

    protocol: AidProtocol

    def __init__(self, services: Services) -> None:
        self.services = services
        self._session: Session | None = None
        self._background: set[asyncio.Task[None]] = set()
        super().__init__("lsp-aid", __version__, protocol_cls=AidProtocol, converter_factory=converter)

    @property
    def session(self) -> Session:
        assert self._session is not None, "no feature is called before `initialize`"
        return self._session

    def watch(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something beside the messages until the server is closed."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(_log_failure)

    async def close(self) -> None:
        """Ends all that runs for the client."""
        for task in tuple(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """The log has it; the user can do nothing about it."""
        data = getattr(error, "data", None)
        log.error("%s\n%s", error, "".join(data["traceback"]) if isinstance(data, dict) else "")

    # --- lifecycle ---

    def initialize(self, params: types.InitializeParams) -> None:
        self._session = Session(self.services, Client(self.protocol, features_of(params)))
        self._session.initialize(params)
        if not is_wanted(self._session.client, params.initialization_options):
            self.protocol.fm.features.pop(types.TEXT_DOCUMENT_HOVER, None)
        if params.process_id:
            self.watch(watch(params.process_id, self.protocol.end))

    def initialized(self, _: types.InitializedParams) -> None:
        self.watch(self.session.start())

    async def shut_down(self, _: Any) -> None:
        self.protocol.refuse_further()
        self.protocol.cancel_requests()
        await self.close()

    def exit(self, _: Any) -> None:
        self.protocol.end()

    # --- documents, folders, settings ---

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        self.session.open(params.text_document)

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        self.session.change(params)

    def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        self.session.save(params.text_document.uri)

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        self.session.close_document(params.text_document.uri)

    def files_changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        self.session.files_changed(params.changes)

    async def folders_changed(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        added, removed = ([folder.uri for folder in folders] for folders in (params.event.added, params.event.removed))
        for root in self.session.change_folders(added, removed):
            await root.close()

    async def configured(self, params: types.DidChangeConfigurationParams) -> None:
        await self.session.configure(params.settings)

    # --- what is asked ---

    async def code_actions(self, params: types.CodeActionParams) -> list[Action]:
        return list(await code_actions(self.session, params))

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        return resolve(self.session, action)

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        return await hover(self.session, params)

    async def execute(self, params: types.ExecuteCommandParams) -> Any:
        command = COMMANDS.get(params.command)
        if command is None:
            raise UsageError(f"There is no command {params.command}", "See docs/protocol.md.")
        arguments = Arguments.of(params, self.protocol)
        await self.session.until_ready()
        try:
            return await command(Call(self.session, arguments, params.work_done_token))
        except AidError as error:
            if not isinstance(error, UsageError):
                self.session.client.show(f"lsp-aid: {error}")
            raise

    def text(self, params: Any) -> dict[str, Any] | None:
        """The text that the server holds of a document: for those who want to be sure."""
        uri = params.get("uri") if isinstance(params, dict) else None
        document = self.session.find(uri) if isinstance(uri, str) else None
        return {"text": document.text, "version": document.version} if document else None

    def cancel_progress(self, params: types.WorkDoneProgressCancelParams) -> None:
        self.session.jobs.cancel_progress(params.token)


def create_server(services: Services) -> AidServer:
    """A server for one client, without a stream yet. To be called where an event loop runs."""
    server = AidServer(services)
    kinds = types.CodeActionOptions(code_action_kinds=list(actions.KINDS), resolve_provider=True)
    for method, handler, options in (
        (types.INITIALIZE, server.initialize, None),
        (types.INITIALIZED, server.initialized, None),
        (types.SHUTDOWN, server.shut_down, None),
        (types.EXIT, server.exit, None),
        (types.TEXT_DOCUMENT_DID_OPEN, server.opened, None),
        (types.TEXT_DOCUMENT_DID_CHANGE, server.changed, None),
        (types.TEXT_DOCUMENT_DID_SAVE, server.saved, types.SaveOptions(include_text=False)),
        (types.TEXT_DOCUMENT_DID_CLOSE, server.closed, None),
        (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, server.files_changed, None),
        (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, server.folders_changed, None),
        (types.WORKSPACE_DID_CHANGE_CONFIGURATION, server.configured, None),
        (types.TEXT_DOCUMENT_CODE_ACTION, server.code_actions, kinds),
        (types.CODE_ACTION_RESOLVE, server.resolve, None),
        (types.TEXT_DOCUMENT_HOVER, server.hover, None),
        (types.WORKSPACE_EXECUTE_COMMAND, server.execute, None),
        (types.WINDOW_WORK_DONE_PROGRESS_CANCEL, server.cancel_progress, None),
        (TEXT, server.text, None),
    ):
        server.protocol.fm.features[method] = handler  # pygls's decorators take functions, not methods
        if options is not None:
            server.protocol.fm.feature_options[method] = options
    server.protocol.fm.commands.update(COMMANDS)
    return server


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("Work in the background failed", exc_info=error)
