"""The search: from the errors of a build to repairs under which the build is green.

Best first. A *node* is a build with errors; each error has candidates from the families, most likely first. A *choice*
takes for each error of a node one candidate, or none; it is built, and then
- it is green: a repair;
- the error that a candidate was for is still there, or the candidate's own text is now in error: the next candidate of
  that error takes its place;
- other errors have come to light (OCaml stops at the first type error of a file): a new node below this one.
The cost of a choice is what makes it unlikely, -log of its candidates' likelihoods. What the search may spend is
bounded by builds and by time, never by how many errors there are.
"""

import asyncio
import heapq
import itertools
import logging
import math
import time
from collections.abc import Mapping, Sequence, Set

from attrs import define, evolve, field, frozen

from lsp_aid.config import FixSettings
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import Evaluator, Progress, Typing, View
from lsp_aid.domain.proposal import Kind, Verdict, judge
from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.errors import WorkspaceError
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import parses
from lsp_aid.repair.combine import combine
from lsp_aid.repair.consequences import causes
from lsp_aid.repair.families import FAMILIES, LAST_RESORTS
from lsp_aid.repair.family import Candidate, Family, Problem
from lsp_aid.repair.objections import objected

log = logging.getLogger(__name__)

ERRORS_AT_ONCE = 24  # further errors wait for the next node
CANDIDATES_PER_ERROR = 8
JUDGED_PER_ERROR = 24
OBJECTED_PER_ERROR = 3
BUILDS_FOR_ALTERNATIVES = 10
SECONDS_FOR_ALTERNATIVES = 4.0  # at least; as long as the first one took where that was more
NO_CANDIDATE_COST = 3.0
REVEALED_COST = 0.1
WORKED_COST = 1.0  # of putting another in the place of a candidate that has taken its error away
IMPLAUSIBLE = 0.1  # an alternative less likely than this share of the best one only hides it
TOUCHED_COST = 1.5
_BROUGHT_BY_TYPES = (8, 9, 33)  # cases and fields that lack, and opens, which no repair makes useless as a rule
BENT = 0.15  # how likely an interface is to follow an implementation that was itself in error
BROUGHT = 0.5  # how likely a way is that needs a warning mended which came with a hard error's repair
OBJECTED = 0.15  # how likely a way is, of what it would be, that the type checker has something against
COMPARED = 0.75  # how much a way is judged by the other ways for its error, not by itself


@frozen
class Focus:
    """Where the user asks for a repair."""

    path: str
    range: Range


@frozen
class Step:
    """One candidate taken, with the name of its family and the error that it is for.

    `likelihood`, from 0 to 1, is mostly how it compares with the likeliest way for the same error: a long way of steps
    none of which has a better alternative is not less likely than a short one with a doubtful step.
    """

    candidate: Candidate
    family: str
    error: Diagnostic
    likelihood: float = 1.0


@frozen
class Repair:
    """A complete alternative. `changes` are relative to the view that was given; `weight` is its likelihood, 0 to 1."""

    changes: ChangeSet
    steps: tuple[Step, ...]
    verdict: Verdict

    @property
    def kind(self) -> Kind:
        kinds = {step.candidate.kind for step in self.steps}
        return next((kind for kind in (Kind.SKELETON, Kind.GUESS) if kind in kinds), Kind.FIX)

    @property
    def weight(self) -> float:
        return math.prod(step.likelihood for step in self.steps)


@frozen
class Outcome:
    """`before`: the build without any change; its `build` is None where nothing can be built. `repairs`: best first."""

    before: Evaluation
    repairs: tuple[Repair, ...]


@define(eq=False)
class _Node:
    changes: ChangeSet
    view: View
    build: BuildResult
    steps: tuple[Step, ...]
    cost: float
    errors: Sequence[Diagnostic]
    ways: Sequence[Sequence[Step]]
    tried: set[tuple[int, ...]] = field(factory=set)


@define
class _Search:
    view: View
    evaluator: Evaluator
    settings: FixSettings
    progress: Progress
    focus: Focus | None
    families: Mapping[str, Family]
    deadline: float
    before: BuildResult
    started: float = field(factory=time.monotonic)
    builds: int = 0
    built: dict[tuple[tuple[str, str | None], ...], BuildResult] = field(factory=dict)
    queue: list[tuple[float, int, _Node, tuple[int, ...]]] = field(factory=list)
    order: "itertools.count[int]" = field(factory=itertools.count)
    found: list[Repair] = field(factory=list)
    partial: list[Repair] = field(factory=list)
    stop_at: int = 0
    target: Diagnostic | None = None
    typing: Typing | None = None
    withheld: bool = False
    """Whether a last resort was not asked, since another family had a likely answer."""
    is_last: bool = False
    """Whether all are asked, since that answer came to nothing."""

    async def run(self) -> tuple[Repair, ...]:
        self.stop_at = self.settings.builds
        self.target = min(self.before.errors, key=self._reach)
        await self._from_start()
        if self.withheld and not self.found and not self._spent():
            self.is_last = True
            await self._from_start()
        return self._ranked()

    async def _from_start(self) -> None:
        self._begin(await self._node(ChangeSet(), self.before, (), 0.0))
        while self.queue and not self._spent() and len(self.found) < self.settings.top:
            cost, _, node, choice = heapq.heappop(self.queue)
            await self._try(cost, node, choice)

    def _spent(self) -> bool:
        return self.builds >= self.stop_at or time.monotonic() >= self.deadline

    def _ranked(self) -> tuple[Repair, ...]:
        pool = self.found or self.partial
        unique = {_key(repair.changes): repair for repair in sorted(pool, key=lambda r: r.weight)}
        best = sorted(unique.values(), key=lambda r: (r.kind is Kind.SKELETON, -round(r.weight, 6), len(r.steps)))
        plausible = [r for r in best if r.kind is not best[0].kind or r.weight >= IMPLAUSIBLE * best[0].weight]
        return tuple(plausible[: self.settings.top])

    async def _build(self, changes: ChangeSet) -> BuildResult | None:
        """The build with changes to the view that was given; None once the budget is spent."""
        key = _key(changes)
        if key not in self.built:
            if self.builds >= self.settings.builds or time.monotonic() >= self.deadline:
                return None
            self.builds += 1
            try:
                async with asyncio.timeout(self.deadline - time.monotonic()):
                    evaluation = await self.evaluator.evaluate(self.view, changes, untrusted=False)
            except TimeoutError:
                return None
            if evaluation.build is None:
                return None
            self.built[key] = evaluation.build
        return self.built[key]

    async def _node(self, changes: ChangeSet, build: BuildResult, steps: tuple[Step, ...], cost: float) -> _Node:
        view: View = Overlay(self.view, changes) if changes else self.view
        errors = sorted(causes(view, build.errors), key=self._reach)[:ERRORS_AT_ONCE]

        async def probe(more: ChangeSet) -> BuildResult | None:
            return await self._build(changes.then(more))

        ways = [await self._ways(Problem(view, error, build.diagnostics, probe, self.typing)) for error in errors]
        if any(not _is_warning(step.error) for step in steps):
            # What is unused, or never matches, only since an error was mended says that it was not mended as meant.
            ways = [
                [evolve(way, likelihood=BROUGHT * way.likelihood) for way in of_one] if _tells(error) else of_one
                for error, of_one in zip(errors, ways, strict=True)
            ]
            mended = {
                f"{step.error.path}i"
                for step in steps
                if not _is_warning(step.error) and step.error.path in step.candidate.changes.texts
            }
            ways = [
                [evolve(way, likelihood=BENT * way.likelihood) if _bends(way, mended) else way for way in of_one]
                for of_one in ways
            ]
        return _Node(changes, view, build, steps, cost, errors, ways)

    def _reach(self, error: Diagnostic) -> tuple[int, str, Range]:
        """The error that the user points at comes first, then those of its file."""
        near = 2
        if self.focus and error.path == self.focus.path:
            near = 0 if error.range.touches(self.focus.range) else 1
        return (near, error.path, error.range)

    async def _ways(self, problem: Problem) -> list[Step]:
        quick = [name for name in self.families if name not in LAST_RESORTS]
        steps = await self._judged(problem, await self._asked(problem, quick))
        for name in (name for name in self.families if name in LAST_RESORTS):
            enough = math.inf if self.is_last else LAST_RESORTS[name]
            if any(step.candidate.weight >= enough for step in steps):
                self.withheld = True
            elif not self.found:  # not below another way than the first that leads to a green build
                steps += await self._asked(problem, [name])
        kept = _each_once(steps)[:CANDIDATES_PER_ERROR]
        best = max((step.candidate.weight for step in kept), default=1.0)
        return [evolve(step, likelihood=_likelihood(step.candidate.weight, best)) for step in kept]

    async def _asked(self, problem: Problem, names: Sequence[str]) -> list[Step]:
        steps: list[Step] = []
        for name in names:
            try:
                found = await self.families[name].candidates(problem)
            except WorkspaceError as error:  # a file that cannot be read has no candidates
                log.info("%s: %s", name, error)
                continue
            except Exception:
                log.exception("The repair family %s failed on %r", name, problem.diagnostic.message)
                continue
            steps += [Step(candidate, name, problem.diagnostic) for candidate in found if candidate.changes]
        return steps

    async def _judged(self, problem: Problem, steps: Sequence[Step]) -> list[Step]:
        """Those that the type checker objects to are less likely: they need another step at the very place. Of these
        only some are kept, not to be in the way of others."""
        likely = _each_once(steps)[:JUDGED_PER_ERROR]
        against = await objected(problem, [step.candidate for step in likely])
        doubtful = [step for step, is_wrong in zip(likely, against, strict=True) if is_wrong][:OBJECTED_PER_ERROR]
        return [
            *(step for step, is_wrong in zip(likely, against, strict=True) if not is_wrong),
            *(evolve(s, candidate=evolve(s.candidate, weight=OBJECTED * s.candidate.weight)) for s in doubtful),
        ]

    def _begin(self, node: _Node) -> None:
        """With the likeliest way for each error; also with what cures a file of all errors, and nothing beside it."""
        self._push(node, (0,) * len(node.errors))
        for number, ways in enumerate(node.ways):
            path = node.errors[number].path
            beside = [i for i, error in enumerate(node.errors) if error.path == path and i != number]
            for way in (w for w, step in enumerate(ways) if step.candidate.cures_file and beside):
                choice = [len(node.ways[i]) if i in beside else 0 for i in range(len(node.ways))]
                choice[number] = way
                self._push(node, tuple(choice), -NO_CANDIDATE_COST * len(beside))

    def _push(self, node: _Node, choice: tuple[int, ...], extra: float = 0.0) -> None:
        """`choice[i]` is the number of the way taken for error i; its number of ways where none is taken."""
        choice = tuple(min(way, len(ways)) for way, ways in zip(choice, node.ways, strict=True))
        nothing = all(way == len(ways) for way, ways in zip(choice, node.ways, strict=True))
        if nothing or choice in node.tried:
            return
        node.tried.add(choice)
        cost = node.cost + extra + _cost_of(node, choice)
        heapq.heappush(self.queue, (cost, next(self.order), node, choice))

    async def _try(self, cost: float, node: _Node, choice: tuple[int, ...]) -> None:
        taken = [(i, ways[way]) for i, (way, ways) in enumerate(zip(choice, node.ways, strict=True)) if way < len(ways)]
        merged = combine([step.candidate.changes for _, step in taken])
        taken = [pair for number, pair in enumerate(taken) if number not in merged.left_out]
        places = [place for number, place in enumerate(merged.places) if number not in merged.left_out]
        changes = node.changes.then(merged.changes)
        if not changes:
            return
        steps = (*node.steps, *(step for _, step in taken))
        extra = cost - node.cost - _cost_of(node, choice)
        self.progress.report(taken[0][1].candidate.title if taken else "Checking")
        build = await self._build(changes)
        if build is None:
            return
        repair = Repair(changes, steps, self._verdict(changes, build))
        if build.green:
            self._note(repair)
            self._advance(node, choice, [0], extra)
            return
        if not self.found and not self.partial and repair.verdict.introduced:
            repair = await self._come_to_light(repair)
        if self._helps(repair):
            self.partial.append(repair)
        broken = _no_longer_parsed(node.build, build)
        if broken:  # no way leads on from a text that is none any more
            wrong = [i for i, step in taken if broken & set(step.candidate.changes.texts)]
            self._advance(node, choice, wrong, extra, together=True)
            return
        left = [i for i, _ in taken if _is_left(node.errors[i], node.view, merged.changes, build)]
        touched = [i for (i, _), place in zip(taken, places, strict=True) if i not in left and _touched(place, build)]
        failed = [*left, *touched]
        if failed:
            self._advance(node, choice, failed, extra, together=True)
        else:  # the errors that are left are most likely others, but any candidate may have brought them
            self._advance(node, choice, [i for i, _ in taken], extra + WORKED_COST)
        if len(left) < len(taken):
            below = await self._node(changes, build, steps, cost + REVEALED_COST + TOUCHED_COST * len(touched))
            self._begin(below)

    def _advance(
        self, node: _Node, choice: tuple[int, ...], places: Sequence[int], extra: float, together: bool = False
    ) -> None:
        """The next candidate at each of these places; at all of them `together` as well."""
        if together:
            self._push(node, tuple(way + (i in places) for i, way in enumerate(choice)), extra)
        for place in places:
            self._push(node, tuple(way + (i == place) for i, way in enumerate(choice)), extra)

    def _note(self, repair: Repair) -> None:
        self.found.append(repair)
        if len(self.found) == 1:
            self.stop_at = min(self.settings.builds, self.builds + BUILDS_FOR_ALTERNATIVES)
            now = time.monotonic()
            self.deadline = min(self.deadline, now + max(SECONDS_FOR_ALTERNATIVES, now - self.started))

    def _verdict(self, changes: ChangeSet, build: BuildResult) -> Verdict:
        sound = all(text is None or parses(path, text) for path, text in changes.texts.items())
        return judge(self.before, Evaluation(build), sound)

    def _helps(self, repair: Repair) -> bool:
        """Whether a repair that leaves errors takes away the one asked about and brings none."""
        left = {error.identity for error in repair.verdict.remaining}
        wanted = [self.target] if self.focus and self.target else self.before.errors
        return not repair.verdict.introduced and any(error.identity not in left for error in wanted)

    async def _come_to_light(self, repair: Repair) -> Repair:
        """The repair, its verdict freed of the errors that were hidden before and that it did not bring.

        OCaml stops at a file's first type error. What it would have said next shows once the expression in error is
        one of any type, `assert false`: an error that is there then as well is none of the repair's doing.
        """
        error, verdict = repair.steps[0].error, repair.verdict
        behind = [e for e in verdict.introduced if e.path == error.path and e.range.start >= error.range.end]
        if len(repair.steps) > 1 or not behind or len(behind) < len(verdict.introduced):
            return repair
        source = SourceText(self.view.read(error.path))
        start, end = source.offset(error.range.start), source.offset(error.range.end)
        hole = f"{source.text[:start]}(assert false){source.text[end:]}"
        build = await self._build(ChangeSet((FileChange(error.path, source.text, hole),)))
        shown = {e.identity for e in build.errors} if build else set()
        if any(e.identity not in shown for e in behind):
            return repair
        detail = (
            f"{len(behind)} more error{'s' * (len(behind) > 1)} of the file come{'s' * (len(behind) == 1)} to light"
        )
        return evolve(repair, verdict=evolve(verdict, introduced=(), detail=detail))


async def repair(
    view: View,
    evaluator: Evaluator,
    settings: FixSettings,
    progress: Progress,
    focus: Focus | None = None,
    families: Mapping[str, Family] | None = None,
    typing: Typing | None = None,
) -> Outcome:
    """Repairs of the errors of `view`, best first, at most `settings.top`: those under which the build is green, or,
    where there are none, those that take away the error at the focus and bring none.

    Raises what the evaluator raises.
    """
    before = await evaluator.evaluate(view, ChangeSet(), untrusted=False)
    if before.build is None or before.build.green or not before.build.errors:
        return Outcome(before, ())
    search = _Search(
        view,
        evaluator,
        settings,
        progress,
        focus,
        FAMILIES if families is None else families,
        time.monotonic() + settings.seconds,
        before.build,
        typing=typing,
    )
    return Outcome(before, await search.run())


def _each_once(steps: Sequence[Step]) -> list[Step]:
    """The likeliest first. What several families propose counts as the likeliest of them says, and is a guess only
    where each of them guesses."""
    ordered = sorted(steps, key=lambda s: (s.candidate.kind is Kind.SKELETON, -s.candidate.weight))
    kinds: dict[tuple[tuple[str, str | None], ...], set[Kind]] = {}
    for step in ordered:
        kinds.setdefault(_key(step.candidate.changes), set()).add(step.candidate.kind)
    kept = []
    for step in ordered:
        said = kinds.pop(_key(step.candidate.changes), None)
        if said is not None:
            kind = Kind.FIX if Kind.FIX in said else step.candidate.kind
            kept.append(evolve(step, candidate=evolve(step.candidate, kind=kind)))
    return kept


def _is_warning(error: Diagnostic) -> bool:
    return messages.warning_number(error) is not None


def _tells(error: Diagnostic) -> bool:
    """Whether it warns of what is unused or never matches, and not of what a type that has grown brings with it."""
    return _is_warning(error) and messages.warning_number(error) not in _BROUGHT_BY_TYPES


def _bends(way: Step, interfaces: Set[str]) -> bool:
    """Whether an interface is changed, of a module whose types did not fit: what it says is what was meant."""
    return any(change.path in interfaces for change in way.candidate.changes.files)


def _likelihood(weight: float, best: float) -> float:
    weight, best = max(weight, 1e-6), max(best, 1e-6)
    return float((weight / best) ** COMPARED * weight ** (1 - COMPARED))


def _cost(ways: Sequence[Step], way: int) -> float:
    return NO_CANDIDATE_COST if way == len(ways) else -math.log(ways[way].likelihood)


def _cost_of(node: _Node, choice: tuple[int, ...]) -> float:
    return sum(_cost(ways, way) for way, ways in zip(choice, node.ways, strict=True))


def _key(changes: ChangeSet) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(changes.texts.items()))


def _is_left(error: Diagnostic, view: View, changes: ChangeSet, build: BuildResult) -> bool:
    """Whether the error is still there, at the place to which the changes have moved it."""
    alike = [other for other in build.errors if other.identity == error.identity]
    after = changes.texts.get(error.path)
    start = error.range.start
    starts = {start} if after is None else _moved(start, view.read(error.path), after)
    return any(other.range.start in starts for other in alike)


def _moved(place: Position, before: str, after: str) -> set[Position]:
    """Where a place of the text before is in the text after: in front of what was inserted there, or behind it."""
    offset = SourceText(before).offset(place)
    shifts = [(edit, len(edit.text) - (edit.end - edit.start)) for edit in minimal_edits(before, after)]
    front = offset + sum(shift for edit, shift in shifts if edit.start < offset and edit.end <= offset)
    behind = front + sum(shift for edit, shift in shifts if edit.start == edit.end == offset)
    source = SourceText(after)
    return {source.position(front), source.position(behind)}


def _no_longer_parsed(before: BuildResult, after: BuildResult) -> set[str]:
    """The files with an error of syntax that had none before."""
    old, new = (
        {error.path for error in build.errors if isinstance(messages.read(error), messages.SyntaxProblem)}
        for build in (before, after)
    )
    return new - old


def _touched(places: Sequence[tuple[str, Range]], build: BuildResult) -> bool:
    """Whether a text that was to repair an error is itself in error: it may be wrong, or another has come to light."""
    return any(error.path == path and error.range.touches(place) for path, place in places for error in build.errors)
