from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.text import SourceText
from lsp_aid.repair.combine import combine

WORDS = ["let", "rec", "f", "x", "=", "in", "é", "+"]


def change(before: str, after: str, path: str = "a.ml") -> ChangeSet:
    return ChangeSet([FileChange(path, before, after)])


def test_changes_at_different_places_go_together() -> None:
    merged = combine(
        [
            change("let a = x\nlet b = y\n", "let a = 1\nlet b = y\n"),
            change("let a = x\nlet b = y\n", "let a = x\nlet b = 22\n"),
        ]
    )
    assert merged.changes.texts == {"a.ml": "let a = 1\nlet b = 22\n"}
    assert not merged.left_out


def test_the_later_of_two_that_overlap_is_left_out() -> None:
    merged = combine([change("let a = x\n", "let a = 1\n"), change("let a = x\n", "let a = 2\n")])
    assert merged.changes.texts == {"a.ml": "let a = 1\n"}
    assert merged.left_out == {1}


def test_the_same_edit_is_made_once() -> None:
    merged = combine([change("(libraries a)", "(libraries a str)"), change("(libraries a)", "(libraries a str)")])
    assert merged.changes.texts == {"a.ml": "(libraries a str)"}
    assert not merged.left_out


def test_files_that_are_created_or_deleted() -> None:
    new = ChangeSet([FileChange("n.ml", None, "x")])
    gone = ChangeSet([FileChange("o.ml", "x", None)])
    merged = combine([new, gone, ChangeSet([FileChange("n.ml", None, "other")])])
    assert merged.changes.texts == {"n.ml": "x", "o.ml": None}
    assert merged.left_out == {2}


@given(st.data())
def test_places_are_where_each_change_wrote(data: st.DataObject) -> None:
    lines = [" ".join(data.draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=5))) for _ in range(6)]
    text = "\n".join(lines)
    numbers = data.draw(st.lists(st.integers(0, 5), unique=True, min_size=1, max_size=3))
    parts = []
    for n in numbers:
        edited = list(lines)
        edited[n] = f"new{n}"
        parts.append(change(text, "\n".join(edited)))
    merged = combine(parts)
    wanted = [f"new{n}" if n in numbers else line for n, line in enumerate(lines)]
    if not merged.left_out:
        assert merged.changes.texts.get("a.ml", text).split("\n") == wanted
        for n, places in zip(numbers, merged.places, strict=True):
            for path, place in places:
                assert path == "a.ml"
                written = SourceText("\n".join(wanted)).slice(place)
                assert written in f"new{n}\n" or f"new{n}" in written
