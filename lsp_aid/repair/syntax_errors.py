"""Text that does not parse, or that parses by accident: small changes of it, each tried with the type checker.

    let s = w * h                    let s = w * h in
    s + 1                            s + 1

What is tried: the changes that the kinds of slips in `repair/slips` know, and any single token too few, too many or in
another one's place; two of them where one is not enough. The likeliest are tried first. What parses and type-checks
comes before what merely parses.
"""

import itertools
import math
import posixpath
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing

from attrs import evolve, frozen

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.domain.typed import CompilerFlags, Judgement, Variant
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.modules_not_built import used_modules
from lsp_aid.repair.places import text_of
from lsp_aid.repair.slips import ALL
from lsp_aid.repair.slips.token_edits import window
from lsp_aid.repair.slips.usual import KEYWORDS, merged
from lsp_aid.repair.slips.way import Place
from lsp_aid.repair.slips.weighing import Guess, Weighing

SECONDS = 3.0
LONGEST = 200_000
MOST = 4
MOST_TRIED, MOST_SECOND = 700, 150
_MOST_OTHERS = 50
_FIRST_STEPS = 4
"""So many changes that let the compiler come further are gone on from."""
_LONE = CompilerFlags(("-w", "-a"))
_SIGNATURE = "module type S = sig\n", "\nend\n"
"""An interface is tried as a signature in a module."""
_UNREADABLE = ("Syntax error", "This comment", "Illegal", "Invalid", "Value declarations are only allowed")
_ILL_TYPED, _ILL_TYPED_HERE = -2.0, -6.0
"""What parses and has an error of type, elsewhere or where it was changed."""
_DOUBTFUL = -9.0
"""Below it, two changes are tried as well."""
_UNBOUND = re.compile(r"Unbound module [\"`']?([\w']+?)[\"']?(?:\s|$)")
_EXPECTED = re.compile(r"[\"'`]?(\S+?)[\"']? expected")
_OPERATOR = re.compile(r"[-+*/^@<>=&|]+\.?|mod|land|lor")
_WORD = re.compile(r"[\w'\"]+")
_SURE = -4.0
_SPREAD = 2.0
_BEHIND = 40
"""So many tokens behind what has a wrong type, a separator may be missing."""
_PLAUSIBLE = -2.5
_FURTHER = -8.0


@frozen
class _Tried:
    guess: Guess
    judgement: Judgement

    @property
    def is_readable(self) -> bool:
        said = self.judgement.message
        return self.judgement.ok or not (said.startswith(_UNREADABLE) or "not terminated" in said)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """The changes under which the text parses, those first under which it type-checks as well."""
    path = problem.diagnostic.path
    message = messages.read(problem.diagnostic)
    if not path.endswith((".ml", ".mli")) or problem.typing is None:
        return ()
    text = text_of(problem.view, path)
    if text is None or len(text) > LONGEST:
        return ()
    place = _place(text, problem.start, problem.end, message, path.endswith(".mli"))
    place.others = list(_others(problem))
    guesses = sorted(_unique(_guesses(place)), key=lambda guess: -guess.score)[:MOST_TRIED]
    if not guesses:
        return ()
    trial = await _Trial.of(problem, text)
    tried = [one async for one in trial.of_guesses(guesses)]
    chosen = list(_chosen(place, tried) if place.is_syntax else _well_typed(place, tried))
    if place.is_syntax and max((score for score, _ in chosen), default=-99.0) < _DOUBTFUL:
        chosen += await _in_two_steps(place, tried, trial)
    return list(_weighed(problem, sorted(chosen, key=lambda one: -one[0])[:MOST]))


def _place(text: str, start: int, end: int, message: messages.Message, is_interface: bool) -> Place:
    return Place(text, start, end, merged(tokens(text)), message, is_interface)


def _others(problem: Problem) -> Iterator[str]:
    """The texts of other modules, the nearest first, where a name is to be found for what is none."""
    here = problem.diagnostic.path
    if not isinstance(messages.read(problem.diagnostic), messages.SyntaxProblem):
        return
    paths = [path for path in problem.view.paths() if path.endswith((".ml", ".mli")) and path != here]
    paths.sort(key=lambda path: (posixpath.dirname(path) != posixpath.dirname(here), path))
    for path in paths[:_MOST_OTHERS]:
        text = text_of(problem.view, path)
        if text is not None and len(text) <= LONGEST:
            yield text


def _guesses(place: Place) -> Iterator[Guess]:
    weighing = Weighing(place)
    yield from weighing.of_ways(way for kind in ALL for way in kind(place))
    if place.is_syntax:
        yield from weighing.of_tokens(window(place))
    elif _is_by_accident(place.message):
        near = range(max(weighing.first, place.at - 12), min(len(place.code), place.until + _BEHIND) + 1)
        likely = (guess for guess in weighing.of_tokens(near) if guess.gain > 0.5 and guess.score > _PLAUSIBLE)
        kept = (guess for guess in likely if _keeps_words(place.text, guess.edits))
        yield from (guess for guess in kept if not _is_another_value(place.text, guess.edits))


def _keeps_words(text: str, edits: Sequence[TextEdit]) -> bool:
    """Whether no name and no literal goes, and no type becomes a variable: what parses was written on purpose."""
    gone = Counter(word for edit in edits for word in _WORD.findall(text[edit.start : edit.end]))
    come = Counter(word for edit in edits for word in _WORD.findall(edit.text))
    return gone <= come and not any(word.startswith("'") for word in come)


def _is_another_value(text: str, edits: Sequence[TextEdit]) -> bool:
    """Whether a name or a comparison comes in, an operator goes, or an argument is no longer optional: that is no slip
    of signs."""
    gone = Counter(word for edit in edits for word in _WORD.findall(text[edit.start : edit.end]))
    come = Counter(word for edit in edits for word in _WORD.findall(edit.text))
    if any(word not in KEYWORDS for word in come - gone):
        return True
    if len(edits) != 1:
        return False
    sign, old = edits[0].text.strip(), text[edits[0].start : edits[0].end].strip()
    return sign == "=" or (not sign and (old == "?" or _OPERATOR.fullmatch(old) is not None))


def _is_by_accident(message: messages.Message) -> bool:
    """Whether an error of type may come of a text that parses otherwise than was meant."""
    if isinstance(message, messages.UnboundName):
        return message.sort == "value"
    return isinstance(message, messages.TooManyArguments | messages.NotAFunction | messages.TypeClash)


def _unique(guesses: Iterable[Guess]) -> list[Guess]:
    """Of several that lead to the same tokens the likeliest."""
    best: dict[tuple[TextEdit, ...], Guess] = {}
    for guess in guesses:
        known = best.get(guess.edits)
        if known is None or known.score < guess.score:
            best[guess.edits] = guess
    return list(best.values())


@frozen
class _Trial:
    """Changes of a text are typed, for some seconds each time; starting the typer does not count."""

    problem: Problem
    text: str
    flags: CompilerFlags
    before: str = ""  # what the text uses and is not built

    @classmethod
    async def of(cls, problem: Problem, text: str) -> "_Trial":
        """Where dune could not build the module that names those of the library, it opens none, and has them as they
        stand: the error may have come before anything was compiled."""
        assert problem.typing is not None
        path = problem.diagnostic.path.removesuffix("i")
        flags = await problem.typing.flags_for(path) or _LONE
        async with aclosing(problem.typing.typer.judge(path, "", [Variant("")], "", flags)) as judged:
            said = " ".join([judgement.message async for judgement in judged if judgement is not None])
        lacking = set(_UNBOUND.findall(said))
        if not lacking & {name for option, name in itertools.pairwise(flags.words) if option == "-open"}:
            return cls(problem, text, flags)
        pairs = list(zip(flags.words, (*flags.words[1:], ""), strict=True))
        opens = {number for number, pair in enumerate(pairs) if pair[0] == "-open" and pair[1] in lacking}
        words = (word for number, word in enumerate(flags.words) if not {number, number - 1} & opens)
        return cls(problem, text, evolve(flags, words=tuple(words)), used_modules(problem))

    async def of_guesses(self, guesses: Sequence[Guess], seconds: float = SECONDS) -> AsyncIterator[_Tried]:
        """Each with what typing says of it; places are those of the changed text."""
        path = self.problem.diagnostic.path
        assert self.problem.typing is not None
        head, tail = _SIGNATURE if path.endswith(".mli") else ("", "")
        head = self.before + head
        until: float | None = None
        variants = (
            Variant(f"{head}{apply_text_edits(self.text, guess.edits)}{tail}")
            for guess in guesses
            if until is None or time.monotonic() < until
        )
        judge = self.problem.typing.typer.judge(path.removesuffix("i"), "", variants, "", self.flags)
        async with aclosing(judge) as judged:
            number = 0
            async for judgement in judged:
                until = until or time.monotonic() + seconds
                if judgement is not None:
                    start, end = judgement.start - len(head), judgement.end - len(head)
                    yield _Tried(guesses[number], Judgement(judgement.ok, 1, start, end, judgement.message))
                number += 1


def _chosen(place: Place, tried: Sequence[_Tried]) -> Iterator[tuple[float, Guess]]:
    """What type-checks, and what at least parses, the further on its first error of type the better."""
    for one in tried:
        if one.is_readable:
            last = one.guess.edits[0].end
            worth = 0.0 if one.judgement.ok else _ILL_TYPED if one.judgement.start > last + 40 else _ILL_TYPED_HERE
            yield one.guess.score + worth, one.guess


def _well_typed(place: Place, tried: Sequence[_Tried]) -> Iterator[tuple[float, Guess]]:
    """What takes an error of type away: there is none left, or, where it was of an unbound name, the next is behind."""
    for one in tried:
        last = one.guess.edits[-1]
        if one.judgement.ok:
            yield one.guess.score, one.guess
        elif (
            one.guess.is_known
            and isinstance(place.message, messages.UnboundName)
            and one.judgement.start > last.start + len(last.text)
        ):
            yield one.guess.score + _ILL_TYPED, one.guess


async def _in_two_steps(place: Place, tried: Sequence[_Tried], trial: _Trial) -> list[tuple[float, Guess]]:
    """Two changes, the first of which lets the compiler come further; or that one alone, where the file has more slips
    than two."""
    further = []
    for one in tried:
        grown = sum(len(edit.text) - (edit.end - edit.start) for edit in one.guess.edits)
        if not one.is_readable and one.judgement.start > place.end + grown >= 0:
            far = min(one.judgement.start - grown - place.end, 400) / 200
            further.append((one.guess.score + far, one))
    further.sort(key=lambda pair: -pair[0])
    found = []
    line_end = place.text.find("\n", place.end)
    for _, one in further[:_FIRST_STEPS]:
        text = apply_text_edits(trial.text, one.guess.edits)
        start, said = one.judgement.start, one.judgement.message
        expected = _EXPECTED.search(said)
        message = messages.SyntaxProblem(expected[1] if expected else None, text=said)
        second = _place(text, start, max(start + 1, one.judgement.end), message, place.is_interface)
        guesses = sorted(_unique(_guesses(second)), key=lambda guess: -guess.score)[:MOST_SECOND]
        both = [
            Guess(
                (TextEdit(0, len(trial.text), apply_text_edits(text, guess.edits)),),
                f"{one.guess.title}; {guess.title[:1].lower()}{guess.title[1:]}",
                one.guess.score + guess.score,
            )
            for guess in guesses
        ]
        found += [pair async for pair in _readable(place, both, trial)]
    if not found:
        ends = [(score, one) for score, one in further if one.judgement.start > line_end > 0]
        found = [(score + _FURTHER, one.guess) for score, one in ends]
    return found


async def _readable(place: Place, guesses: Sequence[Guess], trial: _Trial) -> AsyncIterator[tuple[float, Guess]]:
    tried = [one async for one in trial.of_guesses(guesses, SECONDS / _FIRST_STEPS)]
    for one in tried:
        if one.is_readable:
            yield one.guess.score + (0.0 if one.judgement.ok else _ILL_TYPED_HERE), one.guess


def _weighed(problem: Problem, chosen: Sequence[tuple[float, Guess]]) -> Iterator[Candidate]:
    for score, guess in chosen:
        sure = math.exp(min(0.0, (score - _SURE) / 4))
        likely = math.exp((score - chosen[0][0]) / _SPREAD)
        yield Candidate(guess.title, problem.edit(*guess.edits), max(0.01, 0.9 * sure * likely))
