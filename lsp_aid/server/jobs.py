"""Long work: started by a command that answers at once, watched by notifications, fetched when it is done."""

import asyncio
import enum
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from attrs import define, field
from lsprotocol import types

from lsp_aid.domain.proposal import Proposal
from lsp_aid.errors import AidError, UsageError
from lsp_aid.server.client import Client
from lsp_aid.server.services import Keeper, NoKeeper

log = logging.getLogger(__name__)

_KEPT = 200
_PREFIX = "job:"


class JobState(enum.StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@define(eq=False)
class Job:
    """Implements the port `Progress` for the task that it runs. `earlier` are the proposals, in short, of one that
    ended under a server before this one."""

    id: str
    task: str
    client: Client
    token: types.ProgressToken | None = None
    state: JobState = JobState.RUNNING
    message: str = ""
    error: str = ""
    proposals: tuple[Proposal, ...] = ()
    earlier: Sequence[Mapping[str, Any]] = ()
    running: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def report(self, message: str) -> None:
        if self.state is JobState.RUNNING and message != self.message:
            self.message = message
            self.tell()
            self.show(types.WorkDoneProgressReport(message=message, cancellable=True))

    def tell(self) -> None:
        """Sends the client the job as it is."""
        self.client.tell("lsp-aid/job", self.data())

    def show(self, value: Any) -> None:
        """Sends progress, to a client that has agreed to it."""
        if self.token is not None:
            self.client.protocol.notify(types.PROGRESS, types.ProgressParams(token=self.token, value=value))

    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"job": self.id, "task": self.task, "state": self.state.value, "message": self.message}
        if proposals := [*self.earlier, *map(_short, self.proposals)]:
            data["proposals"] = proposals
        if self.error:
            data["error"] = self.error
        return data


def _short(proposal: Proposal) -> dict[str, str]:
    level = proposal.verdict.level.value
    return {"id": proposal.id, "title": proposal.title, "kind": proposal.kind.value, "verdict": level}


Work = Callable[[Job], Awaitable[Sequence[Proposal]]]


@define
class Jobs:
    """Jobs outlive the server, as far as what became of them: one that was under way when it ended has failed."""

    client: Client
    keeper: Keeper = field(factory=NoKeeper)
    _jobs: dict[str, Job] = field(factory=dict)
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(1))

    def restore(self) -> list[Job]:
        """Brings back the jobs of servers before this one. Those that were under way, which have failed."""
        for key, data in self.keeper.kept.items():
            if key.startswith(_PREFIX) and isinstance(data, Mapping):
                try:
                    state, number = JobState(data["state"]), int(str(data["job"]).rpartition("-")[2])
                except (KeyError, ValueError):
                    continue
                job = Job(str(data["job"]), str(data.get("task")), self.client, None, state, str(data.get("message")))
                job.error, job.earlier = str(data.get("error", "")), tuple(data.get("proposals", ()))
                self._jobs[job.id] = job
                self._numbers = itertools.count(max(next(self._numbers), number + 1))
        broken = [job for job in self._jobs.values() if job.state is JobState.RUNNING]
        for job in broken:
            title, job.state = job.message, JobState.FAILED
            job.message, job.error = (
                "The server was restarted",
                f"The server was restarted during “{title}”. Ask again.",
            )
            self._keep(job)
        return broken

    def start(self, task: str, title: str, work: Work, token: types.ProgressToken | None = None) -> Job:
        """Starts work. `token` is the client's own for its progress, where it gave one."""
        job = Job(f"job-{next(self._numbers)}", task, self.client, token, message=title)
        self._jobs[job.id] = job
        self._forget()
        self._keep(job)
        job.running = asyncio.create_task(self._run(job, title, work))
        return job

    def get(self, identifier: str) -> Job:
        """Raises UsageError for a job that is not known, or no longer."""
        if identifier not in self._jobs:
            raise UsageError(f"There is no job {identifier}")
        return self._jobs[identifier]

    def cancel(self, identifier: str) -> Job:
        """Cancels a job; one that has ended stays as it is. Raises UsageError."""
        job = self.get(identifier)
        if job.running and job.state is JobState.RUNNING:
            job.running.cancel()
        return job

    def cancel_progress(self, token: types.ProgressToken) -> None:
        for job in tuple(self._jobs.values()):
            if job.token == token and job.running and job.state is JobState.RUNNING:
                job.running.cancel()

    async def close(self) -> None:
        """Cancels all that runs and waits for the end of it."""
        running = [job.running for job in self._jobs.values() if job.running and not job.running.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _forget(self) -> None:
        ended = [job.id for job in self._jobs.values() if job.state is not JobState.RUNNING]
        for identifier in ended[: max(0, len(self._jobs) - _KEPT)]:
            del self._jobs[identifier]
            self.keeper.keep(_PREFIX + identifier, None)

    def _keep(self, job: Job) -> None:
        self.keeper.keep(_PREFIX + job.id, job.data())
        self.keeper.busy(sum(job.state is JobState.RUNNING for job in self._jobs.values()))

    async def _run(self, job: Job, title: str, work: Work) -> None:
        try:
            await asyncio.sleep(0)  # the answer `{job}` goes out before the first notification
            job.tell()
            await self._begin(job, title)
            job.proposals = tuple(await work(job))
            job.state = JobState.DONE
        except asyncio.CancelledError:
            job.state, job.message = JobState.CANCELLED, "Cancelled"
        except AidError as error:
            job.state, job.message, job.error = JobState.FAILED, error.what, str(error)
        except Exception as error:
            log.exception("The job %s failed", job.task)
            job.state, job.message = JobState.FAILED, "Internal error"
            job.error = f"Internal error: {type(error).__name__}. The server's log has more."
        self._keep(job)
        job.show(types.WorkDoneProgressEnd(message=job.message))
        job.tell()
        if job.error:
            self.client.show(f"lsp-aid: {job.error}")

    async def _begin(self, job: Job, title: str) -> None:
        if job.token is None and await self.client.create_progress(job.id):
            job.token = job.id
        job.show(types.WorkDoneProgressBegin(title=title, cancellable=True))
