"""Long work: started by a command that answers at once, watched by notifications, fetched when it is done."""

import asyncio
import enum
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from attrs import define, field
from lsprotocol import types

from lsp_aid.domain.proposal import Proposal
from lsp_aid.errors import AidError, UsageError
from lsp_aid.server.client import Client

log = logging.getLogger(__name__)

_KEPT = 200


class JobState(enum.StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@define(eq=False)
class Job:
    """Implements the port `Progress` for the task that it runs."""

    id: str
    task: str
    client: Client
    token: types.ProgressToken | None = None
    state: JobState = JobState.RUNNING
    message: str = ""
    error: str = ""
    proposals: tuple[Proposal, ...] = ()
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
        if self.proposals:
            data["proposals"] = [
                {"id": p.id, "title": p.title, "kind": p.kind.value, "verdict": p.verdict.level.value}
                for p in self.proposals
            ]
        if self.error:
            data["error"] = self.error
        return data


Work = Callable[[Job], Awaitable[Sequence[Proposal]]]


@define
class Jobs:
    client: Client
    _jobs: dict[str, Job] = field(factory=dict)
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(1))

    def start(self, task: str, title: str, work: Work, token: types.ProgressToken | None = None) -> Job:
        """Starts work. `token` is the client's own for its progress, where it gave one."""
        job = Job(f"job-{next(self._numbers)}", task, self.client, token, message=title)
        self._jobs[job.id] = job
        self._forget()
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
        job.show(types.WorkDoneProgressEnd(message=job.message))
        job.tell()
        if job.error:
            self.client.show(f"lsp-aid: {job.error}")

    async def _begin(self, job: Job, title: str) -> None:
        if job.token is None and await self.client.create_progress(job.id):
            job.token = job.id
        job.show(types.WorkDoneProgressBegin(title=title, cancellable=True))
