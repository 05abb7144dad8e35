"""Line diffs are true, and stay quick on long files."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.edits.line_diff import Span, changed_lines, line_diff, split

LINES = st.lists(st.sampled_from([*"abcdef", "", "  end"]), max_size=30)


@given(LINES, LINES)
def test_what_is_not_in_a_span_is_equal(old: list[str], new: list[str]) -> None:
    made: list[str] = []
    at = 0
    spans = line_diff(old, new)
    for span in spans:
        made += [*old[at : span.start], *new[span.new_start : span.new_end]]
        at = span.end
    assert made + old[at:] == new
    for one, two in itertools.pairwise(spans):
        assert one.end < two.start
        assert one.new_end < two.new_start


@given(st.text(alphabet="ab\r\n\u2028\f", max_size=30))
def test_lines_end_at_lf_crlf_and_cr_alone(text: str) -> None:
    lines = split(text)
    assert "".join(lines) == text
    assert all(line.rstrip("\r\n").count("\n") + line.rstrip("\r\n").count("\r") == 0 for line in lines)


def test_an_inserted_function_is_one_span() -> None:
    before = ["let a =", "  1", "", "let c =", "  3", ""]
    after = [*before[:3], "let b =", "  2", "", *before[3:]]
    assert line_diff(before, after) == [Span(3, 3, 3, 6)]


def test_a_replaced_line_counts_once() -> None:
    assert changed_lines("a\nb\nc\n", "a\nB\nc\nd\n") == 2
    assert changed_lines(None, "a\nb\n") == changed_lines("a\nb\n", None) == 2
    assert changed_lines("a", "a") == 0


def test_a_long_file_with_many_equal_lines_and_many_changes() -> None:
    old = [line for n in range(2000) for line in (f"let f{n} x =", "  match x with", "  | _ -> ()", "")]
    new = ["  | _ -> assert false" if n % 100 == 2 else line for n, line in enumerate(old)]
    assert len(line_diff(old, new)) == 80
    assert line_diff(["x"] * 8000, ["x"] * 3000 + ["y"] + ["x"] * 5000) == [Span(3000, 3000, 3000, 3001)]
