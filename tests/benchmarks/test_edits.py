"""The measure itself: the search that says what a reply means, the judge, and a small run of the whole."""

import ast
import itertools
from pathlib import Path

import pytest

from benchmarks.edits import cases, ours
from benchmarks.edits.judging import Verdict, judge
from benchmarks.edits.layout import is_told
from benchmarks.edits.meaning import UNCLEAR, meaning
from benchmarks.edits.reply import FileReply, Hunk, Reply, Row
from benchmarks.edits.tokens import tokens

FOLDER = Path(cases.__file__).parent
CASES = 240


def means(text: str, *rows: str, number: int | None = None, within: str = "", times: int = 1) -> str | None:
    hunks = [Hunk(0, [Row(row[0], row[1:]) for row in rows], number, within) for _ in range(times)]
    outcome = meaning({"a.ml": text}, Reply("unified_diff", [FileReply("a.ml", "change", hunks)]))["a.ml"]
    return None if outcome == UNCLEAR else " ".join(outcome)


def test_the_search_shares_nothing_with_what_it_judges() -> None:
    for name in ("meaning", "layout", "reply", "tokens", "changes", "writers", "damage", "judging"):
        for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "lsp_aid" not in ast.unparse(node), name


def test_one_place_is_one_meaning_whatever_its_layout() -> None:
    assert means("a\nb\nc\n", " a", "-b", "+x", " c") == "a x c"
    assert means("a b\n  c\n", "-a  b c", "+d") == "d"


def test_two_places_are_no_meaning_but_for_what_the_reply_says() -> None:
    text, rows = "let f =\n  b\nlet g =\n  b\n", ("-  b", "+  x")
    assert means(text, *rows) is None
    assert means(text, *rows, number=4) == "let f = b let g = x"
    assert means(text, *rows, number=3) is None
    assert means(text, *rows, within="let g =") == "let f = b let g = x"
    assert means(text, *rows, times=2) == "let f = x let g = x"


def test_what_is_left_out_may_not_be_beside_the_change() -> None:
    assert means("a\nq\nb\nc\n", " a", " b", "-c") == "a q b"
    assert means("a\nq\nb\nc\n", " a", "-b", "+x", " c") is None
    assert means("a\nq\nb\nc\n", " a", "~", " b", "-c") == "a q b"
    assert means("a\nq\nb\n", " a", "+x", " b") is None


def test_what_is_not_there_is_no_meaning() -> None:
    assert means("a\nb\n", " a", "-c") is None


def told(*rows: tuple[str, str, str]) -> bool:
    """`rows`: the sign, the line as it is written, the line as it was meant. What is quoted stands line below line."""
    lines = itertools.count()
    hunk = Hunk(0, [Row(sign, text, -1 if sign == "+" else next(lines), meant) for sign, text, meant in rows])
    return is_told(Reply("unified_diff", [FileReply("a.ml", "change", [hunk])]))


def test_white_space_is_told_where_one_reading_of_the_quoted_lines_gives_that_of_the_new() -> None:
    as_meant, new = (" ", "  a", "  a"), ("+", "  b", "  b")
    assert told(as_meant, new)
    assert not told(as_meant, ("+", "\tb", "  b"))
    assert told((" ", "\ta", "    a"), ("+", "\t\tb", "        b"))
    assert not told((" ", "a", "a"), ("+", "\tb", "    b"))
    assert told((" ", "a", "  a"), ("+", "b", "  b"))
    assert not told((" ", "a", "  a"), new)
    assert told((" ", "a", "  a"), (" ", "   c", "  c"), new)
    assert not told((" ", "a", "  a"), (" ", "   c", "  c"), ("+", "b", "  b"))


def test_where_new_lines_go_is_not_told_beside_lines_left_out() -> None:
    def at(*lines: int) -> bool:
        above, below = (Row(" ", name, line) for name, line in zip("ab", lines, strict=True))
        return is_told(Reply("unified_diff", [FileReply("a.ml", "change", [Hunk(0, [above, Row("+", "x"), below])])]))

    assert at(3, 4)
    assert not at(3, 5)


def test_tokens_are_true_to_strings_and_not_to_layout() -> None:
    assert tokens('let  x = (* a\n  b *) "p  q"') == ("let", "x", "=", "(* a b *)", '"p  q"')
    assert tokens('"a\\\n   b"') == tokens('"a\\\n b"')


def test_the_judge_knows_right_from_wrong() -> None:
    before = {"a.ml": "x\n", "b.ml": "x\n"}
    meant = {"a.ml": "y z\n", "b.ml": "x\n"}
    assert judge(before, meant, meant, "", False) is Verdict.EXACT
    assert judge(before, meant, {"a.ml": "y\n  z\n", "b.ml": "x\n"}, "", False) is Verdict.SAME
    assert judge(before, meant, before, "no place", False) is Verdict.REFUSED
    assert judge(before, meant, {"a.ml": "x\n", "b.ml": "y z\n"}, "", False) is Verdict.WRONG
    assert judge(before, meant, {"a.ml": "y\n", "b.ml": "x\n"}, "one block failed", False) is Verdict.IN_PART
    assert judge(before, None, meant, "", False) is Verdict.WRONG


@pytest.mark.dune
def test_no_edit_lands_in_a_wrong_place() -> None:
    """What `make bench` runs by the ten thousands. Undamaged replies come out byte for byte."""
    for index in range(CASES):
        case = cases.make(5, index)
        done = ours.apply(case.files, case.text)
        verdict = judge(case.files, case.intended, done.after, done.problem, done.crashed)
        shown = f"python -m benchmarks.edits --seed 5 --case {index}: {case.label} in {case.format}"
        assert verdict in (Verdict.EXACT, Verdict.SAME, Verdict.REFUSED), shown
        if case.label == cases.UNDAMAGED and verdict is not Verdict.EXACT:
            assert "already" in done.problem, shown


@pytest.mark.dune
def test_a_case_can_be_made_again() -> None:
    assert cases.make(5, 17) == cases.make(5, 17)
    assert cases.make(5, 17) != cases.make(6, 17)
