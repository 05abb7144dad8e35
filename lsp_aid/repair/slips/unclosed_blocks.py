"""Blocks that nothing closes: the layout says where they end, at the first line that is indented no more than theirs.

module Key = struct                       module Key = struct
  let compare = Int.compare                 let compare = Int.compare
                                          end
module Keys = Map.Make (Key)              module Keys = Map.Make (Key)

for x = 0 to n do                         for x = 0 to n do
  print x                                   print x
print_newline ()                          done;
                                          print_newline ()
"""

import itertools
from collections.abc import Iterator

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.repair.slips.way import Place, Way

_CLOSERS = {
    "struct": "end", "sig": "end", "object": "end", "begin": "end", "do": "done", "(": ")", "[": "]", "{": "}",
    "[|": "|]",
}  # fmt: skip
_GO_ON = frozenset(("and", "in", "with", "then", "else", "do", "of", "to", "downto", "->", ":", "=", ";", ",", "*"))
"""What may stand in a line that is indented as the block is, and belongs to it or to what is around."""
_OPERATORS = "|@^+-*/&<>=$"
_ENDS = frozenset((*_CLOSERS.values(), ";;", "|", "", "and", "in", "with", "then", "else"))
"""Before these, and before items, no statement ends with `;`."""
_STARTS = frozenset(("let", "type", "module", "open", "include", "exception", "val", "external", "class", "method"))
_LIKELY = 0.95
_MOST = 3


@frozen
class _Open:
    number: int
    word: str
    indent: str
    is_case: bool  # whether its line begins with `|`
    is_last: bool  # whether its line ends with it


def ways(place: Place) -> Iterator[Way]:
    """Each block that layout says to be unclosed, and all of them where there are several."""
    if not place.is_syntax:
        return
    found = list(_unclosed(place))[:_MOST]
    for opened, number in found:
        for sign in _signs(place, opened, number):
            yield Way((_closed(place, opened, number, sign),), _title(opened), _LIKELY - 0.02 * (not sign))
    if len(found) > 1:
        edits: dict[int, str] = {}
        for opened, number in found:
            edit = _closed(place, opened, number, next(_signs(place, opened, number)))
            edits[edit.start] = edits.get(edit.start, "") + edit.text
        together = tuple(TextEdit(start, start, text) for start, text in edits.items())
        yield Way(together, f"{_title(found[0][0])} (and {len(found) - 1} more)", _LIKELY)


def _title(opened: _Open) -> str:
    return f"Add `{_CLOSERS[opened.word]}`"


def _unclosed(place: Place) -> Iterator[tuple[_Open, int]]:
    """Each block, with the number of the first token behind it."""
    stack: list[_Open] = []
    indent = ""
    is_case = False
    for number, token in enumerate(place.code):
        word = token.text
        if place.starts_line(number):
            indent, is_case = place.indent(token.start), word == "|"
            while stack and _is_behind(stack[-1], word, indent):
                yield stack.pop(), number
        if word in _CLOSERS:
            stack.append(_Open(number, word, indent, is_case, place.ends_line(number)))
        elif word in _CLOSERS.values() and stack and _CLOSERS[stack[-1].word] == word:
            stack.pop()
    while stack and stack[-1].number < place.at:
        yield stack.pop(), len(place.code)


def _is_behind(opened: _Open, word: str, indent: str) -> bool:
    """Whether a line that begins with a word stands behind a block."""
    if len(indent) != len(opened.indent):
        return len(indent) < len(opened.indent)
    if word == "|":
        return opened.is_case
    return word not in (*_CLOSERS.values(), *_GO_ON) and word[0] not in _OPERATORS


def _signs(place: Place, opened: _Open, number: int) -> Iterator[str]:
    """What stands behind the closing word: `;` where another statement follows."""
    word = place.word(number)
    is_statement = opened.word in ("begin", "do", "(") and word not in _ENDS
    is_statement = is_statement and bool(place.indent(place.code[number].start))
    if is_statement and opened.word != "(":
        yield ";"
    if not is_statement or word in _STARTS or opened.word == "(":
        yield ""
    if is_statement and opened.word == "(":
        yield ";"


def _closed(place: Place, opened: _Open, number: int, sign: str) -> TextEdit:
    last = place.code[number - 1]
    closer = _CLOSERS[opened.word]
    if sign == last.text == ";" and not _ends_with_semicolons(place):
        return TextEdit(last.start, last.start, f"\n{opened.indent}{closer}")
    end = last.end
    if closer.isalpha() or (opened.is_last and closer != ")"):
        return TextEdit(end, end, f"\n{opened.indent}{closer}{sign}")
    return TextEdit(end, end, f"{'' if closer == ')' else ' '}{closer}{sign}")


def _ends_with_semicolons(place: Place) -> bool:
    """Whether the last statement of a block ends with `;` in this file, as that before another does."""
    pairs = itertools.pairwise(token.text for token in place.code)
    return any(one == ";" and two in ("end", "done") for one, two in pairs)
