"""Whatever an editor and daemons say, in whatever order, the relay stands, and each request has one answer."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lsp_aid.sidecar.conversation import DOWN, HELD_SECONDS, ONE_BY_ONE, Conversation
from lsp_aid.sidecar.quick_json import JsonError

URI = "file:///p/a.ml"
KEYS = (
    *("textDocument", "uri", "version", "languageId", "text", "contentChanges", "range", "start", "end", "line"),
    *("character", "token", "value", "kind", "diagnostics", "registrations", "unregisterations", "id", "method"),
    *("capabilities", "general", "positionEncodings", "event", "added", "removed", "command", "commands", "actions"),
    *("executeCommandProvider", "codeActionProvider", "positionEncoding", "workspaceFolders", "processId", "message"),
    *("dynamicRegistration", "workspace", "executeCommand"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from([URI, "", "begin", "end", "utf-8", "x\n🐫"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
AT = {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 1}}
DOCUMENT = {"uri": URI, "languageId": "ocaml", "version": 1, "text": "let 🐫 = 1\n"}
CHANGES = [{"range": AT, "text": "y"}]
GOOD = {
    "initialize": {"processId": None, "capabilities": {"workspace": {"executeCommand": {"dynamicRegistration": True}}}},
    "initialized": {},
    "textDocument/didOpen": {"textDocument": DOCUMENT},
    "textDocument/didChange": {"textDocument": {"uri": URI, "version": 2}, "contentChanges": CHANGES},
    "textDocument/didClose": {"textDocument": {"uri": URI}},
    "workspace/didChangeWorkspaceFolders": {"event": {"added": [{"uri": URI}], "removed": []}},
    "workspace/didChangeConfiguration": {"settings": {}},
    "$/setTrace": {"value": "off"},
    "$/cancelRequest": {"id": 1},
    "textDocument/codeAction": {"textDocument": {"uri": URI}},
    "workspace/executeCommand": {"command": "c"},
    "shutdown": None,
    "client/registerCapability": {"registrations": [{"id": "r", "method": "m"}]},
    "client/unregisterCapability": {"unregisterations": [{"id": "r", "method": "m"}]},
    "window/showMessageRequest": {"message": "?", "actions": []},
    "workspace/applyEdit": {"edit": {}},
    "$/progress": {"token": "t", "value": {"kind": "begin"}},
    "textDocument/publishDiagnostics": {"uri": URI, "diagnostics": [{}]},
}
NAMES = st.sampled_from(sorted(GOOD))
IDS = st.none() | st.booleans() | st.integers(0, 5) | st.sampled_from(["lsp-aid:1", "lsp-aid-relay:2", "a"]) | VALUES


@st.composite
def messages(draw: st.DrawFn) -> Any:
    """Most of them well-formed, some of them not, and some that are no messages."""
    if draw(st.integers(0, 30)) == 0:
        return draw(VALUES)
    message: dict[str, Any] = {"jsonrpc": "2.0"}
    if draw(st.booleans()):
        message["id"] = draw(st.integers(0, 5) if draw(st.booleans()) else IDS)
    if draw(st.integers(0, 3)):
        message["method"] = name = draw(NAMES)
        message["params"] = GOOD[name] if draw(st.integers(0, 2)) else draw(VALUES)
    elif draw(st.booleans()):
        message["result"] = draw(VALUES)
    else:
        message["error"] = draw(VALUES)
    return message


PROVIDERS = ("executeCommandProvider", "codeActionProvider", "hoverProvider", "positionEncoding", "commands")
OFFERS = st.dictionaries(st.sampled_from(PROVIDERS), VALUES | st.dictionaries(st.sampled_from(PROVIDERS), VALUES))
EVENTS = st.one_of(
    st.tuples(st.just("editor"), messages()),
    st.tuples(st.just("daemon"), messages()),
    st.tuples(st.just("answers"), st.booleans() | OFFERS),
    st.tuples(st.just("connected"), st.integers(0, ONE_BY_ONE)),
    st.tuples(st.just("lost"), st.booleans()),
    st.tuples(st.just("moves"), st.booleans()),
    st.tuples(st.just("survived"), st.none()),
    st.tuples(st.just("time"), st.integers(0, int(HELD_SECONDS))),
)


class Run:
    """`open` counts, by id, the editor's requests that have no answer yet."""

    def __init__(self) -> None:
        self.now = 0.0
        self.is_up = False
        self.open: dict[Any, int] = {}
        self.asked: list[dict] = []
        self.talk = Conversation(self.to_editor, self.to_daemon, lambda: None, lambda: self.now)

    def to_editor(self, body: bytes) -> None:
        message = json.loads(body)
        if isinstance(message, dict) and "method" not in message and message.get("id") is not None:
            identifier = json.dumps(message["id"])
            assert self.open.get(identifier, 0) > 0, f"nobody asked: {message}"
            self.open[identifier] -= 1

    def to_daemon(self, body: bytes) -> None:
        assert self.is_up, "there is no daemon"
        message = json.loads(body)
        if "id" in message and "method" in message:
            self.asked.append(message)

    def editor(self, message: Any) -> None:
        if isinstance(message, dict) and isinstance(message.get("method"), str):
            identifier = message.get("id")
            if isinstance(identifier, int | str) and not isinstance(identifier, bool):
                known = json.dumps(identifier)
                self.open[known] = self.open.get(known, 0) + 1
        self.talk.from_editor(json.dumps(message).encode())

    def daemon(self, message: Any) -> None:
        if self.is_up:
            try:
                self.talk.from_daemon(json.dumps(message).encode())
            except JsonError:
                self.lost(crashed=True)

    def answers(self, offers: Any) -> None:
        """The daemon answers all that it was asked: with an error, or with what it can do."""
        asked, self.asked = self.asked, []
        for message in asked:
            refused = {"error": {"code": -32601, "message": "no"}}
            told = refused if offers is False else {"result": {"capabilities": {} if offers is True else offers}}
            self.daemon({"jsonrpc": "2.0", "id": message["id"], **told})

    def connected(self, care: int) -> None:
        if not self.is_up and not self.talk.broken:
            self.is_up, self.asked = True, []
            self.talk.connected(care)

    def lost(self, *, crashed: bool) -> None:
        if self.is_up:
            self.is_up = False
            self.talk.lost(crashed=crashed)

    def step(self, kind: str, value: Any) -> None:
        if kind == "editor":
            self.editor(value)
        elif kind == "daemon":
            self.daemon(value)
        elif kind == "answers":
            self.answers(value)
        elif kind == "connected":
            self.connected(value)
        elif kind == "lost":
            self.lost(crashed=value)
        elif kind == "moves":
            self.talk.holds = self.is_up and value
        elif kind == "survived" and self.is_up:
            self.talk.survived()
        elif kind == "time":
            self.now += value
            self.talk.tick()


def says(method: str, **more: Any) -> tuple[str, Any]:
    return "editor", {"jsonrpc": "2.0", "method": method, "params": GOOD[method], **more}


BEGINNING = [("connected", 0), says("initialize", id=9), ("answers", True), says("initialized")]
BEGUN = [*BEGINNING, says("textDocument/didOpen")]


@settings(max_examples=500, deadline=None)
@example(BEGUN, [("lost", True), ("connected", 0), ("answers", {"executeCommandProvider": {"commands": 3}})])
@example(BEGUN, [("daemon", {"jsonrpc": "2.0", "id": True, "error": None})])
@given(st.sampled_from([[], BEGUN]), st.lists(EVENTS, max_size=30))
def test_each_request_has_one_answer(begun: list[tuple[str, Any]], events: list[tuple[str, Any]]) -> None:
    run = Run()
    for kind, value in [*begun, *events]:
        run.step(kind, value)
    if run.talk.phase == DOWN:
        run.is_up = False
    run.lost(crashed=False)
    run.connected(0)
    for _ in range(8):  # a daemon that answers everything, and time for what waits
        run.answers(True)
    run.now += HELD_SECONDS
    run.talk.tick()
    assert not any(run.open.values()), run.open
