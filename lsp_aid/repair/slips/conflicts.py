"""Marks that a merge left in the text.

<<<<<<< HEAD
=======
let b = 2
>>>>>>> feature
"""

import itertools
import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.repair.slips.way import Place, Way

_CONFLICT = re.compile(
    r"^<{7}[^\n]*\n(.*?)(?:^\|{7}[^\n]*\n.*?)?^={7}[^\n]*\n(.*?)^>{7}[^\n]*(?:\n|\Z)", re.MULTILINE | re.DOTALL
)
_MOST = 4


def ways(place: Place) -> Iterator[Way]:
    found = list(_CONFLICT.finditer(place.text)) if place.is_syntax else []
    if not found:
        return
    sides = [_sides(match) for match in found[:_MOST]]
    for chosen in itertools.product(*sides):
        rest = [max(_sides(m), key=lambda one: one[1]) for m in found[_MOST:]]
        parts = [*chosen, *rest]
        edits = tuple(TextEdit(m.start(), m.end(), part[0]) for m, part in zip(found, parts, strict=True))
        likely = min(part[1] for part in parts)
        titles = dict.fromkeys(part[2] for part in parts)
        yield Way(edits, f"Settle the merge: {', '.join(titles)}", likely)


def _sides(match: re.Match[str]) -> list[tuple[str, float, str]]:
    ours, theirs = match[1], match[2]
    if not ours.strip() or not theirs.strip():
        return [(ours or theirs, 0.95, "keep what was added"), ("", 0.4, "leave it out")]
    both = f"{ours.rstrip()}\n\n{theirs}" if "let " in ours else ours + theirs
    return [(ours, 0.8, "keep ours"), (theirs, 0.78, "keep theirs"), (both, 0.7, "keep both")]
