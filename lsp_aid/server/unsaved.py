"""Errors of texts as they stand in the editor, by the typer. dune remains the judge of what is saved.

A text that is not what was built is checked at every edit; what a check says of an older text is given up. Where
nothing can be said, since what the text depends on is not built as it is, nothing is: what the build said last, moved
along with the text, is then all there is.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import aclosing
from pathlib import PurePosixPath

from attrs import define, field

from lsp_aid.domain.build_status import BuildStatus
from lsp_aid.domain.ports import LiveTyping, View
from lsp_aid.errors import AidError, WorkspaceError
from lsp_aid.server.board import Shown
from lsp_aid.workspace.documents import Document, Edited

log = logging.getLogger(__name__)

BURST_SECONDS = 0.003
"""Some editors tell of one key in several messages."""
_CHECKED = ("ocaml", "ocaml.interface")


@define(eq=False)
class Unsaved:
    """Of one project. `document` gives the open one at a path, relative to the root as all paths are; `disk` is the
    project as it is saved. `redraw` is called when something else is known of a file."""

    document: Callable[[str], Document | None]
    disk: Callable[[], View]
    redraw: Callable[[str], None]
    _typing: LiveTyping | None = None
    _is_green: bool = False
    _is_building: bool = True
    _verdicts: dict[str, tuple[Shown, ...]] = field(factory=dict)
    _tasks: dict[str, "asyncio.Task[None]"] = field(factory=dict)
    _dirty: set[str] = field(factory=set)
    """Open documents that differ from the file, or may."""
    _written: set[str] = field(factory=set)
    """What was saved since the last build that is complete."""
    _latest: str = ""
    """The document that was opened or edited last: what its next check needs is read ahead."""

    def shown(self, path: str) -> tuple[Shown, ...] | None:
        """What the typer says of a file; None where the build is the judge."""
        return self._verdicts.get(path)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it says something of."""
        return tuple(path for path, shown in self._verdicts.items() if shown)

    # --- what happens ---

    def edited(self, path: str, edits: Iterable[Edited]) -> None:
        """A document was edited: what is known moves along until more is."""
        if (shown := self._verdicts.get(path)) is not None:
            for edit in edits:
                moved = ((each.diagnostic, edit.moved(each.place)) for each in shown)
                shown = tuple(Shown(diagnostic, place) for diagnostic, place in moved if place)
            self._verdicts[path] = shown
        self._dirty.add(path)
        self._latest = path
        self._check(path)

    def settle(self, path: str) -> None:
        """A document was opened or closed."""
        if self.document(path) is None:
            self._stop(path)
            self._dirty.discard(path)
            self._verdicts.pop(path, None)
        else:
            self._latest = path
            self._check(path)

    def written(self, *paths: str) -> None:
        """Files were saved, as the editor holds them."""
        self._written.update(paths)
        self._dirty.difference_update(paths)

    def changed_on_disk(self, *paths: str) -> None:
        """Files were written by somebody else: a document of one may be another text."""
        self.written(*paths)
        self._dirty.update(path for path in paths if self.document(path) is not None)

    def begun(self) -> None:
        """A build has begun."""
        self._is_building = True

    def ended(self, status: BuildStatus, typing: LiveTyping | None) -> None:
        """A build is complete: it judges what is saved, and all else is checked against what it has made."""
        self._is_building, self._is_green, self._typing = False, status.result.green, typing
        self._written.clear()
        for path in set(self._verdicts) - self._dirty:
            del self._verdicts[path]
        for path in {*self._dirty, self._latest}:
            self._check(path)

    def clear(self) -> None:
        """Nothing is built, or not by what it was."""
        for path in tuple(self._tasks):
            self._stop(path)
        verdicts, self._verdicts, self._typing = self._verdicts, {}, None
        for path in verdicts:
            self.redraw(path)

    async def close(self) -> None:
        """Ends all checks. When this returns none is under way."""
        tasks = tuple(self._tasks.values())
        self.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- how ---

    def _check(self, path: str) -> None:
        """Checks a document, and the implementation that is held against it where it is an interface."""
        self._start(path)
        if path.endswith(".mli") and self.document(path[:-1]) is not None:
            self._start(path[:-1])

    def _start(self, path: str) -> None:
        document = self.document(path)
        if document is None or document.language not in _CHECKED or PurePosixPath(path).suffix not in (".ml", ".mli"):
            return
        self._stop(path)
        task = self._tasks[path] = asyncio.create_task(self._look(path, document))
        task.add_done_callback(lambda done: self._done(path, done))

    def _stop(self, path: str) -> None:
        if task := self._tasks.pop(path, None):
            task.cancel()

    def _done(self, path: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(path) is task:
            del self._tasks[path]
        if not task.cancelled() and (error := task.exception()):
            log.error("The check of %s failed", path, exc_info=error)

    async def _look(self, path: str, document: Document) -> None:
        """Looks at the text as it is. An edit cancels this, so that it is still the text when the answer is there."""
        await asyncio.sleep(BURST_SECONDS)
        if self._typing is None:
            return
        try:
            await self._judge(path, document.text, self._typing)
        except AidError as error:
            log.info("%s cannot be checked as it is: %s", path, error)
            self._say(path, None)

    async def _judge(self, path: str, text: str, typing: LiveTyping) -> None:
        flags, saved = await asyncio.gather(typing.flags_for(path), asyncio.to_thread(self._saved_text, path))
        if saved == text:
            self._dirty.discard(path)
        if flags is None:
            self._say(path, None)
            return
        interface = await self._interface(path)
        if saved == text and path not in self._written and interface is None:
            self._say(path, None)
            async with aclosing(typing.typer.check_many(path, (text,), flags)) as answers:
                await anext(answers)  # for what is to come: the interfaces that it needs are read now
            return
        checked = await typing.typer.check(path, text, flags, interface=interface)
        settled = self._is_green and not self._is_building
        if await typing.is_doubtful(checked, path, flags, self._dirty, self._written, settled=settled):
            self._say(path, None)
        else:
            self._say(path, tuple(Shown(each, each.range) for each in checked.build.diagnostics))

    def _say(self, path: str, shown: tuple[Shown, ...] | None) -> None:
        if shown is not None:
            self._verdicts[path] = shown
        elif self._verdicts.pop(path, None) is None:
            return
        self.redraw(path)

    async def _interface(self, path: str) -> str | None:
        """The interface of an implementation, where that is not what was built."""
        interface = f"{path}i"
        if not path.endswith(".ml") or interface not in self._dirty | self._written:
            return None
        document = self.document(interface)
        return document.text if document else await asyncio.to_thread(self._saved_text, interface)

    def _saved_text(self, path: str) -> str | None:
        try:
            return self.disk().read(path)
        except WorkspaceError:
            return None
