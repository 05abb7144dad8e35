"""What of a project reaches a model, and what never does."""

from pathlib import Path

import pytest

from lsp_aid.context import gather
from lsp_aid.context.focus import Focus, may_be_shown
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.errors import FileUnreadableError
from lsp_aid.workspace.view import WorkspaceView
from tests.support.plain_view import PlainView

PROJECT = {
    "dune-project": "(lang dune 3.17)\n",
    "lib/dune": "(library (name stack_lib))\n",
    "lib/stack.ml": "let push = Store.add\nlet pop = Other.take\n",
    "lib/stack.mli": "val push : int -> int\n",
    "lib/store.ml": "let add x = x\nlet hidden = 1\n",
    "lib/store.mli": "val add : int -> int\n",
    "lib/other.ml": "let take x = x\n",
    "lib/unrelated.ml": "let far = 1\n",
    "test/dune": "(test (name test_stack))\n",
    "test/test_stack.ml": "let () = ignore (Stack_lib.Stack.push 1)\n",
    "test/test_far.ml": "let () = ()\n",
    ".env": "TOKEN=1\n",
    ".hidden/a.ml": "let a = 1\n",
    "lib/aws_credentials.ml": "let key = Stack.push\n",
    "lib/keys.ml": 'let key = "-----BEGIN RSA PRIVATE KEY-----"\n',
    "README.md": "Stack\n",
}
NEVER = {".env", ".hidden/a.ml", "lib/aws_credentials.ml", "lib/keys.ml", "README.md"}


def gathered(**focus) -> dict[str, str]:
    return {excerpt.path: excerpt.why for excerpt in gather(Focus(PlainView(PROJECT), **focus))}


def test_the_file_at_hand_comes_with_all_that_belongs_to_it() -> None:
    assert gathered(path="lib/stack.ml") == {
        "lib/stack.ml": "the file at hand",
        "lib/stack.mli": "its interface",
        "lib/dune": "its dune file",
        "dune-project": "the project",
        "test/dune": "builds tests",
        "test/test_stack.ml": "tests it",
        "lib/store.mli": "a module that it uses",
        "lib/other.ml": "a module that it uses, which has no interface",
    }
    assert gathered(path="lib/store.mli")["lib/store.ml"] == "its implementation"


def test_what_the_prompt_names_comes_too() -> None:
    found = gathered(path="lib/other.ml", prompt="Use Unrelated, and see lib/stack.ml.")
    assert found["lib/unrelated.ml"] == "named in the task"
    assert found["lib/stack.ml"] == "named in the task"


def test_files_with_errors_come_too() -> None:
    place = Range(Position(0, 0), Position(0, 1))
    error = Diagnostic("lib/unrelated.ml", place, Severity.ERROR, "wrong")
    assert gathered(path="lib/other.ml", errors=(error,))["lib/unrelated.ml"] == "has an error"


def test_without_a_file_at_hand_the_project_is_shown() -> None:
    assert set(gathered()) == set(PROJECT) - {
        ".env",
        ".hidden/a.ml",
        "lib/aws_credentials.ml",
        "lib/keys.ml",
        "README.md",
    }


@pytest.mark.parametrize("path", sorted(NEVER))
def test_hidden_files_and_secrets_are_never_shown(path: str) -> None:
    named = f"Look at {path} and Keys and Aws_credentials"
    assert path not in gathered(path="lib/stack.ml", prompt=named)
    assert path not in gathered(path=path, prompt=named)


@pytest.mark.parametrize("path", ["lib/token.ml", "lib/lexer.mll", "keyboard/key.ml", "dune", "a/dune-project"])
def test_plain_sources_may_be_shown(path: str) -> None:
    assert may_be_shown(path)


def test_the_place_is_told_behind_the_text_and_not_marked_in_it() -> None:
    def here(start: Position, end: Position) -> str:
        view = PlainView({"a.ml": "\ufefflet a = 1\r\nlet b = 2\r\n"})
        (excerpt,) = gather(Focus(view, "a.ml", Range(start, end)))
        assert excerpt.text == "let a = 1\nlet b = 2\n"
        return excerpt.note

    assert here(Position(1, 4), Position(1, 4)) == "The cursor is in line 2: `let b = 2`"
    assert "let b = 2" in here(Position(1, 0), Position(2, 0))


def test_of_a_long_file_the_head_and_the_surroundings_are_shown() -> None:
    lines = [f"let value_{n} = {n}" for n in range(5000)]
    view = PlainView({"a.ml": "\n".join(lines)})
    place = Range(Position(4000, 0), Position(4000, 0))
    (excerpt,) = gather(Focus(view, "a.ml", place, tokens=2000))
    assert len(excerpt.text) < 2000 * 4 * 0.7
    for number in (0, 39, 3990, 4000, 4010):
        assert f"let value_{number} =" in excerpt.text
    assert "lines that are not shown" in excerpt.text


def test_a_file_at_hand_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ml").write_bytes(b"\xff\xfe")
    (tmp_path / "b.ml").write_text("let b = A.x\n")
    view = WorkspaceView(tmp_path)
    with pytest.raises(FileUnreadableError):
        gather(Focus(view, "a.ml"))
    assert [excerpt.path for excerpt in gather(Focus(view, "b.ml"))] == ["b.ml"]
