"""New lines given the indentation of the file that they go to, where a reply believed in another."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lsp_aid.edits.source import indent_of

_WIDTHS = (8, 4, 2)
_SCALES = ((1, 2), (2, 1), (2, 3), (3, 2), (1, 4), (4, 1), (3, 4), (4, 3))
_Move = Callable[[str], str]


class Indentation:
    """Learnt from lines that a reply repeats: how each is indented there, and how in the file."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """`pairs`: lines as the reply has them, and the same as the file has them, in order."""
        self._pairs = [(indent_of(one), indent_of(two)) for one, two in pairs]
        self._known = dict(reversed(self._pairs))
        # Where it drifts from line to line, what explains most of the lines is likeliest for the new ones as well.
        self._counts = Counter(self._pairs)
        best = max(_moves(self._pairs), key=self._explained)
        self._move = best if 2 * self._explained(best) >= len(self._pairs) else None

    def moved(self, line: str, near: int = 0) -> str:
        """A line of the reply as it is to stand in the file. `near`: the number of the nearest pair."""
        believed = indent_of(line)
        if not line.strip() or not self._pairs:
            return line
        if self._move is not None:
            return self._move(believed) + line[len(believed) :]
        if believed in self._known:
            return self._known[believed] + line[len(believed) :]
        there, real = self._pairs[max(0, min(near, len(self._pairs) - 1))]
        if believed.startswith(there):
            return real + line[len(there) :]
        return " " * max(0, _width(believed, 8) + _width(real, 8) - _width(there, 8)) + line.lstrip()

    def _explained(self, move: _Move) -> int:
        """How many lines a move explains."""
        return sum(count for (believed, real), count in self._counts.items() if move(believed) == real)


def _moves(pairs: Sequence[tuple[str, str]]) -> Iterable[_Move]:
    """Ways in which indentation may have been changed, the likeliest first."""
    yield lambda indent: indent
    if not pairs:
        return
    believed, real = next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])
    if real.endswith(believed):
        more = real.removesuffix(believed)
        yield lambda indent: more + indent
    if believed.endswith(real):
        less = believed.removesuffix(real)
        yield lambda indent: indent.removeprefix(less) if indent.startswith(less) else indent[len(less) :]
    for drift in (False, True):
        for width in _WIDTHS:
            delta = _width(real, width) - _width(believed, width) if drift else 0
            yield lambda indent, width=width, delta=delta: " " * (_width(indent, width) + delta)  # type: ignore[misc]
            yield lambda indent, width=width, delta=delta: _tabs(_width(indent, width) + delta, width)  # type: ignore[misc]
    for times, by in _SCALES:
        yield lambda indent, times=times, by=by: " " * (len(indent) * times // by)  # type: ignore[misc]


def _width(indent: str, tab: int) -> int:
    return len(indent.expandtabs(tab))


def _tabs(width: int, tab: int) -> str:
    return "\t" * (max(0, width) // tab) + " " * (max(0, width) % tab)
