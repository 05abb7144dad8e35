"""A client that knows JSON-RPC and nothing else: what it sends and gets is plain JSON, as on the wire."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

SECONDS = 60.0

Answer = Callable[[dict], Any | Awaitable[Any]]


class RpcError(Exception):
    """An error reply: `error` as it came."""

    def __init__(self, error: dict) -> None:
        super().__init__(error.get("message"))
        self.error = error


class BareClient:
    """`notifications` are all that came, in order. `answers`: what is said to a request of the server's, by method; a
    request whose method is not there is never answered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float = SECONDS) -> None:
        self.reader, self.writer, self.seconds = reader, writer, seconds
        self.notifications: list[dict] = []
        self.requests: list[dict] = []
        self.arrived: list[str] = []  # the method of each message, `answer` for the answers
        self.texts: dict[str, str] = {}  # of the documents that are open, by URI
        self.answers: dict[str, Answer] = {
            "client/registerCapability": lambda _: None,
            "window/workDoneProgress/create": lambda _: None,
        }
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future] = {}
        self.news = asyncio.Condition()
        self._seen = 0
        self._loop = asyncio.create_task(self._read())
        self._answering: set[asyncio.Task] = set()

    # --- to the server ---

    def send(self, message: dict) -> None:
        self.send_bytes(json.dumps(message).encode())

    def send_bytes(self, body: bytes) -> None:
        self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def start(self, method: str, params: Any = None) -> tuple[int, asyncio.Future]:
        """Sends a request: its id and its answer to come."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number, self._waiting[number]

    async def request(self, method: str, params: Any = None) -> Any:
        """The result. Raises RpcError."""
        async with asyncio.timeout(self.seconds):
            return await self.start(method, params)[1]

    async def command(self, name: str, arguments: Any = None, **more: Any) -> Any:
        given = [] if arguments is None else [arguments]
        return await self.request("workspace/executeCommand", {"command": name, "arguments": given, **more})

    # --- from the server ---

    async def notification(self, method: str, fits: Callable[[dict], bool] = lambda _: True) -> dict:
        """The parameters of the next notification that fits; each is given out once, and those before it are passed."""
        try:
            async with asyncio.timeout(self.seconds), self.news:
                while True:
                    for index in range(self._seen, len(self.notifications)):
                        message = self.notifications[index]
                        if message["method"] == method and fits(message["params"]):
                            self._seen = index + 1
                            return message["params"]
                    await self.news.wait()
        except TimeoutError:
            seen = "\n".join(json.dumps(n)[:300] for n in self.notifications)
            raise AssertionError(f"no fitting {method} came, but:\n{seen}") from None

    async def asked(self, method: str) -> dict:
        """The parameters of the next request that the server makes by this method, or the last it made."""
        async with asyncio.timeout(self.seconds), self.news:
            while True:
                for message in reversed(self.requests):
                    if message["method"] == method:
                        return message["params"]
                await self.news.wait()

    def shown(self) -> list[str]:
        """The messages that the user was shown."""
        return [n["params"]["message"] for n in self.notifications if n["method"] == "window/showMessage"]

    async def _read(self) -> None:
        while head := await self.reader.readline():
            length = 0
            while head.strip():
                name, _, value = head.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                head = await self.reader.readline()
            message = json.loads(await self.reader.readexactly(length))
            await self._take(message)

    async def _take(self, message: dict) -> None:
        self.arrived.append(message.get("method", "answer"))
        if "method" not in message:
            future = self._waiting.pop(message["id"], None)
            if message["id"] is None or future is None:
                async with self.news:
                    self.notifications.append({"method": "stray answer", "params": message})
                    self.news.notify_all()
            elif not future.done():
                if "error" in message:
                    future.set_exception(RpcError(message["error"]))
                else:
                    future.set_result(message["result"])
            return
        if "id" in message:
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        async with self.news:
            (self.requests if "id" in message else self.notifications).append(message)
            self.news.notify_all()

    async def _answer(self, message: dict) -> None:
        if message["method"] not in self.answers:
            return
        result = self.answers[message["method"]](message["params"])
        if isinstance(result, Awaitable):
            result = await result
        self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    # --- the usual ---

    async def initialize(self, root: Path | None = None, **capabilities: Any) -> dict:
        """`capabilities` are those of the client; `options` and `info` among them are taken out."""
        info, options = capabilities.pop("info", "bare"), capabilities.pop("options", None)
        answer = await self.request(
            "initialize",
            {
                "processId": None,
                "clientInfo": {"name": info},
                "rootUri": None,
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}] if root else None,
                "capabilities": capabilities,
                "initializationOptions": options,
            },
        )
        self.notify("initialized", {})
        return answer

    def open(self, path: Path, text: str | None = None, language: str = "ocaml", version: int = 1) -> str:
        """Opens a file and returns its URI."""
        text = path.read_text() if text is None else text
        document = {"uri": path.as_uri(), "languageId": language, "version": version, "text": text}
        self.texts[path.as_uri()] = text
        self.notify("textDocument/didOpen", {"textDocument": document})
        return path.as_uri()

    def change(self, path: Path, text: str, version: int) -> None:
        """Replaces the whole text."""
        document = {"uri": path.as_uri(), "version": version}
        self.texts[path.as_uri()] = text
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def save(self, path: Path) -> None:
        self.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})

    async def diagnostics(self, path: Path, fits: Callable[[list], bool] = bool) -> list[dict]:
        """The next diagnostics of a file that fit; those that are not none, if nothing else is said."""
        params = await self.notification(
            "textDocument/publishDiagnostics", lambda p: p["uri"] == path.as_uri() and fits(p["diagnostics"])
        )
        return params["diagnostics"]

    async def status(self, *states: str) -> dict:
        return await self.notification("lsp-aid/status", lambda p: p["state"] in states)

    async def job(self, job: str) -> dict:
        """The notification with which a job ended."""
        return await self.notification("lsp-aid/job", lambda p: p["job"] == job and p["state"] != "running")

    async def actions(self, path: Path, place: dict, diagnostics: list | None = None, **context: Any) -> list[dict]:
        return await self.request(
            "textDocument/codeAction",
            {
                "textDocument": {"uri": path.as_uri()},
                "range": place,
                "context": {"diagnostics": diagnostics or [], "triggerKind": 1, **context},
            },
        )

    def text(self, uri: str) -> str:
        """A file as the client holds it: as it is open, else as it is on disk; empty if it is nowhere. As in editors
        the text has no BOM, and as in Emacs it has line feeds alone."""
        if uri in self.texts:
            return self.texts[uri]
        return path_of(uri).read_text(encoding="utf-8-sig") if path_of(uri).exists() else ""

    def takes_edits(self) -> list[dict]:
        """Applies edits as an editor does: the documents change, then it answers. Returns the edits that came."""
        edits: list[dict] = []

        def apply(params: dict) -> dict:
            edits.append(params["edit"])
            for uri, text in apply_edit(params["edit"], self.text).items():
                if uri in self.texts:
                    self.change(path_of(uri), text or "", 99)
                else:
                    self.open(path_of(uri), text or "")
            return {"applied": True}

        self.answers["workspace/applyEdit"] = apply
        return edits

    async def leave(self) -> None:
        """Shuts the server down as an editor does, and hangs up."""
        await self.request("shutdown")
        self.notify("exit")
        await self.writer.drain()

    async def hang_up(self) -> None:
        self._loop.cancel()
        for task in tuple(self._answering):
            task.cancel()
        self.writer.close()


def path_of(uri: str) -> Path:
    return Path(unquote(uri.removeprefix("file://")))


def at(line: int, start: int = 0, end: int | None = None) -> dict:
    """A range on one line."""
    return {
        "start": {"line": line, "character": start},
        "end": {"line": line, "character": start if end is None else end},
    }


LITERALS = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}, "isPreferredSupport": True}

MODERN: dict = {
    "workspace": {
        "applyEdit": True,
        "configuration": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]},
    },
    "textDocument": {"codeAction": LITERALS, "publishDiagnostics": {"relatedInformation": True}},
    "window": {"workDoneProgress": True},
}
"""An editor that can do all that we ask of one."""


def apply_edit(edit: dict, read: Callable[[str], str]) -> dict[str, str | None]:
    """What a WorkspaceEdit leaves of the texts, by URI. Positions are UTF-16."""
    texts: dict[str, str | None] = {}
    changes = edit.get("documentChanges") or [
        {"textDocument": {"uri": uri}, "edits": edits} for uri, edits in edit.get("changes", {}).items()
    ]
    for change in changes:
        kind = change.get("kind")
        if kind == "delete":
            texts[change["uri"]] = None
        elif kind == "create":
            texts[change["uri"]] = ""
        else:
            uri = change["textDocument"]["uri"]
            before = texts.get(uri)
            texts[uri] = edited(read(uri) if before is None else before, change["edits"])
    return texts


def edited(text: str, edits: list[dict]) -> str:
    data = text.encode("utf-16-le")
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode("utf-16-le")))

    def offset(position: dict) -> int:
        return min(starts[min(position["line"], len(starts) - 1)] + 2 * position["character"], len(data))

    for edit in sorted(edits, key=lambda e: offset(e["range"]["start"]), reverse=True):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        data = data[:start] + edit["newText"].encode("utf-16-le") + data[end:]
    return data.decode("utf-16-le")
