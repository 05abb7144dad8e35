"""The search as a whole: candidates for each fault, the likely ones first, put together, checked and ranked."""

import heapq
import itertools
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from attrs import evolve, frozen

from lsp_aid.domain.typed import Variant
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.search import explore, ranking
from lsp_aid.repair.search.edit import Edit
from lsp_aid.repair.search.explore import Fault, Found
from lsp_aid.repair.search.features import Features
from lsp_aid.repair.search.oracle import Oracle
from lsp_aid.repair.search.program import Program
from lsp_aid.repair.search.titles import title

MOST_MADE = 6000
MOST_PLACES = 3
LARGE = 25
MOST_SINGLE = 900
MOST_EVERYWHERE = 250
MOST_OF_PART = 350
MOST_NEAR = 500
MOST_TOGETHER = 240
MOST_WITHOUT = 40
MOST_OF_ONE = 40
MOST_STEPS = 10
BEAM = 4
PROGRESS = 0.7
KEEPING = 30.0
SMALL = 3
ENOUGH_SECONDS = 1.0
"""After that no pairs of places are looked for where single ones have given something."""
LEAST_KEPT = 0.72
"""Of a program's tokens, that much stays."""


Keep = Callable[[Edit], bool]


def _any(edit: Edit) -> bool:
    return True


@frozen
class Searched:
    whole: Fault
    found: list[Found]
    features: Features


@frozen
class Proposed:
    """A whole text that type-checks, and what was done, on one line."""

    text: str
    title: str
    edit: Edit


async def propose(text: str, oracle: Oracle, *, top: int = 3, keep: Keep = _any) -> list[Proposed]:
    """The best repairs of a module, best first, of edits that `keep` takes; none where it is right."""
    table = ranking.weights()
    searched = await search(text, oracle, table, keep)
    if searched is None:
        return []
    best = ranking.ranked(searched.features, searched.found, top, table)
    return [Proposed(one.text, title(one.edit), one.edit) for one in best]


async def search(text: str, oracle: Oracle, table: Mapping[str, float], keep: Keep = _any) -> Searched | None:
    """All edits that were found; None where there is no error."""
    started = time.monotonic()
    program = Program.of(text)
    located = await explore.faults(program, oracle)
    if located is None:
        return None
    whole, parts = located
    await explore.find_fits(whole, oracle)
    features = Features(whole)
    edits = _likely(filter(keep, explore.single_edits(whole)), features, table, MOST_SINGLE)
    if explore.smallest_size(whole) > SMALL:
        edits += _likely(filter(keep, explore.everywhere(whole)), features, table, MOST_EVERYWHERE)
    found = await explore.check(whole, edits, oracle)
    if parts:
        found += await _together(whole, parts, oracle, table, keep)
    else:
        for node in explore.places(whole)[:MOST_PLACES]:
            pairs = await explore.pairs(whole, node, oracle)
            for pair in pairs:
                found += await _together(whole, pair, oracle, table, keep)
            if found and (pairs or node.size > LARGE or time.monotonic() - started > ENOUGH_SECONDS):
                break
    kept = _distinct(found, whole)
    if not kept:
        kept = _distinct(await _by_steps(whole, oracle, table, keep), whole)
    return Searched(whole, kept, features)


async def _by_steps(whole: Fault, oracle: Oracle, table: Mapping[str, float], keep: Keep) -> list[Found]:
    """One error after the other: edits after which the next error comes later, the likely ones first."""
    beam: list[tuple[float, str, tuple[Edit, ...]]] = [(0.0, whole.program.text, ())]
    found: list[Found] = []
    for _ in range(MOST_STEPS):
        following: dict[str, tuple[float, str, tuple[Edit, ...]]] = {}
        for total, text, made in beam:
            located = await explore.locate(Program.of(text), oracle, first=True)
            if located is None:
                continue
            region, spans, _ = located
            fault = Fault(region, *spans[0])
            features = Features(fault)
            likely = _likely(filter(keep, explore.near(fault)), features, table, MOST_NEAR)
            likely += _likely(filter(keep, explore.everywhere(fault)), features, table, MOST_NEAR)
            ways = await explore.advance(fault, likely, oracle)
            for beyond, edit, after in ways:
                left = _kept(whole.program.text, *made, edit)
                if left < LEAST_KEPT:
                    continue
                score = ranking.score(features.of_edit(edit), table) if table else -len(edit.changes)
                score += math.log1p(beyond) * PROGRESS - (1 - left) * KEEPING
                following.setdefault(after, (total + score, after, (*made, edit)))
        beam = sorted(following.values(), key=lambda one: -one[0])[:BEAM]
        if not beam:
            break
        found += await _finished(whole, beam, oracle)
        if found:
            break
    return found


async def _finished(whole: Fault, beam: Sequence[tuple[float, str, tuple[Edit, ...]]], oracle: Oracle) -> list[Found]:
    texts = [text for _, text, _ in beam]
    answers = await oracle.judge("", [Variant(text) for text in texts], "", signatures=True)
    head = whole.region.head
    (before,) = await oracle.judge("", [Variant(head)], "", signatures=True)
    made: list[Found] = []
    for (_, text, edits), answer in zip(beam, answers, strict=True):
        if answer.ok:
            kinds = " + ".join(sorted({edit.kind for edit in edits}))
            joined = edits[0] if len(edits) == 1 else Edit(kinds, edits[0].node, (), "", (), edits)
            signature = answer.signature.removeprefix(before.signature) if before.ok else answer.signature
            made.append(Found(joined, text, evolve(answer, signature=signature), whole))
    return made


def _likely(edits: Iterable[Edit], features: Features, table: Mapping[str, float], most: int) -> list[Edit]:
    """The edits that are worth a check, at most so many."""
    made = list(itertools.islice(edits, MOST_MADE))
    if len(made) <= most:
        return made
    return sorted(made, key=lambda edit: -features.quick(edit, table))[:most]


def _distinct(found: Sequence[Found], whole: Fault) -> list[Found]:
    """Each text once, without those that throw away too much of the program."""
    kept: dict[str, Found] = {}
    for one in found:
        if one.text not in kept and _kept(whole.program.text, one.edit) >= LEAST_KEPT:
            kept[one.text] = one
    return list(kept.values())


def _kept(before: str, *edits: Edit) -> float:
    """How much of a text's tokens is left after edits."""
    gone: Counter[str] = Counter()
    for edit in edits:
        old, new = edit.exchanged
        gone.update(old)
        gone.subtract(new)
    return 1 - (+gone).total() / max(1, _size(before))


@lru_cache(16)
def _size(text: str) -> int:
    return sum(not token.is_comment for token in tokens(text))


async def _together(
    whole: Fault, parts: Sequence[Fault], oracle: Oracle, table: Mapping[str, float], keep: Keep
) -> list[Found]:
    """Edits for each of several faults, put together."""
    ways: list[list[tuple[float, Edit]]] = []
    for part in parts:
        await explore.find_fits(part, oracle)
        features = Features(part)
        edits = _likely(filter(keep, explore.single_edits(part)), features, table, MOST_OF_PART)
        found = await explore.check(part, edits, oracle)
        scored = [(ranking.score(features.of_edit(one.edit), table), one.edit) for one in found]
        scored.sort(key=lambda pair: -pair[0])
        ways.append(scored[:MOST_OF_ONE])
        if not scored:
            return []
    chosen = _best_products(ways, MOST_TOGETHER)
    for number in range(len(ways)):  # what mends one fault may mend another
        chosen += _best_products([*ways[:number], *ways[number + 1 :]], MOST_WITHOUT)
    combined = [_joined(edits) for edits in chosen]
    return await explore.check(whole, [edit for edit in combined if edit is not None], oracle)


def _joined(edits: Sequence[Edit]) -> Edit | None:
    changes = explore.merged(edits)
    if changes is None:
        return None
    kinds = " + ".join(sorted({edit.kind for edit in edits}))
    added = tuple(name for edit in edits for name in edit.added)
    distinct = tuple({edit.changes: edit for edit in edits}.values())
    if len(distinct) == 1:
        return distinct[0]
    return Edit(kinds, edits[0].node, changes, "", added, distinct)


def _best_products(ways: Sequence[Sequence[tuple[float, Edit]]], limit: int) -> list[list[Edit]]:
    """One of each, those with the highest sums first."""
    first = (0,) * len(ways)
    queue = [(-sum(way[0][0] for way in ways), first)]
    seen = {first}
    made: list[list[Edit]] = []
    while queue and len(made) < limit:
        cost, picks = heapq.heappop(queue)
        made.append([way[pick][1] for way, pick in zip(ways, picks, strict=True)])
        for number, pick in enumerate(picks):
            if pick + 1 < len(ways[number]):
                following = (*picks[:number], pick + 1, *picks[number + 1 :])
                if following not in seen:
                    seen.add(following)
                    worse = ways[number][pick][0] - ways[number][pick + 1][0]
                    heapq.heappush(queue, (cost + worse, following))
    return made
