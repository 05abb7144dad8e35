"""What a server says is to be kept for the next one, and what that one makes of it."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from lsp_aid.workspace.proposals import ProposalStore
from lsp_aid.workspace.records import claimed, project_state
from tests.support.bare_client import MODERN, BareClient, RpcError, at
from tests.support.served import Saying, Toy, block, project, served

REPLY = block("a.ml", "let a = 1\n", "let a = 11\n")


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home", Saying(REPLY))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "p", a="let a = 1\n")


async def begun(client: BareClient, root: Path, state: str = "green") -> None:
    client.answers["workspace/configuration"] = lambda _: [{"trust": "always"}]
    await client.initialize(root, **MODERN)
    client.open(root / "a.ml")
    await client.status(state)


async def generated(client: BareClient, root: Path, **more: object) -> str:
    document = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
    started = await client.command("lsp-aid.generateDiff", {"prompt": "more", "apply": False, **document, **more})
    return started["job"]


async def test_a_job_that_has_ended_can_still_be_fetched_and_its_proposals_applied(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        await begun(client, root)
        job = await generated(client, root)
        before = await client.job(job)
    async with served(toy) as client:
        client.takes_edits()
        await begun(client, root)
        after = await client.command("lsp-aid.proposal", {"job": job})
        assert [p["id"] for p in after["proposals"]] == [p["id"] for p in before["proposals"]]
        assert "+let a = 11" in after["proposals"][0]["diff"]
        assert await generated(client, root) != job
        applying = await client.command("lsp-aid.apply", {"proposal": after["proposals"][0]["id"]})
        assert (await client.job(applying["job"]))["state"] == "done"
        assert client.text((root / "a.ml").as_uri()) == "let a = 11\n"


async def test_one_that_was_under_way_has_failed_and_says_so_once(toy: Toy, root: Path) -> None:
    toy.model = Saying()
    async with served(toy) as client:
        await begun(client, root)
        job = await generated(client, root)
        kept = dict(toy.shelf.kept)
        assert toy.shelf.jobs == 1
    assert toy.shelf.jobs == 0
    toy.shelf.kept = kept  # it was killed, so that nothing more was said
    async with served(toy) as client:
        await begun(client, root)
        (told,) = (n["params"] for n in client.notifications if n["method"] == "lsp-aid/job")
        assert (told["job"], told["state"]) == (job, "failed")
        assert "restarted" in told["error"]
        assert any("restarted" in text for text in client.shown())
    async with served(toy) as client:
        await begun(client, root)
        assert (await client.command("lsp-aid.proposal", {"job": job}))["state"] == "failed"
        assert not any("restarted" in text for text in client.shown())


async def test_what_is_kept_is_not_trusted(toy: Toy, root: Path) -> None:
    toy.shelf.kept = {"job:1": 7, "job:2": {}, "job:3": {"job": "job-x", "state": "done"}, "else": {}}
    async with served(toy) as client:
        await begun(client, root)
        with pytest.raises(RpcError):
            await client.command("lsp-aid.proposal", {"job": "job-x"})


async def test_a_repair_that_was_shown_can_be_taken_after_a_restart_and_undone(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "red", a="let n = List.lenght []\n")
    async with served(toy) as client:
        await begun(client, root, "red")
        (action, *_) = await client.actions(root / "a.ml", at(0, 12))
    async with served(toy) as client:
        client.takes_edits()
        await begun(client, root, "red")
        client.change(root / "a.ml", "let n = List.length []\n", 2)  # as the editor does by itself
        assert await client.command(action["command"]["command"], action["command"]["arguments"][0]) is None
        undoing = await client.command("lsp-aid.undo")
        assert (await client.job(undoing["job"]))["state"] == "done"
        assert client.text((root / "a.ml").as_uri()) == "let n = List.lenght []\n"


async def test_the_text_that_the_server_holds_can_be_asked_for(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        await begun(client, root)
        client.change(root / "a.ml", "let 🐫 = 1\n", 7)
        uri = (root / "a.ml").as_uri()
        assert await client.request("lsp-aid/text", {"uri": uri}) == {"text": "let 🐫 = 1\n", "version": 7}
        for params in ({"uri": uri + "x"}, {"uri": 7}, None, []):
            assert await client.request("lsp-aid/text", params) is None


async def test_the_editor_is_described_and_the_key_that_is_named_is_brought(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        client.answers["workspace/configuration"] = lambda _: [{"trust": "always", "model": {"keyEnv": "MY_KEY"}}]
        await client.initialize(root, info="vi", **MODERN)
        await client.status("green")
    assert toy.shelf.editor == "vi"
    assert toy.shelf.brought == ["MY_KEY"]


async def test_a_server_ends_when_what_it_showed_is_kept(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "red", a="let n = List.lenght []\n")
    state = {"XDG_STATE_HOME": str(toy.home)}
    async with served(toy) as client:
        await begun(client, root, "red")
        other = contextlib.ExitStack()  # another process that writes there for a while
        other.enter_context(claimed(project_state(root, state) / "shown"))
        (action, *_) = await client.actions(root / "a.ml", at(0, 12))
        asyncio.get_running_loop().call_later(0.5, other.close)
    assert ProposalStore(root, state).find(action["command"]["arguments"][0]["proposal"])
