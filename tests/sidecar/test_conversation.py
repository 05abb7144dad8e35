"""The rules of docs/sidecar.md, one by one: an editor that notices nothing, whatever becomes of the daemons."""

import json
from typing import Any

import pytest

from lsp_aid.sidecar.conversation import (
    HELD_SECONDS,
    NO_CARE,
    ONE_BY_ONE,
    SETTLED_SECONDS,
    SOME_CARE,
    UP,
    Conversation,
)

URI = "file:///p/a.ml"
CAPABILITIES = {"positionEncoding": "utf-8", "codeActionProvider": True, "executeCommandProvider": {"commands": ["a"]}}


class Table:
    """A conversation, and what it has said to either side since that was last looked at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.probes = 0
        self._editor: list[dict] = []
        self._daemon: list[dict] = []
        self.talk = Conversation(
            lambda body: self._editor.append(json.loads(body)),
            lambda body: self._daemon.append(json.loads(body)),
            self.probe,
            lambda: self.now,
        )

    def probe(self) -> None:
        self.probes += 1

    def editor(self, method: str | None = None, identifier: object = None, **members: Any) -> None:
        """The editor says something."""
        self.talk.from_editor(json.dumps(_message(method, identifier, members)).encode())

    def daemon(self, method: str | None = None, identifier: object = None, **members: Any) -> None:
        self.talk.from_daemon(json.dumps(_message(method, identifier, members)).encode())

    def to_editor(self) -> list[dict]:
        said, self._editor = self._editor, []
        return said

    def to_daemon(self) -> list[dict]:
        said, self._daemon = self._daemon, []
        return said

    def methods(self) -> list[str]:
        return [m.get("method", "answer") for m in self.to_daemon()]

    def begin(self, **client: Any) -> "Table":
        """Up to an open document."""
        self.talk.connected()
        self.editor("initialize", 1, params={"processId": None, "capabilities": client})
        self.daemon(identifier=1, result={"capabilities": CAPABILITIES})
        self.editor("initialized", params={})
        self.open()
        self.to_editor()
        self.to_daemon()
        return self

    def open(self, text: str = "let x = 1\n", uri: str = URI, version: int = 1) -> None:
        item = {"uri": uri, "languageId": "ocaml", "version": version, "text": text}
        self.editor("textDocument/didOpen", params={"textDocument": item})

    def change(self, text: str = "y", uri: str = URI) -> None:
        document = {"uri": uri, "version": 2}
        self.editor("textDocument/didChange", params={"textDocument": document, "contentChanges": [{"text": text}]})

    def ask(self, identifier: object, method: str = "textDocument/codeAction", uri: str = URI, **params: Any) -> None:
        self.editor(method, identifier, params={"textDocument": {"uri": uri}, **params})

    def back(self, care: int = NO_CARE, *, capabilities: dict | None = None) -> list[dict]:
        """The next daemon is there and has answered `initialize`. What it was told after that."""
        self.to_daemon()  # the one before took that with it
        self.talk.connected(care)
        (initialize,) = self.to_daemon()
        assert initialize["method"] == "initialize"
        self.daemon(identifier=initialize["id"], result={"capabilities": capabilities or CAPABILITIES})
        return self.to_daemon()


def _message(method: str | None, identifier: object, members: dict) -> dict:
    return {
        "jsonrpc": "2.0",
        **({"method": method} if method else {}),
        **({} if identifier is None else {"id": identifier}),
        **members,
    }


@pytest.fixture
def table() -> Table:
    return Table()


class TestWithOneDaemon:
    def test_messages_are_passed_on_as_they_are(self, table: Table) -> None:
        table.begin()
        table.ask(2)
        table.daemon("lsp-aid/status", params={"root": "x"})
        table.daemon(identifier=2, result=[])
        assert [m["id"] for m in table.to_daemon()] == [2]
        assert table.to_editor() == [
            {"jsonrpc": "2.0", "method": "lsp-aid/status", "params": {"root": "x"}},
            {"jsonrpc": "2.0", "id": 2, "result": []},
        ]

    def test_what_came_before_the_first_daemon_is_not_lost(self, table: Table) -> None:
        table.editor("initialize", 1, params={"capabilities": {}})
        table.editor("initialized", params={})
        table.open()
        table.ask(2)
        table.talk.connected()
        assert table.methods() == ["initialize"]
        table.daemon(identifier=1, result={"capabilities": CAPABILITIES})
        assert table.methods() == ["initialized", "textDocument/didOpen", "textDocument/codeAction"]

    def test_a_question_of_the_daemon_comes_back_under_its_own_id(self, table: Table) -> None:
        table.begin()
        table.daemon("workspace/configuration", "s:1", params={"items": []})
        (question,) = table.to_editor()
        assert question["id"] != "s:1"
        table.editor(identifier=question["id"], result=[1])
        table.editor(identifier=question["id"], result=[2])
        assert table.to_daemon() == [{"jsonrpc": "2.0", "id": "s:1", "result": [1]}]

    def test_so_does_its_cancellation(self, table: Table) -> None:
        table.begin()
        table.daemon("workspace/configuration", "s:1", params={})
        (question,) = table.to_editor()
        table.daemon("$/cancelRequest", params={"id": "s:1"})
        table.daemon("$/cancelRequest", params={"id": "s:9"})
        assert table.to_editor() == [{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": question["id"]}}]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"{", -32700),
            (b"\xff", -32700),
            (b"[" * 100_000, -32700),
            (b"[]", -32600),
            (b'{"id": 1, "method": "x"}', -32600),
            (b'{"jsonrpc": "2.0"}', -32600),
            (b'{"jsonrpc": "2.0", "id": null, "method": "x"}', -32600),
            (b'{"jsonrpc": "2.0", "id": [], "method": "x"}', -32600),
            (b'{"jsonrpc": "2.0", "id": true, "method": "x"}', -32600),
        ],
    )
    def test_what_is_no_message_is_refused(self, table: Table, body: bytes, code: int) -> None:
        table.begin()
        table.talk.from_editor(body)
        (answer,) = table.to_editor()
        assert (answer["id"], answer["error"]["code"]) == (None, code)
        assert table.to_daemon() == []

    def test_an_id_that_is_in_use_is_refused(self, table: Table) -> None:
        table.begin()
        table.ask(2)
        table.ask(2)
        assert [m["id"] for m in table.to_daemon()] == [2]
        assert [m["error"]["code"] for m in table.to_editor()] == [-32600]
        table.daemon(identifier=2, result=[])
        table.daemon(identifier=2, result=[])
        assert len(table.to_editor()) == 1, "one answer"

    def test_after_shutdown_nothing_more_is_asked(self, table: Table) -> None:
        table.begin()
        table.editor("shutdown", 2)
        table.daemon(identifier=2, result=None)
        table.ask(3)
        table.editor("exit")
        assert [m["method"] for m in table.to_daemon()] == ["shutdown", "exit"]
        assert [m.get("error", {}).get("code") for m in table.to_editor()] == [None, -32600]
        assert table.talk.exited
        assert table.talk.shut_down


class TestRequestsInFlight:
    def test_what_only_reads_is_asked_again(self, table: Table) -> None:
        table.begin()
        table.ask(2)
        table.ask("3", "textDocument/hover")
        table.to_daemon()
        table.talk.lost(crashed=True)
        assert table.to_editor() == []
        told = table.back()
        assert [m["id"] for m in told if "id" in m] == [2, "3"]
        table.daemon(identifier=2, result=[])
        assert table.to_editor() == [{"jsonrpc": "2.0", "id": 2, "result": []}]

    @pytest.mark.parametrize("crashed", [True, False])
    def test_what_does_something_is_answered_content_modified(self, table: Table, crashed: bool) -> None:
        table.begin()
        table.editor("workspace/executeCommand", 2, params={"command": "lsp-aid.apply"})
        table.editor("lsp-aid/unknown", 3)
        table.talk.lost(crashed=crashed)
        assert [(m["id"], m["error"]["code"]) for m in table.to_editor()] == [(2, -32801), (3, -32801)]
        assert not [m for m in table.back() if "id" in m]

    def test_unless_the_daemon_said_that_it_only_reads(self, table: Table) -> None:
        table.begin()
        table.talk.requests.safe = {"lsp-aid.status", "lsp-aid/text"}
        table.editor("workspace/executeCommand", 2, params={"command": "lsp-aid.status"})
        table.editor("lsp-aid/text", 3, params={"uri": URI})
        table.talk.lost(crashed=True)
        assert [m["id"] for m in table.back() if "id" in m] == [2, 3]

    def test_a_text_that_has_changed_makes_a_place_in_it_senseless(self, table: Table) -> None:
        table.begin()
        table.open(uri="file:///p/b.ml")
        table.ask(2)
        table.ask(3, uri="file:///p/b.ml")
        table.talk.lost(crashed=True)
        table.change()
        assert [m["id"] for m in table.back() if "id" in m] == [3]
        assert [(m["id"], m["error"]["code"]) for m in table.to_editor()] == [(2, -32801)]

    def test_what_is_asked_meanwhile_waits_but_not_for_ever(self, table: Table) -> None:
        table.begin()
        table.talk.lost(crashed=True)
        table.ask(2)
        table.now = 1.0
        table.editor("workspace/executeCommand", 3, params={"command": "x"})
        table.now = table.talk.due()
        assert table.now == HELD_SECONDS
        table.talk.tick()
        assert [(m["id"], m["error"]["code"]) for m in table.to_editor()] == [(2, -32803)]
        assert [m["id"] for m in table.back() if "id" in m] == [3]

    def test_one_that_waits_can_be_cancelled(self, table: Table) -> None:
        table.begin()
        table.talk.lost(crashed=True)
        table.ask(2)
        table.editor("$/cancelRequest", params={"id": 2})
        assert [(m["id"], m["error"]["code"]) for m in table.to_editor()] == [(2, -32800)]
        assert not [m for m in table.back() if "id" in m]

    def test_no_more_wait_than_can_be_kept(self, table: Table) -> None:
        table.begin()
        table.talk.lost(crashed=True)
        for number in range(600):
            table.ask(number)
        assert len(table.to_editor()) == 100

    def test_one_that_daemons_crash_over_is_not_asked_for_ever(self, table: Table) -> None:
        table.begin()
        table.ask(2)
        table.talk.lost(crashed=True)
        table.back()
        table.talk.lost(crashed=True)
        assert [(m["id"], m["error"]["code"]) for m in table.to_editor()] == [(2, -32603)]
        table.back()
        table.ask(3)
        assert table.to_editor() == [{"jsonrpc": "2.0", "id": 3, "result": None}], "the same once more"
        table.change()
        table.ask(4)
        assert table.methods() == ["textDocument/didChange", "textDocument/codeAction"]

    def test_a_planned_restart_is_not_held_against_it(self, table: Table) -> None:
        table.begin()
        table.ask(2)
        for _ in range(5):
            table.talk.lost(crashed=False)
            assert [m["id"] for m in table.back() if "id" in m] == [2]

    def test_shutdown_is_answered_without_a_daemon(self, table: Table) -> None:
        table.begin()
        table.editor("shutdown", 2)
        table.talk.lost(crashed=True)
        assert table.to_editor() == [{"jsonrpc": "2.0", "id": 2, "result": None}]

    def test_initialize_is_asked_until_it_is_answered_and_answered_once(self, table: Table) -> None:
        table.editor("initialize", 1, params={"capabilities": {}})
        for _ in range(3):
            table.talk.connected()
            assert table.methods() == ["initialize"]
            table.talk.lost(crashed=True)
        table.talk.connected()
        table.daemon(identifier=1, result={"capabilities": CAPABILITIES})
        assert [m["id"] for m in table.to_editor()] == [1]


class TestTheNextDaemon:
    def test_it_is_told_all(self, table: Table) -> None:
        table.begin()
        table.change("one\n")
        table.editor("workspace/didChangeConfiguration", params={"settings": {}})
        table.talk.lost(crashed=True)
        table.change("two\n")
        told = table.back()
        assert [m["method"] for m in told] == [
            "initialized",
            "workspace/didChangeConfiguration",
            "textDocument/didOpen",
        ]
        assert told[-1]["params"]["textDocument"] == {"uri": URI, "languageId": "ocaml", "version": 2, "text": "two\n"}
        table.change("three\n")
        assert table.methods() == ["textDocument/didChange"]

    def test_diagnostics_are_cleared_and_progress_is_ended(self, table: Table) -> None:
        table.begin()
        for uri, found in ((URI, [1]), ("file:///p/b.ml", [1]), ("file:///p/b.ml", [])):
            table.daemon("textDocument/publishDiagnostics", params={"uri": uri, "diagnostics": found})
        for token, kind in ((1, "begin"), ("1", "begin"), ("x", "begin"), ("x", "end"), ("y", "report")):
            table.daemon("$/progress", params={"token": token, "value": {"kind": kind}})
        table.to_editor()
        table.talk.lost(crashed=True)
        said = table.to_editor()
        assert [m["params"]["token"] for m in said if m["method"] == "$/progress"] == [1, "1"]
        assert all(m["params"]["value"]["kind"] == "end" for m in said if m["method"] == "$/progress")
        cleared = [m["params"] for m in said if m["method"] == "textDocument/publishDiagnostics"]
        assert cleared == [{"uri": URI, "diagnostics": []}]
        table.back()
        table.talk.lost(crashed=True)
        assert table.to_editor() == [], "once"

    def test_an_edit_that_is_under_way_is_not_repeated_and_its_answer_goes_nowhere(self, table: Table) -> None:
        table.begin()
        table.daemon("workspace/applyEdit", "s:1", params={"edit": {}})
        (question,) = table.to_editor()
        table.talk.lost(crashed=True)
        assert table.to_editor() == [{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": question["id"]}}]
        table.back()
        table.daemon("workspace/configuration", "s:1", params={})
        (other,) = table.to_editor()
        assert other["id"] != question["id"]
        table.editor(identifier=question["id"], result={"applied": True})
        assert table.to_daemon() == []

    def test_a_person_who_is_being_asked_is_not_asked_twice(self, table: Table) -> None:
        table.begin()
        question = {"type": 2, "message": "Trust?", "actions": [{"title": "Yes"}]}
        table.daemon("window/showMessageRequest", "s:1", params=question)
        (asked,) = table.to_editor()
        table.talk.lost(crashed=True)
        table.back()
        table.daemon("window/showMessageRequest", "s:7", params=question)
        table.daemon("window/showMessageRequest", "s:8", params={**question, "message": "Else?"})
        assert [m["params"]["message"] for m in table.to_editor()] == ["Else?"]
        table.editor(identifier=asked["id"], result={"title": "Yes"})
        assert table.to_daemon() == [{"jsonrpc": "2.0", "id": "s:7", "result": {"title": "Yes"}}]

    def test_registrations_are_not_doubled(self, table: Table) -> None:
        table.begin()
        old = {"id": "watch", "method": "w", "registerOptions": {"x": 1}}
        gone = {"id": "gone", "method": "g"}
        table.daemon("client/registerCapability", 1, params={"registrations": [old, gone]})
        assert len(table.to_editor()) == 1
        table.talk.lost(crashed=True)
        table.to_editor()
        table.back()
        table.daemon("client/registerCapability", 1, params={"registrations": [old]})
        assert table.to_editor() == []
        assert table.to_daemon() == [{"jsonrpc": "2.0", "id": 1, "result": None}]
        new = {**old, "registerOptions": {"x": 2}}
        table.daemon("client/registerCapability", 2, params={"registrations": [new]})
        taken, given = table.to_editor()
        assert taken["params"] == {"unregisterations": [{"id": "watch", "method": "w"}]}
        assert given["params"] == {"registrations": [new]}
        table.now += SETTLED_SECONDS
        table.talk.tick()
        (last,) = table.to_editor()
        assert last["params"] == {"unregisterations": [{"id": "gone", "method": "g"}]}

    def test_one_that_the_editor_refused_is_asked_for_again(self, table: Table) -> None:
        table.begin()
        wanted = {"registrations": [{"id": "watch", "method": "w"}]}
        table.daemon("client/registerCapability", 1, params=wanted)
        (question,) = table.to_editor()
        table.editor(identifier=question["id"], error={"code": 1, "message": "no"})
        table.talk.lost(crashed=True)
        table.back()
        table.daemon("client/registerCapability", 1, params=wanted)
        assert [m["method"] for m in table.to_editor()] == ["client/registerCapability"]

    def test_while_it_is_about_to_go_new_requests_wait(self, table: Table) -> None:
        table.begin()
        table.talk.holds = True
        table.ask(2)
        table.change()
        assert table.methods() == ["textDocument/didChange"]
        table.talk.lost(crashed=False)
        assert not [m for m in table.back() if "id" in m]
        assert [(m["id"], m["error"]["code"]) for m in table.to_editor()] == [(2, -32801)]


class TestAfterAnUpgrade:
    def test_what_the_new_one_lacks_is_answered_with_nothing(self, table: Table) -> None:
        table.begin()
        table.talk.lost(crashed=False)
        table.back(capabilities={"positionEncoding": "utf-8"})
        table.ask(2)
        table.daemon(identifier=2, error={"code": -32601, "message": "no such method"})
        table.editor("never/promised", 3)
        table.daemon(identifier=3, error={"code": -32601, "message": "no such method"})
        first, second = table.to_editor()
        assert first == {"jsonrpc": "2.0", "id": 2, "result": None}
        assert second["error"]["code"] == -32601

    def test_what_it_can_do_beyond_is_registered_where_the_editor_takes_that(self, table: Table) -> None:
        dynamic = {"dynamicRegistration": True}
        table.begin(textDocument={"hover": dynamic}, workspace={"executeCommand": dynamic})
        table.talk.lost(crashed=False)
        more = {"hoverProvider": True, "executeCommandProvider": {"commands": ["a", "b"]}}
        table.back(capabilities={**CAPABILITIES, **more})
        (asked,) = table.to_editor()
        wanted = {r["method"]: r["registerOptions"] for r in asked["params"]["registrations"]}
        assert wanted == {
            "textDocument/hover": {"documentSelector": None},
            "workspace/executeCommand": {"commands": ["b"]},
        }
        table.editor(identifier=asked["id"], result=None)
        assert table.to_daemon() == [], "it was the relay that asked"
        table.talk.lost(crashed=True)
        table.back(capabilities={**CAPABILITIES, **more})
        assert table.to_editor() == []

    def test_and_said_where_it_does_not(self, table: Table) -> None:
        table.begin()
        for _ in range(2):
            table.talk.lost(crashed=False)
            table.back(capabilities={**CAPABILITIES, "hoverProvider": True})
        (shown,) = table.to_editor()
        assert "hover" in shown["params"]["message"]

    def test_it_is_asked_for_the_encoding_that_was_agreed_on(self, table: Table) -> None:
        table.begin(general={"positionEncodings": ["utf-32", "utf-8"]})
        table.talk.lost(crashed=False)
        table.talk.connected()
        (initialize,) = table.to_daemon()
        assert initialize["params"]["capabilities"]["general"]["positionEncodings"] == ["utf-8"]

    @pytest.mark.parametrize(
        "answer",
        [{"result": {"capabilities": {"positionEncoding": "utf-16"}}}, {"error": {"code": 1, "message": "too old"}}],
    )
    def test_a_server_that_does_not_fit_is_not_used_and_that_is_said(self, table: Table, answer: dict) -> None:
        table.begin()
        table.talk.lost(crashed=False)
        table.ask(2)
        table.talk.connected()
        (initialize,) = table.to_daemon()
        table.daemon(identifier=initialize["id"], **answer)
        shown, refused = table.to_editor()
        assert "Start the language server again" in shown["params"]["message"]
        assert refused["error"]["code"] == -32803
        table.ask(3)
        table.change()
        assert table.to_editor()[0]["error"]["code"] == -32803
        assert table.to_daemon() == []


class TestCarefully:
    """After crashes documents are told one by one."""

    def two(self, table: Table) -> None:
        table.begin()
        table.open(uri="file:///p/b.ml")
        table.to_daemon()
        table.talk.lost(crashed=True)
        table.ask(9, uri="file:///p/b.ml")

    def test_the_next_follows_once_the_daemon_has_lived_through_the_one_before(self, table: Table) -> None:
        self.two(table)
        told = table.back(ONE_BY_ONE)
        assert [m["method"] for m in told] == ["initialized", "textDocument/didOpen"]
        table.change("while it waits", uri="file:///p/b.ml")
        table.change("while it is open")
        assert [m["params"]["textDocument"]["uri"] for m in table.to_daemon()] == [URI]
        table.talk.survived()
        (second,) = table.to_daemon()
        assert second["params"]["textDocument"]["text"] == "while it waits"
        assert table.talk.phase != UP
        table.talk.survived()
        assert table.talk.phase == UP
        assert table.probes == 2

    def test_after_a_first_crash_they_are_told_at_once_but_nobody_else_is_until_it_has_lived_through_them(
        self, table: Table
    ) -> None:
        self.two(table)
        told = table.back(SOME_CARE)
        assert [m["method"] for m in told] == ["initialized", "textDocument/didOpen", "textDocument/didOpen"]
        assert table.talk.phase != UP
        table.talk.survived()
        assert table.talk.phase == UP
        table.talk.lost(crashed=True)
        assert table.talk.set_aside == set()

    def test_the_one_that_it_dies_of_is_set_aside_and_said(self, table: Table) -> None:
        self.two(table)
        table.back(ONE_BY_ONE)
        table.talk.survived()
        table.talk.lost(crashed=True)
        (shown,) = (m for m in table.to_editor() if m.get("method") == "window/showMessage")
        assert "b.ml" in shown["params"]["message"]
        table.back(ONE_BY_ONE)
        table.talk.survived()
        assert table.talk.phase == UP
        table.change("x", uri="file:///p/b.ml")
        table.ask(10, uri="file:///p/b.ml")
        assert table.to_daemon() == []
        assert table.to_editor() == [{"jsonrpc": "2.0", "id": number, "result": None} for number in (9, 10)]
        table.editor("textDocument/didClose", params={"textDocument": {"uri": "file:///p/b.ml"}})
        table.open(uri="file:///p/b.ml")
        assert table.methods() == ["textDocument/didOpen"], "closed and opened it is tried again"

    def test_a_planned_end_accuses_nobody(self, table: Table) -> None:
        self.two(table)
        table.back(ONE_BY_ONE)
        table.talk.lost(crashed=False)
        assert table.talk.set_aside == set()

    def test_after_a_restart_on_purpose_it_is_tried_again(self, table: Table) -> None:
        self.two(table)
        table.back(ONE_BY_ONE)
        table.talk.lost(crashed=True)
        assert table.talk.set_aside == {URI}
        table.talk.restarted_on_purpose()
        assert len([m for m in table.back() if m["method"] == "textDocument/didOpen"]) == 2
