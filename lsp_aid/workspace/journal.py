"""What was applied to a project, and taking it back over all its files.

An entry is noted before the first file is written, and marked before the first is taken back. So a process that is
killed on the way leaves what tells how the files were, and the next one puts them back.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from uuid import uuid4

from attrs import evolve, frozen

from lsp_aid.domain import ports
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.journal import Entry, State
from lsp_aid.edits.containment import shown
from lsp_aid.edits.form import in_form, plain
from lsp_aid.errors import FileUnreadableError, FileUnwritableError, OutsideError, StaleError, WorkspaceError
from lsp_aid.workspace.disk import apply_changes, read_current, remove_staged
from lsp_aid.workspace.records import Records, claimed, project_state

log = logging.getLogger(__name__)


class Journal:
    """Implements the port `Journal` by a folder in the project's state. Nothing is made before the first write."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._root = root.resolve()
        self._state = project_state(root, environment)
        self._records = Records(self._state / "journal", most=100, days=90.0, root=root)

    def turn(self) -> AbstractContextManager[None]:
        return claimed(self._state, "applying")

    def note(self, changes: ChangeSet, *, proposal: str = "", title: str = "", state: State = State.APPLIED) -> Entry:
        entry = Entry(uuid4().hex[:12], proposal, title, time.time(), str(self._root), changes, state)
        self._records.write(entry.id, entry)
        return entry

    def entries(self) -> Sequence[Entry]:
        return tuple(self._records.all(Entry))

    def find(self, identifier: str) -> Entry | None:
        found = self._records.read(identifier, Entry)
        return found or next((entry for entry in self._records.all(Entry) if entry.proposal == identifier), None)

    def set_state(self, entry: Entry, state: State) -> Entry:
        changed = evolve(entry, state=state)
        self._records.write(entry.id, changed)
        return changed

    def forget(self, entry: Entry) -> None:
        self._records.remove(entry.id)


@frozen
class Applied:
    """`entry` is None where the journal cannot be written; `warning` then says why this cannot be undone."""

    entry: Entry | None
    warning: str = ""


def apply(root: Path, changes: ChangeSet, journal: ports.Journal, *, proposal: str = "", title: str = "") -> Applied:
    """Makes the changes on disk, all of them or none, and notes them.

    Raises OutsideError, StaleError, FileUnwritableError, FileUnreadableError, with every file as it was before, and
    WorkspaceError where another process is at it for long.
    """
    entry, warning = None, ""
    with ExitStack() as stack:
        try:
            stack.enter_context(journal.turn())
            recover(root, journal)
            entry = journal.note(changes, proposal=proposal, title=title, state=State.BEGUN)
        except FileUnwritableError as error:
            warning = f"lsp-aid will not be able to undo this: {error}"
        try:
            apply_changes(root, changes)
        except BaseException as error:
            if entry and not (isinstance(error, FileUnwritableError) and error.lost):
                with suppress(FileUnwritableError):  # what is begun and undone does no harm
                    journal.forget(entry)
            raise
        if entry:
            with suppress(FileUnwritableError):  # what is begun and whole is recognised as that
                entry = journal.set_state(entry, State.APPLIED)
    return Applied(entry, warning)


def undo(root: Path, entry: Entry, journal: ports.Journal) -> Entry:
    """Takes an entry back over all its files, or none. The entry, closed.

    Raises StaleError, which names every file that was touched since; OutsideError, FileUnwritableError.
    """
    with journal.turn():
        check_untouched(entry, lambda path: read_current(root, path))
        entry = evolve(entry, changes=ChangeSet(_as_on_disk(root, change) for change in entry.changes.files))
        begun = journal.set_state(entry, State.BEGUN)
        try:
            apply_changes(root, entry.changes.reversed)
        except BaseException as error:
            if not (isinstance(error, FileUnwritableError) and error.lost):
                with suppress(FileUnwritableError):  # what is begun and whole is recognised as that
                    journal.set_state(entry, State.APPLIED)
            raise
        _remove_empty_folders(root, entry.changes)
        with suppress(FileUnwritableError):  # what is begun and undone does no harm
            return journal.set_state(entry, State.UNDONE)
        return begun


def check_untouched(entry: Entry, read: Callable[[str], str | None]) -> None:
    """Raises StaleError, which names every file of an entry that is not as the entry left it. `read` gives a file's
    text, None where there is no file."""
    touched = tuple(change.path for change in entry.changes.files if not _is_left(_text(read, change.path), change))
    if touched:
        raise StaleError(
            f"{', '.join(map(shown, touched))} {'has' if len(touched) == 1 else 'have'} changed since it was applied",
            "Nothing was undone. Undo by hand what is still to be undone.",
            touched,
        )


def _is_left(now: str | None, change: FileChange) -> bool:
    """Whether a file is as a change has left it, but for its form, which editors do not tell."""
    return now == change.after or (now is not None and change.after is not None and plain(now) == plain(change.after))


def _as_on_disk(root: Path, change: FileChange) -> FileChange:
    """A change in the form that the file has on disk."""
    now = read_current(root, change.path)
    if now is None or change.after is None or change.before is None:
        return evolve(change, after=now)
    return evolve(change, before=in_form(change.before, change.after, now), after=now)


def check_whole(root: Path, entry: Entry) -> None:
    """Raises StaleError for an entry that `recover` had to leave begun. It names every file that was touched since."""
    if entry.state is State.BEGUN:
        texts = {change: _now(root, change.path) for change in entry.changes.files}
        touched = tuple(c.path for c, text in texts.items() if text not in (c.before, c.after))
        written = [c.path for c, text in texts.items() if text == c.after]
        why = f"{', '.join(map(shown, touched))} {'has' if len(touched) == 1 else 'have'} changed since"
        raise StaleError(
            f"“{entry.title}” was broken off on its way, and {why if touched else 'cannot be put back'}",
            f"Nothing was undone. Undo it by hand in {', '.join(map(shown, written))}." if written else "Try again.",
            touched,
        )


def recover(root: Path, journal: ports.Journal) -> tuple[Entry, ...]:
    """Brings to an end what processes that were killed have begun: what is whole counts as applied, what is not is put
    back. The entries that were put back. Call it in one's turn. Raises FileUnwritableError for the journal."""
    back = []
    for entry in journal.entries():
        if entry.state is State.BEGUN:
            written = [change for change in entry.changes.files if _now(root, change.path) == change.after]
            if len(written) == len(entry.changes.files):
                remove_staged(root, entry.changes)
                journal.set_state(entry, State.APPLIED)
            elif _put_back(root, entry, ChangeSet(written)):
                journal.forget(entry)
                back.append(entry)
    return tuple(back)


def _put_back(root: Path, entry: Entry, written: ChangeSet) -> bool:
    others = ChangeSet(change for change in entry.changes.files if change.path not in written.paths)
    if not _is_as_before(root, others):
        log.info("%s was begun and broken off, and %s changed since", entry.id, ", ".join(map(shown, others.paths)))
        return False
    try:
        remove_staged(root, entry.changes)
        apply_changes(root, written.reversed)
        _remove_empty_folders(root, entry.changes)
    except WorkspaceError as error:  # left for the next time: it must not keep others from their work
        log.info("%s was begun and broken off, and cannot be put back: %s", entry.id, error)
        return False
    return True


_NO_TEXT = "\0"


def _now(root: Path, path: str) -> str | None:
    return _text(lambda path: read_current(root, path), path)


def _text(read: Callable[[str], str | None], path: str) -> str | None:
    """A file's text, None where there is none, and what no text is where it cannot be read."""
    try:
        return read(path)
    except (FileUnreadableError, OutsideError):
        return _NO_TEXT


def _is_as_before(root: Path, changes: ChangeSet) -> bool:
    return all(_now(root, change.path) == change.before for change in changes.files)


def _remove_empty_folders(root: Path, changes: ChangeSet) -> None:
    """Folders that a change had made are gone with the files in them."""
    root = root.resolve()
    for change in changes.files:
        if change.before is None:
            for folder in (root / change.path).parents:
                if folder == root:
                    break
                with suppress(OSError):  # it holds other files
                    folder.rmdir()
