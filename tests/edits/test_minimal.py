"""Edits that are small, and true to lines and tokens."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.edits.line_diff import line_diff, split
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.ocaml.tokens import tokens

TEXTS = st.lists(
    st.sampled_from(["let x = 1", "let y = 2", "  in", "é🐫", "e\u0301", "\r", "\n", "\r\n", "a b", "\u2028", "\f"]),
    max_size=20,
).map("".join)

CODE = st.lists(
    st.lists(
        st.sampled_from(
            [
                *(
                    "let",
                    "x'",
                    "x",
                    "in",
                    "List.map",
                    "(fun y -> y + 1)",
                    ">>=",
                    "=",
                    "==",
                    "[|",
                    "|]",
                    "[@@deriving",
                    "]",
                ),
                *(
                    '"a string"',
                    '"a \\" b"',
                    "'c'",
                    "'\\n'",
                    "1.5e-3",
                    "0x1F",
                    "{|raw|}",
                    "(* a note *)",
                    "~label:",
                    ";;",
                ),
            ]
        ),
        max_size=6,
    ).map(" ".join),
    max_size=8,
).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(TEXTS, TEXTS)
def test_the_edits_make_the_text(before: str, after: str) -> None:
    edits = minimal_edits(before, after)
    assert apply_text_edits(before, edits) == after
    assert all(one.end < two.start for one, two in pairwise(edits))
    assert not any(before[at - 1 : at + 1] == "\r\n" for e in edits for at in (e.start, e.end) if at)


@given(TEXTS, TEXTS)
def test_lines_that_stay_are_not_touched(before: str, after: str) -> None:
    old = split(before)
    offsets = [sum(map(len, old[:n])) for n in range(len(old) + 1)]
    touched = [(offsets[span.start], offsets[span.end]) for span in line_diff(old, split(after))]
    assert all(any(start <= e.start and e.end <= end for start, end in touched) for e in minimal_edits(before, after))


@given(CODE, CODE)
def test_no_token_is_split(before: str, after: str) -> None:
    edits = minimal_edits(before, after)
    assert apply_text_edits(before, edits) == after
    inside = {at for t in tokens(before) if not t.is_comment for at in range(t.start + 1, t.end)}
    assert not inside & {at for edit in edits for at in (edit.start, edit.end)}


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("let x = lenght l\nlet y = 1\n", "let x = length l\nlet y = 1\n", [(8, 14, "length")]),
        ("let f a b = a + b\n", "let g a c = a + c\n", [(4, 5, "g"), (8, 9, "c"), (16, 17, "c")]),
        ("f x >> g\n", "f x >>= g\n", [(4, 6, ">>=")]),
        ('print "hallo world"\n', 'print "hello world"\n', [(6, 19, '"hello world"')]),
        ("let x' = 1\n", "let x'' = 1\n", [(4, 6, "x''")]),
        ("a 1.5 b\n", "a 1.25 b\n", [(2, 5, "1.25")]),
        ("f (g x) y\n", "f ((h z)) y\n", [(3, 6, "(h z)")]),
        ("let f x = one x\n", "let f x =\n  one x\n", [(9, 10, "\n  ")]),
        ("a\nb\n", "a\nnew\nb\n", [(2, 2, "new\n")]),
        ("a\nb", "a\nb\n", [(3, 3, "\n")]),
        ("(* e\u0301 *)\n", "(* e *)\n", [(3, 5, "e")]),
        ("one two three\n", "four five six\n", [(0, 13, "four five six")]),
        ("", "a\n", [(0, 0, "a\n")]),
        ("a\r\nb", "a\r\nb", []),
    ],
)
def test_edits_are_small(before: str, after: str, edits: list[tuple[int, int, str]]) -> None:
    assert minimal_edits(before, after) == tuple(TextEdit(*edit) for edit in edits)


def test_what_lies_between_two_changes_is_left_alone() -> None:
    before = "a\n" + "same\n" * 100 + "b\n"
    assert minimal_edits(before, before.replace("a\n", "x\n").replace("b\n", "y\n")) == (
        TextEdit(0, 1, "x"),
        TextEdit(502, 503, "y"),
    )


@pytest.mark.parametrize("unit", ["let f x =\n  match x with\n  | _ -> ()\n\n", "{|", '"\\"', "x ", "()\n", "\r"])
def test_long_texts_come_to_an_end(unit: str) -> None:
    before = unit * 20_000
    after = "y" + before[:-3] + "new" + unit * 7
    assert apply_text_edits(before, minimal_edits(before, after)) == after


def test_many_changes_in_a_long_file() -> None:
    lines = [f"  | Case{n} (a, b) -> f_{n} a b" if n % 4 else "" for n in range(5000)]
    changed = [line.replace("(a, b)", "(a, c)") if n % 50 == 1 else line for n, line in enumerate(lines)]
    edits = minimal_edits("\n".join(lines), "\n".join(changed))
    assert {edit.text for edit in edits} == {"c"}
    assert len(edits) == 100
