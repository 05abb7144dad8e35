"""The smallest edits that are still true to lines and words, so that editors keep cursors, marks and folds."""

import difflib
import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_TOKEN = re.compile(r"\w+|\r\n|[^\S\r\n]+|.", re.DOTALL)

MAX_LINES_COMPARED = 4000
"""Beyond so many lines in question, likely lines are guessed at, which is quicker."""


def minimal_edits(before: str, after: str) -> tuple[TextEdit, ...]:
    """Edits that make `after` of `before`, in order, none overlapping, no CRLF split."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    first, old_end, new_end = _common(old, new)
    middle_old, middle_new = old[first:old_end], new[first:new_end]
    starts = [0]
    for line in old[:old_end]:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(
        None, middle_old, middle_new, autojunk=len(middle_old) + len(middle_new) > MAX_LINES_COMPARED
    )
    edits: list[TextEdit] = []
    for what, i, i_end, j, j_end in matcher.get_opcodes():
        if what == "equal":
            continue
        if i_end - i == j_end - j:
            for number in range(i_end - i):
                edits += _in_words(starts[first + i + number], middle_old[i + number], middle_new[j + number])
        else:
            edits += _in_words(starts[first + i], "".join(middle_old[i:i_end]), "".join(middle_new[j:j_end]))
    return tuple(edits)


def _in_words(at: int, before: str, after: str) -> list[TextEdit]:
    """One edit, drawn in to the words that differ."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    first, old_end, new_end = _common(old, new)
    if first == old_end and first == new_end:
        return []
    start = at + sum(map(len, old[:first]))
    return [TextEdit(start, start + sum(map(len, old[first:old_end])), "".join(new[first:new_end]))]


def _common(old: Sequence[str], new: Sequence[str]) -> tuple[int, int, int]:
    """How many parts are the same at the start, and where in each the parts begin that are the same at the end."""
    shorter = min(len(old), len(new))
    first = 0
    while first < shorter and old[first] == new[first]:
        first += 1
    last = 0
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return first, len(old) - last, len(new) - last
