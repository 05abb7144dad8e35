"""What holds of these families whatever the file and the place of the error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import SourceText
from lsp_aid.repair import interface_mismatch, missing_cases, missing_library, unused
from tests.support.repair import diagnostic_problem

MESSAGES = [
    ("unused variable x.", "warning 27 [unused-var-strict]"),
    ("unused value x.", "warning 32 [unused-value-declaration]"),
    ("unused open Stdlib.List.", "warning 33 [unused-open]"),
    ("unused type t.", "warning 34 [unused-type-declaration]"),
    ("unused constructor A.", "warning 37 [unused-constructor]"),
    ("unused rec flag.", "warning 39 [unused-rec-flag]"),
    ("record field x is never read.", "warning 69 [unused-field]"),
    ("mutable record field x is never mutated.", "warning 69 [unused-field]"),
    ("this match case is unused.", "warning 11 [redundant-case]"),
    ("this sub-pattern is unused.", "warning 12 [redundant-subpat]"),
    (
        "this pattern-matching is not exhaustive.\nHere is an example of a case that is not matched:\n(A|B _)",
        "warning 8 [partial-match]",
    ),
    ('Unbound module "Str"', None),
    ('Unbound value "A.x"', None),
    ('Library "x" not found.', None),
    (
        'The implementation "a.ml" does not match the interface "a.ml": The value "x" is required but not provided',
        None,
    ),
]
PIECES = st.sampled_from(
    [
        "let ", "rec ", "x ", "y ", "= ", "in ", "open List\n", "~x ", "{ x; y } ", "function ", "match x with ", "| ",
        "A ", "-> ", "(A | B x) ", "as x ", "type t = ", "A | B of int\n", "{ mutable x : int }\n", "( ", ") ", "and ",
        "_ ", "val x : int\n", "(libraries x)\n", "(library (name a))", "\n", "\r\n", "é", "(* c *) ", "if x then ",
        "; ", "1 ", "let x = function A -> 1\n", "let f { x; y } = match x with A -> 1 | B x as y -> 2\n",
    ]
)  # fmt: skip


@given(
    st.lists(PIECES, max_size=14).map("".join),
    st.sampled_from(["a.ml", "a.mli", "dune", ""]),
    st.sampled_from(MESSAGES),
    st.data(),
)
async def test_no_text_and_no_place_makes_a_family_fail(
    text: str, path: str, message: tuple[str, str | None], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    place = SourceText(text).range(start, end)
    said, code = message
    texts = {"a.ml": text, "a.mli": text, "dune": text, "b.ml": text}
    problem = diagnostic_problem(texts, Diagnostic(path, place, Severity.ERROR, said, code=code))
    for family in (unused, missing_cases, interface_mismatch, missing_library):
        for candidate in await family.candidates(problem):
            assert 0 < candidate.weight <= 1
            assert "\n" not in candidate.title
            assert all(change.before == texts[change.path] for change in candidate.changes.files)


@pytest.mark.parametrize("family", [unused, missing_cases, interface_mismatch, missing_library])
async def test_what_is_of_no_family_has_no_candidates(family) -> None:
    place = SourceText("let x = 1").range(4, 5)
    problem = diagnostic_problem({"a.ml": "let x = 1"}, Diagnostic("a.ml", place, Severity.ERROR, "Syntax error"))
    assert list(await family.candidates(problem)) == []
