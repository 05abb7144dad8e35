"""How likely it is that a change was meant: how often people slip in that way, and how usual the text is then."""

import math
from collections.abc import Iterable, Iterator, Sequence

from attrs import define, field, frozen

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.slips.token_edits import token_edits, window
from lsp_aid.repair.slips.usual import Row, merged, pieces, shipped
from lsp_aid.repair.slips.way import Place, Way

_BEHIND = 40
"""So many tokens behind the error are looked at."""
_LEAST, _MOST = -10.0, 5.0
_MOST_OF_WAY = 3.0
"""The fewer tokens are left, the likelier they are all together."""
_TRUST = 0.75
"""How much the frequencies of tokens count against those of slips."""
_KNOWN_SLIP = 0.5
"""Of a change that a kind of slips proposes as a whole, however many places it is of."""
_TEXT_SIGNS = ('"', "(*", "*)", "'")


@frozen
class Guess:
    """A change, and the logarithm of how likely it is that it was meant. `gain`: by how much more usual the text is.
    `is_known`: whether a kind of slips knows it."""

    edits: tuple[TextEdit, ...]
    title: str
    score: float
    gain: float = 0.0
    is_known: bool = False


@define(eq=False)
class Weighing:
    """Of one place in one text."""

    place: Place
    first: int = field(init=False)
    _row: Row = field(init=False)
    _start: int = field(init=False)
    _end: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.first = window(self.place)[0]
        code = self.place.code[self.first : self.place.until + _BEHIND]
        self._row = Row(shipped(), pieces(self.place.text, code))
        self._start = code[0].start if code else 0
        self._end = code[-1].end if code else 0

    def of_ways(self, ways: Iterable[Way]) -> Iterator[Guess]:
        for way in ways:
            gain = self._gain(way.edits)
            yield Guess(way.edits, way.title, math.log(way.likely) + _KNOWN_SLIP + _TRUST * gain, gain, True)

    def of_tokens(self, numbers: Iterable[int]) -> Iterator[Guess]:
        for one in token_edits(self.place, numbers):
            gain = self._row.gain(one.first - self.first, min(one.end - self.first, len(self._row.pieces)), one.new)
            gain = _bounded(gain)
            yield Guess((one.edit,), one.title, one.likely + _TRUST * gain, gain)

    def _gain(self, edits: Sequence[TextEdit]) -> float:
        text = self.place.text
        inside = [e for e in edits if self._start <= e.start and e.end <= self._end]
        if not inside or any(sign in e.text or sign in text[e.start : e.end] for e in edits for sign in _TEXT_SIGNS):
            return 0.0
        # ends are in the text; what is before the window is left out
        line = text.rfind("\n", 0, self._start) + 1
        moved = [TextEdit(e.start - line, e.end - line, e.text) for e in inside]
        new = apply_text_edits(text[line : self._end], moved)
        gain = self._row.gain(0, len(self._row.pieces), pieces(new, merged(tokens(new))))
        return min(_MOST_OF_WAY, _bounded(gain))


def _bounded(gain: float) -> float:
    return max(_LEAST, min(_MOST, gain))
