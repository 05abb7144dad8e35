"""The task "make a diff of what a person has written should happen", over as many files as it takes."""

import asyncio
import time

from attrs import evolve, field, frozen

from lsp_aid import editformats
from lsp_aid.context import gather
from lsp_aid.context.focus import Focus
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.chat import Message, Role
from lsp_aid.domain.ports import Progress, View
from lsp_aid.domain.proposal import Kind, Proposal
from lsp_aid.domain.text import Range
from lsp_aid.edits.containment import check_path, shown
from lsp_aid.errors import UsageError
from lsp_aid.prompts.editing import diff_prompt, system
from lsp_aid.prompts.errors import error_list
from lsp_aid.prompts.excerpt import Excerpt, fit, tokens
from lsp_aid.tasks.project import Project
from lsp_aid.tasks.rounds import Request, build_before, configured_model, rounds

TASK = "generate_diff"
MAX_PROMPT = 20_000
MAX_TITLE = 72


@frozen
class DiffRequest:
    """What should happen, in the user's words. `path` and `range` are where the user is, if anywhere.

    `removal` is a change that the view has already and that belongs to the answer: where the prompt stood in a comment
    `(* AID: ... *)`, it takes that comment away.
    """

    prompt: str
    path: str | None = None
    range: Range | None = None
    removal: ChangeSet = field(factory=ChangeSet)


async def generate_diff(project: Project, view: View, request: DiffRequest, progress: Progress) -> tuple[Proposal, ...]:
    """One proposal, its changes relative to the view as it was before `request.removal`.

    Raises ModelNotConfiguredError, UsageError (an empty prompt, a file that is not there), what the model raises, and
    the errors of `rounds`.
    """
    started = time.monotonic()
    configured_model(project)
    prompt = request.prompt.strip()
    if not prompt or len(prompt) > MAX_PROMPT:
        raise UsageError(
            "The prompt is empty" if not prompt else f"The prompt is longer than {MAX_PROMPT} characters",
            "Write in a sentence or two what should happen.",
        )
    path = check_path(view.root, request.path) if request.path else None
    if path and not view.exists(path):
        raise UsageError(f"There is no file {shown(path)} in {view.root}", "Name a file of the project.")
    before = await build_before(project, view, progress)
    errors = before.errors if before else ()
    budget = project.settings.model.context_tokens
    focus = Focus(view, path, request.range, prompt, errors, budget)
    excerpts = list(await asyncio.to_thread(gather, focus))
    if errors:
        excerpts.append(Excerpt("", error_list(errors, focus.read), "Errors that the build has at the moment", 0.75))
    preamble = system(editformats.instructions(project.settings.model.format))
    kept, left_out = fit(excerpts, budget - tokens(preamble) - tokens(prompt) - 200)
    if left_out:
        progress.report(f"Left out of the prompt for lack of space: {', '.join(left_out[:5])}")
    messages = (
        Message(Role.SYSTEM, preamble),
        Message(Role.USER, diff_prompt(prompt, kept, left_out, path or "")),
    )
    asked = Request(TASK, Kind.CHANGE, _title(prompt), messages, before, started)
    found = await rounds(project, view, asked, progress)
    return (evolve(found, changes=request.removal.then(found.changes)),)


def _title(prompt: str) -> str:
    line = " ".join(prompt.split())
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 3]}..."
