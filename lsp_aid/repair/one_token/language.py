"""How usual tokens are where they stand: by what is around them elsewhere in the file and in the files beside it.

`slips/usual.py` knows OCaml as people write it anywhere; this knows what names and idioms the project has.
Three tokens in a row are known from there, or two; else the kinds of tokens are looked at and, of a name, how often it
is used and how near.
"""

import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from attrs import define, field

from lsp_aid.ocaml.tokens import Token, tokens

KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """and as assert begin class constraint do done downto else end exception external false for fun function
        functor if in include inherit initializer lazy let match method mod module mutable new nonrec object of open
        private rec sig struct then to true try type val virtual when while with lor land lxor lsl lsr asr""",
    )
)
_INFIX = frozenset(re.findall(r"\S+", "+ - * / +. -. *. /. ^ @ < > <= >= <> == != && || |> @@ & mod"))
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
EDGE = "\n"
"""Before the first token and behind the last one."""
_THREE, _TWO, _KINDS = 1.5, 6.0, 1.0
"""How often three or two tokens, or kinds, are to be seen before what followed them is believed by half."""
_NEAR = 150
"""Tokens: what is used so near is likely to be used again."""
_SHARES = (0.5, 0.3, 0.2)
"""Of a name: what is near, in the file, and anywhere."""
_NEW_KIND, _NEW_NAME, _NEW = 2e-4, 0.02, 1e-6
"""What was never seen: such kinds in a row, a name, and all of it."""
_FEW = 5000
"""In fewer tokens, not all is to be seen that is possible."""
OWN = 3
"""The file itself counts so many times."""


@lru_cache(1 << 16)
def class_of(word: str) -> str:
    """The kind of a token: names are alike, and so are literals; all else is what it is."""
    first = word[0]
    if first.isalpha() or first == "_":
        return word if word in KEYWORDS or word == "_" else "C" if first.isupper() else "x"
    if first.isdigit():
        return "9"
    if len(word) > 1 and first in "\"'{":
        return "'c'" if first == "'" else '"'
    return word if len(word) < 3 else first * 3  # operators of libraries: `>>=*`


def _shape(kind: str) -> str:
    return "+" if kind in _INFIX else kind


@lru_cache(256)
def code_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text without its comments."""
    return tuple(token for token in tokens(text) if not token.is_comment)


def parts(name: str) -> list[str]:
    """The words of a name, as `first_name`, `FirstName` or `First_name` has them; those of two letters say nothing."""
    return [part.lower() for part in _PART.findall(name) if len(part) > 2]


@define(eq=False)
class _Rows:
    """How often one, two and three words stand in a row."""

    one: Counter[str] = field(factory=Counter)
    two: Counter[tuple[str, str]] = field(factory=Counter)
    three: Counter[tuple[str, str, str]] = field(factory=Counter)
    total: int = 0

    def add(self, words: Sequence[str], weight: int) -> None:
        self.total += len(words)
        for word, count in Counter(words).items():
            self.one[word] += weight * count
        for pair, count in Counter(pairwise(words)).items():
            self.two[pair] += weight * count
        for row, count in Counter(zip(words, words[1:], words[2:], strict=False)).items():
            self.three[row] += weight * count


@define(eq=False)
class _Read:
    """What was read of some texts."""

    exact: _Rows = field(factory=_Rows)
    kinds: _Rows = field(factory=_Rows)
    shapes: set[tuple[str, str]] = field(factory=set)
    """The kinds that stand side by side, infix operators as one."""
    following: dict[str | tuple[str, str], Counter[str]] = field(factory=lambda: defaultdict(Counter))
    """What stands behind one word, and behind two."""
    leading: dict[str | tuple[str, str], Counter[str]] = field(factory=lambda: defaultdict(Counter))
    in_class: Counter[str] = field(factory=Counter)
    parts: Counter[str] = field(factory=Counter)
    """In how many names each word is."""

    def add(self, words: Sequence[str], weight: int) -> None:
        row = [EDGE, EDGE, *words, EDGE]
        kinds = [class_of(word) for word in row]
        self.exact.add(row, weight)
        self.kinds.add(kinds, weight)
        self.shapes.update(pairwise([_shape(kind) for kind in kinds]))
        for first, second in pairwise(words):
            self.following[first][second] += 1
            self.leading[second][first] += 1
        for first, second, third in zip(words, words[1:], words[2:], strict=False):
            if second == ".":
                self.following[first, second][third] += 1
                self.leading[second, third][first] += 1
        for kind in kinds:
            self.in_class[kind] += weight


@lru_cache(4)
def _read(texts: tuple[str, ...]) -> _Read:
    """Kept, since the next error of a project has mostly the same files beside it."""
    made = _Read()
    for text in texts:
        made.add([token.text for token in code_of(text)], 1)
    made.parts = _in_names(made.exact.one)
    return made


def _in_names(words: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in words:
        if class_of(word) in ("x", "C"):
            found.update({*parts(word)})
    return found


@define(eq=False)
class Language:
    """What is usual in a file, which is `words`, and in others."""

    words: Sequence[str]
    counts: Counter[str]
    """How often each word is in the file itself."""
    _here: _Read
    _there: _Read
    _places: dict[str, list[int]] = field(factory=lambda: defaultdict(list))
    _own_parts: Counter[str] = field(factory=Counter)
    """In how many names that the file alone has each word is."""

    @classmethod
    def of(cls, text: str, others: Iterable[str]) -> "Language":
        words, here = [token.text for token in code_of(text)], _Read()
        here.add(words, OWN)
        made = cls(words, Counter(words), here, _read(tuple(others)))
        for at, word in enumerate(words):
            made._places[word].append(at)
        made._own_parts = _in_names(made.counts.keys() - made._there.exact.one.keys())
        return made

    @property
    def is_rich(self) -> bool:
        """Whether so much was read that what was not seen says something."""
        return self._here.exact.total + self._there.exact.total >= _FEW

    def names(self, kind: str) -> Iterator[str]:
        """All names of that kind that were read."""
        return (word for word in {*self.counts, *self._there.exact.one} if class_of(word) == kind)

    def knows(self, name: str) -> bool:
        """Whether all words of a name are also those of other names."""
        return all(self._own_parts[part] + self._there.parts[part] > 1 for part in parts(name))

    def around(self, start: int, end: int) -> Iterator[tuple[str, int]]:
        """What stands elsewhere between such neighbours as `[start, end)` has, and how much speaks for it."""
        before, behind = self.word(start - 1), self.word(end)
        for read in (self._here, self._there):
            wider = [read.following.get((self.word(start - 2), before)), read.leading.get((behind, self.word(end + 1)))]
            for weight, found in ((20, wider), (3, [read.following.get(before), read.leading.get(behind)])):
                for counts in found:
                    yield from ((word, weight * count) for word, count in (counts or {}).items())

    def word(self, at: int) -> str:
        """The word of that number; what stands for the edges outside of the file."""
        return self.words[at] if 0 <= at < len(self.words) else EDGE

    def fits(self, start: int, kind: str, end: int) -> bool:
        """Whether anything of that kind is seen behind the word before `start`, and before that of `end`."""
        here, there = self._here.shapes, self._there.shapes
        if not self.is_rich:
            return True
        pairs = (_shape(class_of(self.word(start - 1))), _shape(kind)), (_shape(kind), _shape(class_of(self.word(end))))
        return all(pair in here or pair in there for pair in pairs)

    def likely(self, start: int, words: Sequence[str], end: int) -> float:
        """The logarithm of how likely `words`, and the two words behind them, are in the place of those of the file
        from `start` to `end`."""
        row = [self.word(start - 2), self.word(start - 1), *words, self.word(end), self.word(end + 1)]
        return sum(self._of(row[at - 2], row[at - 1], row[at], start, 0) for at in range(2, len(row)))

    def likely_as_is(self, start: int, end: int) -> float:
        """The same of the words that stand there, which do not speak for themselves."""
        row = [self.word(at) for at in range(start - 2, end + 2)]
        return sum(self._of(row[at - 2], row[at - 1], row[at], start, OWN) for at in range(2, len(row)))

    def _of(self, first: str, second: str, word: str, at: int, own: int) -> float:
        here, there = self._here.exact, self._there.exact
        pair = here.two[first, second] + there.two[first, second] - own
        single = here.one[second] + there.one[second] - own
        share = pair / (pair + _THREE) if pair > 0 else 0.0
        found = 0.0
        if pair > 0:
            found = share * max(0, here.three[first, second, word] + there.three[first, second, word] - own) / pair
        if single > 0:
            rest = (1 - share) * single / (single + _TWO)
            found += rest * max(0, here.two[second, word] + there.two[second, word] - own) / single
            share += rest
        return math.log(found + (1 - share) * self._by_kind(first, second, word, at, own) + _NEW)

    def _by_kind(self, first: str, second: str, word: str, at: int, own: int) -> float:
        here, there = self._here.kinds, self._there.kinds
        kind, before, last = class_of(word), class_of(first), class_of(second)
        pair = max(0, here.two[before, last] + there.two[before, last] - own)
        share = pair / (pair + _KINDS)
        found = share * max(0, here.three[before, last, kind] + there.three[before, last, kind] - own) / max(1, pair)
        behind = max(0, here.two[last, kind] + there.two[last, kind] - own)
        found += (1 - share) * behind / max(1, here.one[last] + there.one[last])
        return (found + _NEW_KIND) * self._of_its_kind(word, kind, at, own)

    def _of_its_kind(self, word: str, kind: str, at: int, own: int) -> float:
        if kind == word:
            return 1.0
        places = self._places.get(word, ())
        near = bisect_left(places, at + _NEAR) - bisect_left(places, at - _NEAR)
        here = len(places)
        if own:
            near, here = max(0, near - 1), max(0, here - 1)
        there = self._there.exact.one[word]
        found = (
            _SHARES[0] * min(1.0, near / (0.35 * 2 * _NEAR))
            + _SHARES[1] * here * OWN / (1 + self._here.in_class[kind])
            + _SHARES[2] * (there + here) / (1 + self._there.in_class[kind] + self._here.in_class[kind] / OWN)
        )
        return max(found, _NEW_NAME / 20 if here or there else _NEW_NAME)
