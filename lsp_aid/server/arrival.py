"""Whether an edit has arrived in the editor as it was meant.

An editor's word is not enough: some say that they applied an edit which they skipped. Open documents tell by their
changes, other files by the disk. Line ends that an editor adds at the end of a file by itself make no difference, nor
does a BOM or CRLF, which it may not show.
"""

import asyncio
import enum
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import define, field, frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import View
from lsp_aid.edits.form import plain
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.server.proposals import text_of
from lsp_aid.workspace.documents import Document

SECONDS = 3.0
"""How long a change may take to arrive."""
UNSEEN_SECONDS = 1.0
"""The same for files that the editor has perhaps changed, and not shown to us."""
_LOOK_SECONDS = 0.2


class Fate(enum.Enum):
    ARRIVED = enum.auto()
    UNSEEN = enum.auto()  # not open, and as before on disk: the editor holds it unsaved, or did nothing
    BEFORE = enum.auto()  # open, and as before
    PARTLY = enum.auto()  # some of the edits were made, nothing else
    OTHER = enum.auto()


@frozen
class Landed:
    """What became of one file. `text` is what it holds, None where it is not there."""

    change: FileChange
    text: str | None
    fate: Fate

    @property
    def is_well(self) -> bool:
        return self.fate in (Fate.ARRIVED, Fate.UNSEEN)

    @property
    def is_changed(self) -> bool:
        """Whether what is there came by the edit, in whole or in part."""
        return self.fate in (Fate.ARRIVED, Fate.PARTLY)


def alike(one: str | None, other: str | None) -> bool:
    """Whether two texts differ at most in their form and in the line ends at their ends. A file that is not there is as
    good as empty."""
    return one == other or plain(one or "").rstrip("\r\n") == plain(other or "").rstrip("\r\n")


def fate(change: FileChange, text: str | None, *, is_open: bool) -> Fate:
    if alike(text, change.after):
        return Fate.ARRIVED
    if alike(text, change.before):
        return Fate.UNSEEN if not is_open and change.after is not None else Fate.BEFORE
    before = plain(change.before or "")
    made, wanted = minimal_edits(before, plain(text or "")), minimal_edits(before, plain(change.after or ""))
    return Fate.PARTLY if set(made) <= set(wanted) else Fate.OTHER


@define(eq=False)
class Arrival:
    """What is on its way to the editor. What has once arrived counts, whatever the user types behind it."""

    root: Path
    changes: ChangeSet
    _arrived: dict[str, str | None] = field(factory=dict)
    _moved: asyncio.Event = field(factory=asyncio.Event)

    def edited(self, document: Document) -> None:
        """Takes note of the text that a document has now."""
        for change in self.changes.files:
            if self.root / change.path == document.path and alike(document.text, change.after):
                self._arrived[change.path] = document.text
        self._moved.set()

    async def wait(self, view: Callable[[], View], seconds: float | None = None) -> Sequence[Landed]:
        """What became of each file, once all have arrived, or after so many seconds."""
        started = time.monotonic()
        limit = SECONDS if seconds is None else seconds
        while True:
            self._moved.clear()
            now = view()
            landed = await asyncio.to_thread(lambda now=now: [self._look(now, c) for c in self.changes.files])  # type: ignore[misc]
            gone = time.monotonic() - started
            fates = {one.fate for one in landed}
            seen = fates <= {Fate.ARRIVED} or (fates <= {Fate.ARRIVED, Fate.UNSEEN} and gone >= UNSEEN_SECONDS)
            if seen or gone >= limit:
                return landed
            try:
                async with asyncio.timeout(min(_LOOK_SECONDS, limit - gone)):
                    await self._moved.wait()
            except TimeoutError:
                pass  # the disk tells nothing by itself

    def _look(self, now: View, change: FileChange) -> Landed:
        text = text_of(now, change.path)
        if change.path in self._arrived:
            return Landed(change, self._arrived[change.path], Fate.ARRIVED)
        found = fate(change, text, is_open=change.path in now.open_texts)
        if found is Fate.ARRIVED:
            self._arrived[change.path] = text
        return Landed(change, text, found)
