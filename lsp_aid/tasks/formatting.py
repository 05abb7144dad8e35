"""The project's own formatting of what a model changed. It never fails a proposal: where it cannot, the text stays."""

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import Formatter
from lsp_aid.edits.formatting import formatted_where_changed
from lsp_aid.edits.lines import Lines, like

_SUFFIXES = (".ml", ".mli")


async def formatted(formatter: Formatter, changes: ChangeSet) -> ChangeSet:
    """The changes with what they changed formatted, and the rest of their files as it was."""
    return ChangeSet.of([await _of_file(formatter, change) for change in changes.files]) or changes


async def _of_file(formatter: Formatter, change: FileChange) -> FileChange:
    if change.after is None or not change.path.endswith(_SUFFIXES):
        return change
    after = await _format(formatter, change.path, change.after)
    if after is None or after == change.after:
        return change
    if change.before is None:
        return FileChange(change.path, None, after)
    before = await _format(formatter, change.path, change.before)
    if before is None:
        return change
    text = formatted_where_changed(change, before, after)
    # Hunks may belong together: a parenthesis that goes from one to another. What means the same formats the same.
    if text not in (after, change.after) and await _format(formatter, change.path, text) != after:
        return change
    return FileChange(change.path, change.before, text)


async def _format(formatter: Formatter, path: str, text: str) -> str | None:
    """Formatters know neither a BOM nor other line ends than their own."""
    found = await formatter.format(path, "".join(f"{line}\n" for line in Lines.of(text).lines))
    return None if found is None else like(found, text)
