"""A proposal that waits to be taken by hunk, and where each of its hunks is by now.

Hunks move with the text of open documents. One whose own lines were edited, or whose file changed unseen, is stale: it
is not placed by guessing.
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from attrs import define, evolve, field, frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import View
from lsp_aid.domain.text import Position, Range
from lsp_aid.edits.hunks import Hunk, hunks
from lsp_aid.edits.line_diff import split
from lsp_aid.errors import StaleError, UsageError
from lsp_aid.server.proposals import Offered, text_of
from lsp_aid.workspace.documents import Document, Edited


@frozen
class Part:
    """A hunk: the lines `gone` become `text`. `line` is where it begins in the document as it is now, None where it is
    stale; `base_line` the same in the text that is known of the file."""

    hunk: Hunk
    gone: tuple[str, ...]
    text: str
    base_line: int | None
    line: int | None

    @property
    def is_whole_file(self) -> bool:
        """Whether the file is created or deleted."""
        return self.hunk.change.before is None or self.hunk.change.after is None

    @property
    def range(self) -> Range | None:
        """The lines that it replaces; None where it has no place in a text."""
        if self.line is None or self.hunk.change.before is None:
            return None
        return Range(Position(self.line, 0), Position(self.line + len(self.gone), 0))


@frozen
class Taking:
    """Some of the parts, as a change of the texts as they are now. `left`: where the others of its files are then."""

    parts: tuple[Part, ...]
    changes: ChangeSet
    left: Mapping[str, int | None]


@define(eq=False)
class Parts:
    """`parts` are those that were not taken yet, of `total`. `origin`: the document that the proposal was asked for in.
    `bases`: the texts that the parts' base lines are of."""

    offered: Offered
    parts: list[Part]
    total: int
    origin: str = ""
    bases: dict[str, str | None] = field(factory=dict)

    @classmethod
    def of(cls, offered: Offered, now: View, origin: str = "") -> "Parts":
        """All hunks of a proposal. Those of files that changed since it was computed are stale."""
        changes = offered.proposal.changes
        fresh = {change.path for change in changes.files if text_of(now, change.path) == change.before}
        parts = [_part(hunk, is_fresh=hunk.path in fresh) for hunk in hunks(changes)]
        return cls(offered, parts, len(parts), origin, {change.path: change.before for change in changes.files})

    @property
    def live(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.line is not None)

    def edited(self, path: str, document: Document, edits: Iterable[Edited]) -> bool:
        """Takes note of an edit. Whether it is one of ours to know."""
        if path not in self.bases:
            return False
        if document.text == self.bases[path]:
            self._replace(path, lambda part: part.base_line)
        else:
            for edit in edits:
                self._replace(path, lambda part, edit=edit: _moved(part, edit))  # type: ignore[misc]
        return True

    def settle(self, path: str, text: str | None) -> None:
        """Takes note of the text that a file has after it was opened or closed, None where that is not known."""
        if path in self.bases:
            known = text is None or text == self.bases[path]
            self._replace(path, lambda part: part.base_line if known else None)

    def take(self, names: Collection[str], now: View) -> Taking:
        """The parts that are named by the hunk or the file; all for no name.

        Raises UsageError for a name that is not known, StaleError where one of them has no place any more.
        """
        if unknown := set(names) - {n for part in self.parts for n in (part.hunk.id, part.hunk.path)}:
            raise UsageError(
                f"The proposal has no hunk and no file {', '.join(sorted(unknown))[:200]} that is still to be taken",
                "Fetch its hunks again.",
            )
        taken = tuple(part for part in self.parts if not names or part.hunk.id in names or part.hunk.path in names)
        by_file = itertools.groupby(taken, lambda part: part.hunk.path)
        found = [(path, self._change(path, list(parts), now)) for path, parts in by_file]
        if stale := tuple(path for path, change in found if change is None):
            raise StaleError(
                f"{', '.join(stale)} {'has' if len(stale) == 1 else 'have'} changed where the proposal changes it",
                "Ask again, or take other hunks.",
                stale,
            )
        changes = ChangeSet.of(change for _, change in found if change)
        return Taking(taken, changes, self._left(taken))

    def taken(self, taking: Taking, now: View) -> None:
        """Strikes out what was applied."""
        gone = {part.hunk.id for part in taking.parts}
        after = taking.changes.texts
        exact = {path for path, text in after.items() if text_of(now, path) == text}
        self.bases.update(after)
        left = []
        for part in self.parts:
            if part.hunk.id not in gone:
                if part.hunk.path in after:
                    base = taking.left.get(part.hunk.id)
                    part = evolve(part, base_line=base, line=base if part.hunk.path in exact else part.line)
                left.append(part)
        self.parts = left

    def _change(self, path: str, taken: Sequence[Part], now: View) -> FileChange | None:
        """The file with the parts; None where one of them has no place."""
        text, whole = text_of(now, path), taken[0].hunk.change
        if taken[0].is_whole_file:
            return whole if text == whole.before else None
        is_open = path in now.open_texts
        if text is None or (not is_open and text != self.bases[path]):
            return None
        lines = split(text)
        pieces: list[str] = []
        at = 0
        for part in sorted(taken, key=lambda part: part.line or 0):
            line = part.line if is_open else part.base_line
            if line is None or line < at or tuple(lines[line : line + len(part.gone)]) != part.gone:
                return None
            pieces += (*lines[at:line], part.text)
            at = line + len(part.gone)
        return FileChange(path, text, "".join((*pieces, *lines[at:])))

    def _left(self, taken: Sequence[Part]) -> dict[str, int | None]:
        """Where the parts of the files will be that are not taken."""
        paths, ids = {part.hunk.path for part in taken}, {part.hunk.id for part in taken}
        left: dict[str, int | None] = {}
        for part in self.parts:
            if part.hunk.path in paths and part.hunk.id not in ids:
                above = [t for t in taken if t.hunk.path == part.hunk.path and t.hunk.start_line < part.hunk.start_line]
                shift = sum(len(split(t.text)) - len(t.gone) for t in above)
                left[part.hunk.id] = None if part.line is None else part.line + shift
        return left

    def _replace(self, path: str, line: Callable[[Part], int | None]) -> None:
        self.parts = [evolve(part, line=line(part)) if part.hunk.path == path else part for part in self.parts]


def _part(hunk: Hunk, *, is_fresh: bool) -> Part:
    before, after = split(hunk.change.before or ""), hunk.change.after or ""
    head = sum(map(len, before[: hunk.start_line]))
    tail = sum(map(len, before[hunk.start_line + hunk.lines :]))
    gone = tuple(before[hunk.start_line : hunk.start_line + hunk.lines])
    line = hunk.start_line if is_fresh else None
    return Part(hunk, gone, after[head : len(after) - tail], hunk.start_line, line)


def _moved(part: Part, edit: Edited) -> int | None:
    """Where a part is after an edit; None where the edit touched its lines."""
    if part.line is None:
        return None
    start, end = Position(part.line, 0), Position(part.line + len(part.gone), 0)
    if edit.range.start >= end and (edit.range.start, edit.range.end) != (start, start):
        return part.line
    if edit.range.end > start or (not part.gone and edit.range.start == start):
        return None
    # The lines are still lines of their own if what came before them ends with a line end.
    joined = edit.range.end == start and edit.end.column
    return None if joined else part.line - edit.range.end.line + edit.end.line
