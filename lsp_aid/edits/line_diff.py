"""Which lines differ between two texts: quick on long files, and in step with what a person would call the change.

Lines that occur once in both texts hold the two together (patience diff); between them, the longest common runs.
"""

import difflib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")

MAX_LINES_COMPARED = 2000
"""Beyond so many lines without one that is unique, lines that are everywhere hold nothing together any more."""


@frozen
class Span:
    """Lines `[start, end)` of the text before became lines `[new_start, new_end)` of the text after."""

    start: int
    end: int
    new_start: int
    new_end: int


def split(text: str) -> list[str]:
    """The lines with their ends, LF, CRLF or CR; the last may have none, and is then not empty."""
    return _LINE.findall(text)


def line_diff(old: Sequence[str], new: Sequence[str]) -> list[Span]:
    """The spans that differ, in order; at least one equal line lies between two of them."""
    spans: list[Span] = []
    gaps = [Span(0, len(old), 0, len(new))]
    while gaps:
        gap = _trimmed(old, new, gaps.pop())
        if gap.start == gap.end and gap.new_start == gap.new_end:
            continue
        if gap.start == gap.end or gap.new_start == gap.new_end:
            spans.append(gap)
        elif anchors := _anchors(old, new, gap):
            gaps += reversed(list(_between(gap, anchors)))
        else:
            spans += _matched(old, new, gap)
    return _joined(spans)


def changed_lines(before: str | None, after: str | None) -> int:
    """How many lines a change touches: a line that is replaced by another counts once."""
    spans = line_diff(split(before or ""), split(after or ""))
    return sum(max(span.end - span.start, span.new_end - span.new_start) for span in spans)


def common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many parts are the same at the start, and how many of the others at the end."""
    shorter = min(len(old), len(new))
    first = 0
    while first < shorter and old[first] == new[first]:
        first += 1
    last = 0
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return first, last


def _trimmed(old: Sequence[str], new: Sequence[str], gap: Span) -> Span:
    first, last = common_ends(old[gap.start : gap.end], new[gap.new_start : gap.new_end])
    return Span(gap.start + first, gap.end - last, gap.new_start + first, gap.new_end - last)


def _anchors(old: Sequence[str], new: Sequence[str], gap: Span) -> list[tuple[int, int]]:
    """The most pairs of equal lines, each unique in its part of both texts, that are in the same order in both."""
    counts, new_counts = Counter(old[gap.start : gap.end]), Counter(new[gap.new_start : gap.new_end])
    places = {new[n]: n for n in range(gap.new_start, gap.new_end) if new_counts[new[n]] == 1}
    pairs = [(n, places[old[n]]) for n in range(gap.start, gap.end) if counts[old[n]] == 1 and old[n] in places]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    tops: list[int] = []
    ends: list[int] = []  # the pair that each top belongs to
    previous: list[int] = []
    for number, (_, place) in enumerate(pairs):
        height = bisect_left(tops, place)
        if height == len(tops):
            tops.append(place)
            ends.append(number)
        tops[height], ends[height] = place, number
        previous.append(ends[height - 1] if height else -1)
    chain = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(pairs[at])
        at = previous[at]
    return chain[::-1]


def _between(gap: Span, anchors: Sequence[tuple[int, int]]) -> Iterator[Span]:
    start, new_start = gap.start, gap.new_start
    for place, new_place in anchors:
        yield Span(start, place, new_start, new_place)
        start, new_start = place + 1, new_place + 1
    yield Span(start, gap.end, new_start, gap.new_end)


def _matched(old: Sequence[str], new: Sequence[str], gap: Span) -> Iterator[Span]:
    left, right = old[gap.start : gap.end], new[gap.new_start : gap.new_end]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=len(left) + len(right) > MAX_LINES_COMPARED)
    for what, start, end, new_start, new_end in matcher.get_opcodes():
        if what != "equal":
            yield Span(gap.start + start, gap.start + end, gap.new_start + new_start, gap.new_start + new_end)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans that meet become one."""
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].end == span.start and joined[-1].new_end == span.new_start:
            last = joined.pop()
            joined.append(Span(last.start, span.end, last.new_start, span.new_end))
        else:
            joined.append(span)
    return joined
