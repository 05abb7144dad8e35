import asyncio
import contextlib
import fcntl
import os
import signal
import socket
from pathlib import Path

import pytest
from attrs import evolve

from lsp_aid.build.dune import DuneBuild
from lsp_aid.build.toolchain import Toolchain, find
from lsp_aid.ces.checkout import digest
from lsp_aid.ces.evaluator import LoneFileEvaluator, NoEvaluator, ShadowEvaluator, overlays
from lsp_aid.ces.sandbox import Sandbox, find_sandbox
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.errors import BuildTimeoutError, OutsideError, ToolchainError
from lsp_aid.workspace.view import WorkspaceView
from tests.ces.test_keeping import keepers
from tests.support.requires import require

pytestmark = pytest.mark.dune

LANG = "(lang dune 3.0)\n"


@pytest.fixture(params=["bwrap", "unshare", "none"])
async def sandbox(request: pytest.FixtureRequest) -> Sandbox | None:
    if request.param != "none":
        require(request.param)
    return await find_sandbox(request.param, os.environ)


@pytest.fixture
async def shut_in() -> Sandbox:
    found = await find_sandbox("auto", os.environ)
    if found is None:
        pytest.skip("no sandbox works here")
    return found


@pytest.fixture
async def toolchain(tmp_path: Path) -> Toolchain:
    return await find(tmp_path, "", os.environ)


@pytest.fixture
def root(home: Path) -> Path:
    """A green project in the home folder."""
    root = home / "project"
    (root / "lib").mkdir(parents=True)
    (root / "dune-project").write_text(LANG)
    (root / "lib" / "dune").write_text("(library (name p))")
    (root / "lib" / "a.ml").write_text('let one = 1\nlet s = "é"\n', encoding="utf-8")
    (root / "lib" / "b.ml").write_text("let two = A.one + 1\n")
    return root


def evaluator(root: Path, toolchain: Toolchain, sandbox: Sandbox | None, seconds: float = 120.0) -> ShadowEvaluator:
    folder = root.parent / ".cache" / "lsp-aid" / "p" / "0"
    folder.mkdir(parents=True, exist_ok=True)
    return ShadowEvaluator(folder, root, toolchain, sandbox, BuildSettings(seconds=seconds), trusted=True)


def edits(**texts: str | None) -> ChangeSet:
    """Changes of files in `lib`."""
    return ChangeSet(FileChange(f"lib/{name.replace('_ml', '.ml')}", None, text) for name, text in texts.items())


async def built(on: ShadowEvaluator, changes: ChangeSet, *, untrusted: bool = False, **documents: str) -> BuildResult:
    opened = {f"lib/{name.replace('_ml', '.ml')}": (text, 1) for name, text in documents.items()}
    evaluation = await on.evaluate(WorkspaceView(on.root, opened), changes, untrusted=untrusted)
    assert evaluation.build is not None, evaluation.reason
    return evaluation.build


async def test_the_text_of_the_editor_and_of_the_change_is_built(
    root: Path, toolchain: Toolchain, sandbox: Sandbox | None
) -> None:
    on = evaluator(root, toolchain, sandbox)
    assert (await built(on, ChangeSet())).green
    red = await built(on, ChangeSet(), a_ml='let s = "é" ^ uno\n')
    assert [(d.path, d.range.start.line, d.range.start.column) for d in red.errors] == [("lib/a.ml", 0, 14)]
    assert (await built(on, edits(b_ml=None, c_ml="let x = A.uno\n"), a_ml="let uno = 1\n")).green
    assert (await built(on, ChangeSet())).green
    assert sorted(path.name for path in (root / "lib").iterdir()) == ["a.ml", "b.ml", "dune"]
    assert not (root / "_build").exists()


async def test_it_says_the_same_as_the_build_of_the_disk(
    root: Path, toolchain: Toolchain, sandbox: Sandbox | None
) -> None:
    (root / "lib" / "dune").write_text("(library (name p) (libraries nope))")
    (root / "dune").write_text('(rule (with-stdout-to y (echo "2")))\n(rule (alias all) (action (diff x y)))')
    (root / "x").write_text("1")
    on_disk = await DuneBuild(root, root.parent / "status", toolchain).build()
    in_shadow = await built(evaluator(root, toolchain, sandbox), ChangeSet())
    assert [(d.range, *d.identity) for d in on_disk.errors] == [(d.range, *d.identity) for d in in_shadow.errors]
    assert len(on_disk.errors) == 2
    assert str(root.parent) not in in_shadow.output


async def test_a_rule_of_a_model_reaches_neither_home_nor_network(
    root: Path, toolchain: Toolchain, sandbox: Sandbox | None, home: Path
) -> None:
    if sandbox is None:
        pytest.skip("such a thing is not built without a sandbox")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id").write_text("the-private-key")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        attack = (
            f"touch {home}/attacked ~/attacked; cat {home}/.ssh/id ~/.ssh/id {root}/lib/a.ml;"
            f" echo x >> {root.parent}/.cache/lsp-aid/p/0/shadow/lib/a.ml;"
            f" bash -c 'echo hello > /dev/tcp/127.0.0.1/{listener.getsockname()[1]}' && echo connected; exit 1"
        )
        on = evaluator(root, toolchain, sandbox)
        dune = f'(rule (alias default) (action (system "{attack}")))'
        red = await built(on, ChangeSet([FileChange("dune", None, dune)]), untrusted=True)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert not red.green
    assert "the-private-key" not in red.output
    assert "let one" not in red.output
    assert "connected" not in red.errors[0].message
    assert not (home / "attacked").exists()
    assert "x" not in (on.folder / "shadow" / "lib" / "a.ml").read_text()


async def test_without_a_sandbox_only_what_is_trusted_is_built(root: Path, toolchain: Toolchain) -> None:
    on = evaluator(root, toolchain, None)
    refused = await on.evaluate(WorkspaceView(root), ChangeSet(), untrusted=True)
    assert refused.build is None
    assert "bubblewrap" in refused.reason
    strange = ShadowEvaluator(on.folder, root, toolchain, None, trusted=False)
    refused = await strange.evaluate(WorkspaceView(root), ChangeSet(), untrusted=False)
    assert refused.build is None
    assert "not trusted" in refused.reason
    assert not (on.folder / "shadow").exists()


async def test_what_is_tried_leaves_the_shadow_as_warm_as_it_was(
    root: Path, toolchain: Toolchain, shut_in: Sandbox
) -> None:
    if await overlays(os.environ) is None:
        pytest.skip("this system has no overlays for us")
    on = evaluator(root, toolchain, shut_in)
    assert (await built(on, ChangeSet())).green
    before = digest(on.folder, skipped=frozenset())
    red = await built(on, edits(a_ml="let one = true\n", b_ml=None, c_ml="let x = A.one + 1\n"))
    assert [d.path for d in red.errors] == ["lib/c.ml"]
    with pytest.raises(ToolchainError):
        await built(on, ChangeSet([FileChange("dune", None, '(rule (with-stdout-to x (system "kill -9 -1")))')]))
    for pid in keepers(on.folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert (await built(on, edits(a_ml="let one = 2\n"))).green
    assert digest(on.folder, skipped=frozenset()) == before
    # What is typed in the editor meanwhile is what the next change lies over.
    red = await built(on, edits(b_ml="let two = A.uno\n"), a_ml="let one = 3\n")
    assert [d.path for d in red.errors] == ["lib/b.ml"]
    assert (await built(on, edits(b_ml="let two = A.uno\n"), a_ml="let uno = 3\n")).green
    on.end()
    async with asyncio.timeout(60):
        while keepers(on.folder):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_no_evaluator_says_why(root: Path) -> None:
    found = await NoEvaluator("parsing only").evaluate(WorkspaceView(root), ChangeSet(), untrusted=True)
    assert (found.build, found.reason) == (None, "parsing only")


async def test_one_after_the_other_and_a_cancel_in_between(root: Path, toolchain: Toolchain, shut_in: Sandbox) -> None:
    on = evaluator(root, toolchain, shut_in)
    tasks = [
        asyncio.create_task(built(on, edits(a_ml=f"let one = {text}\n"))) for text in ("1", '"x"', "2", '"y"', "3")
    ]
    await asyncio.sleep(0.05)
    tasks[0].cancel()
    tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [r.green for r in results if isinstance(r, BuildResult)] == [False, False, True]
    assert [isinstance(r, asyncio.CancelledError) for r in results] == [True, False, True, False, False]


async def test_a_process_that_outlives_its_build_is_left_to_itself(
    root: Path, toolchain: Toolchain, sandbox: Sandbox | None
) -> None:
    on = evaluator(root, toolchain, sandbox)
    await built(on, edits())
    with (on.folder / ("build" if sandbox else "build-bare") / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert (await built(on, edits(), a_ml="let one = 2")).green
        assert not (await built(on, edits(), a_ml="let one = 2.")).green


async def test_a_build_that_takes_too_long(root: Path, toolchain: Toolchain, shut_in: Sandbox) -> None:
    on = evaluator(root, toolchain, shut_in, seconds=2)
    slow = '(rule (alias default) (action (system "sleep 60")))'
    with pytest.raises(BuildTimeoutError):
        await built(on, ChangeSet([FileChange("dune", None, slow)]))
    assert (await built(evaluator(root, toolchain, shut_in), ChangeSet())).green


async def test_a_change_that_leaves_the_project(root: Path, toolchain: Toolchain, shut_in: Sandbox) -> None:
    with pytest.raises(OutsideError):
        await built(evaluator(root, toolchain, shut_in), ChangeSet([FileChange("../x.ml", None, "")]))


async def test_a_toolchain_in_a_hidden_folder_is_seen(
    root: Path, shut_in: Sandbox, home: Path, toolchain: Toolchain
) -> None:
    """As with opam, whose switches lie in the home folder."""
    tools = home / ".opam" / "switch" / "bin"
    tools.mkdir(parents=True)
    assert toolchain.dune is not None
    assert toolchain.ocaml is not None
    for program in toolchain.ocaml.parent.iterdir():
        script = tools / program.name
        script.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        script.chmod(0o755)
    found = await find(root, str(tools), os.environ)
    # Where this machine's own OCaml is hidden as well, the scripts lead to it, which nobody could know.
    found = evolve(found, visible=(*found.visible, *toolchain.visible))
    assert (await built(evaluator(root, found, shut_in), ChangeSet())).green


async def test_a_lone_file(home: Path, toolchain: Toolchain, sandbox: Sandbox | None) -> None:
    file = home / "a.ml"
    file.write_text("let x = nope\n")
    (home / "b").mkdir()
    on = LoneFileEvaluator(home / "b", file, toolchain, sandbox)
    view = WorkspaceView(home)
    red = await on.evaluate(view, ChangeSet(), untrusted=True)
    assert red.build is not None
    assert [d.path for d in red.build.errors] == ["a.ml"]
    green = await on.evaluate(view, ChangeSet([FileChange("a.ml", None, "let x = 1\n")]), untrusted=True)
    assert green.build is not None
    assert green.build.green
    interface = ChangeSet([FileChange("a.mli", None, "val y : int\n"), FileChange("a.ml", None, "let x = 1\n")])
    red = await on.evaluate(view, interface, untrusted=True)
    assert red.build is not None
    assert not red.build.green
    beside = await on.evaluate(view, ChangeSet([FileChange("other.ml", None, "")]), untrusted=True)
    assert beside.build is None
    assert "other.ml" in beside.reason
    assert file.read_text() == "let x = nope\n"
