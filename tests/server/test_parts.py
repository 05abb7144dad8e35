"""Hunks that wait stay with their lines, whatever is edited around them, and never land on others that look alike."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.config import Settings
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.proposal import Kind, Level, Proposal, Verdict
from lsp_aid.server.parts import Parts
from lsp_aid.server.proposals import Offered
from lsp_aid.tasks.project import Project
from lsp_aid.workspace.documents import Change, Document, Units
from lsp_aid.workspace.encoding import Encoding
from lsp_aid.workspace.view import WorkspaceView
from tests.support.served import Noted, ToyBuild, ToyEvaluator

ROOT = Path("/nowhere")
# Few different lines, so that most of them have doubles.
LINES = st.lists(st.sampled_from(("a\n", "b\n", "\n")), min_size=1, max_size=30)
EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4), LINES | st.just([])), max_size=4)


def parts_of(before: str, after: str) -> Parts:
    changes = ChangeSet((FileChange("a.ml", before, after),))
    proposal = Proposal("p", "t", "x", changes, Verdict(Level.VERIFIED), "model:m", Kind.CHANGE)
    project = Project(ROOT, Settings(), ToyBuild(ROOT, []), ToyEvaluator(), None, Noted())
    view = view_of(before)
    return Parts.of(Offered(proposal, view, project), view)


def view_of(text: str) -> WorkspaceView:
    return WorkspaceView(ROOT, {"a.ml": (text, 1)})


@given(LINES, st.data(), EDITS)
def test_a_hunk_is_where_its_own_lines_are_or_is_refused(lines: list[str], data: st.DataObject, edits: list) -> None:
    places = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=1, max_size=3, unique=True))
    after = [f"new {number}\n" if number in places else line for number, line in enumerate(lines)]
    parts = parts_of("".join(lines), "".join(after))
    document = Document.opened("file:///nowhere/a.ml", ROOT / "a.ml", "ocaml", 1, "".join(lines))
    # The model: each line of the text before has a number, the lines that are typed have none.
    numbered: list[tuple[int | None, str]] = list(enumerate(lines))
    for start, count, typed in edits:
        first = min(start, len(numbered))
        last = min(first + count, len(numbered))
        change = Change("".join(typed), Units(first, 0), Units(last, 0))
        numbered[first:last] = [(None, line) for line in typed]
        parts.edited("a.ml", document, document.change([change], 2, Encoding.UTF32))
        if document.text == "".join(lines):
            numbered = list(enumerate(lines))  # all is as it was, and known to be
    assert document.text == "".join(line for _, line in numbered)
    numbers = [number for number, _ in numbered]
    for part in parts.parts:
        if part.line is None:
            continue
        wanted = list(range(part.hunk.start_line, part.hunk.start_line + part.hunk.lines))
        assert numbers[part.line : part.line + len(wanted)] == wanted
        taking = parts.take([part.hunk.id], view_of(document.text))
        expected = [line for _, line in numbered]
        expected[part.line : part.line + len(wanted)] = [part.text]
        assert taking.changes.texts == {"a.ml": "".join(expected)}


@given(st.data())
def test_one_by_one_in_any_order_the_hunks_make_the_whole(data: st.DataObject) -> None:
    lines = data.draw(st.lists(st.sampled_from(("a\n", "b\n", "\n")), min_size=1, max_size=40))
    places = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=1, max_size=6, unique=True))
    after = "".join(f"{line}more {n}\n" if n in places else line for n, line in enumerate(lines))
    parts, text = parts_of("".join(lines), after), "".join(lines)
    for part in data.draw(st.permutations(parts.parts)):
        taking = parts.take([part.hunk.id], view_of(text))
        text = taking.changes.texts["a.ml"] or ""
        parts.taken(taking, view_of(text))
    assert text == after
    assert not parts.parts


def test_a_file_that_comes_back_as_it_was_has_its_hunks_again() -> None:
    parts = parts_of("a\nb\n", "a\nc\n")
    document = Document.opened("file:///nowhere/a.ml", ROOT / "a.ml", "ocaml", 1, "a\nb\n")
    parts.edited("a.ml", document, document.change([Change("a\nx\n")], 2, Encoding.UTF16))
    assert not parts.live
    parts.edited("a.ml", document, document.change([Change("a\nb\n")], 3, Encoding.UTF16))
    assert len(parts.live) == 1
