"""How usual a row of tokens is, its line breaks counted, in OCaml as people write it.

    print x                         a line break, then `print` where the line before began: behind `x`, seldom
    print y
    print x;                        behind `;`, usual
    print y

Names that a program gives are all alike, and so are literals. What stands around counts: the innermost bracket, and the
last word behind it that says what follows (`type`, `match`, `fun`). The frequencies are counted by
`tools/fit_slips.py`.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from attrs import define, field

from lsp_aid.ocaml.tokens import Token

KEYWORDS = frozenset(
    (
        *("and", "as", "assert", "begin", "class", "constraint", "do", "done", "downto", "else", "end", "exception"),
        *("external", "false", "for", "fun", "function", "functor", "if", "in", "include", "inherit", "initializer"),
        *("lazy", "let", "match", "method", "module", "mutable", "new", "nonrec", "object", "of", "open", "or"),
        *("private", "rec", "sig", "struct", "then", "to", "true", "try", "type", "val", "virtual", "when", "while"),
        *("with", "mod", "land", "lor", "lxor", "lsl", "lsr", "asr", "not", "ref"),
    )
)
_OPENING = frozenset(("(", "[", "{", "[|", "begin", "struct", "sig", "object", "do"))
_CLOSING = frozenset((")", "]", "}", "|]", "end", "done"))
_MODES = frozenset(
    (
        *("let", "and", "type", "val", "exception", "external", "module", "open", "include", "class", "method"),
        *("match", "try", "function", "fun", "if", "then", "else", "for", "while", "with", "in", "of", "->"),
    )
)
_ITEMS = frozenset(("let", "type", "module", "open", "exception", "val", "external", "include", "class"))
_VOCABULARY = 150
_BINDING = re.compile(r"(let|and)[$&*+\-/<=>@^|%]")
_BEHIND = 5
"""So many tokens behind a change are looked at: they have it among the words before them."""
_UNSEEN = 0.02
"""How much of the likelihood is for what was never seen, whatever is before it."""


def class_of(word: str) -> str:
    """What is counted of a token."""
    first = word[0]
    if word in KEYWORDS or word == "_":
        return word
    if first in "la" and (operator := _BINDING.match(word)):
        return operator[1]
    if first.isdigit():
        return "9"
    if first == '"' or (first == "{" and word[-1] == "}" and len(word) > 1):
        return "s"
    if first == "'" and len(word) > 1:
        return "c"
    if first.isalpha() or first == "_":
        return "X" if first.isupper() else "x"
    return word


def merged(code: Iterable[Token]) -> list[Token]:
    """Tokens without comments, `let*` as one."""
    found: list[Token] = []
    for token in code:
        if token.is_comment:
            continue
        before = found[-1] if found else None
        is_operator = before is not None and before.end == token.start and before.text in ("let", "and")
        if before is not None and is_operator and token.text[0] in "$&*+-/<=>@^|%":
            found[-1] = Token(before.start, token.end, before.text + token.text)
        else:
            found.append(token)
    return found


class Piece(NamedTuple):
    """A token as it is counted, and whether a line breaks before it: `>` to deeper, `=` to the same, `<` to less, `0`
    to no indentation; empty where it stands behind another one."""

    word: str
    line: str = ""


def pieces(text: str, code: Sequence[Token]) -> list[Piece]:
    """Tokens that are no comments, in their text."""
    found: list[Piece] = []
    indent = before = 0
    for token in code:
        line = ""
        if not found or "\n" in text[before : token.start]:
            start = text.rfind("\n", 0, token.start) + 1
            own = token.start - start if not text[start : token.start].strip() else indent
            line = "0" if own == 0 else ">" if own > indent else "=" if own == indent else "<"
            indent = own
        found.append(Piece(class_of(token.text), line))
        before = token.end
    return found


class Context(NamedTuple):
    """What is before a token: the brackets that are open, each with the last word behind it that says what follows, and
    the last three tokens or line breaks."""

    open: tuple[tuple[str, str], ...] = (("", ""),)
    before: tuple[str, str, str] = ("^", "^", "^")

    def behind(self, piece: Piece) -> "Context":
        word, around = piece.word, self.open
        if piece.line == "0" and word in _ITEMS:
            around = (("", ""),)
        if word in _OPENING:
            around = (*around, (word, ""))
        elif word in _CLOSING and len(around) > 1:
            around = around[:-1]
        if word in _MODES:
            around = (*around[:-1], (around[-1][0], word))
        line = (f"\n{piece.line}",) if piece.line else ()
        return Context(around, (*self.before, *line, word)[-3:])

    def rows(self, piece: Piece) -> Iterator[tuple[str, str, str]]:
        """The token, and the line break before it: what is around it, the three before it, and itself."""
        around, before = "".join(self.open[-1]), self.before
        if piece.line:
            line = f"\n{piece.line}"
            yield around, " ".join(before), line
            before = (before[1], before[2], line)
        yield around, " ".join(before), piece.word


@define(eq=False)
class Usual:
    """Counts of what follows: behind three words, behind two in what is around, behind two, one, none."""

    counts: dict[str, dict[str, float]]
    _known: dict[tuple[str, str, str], float] = field(factory=dict, init=False)

    @classmethod
    def of(cls, texts: Iterable[Sequence[Piece]], least: float = 0) -> "Usual":
        counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for found in texts:
            context = Context()
            for piece in found:
                for around, before, word in context.rows(piece):
                    for history in _histories(around, before):
                        counts[history][word] += 1
                context = context.behind(piece)
        kept = {}
        for history, words in counts.items():
            often = {word: count for word, count in words.items() if count > least or not history}
            if often:
                kept[history] = often
        return cls(kept)

    def likely(self, around: str, before: str, word: str) -> float:
        """The logarithm of how likely a word is there."""
        key = (around, before, word)
        if key not in self._known:
            three, within, two, one, none = _histories(around, before)
            share = 1 / _VOCABULARY
            for history in (none, one, two):
                share = self._share(history, word, share)
            share = (self._share(three, word, share) + self._share(within, word, share)) / 2
            self._known[key] = math.log((1 - _UNSEEN) * share + _UNSEEN / _VOCABULARY)
        return self._known[key]

    def _share(self, history: str, word: str, otherwise: float) -> float:
        words = self.counts.get(history)
        if words is None:
            return otherwise
        new = 2.0 * len(words)
        total = sum(words.values())
        return (words.get(word, 0.0) + new * otherwise) / (total + new)

    def piece(self, context: Context, piece: Piece) -> float:
        """The same of a token and the line break before it."""
        return sum(self.likely(*row) for row in context.rows(piece))


@define(eq=False)
class Row:
    """Tokens in a row, of which changes are weighed."""

    usual: Usual
    pieces: Sequence[Piece]
    _contexts: list[Context] = field(factory=lambda: [Context()], init=False)
    _sums: list[float] = field(factory=lambda: [0.0], init=False)

    def __attrs_post_init__(self) -> None:
        for piece in self.pieces:
            self._sums.append(self._sums[-1] + self.usual.piece(self._contexts[-1], piece))
            self._contexts.append(self._contexts[-1].behind(piece))

    def gain(self, first: int, end: int, new: Sequence[Piece]) -> float:
        """By how much more usual the row is with `new` for the pieces `[first, end)`, as a logarithm."""
        context, found = self._contexts[first], 0.0
        for piece in new:
            found += self.usual.piece(context, piece)
            context = context.behind(piece)
        number = end
        while number < min(end + _BEHIND, len(self.pieces)) and context != self._contexts[number]:
            found += self.usual.piece(context, self.pieces[number])
            context = context.behind(self.pieces[number])
            number += 1
        return found - (self._sums[number] - self._sums[first])


def _histories(around: str, before: str) -> tuple[str, str, str, str, str]:
    three = before.split(" ")
    two = f"{three[1]} {three[2]}"
    return f"3 {before}", f"2 {around} {two}", two, three[2], ""


@cache
def shipped() -> Usual:
    """Counted by `tools/fit_slips.py`."""
    source = resources.files("lsp_aid.repair.slips") / "usual.json"
    return Usual(json.loads(source.read_text(encoding="utf-8")))
