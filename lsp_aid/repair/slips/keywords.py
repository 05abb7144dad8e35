"""Keywords that are misspelt, and the words of other languages in their place.

lte a = 1                 let a = 1
match a wiht              match a with
letrec f n = ...          let rec f n = ...
def f x = ...             let f x = ...
fun f x = x + 1           let f x = x + 1         (at the start of an item)
case a of                 match a with
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.similarity import distance
from lsp_aid.repair.slips.way import Place, Way, replaced

_KEYWORDS = (
    "let", "rec", "match", "with", "function", "then", "else", "begin", "end", "struct", "sig", "module", "type",
    "open", "include", "exception", "val", "when", "done", "while", "downto", "mutable", "external", "class", "object",
    "method", "inherit", "functor", "virtual", "private", "constraint", "lazy", "assert", "try", "and", "for", "fun",
)  # fmt: skip
_ITEMS = ("let", "type", "module", "open", "include", "exception", "val", "external", "class")
_DEFINES = (
    "def", "fn", "func", "define", "var", "const", "function", "fun", "defun", "proc", "sub", "auto", "local", "set",
)  # fmt: skip
_JOINED = {"letrec": "let rec", "elseif": "else if", "moduletype": "module type", "openstruct": "open struct"}
_NAME = re.compile(r"[a-z_][\w']*$")
_WORD = re.compile(r"[a-z_]\w+$")
_BEFORE, _BEHIND = 40, 3


def ways(place: Place) -> Iterator[Way]:
    is_read = isinstance(
        place.message, messages.UnboundName | messages.NotAFunction | messages.TooManyArguments | messages.TypeClash
    )
    if not (place.is_syntax or is_read):
        return
    if is_read and not _is_odd(place):
        return
    yield from _misspelt(place)
    yield from _defined(place)
    yield from _matched(place)


def _is_odd(place: Place) -> bool:
    """Whether a text that parses may have done so by accident: words in a row that are bound nowhere."""
    if isinstance(place.message, messages.UnboundName):
        return place.message.sort == "value"
    return any(place.starts_line(n) and place.indent(place.code[n].start) == "" for n in place.near(0, _BEHIND)[1:])


def _misspelt(place: Place) -> Iterator[Way]:
    for number in place.near(_BEFORE, _BEHIND):
        token = place.code[number]
        word = token.text
        if joined := _JOINED.get(word):
            yield replaced(token, joined, 0.95)
        if not _WORD.match(word) or word in _KEYWORDS:
            continue
        if sum(other.text == word for other in place.code) > 3:
            continue
        near = 0.985 ** abs(place.at - number)
        for keyword in _KEYWORDS:
            most = 1 if len(keyword) < 5 else 2
            far = distance(word, keyword)
            is_item = keyword in _ITEMS and not place.starts_line(number)
            if far <= most and not is_item:
                yield replaced(token, keyword, (0.92 - 0.06 * (far - 1)) * near)


def _defined(place: Place) -> Iterator[Way]:
    """Other words where a definition begins."""
    for number in place.near(_BEFORE, _BEHIND):
        token = place.code[number]
        if token.text not in _DEFINES or not _NAME.match(place.word(number + 1)):
            continue
        if place.word(number - 1) in ("let", "and", "rec"):
            yield Way((TextEdit(token.start, place.code[number + 1].start, ""),), f"Remove `{token.text}`", 0.88)
        elif place.starts_line(number):
            item = next((n for n in range(number, len(place.code)) if place.word(n) in ("=", "->")), None)
            likely = 0.9 if token.text not in ("fun", "function") else 0.85
            if item is not None and place.word(item) == "=":
                yield replaced(token, "let", likely)
                calls_itself = any(
                    place.word(n) == place.word(number + 1) for n in range(item, min(len(place.code), item + 60))
                )
                if calls_itself:
                    yield replaced(token, "let rec", likely - 0.05)


def _matched(place: Place) -> Iterator[Way]:
    """`case x of`, `switch x`, `x with`."""
    for number in place.near(_BEFORE, _BEHIND):
        token = place.code[number]
        if token.text in ("case", "switch", "match"):
            end = next(
                (
                    n
                    for n in range(number + 1, min(len(place.code), number + 20))
                    if place.word(n) in ("of", "in", ":", "do")
                ),
                None,
            )
            if end is not None:
                edits = (
                    TextEdit(token.start, token.end, "match"),
                    TextEdit(place.code[end].start, place.code[end].end, "with"),
                )
                yield Way(edits, "`match ... with`", 0.93)
        elif token.text == "with" and place.word(number + 1) == "|":
            start = number - 1
            while start > 0 and not place.starts_line(start):
                start -= 1
            if place.word(start) not in ("match", "try", "|") and start >= 0:
                at = place.code[start].start
                for word, likely in (("match ", 0.86), ("try ", 0.4)):
                    yield Way((TextEdit(at, at, word),), f"Add `{word.strip()}`", likely)
