"""Declarations of which a word, a sign or a capital letter is wrong.

val low : int = 0                         let low : int = 0
let high : int           (interface)      val high : int
type pair 'a = ..., type User = ...       type 'a pair = ..., type user = ...
type t = Number int                       type t = Number of int
| A of int  ; B                           | A of int  | B
val f : !a:int -> unit                    val f : ?a:int -> unit
let Area w h = w * h                      let area w h = w * h
module stack = struct                     module Stack = struct
let let x = 1                             let x = 1
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import Token
from lsp_aid.repair.slips.way import Place, Way, replaced

_PARAMETERS = re.compile(r"\btype\s+(nonrec\s+)?([a-z_][\w']*)\s+((?:'[a-z_]\w*\s*,?\s*)+)(?==)")
_ANGLES = re.compile(r"\b([a-z_][\w'.]*)<('?[\w' ,.]+)>")
_BINDERS = frozenset(("let", "and", "rec", "type", "val", "nonrec", "fun", "external", "mutable"))
_STARTS = frozenset(("let", "type", "module", "open", "include", "exception", "val", "external", "class"))
_LOWER = re.compile(r"[a-z_][\w']*$")
_UPPER = re.compile(r"[A-Z][\w']*$")
_NO_BARS = frozenset((";", ",", "/", "||"))
_NEAR = 12


def ways(place: Place) -> Iterator[Way]:
    if isinstance(place.message, messages.UnboundName):
        return
    yield from _words(place)
    yield from _parameters(place)
    yield from _names(place)
    yield from _constructors(place)
    yield from _options(place)
    yield from _doubled(place)


def _words(place: Place) -> Iterator[Way]:
    """`val` in an implementation, `let` in an interface; both may stand there rightly, in signatures and values."""
    for number in reversed(place.near(_NEAR, 2)):
        token = place.code[number]
        if token.text == "val" and place.starts_line(number) and not place.is_interface:
            yield replaced(token, "let", 0.75)
            stops = range(number + 1, len(place.code))
            end = next((n for n in stops if place.starts_line(n) and place.word(n) in _STARTS), None)
            behind = len(place.text) if end is None else place.code[end].start
            name = place.word(number + 1)
            is_defined = any(place.word(n - 1) in ("let", "rec", "and") and place.word(n) == name for n in stops)
            if is_defined:
                yield Way((TextEdit(token.start, behind, ""),), "Values are declared in the interface alone", 0.9)
        elif token.text in ("let", "def", "fun", "function", "value") and place.word(number + 2) in (":", "=>", "->"):
            yield replaced(token, "val", 0.8)
        elif token.text == "val" and place.word(number + 2) in ("=", "::"):
            yield replaced(place.code[number + 2], ":", 0.8)
        elif _LOWER.match(token.text) and place.starts_line(number) and place.word(number + 1) == ":":
            yield Way((TextEdit(token.start, token.start, "val "),), "Add `val`", 0.7)
        elif token.text == "val" and place.word(number + 2) != ":":
            end_ = place.code[min(number + 1, len(place.code) - 1)].end
            yield Way((TextEdit(end_, end_, " :"),), "Add `:`", 0.7)


def _parameters(place: Place) -> Iterator[Way]:
    for match in _PARAMETERS.finditer(place.text):
        if abs(match.start() - place.start) > 200:
            continue
        names = re.findall(r"'[a-z_]\w*", match[3])
        before = names[0] if len(names) == 1 else f"({', '.join(names)})"
        edit = TextEdit(match.start(2), match.end(), f"{before} {match[2]} ")
        yield Way((edit,), f"Parameters stand before the type: `{before} {match[2]}`", 0.9)
    found = [m for m in _ANGLES.finditer(place.text) if abs(m.start() - place.start) < 400]
    for some in (found, found[:1]):
        edits = tuple(TextEdit(m.start(), m.end(), _applied(m)) for m in some)
        if edits:
            yield Way(edits, f"Arguments stand before the type: `{_applied(some[0])}`", 0.8)


def _applied(match: re.Match[str]) -> str:
    return f"({match[2].strip()}) {match[1]}" if "," in match[2] else f"{match[2].strip()} {match[1]}"


def _names(place: Place) -> Iterator[Way]:
    """A capital letter where none may be, or none where one must be."""
    for number in place.near(4, 2):
        token, before = place.code[number], place.word(number - 1)
        binds = before in _BINDERS or ((before.startswith("'") or before == ")") and place.word(number + 1) == "=")
        if _UPPER.match(token.text) and binds:
            yield from _renamed(place, token, token.text[0].lower() + token.text[1:], "small letter")
        elif (
            _LOWER.match(token.text)
            and (
                before in ("module", "exception", "open", "include", "functor")
                or (before == "type" and place.word(number - 2) == "module")
            )
            and token.text not in ("type", "rec", "module", "struct", "sig")
        ):
            yield from _renamed(place, token, token.text[0].upper() + token.text[1:], "capital")


def _renamed(place: Place, token: Token, new: str, letter: str) -> Iterator[Way]:
    same = [other for other in place.code if other.text == token.text]
    title = f"This name begins with a {letter}: `{new}`"
    if len(same) > 1:
        yield Way(tuple(TextEdit(t.start, t.end, new) for t in same), title, 0.75)
    yield Way((TextEdit(token.start, token.end, new),), title, 0.8)


def _constructors(place: Place) -> Iterator[Way]:
    """`of`, and the capitals of constructors."""
    first = next((n for n in range(min(place.at, len(place.code) - 1), -1, -1) if place.word(n) in _STARTS), None)
    if first is None or place.word(first) not in ("type", "exception"):
        return
    last = next((n for n in range(first + 1, len(place.code)) if place.word(n) in _STARTS), len(place.code))
    item = range(first, last)
    bare = [
        place.code[n]
        for n in item
        if _UPPER.match(place.word(n))
        and place.word(n - 1) in ("|", "=", "exception")
        and re.match(r"['(a-zA-Z{]", place.word(n + 1))
        and place.word(n + 1) not in ("of", "and")
        and not (place.starts_line(n + 1) and place.word(n + 1) in _STARTS)
    ]
    for some in (bare, bare[:1]):
        if some:
            edits = tuple(TextEdit(token.end, token.end, " of") for token in some)
            yield Way(edits, f"`{some[0].text}` is a constructor `of` what follows", 0.85)
    signs = [n for n in item if place.word(n) in _NO_BARS and _UPPER.match(place.word(n + 1)) and place.starts_line(n)]
    if signs and any(place.word(n) == "|" for n in item):
        yield Way(tuple(_sign(place.code[n], "|") for n in signs), "Constructors are divided by `|`", 0.93)
    colons = [n for n in item if _UPPER.match(place.word(n - 1)) and place.word(n) == ":"]
    for n in colons[:1]:
        yield replaced(place.code[n], " of", 0.6)
    small = [n for n in item if n > first + 1 and _LOWER.match(place.word(n)) and place.word(n - 1) in ("|", "=")]
    if small and any(place.word(n + 1) == "|" or place.word(n - 1) == "|" for n in small):
        words = {place.word(n) for n in small}
        edits = tuple(
            TextEdit(token.start, token.start + 1, token.text[0].upper()) for token in place.code if token.text in words
        )
        yield Way(edits, "Constructors begin with a capital", 0.75)


def _sign(token: Token, sign: str) -> TextEdit:
    return TextEdit(token.start, token.end, sign)


def _options(place: Place) -> Iterator[Way]:
    """`!name:` in a type, where optional arguments have `?`."""
    for number in place.near(3, 2):
        if place.word(number) == "!" and _LOWER.match(place.word(number + 1)) and place.word(number + 2) == ":":
            yield Way(
                (_sign(place.code[number], "?"),), f"Optional arguments have `?`: `?{place.word(number + 1)}:`", 0.93
            )


def _doubled(place: Place) -> Iterator[Way]:
    """A word or a sign that stands twice."""
    for number in place.near(2, 1):
        token, before = place.code[number], place.word(number - 1)
        if token.text == before and (token.text.isalpha() or token.text in ("=", "->", "|", ":", ",", ";", "::")):
            yield Way((TextEdit(place.code[number - 1].end, token.end, ""),), f"Remove the second `{token.text}`", 0.85)
