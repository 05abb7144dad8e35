"""What a new daemon has to be told to be where the one before it was: the session as the editor has told it.

Documents are kept with their current text, in the encoding of positions that editor and server agreed on.
"""

from __future__ import annotations

from lsp_aid.workspace.lines import place, replace, split_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Message = dict[str, Any]


_LARGEST_STATE = 4_000_000


class Document:
    """A text that the editor has open. `stamp` is another one after each change, and never one that was."""

    def __init__(self, uri: str, language: str, version: int, text: str, stamp: int) -> None:
        self.uri = uri
        self.language = language
        self.version = version
        self.lines = split_lines(text)
        self.stamp = stamp

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def change(self, changes: list[Message], version: int, encoding: str) -> None:
        """Makes changes as the protocol has them, all or, where one is malformed, none. Raises ValueError."""
        for change in changes:
            _check(change)
        for change in changes:
            where = change.get("range")
            if where is None:
                self.lines = split_lines(change["text"])
            else:
                start, end = (
                    place(self.lines, where[name]["line"], where[name]["character"], encoding)
                    for name in ("start", "end")
                )
                replace(self.lines, min(start, end), max(start, end), change["text"])
        self.version = version


def _check(change: Message) -> None:
    where = change.get("range")
    units = [(name, unit) for name in ("start", "end") for unit in ("line", "character")]
    numbers = [] if where is None else [where[name][unit] for name, unit in units]
    if not isinstance(change["text"], str) or not all(type(number) is int for number in numbers):
        raise ValueError("this is no change of a text")


class Remembered:
    """`initialize` is the editor's request, None before it came; `initialized` whether the notification followed.
    `state` is what daemons asked to be kept for the next one: key -> value."""

    def __init__(self) -> None:
        self.initialize: Message | None = None
        self.initialized = False
        self.encoding = "utf-16"
        self.documents: dict[str, Document] = {}
        self.state: dict[str, Any] = {}
        self._stamps = 0
        self._sizes: dict[str, int] = {}
        self._folders: list[Message] | None = None
        self._settings: Message | None = None
        self._trace: Message | None = None

    @property
    def process_id(self) -> int | None:
        """The editor's process, as it says."""
        params = self.initialize.get("params") if self.initialize else None
        number = params.get("processId") if isinstance(params, dict) else None
        return number if type(number) is int and number > 0 else None

    # --- what the editor says ---

    def notice(self, message: Message) -> None:
        """Takes note of a notification. One that is malformed changes nothing here, as in the server."""
        handler = _HANDLERS.get(message["method"])
        if handler is not None:
            try:
                handler(self, message, message.get("params"))
            except (KeyError, TypeError, ValueError, AttributeError):
                return

    def begin(self, message: Message) -> None:
        """Takes note of the request `initialize`."""
        self.initialize = message
        params = message.get("params")
        folders = params.get("workspaceFolders") if isinstance(params, dict) else None
        self._folders = list(folders) if isinstance(folders, list) else None

    def agree(self, result: Any) -> None:
        """Takes note of the server's answer to that."""
        capabilities = result.get("capabilities") if isinstance(result, dict) else None
        encoding = capabilities.get("positionEncoding") if isinstance(capabilities, dict) else None
        self.encoding = encoding if encoding in ("utf-8", "utf-16", "utf-32") else "utf-16"

    def stamp_of(self, uri: object) -> int:
        """What tells whether a document is still the same; 0 for one that is not open."""
        document = self.documents.get(uri) if isinstance(uri, str) else None
        return document.stamp if document else 0

    def _initialized(self, message: Message, _: Any) -> None:
        self.initialized = True

    def _open(self, _: Message, params: Any) -> None:
        item = params["textDocument"]
        uri, language, version, text = (item[key] for key in ("uri", "languageId", "version", "text"))
        if not (isinstance(uri, str) and isinstance(language, str) and isinstance(text, str) and type(version) is int):
            raise ValueError("this is no document")
        self._stamps += 1
        self.documents[uri] = Document(uri, language, version, text, self._stamps)

    def _change(self, _: Message, params: Any) -> None:
        item = params["textDocument"]
        if type(item["version"]) is int and (document := self.documents.get(item["uri"])):
            document.change(params["contentChanges"], item["version"], self.encoding)
            self._stamps += 1
            document.stamp = self._stamps

    def _close(self, _: Message, params: Any) -> None:
        self.documents.pop(params["textDocument"]["uri"], None)

    def _change_folders(self, _: Message, params: Any) -> None:
        event = params["event"]
        gone = [folder["uri"] for folder in event["removed"]]
        self._folders = [f for f in self._folders or () if f.get("uri") not in gone] + list(event["added"])

    def _configure(self, message: Message, _: Any) -> None:
        self._settings = message

    def _set_trace(self, message: Message, _: Any) -> None:
        self._trace = message

    # --- what the daemon says ---

    def keep(self, key: str, value: Any, size: int) -> None:
        """Keeps something for the next daemon; None is forgotten. What is oldest goes where it becomes too much."""
        self.state.pop(key, None)
        self._sizes.pop(key, None)
        if value is not None and size <= _LARGEST_STATE:
            self.state[key], self._sizes[key] = value, size
        while sum(self._sizes.values()) > _LARGEST_STATE:
            oldest = next(iter(self.state))
            del self.state[oldest], self._sizes[oldest]

    # --- what a new daemon is told ---

    def initialize_again(self, identifier: str) -> Message:
        """The request `initialize` for a new daemon: as the editor's, with the folders as they are now, and with the
        one encoding that the editor counts in by now."""
        assert self.initialize is not None
        params = self.initialize.get("params")
        params = dict(params) if isinstance(params, dict) else {}
        if self._folders is not None:
            params["workspaceFolders"] = self._folders
        capabilities = params.get("capabilities")
        capabilities = dict(capabilities) if isinstance(capabilities, dict) else {}
        general = capabilities.get("general")
        general = dict(general) if isinstance(general, dict) else {}
        capabilities["general"] = {**general, "positionEncodings": [self.encoding]}
        params["capabilities"] = capabilities
        return {"jsonrpc": "2.0", "id": identifier, "method": "initialize", "params": params}

    def session_again(self) -> Iterator[Message]:
        """What follows, but for the documents."""
        if self.initialized:
            yield {"jsonrpc": "2.0", "method": "initialized", "params": {}}
        yield from (message for message in (self._trace, self._settings) if message is not None)

    def open_again(self, document: Document) -> Message:
        item = {
            "uri": document.uri,
            "languageId": document.language,
            "version": document.version,
            "text": document.text,
        }
        return {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}}


_HANDLERS = {
    "initialized": Remembered._initialized,
    "textDocument/didOpen": Remembered._open,
    "textDocument/didChange": Remembered._change,
    "textDocument/didClose": Remembered._close,
    "workspace/didChangeWorkspaceFolders": Remembered._change_folders,
    "workspace/didChangeConfiguration": Remembered._configure,
    "$/setTrace": Remembered._set_trace,
}
