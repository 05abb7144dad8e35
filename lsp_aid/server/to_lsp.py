"""From our own values to the protocol's, for what this client can do."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen
from lsprotocol import types

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.errors import UsageError
from lsp_aid.server.capabilities import ClientFeatures
from lsp_aid.workspace import encoding
from lsp_aid.workspace.encoding import Encoding


@frozen
class Target:
    """Where an edit goes: the URI as the client spells it; `version` is None for a file that is not open."""

    uri: str
    version: int | None


def position(place: Position, source: SourceText, coding: Encoding) -> types.Position:
    return types.Position(place.line, encoding.units(source.line(place.line), place.column, coding))


def range_(place: Range, source: SourceText, coding: Encoding) -> types.Range:
    return types.Range(position(place.start, source, coding), position(place.end, source, coding))


def plain_range(place: Range) -> types.Range:
    """The range in code points, for a text that is not known: right wherever the line is ASCII up to there."""
    return types.Range(
        types.Position(place.start.line, place.start.column), types.Position(place.end.line, place.end.column)
    )


def workspace_edit(changes: ChangeSet, can: ClientFeatures, locate: Callable[[str], Target]) -> types.WorkspaceEdit:
    """The changes as one edit, as small as they are, with the versions that they are for.

    Raises UsageError where a file is to be deleted and the client cannot.
    """
    deleted = [change for change in changes.files if change.after is None]
    if deleted and not (can.versions and can.deletes):
        names = ", ".join(change.path for change in deleted)
        raise UsageError(f"The change deletes {names}, which this editor does not do for a server", "Delete it first.")
    if not can.versions:
        return types.WorkspaceEdit(changes={locate(c.path).uri: _text_edits(c, can.encoding) for c in changes.files})
    operations: list[Any] = []
    for change in changes.files:
        target = locate(change.path)
        if change.before is None and can.creates:
            operations.append(types.CreateFile(uri=target.uri, options=types.CreateFileOptions(overwrite=False)))
    for change in changes.files:
        if change.after is not None:
            target = locate(change.path)
            document = types.OptionalVersionedTextDocumentIdentifier(uri=target.uri, version=target.version)
            edits = _text_edits(change, can.encoding)
            operations.append(types.TextDocumentEdit(text_document=document, edits=edits))
    operations += [types.DeleteFile(uri=locate(change.path).uri) for change in deleted]
    return types.WorkspaceEdit(document_changes=operations)


def _text_edits(change: FileChange, coding: Encoding) -> list[types.TextEdit]:
    source = SourceText(change.before or "")
    return [
        types.TextEdit(range=range_(source.range(edit.start, edit.end), source, coding), new_text=edit.text)
        for edit in minimal_edits(source.text, change.after or "")
    ]


_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


def diagnostic(
    found: Diagnostic,
    place: Range,
    source: SourceText,
    can: ClientFeatures,
    related: Sequence[types.DiagnosticRelatedInformation] = (),
) -> types.Diagnostic:
    """A diagnostic as it stands at `place` of the text that the client has."""
    return types.Diagnostic(
        range=range_(place, source, can.encoding),
        message=found.message,
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source=found.source,
        related_information=list(related) if related and can.related else None,
    )
