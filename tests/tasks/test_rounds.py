"""Rounds between a model and the build: what is kept, what goes back, what the user is told.

The model is asked over real HTTP; the evaluator is a plain port that answers from the texts that it is given.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from lsp_aid import errors
from lsp_aid.config import DiffSettings, ModelSettings, Settings
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.events import Event
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Kind, Level, Proposal
from lsp_aid.domain.text import Position, Range
from lsp_aid.models import model_from
from lsp_aid.tasks.fix_with_model import fix_with_model
from lsp_aid.tasks.generate_diff import DiffRequest, generate_diff
from lsp_aid.tasks.project import Project
from tests.support import scripted_model as scripted
from tests.support.plain_view import PlainView
from tests.support.scripted_model import Answer, ScriptedModel

BEFORE = "let x = 1\nlet y = 2\n"
VIEW = PlainView({"lib/a.ml": BEFORE, "lib/dune": "(library (name a))\n"})


def error(message: str, path: str = "lib/a.ml") -> Diagnostic:
    return Diagnostic(path, Range(Position(0, 4), Position(0, 5)), Severity.ERROR, message)


def red_where(**words: str) -> Callable[[str], list[Diagnostic]]:
    """An error for each word that the text of lib/a.ml holds."""
    return lambda text: [error(message) for word, message in words.items() if word in text]


@define
class Oracle:
    """An evaluator whose verdict depends on the text of lib/a.ml alone."""

    errors_of: Callable[[str], list[Diagnostic]] = lambda _: []
    seen: list[tuple[ChangeSet, bool]] = field(factory=list)

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        self.seen.append((changes, untrusted))
        found = tuple(self.errors_of(Overlay(view, changes).read("lib/a.ml")))
        return Evaluation(BuildResult(not found, found, 0.1))


@define
class Blind:
    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        raise errors.ToolchainError("dune is not there", "Install it.")


@define
class Sink:
    events: list[Event] = field(factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)


@define
class Told:
    messages: list[str] = field(factory=list)

    def report(self, message: str) -> None:
        self.messages.append(message)


def edit(before: str, after: str, path: str = "lib/a.ml") -> str:
    return f"I do it.\n\n{path}\n```ocaml\n<<<<<<< SEARCH\n{before}=======\n{after}>>>>>>> REPLACE\n```\n"


class Run:
    """One task against a scripted model."""

    def __init__(self, *replies: str | Answer, evaluator: Any = None, view: View = VIEW, **model: Any) -> None:
        self.replies = [scripted.says(reply) if isinstance(reply, str) else reply for reply in replies]
        self.evaluator = evaluator or Oracle()
        self.view, self.model = view, model
        self.told, self.sink = Told(), Sink()
        self.requests: Sequence[scripted.Recorded] = ()

    async def do(self, task: Callable[[Project], Any]) -> tuple[Proposal, ...]:
        async with ScriptedModel(self.replies) as endpoint:
            model = ModelSettings(url=endpoint.url, name="scripted", **self.model)
            settings = Settings(model=model, diff=DiffSettings(rounds=2))
            unused: Any = None
            project = Project(
                Path("/nonexistent-project"), settings, unused, self.evaluator, model_from(model, {}), self.sink
            )
            try:
                return await task(project)
            finally:
                self.requests = endpoint.requests

    async def diff(self, request: DiffRequest | None = None) -> Proposal:
        asked = request or DiffRequest("Make x two", "lib/a.ml")
        (proposal,) = await self.do(lambda project: generate_diff(project, self.view, asked, self.told))
        return proposal

    async def fix(self, focus: Diagnostic) -> tuple[Proposal, ...]:
        return await self.do(lambda project: fix_with_model(project, self.view, focus, [focus], self.told))


GOOD = edit("let x = 1\n", "let x = 2\n")


async def test_an_answer_that_builds_is_verified() -> None:
    run = Run(GOOD)
    proposal = await run.diff()
    assert proposal.changes == ChangeSet([FileChange("lib/a.ml", BEFORE, "let x = 2\nlet y = 2\n")])
    assert proposal.verdict.level is Level.VERIFIED
    assert (proposal.task, proposal.kind, proposal.source) == ("generate_diff", Kind.CHANGE, "model:scripted")
    assert (proposal.title, proposal.explanation) == ("Make x two", "I do it.")
    assert len(proposal.id) == 12
    assert run.sink.events == []  # who shows it says that it is offered
    assert run.told.messages[:3] == [
        "Building what is there",
        "Asking scripted",
        "scripted has written lib/a.ml (1 edit)",
    ]
    assert [untrusted for changes, untrusted in run.evaluator.seen if changes] == [True]
    prompt = run.requests[0].prompt
    assert "Make x two" in prompt
    assert BEFORE in prompt


async def test_errors_go_back_and_the_second_answer_is_taken() -> None:
    run = Run(edit("let x = 1\n", "let x = BAD\n"), GOOD, evaluator=Oracle(red_where(BAD="Unbound constructor BAD")))
    proposal = await run.diff()
    assert proposal.verdict.level is Level.VERIFIED
    assert proposal.changes.texts["lib/a.ml"] == "let x = 2\nlet y = 2\n"
    system, _, answer, feedback = run.requests[1].body["messages"]
    assert (system["role"], answer["role"], feedback["role"]) == ("system", "assistant", "user")
    assert "Unbound constructor BAD" in feedback["content"]
    assert "let x = BAD" in feedback["content"]
    assert "Round 2: 1 error goes back" in run.told.messages


async def test_a_second_answer_may_go_on_from_the_first() -> None:
    first = edit("let x = 1\n", "let x = BAD\n") + edit("let y = 2\n", "let y = x\n")
    run = Run(first, edit("let x = BAD\n", "let x = 2\n"), evaluator=Oracle(red_where(BAD="Unbound constructor BAD")))
    proposal = await run.diff()
    assert proposal.verdict.level is Level.VERIFIED
    assert proposal.changes == ChangeSet([FileChange("lib/a.ml", BEFORE, "let x = 2\nlet y = x\n")])


async def test_an_answer_with_no_place_in_either_text_says_so_of_the_text_that_it_was_shown() -> None:
    run = Run(
        edit("let x = 1\n", "let x = BAD\n"),
        edit("let zed = 1\n", "let x = 2\n"),
        GOOD,
        evaluator=Oracle(red_where(BAD="Unbound constructor BAD")),
    )
    assert (await run.diff()).verdict.level is Level.VERIFIED
    assert "no place in lib/a.ml" in run.requests[2].prompt
    assert "let x = BAD" not in run.requests[2].body["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (edit("let z = 1\n", ""), "no place in lib/a.ml"),
        ("lib/a.ml\n<<<<<<< SEARCH\nlet x", "no line `>>>>>>> REPLACE`"),
        (edit("", "x\n", "../a.ml"), "leads upwards"),
        (edit("", "x\n", ".git/hooks/run.sh"), "is hidden"),
        (edit("let x = 1\n", "let x = 1\n"), "change nothing"),
    ],
)
async def test_edits_that_cannot_be_used_go_back(first: str, words: str) -> None:
    run = Run(first, GOOD)
    assert (await run.diff()).verdict.level is Level.VERIFIED
    assert words in run.requests[1].prompt


async def test_no_secret_is_quoted_to_a_model_that_guesses_at_it() -> None:
    view = PlainView({**VIEW.texts, "lib/my_secrets.ml": 'let password = "hunter2"\n', ".env": "KEY=hunter2\n"})
    run = Run(edit('let password = "?"\n', "", "lib/my_secrets.ml"), GOOD, view=view)
    await run.diff()
    assert "no place in lib/my_secrets.ml" in run.requests[1].prompt
    assert "hunter2" not in str([request.body for request in run.requests])


async def test_a_cancel_reaches_the_model() -> None:
    run = Run(scripted.stalls("half"))
    async with ScriptedModel(run.replies) as endpoint:
        model = ModelSettings(url=endpoint.url, name="scripted")
        unused: Any = None
        project = Project(Path("/nonexistent-project"), Settings(), unused, Oracle(), model_from(model, {}), run.sink)
        task = asyncio.create_task(generate_diff(project, VIEW, DiffRequest("x", "lib/a.ml"), run.told))
        await asyncio.wait_for(endpoint.arrived.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(endpoint.requests[0].gone.wait(), 10)


async def test_rounds_are_bounded_and_the_best_is_kept() -> None:
    oracle = Oracle(red_where(ONE="first", TWO="second", THREE="third"))
    run = Run(
        edit("let x = 1\n", "let x = ONE TWO\n"),
        edit("let x = 1\n", "let x = ONE\n"),
        edit("let x = 1\n", "let x = ONE TWO THREE\n"),
        evaluator=oracle,
    )
    proposal = await run.diff()
    assert len(run.requests) == 3
    assert "ONE\n" in (proposal.changes.texts["lib/a.ml"] or "")
    assert proposal.verdict.level is Level.PARSES
    assert [e.message for e in proposal.verdict.introduced] == ["first"]


async def test_errors_that_were_there_before_do_not_go_back() -> None:
    run = Run(GOOD, evaluator=Oracle(red_where(y="old")))
    proposal = await run.diff()
    assert len(run.requests) == 1
    assert proposal.verdict.level is Level.PARSES
    assert proposal.verdict.introduced == ()
    assert "old" in run.requests[0].prompt


async def test_what_cannot_be_built_is_never_called_verified() -> None:
    run = Run(edit("let x = 1\n", "let x = (\n"), GOOD, evaluator=Blind())
    proposal = await run.diff()
    assert "no OCaml that parses" in run.requests[1].prompt
    assert proposal.verdict.level is Level.PARSES
    assert "dune is not there" in proposal.verdict.detail


async def test_what_never_parses_is_offered_as_unverified() -> None:
    broken = edit("let x = 1\n", "let x = (\n")
    proposal = await Run(broken, broken, broken, evaluator=Blind()).diff()
    assert proposal.verdict.level is Level.UNVERIFIED


async def test_prose_alone_is_told_with_its_start() -> None:
    with pytest.raises(errors.ReplyFormatError, match=r"scripted proposed no change; it says: I would need lib/b\.ml"):
        await Run("I would need lib/b.ml for that.").diff()


async def test_answers_that_are_never_usable_end_in_an_error_for_the_user() -> None:
    wrong = edit("let z = 1\n", "")
    with pytest.raises(errors.PlacementError) as caught:
        await Run(wrong, wrong, wrong).diff()
    assert "in 3 rounds" in str(caught.value)
    assert "No file was changed" in str(caught.value)


async def test_a_model_that_fails_later_leaves_the_best_so_far() -> None:
    bad = edit("let x = 1\n", "let x = BAD\n")
    run = Run(bad, scripted.status(500), evaluator=Oracle(red_where(BAD="wrong")))
    proposal = await run.diff()
    assert proposal.verdict.level is Level.PARSES
    assert "a further round failed" in proposal.verdict.detail
    with pytest.raises(errors.ModelServerError):
        await Run(scripted.status(500)).diff()


async def test_a_dune_file_in_a_change_is_pointed_out() -> None:
    proposal = await Run(edit("(library (name a))\n", "(library (name b))\n", "lib/dune")).diff()
    assert "Look at lib/dune before you apply" in proposal.explanation


async def test_the_comment_that_asks_is_taken_away_with_the_change() -> None:
    commented = "let x = 1 (* AID: make x two *)\nlet y = 2\n"
    original = PlainView({"lib/a.ml": commented})
    removal = ChangeSet([FileChange("lib/a.ml", commented, BEFORE)])
    run = Run(GOOD, view=Overlay(original, removal))
    proposal = await run.diff(DiffRequest("make x two", "lib/a.ml", removal=removal))
    assert proposal.changes == ChangeSet([FileChange("lib/a.ml", commented, "let x = 2\nlet y = 2\n")])
    assert "AID:" not in run.requests[0].prompt


async def test_another_form_of_edits_is_asked_for_and_read() -> None:
    diff = "```diff\n--- a/lib/a.ml\n+++ b/lib/a.ml\n@@ -1 +1 @@\n-let x = 1\n+let x = 2\n```\n"
    run = Run(diff, format="unified_diff")
    assert (await run.diff()).verdict.level is Level.VERIFIED
    assert "unified diff" in run.requests[0].body["messages"][0]["content"]


async def test_without_a_model_it_says_what_to_set() -> None:
    unused: Any = None
    project = Project(Path("/nonexistent-project"), Settings(), unused, Oracle(), None, Sink())
    with pytest.raises(errors.ModelNotConfiguredError) as caught:
        await generate_diff(project, VIEW, DiffRequest("x"), Told())
    for word in (
        "LSP_AID_MODEL_URL",
        "LSP_AID_MODEL",
        "model.url",
        "model.name",
        "model.keyEnv",
        "Ollama",
        "llama.cpp",
    ):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (DiffRequest(" "), errors.UsageError),
        (DiffRequest("x", "lib/none.ml"), errors.UsageError),
        (DiffRequest("x", "../a.ml"), errors.OutsideError),
    ],
)
async def test_a_request_that_cannot_be_carried_out_asks_nothing(request_: DiffRequest, kind: type) -> None:
    run = Run()
    with pytest.raises(kind):
        await run.diff(request_)
    assert run.requests == []


OLD = error("The value x has type int")


async def test_a_fix_mends_the_error() -> None:
    run = Run(GOOD, evaluator=Oracle(lambda text: [OLD] if "x = 1" in text else []))
    (proposal,) = await run.fix(OLD)
    assert (proposal.kind, proposal.task, proposal.verdict.level) == (Kind.FIX, "fix_build_error", Level.VERIFIED)
    assert "The value x has type int" in run.requests[0].prompt


async def test_a_fix_that_leaves_the_error_or_brings_others_is_none() -> None:
    no_help = edit("let y = 2\n", "let y = 3\n")
    run = Run(no_help, no_help, no_help, evaluator=Oracle(lambda _: [OLD]))
    assert await run.fix(OLD) == ()
    run = Run(GOOD, GOOD, GOOD, evaluator=Oracle(lambda text: [OLD if "x = 1" in text else error("new")]))
    assert await run.fix(OLD) == ()
