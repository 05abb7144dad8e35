"""The model's part in fixing what is red: for errors that the embedded engine knows no repair of."""

import asyncio
import time
from collections.abc import Sequence

from lsp_aid import editformats
from lsp_aid.context import gather
from lsp_aid.context.focus import Focus
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.chat import Message, Role
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import Progress, View
from lsp_aid.domain.proposal import Kind, Proposal
from lsp_aid.ocaml.message_facts import names
from lsp_aid.ocaml.messages import read
from lsp_aid.prompts.editing import fix_prompt, system
from lsp_aid.prompts.errors import error_list
from lsp_aid.prompts.excerpt import fit, tokens
from lsp_aid.tasks.project import Project
from lsp_aid.tasks.rounds import Request, configured_model, rounds

TASK = "fix_build_error"
MAX_TITLE = 72


async def fix_with_model(
    project: Project, view: View, focus: Diagnostic, errors: Sequence[Diagnostic], progress: Progress
) -> tuple[Proposal, ...]:
    """One proposal that mends `focus`, none where the model's best adds errors or leaves this one. `errors` are all
    those of the build of `view`, `focus` among them.

    Raises ModelNotConfiguredError, what the model raises, and the errors of `rounds`.
    """
    started = time.monotonic()
    configured_model(project)
    budget = project.settings.model.context_tokens
    path = focus.path if focus.path and view.exists(focus.path) else None
    named = " ".join(names(read(focus)))
    around = Focus(view, path, focus.range, named, errors, budget)
    excerpts = await asyncio.to_thread(gather, around)
    the_error = error_list([focus], around.read)
    others = error_list([error for error in errors if error != focus and error.is_error], around.read)
    preamble = system(editformats.instructions(project.settings.model.format))
    kept, left_out = fit(excerpts, budget - tokens(preamble) - tokens(the_error + others) - 200)
    messages = (
        Message(Role.SYSTEM, preamble),
        Message(Role.USER, fix_prompt(the_error, others, kept, left_out)),
    )
    before = BuildResult(green=False, diagnostics=tuple(errors), seconds=0.0)
    asked = Request(TASK, Kind.FIX, _title(focus), messages, before, started)
    found = await rounds(project, view, asked, progress)
    left = {error.identity for error in found.verdict.remaining}
    if found.verdict.introduced or focus.identity in left:
        progress.report(f"{found.source.partition(':')[2]} found no fix")
        return ()
    return (found,)


def _title(focus: Diagnostic) -> str:
    title = f"Fix: {focus.flat_message}"
    return title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 3]}..."
