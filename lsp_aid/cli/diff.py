"""Write a diff from a prompt, with the configured model, and type-check it before it is shown.

Without --apply, a unified diff that `git apply` and `patch -p1` take goes to standard output; nothing is changed.
Exit status: 0 if what is on disk is green at the end, 1 if it is red or what was to be applied was not, 2 if it could
not work.
"""

import argparse
import asyncio
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsp_aid.cli.report import Report, TerminalProgress
    from lsp_aid.config import Settings
    from lsp_aid.tasks.generate_diff import DiffRequest
    from lsp_aid.tasks.project import Project

NAME = "diff"
HELP = "write a diff from a prompt, with a model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("prompt", metavar="PROMPT", help="what should happen")
    parser.add_argument("--root", type=Path, default=Path(), metavar="DIR", help="the project (this folder)")
    parser.add_argument("--at", metavar="FILE:LINE", help="the place that the prompt is about")
    parser.add_argument("--apply", action="store_true", help="apply the diff if it is verified")
    parser.add_argument("--yes", action="store_true", help="apply it also if it is large or changes what a build runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object (docs/protocol.md)")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.cli.report import TerminalProgress, failure, print_report
    from lsp_aid.config import load
    from lsp_aid.errors import AidError

    started = time.monotonic()
    progress = TerminalProgress(sys.stderr)
    try:
        report = asyncio.run(_diff(options, load(), progress, started))
    except AidError as error:
        report = failure(error, started)
    finally:
        progress.clear()
    return print_report(report, as_json=options.json)


async def _diff(
    options: argparse.Namespace, settings: "Settings", progress: "TerminalProgress", started: float
) -> "Report":
    from lsp_aid.cli.opening import open_path

    project, _ = await open_path(options.root, settings)
    try:
        return await _diff_project(project, options, progress, started)
    finally:
        project.close()


async def _diff_project(
    project: "Project", options: argparse.Namespace, progress: "TerminalProgress", started: float
) -> "Report":
    from lsp_aid.cli.consent import refused_because
    from lsp_aid.cli.report import Report, Status
    from lsp_aid.domain.changes import ChangeSet
    from lsp_aid.domain.events import Happening
    from lsp_aid.domain.proposal import Level
    from lsp_aid.tasks.generate_diff import generate_diff
    from lsp_aid.tasks.happenings import note
    from lsp_aid.workspace.journal import apply
    from lsp_aid.workspace.view import WorkspaceView

    view = WorkspaceView(project.root)
    proposals = await generate_diff(project, view, _request(options, project.root), progress)
    best = proposals[0]
    note(project, best, Happening.OFFERED)
    remaining = best.verdict.remaining

    message = "Nothing was changed."
    if options.apply and best.verdict.level is Level.VERIFIED:
        message = refused_because(best, project.settings.edits, yes=options.yes, ask=not options.json)
    if options.apply and not message:
        applied = await asyncio.to_thread(
            apply, project.root, best.changes, project.journal, proposal=best.id, title=best.title
        )
        message = f"Applied to {', '.join(best.changes.paths)}; the build is green. {applied.warning}".rstrip()
        return Report(Status.FIXED, True, proposals, (), time.monotonic() - started, message)
    progress.report("Building")
    now = (await project.evaluator.evaluate(view, ChangeSet(), untrusted=False)).build
    if best.verdict.level is not Level.VERIFIED:
        message += f" The diff is not verified: {best.verdict.detail}."
    green = now is not None and now.green
    return Report(
        Status.PROPOSED, green, proposals, remaining, time.monotonic() - started, message, declined=options.apply
    )


def _request(options: argparse.Namespace, root: Path) -> "DiffRequest":
    from lsp_aid.domain.text import Position, Range
    from lsp_aid.errors import UsageError
    from lsp_aid.tasks.generate_diff import DiffRequest

    if options.at is None:
        return DiffRequest(options.prompt, None, None)
    match = re.fullmatch(r"(.+?)(?::(\d+))?", options.at)
    assert match
    file, line = Path(match[1]), match[2]
    file = next((f for f in (file, options.root / file) if f.is_file()), file).resolve()
    if not file.is_file() or not file.is_relative_to(root):
        raise UsageError(f"{options.at} is no place in {root}", "Write --at FILE:LINE with a file of the project.")
    place = Position(max(0, int(line) - 1), 0) if line else None
    return DiffRequest(options.prompt, file.relative_to(root).as_posix(), Range(place, place) if place else None)
