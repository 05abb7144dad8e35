"""Proposals and diagnostics as plain data, in the one stable form that the command line and the protocol share.

docs/protocol.md describes it. Lines and characters count from 0; characters are Unicode code points.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsp_aid.domain.build_status import BuildState, BuildStatus
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.proposal import Proposal
from lsp_aid.domain.text import Position
from lsp_aid.edits.hunks import hunks
from lsp_aid.edits.unified_diff import render


def proposal_data(proposal: Proposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "verdict": proposal.verdict.level.value,
        "kind": proposal.kind.value,
        "title": proposal.title,
        "detail": proposal.verdict.detail,
        "diff": render(proposal.changes),
        "files": list(proposal.changes.paths),
        "source": proposal.source,
        "explanation": proposal.explanation,
        "hunks": [
            {"id": hunk.id, "file": hunk.path, "range": _lines(hunk.start_line, hunk.lines), "diff": hunk.diff}
            for hunk in hunks(proposal.changes)
        ],
    }


def status_data(
    workspaces: Sequence[Mapping[str, Any]],
    daemon: Mapping[str, Any] | None = None,
    editors: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """What `lsp-aid status` says: `workspaces` as `workspace_data` has them, the daemon that serves them if there is
    one, and the editors that it serves."""
    return {"daemon": daemon, "editors": list(editors), "workspaces": list(workspaces)}


def workspace_data(root: Path, state: BuildState, status: BuildStatus | None) -> dict[str, Any]:
    """How the project at `root` stands."""
    errors, warnings = _counts(state, status)
    return {"root": str(root), "build": state.value, "errors": errors, "warnings": warnings}


def state_data(state: BuildState, status: BuildStatus | None) -> dict[str, Any]:
    """How a project stands, for status bars."""
    errors, warnings = _counts(state, status)
    source = {"source": status.source.value} if status else {}
    return {"state": state.value, "errors": errors, "warnings": warnings, **source}


def _counts(state: BuildState, status: BuildStatus | None) -> tuple[int, int]:
    """Errors and warnings of the last complete build, for as long as it may still hold."""
    known = status if status and state in (BuildState.GREEN, BuildState.RED, BuildState.BUILDING) else None
    found = known.result.diagnostics if known else ()
    errors = sum(each.is_error for each in found)
    return errors, len(found) - errors


def diagnostic_data(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "file": diagnostic.path,
        "range": {"start": _position(diagnostic.range.start), "end": _position(diagnostic.range.end)},
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
    }


def _lines(start: int, count: int) -> dict[str, Any]:
    """Whole lines, which are the same in every encoding."""
    return {"start": {"line": start, "character": 0}, "end": {"line": start + count, "character": 0}}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "character": position.column}
