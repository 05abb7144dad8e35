"""Asks a model for edits, tries them, and sends back what was wrong with them, a bounded number of times.

Each answer is asked for as a complete set of edits to the same view, so that rounds need not build on one another: what
is kept is the best of them, and it stays honest about how far it was checked. An answer that quotes what the one before
it wrote is taken to go on from there.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from uuid import uuid4

from attrs import evolve, frozen

from lsp_aid import editformats
from lsp_aid.config import EditSettings
from lsp_aid.context.focus import may_be_quoted
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.chat import Message, Role
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import Model, Progress, View
from lsp_aid.domain.proposal import Kind, Level, Proposal, Verdict, judge
from lsp_aid.domain.reply import Reply
from lsp_aid.edits.containment import runs_programs, shown
from lsp_aid.edits.limits import check_limits
from lsp_aid.edits.placing import place
from lsp_aid.errors import (
    AidError,
    EditError,
    FileUnreadableError,
    ModelError,
    ModelNotConfiguredError,
    OutsideError,
    PlacementError,
    ReplyFormatError,
    WorkspaceError,
)
from lsp_aid.ocaml.syntax import parses
from lsp_aid.prompts.editing import retry_prompt
from lsp_aid.prompts.errors import error_list
from lsp_aid.tasks.formatting import formatted
from lsp_aid.tasks.project import Project

MAX_EXPLANATION = 4000
REPORT_SECONDS = 0.5
_RANKS = {Level.UNVERIFIED: 0, Level.PARSES: 1, Level.VERIFIED: 2}


@frozen
class Request:
    """What a model is asked for. `before` is the build of the view without a change, None where it could not be made.

    `started` is the `time.monotonic` of the user's request.
    """

    task: str
    kind: Kind
    title: str
    messages: tuple[Message, ...]
    before: BuildResult | None
    started: float


@frozen
class _Attempt:
    changes: ChangeSet
    verdict: Verdict
    explanation: str
    problem: str  # what goes back to the model; empty where nothing is to be gained by that
    summary: str  # the same in a few words, for the user

    @property
    def rank(self) -> tuple[int, int, int]:
        return (_RANKS[self.verdict.level], -len(self.verdict.introduced), -len(self.verdict.remaining))


def configured_model(project: Project) -> Model:
    """Raises ModelNotConfiguredError, which says what to set."""
    if project.model is not None:
        return project.model
    raise ModelNotConfiguredError(
        "No model is configured",
        "Set `model.url` and `model.name` in the editor's settings or the configuration file, or the environment "
        "variables LSP_AID_MODEL_URL and LSP_AID_MODEL. For Ollama on this machine: "
        "LSP_AID_MODEL_URL=http://127.0.0.1:11434/v1 LSP_AID_MODEL=qwen2.5-coder:7b; for llama.cpp's server: "
        "http://127.0.0.1:8080/v1 and any name. If the endpoint needs a key, put it into an environment variable and "
        "the variable's name into `model.keyEnv` or LSP_AID_MODEL_KEY_ENV.",
    )


async def rounds(project: Project, view: View, request: Request, progress: Progress) -> Proposal:
    """The best proposal of at most `diff.rounds` + 1 rounds, its changes relative to `view`. Stops at the first that is
    verified, or that no error sent back can better.

    Raises what the model raises in the first round; ReplyFormatError where it proposes nothing, and where none of its
    answers could be used the error of the last: ReplyFormatError, PlacementError, EditError, OutsideError.
    """
    model = configured_model(project)
    conversation = request.messages
    best: _Attempt | None = None
    last = ChangeSet()
    unusable: AidError | None = None
    count = 1 + max(0, project.settings.diff.rounds)
    for number in range(1, count + 1):
        try:
            text = await _answer(model, conversation, progress, project.settings.model.format)
        except ModelError as error:
            if best is None:
                raise
            detail = f"{best.verdict.detail}; a further round failed: {error.what}"
            best = evolve(best, verdict=evolve(best.verdict, detail=detail))
            break
        try:
            attempt = await _try(project, view, request, text, last, progress)
        except (EditError, OutsideError) as error:
            unusable = error
            problem, summary = str(error), error.what
        else:
            if attempt is None:
                if best is None:
                    raise _no_change(model, text)
                break
            if best is None or attempt.rank >= best.rank:
                best = attempt
            last = attempt.changes
            problem, summary = attempt.problem, attempt.summary
            if not problem:
                break
        if number < count:
            progress.report(f"Round {number + 1}: {summary} goes back")
        conversation = (
            *request.messages,
            Message(Role.ASSISTANT, text),
            Message(Role.USER, retry_prompt(problem)),
        )
    if best is None:
        assert unusable is not None
        raise _given_up(model, unusable, count)
    return _proposal(model, request, best)


async def build_before(project: Project, view: View, progress: Progress) -> BuildResult | None:
    """The build of the view as it is; None where it cannot be made, which the verdicts then tell."""
    progress.report("Building what is there")
    return (await evaluation(project, view, ChangeSet(), untrusted=False)).build


async def evaluation(project: Project, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
    """A build that could not be made takes no proposal away: it is then unverified, and says why."""
    try:
        return await project.evaluator.evaluate(view, changes, untrusted=untrusted)
    except OutsideError:
        raise
    except AidError as error:
        return Evaluation(None, str(error))


async def _answer(model: Model, messages: Sequence[Message], progress: Progress, format: str) -> str:  # noqa: A002
    """The answer; while it arrives, progress tells which edits are complete."""
    progress.report(f"Asking {model.name}")
    reading = editformats.Stream(format)
    edits: Counter[str] = Counter()
    pieces: list[str] = []
    length = 0
    told = time.monotonic()
    async with aclosing(model.stream(messages)) as stream:
        async for piece in stream:
            pieces.append(piece)
            length += len(piece)
            edits.update(edit.path for edit in reading.feed(piece))
            if time.monotonic() - told >= REPORT_SECONDS:
                told = time.monotonic()
                progress.report(f"{model.name} is writing: {_so_far(edits) or f'{length} characters'}")
    if edits:
        progress.report(f"{model.name} has written {_so_far(edits)}")
    return "".join(pieces)


def _so_far(edits: Mapping[str, int]) -> str:
    """`lib/a.ml (2 edits), lib/b.ml (1 edit)`."""
    return ", ".join(f"{shown(path)} ({count} edit{'s' if count != 1 else ''})" for path, count in edits.items())


async def _try(
    project: Project, view: View, request: Request, text: str, last: ChangeSet, progress: Progress
) -> _Attempt | None:
    """`last`: the changes of the answer before. None where this one is prose alone. Raises EditError, OutsideError for
    edits that cannot be used."""
    reply = editformats.read(text, project.settings.model.format)
    if not reply.edits:
        return None
    try:
        changes = await asyncio.to_thread(_placed, view, reply, last, project.settings.edits)
    except FileUnreadableError as error:
        raise EditError(error.what, "Leave that file alone.") from error
    if not changes:
        raise EditError("The edits change nothing", "Write the lines as they are to become.")
    changes = await formatted(project.formatter, changes)
    progress.report("Type-checking")
    after = await evaluation(project, view, changes, untrusted=True)
    broken = [path for path, new in changes.texts.items() if new is not None and not parses(path, new)]
    verdict = judge(request.before, after, not broken)
    problem, summary = _problem(request.kind, verdict, broken, _reader(Overlay(view, changes)))
    return _Attempt(changes, verdict, reply.explanation, problem, summary)


def _placed(view: View, reply: Reply, last: ChangeSet, limits: EditSettings) -> ChangeSet:
    """The changes of a reply to the view; where its edits have no place there, to the view with the last changes."""
    try:
        return place(view, reply, may_be_quoted, limits)
    except PlacementError as error:
        if not last:
            raise
        try:
            changes = last.then(place(Overlay(view, last), reply, may_be_quoted, limits))
        except EditError:
            raise error from None
        check_limits(changes, limits)
        return changes


def _problem(kind: Kind, verdict: Verdict, broken: Sequence[str], read: Callable[[str], str | None]) -> tuple[str, str]:
    """What a model can do better, in full and in a few words. A change need not mend errors that were there before."""
    if verdict.level is Level.VERIFIED:
        return "", ""
    errors = verdict.remaining if kind is Kind.FIX else verdict.introduced
    if errors:
        count = f"{len(errors)} error{'s' if len(errors) != 1 else ''}"
        return f"The build has {count} with your edits:\n\n{error_list(errors, read)}", count
    if broken:
        return f"With your edits these files are no OCaml that parses: {', '.join(broken)}", "a syntax error"
    return "", ""


def _reader(view: View) -> Callable[[str], str | None]:
    """Reads what may go back to the model."""

    def read(path: str) -> str | None:
        try:
            text = view.read(path)
        except WorkspaceError:
            return None
        return text if may_be_quoted(path, text) else None

    return read


def _no_change(model: Model, text: str) -> ReplyFormatError:
    said = " ".join(text.split())
    said = said if len(said) <= 300 else f"{said[:297]}..."
    return ReplyFormatError(
        f"{model.name} proposed no change" + (f"; it says: {said}" if said else " and said nothing"),
        "Put it differently, or name the files that matter.",
    )


def _given_up(model: Model, error: AidError, count: int) -> AidError:
    """The error as the user is told it: its cure was meant for the model."""
    tries = f"in {count} rounds" if count > 1 else "in one round"
    return type(error)(
        f"{model.name} gave no edits that can be used {tries}: {error.what}",
        "No file was changed. Try again, put it differently, or use another model.",
    )


def _proposal(model: Model, request: Request, best: _Attempt) -> Proposal:
    explanation = best.explanation[:MAX_EXPLANATION]
    if programs := [path for path in best.changes.paths if runs_programs(path)]:
        # A build in a sandbox says nothing about what these do outside of it.
        explanation = (
            f"Look at {', '.join(programs)} before you apply this: they say what runs.\n\n{explanation}".strip()
        )
    return Proposal(
        id=uuid4().hex[:12],
        task=request.task,
        title=request.title,
        changes=best.changes,
        verdict=best.verdict,
        source=f"model:{model.name}",
        kind=request.kind,
        explanation=explanation,
        seconds=round(time.monotonic() - request.started, 3),
    )
