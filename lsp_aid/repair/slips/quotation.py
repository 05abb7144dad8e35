"""Quotation marks within texts, texts in single quotes, comments that begin or end wrongly.

"he said "no" to me"              "he said \\"no\\" to me"
'\\n\\n'                            "\\n\\n"
(* adds numbers )                 (* adds numbers *)
adds numbers *)                   (* adds numbers *)
"""

import itertools
import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.slips.way import Place, Way

_MARK = re.compile(r'(?<!\\)"')
_SINGLE = re.compile(r"(?<![\w'])'((?:[^'\n\"]|\\.){2,})'(?![\w'])")
_READ = (messages.TypeClash, messages.TooManyArguments, messages.NotAFunction, messages.UnboundName)
_MOST = 8


def ways(place: Place) -> Iterator[Way]:
    if place.is_syntax or isinstance(place.message, _READ):
        yield from _inner(place)
    said = place.message.text if isinstance(place.message, messages.SyntaxProblem) else ""
    if "omment not terminated" in said:
        yield from _comment_end(place)
    if place.is_syntax:
        yield from _comment_start(place)
    if place.is_syntax or "llegal" in getattr(place.message, "text", ""):
        yield from _single(place)


def _inner(place: Place) -> Iterator[Way]:
    """Several texts in a row of a line are one: the marks within are part of it."""
    start = place.text.rfind("\n", 0, place.start) + 1
    end = place.text.find("\n", place.end)
    line = place.text[start : end if end >= 0 else len(place.text)]
    marks = [start + m.start() for m in _MARK.finditer(line)]
    if len(marks) < 4 or len(marks) > _MOST:
        return
    for first, last in itertools.combinations(range(len(marks)), 2):
        inner = marks[first + 1 : last]
        if (
            not inner
            or len(inner) % 2
            or not all(_is_text(place.text, *pair) for pair in zip(inner[::2], inner[1::2], strict=True))
        ):
            continue
        edits = tuple(TextEdit(m, m, "\\") for m in inner)
        fewer = 0.01 * (len(marks) - len(inner))
        yield Way(edits, 'A quotation mark in a text is `\\"`', 0.9 - fewer)


def _is_text(text: str, closed: int, opened: int) -> bool:
    """Whether what stands between two texts touches both, as no code does."""
    return re.fullmatch(r"[\w{:\\](?:.*[\w}:.!?])?", text[closed + 1 : opened]) is not None


def _single(place: Place) -> Iterator[Way]:
    found = [m for m in _SINGLE.finditer(place.text) if abs(m.start() - place.start) < 300 and len(m[1]) > 2]
    if found:
        edits = tuple(TextEdit(m.start(), m.end(), f'"{m[1]}"') for m in found)
        yield Way(edits, f'A text is in double quotes: "{found[0][1]}"', 0.85)


def _comment_end(place: Place) -> Iterator[Way]:
    """A line of a comment that ends with `)` alone."""
    opened = place.text.rfind("(*", 0, place.start + 2)
    for match in re.finditer(r"(?<!\*)\s*\)[ \t]*$", place.text[opened:], re.MULTILINE):
        at = opened + match.end() - len(match[0]) + match[0].index(")")
        yield Way((TextEdit(at, at, "*" if match[0].startswith((" ", ")")) else " *"),), "End the comment: `*)`", 0.93)
        return


def _comment_start(place: Place) -> Iterator[Way]:
    """A line that ends with `*)` and begins no comment."""
    end = place.text.find("*)", max(0, place.start - 200))
    if end < 0 or place.text.rfind("(*", 0, end) > place.text.rfind("*)", 0, end):
        return
    start = place.text.rfind("\n", 0, end) + 1
    blank = len(place.text[start:end]) - len(place.text[start:end].lstrip())
    yield Way((TextEdit(start + blank, start + blank, "(* "),), "Begin the comment: `(*`", 0.92)
