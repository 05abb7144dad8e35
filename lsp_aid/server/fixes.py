"""Repairs computed ahead, so that the light bulb finds them ready.

A run is for one state of the project, which is the versions of its open documents and the last build, and one focus.
One run goes at a time: a newer focus takes the place of an older one that is not done, unless a job waits for that.
"""

import asyncio
import logging
from collections.abc import Callable, Hashable
from contextlib import AbstractAsyncContextManager

from attrs import define, field, frozen

from lsp_aid.domain.ports import Progress, View
from lsp_aid.errors import AidError
from lsp_aid.repair.engine import Focus
from lsp_aid.server.proposals import Offered, Proposals
from lsp_aid.tasks.fix_build_error import fix_build_error
from lsp_aid.tasks.project import Project

log = logging.getLogger(__name__)


@frozen
class Fixed:
    """What a run found, best first. `reason` says why nothing could be built."""

    offered: tuple[Offered, ...]
    reason: str = ""


@define(eq=False)
class _Watchers:
    """Implements the port `Progress`: tells the jobs that wait for a run."""

    jobs: list[Progress] = field(factory=list)

    def report(self, message: str) -> None:
        for job in self.jobs:
            job.report(message)


@frozen(eq=False)
class _Run:
    task: "asyncio.Task[Fixed]"
    watchers: _Watchers


@define(eq=False)
class Fixes:
    """`state` and `view` are those of the project that this is for; `holding` keeps its ports open meanwhile."""

    state: Callable[[], Hashable]
    view: Callable[[], View]
    holding: Callable[[], AbstractAsyncContextManager[Project]]
    proposals: Proposals
    _of: Hashable = None
    _runs: dict[Focus | None, _Run] = field(factory=dict)

    def ahead(self, focus: Focus | None) -> "asyncio.Task[Fixed]":
        """The run for a focus, started if there is none. It may be cancelled by the next edit."""
        return self._run(focus).task

    def ready(self) -> tuple[Offered, ...]:
        """The verified repairs that are known in this state, for whatever focus: each repairs the whole build."""
        self.forget_stale()
        done = [run.task for run in self._runs.values() if run.task.done() and not run.task.cancelled()]
        found = [o for task in done if not task.exception() for o in task.result().offered if o.is_verified_fix]
        return tuple({offered.proposal.changes: offered for offered in found}.values())

    async def wait(self, focus: Focus | None, job: Progress) -> Fixed:
        """What the run for a focus finds, for a job: it goes on for as long as the job does, edits or not."""
        run = self._run(focus)
        run.watchers.jobs.append(job)
        try:
            return await asyncio.shield(run.task)
        finally:
            run.watchers.jobs.remove(job)
            if not run.watchers.jobs and not run.task.done():
                run.task.cancel()
                if self._runs.get(focus) is run:
                    del self._runs[focus]

    async def compute(self, focus: Focus | None, progress: Progress, *, ask_model: bool) -> Fixed:
        """Computes repairs for the project as it is now. Raises what `fix_build_error` raises."""
        async with self.holding() as project:
            view = self.view()
            outcome = await fix_build_error(project, view, focus, progress, ask_model=ask_model)
            return Fixed(tuple(self.proposals.add(outcome.proposals, view, project)), outcome.reason)

    async def close(self) -> None:
        tasks = [run.task for run in self._runs.values()]
        self._runs = {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, focus: Focus | None) -> _Run:
        self.forget_stale()
        run = self._runs.get(focus)
        if run is None:
            self._keep_done_ones()
            watchers = _Watchers()
            task = asyncio.create_task(self.compute(focus, watchers, ask_model=False))
            run = self._runs[focus] = _Run(task, watchers)
            run.task.add_done_callback(_note)
        return run

    def forget_stale(self) -> None:
        """Gives up what is computed for a state that is no more. To be called after every edit and every build."""
        state = self.state()
        if state != self._of:
            self._keep_done_ones()
            self._of, self._runs = state, {}

    def _keep_done_ones(self) -> None:
        """Gives up the runs that go on, but for those that a job waits for."""
        for focus, run in tuple(self._runs.items()):
            if not run.task.done() and not run.watchers.jobs:
                run.task.cancel()
                del self._runs[focus]


def _note(task: "asyncio.Task[Fixed]") -> None:
    error = None if task.cancelled() else task.exception()
    if error and not isinstance(error, AidError):
        log.error("Computing repairs ahead failed", exc_info=error)
