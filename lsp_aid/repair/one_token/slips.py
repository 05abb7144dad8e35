"""The slips of one token that may have led to what stands there, each taken back, and how likely each is.

let x = List.lenght xs        a name, misspelt or another one's
let f x = g x y y             a token twice, or one too few
if b them x else y            another keyword, operator or sign
f x, (y)                      a literal of another kind; two that have changed places
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from attrs import define, evolve, field, frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.tokens import Token
from lsp_aid.repair.one_token.language import KEYWORDS, Language, class_of, code_of
from lsp_aid.repair.similarity import distance

_SIGNS = ("(", ")", "[", "]", "{", "}", ",", ";", ":", "|", "->", "=", ".", "~", "?", "::", "'", "!", "<-", "#")
_INFIX = ("+", "-", "*", "/", "+.", "-.", "*.", "/.", "^", "@", "::", ":=", "<", ">", "<=", ">=", "=", "<>", "==")
_MORE = ("!=", "&&", "||", "|>", "@@", "mod", ";", ",", "&", "%", "**", "`", "_", "[|", "|]", "..")
_WORDS = tuple(sorted(KEYWORDS))
_INSTEAD = tuple(dict.fromkeys((*_SIGNS, *_INFIX, *_MORE, *_WORDS)))
_MOST_NAMES = 60
"""Names are taken from what is usual there, so many at most."""
_NAME = re.compile(r"[A-Za-z_][\w']*$")
_PLAIN = re.compile(r"[A-Za-z_][\w']*|\d[\w.]*")
_SYMBOLS = frozenset("!$%&*+-./:<=>?@^|~#")

MISSPELT, SIBLING, OTHER_NAME, OTHER_WORD, TAKEN, OTHER_KIND = -2.0, -5.0, -7.0, -5.5, -3.5, -3.5
ODD = -6.0  # of a name that is alike, by a word that no other name has, unlike the one that is there
TWICE, SUPERFLUOUS, MISSING, MISSING_NAME, SWAPPED = -2.0, -10.0, -4.0, -6.0, -4.5
"""The logarithms of how likely these slips are, where the token and the place are given."""
_TAKEN_FOR = dict(
    line.strip().split(maxsplit=1)
    for line in """
    match try function
    try match
    fun function
    function fun match
    then do ->
    do then
    of with : =
    with in of ->
    in ; and
    ; in ,
    , ;
    -> = :
    = -> : :=
    : = ::
    :: : ;
    and let type
    let and
    type and let
    val let
    begin (
    end ) done
    done end
    open include
    include open
    struct sig
    sig struct
    when if ->
    if when
    else then ;
    := = <-
    <- := =
    ~ ? .
    ? ~
    . # ! ~ ?
    | ; ,
    && ||
    || &&
    & &&
    @ ^ ::
    ^ @
    @@ |> @
    |> @@
    module open type
    mod / land
    # .
    ! .""".strip().splitlines()
)
"""What is written in the place of what."""
_OPENING = frozenset(("->", "in", "=", "then", "else", "(", "do", "begin", ";"))
"""Behind these an expression begins."""
BELIEF = 0.6
"""How much of what the language says counts: it makes too much of what is rare."""
LEFT_OVER = 3.0
"""What speaks for a name that is bound near and not used."""


@frozen
class Slip:
    """One slip taken back. `score`: the logarithm of how likely it is, compared with others."""

    edit: TextEdit
    title: str
    score: float
    is_name: bool = False
    """Whether a name takes the place of another."""
    is_plain: bool = False
    """Whether it is a slip of the fingers: a letter, or a token twice."""
    is_sibling: bool = False
    """Whether what takes the place of what is blamed is another field or constructor of the type, or a module that
    has such a value."""


@define(eq=False)
class Place:
    """The tokens of a file, of which those in `[first, last)` are looked at; `blamed` are the numbers of those that the
    compiler blames. `left_over`: names that are bound there and not used."""

    text: str
    language: Language
    first: int
    last: int
    blamed: range
    is_syntax: bool
    names: Sequence[str] = ()
    """Names that the compiler suggests."""
    left_over: frozenset[str] = frozenset()
    modules: Sequence[str] = ()
    """Modules of the project's libraries."""
    siblings: Mapping[str, Sequence[str]] = field(factory=dict)
    """Of a field or constructor, the others of its type."""
    members: Mapping[str, Sequence[str]] = field(factory=dict)
    """Of a value or a module, the modules of the project that have one of this name."""
    code: Sequence[Token] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.code = code_of(self.text)

    def distance(self, at: int) -> float:
        """What the way from what the compiler blames costs."""
        before, behind = self.blamed.start - at, at - self.blamed.stop + 1
        if self.is_syntax:  # it stops at once, or later
            return 0.15 * min(before, 20) + 0.02 * max(0, before - 20) if before >= 0 else 1.0 + behind
        if before <= 0 and behind <= 0:
            return 0.0
        return 3.5 + 0.1 * min(max(before, behind), 20) + 0.02 * max(before, behind)

    def is_lone(self, at: int) -> bool:
        """Whether a name or a literal stands alone, so that no statement can end there."""
        word, before = self.language.word(at), self.language.word(at - 1)
        return class_of(word) in ("x", "C", "9", '"', "'c'") and before in _OPENING


def slips(place: Place) -> Iterator[Slip]:
    """All that may be taken back, in no order."""
    for at in range(place.first, place.last):
        far = place.distance(at)
        before = place.language.likely_as_is(at, at + 1)
        for word, prior in _others(place, at):
            if word == ";" and place.is_lone(at - 1):
                continue
            gain = place.language.likely(at, (word,), at + 1) - before
            slip = _replaced(place, at, word, BELIEF * gain + prior - far, is_plain=prior == MISSPELT)
            others = place.siblings.get(place.code[at].text, ()), place.members.get(place.language.word(at + 2), ())
            is_sibling = at in place.blamed and any(word in names for names in others)
            yield evolve(slip, is_sibling=is_sibling)
        yield from _one_less(place, at, before, far)
        yield from _one_more(place, at, far)
        yield from _swapped(place, at, far)


def _others(place: Place, at: int) -> Iterator[tuple[str, float]]:
    """Words in the place of one, with the prior of such a slip."""
    word = place.code[at].text
    kind = class_of(word)
    made: dict[str, float] = {}
    if kind in ("x", "C"):
        if place.language.fits(at, kind, at + 1):
            for name in _usual(place, at, at + 1, kind):
                made[name] = OTHER_NAME
        is_odd = not place.language.knows(word)
        for name in _alike(word, (*_known(place.language, kind), *place.modules)):
            made[name] = MISSPELT if is_odd or place.language.knows(name) else ODD
        for name in _apart(word, place.language):
            made[name] = MISSPELT
        if kind == "C" and place.language.word(at + 1) == ".":
            for name in place.members.get(place.language.word(at + 2), ()):
                made.setdefault(name, OTHER_NAME)
        for name in place.siblings.get(word, ()):
            made[name] = max(made.get(name, OTHER_NAME), SIBLING)
    for name in place.names:
        if class_of(name) == kind:
            made[name] = MISSPELT if distance(word, name) <= 2 else OTHER_NAME / 2
    for name in (one for one in place.left_over if class_of(one) == kind):
        made[name] = max(made.get(name, OTHER_NAME), OTHER_NAME) + LEFT_OVER
    is_used = kind in ("x", "C") and place.language.counts[word] > 1  # so that it is hardly a text without its quotes
    for other in _of_other_kind(word, kind):
        made[other] = OTHER_NAME if is_used else OTHER_KIND
    if kind == word:
        for other in _INSTEAD:
            if place.language.fits(at, other, at + 1):
                made.setdefault(other, TAKEN if _is_taken_for(word, other) else OTHER_WORD)
        for other in _alike(word, _WORDS):
            made[other] = MISSPELT
    elif kind == "x":
        for other in _alike(word, _WORDS):
            made[other] = MISSPELT
    made.pop(word, None)
    yield from made.items()


@lru_cache(4)
def _known(language: Language, kind: str) -> tuple[str, ...]:
    return tuple(language.names(kind))


def _alike(word: str, others: Sequence[str]) -> Iterator[str]:
    """Names that differ by one letter, or by two where they are long."""
    if len(word) < 2:
        return
    most = 2 if len(word) > 6 else 1
    letters = set(word)
    for other in others:
        if abs(len(other) - len(word)) > most or len(letters.symmetric_difference(other)) > 2 * most:
            continue
        if other != word and distance(word, other) <= most:
            yield other


def _is_taken_for(word: str, other: str) -> bool:
    return other in _TAKEN_FOR.get(word, "").split() or word in _TAKEN_FOR.get(other, "").split()


def _apart(word: str, language: Language) -> Iterator[str]:
    """`List.map` for `Listmap`."""
    if word not in language.counts or language.counts[word] > 1:
        return
    for at in range(1, len(word)):
        if language.counts[word[:at]] and language.counts[word[at:]]:
            yield f"{word[:at]}.{word[at:]}"


def _usual(place: Place, start: int, end: int, kind: str) -> set[str]:
    """Names that stand elsewhere between such neighbours, or near."""
    language = place.language
    worth = Counter(word for word in language.words[max(0, start - 200) : end + 200] if class_of(word) == kind)
    for word, count in language.around(start, end):
        if class_of(word) == kind:
            worth[word] += count
    return {word for word, _ in worth.most_common(_MOST_NAMES)}


def _of_other_kind(word: str, kind: str) -> Iterator[str]:
    """The same as another literal, or as none."""
    inner = word[1:-1] if kind in ('"', "'c'") and word[0] in "\"'" else ""
    if kind == '"':
        if len(inner) == 1:
            yield f"'{inner}'"
        if _PLAIN.fullmatch(inner):
            yield inner
    elif kind == "'c'":
        yield f'"{inner}"'
        if inner.isdigit():
            yield inner
    elif kind == "9":
        yield f'"{word}"'
        yield word.rstrip(".") if word.endswith(".") else f"{word}."
        yield '""'
        if len(word) == 1:
            yield f"'{word}'"
    elif kind in ("x", "C"):
        yield f'"{word}"'
        if len(word) == 1:
            yield f"'{word}'"
        if word[0].isupper() and word.lower() in KEYWORDS:
            yield word.lower()


def _one_less(place: Place, at: int, before: float, far: float) -> Iterator[Slip]:
    token = place.code[at]
    is_twice = place.language.word(at - 1) == token.text
    gain = place.language.likely(at, (), at + 1) - before
    edit = TextEdit(token.start, token.end, "")
    if is_twice:  # with the space between the two
        edit = TextEdit(place.code[at - 1].end, token.end, "")
        yield Slip(edit, f"Remove the second `{token.text}`", BELIEF * gain + TWICE - far, is_plain=True)
    elif place.language.word(at + 1) != token.text:
        yield Slip(edit, f"Remove `{token.text}`", BELIEF * gain + SUPERFLUOUS - far)


def _one_more(place: Place, at: int, far: float) -> Iterator[Slip]:
    """Before the token of that number."""
    before = place.language.likely_as_is(at, at)
    fits = place.language.fits
    options = [(word, MISSING) for word in _INSTEAD if fits(at, word, at)]
    for kind in ("x", "C"):
        if fits(at, kind, at):
            options += [(name, MISSING_NAME) for name in _usual(place, at, at, kind)]
    if fits(at, "9", at):
        options += [(number, MISSING_NAME) for number in ("0", "1")]
    if fits(at, "x", at):
        bound = [name for name in place.left_over if name in place.language.counts]
        options += [(name, MISSING_NAME + LEFT_OVER) for name in bound]
    for word, prior in options:
        gain = place.language.likely(at, (word,), at) - before
        start = place.code[at].start
        yield Slip(_inserted(place, at, word, start), f"Add `{word}`", BELIEF * gain + prior - far)


def _inserted(place: Place, at: int, word: str, start: int) -> TextEdit:
    """Behind the token before, where a line ends there; else before the token."""
    text = place.text
    if at and word not in ("|", "let", "type", "module", "val", "open", "(", "[", "{", "~", "?"):
        end = place.code[at - 1].end
        if text[end : end + 1].isspace() or not text[end:start].strip():
            glued = word in (")", "]", "}", ",", ";", ".", ":") or place.code[at - 1].text in (".", "~", "?", "(", "`")
            ahead = "" if glued and not _runs_into(text[end - 1], word[0]) else " "
            behind = " " if end == start and _runs_into(word[-1], text[start]) else ""
            return TextEdit(end, end, f"{ahead}{word}{behind}")
    ahead = " " if start and _runs_into(text[start - 1], word[0]) else ""
    behind = " " if _runs_into(word[-1], text[start]) or (_NAME.match(word) and not text[start].isalpha()) else ""
    return TextEdit(start, start, f"{ahead}{word}{behind}")


def _runs_into(left: str, right: str) -> bool:
    is_name = (left.isalnum() or left in "_'") and (right.isalnum() or right in "_'\"")
    return is_name or (left in _SYMBOLS and right in _SYMBOLS)


def _replaced(place: Place, at: int, word: str, score: float, *, is_plain: bool) -> Slip:
    token, text = place.code[at], place.text
    ahead = " " if token.start and _runs_into(text[token.start - 1], word[0]) else ""
    behind = " " if token.end < len(text) and _runs_into(word[-1], text[token.end]) else ""
    edit = TextEdit(token.start, token.end, f"{ahead}{word}{behind}")
    is_name = class_of(token.text) == class_of(word) == "x"
    return Slip(edit, f"Replace `{token.text}` by `{word}`", score, is_name, is_plain)


def _swapped(place: Place, at: int, far: float) -> Iterator[Slip]:
    if at + 1 >= len(place.code):
        return
    first, second = place.code[at], place.code[at + 1]
    if first.text == second.text:
        return
    gain = place.language.likely(at, (second.text, first.text), at + 2) - place.language.likely_as_is(at, at + 2)
    between = place.text[first.end : second.start]
    edit = TextEdit(first.start, second.end, f"{second.text}{between or ' '}{first.text}")
    yield Slip(edit, f"Swap `{first.text}` and `{second.text}`", BELIEF * gain + SWAPPED - far)
