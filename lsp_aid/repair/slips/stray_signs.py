"""Signs that are not those of OCaml in a place where another one was meant, or nothing at all.

| 'a' - 'f' -> ...                | 'a' .. 'f' -> ...
let separator = '\\'               let separator = '\\\\'
let b = create 64;;               let b = create 64 in          (in a body)
:wq                               (a line with a command of the editor: nothing)
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.tokens import Token
from lsp_aid.repair.slips.way import Place, Way

_CHARACTER = re.compile(r"'(?:[^'\\\n]|\\.{1,4})'$")
_RANGES = frozenset(("-", "--", "...", "to", ":", "~"))
_BEFORE = frozenset(("|", "function", "with", "(", "as", ",", "::"))
_BEHIND = frozenset(("->", "|", "as", "when", ")", ",", "::", "]"))
_BACKSLASH = re.compile(r"(?<![\w'\\])'\\'(?!')")
_COMMAND = re.compile(r"^[ \t]*(?::(?:wqa?|wa|w|qa?|x|e)!?|(?:\^[A-Z])+)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)


def ways(place: Place) -> Iterator[Way]:
    if not place.is_syntax:
        return
    yield from _ranges(place)
    yield from _backslashes(place)
    yield from _ends(place)
    yield from _commands(place)


def _ranges(place: Place) -> Iterator[Way]:
    """All ranges of characters in patterns that are written with another sign."""
    found: list[tuple[Token, Token]] = []
    for number in range(1, len(place.code) - 1):
        first, sign, last = place.code[number - 1 : number + 2]
        in_pattern = place.word(number - 2) in _BEFORE and place.word(number + 2) in _BEHIND
        if sign.text in _RANGES and in_pattern and _CHARACTER.match(first.text) and _CHARACTER.match(last.text):
            found.append((first, last))
    if any(first.start <= place.end and place.start <= last.end for first, last in found):
        edits = tuple(TextEdit(first.end, last.start, " .. ") for first, last in found)
        shown = f"{found[0][0].text} .. {found[0][1].text}"
        yield Way(edits, f"A range of characters is `{shown}`", 0.97)


def _backslashes(place: Place) -> Iterator[Way]:
    """All characters that are to be a backslash, which is written twice."""
    found = list(_BACKSLASH.finditer(place.text))
    if any(abs(match.start() - place.start) < 120 for match in found):
        edits = tuple(TextEdit(match.start() + 1, match.start() + 1, "\\") for match in found)
        yield Way(edits, "A backslash as a character is `'\\\\'`", 0.97)


def _ends(place: Place) -> Iterator[Way]:
    """`;;` in the body of a definition: `in` behind a local one, `;` behind anything else."""
    edits, words = [], set[str]()
    is_near = False
    for number in range(len(place.code) - 2):
        first, second, following = place.code[number : number + 3]
        if (first.text, second.text) != (";", ";") or first.end != second.start:
            continue
        if not place.starts_line(number + 2) or place.indent(following.start) == "":
            continue
        word = "in" if _is_local(place, number) else ";"
        edits.append(TextEdit(first.start, second.end, word if word == ";" else " in"))
        words.add(word)
        is_near = is_near or abs(first.start - place.start) < 400
    if is_near:
        shown = " or ".join(f"`{word}`" for word in sorted(words))
        yield Way(tuple(edits), f"`;;` ends a whole definition: within it, it is {shown}", 0.97)


def _is_local(place: Place, end: int) -> bool:
    """Whether what ends before that token is a `let` of a body that has no `in` yet."""
    closed = 0
    for number in range(end - 1, -1, -1):
        word, indent = place.word(number), place.indent(place.code[number].start)
        if word == "in":
            closed += 1
        elif word == "let":
            if place.starts_line(number) and not indent:
                return False
            if not closed:
                return True
            closed -= 1
        elif word == ";" and not closed and place.ends_line(number):
            return False
    return False


def _commands(place: Place) -> Iterator[Way]:
    """A line that was typed for the editor."""
    for match in _COMMAND.finditer(place.text):
        if match.start() - 200 <= place.start <= match.end() + 200:
            edit = TextEdit(match.start(), match.end(), "")
            yield Way((edit,), f"Remove `{match[0].strip()}`, which is for the editor", 0.97)
