"""Types that are written otherwise than OCaml has them.

type t = { a = int; b : mutable string }      type t = { a : int; mutable b : string }
type pair = (int, string)                     type pair = int * string
Load of reg, int                              Load of reg * int
type t = [ `A | B ]                           type t = [ `A | `B ]
let f x : int y : int = ...                   let f (x : int) (y : int) = ...
let f (x : int) -> int = ...                  let f (x : int) : int = ...
(a : int[]), (a : list int)                   (a : int array), (a : int list)
val make : ?(size = 16) -> unit -> t          val make : ?size:int -> unit -> t
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.scope import number_type
from lsp_aid.repair.slips.way import CLOSING, OPENING, Place, Way

_RECORD = re.compile(r"\btype\b[^={}]*=\s*(?:private\s+)?\{([^{}]*)\}")
_FIELD = re.compile(r"(?<=[\s;{])([a-z_][\w']*)(\s*)=(?=\s*[a-z'(])")
_MUTABLE = re.compile(r"\b([a-z_][\w']*)(\s*:\s*)mutable\s+")
_TUPLE = re.compile(r"\(\s*((?:'?[a-z_A-Z][\w'. ]*)(?:,\s*'?[a-z_A-Z][\w'. ]*)+)\)(?!\s*[a-z_'(])")
_ARRAY = re.compile(r"\b('?[a-z_][\w'.]*)\s*\[\s*\]")
_TURNED = re.compile(
    r"(?<=[:(,*>] )(list|option|array|ref|Seq\.t|Lazy\.t)\s+"
    r"(?=('?[a-z_][\w'.]*|\([^()]*\))\s*[)=,*\n-])('?[a-z_][\w'.]*|\([^()]*\))"
)
_VARIANT = re.compile(r"\[[<> ]?([^\[\]]*`[^\[\]]*)\]")
_BARE_TAG = re.compile(r"(?<![`\w.])([A-Z]\w*)(?=\s*(?:\||\]|of\b|$))")
_DEFAULT = re.compile(r"\?\(\s*([a-z_][\w']*)\s*=\s*(-?[\w.]+|\"[^\"]*\"|\[\])\s*\)(?=\s*->)")
_NEAR = 400


def ways(place: Place) -> Iterator[Way]:
    if not place.is_syntax:
        if any(match.start() <= place.start <= match.end() for match in _TURNED.finditer(place.text)):
            yield from _near(place, _TURNED, _turned, "What a type is of stands before it: `{}`", 0.9)
        return
    yield from _fields(place)
    yield from _near(
        place, _MUTABLE, lambda m: f"mutable {m[1]}{m[2]}", "`mutable` stands before the field: `{}`", 0.93
    )
    yield from _near(place, _TUPLE, _product, "A type of pairs is written with `*`: `{}`", 0.85)
    yield from _near(place, _ARRAY, lambda m: f"{m[1]} array", "`{}`", 0.85)
    yield from _near(place, _TURNED, _turned, "What a type is of stands before it: `{}`", 0.85)
    yield from _near(place, _DEFAULT, _optional, "A type says no default: `{}`", 0.93)
    yield from _carried(place)
    yield from _tags(place)
    yield from _parameters(place)
    yield from _result(place)


def _near(place: Place, pattern: re.Pattern[str], new, title: str, likely: float) -> Iterator[Way]:  # type: ignore[no-untyped-def]
    """All of them, then the nearest alone."""
    found = [m for m in pattern.finditer(place.text) if abs(m.start() - place.start) < _NEAR]
    found.sort(key=lambda m: abs(m.start() - place.start))
    for some in dict.fromkeys((tuple(sorted(found, key=lambda m: m.start())), tuple(found[:1]))):
        if some:
            edits = tuple(TextEdit(m.start(), m.end(), new(m)) for m in some)
            yield Way(edits, title.format(new(found[0]).strip()), likely)


def _turned(match: re.Match[str]) -> str:
    return f"{match[3]} {match[1]}"


def _product(match: re.Match[str]) -> str:
    text = " * ".join(part.strip() for part in match[1].split(","))
    before = match.string[: match.start()].rstrip()
    return text if before.endswith(("=", "of")) else f"({text})"


def _optional(match: re.Match[str]) -> str:
    value = match[2]
    literal = number_type(value) if re.match(r"-?\d", value) else ""
    if not literal:
        literal = "bool" if value in ("true", "false") else "string" if value.startswith('"') else "'a"
    return f"?{match[1]}:{literal}"


def _fields(place: Place) -> Iterator[Way]:
    for record in _RECORD.finditer(place.text):
        if not record.start() - 20 <= place.start <= record.end() + 20:
            continue
        found = list(_FIELD.finditer(place.text, record.start(1) - 1, record.end(1)))
        if found:
            edits = tuple(TextEdit(m.end() - 1, m.end(), ":") for m in found)
            yield Way(edits, "A field's type follows `:`", 0.93)


def _carried(place: Place) -> Iterator[Way]:
    """Commas in what a constructor carries."""
    for number in place.near(8, 8):
        if place.word(number) != "of":
            continue
        edits = []
        depth = 0
        for token in place.code[number + 1 :]:
            depth += (token.text in OPENING) - (token.text in CLOSING)
            if depth < 0 or (token.text in ("|", "let", "type", "and", "=", ";") and depth == 0):
                break
            if token.text == "," and depth == 0:
                edits.append(TextEdit(token.start, token.end, " *" if place.text[token.start - 1] != " " else "*"))
        if edits:
            yield Way(tuple(edits), "What a constructor carries is written with `*`", 0.93)


def _tags(place: Place) -> Iterator[Way]:
    for variant in _VARIANT.finditer(place.text):
        if not variant.start() <= place.start <= variant.end():
            continue
        found = list(_BARE_TAG.finditer(place.text, variant.start(1), variant.end(1)))
        if found:
            edits = tuple(TextEdit(m.start(), m.start(), "`") for m in found)
            yield Way(edits, f"A tag begins with a backtick: `` `{found[0][1]} ``", 0.95)


_PARAMETER = re.compile(
    r"(?<![(\w~?])([a-z_][\w']*)\s*:\s*('?[a-z_][\w'.]*(?:\s+(?:list|option|array|ref))?)(?=\s+[a-z_(=])"
)


def _parameters(place: Place) -> Iterator[Way]:
    """Annotated parameters without parentheses, in the head of the definition that the error is in."""
    start = next(
        (n for n in range(min(place.at, len(place.code) - 1), -1, -1) if place.word(n) in ("let", "fun", "and")), None
    )
    if start is None:
        return
    end = next((n for n in range(start, len(place.code)) if place.word(n) in ("=", "->")), None)
    if end is None:
        return
    first = place.code[start + 2 if place.word(start) != "fun" else start + 1].start
    found = list(_PARAMETER.finditer(place.text, first, place.code[end].end))
    for some in dict.fromkeys((tuple(found), tuple(found[:-1]))):
        if some:
            edits = tuple(TextEdit(m.start(), m.end(), f"({m[1]} : {m[2]})") for m in some)
            yield Way(edits, "A parameter with its type stands in parentheses", 0.9)


def _result(place: Place) -> Iterator[Way]:
    """`-> int =` for `: int =`."""
    for number in place.near(6, 4):
        if place.word(number) == "->" and place.word(number - 1) in (")", "()"):
            stop = next((n for n in range(number + 1, min(number + 6, len(place.code))) if place.word(n) == "="), None)
            if stop is not None:
                token = place.code[number]
                yield Way((TextEdit(token.start, token.end, ":"),), "The result's type follows `:`", 0.93)
