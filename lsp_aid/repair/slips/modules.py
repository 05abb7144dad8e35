"""Modules whose words are missing or stand for one another.

module M =  let a = 1 end         module M = struct let a = 1 end
module M = { let a = 1 }          module M = struct let a = 1 end
module type S = struct ... end    module type S = sig ... end
module F (X) = struct ...         module F (X : S) = struct ...
module F (X : S, Y : T) = ...      module F (X : S) (Y : T) = ...
Map.Make String                   Map.Make (String)
Make (X, Y)                       Make (X) (Y)
object let n = 1 end              object method n = 1 end
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.repair.slips.way import Place, Way, replaced

_ITEMS = ("let", "type", "val", "open", "module", "exception", "include", "external")
_FUNCTOR = re.compile(r"\bmodule\s+[A-Z]\w*\s*((?:\(\s*[A-Z]\w*\s*\)\s*)+)")
_APPLIED = re.compile(r"((?:[A-Z]\w*\.)*[A-Z]\w*)[ \t]+((?:[A-Z]\w*\.)*[A-Z]\w*)\b(?!\s*\.)")
_MODULE = r"(?:[A-Z]\w*\.)*[A-Z]\w*"
_TUPLED = re.compile(rf"(?:{_MODULE})\s*(\(\s*{_MODULE}(?:\s*,\s*{_MODULE})+\s*\))")
_TUPLE = re.compile(
    r"(?:\bmodule\s+(?:type\s+)?[A-Z]\w*|\bfunctor)\s*"
    r"(\(\s*[A-Z]\w*\s*:[^(),]+(?:,\s*(?:[A-Z]\w*\s*:\s*)?[^(),]+)+\))"
)
_BEFORE, _BEHIND = 60, 6


def ways(place: Place) -> Iterator[Way]:
    if not place.is_syntax:
        return
    for number in place.near(_BEFORE, _BEHIND):
        token = place.code[number]
        if token.text == "struct" and _is_type(place, number):
            yield replaced(token, "sig", 0.95)
        elif token.text == "sig" and not _is_type(place, number):
            yield replaced(token, "struct", 0.9)
        elif token.text == "=" and place.word(number + 1) in _ITEMS and _is_module(place, number):
            word = " sig" if _is_type(place, number + 1) else " struct"
            yield Way((TextEdit(token.end, token.end, word),), f"Add `{word.strip()}`", 0.93)
        elif token.text == "{" and _is_module(place, number - 1):
            closing = place.closing(number)
            if closing is not None:
                word = "sig" if _is_type(place, number) else "struct"
                end = place.code[closing]
                edits = (TextEdit(token.start, token.end, word), TextEdit(end.start, end.end, "end"))
                yield Way(edits, f"A module is `{word} ... end`", 0.93)
        elif token.text == "let" and _is_in_object(place, number):
            found = [t for n, t in enumerate(place.code) if t.text == "let" and _is_in_object(place, n)]
            methods = tuple(TextEdit(t.start, t.end, "method") for t in found)
            yield Way(methods, "What an object does is a `method`", 0.85)
    yield from _functors(place)


def _is_module(place: Place, number: int) -> bool:
    """Whether the `=` of that number is the one of a module."""
    start = number
    while start > 0 and place.word(start) not in ("module", "let", "type", "struct", "sig", "in"):
        start -= 1
    return place.word(start) == "module" or (place.word(start) == "type" and place.word(start - 1) == "module")


def _is_type(place: Place, number: int) -> bool:
    """Whether a signature stands there: behind `module type S =`, or behind a colon."""
    before = place.word(number - 1)
    if before == ":":
        return True
    return before == "=" and place.word(number - 3) == "type" and place.word(number - 4) == "module"


def _is_in_object(place: Place, number: int) -> bool:
    """Whether a `let` stands in an object, right behind another part of it."""
    if not place.starts_line(number):
        return False
    indent = place.indent(place.code[number].start)
    for other in range(number - 1, -1, -1):
        if place.word(other) == "object":
            return True
        if place.starts_line(other) and len(place.indent(place.code[other].start)) < len(indent):
            line = [place.word(n) for n in range(other, number) if not place.starts_line(n) or n == other]
            return "object" in line[:12]
    return False


def _functors(place: Place) -> Iterator[Way]:
    types = re.findall(r"\bmodule\s+type\s+([A-Z]\w*)", place.text[: place.end])
    for match in _FUNCTOR.finditer(place.text):
        if abs(match.start() - place.start) > 200:
            continue
        for type_ in reversed(types):
            text = re.sub(r"\(\s*([A-Z]\w*)\s*\)", rf"(\1 : {type_})", match[1])
            edit = TextEdit(match.start(1), match.end(1), text)
            yield Way((edit,), f"A functor says what it takes: `{text.strip()}`", 0.85)
    for match in (*_TUPLE.finditer(place.text), *_TUPLED.finditer(place.text)):
        if match.start(1) <= place.start <= match.end(1):
            parts = [f"({part.strip()})" for part in match[1][1:-1].split(",")]
            edit = TextEdit(match.start(1), match.end(1), " ".join(parts))
            yield Way((edit,), f"A functor takes its arguments one by one: `{' '.join(edit.text.split())}`", 0.95)
    for match in _APPLIED.finditer(place.text):
        line = place.text[place.text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if abs(match.start() - place.start) < 200 and re.search(r"\bmodule\b.*=\s*$", line):
            edit = TextEdit(match.start(2), match.end(2), f"({match[2]})")
            yield Way((edit,), f"A functor is given its argument in parentheses: `({match[2]})`", 0.93)
