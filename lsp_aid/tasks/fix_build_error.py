"""The task "fix the build error": what the embedded engine finds and, where asked, what the model finds."""

import time
from collections.abc import Sequence
from uuid import uuid4

from attrs import frozen

from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import Progress, View
from lsp_aid.domain.proposal import Kind, Level, Proposal
from lsp_aid.errors import OutsideError, WorkspaceError
from lsp_aid.repair.engine import Focus, Repair, repair
from lsp_aid.tasks.fix_with_model import fix_with_model
from lsp_aid.tasks.project import Project

TASK = "fix_build_error"


@frozen
class FixOutcome:
    """`before`: the build of the view as it is, None where it cannot be built; then `reason` says why.

    `proposals`: best first, each a complete alternative for all errors in reach.
    """

    before: BuildResult | None
    proposals: tuple[Proposal, ...]
    reason: str = ""


async def fix_build_error(
    project: Project, view: View, focus: Focus | None, progress: Progress, *, ask_model: bool = False
) -> FixOutcome:
    """Repairs what is red. The model is asked only where `ask_model` is set, one is configured, and the engine has
    found nothing that is verified; the engine's own proposals then come behind the model's verified ones.

    Raises ToolchainError, BuildTimeoutError and, of the model, ModelError.
    """
    started = time.monotonic()
    outcome = await repair(view, project.evaluator, project.settings.fix, progress, focus, typing=project.typing)
    before = outcome.before.build
    seconds = round(time.monotonic() - started, 3)
    proposals = tuple(_proposal(found, outcome.repairs, seconds) for found in outcome.repairs)
    sure = any(p.kind is Kind.FIX and p.verdict.level is Level.VERIFIED for p in proposals)
    if before and before.errors and ask_model and project.model and not sure:
        asked = await fix_with_model(project, view, _nearest(before, focus), before.errors, progress)
        better = tuple(p for p in asked if p.verdict.level is Level.VERIFIED)
        proposals = better + proposals + tuple(p for p in asked if p not in better)
    return FixOutcome(before, proposals, outcome.before.reason or _unreadable(view, before))


def _unreadable(view: View, build: BuildResult | None) -> str:
    """Why a file that is in error cannot be repaired; empty where all can be read."""
    for path in dict.fromkeys(error.path for error in build.errors if error.path) if build else ():
        try:
            view.read(path)
        except OutsideError:
            return (
                f"{path} leads outside of {view.root}, and a build apart from your files sees nothing there: no repair "
                "can be checked. Copy it into the project, or fix the folder that holds both."
            )
        except WorkspaceError as error:
            return str(error)
    return ""


def _nearest(build: BuildResult, focus: Focus | None) -> Diagnostic:
    def distance(error: Diagnostic) -> tuple[bool, int]:
        if focus is None:
            return (False, 0)
        return (error.path != focus.path, abs(error.range.start.line - focus.range.start.line))

    return min(build.errors, key=distance)


def _title(found: Repair, rivals: Sequence[Repair]) -> str:
    """What is done about the error at hand and, where a better repair does the same there, what it does otherwise."""
    titles = [step.candidate.title for step in found.steps]
    better = rivals[: rivals.index(found)]
    known = {
        step.candidate.title for rival in better if rival.steps[0].candidate.title == titles[0] for step in rival.steps
    }
    shown = [titles[0], *[title for title in titles[1:] if known and title not in known][:1]]
    rest = len(titles) - len(shown)
    return "; ".join(shown) + (f" (and {rest} more)" if rest else "")


def _proposal(found: Repair, rivals: Sequence[Repair], seconds: float) -> Proposal:
    families = dict.fromkeys(step.family for step in found.steps)
    return Proposal(
        id=uuid4().hex[:12],
        task=TASK,
        title=_title(found, rivals),
        changes=found.changes,
        verdict=found.verdict,
        source=f"engine:{'+'.join(families)}",
        kind=found.kind,
        explanation="\n".join(f"{step.error.path}: {step.candidate.title}" for step in found.steps),
        seconds=seconds,
    )
