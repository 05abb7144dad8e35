"""What is left once editors, relays and daemons have gone: nothing."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.bare_client import at
from tests.support.desk import Desk, Editor, until
from tests.support.scripted_model import ScriptedModel, stalls
from tests.support.served import project

pytestmark = pytest.mark.slow


async def visit(desk: Desk, path: Path) -> None:
    """An editor comes, opens a document, asks something, and leaves."""
    editor = await desk.editor()
    await editor.client.initialize(path.parent)
    editor.client.open(path, "let a = 1\n" * 2000)
    assert await editor.client.actions(path, at(0)) == []
    assert await editor.end() == 0


async def test_editors_that_come_and_go_leave_no_descriptors_threads_or_memory(desk: Desk, tmp_path: Path) -> None:
    path = project(tmp_path / "p", a="let a = 1\n") / "a.ml"
    stays = await desk.editor()
    await stays.client.initialize(path.parent)
    for _ in range(8):  # by then threads are there that are kept, and what is made once is made
        await visit(desk, path)
    before = holdings(desk)
    for _ in range(24):
        await visit(desk, path)
    await until(lambda: len(desk.daemon["editors"]) == 1)
    after = holdings(desk)
    # The connection that asks for it, and the last editor's, may be there at either time; one left by each would be 24.
    assert after["fd"] < before["fd"] + 8
    assert after["task"] <= before["task"] + 4, "threads of a pool"
    assert after["bytes"] - before["bytes"] < 30_000_000


def holdings(desk: Desk) -> dict[str, int]:
    """What a daemon has at the moment: descriptors, threads, memory."""
    told = desk.daemon
    counts = {name: len(list(Path(f"/proc/{told['pid']}/{name}").iterdir())) for name in ("fd", "task")}
    return {**counts, "bytes": told["memory"]}


@pytest.fixture
def short() -> Iterator[str]:
    """A folder whose path leaves room for that of a socket."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield folder


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    """One that begins to answer, and never ends."""
    async with ScriptedModel([stalls("Let me think. ")], repeat_last=True) as model:
        yield model


@pytest.fixture
async def at_work(desk: Desk, tmp_path: Path, short: str, model: ScriptedModel) -> Editor:
    """An editor in a red project: dune watches, a typer runs, and a model is at work."""
    more = {"LSP_AID_TRUST": "always", "LSP_AID_MODEL_URL": model.url, "LSP_AID_MODEL": "scripted"}
    desk.more.update(more, XDG_CACHE_HOME=short)
    root = project(tmp_path / "p", a="let n = List.lenght []\nlet s = 1 + string_of_int n\n")
    (root / "dune").write_text("(library (name p))\n")
    editor = await desk.editor()
    client = editor.client
    await client.initialize(root)
    client.open(root / "a.ml")
    await client.diagnostics(root / "a.ml")
    client.change(root / "a.ml", "let n = List.length []\nlet s = 1 + string_of_int n\n", 2)
    await client.actions(root / "a.ml", at(1, 12))
    await until(lambda: any("/typer" in line for _, line in desk.running()))
    document = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
    await client.command("lsp-aid.generateDiff", {**document, "prompt": "more of it"})
    await asyncio.wait_for(model.arrived.wait(), 60)
    assert any(" --watch" in line for _, line in desk.running())
    return editor


@pytest.mark.dune
@pytest.mark.parametrize("dies", ["editor", "relay", "daemon", "all at once"])
async def test_nothing_survives_whoever_it_was_for(
    desk: Desk, at_work: Editor, model: ScriptedModel, dies: str
) -> None:
    """No dune, no typer, no sandbox, and no connection to a model."""
    daemon, relay = desk.pid, at_work.process.pid
    if dies == "editor":
        at_work.client.writer.close()
    elif dies == "relay":
        os.kill(relay, signal.SIGKILL)
    elif dies == "daemon":
        assert at_work.client.shown() == []
        os.kill(daemon, signal.SIGKILL)
    else:
        for pid, line in tuple(desk.running()):
            if pid in (daemon, relay) or "lsp_aid" in line:
                os.kill(pid, signal.SIGKILL)
    await asyncio.wait_for(model.requests[0].gone.wait(), 60)
    if dies == "daemon":  # the next one does again what is to be done, but for the job, of which it says what became
        ended = await at_work.client.notification("lsp-aid/job", lambda job: job["state"] == "failed")
        assert "restarted" in ended["error"]
        assert len(model.requests) == 1
        await at_work.end()
    await desk.all_gone(" daemon ")
    if desk.log() and dies != "all at once":
        assert (await desk.command("stop"))[0] == 0
    await desk.all_gone()
