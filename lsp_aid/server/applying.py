"""Proposals into the editor: asked for where they are not sure, whole or not at all, and watched afterwards."""

import asyncio
import logging
from collections.abc import Callable

from attrs import define, field
from lsprotocol import types

from lsp_aid.domain.events import Happening
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Level
from lsp_aid.errors import UsageError
from lsp_aid.server import to_lsp
from lsp_aid.server.client import Client
from lsp_aid.server.proposals import Offered, check_fresh
from lsp_aid.workspace.documents import Document, Documents

log = logging.getLogger(__name__)

_APPLY, _DISCARD = "Apply", "Discard"
_ARRIVAL_SECONDS = 3.0
_WATCHED = 20


@define(eq=False)
class Applying:
    client: Client
    documents: Documents
    _turn: asyncio.Lock = field(factory=asyncio.Lock)
    _moved: asyncio.Event = field(factory=asyncio.Event)
    _watched: list[Offered] = field(factory=list)

    def edit(self, offered: Offered) -> types.WorkspaceEdit:
        """The proposal as an edit of the documents as they are now. Raises UsageError."""
        root = offered.view.root

        def locate(path: str) -> to_lsp.Target:
            document = self.documents.at(root / path)
            return to_lsp.Target(document.uri, document.version) if document else _unopened(offered.view, path)

        return to_lsp.workspace_edit(offered.proposal.changes, self.client.can, locate)

    async def apply(self, offered: Offered, now: Callable[[], View], *, consent: bool) -> bool:
        """Applies a proposal, after the user agreed if `consent` asks for that or the proposal does. False: discarded.

        Raises StaleError where a text has changed since, UsageError where the editor cannot or did not do it.
        """
        if not self.client.can.apply_edit:
            raise UsageError(
                "This editor takes no edits from a server", "Fetch the proposal by the command lsp-aid.proposal."
            )
        await check_fresh(offered, now())
        if (consent or offered.needs_consent) and not await self._agreed(offered):
            offered.emit(Happening.REJECTED)
            return False
        async with self._turn:
            await check_fresh(offered, now())
            answer = await self.client.apply_edit(self.edit(offered), offered.proposal.title)
            if not answer.done:
                reason = f": {answer.reason}" if answer.reason else ""
                raise UsageError(f"The editor did not apply “{offered.proposal.title}”{reason}", "Ask again.")
            await self._arrived(offered)
            self.applied(offered)
            return True

    def applied(self, offered: Offered) -> None:
        """Takes note that the editor has made the proposal's edit."""
        if offered not in self._watched:
            offered.emit(Happening.APPLIED)
            self._watched = [*self._watched, offered][-_WATCHED:]

    def edited(self, document: Document) -> None:
        """Takes note of an edit, and of what it undid, if it did."""
        self._moved.set()
        for offered in tuple(self._watched):
            root, changes = offered.view.root, offered.proposal.changes.files
            if not any(root / change.path == document.path for change in changes):
                continue
            opened = [(self.documents.at(root / change.path), change.before) for change in changes]
            if all(found.text == (before or "") for found, before in opened if found):
                self._watched.remove(offered)
                offered.emit(Happening.UNDONE)

    async def _agreed(self, offered: Offered) -> bool:
        proposal = offered.proposal
        files = ", ".join(proposal.changes.paths)
        if proposal.verdict.level is not Level.VERIFIED:
            why = f"It is not verified: {proposal.verdict.detail or 'it was not built'}."
        elif offered.needs_consent:
            why = "A model wrote it, and it changes what a build runs."
        else:
            why = f"It is a {proposal.kind.value}."
        question = f"“{proposal.title}” changes {files}. {why} Apply it?"
        return await self.client.choose(question, _APPLY, _DISCARD) == _APPLY

    async def _arrived(self, offered: Offered) -> None:
        """Waits until the open documents are as they should be. An editor's word is not enough: some say that they
        applied an edit which they skipped. Raises UsageError."""
        root = offered.view.root
        wanted = [(root / c.path, c.after) for c in offered.proposal.changes.files if c.after is not None]
        try:
            async with asyncio.timeout(_ARRIVAL_SECONDS):
                while not all(d.text == text for path, text in wanted if (d := self.documents.at(path))):
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise UsageError(
                f"The editor says that it applied “{offered.proposal.title}”, yet the text is another", "Ask again."
            ) from None


def _unopened(view: View, path: str) -> to_lsp.Target:
    return to_lsp.Target((view.root / path).as_uri(), None)
