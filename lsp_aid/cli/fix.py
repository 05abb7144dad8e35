"""Make a red build green. PATH is a dune project, a file in one, or a lone .ml file.

Without --apply, a unified diff that `git apply` and `patch -p1` take goes to standard output; nothing is changed.
Builds are made apart from the sources, in a sandbox where the system has one. Where the embedded engine finds no fix,
the configured model is asked, if there is one.
Exit status: 0 if what is on disk is green at the end, 1 if it is red, 2 if it could not work.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_aid.cli.report import Report, TerminalProgress
    from lsp_aid.config import Settings
    from lsp_aid.tasks.project import Project

NAME = "fix"
HELP = "make a red build green"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("path", nargs="?", type=Path, default=Path(), metavar="PATH", help="what to fix (this folder)")
    parser.add_argument("--apply", action="store_true", help="apply the best verified proposal")
    parser.add_argument("--yes", action="store_true", help="apply a model's also if it is large or changes what is run")
    parser.add_argument("--json", action="store_true", help="print one JSON object (docs/protocol.md)")
    parser.add_argument("--top", type=int, metavar="N", help="how many proposals to look for")
    parser.add_argument("--explain", action="store_true", help="say in plain words what each error means")
    parser.add_argument("--no-model", action="store_true", help="ask no model, even where one is configured")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.cli.report import TerminalProgress, failure, print_report
    from lsp_aid.config import load
    from lsp_aid.errors import AidError, UsageError

    started = time.monotonic()
    progress = TerminalProgress(sys.stderr)
    try:
        if options.top is not None and options.top < 1:
            raise UsageError("--top needs a number from 1", "Leave it out for the usual number.")
        flags: dict[str, Any] = {"fix": {"top": options.top}} if options.top is not None else {}
        report = asyncio.run(_fix(options, load(None, flags), progress, started))
    except AidError as error:
        report = failure(error, started)
    finally:
        progress.clear()
    return print_report(report, as_json=options.json, explain=options.explain)


async def _fix(
    options: argparse.Namespace, settings: "Settings", progress: "TerminalProgress", started: float
) -> "Report":
    from lsp_aid.cli.opening import open_path

    project, focus = await open_path(options.path, settings)
    try:
        return await _fix_project(project, focus, options, progress, started)
    finally:
        project.close()


async def _fix_project(
    project: "Project", focus: Any, options: argparse.Namespace, progress: "TerminalProgress", started: float
) -> "Report":
    from lsp_aid.cli.consent import refused_because
    from lsp_aid.cli.report import Report, Status
    from lsp_aid.domain.events import Happening
    from lsp_aid.domain.proposal import Kind, Level
    from lsp_aid.errors import WorkspaceError
    from lsp_aid.tasks.fix_build_error import fix_build_error
    from lsp_aid.tasks.happenings import note
    from lsp_aid.workspace.journal import apply
    from lsp_aid.workspace.view import WorkspaceView

    view = WorkspaceView(project.root)
    progress.report("Building")
    outcome = await fix_build_error(project, view, focus, progress, ask_model=not options.no_model)

    def report(status: "Status", green: bool, message: str, left: Any = None) -> "Report":
        shown = outcome.before.diagnostics if left is None and outcome.before else left or ()
        return Report(status, green, outcome.proposals, shown, time.monotonic() - started, message)

    if outcome.before is None:
        raise WorkspaceError(f"{project.root} cannot be built: {outcome.reason}")
    if outcome.before.green:
        return report(Status.GREEN, True, "The build is green: nothing to fix.")
    if not outcome.proposals:
        return report(Status.RED, False, f"The build is red, and no fix was found. {outcome.reason}".rstrip())
    for proposal in outcome.proposals:
        note(project, proposal, Happening.OFFERED)
    best = outcome.proposals[0]
    if best.kind is not Kind.FIX or best.verdict.level is not Level.VERIFIED:
        message = f"No complete fix was found: the proposals need a person's eye. {outcome.reason}"
        return report(Status.PROPOSED, False, message.rstrip())
    if not options.apply:
        return report(Status.PROPOSED, False, "Nothing was changed. Apply the first one with --apply.")
    if refused := refused_because(best, project.settings.edits, yes=options.yes, ask=not options.json):
        return report(Status.PROPOSED, False, refused)
    applied = await asyncio.to_thread(
        apply, project.root, best.changes, project.journal, proposal=best.id, title=best.title
    )
    message = f"Applied 1. to {', '.join(best.changes.paths)}; the build is green. {applied.warning}".rstrip()
    return report(Status.FIXED, True, message, ())
