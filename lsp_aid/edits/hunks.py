"""A change in parts that a person can take one by one. Every choice of parts applies to the same texts before."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from attrs import evolve, field, frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.line_diff import Span, line_diff, split
from lsp_aid.edits.unified_diff import render
from lsp_aid.errors import UsageError

NEAR_LINES = 2
"""Changes with so few unchanged lines between them belong to one hunk."""


@frozen
class Hunk:
    """Some lines of one file that change together; a file that is created or deleted is one hunk.

    `id` comes from what the hunk does, not from where, so that it usually stays the same when others have been taken.
    `start_line`, from 0, is where it begins in the text before, and `lines` how many of those lines it replaces.
    `change` is the file with this hunk alone.
    """

    id: str
    path: str
    start_line: int
    lines: int
    change: FileChange = field(repr=False)

    @property
    def diff(self) -> str:
        """The hunk as a unified diff that applies by itself."""
        return render(ChangeSet((self.change,)))


@frozen
class _Part:
    """Lines `[start, end)` of the text before become `text`."""

    id: str
    start: int
    end: int
    text: str


def hunks(changes: ChangeSet) -> tuple[Hunk, ...]:
    """All hunks, in the order of the files and of their lines."""
    return tuple(hunk for change in changes.files for hunk in _of_file(change))


def select(changes: ChangeSet, wanted: Collection[str]) -> ChangeSet:
    """The changes with the named hunks alone. A name is a hunk's id or a file's path, which stands for all of it.

    Raises UsageError for a name that is neither.
    """
    chosen: list[FileChange] = []
    known: set[str] = set()
    for change in changes.files:
        parts = _parts(change)
        known |= {change.path, *(part.id for part in parts)}
        if change.path in wanted:
            chosen.append(change)
        elif taken := [part for part in parts if part.id in wanted]:
            chosen.append(change if len(taken) == len(parts) else _with(change, taken))
    if unknown := sorted(set(wanted) - known):
        raise UsageError(f"The proposal has no hunk and no file {', '.join(unknown)[:200]}", "Fetch its hunks again.")
    return ChangeSet.of(chosen)


def rest(changes: ChangeSet, taken: ChangeSet) -> ChangeSet:
    """What is left of the changes once `taken`, a choice of them, is applied."""
    now = {change.path: change.after for change in taken.files}
    return ChangeSet.of(evolve(c, before=now.get(c.path, c.before)) for c in changes.files)


def _of_file(change: FileChange) -> Iterator[Hunk]:
    parts = _parts(change)
    for part in parts:
        alone = change if len(parts) == 1 else _with(change, [part])
        yield Hunk(part.id, change.path, part.start, part.end - part.start, alone)


def _parts(change: FileChange) -> list[_Part]:
    old, new = split(change.before or ""), split(change.after or "")
    if change.before is None or change.after is None:
        spans = [Span(0, len(old), 0, len(new))]
    else:
        spans = _near_ones_joined(line_diff(old, new))
    seen: Counter[str] = Counter()
    parts = []
    for span in spans:
        gone, text = "".join(old[span.start : span.end]), "".join(new[span.new_start : span.new_end])
        name = _name(change.path, gone, text)
        seen[name] += 1
        identifier = name if seen[name] == 1 else f"{name}-{seen[name]}"
        parts.append(_Part(identifier, span.start, span.end, text))
    return parts


def _name(path: str, gone: str, text: str) -> str:
    whole = "\0".join((path, gone, text)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()[:10]


def _near_ones_joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end <= NEAR_LINES:
            last = joined.pop()
            joined.append(Span(last.start, span.end, last.new_start, span.new_end))
        else:
            joined.append(span)
    return joined


def _with(change: FileChange, parts: Sequence[_Part]) -> FileChange:
    """The file with some of its parts, of several that it has."""
    old = split(change.before or "")
    pieces: list[str] = []
    at = 0
    for part in parts:
        pieces += (*old[at : part.start], part.text)
        at = part.end
    return evolve(change, after="".join((*pieces, *old[at:])))
