"""Words and signs that a construct needs and other languages, or other constructs, do not.

S with key = Key.t                    S with type key = Key.t
let module B = backend in             let module B = (val backend) in
| Length of string t -> int t         | Length : string t -> int t
{ ...r, a = 1 }                       { r with a = 1 }
'\\e'                                  '\\027'
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.slips.way import Place, Way

_CONSTRAINT = re.compile(r"\b(with|and)(\s+)(?=(?:'[a-z]\w*\s+)?[a-z_][\w']*\s*:?=)")
_PACKED = re.compile(r"\bmodule\s+([A-Z]\w*)\s*(?::\s*([\w.']+)\s*)?=\s*([a-z_][\w'.]*|![a-z_][\w']*)")
_CARRIES = re.compile(r"\|\s*[A-Z]\w*(\s+of\b)[^|=]*?->")
_SPREAD = re.compile(r"\{\s*\.{2,3}\s*([a-zA-Z_][\w'.]*)\s*([,;])")
_ESCAPES = {"e": "027", "0": "000", "a": "007", "v": "011", "f": "012", "E": "027"}
_ESCAPE = re.compile(r"\\([e0avfE])(?![0-9])")
_NEAR = 400


def ways(place: Place) -> Iterator[Way]:
    if isinstance(place.message, messages.SyntaxProblem) or "escape" in getattr(place.message, "text", ""):
        yield from _escapes(place)
    if not place.is_syntax:
        return
    yield from _constraints(place)
    for match in _near(place, _PACKED):
        value = f"(val {match[3]}{f' : {match[2]}' if match[2] else ''})"
        edit = TextEdit(match.end(1), match.end(), f" = {value}")
        yield Way((edit,), f"A module is unpacked with `val`: `{value}`", 0.95)
    carried = list(_near(place, _CARRIES))
    if carried:
        edits = tuple(TextEdit(m.start(1), m.end(1), " :") for m in carried)
        yield Way(edits, "A constructor that says what it gives is declared with `:`", 0.95)
    for match in _near(place, _SPREAD):
        yield from _spread(place, match)


def _near(place: Place, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    return (m for m in pattern.finditer(place.text) if m.start() - _NEAR < place.start < m.end() + _NEAR)


def _constraints(place: Place) -> Iterator[Way]:
    """In a line that speaks of a module: `with` and `and` before a type."""
    found = []
    for match in _near(place, _CONSTRAINT):
        line = place.text[place.text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if re.search(r"\b(?:module|include|functor|with type)\b|:\s*[A-Z][\w.]*\s*$", line):
            found.append(match)
    if found:
        edits = tuple(TextEdit(m.end(), m.end(), "type ") for m in found)
        yield Way(edits, "A constraint says `type`: `with type`", 0.95)


def _spread(place: Place, match: re.Match[str]) -> Iterator[Way]:
    number = next((n for n, token in enumerate(place.code) if token.start >= match.start()), None)
    closing = place.closing(number) if number is not None else None
    edits = [TextEdit(match.start() + 1, match.end(), f" {match[1]} with")]
    if closing is not None and number is not None:
        between = [token for token in place.code[number:closing] if token.start >= match.end()]
        edits += [TextEdit(t.start, t.end, ";") for t in between if t.text == ","]
        edits += [TextEdit(t.start, t.end, " =") for t in between if t.text == ":"]
    yield Way(tuple(edits), f"A record with other fields is `{{ {match[1]} with ... }}`", 0.95)


def _escapes(place: Place) -> Iterator[Way]:
    found = list(_ESCAPE.finditer(place.text))
    near = [m for m in found if abs(m.start() - place.start) < _NEAR]
    for some in dict.fromkeys((tuple(found), tuple(near[:1]))) if near else ():
        edits = tuple(TextEdit(m.start(1), m.end(1), _ESCAPES[m[1]]) for m in some)
        yield Way(edits, f"`{near[0][0]}` is `\\{_ESCAPES[near[0][1]]}`", 0.93)
