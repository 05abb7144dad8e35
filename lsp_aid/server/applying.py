"""Proposals into the editor and out of it again: asked for where they are not sure, whole or not at all, watched."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from attrs import define, field, frozen
from lsprotocol import types

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.events import Happening
from lsp_aid.domain.journal import Entry
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Level
from lsp_aid.edits.form import in_form
from lsp_aid.edits.limits import Confirmation
from lsp_aid.errors import AidError, StaleError, UsageError
from lsp_aid.server import to_lsp
from lsp_aid.server.arrival import Arrival, Fate, Landed, alike
from lsp_aid.server.client import Applied, Client
from lsp_aid.server.proposals import Offered, check_fresh, text_of
from lsp_aid.server.root import Root
from lsp_aid.workspace.documents import Document, Documents

log = logging.getLogger(__name__)

_APPLY, _DISCARD, _LEAVE = "Apply", "Discard", "Not now"
_UNDO, _KEEP = "Undo", "Keep"
_WATCHED = 20


@frozen(eq=False)
class _Made:
    """What the editor holds of a proposal. `entry` is the journal's, None where it could not be noted."""

    offered: Offered
    root: Root
    changes: ChangeSet
    entry: Entry | None


@define(eq=False)
class Applying:
    client: Client
    documents: Documents
    _turn: asyncio.Lock = field(factory=asyncio.Lock)
    _arrivals: list[Arrival] = field(factory=list)
    _made: list[_Made] = field(factory=list)
    _tasks: "set[asyncio.Task[None]]" = field(factory=set)

    def edit(self, offered: Offered) -> types.WorkspaceEdit:
        """The proposal as an edit of the documents as they are now. Raises UsageError."""
        return self._edit(offered.view, offered.proposal.changes, offered.confirmations)

    async def apply(self, offered: Offered, root: Root, *, consent: bool, is_part: bool = False) -> bool:
        """Applies a proposal, after the user agreed if `consent` asks for that or the proposal does. False: discarded.

        `is_part`: of a proposal that goes on waiting. Raises StaleError where a text has changed since, UsageError
        where the editor cannot or did not do it; where it did it in part, the user is asked whether to undo that.
        """
        self._check_client()
        await check_fresh(offered, root.view())
        asked = consent or offered.needs_consent(self.client.can)
        if asked and not await self._agreed(offered, _LEAVE if is_part else _DISCARD):
            if not is_part:
                offered.emit(Happening.REJECTED)
            return False
        async with self._turn:
            await check_fresh(offered, root.view())
            changes, title = offered.proposal.changes, offered.proposal.title
            answer, landed = await self._send(root, self.edit(offered), changes, title)
        await self._settle(offered, root, answer, landed)
        return True

    async def applied(self, offered: Offered, root: Root) -> None:
        """Takes note that the editor says it has made the proposal's edit by itself, and looks whether it has."""
        arrival = Arrival(root.path, offered.proposal.changes)
        landed = await arrival.wait(root.view, 0)
        if all(one.fate is Fate.ARRIVED for one in landed):
            await self._settle(offered, root, Applied(True), landed)
            return

        self._arrivals.append(arrival)

        async def look() -> None:
            try:
                found = await arrival.wait(root.view)
            finally:
                self._arrivals.remove(arrival)
            await self._settle(offered, root, Applied(True), found)

        self._start(look())

    def edited(self, document: Document) -> None:
        """Takes note of an edit, of what arrived by it, and of what it undid, if it did."""
        for arrival in self._arrivals:
            arrival.edited(document)
        for made in tuple(self._made):
            change = next((c for c in made.changes.files if made.root.path / c.path == document.path), None)
            if change and document.text == (change.before or ""):
                self._start(self._perhaps_undone(made))

    async def undo(self, entry: Entry, root: Root) -> Sequence[str]:
        """Takes back what was applied, over all its files. The files that were created and are only emptied, since
        the client deletes none.

        Raises StaleError, which names every file that was touched since, and UsageError.
        """
        self._check_client()
        made = next((m for m in self._made if m.entry and m.entry.id == entry.id), None)
        if made is None:
            proposal, project = await root.kept.find(entry.proposal), root.opened
            if proposal and project:
                made = _Made(Offered(proposal, root.view(), project), root, entry.changes, entry)
        else:
            self._made.remove(made)  # its end is told here, not by the edits that come
        try:
            emptied = await self._take_back(root, entry.changes, entry.title)
        except BaseException:
            if made:
                self._made.append(made)
            raise
        await root.kept.close_entry(entry)
        if made:
            made.offered.emit(Happening.UNDONE)
        return emptied

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- to the editor ---

    def _check_client(self) -> None:
        if not self.client.can.apply_edit:
            raise UsageError(
                "This editor takes no edits from a server",
                "Fetch the proposal by the command lsp-aid.proposal, undo by `lsp-aid undo`.",
            )

    def _edit(self, view: View, changes: ChangeSet, marked: Sequence[Confirmation] = ()) -> types.WorkspaceEdit:
        def locate(path: str) -> to_lsp.Target:
            document = self.documents.at(view.root / path)
            return to_lsp.Target(document.uri, document.version) if document else _unopened(view, path)

        return to_lsp.workspace_edit(changes, self.client.can, locate, marked)

    async def _send(
        self, root: Root, edit: types.WorkspaceEdit, changes: ChangeSet, label: str
    ) -> tuple[Applied, Sequence[Landed]]:
        arrival = Arrival(root.path, changes)
        self._arrivals.append(arrival)
        try:
            answer = await self.client.apply_edit(edit, label)
            return answer, await arrival.wait(root.view, None if answer.done else 0)
        finally:
            self._arrivals.remove(arrival)

    async def _take_back(self, root: Root, changes: ChangeSet, title: str) -> Sequence[str]:
        async with self._turn:
            back = await asyncio.to_thread(_way_back, root.view(), changes, self.client.can.deletes)
            landed: Sequence[Landed] = ()
            if back:
                _, landed = await self._send(root, self._edit(root.view(), back), back, f"Undo: {title}")
        if wrong := [one for one in landed if not one.is_well]:
            raise UsageError(f"The editor did not undo “{title}”: {_differ(wrong)}", "Undo it in the editor.")
        return [one.path for one in back.files if one.after == "" and one.path in _created(changes)]

    # --- what became of it ---

    async def _settle(self, offered: Offered, root: Root, answer: Applied, landed: Sequence[Landed]) -> None:
        """Raises UsageError where the editor did not do it, or not whole."""
        title = offered.proposal.title
        wrong = [one for one in landed if not one.is_well]
        if not wrong and (answer.done or all(one.fate is Fate.ARRIVED for one in landed)):
            await self._note(offered, root, landed)
            if unseen := [one.change.path for one in landed if one.fate is Fate.UNSEEN]:
                self.client.show(
                    f"lsp-aid: “{title}” is applied; {', '.join(unseen)} will be seen here once saved.",
                    types.MessageType.Info,
                )
            return
        changed = [one for one in landed if one.is_changed]
        if changed:
            await self._applied_in_part(offered, root, changed, [one for one in landed if one.fate is not Fate.ARRIVED])
        elif answer.done:
            raise UsageError(f"The editor says that it applied “{title}”, yet {_differ(wrong)}", "Ask again.")
        else:
            reason = f": {answer.reason}" if answer.reason else ""
            raise UsageError(f"The editor did not apply “{title}”{reason}", "Ask again.")

    async def _applied_in_part(
        self, offered: Offered, root: Root, changed: Sequence[Landed], wrong: Sequence[Landed]
    ) -> None:
        title = offered.proposal.title
        made = await self._note(offered, root, changed)
        what = f"“{title}” was applied in part: {_differ(wrong)}"
        question = f"{what}. Undo it in {', '.join(made.changes.paths)}?"
        if await self.client.choose(question, _UNDO, _KEEP) != _UNDO:
            raise UsageError(what, "The rest is kept. Undo it by “AID: undo” or in the editor.")
        if made in self._made:
            self._made.remove(made)
            try:
                await self._take_back(root, made.changes, title)
            except BaseException:
                self._made.append(made)
                raise
            await self._end(made)
        raise UsageError(what, "What was applied of it is undone. Ask again.")

    async def _note(self, offered: Offered, root: Root, landed: Sequence[Landed]) -> _Made:
        """Notes what the editor holds of a proposal."""
        if not any(made.offered.proposal.id == offered.proposal.id for made in self._made):
            offered.emit(Happening.APPLIED)
        found = (_made_of(one) for one in landed)
        changes = ChangeSet.of(found)
        if await root.kept.find(offered.proposal.id) is None:
            await root.kept.keep([offered.proposal])
        made = _Made(offered, root, changes, await root.kept.note(changes, offered.proposal))
        self._made = [*self._made, made][-_WATCHED:]
        return made

    async def _perhaps_undone(self, made: _Made) -> None:
        view = made.root.view()

        def is_back() -> bool:
            return all(alike(text_of(view, change.path), change.before) for change in made.changes.files)

        all_open = set(made.changes.paths) <= set(view.open_texts)
        if (is_back() if all_open else await asyncio.to_thread(is_back)) and made in self._made:
            self._made.remove(made)
            await self._end(made)

    async def _end(self, made: _Made) -> None:
        made.offered.emit(Happening.UNDONE)
        if made.entry:
            await made.root.kept.close_entry(made.entry)

    async def _agreed(self, offered: Offered, otherwise: str) -> bool:
        proposal = offered.proposal
        reasons = []
        if proposal.verdict.level is not Level.VERIFIED:
            reasons.append(f"It is not verified: {proposal.verdict.detail or 'it was not built'}.")
        if not self.client.can.annotations:
            reasons += [f"Look at it: {reason}." for reason in map(str, offered.confirmations)]
        why = " ".join(reasons) or f"It is a {proposal.kind.value}."
        question = f"“{proposal.title}” changes {', '.join(proposal.changes.paths)}. {why} Apply it?"
        return await self.client.choose(question, _APPLY, otherwise) == _APPLY

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def told() -> None:
            try:
                await work
            except AidError as error:
                self.client.show(f"lsp-aid: {error}")

        task = asyncio.create_task(told())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_log_failure)


def _way_back(view: View, changes: ChangeSet, deletes: bool) -> ChangeSet:
    """From what is there now to what was before. Raises StaleError, which names every file that was touched since."""
    now = {change.path: text_of(view, change.path) for change in changes.files}
    touched = tuple(change.path for change in changes.files if not alike(now[change.path], change.after))
    if touched:
        raise StaleError(
            f"{', '.join(touched)} {'has' if len(touched) == 1 else 'have'} changed since it was applied",
            "Nothing was undone. Save it or undo by hand what is still to be undone.",
            touched,
        )
    return ChangeSet.of(
        FileChange(c.path, now[c.path], _before(c, now[c.path], deletes=deletes)) for c in changes.files
    )


def _before(change: FileChange, now: str | None, *, deletes: bool) -> str | None:
    """What a file is to be again, in the form that it has now."""
    if change.before is None:
        return None if deletes else ""
    return in_form(change.before, change.after, now) if change.after and now else change.before


def _created(changes: ChangeSet) -> Iterable[str]:
    return {change.path for change in changes.files if change.before is None}


def _made_of(one: Landed) -> FileChange:
    """What was made of a file, both texts in the form that the editor has it in."""
    if one.fate is Fate.UNSEEN:
        return one.change
    return FileChange(one.change.path, _before(one.change, one.text, deletes=True), one.text)


def _differ(wrong: Sequence[Landed]) -> str:
    paths = ", ".join(one.change.path for one in wrong)
    return f"the text of {paths} is another"


def _unopened(view: View, path: str) -> to_lsp.Target:
    return to_lsp.Target((view.root / path).as_uri(), None)


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("Watching an edit failed", exc_info=error)
