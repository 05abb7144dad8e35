"""New lines given the indentation of the file that they go to, where a reply believed in another.

What a reply believes is learnt from the lines that it repeats. A block whose lines are all off in one and the same way
is moved back as a whole. Where white space is off from line to line, that says nothing about lines that are new: they
stay as the reply has them.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from attrs import frozen

from lsp_aid.edits.source import indent_of, squeezed

Pairs = Sequence[tuple[str, str]]
"""Lines as a reply repeats them, and the same as the file has them, in order."""

WIDTHS = (8, 4, 2)
"""What a tab may stand for, in columns."""
_SCALES = ((1, 2), (2, 1))
_ODD_SCALES = ((2, 3), (3, 2), (1, 4), (4, 1), (3, 4), (4, 3))
"""These are believed only of lines that are indented in different ways: any one is explained by some of them."""
FEW = 3
"""Fewer lines than these that are off alike are chance, where others are off in other ways."""
_MAX_SHIFTS = 4

_Move = Callable[[str], str | None]
"""None where an indentation cannot have come about in that way."""
_Counts = Mapping[tuple[str, str], int]
"""How often a line is indented like the first in the reply and like the second in the file."""


@frozen
class Layout:
    """How the white space of a reply as a whole differs from that of the files.

    `tab`: how many of the files' spaces a tab of the reply stands for, 0 if they do not meet. `drifts`: it differs
    from line to line, so that what a line or two are off by says little.
    """

    tab: int = 0
    drifts: bool = False

    @classmethod
    def of(cls, blocks: Iterable[Pairs]) -> "Layout":
        """Learnt from the lines of all blocks that have a place."""
        known = [pairs for pairs in blocks if any(one != two for one, two in pairs)]
        tab = _tab(_counted(pair for pairs in known for pair in pairs))
        return cls(tab, any(_drifts(pairs, tab) for pairs in known))


class Indentation:
    """What is learnt from the lines of one block, and of its whole reply."""

    def __init__(self, pairs: Pairs, layout: Layout) -> None:
        self._tab = 0 if any("\t" in indent_of(real) for _, real in pairs) else layout.tab
        self._move = _best(_counted(pairs, self._tab), layout.drifts)

    def moved(self, line: str) -> str:
        """A line of the reply as it is to stand in the file."""
        if not line.strip():
            return line
        said = indent_of(line)
        spaced = _spaced(said, self._tab)
        real = self._move(spaced)
        return (spaced if real is None else real) + line[len(said) :]


def _counted(pairs: Iterable[tuple[str, str]], tab: int = 0) -> _Counts:
    return Counter((_spaced(indent_of(one), tab), indent_of(two)) for one, two in pairs)


def _spaced(indent: str, tab: int) -> str:
    return indent.expandtabs(tab) if tab else indent


def _tab(counts: _Counts) -> int:
    """The one width that explains most lines in which the reply has tabs and the file spaces."""
    explained: Counter[int] = Counter()
    whole = 0
    for (said, real), count in counts.items():
        if "\t" in said and "\t" not in real:
            whole += count
            explained.update({width: count for width in WIDTHS if said.expandtabs(width) == real})
    width, most = max(explained.items(), key=lambda item: item[1], default=(0, 0))
    return width if 3 * most > 2 * whole else 0


def _drifts(pairs: Pairs, tab: int) -> bool:
    if any(one.split() != two.split() and squeezed(one) == squeezed(two) for one, two in pairs):
        return True  # between the words of a line
    counts = _counted(pairs, tab)
    return not any(_explained(move, counts) == len(pairs) for move in _moves(counts))


def _best(counts: _Counts, drifts: bool) -> _Move:
    """What makes the file's indentation of the reply's."""
    whole = sum(counts.values())
    as_it_is, *others = ((_explained(move, counts), move) for move in _moves(counts))
    score, move = max(others, key=lambda one: one[0], default=as_it_is)
    if as_it_is[0] == whole or (score == whole and not drifts):
        return as_it_is[1] if as_it_is[0] == whole else move
    return move if score >= FEW and score > as_it_is[0] + 1 and 2 * score >= whole else as_it_is[1]


def _explained(move: _Move, counts: _Counts) -> int:
    """How many lines a move explains."""
    return sum(count for (said, real), count in counts.items() if move(said) == real)


def _moves(counts: _Counts) -> Iterator[_Move]:
    """Ways in which indentation may have been changed, the likeliest first: not at all."""
    yield str
    for said, real in itertools.islice((pair for pair in counts if pair[0] != pair[1]), _MAX_SHIFTS):
        if real.endswith(said):
            yield partial(_deeper, real.removesuffix(said))
        if said.endswith(real):
            yield partial(_cut, len(said) - len(real))
        for width in WIDTHS:
            for delta in dict.fromkeys((0, _width(real, width) - _width(said, width))):
                yield partial(_in_spaces, width, delta)
                yield partial(_in_tabs, width, delta)
    is_telling = len({said for said, _ in counts if said}) > 1
    for times, by in (*_SCALES, *(_ODD_SCALES if is_telling else ())):
        yield partial(_scaled, times, by)


def _deeper(more: str, indent: str) -> str:
    return more + indent


def _cut(count: int, indent: str) -> str | None:
    return indent[count:] if len(indent) >= count else None


def _in_spaces(tab: int, delta: int, indent: str) -> str | None:
    width = _width(indent, tab) + delta
    return " " * width if width >= 0 else None


def _in_tabs(tab: int, delta: int, indent: str) -> str | None:
    width = _width(indent, tab) + delta
    return "\t" * (width // tab) + " " * (width % tab) if width >= 0 else None


def _scaled(times: int, by: int, indent: str) -> str | None:
    return None if len(indent) * times % by else " " * (len(indent) * times // by)


def _width(indent: str, tab: int) -> int:
    return len(indent.expandtabs(tab))
