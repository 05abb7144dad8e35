"""Formatting where a change was made, and nowhere else."""

from collections.abc import Sequence

from lsp_aid.domain.changes import FileChange
from lsp_aid.edits.line_diff import Span, line_diff, split


def formatted_where_changed(change: FileChange, before_formatted: str, after_formatted: str) -> str:
    """The text after a change of a file that stays, with those hunks of its formatting that overlap with the changed
    lines. A hunk is left out where the text before was not formatted at that place either.

    `before_formatted` and `after_formatted` are both texts as the formatter has them.
    """
    before, after, formatted = split(change.before or ""), split(change.after or ""), split(after_formatted)
    changed = line_diff(before, after)
    loose = line_diff(before, split(before_formatted))
    pieces: list[str] = []
    at = 0
    for hunk in line_diff(after, formatted):
        if not any(_overlap(hunk.start, hunk.end, span.new_start, span.new_end) for span in changed):
            continue
        start, end = _place_before(changed, hunk)
        if any(_overlap(start, end, span.start, span.end) for span in loose):
            continue
        pieces += (*after[at : hunk.start], *formatted[hunk.new_start : hunk.new_end])
        at = hunk.end
    return "".join((*pieces, *after[at:]))


def _overlap(start: int, end: int, other_start: int, other_end: int) -> bool:
    """Whether two ranges share a line; one without lines lies between two, and overlaps with what it touches."""
    if start == end or other_start == other_end:
        return start <= other_end and other_start <= end
    return start < other_end and other_start < end


def _place_before(changed: Sequence[Span], hunk: Span) -> tuple[int, int]:
    """The lines of the text before that became the hunk's lines of the text after."""
    start, end = hunk.start, hunk.end
    for span in changed:
        if span.new_end <= hunk.start:
            start = hunk.start + span.end - span.new_end
        elif span.new_start <= hunk.start:
            start = span.start
        if span.new_end <= hunk.end:
            end = hunk.end + span.end - span.new_end
        elif span.new_start <= hunk.end:
            end = span.end
    return start, max(start, end)
