"""Edits that are small, and true."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.edits.minimal import minimal_edits

TEXTS = st.lists(
    st.sampled_from(["let x = 1", "let y = 2", "  in", "", "é🐫", "\r", "\n", "\r\n", "a b", "\u2028", "\f"]),
    max_size=20,
).map("".join)


@given(TEXTS, TEXTS)
def test_the_edits_make_the_text(before: str, after: str) -> None:
    edits = minimal_edits(before, after)
    assert apply_text_edits(before, edits) == after
    assert not any(before[e.start - 1 : e.start + 1] == "\r\n" for e in edits if e.start and e.start != e.end)


def test_one_word_is_one_small_edit() -> None:
    assert minimal_edits("let x = lenght l\nlet y = 1\n", "let x = length l\nlet y = 1\n") == (
        TextEdit(8, 14, "length"),
    )


def test_what_lies_between_two_changes_is_left_alone() -> None:
    before = "a\n" + "same\n" * 100 + "b\n"
    assert minimal_edits(before, before.replace("a\n", "x\n").replace("b\n", "y\n")) == (
        TextEdit(0, 1, "x"),
        TextEdit(502, 503, "y"),
    )


def test_an_inserted_line_is_an_insertion() -> None:
    assert minimal_edits("a\nb\n", "a\nnew\nb\n") == (TextEdit(2, 2, "new\n"),)


def test_equal_texts_need_no_edit() -> None:
    assert minimal_edits("a\r\nb", "a\r\nb") == ()
