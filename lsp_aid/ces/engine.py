"""The evaluation engine: takes a diff to a warm base and says what becomes of it, by tiers, each cheaper than the next.

The diff has to have its place and to be permitted; then the type checker says what it can prove; then dune builds in a
fresh sandbox over the base, and runs the tests. The first that is red ends it. What goes wrong on our side or the
machine's is no word on the diff: the verdict is then unknown, and says why.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from attrs import define, evolve, field, frozen

from lsp_aid import editformats
from lsp_aid.build import process, resident
from lsp_aid.ces import cheats, outcomes
from lsp_aid.ces.base import Base, BaseStore
from lsp_aid.ces.by_types import TypesTier
from lsp_aid.ces.checkout import Source
from lsp_aid.ces.intact import Intact
from lsp_aid.ces.keeping import FileWrite, Keeping, Kept, LostError, Step
from lsp_aid.ces.outcomes import Outcome
from lsp_aid.ces.policy import Policy
from lsp_aid.ces.verdict import Colour, Level, PolicyReport, Tier, Verdict, compared, problem
from lsp_aid.config import EditSettings
from lsp_aid.domain.changes import ChangeSet, mode_with
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import Typer
from lsp_aid.editformats.unified_diff import UnifiedDiff
from lsp_aid.edits.containment import check_path, shown
from lsp_aid.edits.git_diff import apply_exactly
from lsp_aid.edits.placing import place
from lsp_aid.errors import (
    AidError,
    EditError,
    FileUnreadableError,
    NotSourceError,
    NotTextError,
    OutsideError,
    UsageError,
)
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import Limits as TyperLimits
from lsp_aid.typer.pool import TyperPool
from lsp_aid.typer.pooled import PooledTyper
from lsp_aid.workspace.view import WorkspaceView

log = logging.getLogger(__name__)

NO_LIMITS = EditSettings(max_files=10_000, max_bytes=16_000_000)
_LOG = "_build/log"
_LONGEST_LOG = 32_000_000
_REMEMBERED = 10_000
_TYPER_SECONDS = 30.0
MOST_TYPED, _MOST_BEFORE_DUNE = 400, 25
"""So many compilations are typed for one diff; and where dune has to say all the same that it is green."""


@frozen
class Request:
    """What is to be judged. `diff` is text in one of the forms that lsp-aid reads; `changes` take its place where they
    are given."""

    diff: str = ""
    changes: ChangeSet | None = None
    level: Level = Level.BUILD
    policy: Policy = field(factory=Policy)
    format: str = "auto"

    @property
    def identity(self) -> str:
        told = repr((self.diff, self.changes, self.level, self.policy, self.format))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


@define(eq=False)
class WarmBase:
    """A base that is held, with what has been started for it."""

    base: Base
    intact: Intact
    types: TypesTier
    keepers: asyncio.Queue[Keeping]
    own: list[Keeping]
    release: Callable[[], Awaitable[None]]
    tests: Outcome | None = None
    """What the tests of the base itself say, once that was asked."""
    judging: int = 0
    """How many evaluations are on their way."""
    is_let_go: bool = False
    """It is no longer held; what is started for it from now on ends with the evaluation."""

    @property
    def is_idle(self) -> bool:
        return self.keepers.qsize() == len(self.own) and not self.judging

    @property
    def view(self) -> WorkspaceView:
        return WorkspaceView(self.base.tree)


@define(eq=False)
class _Asked:
    """An evaluation that was asked for by its id."""

    identity: str
    task: "asyncio.Task[Verdict]"
    waiting: int = 0

    @property
    def is_void(self) -> bool:
        """It was ended, or is no word on the diff: whoever asks again may hear another one."""
        if not self.task.done():
            return bool(self.task.cancelling())
        failed = self.task.cancelled() or self.task.exception() is not None
        return failed or self.task.result().colour is Colour.UNKNOWN


@define(eq=False)
class Engine:
    """Evaluates diffs on bases, so many at once for each as there are `workers`. `way` is how a fresh tree is had:
    `overlay`, or `copy` where the system has no overlays. `most` bases are held at once, unless more are in use."""

    store: BaseStore
    typer: Typer
    workers: int = 1
    way: str = "overlay"
    most: int = 16
    _closing: Callable[[], Awaitable[None]] | None = None
    _warm: "OrderedDict[str, WarmBase]" = field(factory=OrderedDict, init=False)
    _asked: "OrderedDict[str, _Asked]" = field(factory=OrderedDict, init=False)
    _opening: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    async def open(self, source: Source) -> WarmBase:
        """The base of a source, made where it is not there yet, and held until the engine is closed, or until so many
        others were asked for that it is let go of.

        Raises UsageError, ToolchainError, BuildTimeoutError, SandboxError, FileUnwritableError.
        """
        for key, warm in [*self._warm.items()]:
            # It is to be made anew, which nobody can who holds it; or another one who opens has let go of it.
            if not warm.base.is_there and self._warm.pop(key, None) is not None:
                await _let_go(warm)
        async with contextlib.AsyncExitStack() as stack:
            base = await stack.enter_async_context(self.store.hold(source))
            async with self._opening:
                if base.key not in self._warm:
                    intact = await asyncio.to_thread(Intact, base)
                    self._warm[base.key] = self._make_warm(base, intact, stack.pop_all().aclose)
                self._warm.move_to_end(base.key)
                warm = self._warm[base.key]
                idle = [key for key, each in self._warm.items() if each.is_idle and each is not warm]
                for key in idle[: max(0, len(self._warm) - self.most)]:
                    await _let_go(self._warm.pop(key))
                return warm

    async def evaluate(self, warm: WarmBase, request: Request, identifier: str = "") -> Verdict:
        """The verdict. One that was asked for by the same id is told again, and not worked out twice, unless it was
        unknown.

        Raises UsageError where the id was that of something else.
        """
        if not identifier:
            return await self._evaluate(warm, request, "")
        identity = f"{warm.base.key} {request.identity}"
        asked = self._asked.get(identifier)
        if asked is not None and asked.is_void:
            asked = None
        if asked is not None and asked.identity != identity:
            raise UsageError(f"The id {identifier} was that of another evaluation", "Choose a new one.")
        if asked is None:
            task = asyncio.create_task(self._evaluate(warm, request, identifier))
            asked = self._asked[identifier] = _Asked(identity, task)
            self._forget()
        asked.waiting += 1
        try:
            return await asyncio.shield(asked.task)
        finally:
            asked.waiting -= 1
            if not asked.waiting and not asked.task.done():
                asked.task.cancel()
                await asyncio.wait([asked.task])

    async def close(self) -> None:
        """Ends all that was started, and lets go of the bases."""
        warm = [*self._warm.values()]
        self._warm.clear()
        for each in warm:
            await _let_go(each)
        if self._closing is not None:
            await self._closing()

    def _make_warm(self, base: Base, intact: Intact, release: Callable[[], Awaitable[None]]) -> WarmBase:
        keepers = asyncio.Queue[Keeping]()
        own = [self.store.keeper(base.tree, self.way) for _ in range(self.workers)]
        for keeper in own:
            keepers.put_nowait(keeper)
        return WarmBase(base, intact, TypesTier(base, self.typer), keepers, own, release)

    def _forget(self) -> None:
        """Verdicts that were asked for long ago."""
        for identifier in [*self._asked][: max(0, len(self._asked) - _REMEMBERED)]:
            if self._asked[identifier].task.done():
                del self._asked[identifier]

    async def _evaluate(self, warm: WarmBase, request: Request, identifier: str) -> Verdict:
        started = time.monotonic()
        warm.judging += 1
        try:
            verdict = await self._judge(warm, request)
            await asyncio.to_thread(_raise_unless_whole, warm, verdict)
        except (AidError, OSError) as error:
            # Whatever could not be done was no fault of the diff's.
            verdict = Verdict(Colour.UNKNOWN, None, reason=str(error))
        except Exception as error:
            log.exception("An evaluation failed by a fault of ours")
            verdict = Verdict(Colour.UNKNOWN, None, reason=f"A fault of lsp-aid's: {type(error).__name__}: {error}")
        finally:
            warm.judging -= 1
            if warm.is_let_go and warm.is_idle:
                await asyncio.gather(*(keeper.close() for keeper in warm.own))
        seconds = time.monotonic() - started
        return evolve(verdict, seconds=seconds, id=identifier, base=warm.base.key)

    async def _judge(self, warm: WarmBase, request: Request) -> Verdict:
        view = warm.view
        try:
            changes = await asyncio.to_thread(placed, view, request)
        except NotTextError:
            raise  # it may be right: nobody can say here
        except NotSourceError as error:
            if view.exists(error.path):
                raise  # nor here: tests may read it
            return _refused(str(error), PolicyReport())
        except (EditError, OutsideError) as error:
            return _refused(str(error), PolicyReport())
        kept, restored = request.policy.restored(changes)
        refused = request.policy.refused(changes)
        report = PolicyReport(refused, restored, await asyncio.to_thread(cheats.report, changes))
        if refused:
            return _refused(f"The policy lets nobody change {', '.join(refused[:10])}", report)
        if not kept and not request.policy.empty:
            why = "nothing but tests, which the policy restores" if changes else "nothing"
            return _refused(f"The diff changes {why}", report)
        verdict = await self._by_types(warm, kept, request.level)
        if verdict is None:
            verdict = await self._by_dune(warm, kept, request.level)
        return evolve(verdict, applied=True, policy=report)

    async def _by_types(self, warm: WarmBase, changes: ChangeSet, level: Level) -> Verdict | None:
        """The verdict of the type checker; None where dune has to say."""
        if not changes:
            return None
        found = await warm.types.judge(changes, MOST_TYPED if level is Level.TYPES else _MOST_BEFORE_DUNE)
        if found.red:
            paths = {diagnostic.path for diagnostic in found.red}
            before = [d for d in warm.base.record.checked.errors if d.path in paths]
            fixed, remaining, new = compared(before, found.red)
            tier = Tier.TYPES if found.parsed else Tier.PARSES
            return Verdict(Colour.RED, tier, diagnostics=found.red, fixed=fixed, remaining=remaining, new=new)
        if found.green and level is Level.TYPES:
            return Verdict(Colour.GREEN, Tier.TYPES, diagnostics=found.warnings)
        return None

    async def _by_dune(self, warm: WarmBase, changes: ChangeSet, level: Level) -> Verdict:
        outcome = await self._outcome(warm, changes, level)
        if outcome.colour is Colour.RED and outcome.tier is Tier.TEST:
            again = await self._outcome(warm, changes, level)
            outcome = outcomes.agreed(outcome, again)
        record = warm.base.record
        before: Sequence[Diagnostic] = record.checked.errors if level is Level.TYPES else record.built.errors
        if outcome.tier is Tier.TEST and outcome.colour is Colour.RED:
            before = [*before, *(await self._tests_of_base(warm)).errors]
        if outcome.colour is Colour.UNKNOWN:
            return Verdict(Colour.UNKNOWN, outcome.tier, reason=outcome.reason)
        fixed, remaining, new = compared(before, outcome.diagnostics)
        return Verdict(
            outcome.colour,
            outcome.tier,
            diagnostics=outcome.diagnostics,
            fixed=fixed,
            remaining=remaining,
            new=new,
            tests=outcome.tests,
            reason=outcome.reason,
        )

    async def _tests_of_base(self, warm: WarmBase) -> Outcome:
        """What the tests say without any change; nothing where they cannot run."""
        if warm.tests is None:
            found = await self._outcome(warm, ChangeSet(), Level.TEST)
            warm.tests = found if found.tier is Tier.TEST else evolve(found, diagnostics=())
        return warm.tests

    async def _outcome(self, warm: WarmBase, changes: ChangeSet, level: Level) -> Outcome:
        """What dune says in a fresh sandbox. An outcome that was lost is looked for once more."""
        steps = self._steps(level)
        files = await asyncio.to_thread(_writes, warm.base.tree, changes)
        keeper = await warm.keepers.get()
        try:
            try:
                kept = await self._run(keeper, steps, files)
            except LostError:
                kept = await self._run(keeper, steps, files)
        finally:
            warm.keepers.put_nowait(keeper)
        view = Overlay(warm.view, changes)
        tiers = {Level.TYPES: [Tier.CHECK], Level.BUILD: [Tier.BUILD], Level.TEST: [Tier.BUILD, Tier.TEST]}[level]
        return await outcomes.read(kept, tiers, warm.base.tree, view, kept.files.get(_LOG, b""))

    async def _run(self, keeper: Keeping, steps: Sequence[Step], files: Sequence[FileWrite]) -> Kept:
        kept = await keeper.run(steps, self.store.limits, files, {_LOG: _LONGEST_LOG} if len(steps) > 1 else {})
        if outcomes.is_killed(kept):
            raise LostError("A program of the build got signal KILL: the machine may have too little memory")
        return kept

    def _steps(self, level: Level) -> list[Step]:
        store, goals = self.store, self.store.goals
        targets = [goals.check if level is Level.TYPES else (*goals.check, *goals.build)]
        if level is Level.TEST:
            targets.append(goals.test)
        return [Step(store.dune("build", "--", *each), store.environment, store.limits.seconds) for each in targets]


def _raise_unless_whole(warm: WarmBase, verdict: Verdict) -> None:
    """Raises FileUnreadableError where what a verdict was made on is no longer there. Works on the disk."""
    by_types = verdict.tier in (Tier.PARSES, Tier.TYPES)
    if not (warm.intact.has_its_objects if by_types else warm.intact.has_its_sources):
        warm.base.give_up()
        raise FileUnreadableError(
            f"Files of the base {warm.base.key} have vanished", "Open it again, so that it is made anew."
        )


async def _let_go(warm: WarmBase) -> None:
    warm.is_let_go = True
    await warm.types.close()
    await asyncio.gather(*(keeper.close() for keeper in warm.own))
    await warm.release()


def placed(view: WorkspaceView, request: Request) -> ChangeSet:
    """The changes that a request is about. Blocks. Raises EditError, OutsideError for a diff that does not apply,
    NotTextError, FileUnreadableError for what is no text."""
    if request.changes is not None:
        for path in request.changes.paths:
            _check_real(view.root, path)
        return request.changes
    if not request.diff.strip():
        return ChangeSet()
    if request.format in ("auto", UnifiedDiff.NAME):
        changes = apply_exactly(view, request.diff, NO_LIMITS)
        if changes is not None:
            return changes
    reply = editformats.read(request.diff, request.format)
    if not reply.edits:
        raise EditError("There is no edit in what was given")
    return place(view, reply, limits=NO_LIMITS)


def _check_real(root: Path, path: str) -> None:
    """Raises OutsideError for a path that is not the plain name of a file in the project."""
    if check_path(root, path) != path or Path(os.path.realpath(root / path)) != root / path:
        raise OutsideError(f"{shown(path)} is not the plain path of a file", "Name the file that it leads to.")


def _refused(reason: str, report: PolicyReport) -> Verdict:
    error = problem(reason)
    return Verdict(Colour.RED, Tier.APPLIES, diagnostics=(error,), new=(error,), policy=report, reason=reason)


def _writes(tree: Path, changes: ChangeSet) -> list[FileWrite]:
    files = []
    for change in changes.files:
        place = tree / change.path
        mode = place.stat().st_mode & 0o777 | 0o200 if place.is_file() else 0o644
        content = None if change.after is None else change.after.encode("utf-8", "surrogatepass")
        files.append(FileWrite(change.path, content, mode_with(mode, change.executable)))
    return files


def make_engine(store: BaseStore, cache: Path, *, workers: int = 1, way: str = "overlay") -> Engine:
    """An engine whose type checkers run in the store's sandbox, where they see bases and nothing else of the user's.
    `cache` is where the type checker is kept once it is compiled."""
    toolchain, sandbox = store.toolchain, store.sandbox
    visible = [*toolchain.visible, store.folder, cache]

    async def start(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> resident.Resident:
        words, inside = list(argv), dict(environment)
        if sandbox is not None:
            words, inside = sandbox.wrap(argv, writable=[], visible=visible, environment=environment)
        return await resident.start(words, cwd=cwd, environment=inside)

    async def run(
        argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], seconds: float
    ) -> process.Finished:
        words, inside = list(argv), dict(environment)
        if sandbox is not None:
            writable = [cwd] if cwd != Path("/") else []
            words, inside = sandbox.wrap(argv, writable=writable, visible=visible, environment=environment)
        return await process.run(words, cwd=cwd, environment=inside, seconds=seconds)

    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    limits = TyperLimits(seconds=_TYPER_SECONDS, processes=16, jobs=workers)
    pool = TyperPool(cache, run, start, limits)
    assert toolchain.ocaml is not None
    compiler = Compiler(toolchain.ocaml, toolchain.ocaml_version, store.environment)
    return Engine(store, PooledTyper(pool, compiler, trusted=True), workers, way, closing=pool.close)
