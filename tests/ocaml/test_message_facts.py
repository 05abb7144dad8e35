"""The structure of messages, as words."""

import pytest

from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.message_facts import facts, names

PLACE = Range(Position(0, 0), Position(0, 1))


def read(text: str, code: str | None = None, source: str = "ocaml") -> messages.Message:
    return messages.read(Diagnostic("a.ml", PLACE, Severity.ERROR, text, source, code))


@pytest.mark.parametrize(
    ("text", "code", "said", "named"),
    [
        (
            'This expression has type "string list" but an expression was expected of type "M.t"',
            None,
            "type clash; found: string list; expected: M.t; what: expression",
            ("string", "list", "M.t"),
        ),
        (
            'Unbound value "List.lenght"\nHint: Did you mean "length"?',
            None,
            "unbound name; sort: value; path: List.lenght; suggestions: length",
            ("List.lenght", "length"),
        ),
        (
            "this pattern-matching is not exhaustive.\nHere is an example of a case that is not matched:\n(A|B _)",
            "warning 8 [partial-match]",
            "missing cases; examples: A, B _",
            ("A", "B", "_"),
        ),
        ("Something quite new", None, "", ()),
    ],
)
def test_what_is_said_and_named(text: str, code: str | None, said: str, named: tuple[str, ...]) -> None:
    assert facts(read(text, code)) == said
    assert names(read(text, code)) == named


def test_parts_of_a_signature() -> None:
    text = (
        'The implementation "a.ml" does not match the interface "a.mli":\n The value "f" is required but not provided'
    )
    assert "entries: (not provided, sort: value, name: f)" in facts(read(text))
    assert "f" in names(read(text))
