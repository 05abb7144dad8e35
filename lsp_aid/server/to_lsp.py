"""From our own values to the protocol's, for what this client can do."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen
from lsprotocol import types

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.text import BOM, Position, Range, SourceText
from lsp_aid.edits.form import has_crlf_alone, in_form
from lsp_aid.edits.limits import Confirmation
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


def workspace_edit(
    changes: ChangeSet,
    can: ClientFeatures,
    locate: Callable[[str], Target],
    confirmations: Sequence[Confirmation] = (),
) -> types.WorkspaceEdit:
    """The changes as one edit, as small as they are, with the versions that they are for.

    The edits of the files that a person should agree to are marked, for a client that asks its user about such.
    Raises UsageError where a file is to be deleted and the client cannot.
    """
    deleted = [change for change in changes.files if change.after is None]
    if deleted and not (can.versions and can.deletes):
        names = ", ".join(change.path for change in deleted)
        raise UsageError(f"The change deletes {names}, which this editor does not do for a server", "Delete it first.")
    if not can.versions:
        targets = [(change, locate(change.path)) for change in changes.files]
        return types.WorkspaceEdit(changes={target.uri: _text_edits(c, can, target) for c, target in targets})
    marks = _marks(changes, confirmations) if can.annotations else {}
    operations: list[Any] = []
    for change in changes.files:
        uri, mark = locate(change.path).uri, marks.get(change.path)
        if change.before is None and can.creates:
            options = types.CreateFileOptions(overwrite=False)
            operations.append(types.CreateFile(uri=uri, options=options, annotation_id=mark))
    for change in changes.files:
        if change.after is not None:
            target = locate(change.path)
            document = types.OptionalVersionedTextDocumentIdentifier(uri=target.uri, version=target.version)
            edits = _marked(_text_edits(change, can, target), marks.get(change.path))
            operations.append(types.TextDocumentEdit(text_document=document, edits=edits))
    operations += [types.DeleteFile(uri=locate(c.path).uri, annotation_id=marks.get(c.path)) for c in deleted]
    annotations = {mark: types.ChangeAnnotation(label=mark, needs_confirmation=True) for mark in marks.values()}
    return types.WorkspaceEdit(document_changes=operations, change_annotations=annotations or None)


def _marks(changes: ChangeSet, confirmations: Sequence[Confirmation]) -> dict[str, str]:
    """For each file that a person should agree to, why."""
    reasons = {p: [c.reason for c in confirmations if c.path in ("", p)] for p in changes.paths}
    return {path: _sentence("; ".join(found)) for path, found in reasons.items() if found}


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:]


def _marked(edits: list[types.TextEdit], mark: str | None) -> list[Any]:
    if mark is None:
        return list(edits)
    return [types.AnnotatedTextEdit(annotation_id=mark, range=edit.range, new_text=edit.new_text) for edit in edits]


def _text_edits(change: FileChange, can: ClientFeatures, target: Target) -> list[types.TextEdit]:
    before, after = change.before or "", change.after or ""
    if target.version is None and before:  # the text is the disk's: editors open it without its BOM
        seen = before.removeprefix(BOM)
        seen = seen.replace("\r\n", "\n") if can.hides_cr and has_crlf_alone(seen) else seen
        before, after = seen, in_form(after, before, seen)
    source = SourceText(before)
    return [
        types.TextEdit(range=range_(source.range(edit.start, edit.end), source, can.encoding), new_text=edit.text)
        for edit in minimal_edits(source.text, after)
    ]


def waiting(diff: str, place: Range, title: str = "Proposed, not applied:") -> types.Diagnostic:
    """A hunk that can be taken, at the lines that it replaces."""
    lines = diff.splitlines()
    body = next((number for number, line in enumerate(lines) if line.startswith("@@")), 0) + 1
    shown = [*lines[body : body + _SHOWN_LINES], *(["..."] if len(lines) > body + _SHOWN_LINES else [])]
    return types.Diagnostic(
        range=plain_range(place),
        message="\n".join((title, *shown)),
        severity=types.DiagnosticSeverity.Information,
        source="lsp-aid",
    )


_SHOWN_LINES = 20
_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


def diagnostic(
    found: Diagnostic,
    place: Range,
    source: SourceText,
    can: ClientFeatures,
    related: Sequence[types.DiagnosticRelatedInformation] = (),
) -> types.Diagnostic:
    """A diagnostic as it stands at `place` of the text that the client has. Its hint is part of the message, since many
    editors show nothing else, and stands apart in `data` for those that want it so."""
    return types.Diagnostic(
        range=range_(place, source, can.encoding),
        message=found.message,
        severity=_SEVERITIES[found.severity],
        code=found.code,
        data={"hint": found.hint} if found.hint else None,
        source=found.source,
        related_information=list(related) if related and can.related else None,
    )
