"""How much a change may be: what is refused outright, and what a person has to agree to."""

import re

from attrs import frozen

from lsp_aid.config import EditSettings
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.containment import runs_programs, shown
from lsp_aid.edits.line_diff import changed_lines
from lsp_aid.errors import EditError, NotTextError

_NO_UTF_8 = re.compile("[\ud800-\udfff]")


@frozen
class Confirmation:
    """Something about a change that a person should agree to before it is applied. `path` is empty where it is about
    the change as a whole. `reason` is a clause about it: `it says what a build runs`."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{shown(self.path)}: {self.reason}" if self.path else self.reason


def confirmations(changes: ChangeSet, settings: EditSettings) -> tuple[Confirmation, ...]:
    """What a person should agree to, the change as a whole first."""
    count = sum(changed_lines(change.before, change.after) for change in changes.files)
    whole = Confirmation("", f"it changes {count} lines, more than {settings.confirm_lines}")
    marked = (Confirmation(path, "it says what a build runs") for path in changes.paths if runs_programs(path))
    return (*([whole] if count > settings.confirm_lines else []), *marked)


def check_limits(changes: ChangeSet, settings: EditSettings) -> None:
    """Raises EditError for more files or larger files than the settings allow, and for binary files; NotTextError for
    text that is no UTF-8."""
    if len(changes.files) > settings.max_files:
        raise EditError(
            f"The change touches {len(changes.files)} files, more than {settings.max_files}",
            "Ask for less at once, or raise the setting `edits.maxFiles`.",
        )
    for change in changes.files:
        _check_file(change, settings)
    if sum(_size(change.after) for change in changes.files) > 4 * settings.max_bytes:
        raise EditError(
            f"The change writes more than {4 * settings.max_bytes} bytes",
            "Ask for less at once, or raise the setting `edits.maxBytes`.",
        )


def _check_file(change: FileChange, settings: EditSettings) -> None:
    if change.after is not None and "\0" in change.after:
        raise EditError(f"The change makes {shown(change.path)} a binary file", "Only text is written.")
    if change.after is not None and _NO_UTF_8.search(change.after):
        raise NotTextError(f"The change gives {shown(change.path)} a text that is no UTF-8", "Only UTF-8 is written.")
    if _size(change.after) > max(settings.max_bytes, _size(change.before)):
        raise EditError(
            f"The change makes {shown(change.path)} longer than {settings.max_bytes} bytes",
            "Ask for less at once, or raise the setting `edits.maxBytes`.",
        )


def _size(text: str | None) -> int:
    return len((text or "").encode("utf-8", "surrogatepass"))
