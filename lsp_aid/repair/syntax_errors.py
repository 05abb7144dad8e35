"""Text that does not parse, or that parses by accident: small changes of it, each tried with the type checker.

    let s = w * h                    let s = w * h in
    s + 1                            s + 1

What the type checker then has least to say against is proposed. What may have been meant: see `repair/slips`.
"""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing

from attrs import frozen

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.domain.typed import CompilerFlags, Judgement, Variant
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.slips import ALL
from lsp_aid.repair.slips.way import Place, Way

SECONDS = 3.0
LONGEST = 200_000
MOST = 4
_LONE = CompilerFlags(("-w", "-a"))
_SIGNATURE = "module type S = sig\n", "\nend\n"
"""An interface is tried as a signature in a module."""
_UNREADABLE = ("Syntax error", "This comment", "Illegal", "Invalid", "Value declarations are only allowed")


@frozen
class _Tried:
    way: Way
    judgement: Judgement


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """The changes under which the text parses, those first under which it type-checks as well."""
    path = problem.diagnostic.path
    message = messages.read(problem.diagnostic)
    if not path.endswith((".ml", ".mli")) or problem.typing is None:
        return ()
    text = text_of(problem.view, path)
    if text is None or len(text) > LONGEST:
        return ()
    code = [token for token in tokens(text) if not token.is_comment]
    place = Place(text, problem.start, problem.end, code, message, path.endswith(".mli"))
    ways = list(_unique(place))
    if not ways:
        return ()
    tried = [one async for one in _tried(problem, text, ways)]
    chosen = sorted(_chosen(place, tried), key=lambda one: -one[0])
    return [Candidate(way.title, problem.edit(*way.edits), min(0.9, likely)) for likely, way in chosen[:MOST]]


def _unique(place: Place) -> Iterator[Way]:
    seen: set[tuple[TextEdit, ...]] = set()
    for kind in ALL:
        for way in kind(place):
            if way.edits not in seen:
                seen.add(way.edits)
                yield way


async def _tried(problem: Problem, text: str, ways: Sequence[Way]) -> AsyncIterator[_Tried]:
    """Each way with what typing says of it; places are those of the text."""
    path = problem.diagnostic.path
    assert problem.typing is not None
    head, tail = _SIGNATURE if path.endswith(".mli") else ("", "")
    flags = await problem.typing.flags_for(path.removesuffix("i")) or _LONE
    until = time.monotonic() + SECONDS
    variants = (Variant(f"{head}{apply_text_edits(text, way.edits)}{tail}") for way in ways if time.monotonic() < until)
    async with aclosing(problem.typing.typer.judge(path.removesuffix("i"), "", variants, "", flags)) as judged:
        number = 0
        async for judgement in judged:
            if judgement is not None:
                start = judgement.start - len(head)
                yield _Tried(ways[number], Judgement(judgement.ok, judgement.part, start, 0, judgement.message))
            number += 1


def _chosen(place: Place, tried: Sequence[_Tried]) -> Iterator[tuple[float, Way]]:
    """What type-checks; else what parses and has its error elsewhere; else, where the file has several slips, what lets
    the compiler come further."""
    if not place.is_syntax:
        for one in tried:
            last = one.way.edits[-1]
            if one.judgement.ok:
                yield one.way.likely, one.way
            elif isinstance(place.message, messages.UnboundName) and one.judgement.start > last.start + len(last.text):
                yield 0.5 * one.way.likely, one.way
        return
    readable = [one for one in tried if not _is_unreadable(one.judgement)]
    for one in readable:
        yield one.way.likely * _worth(one), one.way
    if readable:
        return
    line_end = place.text.find("\n", place.end)
    further = [one for one in tried if one.judgement.start > max(line_end, place.end) + _grown(one.way) >= 0]
    for one in further:
        yield 0.3 * one.way.likely, one.way


def _worth(one: _Tried) -> float:
    """Little for what parses and has an error of type where it was changed."""
    if one.judgement.ok:
        return 1.0
    return 0.4 if one.judgement.start > one.way.edits[0].end + 40 else 0.15


def _is_unreadable(judgement: Judgement) -> bool:
    return not judgement.ok and (judgement.message.startswith(_UNREADABLE) or "not terminated" in judgement.message)


def _grown(way: Way) -> int:
    return sum(len(edit.text) - (edit.end - edit.start) for edit in way.edits)
