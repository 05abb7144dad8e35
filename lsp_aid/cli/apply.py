"""Apply a model's reply, read from standard input, to a folder: all of its edits, or none where one has no sure place.

The reply may have any of the forms of edits that lsp-aid reads, with prose around them. Nothing is built. Any folder
will do; `lsp-aid undo` takes the edits back.
Exit status: 0 applied, 1 refused (the reason for each block goes to standard error), 2 if it could not work.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_aid.domain.changes import ChangeSet
    from lsp_aid.domain.reply import Reply
    from lsp_aid.errors import AidError

NAME = "apply"
HELP = "apply a model's reply, from standard input, to a folder"

MAX_REPLY = 32_000_000
"""Bytes; a longer reply is none of a model's."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--root", type=Path, default=Path(), metavar="DIR", help="the folder (this one)")
    parser.add_argument("--format", default="auto", metavar="NAME", help="the form of the edits (found by itself)")
    parser.add_argument("--dry-run", action="store_true", help="print the diff and change nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object (docs/protocol.md)")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.errors import AidError

    try:
        return _apply(options)
    except AidError as error:
        return _failed(error, as_json=options.json)


def _apply(options: argparse.Namespace) -> int:
    from lsp_aid.config import load
    from lsp_aid.edits.limits import confirmations
    from lsp_aid.edits.placing import place
    from lsp_aid.workspace.journal import Journal, apply
    from lsp_aid.workspace.view import WorkspaceView

    root, settings = folder(options.root), load().edits
    reply = _reply(options.format)
    changes = place(WorkspaceView(root), reply, limits=settings)
    notes = [{"file": note.path, "reason": note.reason} for note in confirmations(changes, settings)]
    data = {**_changes_data(changes), "explanation": reply.explanation, "confirmations": notes}
    if options.dry_run:
        return _print({"status": "proposed", **data}, changes, as_json=options.json)
    if not changes:
        return _print({"status": "applied", **data, "entry": None}, changes, as_json=options.json)
    applied = apply(root, changes, Journal(root, os.environ), title="A reply from standard input")
    data["entry"] = applied.entry.id if applied.entry else None
    if applied.warning:
        data["message"] = applied.warning
    return _print({"status": "applied", **data}, changes, as_json=options.json)


def folder(path: Path) -> Path:
    """The folder that a flag names, without links. Raises UsageError."""
    from lsp_aid.errors import UsageError

    if not path.is_dir():
        raise UsageError(f"{path} is no folder", "Name a folder that exists.")
    return path.resolve()


def _reply(name: str) -> "Reply":
    """Raises UsageError for what is no reply at all, ReplyFormatError for one without edits."""
    from lsp_aid import editformats
    from lsp_aid.errors import ReplyFormatError, UsageError

    if name not in ("auto", *editformats.NAMES):
        known = ", ".join(editformats.NAMES)
        raise UsageError(f"There is no format {name}", f"Choose one of {known}, or leave the flag out.")
    if sys.stdin is None:
        raise UsageError("Standard input is closed", "Pipe a model's reply into this command.")
    if sys.stdin.isatty():
        sys.stderr.write("Reading the reply from the terminal; end it with Ctrl-D.\n")
    content = sys.stdin.buffer.read(MAX_REPLY + 1)
    if len(content) > MAX_REPLY:
        raise UsageError(f"The reply is longer than {MAX_REPLY} bytes", "Pipe a model's reply into this command.")
    if not content.strip():
        raise UsageError("Standard input is empty", "Pipe a model's reply into this command.")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"The reply is not UTF-8 (byte {error.start})", "Pipe text into this command.") from error
    if "\0" in text:
        raise UsageError("The reply is binary", "Pipe text into this command.")
    reply = editformats.read(text, name)
    if not reply.edits:
        raise ReplyFormatError("The reply holds no edit", "Ask the model for edits in one of the known forms.")
    return reply


def _changes_data(changes: "ChangeSet") -> dict[str, Any]:
    from lsp_aid.edits.unified_diff import render

    return {"files": list(changes.paths), "diff": render(changes)}


def _print(data: dict[str, Any], changes: "ChangeSet", *, as_json: bool) -> int:
    from lsp_aid.cli.report import Paint, colour_diff
    from lsp_aid.edits.containment import shown

    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
        return 0
    for note in data["confirmations"]:
        sys.stderr.write(f"Note: {shown(note['file']) + ': ' if note['file'] else ''}{note['reason']}.\n")
    if not changes:
        sys.stderr.write("The files are already as the reply has them.\n")
    elif data["status"] == "proposed":
        sys.stdout.write(colour_diff(data["diff"], Paint(sys.stdout)))
    else:
        files = ", ".join(map(shown, changes.paths))
        sys.stderr.write(f"Applied to {files}. {data.get('message') or '`lsp-aid undo` takes it back.'}\n")
    return 0


def _failed(error: "AidError", *, as_json: bool) -> int:
    """What is wrong with the reply is a refusal, anything else keeps us from working."""
    from lsp_aid.errors import EditError, FileUnreadableError, OutsideError

    no_text = isinstance(error, FileUnreadableError) and not isinstance(error.__cause__, OSError)
    refused = no_text or isinstance(error, EditError | OutsideError)
    if not as_json:
        sys.stderr.write(f"lsp-aid: {'refused, nothing was changed. ' if refused else ''}{error}\n")
        return 1 if refused else 2
    data: dict[str, Any] = {"status": "refused" if refused else "failed", "files": []}
    if refused:
        data["refusals"] = _refusals(error)
    data["message"] = str(error)
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    return 1 if refused else 2


def _refusals(error: "AidError") -> list[dict[str, Any]]:
    """The reason for each block; of what is wrong with the reply as a whole, one for block 0 of no file."""
    from lsp_aid.errors import PlacementError

    refusals = error.refusals if isinstance(error, PlacementError) else ()
    if not refusals:
        return [{"file": "", "block": 0, "reason": error.what, "cure": error.cure, "candidates": []}]
    return [
        {
            "file": refusal.path,
            "block": refusal.block,
            "reason": refusal.reason,
            "cure": refusal.cure,
            "candidates": [{"line": place.line, "text": "\n".join(place.lines)} for place in refusal.candidates],
        }
        for refusal in refusals
    ]
