"""How usual a piece of OCaml is: the frequencies of three tokens in a row, in programs that type-check.

Names that a program gives are all alike, and so are most literals; parentheses do not count. The frequencies that ship
are counted by `tools/fit_ranking.py`.
"""

import json
import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

from attrs import define, field

from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.search.names import CONVERSIONS, SIBLINGS

_KEPT = frozenset(
    re.findall(
        r"\w+",
        f"""and as begin do done downto else end exception external false for fun function if in lazy let match method
        mod module mutable new not object of open rec ref sig struct then to true try type val virtual when while with
        fst snd abs abs_float sqrt sin cos min max List String Array Printf Some None failwith raise print_string
        {" ".join((*CONVERSIONS, *SIBLINGS.values()))}""",
    )
)
_NOT_COUNTED = frozenset(("(", ")", ";;", "begin", "end"))
_SHARES = (0.6, 0.27, 0.12, 0.01)
"""Of three in a row, of two, of one alone, and of what was never seen."""
_VOCABULARY = 400
LEAST_COUNT = 0.4


@lru_cache(8192)
def words_of(text: str) -> tuple[str, ...]:
    """What is counted of a text."""
    return tuple(_class_of(t.text) for t in tokens(text) if not t.is_comment and t.text not in _NOT_COUNTED)


def _class_of(word: str) -> str:
    first = word[0]
    if word in _KEPT or word in ("0", "1", "0.0", "1.0", '""'):
        return word
    if first.isdigit():
        return "1.5" if "." in word else "9"
    if first == '"':
        return '"s"'
    if first == "'":
        return "'c'"
    if first.isalpha() or first == "_":
        return "C" if first.isupper() else word if word == "_" else "x"
    return word


@define(eq=False)
class Fluency:
    """Counts of one, two and three words in a row, joined by a blank."""

    counts: Mapping[str, float]
    total: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.total = sum(count for words, count in self.counts.items() if " " not in words) or 1.0

    @classmethod
    def of(cls, texts: Iterable[tuple[str, float]]) -> "Fluency":
        """Of programs with the weight that each has."""
        counts: dict[str, float] = defaultdict(float)
        for text, weight in texts:
            words = ("^", "^", *words_of(text))
            for at in range(2, len(words)):
                for start in (at, at - 1, at - 2):
                    counts[" ".join(words[start : at + 1])] += weight
        return cls({words: round(count, 1) for words, count in counts.items() if count >= LEAST_COUNT})

    def likely(self, before: Sequence[str], word: str) -> float:
        """The logarithm of the probability of a word behind two others."""
        get = self.counts.get
        one = " ".join(before[-1:])
        two = " ".join(before)
        three, pair = get(f"{two} {word}", 0.0), get(f"{one} {word}", 0.0)
        found = _SHARES[0] * three / get(two, 1e9) + _SHARES[1] * pair / get(one, 1e9)
        return math.log(found + _SHARES[2] * get(word, 0.0) / self.total + _SHARES[3] / _VOCABULARY)

    def each(self, before: Sequence[str], words: Sequence[str], after: Sequence[str]) -> list[float]:
        """For each word, and each of those behind: how likely it is."""
        row = [*before, *words, *after]
        return [self.likely(row[at - 2 : at], row[at]) for at in range(2, len(row))]


@define(eq=False)
class Context:
    """The words of a program, and where they begin."""

    starts: list[int]
    words: list[str]

    @classmethod
    def of(cls, text: str) -> "Context":
        counted = [t for t in tokens(text) if not t.is_comment and t.text not in _NOT_COUNTED]
        return cls([t.start for t in counted], [_class_of(t.text) for t in counted])

    def around(self, start: int, end: int) -> tuple[list[str], list[str], list[str]]:
        """The two words before a span, those in it, and the two behind it."""
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        before = ["^", "^", *self.words[max(0, first - 2) : first]][-2:]
        return before, self.words[first:last], self.words[last : last + 2]


def of_changes(
    language: Fluency, context: Context, changes: Iterable[tuple[int, int, str]]
) -> Iterator[tuple[str, float]]:
    """Features of changes: how likely the new words are, and whether they are more so than the old ones."""
    new: list[float] = []
    gain = 0.0
    for start, end, text in changes:
        before, old, after = context.around(start, end)
        come = language.each(before, words_of(text), after)
        gone = language.each(before, old, after)
        gain += sum(come) / max(1, len(come)) - sum(gone) / max(1, len(gone))
        new += come
    if new:
        yield "fluency", sum(new) / len(new)
        yield "fluency at worst", min(new)
        yield "fluency gained", max(-4.0, min(4.0, gain))


@cache
def shipped() -> Fluency:
    """Counted by `tools/fit_ranking.py`."""
    source = resources.files("lsp_aid.repair.search") / "fluency.json"
    loaded: dict[str, float] = json.loads(source.read_text(encoding="utf-8")) if source.is_file() else {}
    return Fluency(loaded)
