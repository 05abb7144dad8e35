"""What outlives the server: the proposals that were made for a project, and the journal of what was applied to it."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from attrs import define, field

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.journal import Entry, State
from lsp_aid.domain.ports import Journal, Store
from lsp_aid.domain.proposal import Proposal
from lsp_aid.errors import WorkspaceError
from lsp_aid.server.client import Client

log = logging.getLogger(__name__)

T = TypeVar("T")

_WAIT_SECONDS = 10.0


@define(eq=False)
class Kept:
    """Of one project. A disk that cannot be written takes nothing away but this memory; the user is told once.

    `last` is what would be undone next, as far as this server knows.
    """

    store: Store
    journal: Journal
    client: Client
    last: Entry | None = None
    _said: bool = False
    _shown: set[str] = field(factory=set)
    _tasks: "set[asyncio.Task[None]]" = field(factory=set)

    async def load(self) -> None:
        self.last = await self.undoable()

    async def keep(self, proposals: Iterable[Proposal]) -> None:
        for proposal in proposals:
            await self._tried(lambda proposal=proposal: self.store.keep(proposal))  # type: ignore[misc]

    def keep_shown(self, proposals: Iterable[Proposal]) -> None:
        """Keeps what the editor is shown, beside what else goes on: it may be taken after a restart of the server."""
        new = [proposal for proposal in proposals if proposal.id not in self._shown]
        if new:
            self._shown.update(proposal.id for proposal in new)
            task = asyncio.create_task(self._keep_shown(new))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Waits until what was shown is kept, so that it is there for the server that follows; not for ever."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_WAIT_SECONDS)

    async def _keep_shown(self, proposals: Iterable[Proposal]) -> None:
        for proposal in proposals:
            await self._tried(lambda proposal=proposal: self.store.keep(proposal, shown=True))  # type: ignore[misc]

    async def find(self, identifier: str) -> Proposal | None:
        """A proposal that was kept, by this server or one before it."""
        return await self._tried(lambda: self.store.find(identifier))

    async def note(self, changes: ChangeSet, proposal: Proposal) -> Entry | None:
        """Notes what was applied. None where that cannot be."""
        entry = await self._tried(lambda: self.journal.note(changes, proposal=proposal.id, title=proposal.title))
        self.last = entry or self.last
        return entry

    async def undoable(self, identifier: str = "") -> Entry | None:
        """The entry with that id, or the latest of the proposal with that id; without one the latest of all."""

        def find() -> Entry | None:
            entries = (entry for entry in self.journal.entries() if entry.state is State.APPLIED)
            return next((e for e in entries if not identifier or identifier in (e.id, e.proposal)), None)

        return await self._tried(find)

    async def close_entry(self, entry: Entry) -> None:
        """What was noted is undone."""
        await self._tried(lambda: self.journal.set_state(entry, State.UNDONE))
        if self.last is not None and self.last.id == entry.id:
            self.last = None
            self.last = await self.undoable()

    async def _tried(self, work: Callable[[], T]) -> T | None:
        try:
            return await asyncio.to_thread(work)
        except WorkspaceError as error:
            log.warning("%s", error)
            if not self._said:
                self._said = True
                self.client.show(f"lsp-aid: what is proposed and applied is not kept. {error}")
            return None
