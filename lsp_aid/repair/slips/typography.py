"""Signs that a word processor or a page has put in the place of those of a program.

“list” is "list"          ‘a’ is 'a'          x ≤ y is x <= y          x − 1 is x - 1, and a blank that does not break
"""

import re
from collections.abc import Iterator, Mapping

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.slips.way import Place, Way

_PLAIN: Mapping[str, str] = {
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u00d7": "*",
    "\u00f7": "/",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "<>",
    "\u2192": "->",
    "\u21d2": "->",
    "\u2190": "<-",
    "\u2026": "..",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u200b": "",
    "\ufeff": "",
}
_QUOTED = re.compile('[\u201c\u201e\u00ab][^\n"]*?[\u201d\u201c\u00bb]')
_SIGN = re.compile(f"[{''.join(_PLAIN)}]")


def ways(place: Place) -> Iterator[Way]:
    """All of them that stand in code; what stands in a text or a comment is meant as it is."""
    if not place.is_syntax and not _SIGN.search(place.text[place.start : place.end]):
        return
    text = place.text
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    kept = [(t.start, t.end) for t in tokens(text) if t.is_comment or t.text.startswith(('"', "{|"))]
    kept = [(a, b) for a, b in kept if not any(a < end and start < b for start, end in quoted)]
    inside = [(start + 1, end - 1) for start, end in quoted]
    edits = []
    for match in _SIGN.finditer(text):
        at = match.start()
        if not any(start <= at < end for start, end in (*kept, *inside)):
            edits.append(TextEdit(at, match.end(), _PLAIN[match[0]]))
    if edits:
        shown = ", ".join(dict.fromkeys(f"`{text[e.start : e.end]}` is `{e.text}`" for e in edits[:3]))
        yield Way(tuple(edits), f"Signs of a printed page: {shown}", 0.97)
