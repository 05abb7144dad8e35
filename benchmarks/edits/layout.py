"""Whether a spoilt reply still tells the white space of its new lines, and so every byte of the outcome.

Damage to white space can take away what no reader can know: tabs whose width no quoted line shows, a lone quoted line
that is indented wrongly, or a blank line left out beside a change. This says which replies are not so. It knows how the
rows were meant, tries all uniform ways to read their indentation, and takes the simplest that fits what is quoted:

1. as it is written;
2. tabs for so many spaces, the same throughout the reply, or all lines of a hunk shifted by as many;
3. both.

Where none fits a hunk's quoted lines, white space was not changed in one way, and new lines are read as written. The
layout is told where that reading alone gives the lines that were meant.
"""

import itertools
from collections.abc import Sequence

from attrs import frozen

from benchmarks.edits.reply import ADD, ELIDED, KEEP, Hunk, Reply, Row

WIDTHS = (2, 4, 8)
MOST_SHIFTED = 12


@frozen
class Reading:
    """Tabs stand for `tab` columns (0: for themselves), then `shift` columns are put before a line, or taken away."""

    tab: int
    shift: int

    def of(self, text: str) -> str | None:
        """A line as it is meant, if this is how it is written; None where it cannot be."""
        body = text.lstrip(" \t")
        indent = text[: len(text) - len(body)]
        indent = indent.expandtabs(self.tab) if self.tab else indent
        if self.shift < 0:
            return indent[-self.shift :] + body if len(indent) >= -self.shift else None
        return " " * self.shift + indent + body

    @property
    def rank(self) -> int:
        return (self.tab != 0) + (self.shift != 0)


def is_told(reply: Reply) -> bool:
    """Whether the reply tells the white space of every new line."""
    hunks = [hunk for file in reply.files if file.kind == "change" for hunk in file.hunks]
    tab = _tab([row for hunk in hunks for row in hunk.quoted])
    return all(_is_indentation_told(hunk, tab) and _is_place_told(hunk.rows) for hunk in hunks)


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


def _tab(quoted: Sequence[Row]) -> int | None:
    """The one width of tabs that fits all quoted lines which are meant without; None where they do not say."""
    tabbed = [row for row in quoted if "\t" in _indent(row.text) and "\t" not in _indent(row.meant)]
    fitting = [width for width in WIDTHS if _fits(Reading(width, 0), tabbed)]
    return fitting[0] if tabbed and len(fitting) == 1 else None


def _fits(reading: Reading, rows: Sequence[Row]) -> bool:
    for row in rows:
        read = reading.of(row.text)
        if row.text.strip() and (read is None or _indent(read) != _indent(row.meant)):
            return False
    return True


def _is_indentation_told(hunk: Hunk, tab: int | None) -> bool:
    widths = (0, *WIDTHS) if tab is None else (tab,)
    readings = [Reading(width, shift) for width in widths for shift in range(-MOST_SHIFTED, MOST_SHIFTED + 1)]
    fitting = [reading for reading in readings if _fits(reading, hunk.quoted)] or [Reading(0, 0)]
    simplest = min(reading.rank for reading in fitting)
    new = [row for row in hunk.rows if row.sign == ADD and row.text.strip()]
    return all(reading.of(row.text) == row.meant for reading in fitting if reading.rank == simplest for row in new)


def _is_place_told(rows: Sequence[Row]) -> bool:
    """Whether no line of the file that is left out stands right beside a change, where it could be on either side."""
    for part in _parts(rows):
        quoted = [n for n, row in enumerate(part) if row.sign != ADD]
        for n, m in itertools.pairwise(quoted):
            is_gap = part[m].line != part[n].line + 1
            if is_gap and any(row.sign != KEEP for row in part[n : m + 1]):
                return False
    return True


def _parts(rows: Sequence[Row]) -> list[list[Row]]:
    parts: list[list[Row]] = [[]]
    for row in rows:
        if row.sign == ELIDED:
            parts.append([])
        else:
            parts[-1].append(row)
    return parts
