"""Places in a text.

One unit throughout: Unicode code points, as Python indexes a `str`. OCaml's byte columns and LSP's UTF-8/16/32
units are converted where they come in. A text is kept exactly as it is: BOM, CRLF and a missing last newline included.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property

from attrs import define, frozen

from lsp_aid.errors import EditError

BOM = "\ufeff"
_LINE_END = re.compile(r"\r\n|\n|\r")


@frozen(order=True)
class Position:
    """A place between two characters. `line` and `column` count from 0; `column` is in code points."""

    line: int
    column: int


@frozen(order=True)
class Range:
    """From `start` up to, not including, `end`."""

    start: Position
    end: Position

    def touches(self, other: "Range") -> bool:
        """Whether the two overlap or meet at an end, so that a cursor just behind a word counts as on it."""
        return self.start <= other.end and other.start <= self.end


@frozen
class TextEdit:
    """Replace `[start, end)`, offsets in code points, by `text`."""

    start: int
    end: int
    text: str


@define(frozen=True, slots=False)
class SourceText:
    """A text with an index of its lines. Lines end at LF, CRLF or CR, as LSP has it."""

    text: str

    @cached_property
    def line_starts(self) -> Sequence[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def line(self, number: int) -> str:
        """Line `number`, from 0, without its end; empty beyond the last."""
        if not 0 <= number < len(self.line_starts):
            return ""
        start = self.line_starts[number]
        end = self.line_starts[number + 1] if number + 1 < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def offset(self, position: Position) -> int:
        """The offset of a position; one beyond its line or the text is drawn back to the end of it."""
        if position.line >= len(self.line_starts):
            return len(self.text)
        return self.line_starts[position.line] + min(position.column, len(self.line(position.line)))

    def position(self, offset: int) -> Position:
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.line_starts, offset) - 1
        return Position(line, offset - self.line_starts[line])

    def range(self, start: int, end: int) -> Range:
        return Range(self.position(start), self.position(end))

    def slice(self, place: Range) -> str:
        return self.text[self.offset(place.start) : self.offset(place.end)]


def apply_text_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """The text with all edits applied at once, at offsets of `text`. Insertions at one place keep their order.

    Raises EditError where two edits overlap or one lies outside the text.
    """
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if not at <= edit.start <= edit.end <= len(text):
            raise EditError(f"Two edits overlap, or one lies outside the text, at offset {edit.start}")
        pieces += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join((*pieces, text[at:]))
