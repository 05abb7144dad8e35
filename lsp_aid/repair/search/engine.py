"""The search as a whole: candidates for each fault, the likely ones first, put together, checked and ranked."""

import heapq
import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from attrs import evolve, frozen

from lsp_aid.domain.typed import Variant
from lsp_aid.repair.search import explore, ranking, steps, twice
from lsp_aid.repair.search.annotated import annotations
from lsp_aid.repair.search.edit import LEAST_KEPT, Edit, keeps_enough, kept_share
from lsp_aid.repair.search.explore import Fault, Found
from lsp_aid.repair.search.features import Features
from lsp_aid.repair.search.habits import is_usual
from lsp_aid.repair.search.oracle import Oracle
from lsp_aid.repair.search.program import Program
from lsp_aid.repair.search.ranking import Model
from lsp_aid.repair.search.titles import title

MOST_MADE = 6000
MOST_PLACES = 3
LARGE = 25
MOST_SINGLE = 800
MOST_EVERYWHERE = 250
MOST_OF_PART = 220
MOST_NEAR = 300
MOST_TOGETHER = 160
MOST_WITHOUT = 40
MOST_OF_ONE = 40
MOST_ALIKE = 200
MOST_STEPS = 10
MOST_STATES = 12
MOST_AT_LAST = 40
BEAM = 3
PROGRESS = 0.7
KEEPING = 30.0
SMALL = 3
CONFIDENT = 1.5
"""Where one edit is that likely, none of two places is looked for."""


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
    """A whole text that type-checks, and what was done, on one line. `edit` is None where nothing but a type that was
    defined twice was mended."""

    text: str
    title: str
    edit: Edit | None


async def propose(text: str, oracle: Oracle, *, top: int = 3, keep: Keep = _any) -> list[Proposed]:
    """The best repairs of a module, best first, of edits that `keep` takes; none where it is right."""
    model = ranking.shipped()
    once = twice.once(text)
    text, done = once or (text, "")
    searched = await search(text, oracle, model, keep)
    if searched is None:
        is_right = once is not None and (await oracle.judge("", [Variant(text)], ""))[0].ok
        return [Proposed(text, done, None)] if is_right else []
    best = ranking.ranked(searched.features, searched.found, top, model.weights)
    return [Proposed(one.text, "; ".join(filter(None, (done, title(one.edit)))), one.edit) for one in best]


async def search(text: str, oracle: Oracle, model: Model, keep: Keep = _any) -> Searched | None:
    """All edits that were found; None where there is no error."""
    program = Program.of(text)
    located = await explore.faults(program, oracle)
    if located is None:
        return None
    whole, parts = located
    features = Features(whole, model.language, model.habits, model.phrases)
    found = await _searched(whole, parts, features, oracle, model, keep)
    found += await explore.redeclared(whole, oracle, keep)
    kept = _distinct(found, whole)
    if kept:
        found += await _as_usual(whole, found, oracle, model, keep)
    if not oracle.is_late and not _has_usual_types(whole, found, model):
        found += await _by_steps(whole, oracle, model, keep, annotated=True, most=MOST_STATES if kept else MOST_AT_LAST)
    kept = _distinct(found, whole)
    if not kept and not oracle.is_late:
        kept = _distinct(await _by_steps(whole, oracle, model, keep, annotated=False, most=MOST_AT_LAST), whole)
    return Searched(whole, kept, features)


async def _searched(
    whole: Fault, parts: Sequence[Fault], features: Features, oracle: Oracle, model: Model, keep: Keep
) -> list[Found]:
    """Edits at one place or everywhere alike, and at several places where these are at fault."""
    await explore.find_fits(whole, oracle)
    edits = _likely(filter(keep, explore.single_edits(whole, model.phrases)), features, model, MOST_SINGLE)
    if explore.smallest_size(whole) > SMALL:
        edits += _likely(filter(keep, explore.everywhere(whole)), features, model, MOST_EVERYWHERE)
    found = await explore.check(whole, edits, oracle)
    if parts:
        found += await _together(whole, parts, oracle, model, keep)
    elif not any(model.score(features.of_edit(one.edit)) > CONFIDENT for one in found):
        found += await _pairs(whole, oracle, model, keep, is_sought=not found)
    return found


async def _as_usual(whole: Fault, found: Sequence[Found], oracle: Oracle, model: Model, keep: Keep) -> list[Found]:
    """Edits that give functions the types that functions of their names usually have, where none has these yet."""
    if _has_usual_types(whole, found, model):
        return []
    annotated = annotations(model.habits, whole.region.roots, whole.program)
    located = await explore.faults_with(whole, annotated, oracle) if annotated else None
    if located is None:
        return []
    aimed, parts = located
    features = Features(aimed, model.language, model.habits, model.phrases)
    made = [one.edit for one in await _searched(aimed, parts, features, oracle, model, keep)]
    noted = [edit if edit.parts else edit.with_features(features.of_edit(edit)) for edit in made]
    return await explore.check(whole, noted, oracle)


def _has_usual_types(whole: Fault, found: Sequence[Found], model: Model) -> bool:
    """Whether one of the edits gives what the region defines its usual types."""
    names = whole.region.defined
    return any(is_usual(model.habits, one.judgement.signature, names) for one in found)


async def _pairs(whole: Fault, oracle: Oracle, model: Model, keep: Keep, *, is_sought: bool) -> list[Found]:
    """Edits at two places that are at fault together. `is_sought`: nothing else was found."""
    found: list[Found] = []
    for node in explore.places(whole)[:MOST_PLACES]:
        pairs = await explore.pairs(whole, node, oracle)
        for pair in pairs:
            if oracle.is_late:
                return found
            found += await _together(whole, pair, oracle, model, keep)
        if (found or not is_sought) and (pairs or node.size > LARGE):
            break
    return found


async def _by_steps(
    whole: Fault, oracle: Oracle, model: Model, keep: Keep, *, annotated: bool, most: int
) -> list[Found]:
    """One error after the other: edits after which the next error comes later, the likely ones first. `annotated`: with
    the types that functions usually have. From about so many texts (`most`) it goes on, and not further."""
    beam: list[tuple[float, str, tuple[Edit, ...]]] = [(0.0, whole.program.text, ())]
    found: list[Found] = []
    tried = 0
    for _ in range(MOST_STEPS):
        if oracle.is_late or tried >= most:
            break
        following: dict[str, tuple[float, str, tuple[Edit, ...]]] = {}
        for total, text, made in beam:
            tried += 1
            located = await explore.locate(Program.of(text), oracle, first=True)
            if located is None:
                continue
            fault = Fault(located[0], *located[1][0])
            if annotated:
                types = annotations(model.habits, fault.region.roots, fault.program)
                there = await explore.blamed_with(fault, types, oracle) if types else None
                if there is None:
                    continue
                fault = there
            features = Features(fault, model.language, model.habits, model.phrases)
            likely = _likely(filter(keep, steps.near(fault, model.phrases)), features, model, MOST_NEAR)
            likely += _likely(filter(keep, explore.everywhere(fault)), features, model, MOST_ALIKE)
            ways = await steps.advance(fault, likely, oracle)
            for beyond, edit, after in ways:
                left = kept_share(whole.program.text, *made, edit)
                if left < LEAST_KEPT:
                    continue
                noted = features.of_edit(edit)
                score = model.score(noted) if model.weights else -len(edit.changes)
                score += math.log1p(beyond) * PROGRESS - (1 - left) * KEEPING
                following.setdefault(after, (total + score, after, (*made, edit.with_features(noted))))
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
            made.append(Found(joined, text, evolve(answer, signature=signature.lstrip()), whole))
    if made:
        oracle.settle()
    return made


def _likely(edits: Iterable[Edit], features: Features, model: Model, most: int) -> list[Edit]:
    """The edits that are worth a check, at most so many."""
    made = list(itertools.islice(edits, MOST_MADE))
    if len(made) <= most:
        return made
    return sorted(made, key=lambda edit: -features.quick(edit, model.weights))[:most]


def _distinct(found: Sequence[Found], whole: Fault) -> list[Found]:
    """Each text once, without those that throw away too much of the program."""
    kept: dict[str, Found] = {}
    for one in found:
        if one.text not in kept and keeps_enough(whole.program.text, one.edit):
            kept[one.text] = one
    return list(kept.values())


async def _together(whole: Fault, parts: Sequence[Fault], oracle: Oracle, model: Model, keep: Keep) -> list[Found]:
    """Edits for each of several faults, put together."""
    ways: list[list[tuple[float, Edit]]] = []
    for part in parts:
        await explore.find_fits(part, oracle)
        features = Features(part, model.language, model.habits, model.phrases)
        edits = _likely(filter(keep, explore.single_edits(part, model.phrases)), features, model, MOST_OF_PART)
        found = await explore.check(part, edits, oracle)
        noted = [(features.of_edit(one.edit), one.edit) for one in found]
        scored = [(model.score(values), edit.with_features(values)) for values, edit in noted]
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
