"""Prompts hold what they are given, within their budget."""

from attrs import evolve

from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.prompts.editing import diff_prompt, fix_prompt, retry_prompt, system
from lsp_aid.prompts.errors import error_list
from lsp_aid.prompts.excerpt import Excerpt, fenced, fit, rendered, tokens


def test_the_least_relevant_is_dropped_first_and_named() -> None:
    pieces = [Excerpt(f"{n}.ml", "x" * 400, "why", n / 10) for n in range(1, 10)]
    cost = tokens(rendered(pieces[0]))
    kept, left_out = fit(pieces, 3 * cost + 1)
    assert [piece.path for piece in kept] == ["9.ml", "8.ml", "7.ml"]
    assert left_out == ("6.ml", "5.ml", "4.ml", "3.ml", "2.ml", "1.ml")
    assert "Left out for lack of space: 6.ml" in diff_prompt("do", kept, left_out, "9.ml")


def test_nothing_in_a_text_closes_its_fence() -> None:
    assert fenced("a\n````\nb", "ocaml") == "`````ocaml\na\n````\nb\n`````"
    assert fenced("a\n") == "```\na\n```"


def test_the_prompt_holds_the_task_and_the_files() -> None:
    text = diff_prompt(
        "Add a size", [Excerpt("lib/a.ml", "let x = 1\n", "the file at hand", 1.0, "Cursor")], (), "lib/a.ml"
    )
    assert "## lib/a.ml (the file at hand)\n```ocaml\nlet x = 1\n```\nCursor" in text
    assert "Add a size" in text
    assert "The user is in lib/a.ml" in text
    assert "EDIT FORM" in system("EDIT FORM")


def test_errors_come_with_their_line() -> None:
    place = Range(Position(1, 8), Position(1, 14))
    error = Diagnostic("a.ml", place, Severity.ERROR, "Unbound value lenght\nHint: Did you mean length?", code="E1")
    error = evolve(error, related=(Related("b.ml", place, "Here"),))
    listed = error_list([error], lambda _: "let a = 1\nlet b = lenght a\n")
    assert listed == (
        "File a.ml, line 2, characters 8-14:\n  let b = lenght a\n"
        "Error (E1): Unbound value lenght\nHint: Did you mean length?\n"
        "(unbound name; sort: value; path: lenght; suggestions: length)\n"
        "  File b.ml, line 2: Here"
    )
    assert "(8 more errors)" in error_list([error] * 20, lambda _: None)
    assert listed in fix_prompt(listed, "", [], ())


def test_what_goes_back_is_bounded() -> None:
    assert len(retry_prompt("x" * 100_000)) < 10_000
