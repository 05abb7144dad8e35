"""Explanations as they are shown: hovers, pages and messages."""

from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.tasks.explain import AT_MOST, hover_text, page, short_text

PLACE = Range(Position(2, 0), Position(2, 4))


def unbound(name: str, **more: object) -> Diagnostic:
    return Diagnostic("lib/a.ml", PLACE, Severity.ERROR, f'Unbound value "{name}"', **more)


def test_a_page_has_what_was_said_and_what_it_means() -> None:
    related = (Related("lib/b.ml", PLACE, "Definition here"),)
    text = page([unbound("x", related=related)])
    assert "## Error in `lib/a.ml`, line 3" in text
    assert "There is no value `x`" in text
    assert '```text\nUnbound value "x"\n```' in text
    assert "- `lib/b.ml`, line 3: Definition here" in text


def test_a_message_cannot_end_its_fence() -> None:
    text = page([Diagnostic("", PLACE, Severity.ERROR, "x\n```\n# y")])
    assert "````text\nx\n```\n# y\n````" in text


def test_what_is_said_twice_is_explained_once_and_not_without_end() -> None:
    assert hover_text([unbound("x"), unbound("x")]).count("There is no value") == 1
    assert short_text([unbound(f"x{n}") for n in range(AT_MOST + 3)]).count("There is no value") == AT_MOST
