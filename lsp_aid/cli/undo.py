"""Take back what lsp-aid applied last to a folder, or to the dune project that it belongs to, over all its files.

Knows what `lsp-aid apply`, `lsp-aid fix --apply` and `lsp-aid diff --apply` did, and what editors applied. Where a file
was touched since, nothing is undone.
Exit status: 0 undone, 1 refused because files were touched since (they are named), 2 if it could not work.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_aid.domain.journal import Entry
    from lsp_aid.workspace.journal import Journal

NAME = "undo"
HELP = "take back what was applied last"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--root", type=Path, default=Path(), metavar="DIR", help="the folder (this one)")
    parser.add_argument("--json", action="store_true", help="print one JSON object (docs/protocol.md)")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.errors import AidError, StaleError

    try:
        return _undo(options)
    except StaleError as error:
        data = {"status": "refused", "files": [], "touched": list(error.paths), "message": str(error)}
        return _print(data, 1, as_json=options.json)
    except AidError as error:
        return _print({"status": "failed", "files": [], "message": str(error)}, 2, as_json=options.json)


def _undo(options: argparse.Namespace) -> int:
    from lsp_aid.cli.apply import folder
    from lsp_aid.edits.containment import shown
    from lsp_aid.errors import UsageError
    from lsp_aid.workspace.journal import check_whole, undo

    root = folder(options.root)
    found = _last(root)
    if found is None:
        raise UsageError(f"There is nothing to undo in {root}", "What was undone already, or long ago, is not known.")
    place, journal, entry, is_back = found
    if not is_back:
        check_whole(place, entry)
        undo(place, entry, journal)
    files = list(entry.changes.paths)
    message = f"Undone in {', '.join(map(shown, files))}: {entry.title or 'the last change'}."
    return _print({"status": "undone", "files": files, "entry": entry.id, "message": message}, 0, as_json=options.json)


def _last(root: Path) -> "tuple[Path, Journal, Entry, bool] | None":
    """What was applied last to the folder or its dune project, and whether it was just now put back, because whoever
    applied it was killed on the way."""
    from lsp_aid.build.project_root import find_root
    from lsp_aid.domain.journal import State
    from lsp_aid.workspace.journal import Journal, recover

    found = []
    for place in dict.fromkeys((root, find_root(root) or root)):
        journal = Journal(place, os.environ)
        if not journal.entries():
            continue
        with journal.turn():
            found += [(place, journal, entry, True) for entry in recover(place, journal)]
        found += [(place, journal, entry, False) for entry in journal.entries() if entry.state is not State.UNDONE]
    return max(found, key=lambda one: (one[3], one[2].time), default=None)


def _print(data: dict[str, Any], status: int, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"{'' if status == 0 else 'lsp-aid: '}{data['message']}\n")
    return status
