"""Edits for what each editor can do."""

from collections.abc import Sequence

import pytest
from lsprotocol import types

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.limits import Confirmation
from lsp_aid.errors import UsageError
from lsp_aid.server.capabilities import ClientFeatures, features_of
from lsp_aid.server.to_lsp import Target, workspace_edit
from lsp_aid.workspace.encoding import Encoding

CHANGES = ChangeSet(
    (FileChange("a.ml", 'let s = "😀" ^ x\n', 'let s = "😀" ^ y\n'), FileChange("b.ml", None, "let b = 1\n"))
)
DELETION = ChangeSet((FileChange("a.ml", "x", None),))


def client(
    name: str = "", resources: list[str] | None = None, document_changes: bool | None = None, annotations: bool = False
) -> ClientFeatures:
    """What is made of a client that says this of itself."""
    edit = types.WorkspaceEditClientCapabilities(
        document_changes=document_changes,
        resource_operations=[types.ResourceOperationKind(r) for r in resources] if resources else None,
        change_annotation_support=types.ChangeAnnotationsSupportOptions() if annotations else None,
    )
    said = types.ClientCapabilities(workspace=types.WorkspaceClientCapabilities(workspace_edit=edit))
    return features_of(types.InitializeParams(capabilities=said, client_info=types.ClientInfo(name=name)))


CODE = client("Visual Studio Code", ["create", "rename", "delete"], True, True)
NEOVIM = client("Neovim", ["rename", "create", "delete"])
EGLOT = client("Eglot", None, True)
LSP_MODE = client("emacs", ["create", "rename", "delete"], True)
PLAIN = client()


def edit(changes: ChangeSet, can: ClientFeatures, confirmations: Sequence[Confirmation] = ()) -> types.WorkspaceEdit:
    def locate(path: str) -> Target:
        return Target(f"file:///p/{path}", 3 if path == "a.ml" else None)

    return workspace_edit(changes, can, locate, confirmations)


def shape(changes: ChangeSet, can: ClientFeatures) -> list[tuple[str, str, int | None]]:
    """Of each operation: what it does, to what, in which version."""
    found: list[tuple[str, str, int | None]] = []
    for change in edit(changes, can).document_changes or ():
        if isinstance(change, types.TextDocumentEdit):
            document = change.text_document
            found.append(("edit", document.uri[-4:], document.version))
        else:
            assert isinstance(change, types.CreateFile | types.DeleteFile)
            found.append((change.kind, change.uri[-4:], None))
    return found


def test_only_lsp_mode_is_spared_notifications_that_it_does_not_know() -> None:
    assert [can.own_notifications for can in (CODE, NEOVIM, EGLOT, PLAIN, LSP_MODE)] == [True] * 4 + [False]


@pytest.mark.parametrize("can", [CODE, NEOVIM])
def test_files_are_created_where_the_client_can(can: ClientFeatures) -> None:
    assert shape(CHANGES, can) == [("create", "b.ml", None), ("edit", "a.ml", 3), ("edit", "b.ml", None)]


@pytest.mark.parametrize("can", [EGLOT, LSP_MODE])
def test_elsewhere_an_edit_of_a_new_path_makes_the_file(can: ClientFeatures) -> None:
    assert shape(CHANGES, can) == [("edit", "a.ml", 3), ("edit", "b.ml", None)]


def test_a_plain_client_gets_plain_changes() -> None:
    made = edit(CHANGES, PLAIN)
    assert made.document_changes is None
    assert made.changes is not None
    assert list(made.changes) == ["file:///p/a.ml", "file:///p/b.ml"]
    (inserted,) = made.changes["file:///p/b.ml"]
    assert inserted == types.TextEdit(types.Range(types.Position(0, 0), types.Position(0, 0)), "let b = 1\n")


@pytest.mark.parametrize(("encoding", "start"), [(Encoding.UTF8, 17), (Encoding.UTF16, 15), (Encoding.UTF32, 14)])
def test_edits_are_small_and_in_the_encoding_agreed_on(encoding: Encoding, start: int) -> None:
    made = edit(CHANGES, ClientFeatures(encoding=encoding))
    assert made.changes is not None
    (change,) = made.changes["file:///p/a.ml"]
    assert change.new_text == "y"
    assert change.range == types.Range(types.Position(0, start), types.Position(0, start + 1))


def test_a_file_is_deleted_where_the_client_can() -> None:
    assert shape(DELETION, CODE) == [("delete", "a.ml", None)]


@pytest.mark.parametrize("can", [EGLOT, PLAIN])
def test_elsewhere_a_change_that_deletes_is_refused_whole(can: ClientFeatures) -> None:
    with pytest.raises(UsageError, match=r"deletes a\.ml"):
        edit(DELETION.then(ChangeSet((FileChange("b.ml", "", "x"),))), can)


def marked(changes: ChangeSet, can: ClientFeatures, *confirmations: Confirmation) -> set[str]:
    """The files of which an operation is marked; every mark needs a confirmation."""
    made = edit(changes, can, confirmations)
    found = set()
    for change in made.document_changes or ():
        if isinstance(change, types.TextDocumentEdit):
            uri, marks = change.text_document.uri, [getattr(e, "annotation_id", None) for e in change.edits]
        else:
            assert isinstance(change, types.CreateFile | types.DeleteFile)
            uri, marks = change.uri, [change.annotation_id]
        for mark in filter(None, marks):
            assert made.change_annotations
            assert made.change_annotations[mark].needs_confirmation
            found.add(uri[-4:])
    return found


def test_what_a_person_should_confirm_is_marked_and_nothing_else() -> None:
    assert marked(CHANGES, CODE, Confirmation("b.ml", "it says what a build runs")) == {"b.ml"}
    assert marked(CHANGES, CODE, Confirmation("", "it is long")) == {"a.ml", "b.ml"}
    assert marked(DELETION, CODE, Confirmation("a.ml", "it says what a build runs")) == {"a.ml"}
    assert marked(CHANGES, CODE) == set()
    assert edit(CHANGES, CODE).change_annotations is None


@pytest.mark.parametrize("can", [NEOVIM, EGLOT, LSP_MODE])
def test_clients_that_know_no_marks_get_none(can: ClientFeatures) -> None:
    made = edit(CHANGES, can, [Confirmation("", "it is long")])
    assert made == edit(CHANGES, can)


@pytest.mark.parametrize(
    ("can", "end"), [(CODE, "\r\n"), (NEOVIM, "\r\n"), (EGLOT, "\n"), (LSP_MODE, "\n"), (PLAIN, "\r\n")]
)
def test_a_file_that_is_not_open_is_edited_as_its_editor_opens_it(can: ClientFeatures, end: str) -> None:
    """Without its BOM; Emacs puts a CR of its own before each line feed."""
    change = FileChange("b.ml", "\ufefflet b = 2\r\n", "\ufefflet b = 3\r\nlet c = 4\r\n")
    made = edit(ChangeSet((change,)), can)
    edits = made.changes["file:///p/b.ml"] if made.changes else made.document_changes[0].edits  # type: ignore[index,union-attr]
    places = [(one.range.start.line, one.range.start.character, one.new_text) for one in edits]
    assert places == [(0, 8, f"3{end}let c = 4")]


def test_a_file_that_is_open_is_edited_as_it_is_held() -> None:
    change = FileChange("a.ml", "\ufefflet b = 2\r\n", "\ufefflet b = 3\r\n")
    (operation,) = edit(ChangeSet((change,)), EGLOT).document_changes or ()
    assert isinstance(operation, types.TextDocumentEdit)
    assert operation.edits[0].range.start.character == 9


def test_emacs_shows_the_cr_where_not_all_lines_have_one() -> None:
    change = FileChange("b.ml", "1\r\n2\n", "1\r\n2\n3\r\n")
    (operation,) = edit(ChangeSet((change,)), EGLOT).document_changes or ()
    assert isinstance(operation, types.TextDocumentEdit)
    assert operation.edits[0].new_text == "3\r\n"
