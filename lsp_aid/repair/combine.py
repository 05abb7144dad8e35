"""Several changes to one view as one change."""

from collections.abc import Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.text import Range, SourceText, TextEdit, apply_text_edits
from lsp_aid.edits.minimal import minimal_edits


@frozen
class Combined:
    """`changes` holds all changes that go together; `left_out` are the indices of those that overlap with earlier ones.

    `places[i]` are the ranges, in the new texts, that change `i` wrote: (path, range) each.
    """

    changes: ChangeSet
    left_out: frozenset[int]
    places: tuple[tuple[tuple[str, Range], ...], ...]


def combine(parts: Sequence[ChangeSet]) -> Combined:
    """Merges changes that were all computed from the same texts. The same edit in two of them is made once."""
    before: dict[str, str | None] = {}
    chosen: dict[str, list[tuple[TextEdit, set[int]]]] = {}
    whole: dict[str, tuple[str | None, set[int]]] = {}  # created and deleted files
    left_out = set()
    for number, part in enumerate(parts):
        edits = {change.path: _edits(change) for change in part.files}
        if any(_collides(change, edits[change.path], chosen, whole) for change in part.files):
            left_out.add(number)
            continue
        for change in part.files:
            before[change.path] = change.before
            found = edits[change.path]
            if found is None:
                whole.setdefault(change.path, (change.after, set()))[1].add(number)
                continue
            for edit in found:
                known = next((owners for old, owners in chosen.get(change.path, []) if old == edit), None)
                if known is not None:
                    known.add(number)
                else:
                    chosen.setdefault(change.path, []).append((edit, {number}))
    files = [FileChange(path, before[path], after) for path, (after, _) in whole.items()]
    places: list[list[tuple[str, Range]]] = [[] for _ in parts]
    for path, (after, owners) in whole.items():
        for owner in owners:
            places[owner].append((path, SourceText(after or "").range(0, len(after or ""))))
    for path, pairs in chosen.items():
        text = before[path] or ""
        after = apply_text_edits(text, [edit for edit, _ in pairs])
        files.append(FileChange(path, text, after))
        for edit, owners in pairs:
            shift = sum(len(other.text) - (other.end - other.start) for other, _ in pairs if other.end <= edit.start)
            start = edit.start + (shift if edit.start != edit.end else 0)
            for owner in owners:
                places[owner].append((path, SourceText(after).range(start, start + len(edit.text))))
    return Combined(ChangeSet.of(files), frozenset(left_out), tuple(tuple(p) for p in places))


def _edits(change: FileChange) -> tuple[TextEdit, ...] | None:
    """None for a file that is created or deleted."""
    if change.before is None or change.after is None:
        return None
    return minimal_edits(change.before, change.after)


def _collides(
    change: FileChange,
    edits: tuple[TextEdit, ...] | None,
    chosen: dict[str, list[tuple[TextEdit, set[int]]]],
    whole: dict[str, tuple[str | None, set[int]]],
) -> bool:
    if change.path in whole:
        return edits is not None or whole[change.path][0] != change.after
    if edits is None:
        return change.path in chosen
    others = [edit for edit, _ in chosen.get(change.path, [])]
    return any(new != old and new.start <= old.end and old.start <= new.end for new in edits for old in others)
