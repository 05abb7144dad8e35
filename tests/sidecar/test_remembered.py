"""What a new daemon is told, above all the documents: the same text that the editor holds, whatever was typed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_aid.sidecar.remembered import Remembered
from lsp_aid.workspace import documents
from lsp_aid.workspace.documents import Change, Units
from lsp_aid.workspace.encoding import Encoding

URI = "file:///p/a.ml"
PIECES = st.lists(
    st.sampled_from(["a", "ä", "🐫", "\n", "\r\n", "\r", "\f", "\u2028", "let x = 1", "", "\t"]), max_size=8
).map("".join)


def message(method: str, **params: object) -> dict:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def opened(memory: Remembered, text: object = "let x = 1\n", uri: str = URI) -> None:
    item = {"uri": uri, "languageId": "ocaml", "version": 1, "text": text}
    memory.notice(message("textDocument/didOpen", textDocument=item))


def changed(memory: Remembered, changes: object, version: object = 2) -> None:
    memory.notice(
        message("textDocument/didChange", textDocument={"uri": URI, "version": version}, contentChanges=changes)
    )


def text(memory: Remembered) -> str:
    return memory.documents[URI].text


def begun(**params: object) -> Remembered:
    memory = Remembered()
    memory.begin({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    return memory


@given(
    encoding=st.sampled_from(list(Encoding)),
    start=PIECES,
    edits=st.lists(st.tuples(*[st.integers(-1, 9)] * 4, PIECES, st.booleans()), max_size=12),
)
@settings(max_examples=300, deadline=None)
def test_edits_come_out_as_in_the_server(encoding: Encoding, start: str, edits: list[tuple]) -> None:
    memory = Remembered()
    memory.agree({"capabilities": {"positionEncoding": encoding.value}})
    opened(memory, start)
    document = documents.Document.opened(URI, Path("/p/a.ml"), "ocaml", 1, start)
    for first, left, last, right, new, whole in edits:
        place = {"start": {"line": first, "character": left}, "end": {"line": last, "character": right}}
        changed(memory, [{"text": new} if whole else {"range": place, "text": new}])
        units = () if whole else (Units(first, left), Units(last, right))
        document.change([Change(new, *units)], 2, encoding)
        assert text(memory) == document.text


def test_a_pair_of_halves_typed_one_by_one_is_whole_again() -> None:
    memory = Remembered()
    opened(memory, "")
    here = {"line": 0, "character": 0}
    changed(memory, [{"range": {"start": here, "end": here}, "text": "\ud83d"}])
    there = {"line": 0, "character": 1}
    changed(memory, [{"range": {"start": there, "end": there}, "text": "\udc2b"}])
    assert text(memory).encode("utf-16", "surrogatepass").decode("utf-16") == "🐫"


@pytest.mark.parametrize(
    "changes",
    [
        None,
        7,
        [7],
        [{"text": "x"}, {"range": {}, "text": "y"}],
        [{"text": "x"}, {"range": {"start": {"line": "0", "character": 0}, "end": {}}, "text": "y"}],
        [{"text": 7}],
        [{}],
    ],
)
def test_a_malformed_change_changes_nothing(changes: object) -> None:
    memory = Remembered()
    opened(memory)
    changed(memory, changes)
    changed(memory, [{"text": "x"}], version=None)
    assert (text(memory), memory.documents[URI].version) == ("let x = 1\n", 1)


@pytest.mark.parametrize("params", [None, [], {}, {"textDocument": 7}, {"textDocument": {"uri": 7}}])
@pytest.mark.parametrize("method", ["didOpen", "didChange", "didClose"])
def test_neither_do_other_malformed_notifications(method: str, params: object) -> None:
    memory = Remembered()
    opened(memory)
    memory.notice({"jsonrpc": "2.0", "method": f"textDocument/{method}", "params": params})
    assert text(memory) == "let x = 1\n"


def test_a_stamp_tells_whether_a_document_is_still_the_same() -> None:
    memory = Remembered()
    stamps = [memory.stamp_of(URI)]
    for step in (lambda: opened(memory), lambda: changed(memory, [{"text": "x"}]), lambda: opened(memory)):
        step()
        stamps.append(memory.stamp_of(URI))
    assert len(set(stamps)) == 4
    memory.notice(message("textDocument/didClose", textDocument={"uri": URI}))
    assert memory.stamp_of(URI) == 0


def test_a_new_daemon_is_told_what_holds_now() -> None:
    one, two = {"uri": "file:///one", "name": "one"}, {"uri": "file:///two", "name": "two"}
    memory = begun(workspaceFolders=[one], capabilities={"general": {"positionEncodings": ["utf-8"], "x": 1}})
    memory.agree({"capabilities": {"positionEncoding": "utf-8"}})
    memory.notice(message("initialized"))
    memory.notice(message("workspace/didChangeWorkspaceFolders", event={"added": [two], "removed": [one]}))
    memory.notice(message("workspace/didChangeConfiguration", settings=1))
    memory.notice(message("workspace/didChangeConfiguration", settings=2))
    memory.notice(message("$/setTrace", value="messages"))
    again = memory.initialize_again("x")
    assert again["id"] == "x"
    assert again["params"]["workspaceFolders"] == [two]
    assert again["params"]["capabilities"]["general"] == {"positionEncodings": ["utf-8"], "x": 1}
    rest = list(memory.session_again())
    assert [m["method"] for m in rest] == ["initialized", "$/setTrace", "workspace/didChangeConfiguration"]
    assert rest[-1]["params"] == {"settings": 2}
    assert memory.initialize is not None
    assert memory.initialize["params"]["workspaceFolders"] == [one], "what the editor said stays as it was"


def test_an_initialize_without_sense_can_be_said_again() -> None:
    memory = Remembered()
    memory.begin({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": [1]})
    assert memory.process_id is None
    assert memory.initialize_again("x")["params"]["capabilities"]["general"] == {"positionEncodings": ["utf-16"]}


def test_what_daemons_ask_to_be_kept_is_bounded() -> None:
    memory = Remembered()
    for number in range(100):
        memory.keep(f"k{number}", "x", 100_000)
    assert list(memory.state) == [f"k{number}" for number in range(60, 100)]
    memory.keep("k99", None, 4)
    memory.keep("large", "x", 5_000_000)
    assert list(memory.state) == [f"k{number}" for number in range(60, 99)]
