"""Formatting goes where a change was made, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.changes import FileChange
from lsp_aid.edits.formatting import formatted_where_changed
from lsp_aid.edits.line_diff import line_diff, split


def check(before: str, after: str, wanted: str) -> None:
    """A formatter that knows one thing: no line begins or ends with spaces, and none is empty."""
    assert formatted_where_changed(FileChange("a.ml", before, after), fmt(before), fmt(after)) == wanted


def fmt(text: str) -> str:
    return "".join(f"{line.strip()}\n" for line in text.split("\n") if line.strip())


def test_a_changed_line_is_formatted() -> None:
    check("a\nb\nc\n", "a\n  B\nc\n", "a\nB\nc\n")


def test_what_was_not_formatted_before_stays_as_it_is() -> None:
    check("  a\nb\n", "  A\nb\n", "  A\nb\n")
    check("  a\nb\nc\n", "  a\nb\n  C\n", "  a\nb\nC\n")


def test_an_inserted_line_is_formatted_among_formatted_ones() -> None:
    check("a\nb\n", "a\n  new\nb\n", "a\nnew\nb\n")
    check("a\n\nx\nb\n", "a\n\nx\n  new\nb\n", "a\n\nx\nnew\nb\n")


def test_a_changed_line_next_to_one_that_was_not_formatted_is_left_with_it() -> None:
    check("a\n  b\n", "  A\n  b\n", "  A\n  b\n")


LINES = st.lists(st.sampled_from(["a", "b", "  c", "", " d "]), max_size=12).map(
    lambda lines: "".join(f"{x}\n" for x in lines)
)


@given(LINES, LINES)
def test_lines_that_the_change_left_alone_are_left_alone(before: str, after: str) -> None:
    text = formatted_where_changed(FileChange("a.ml", before, after), fmt(before), fmt(after))
    changed = {n for span in line_diff(split(before), split(after)) for n in range(span.new_start, span.new_end + 1)}
    for span in line_diff(split(after), split(text)):
        assert changed & set(range(span.start, span.end + 1))
    assert fmt(text) == fmt(after)
