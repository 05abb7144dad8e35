"""Proposals taken by hunk, as a bare client sees them: no plugin, only code actions and commands."""

from pathlib import Path

import pytest

from tests.support.bare_client import MODERN, BareClient, at
from tests.support.served import Saying, Toy, block, project, served

LINES = [f"let a{number} = {number}\n" for number in range(30)]
TEXT = "".join(LINES)


def with_lines(**lines: str) -> str:
    """The text with other lines: `a3="let a3 = 4\\n"`."""
    return "".join(lines.get(f"a{number}", line) for number, line in enumerate(LINES))


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    reply = (
        block("a.ml", LINES[3], "let a3 = 33\nlet more = 1\n")
        + block("a.ml", LINES[20], "let a20 = lenght\n")
        + block("b.ml", "let b = 2\n", "let b = 22\n")
        + block("c.ml", "", "let c = 3\n")
    )
    return Toy(tmp_path / "home", Saying(reply))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "p", a=TEXT, b="let b = 2\n")


async def waiting(client: BareClient, root: Path, **arguments: object) -> str:
    """A diff that waits to be taken: its id. a.ml is open."""
    client.answers["workspace/configuration"] = lambda _: [{"trust": "always", "diff": {"apply": "ask"}}]
    await client.initialize(root, **MODERN)
    client.open(root / "a.ml")
    await client.status("green")
    document = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
    started = await client.command("lsp-aid.generateDiff", {"prompt": "more", **document, **arguments})
    ended = await client.job(started["job"])
    assert ended["state"] == "done", ended
    return ended["proposals"][0]["id"]


async def taken(client: BareClient, action: dict) -> dict:
    """The end of the job that an action starts."""
    command = action["command"]
    started = await client.command(command["command"], command["arguments"][0])
    return await client.job(started["job"])


def titles(actions: list[dict]) -> list[str]:
    return [action["title"] for action in actions]


def open_text(client: BareClient, path: Path) -> str:
    return client.text(path.as_uri())


async def test_a_diff_that_is_asked_for_waits_on_its_hunks(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        edits = client.takes_edits()
        await waiting(client, root)
        assert not edits
        assert any("waits: 4 hunks in a.ml, b.ml, c.ml" in message for message in client.shown())
        found = await client.diagnostics(root / "a.ml", lambda d: len(d) == 2)
        assert [d["severity"] for d in found] == [3, 3]
        assert "-let a3 = 3\n+let a3 = 33" in found[0]["message"]
        assert found[0]["range"] == {"start": {"line": 3, "character": 0}, "end": {"line": 4, "character": 0}}
        assert titles(await client.actions(root / "a.ml", at(3, 2))) == [
            "AID: take this hunk",
            "AID: take all of a.ml",
            "AID: take all of c.ml",
            "AID: take the whole change",
            "AID: discard the change",
        ]
        assert await client.actions(root / "a.ml", at(10, 2)) == []
        assert await client.actions(root / "a.ml", at(3, 2), only=["quickfix"]) == []


async def test_a_hunk_is_judged_by_itself_and_the_others_wait_on(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        client.takes_edits()
        proposal = await waiting(client, root)
        # the whole leaves the build red; this hunk alone does not, so that nobody is asked
        ended = await taken(client, (await client.actions(root / "a.ml", at(3)))[0])
        assert ended["message"] == "Applied: more (1 of 4 hunks) (verified)"
        assert open_text(client, root / "a.ml") == with_lines(a3="let a3 = 33\nlet more = 1\n")
        assert titles(await client.actions(root / "a.ml", at(10))) == ["AID: undo: more (1 of 4 hunks)"]
        # the second one is a line further down now, and turns the build red
        hunk, *_ = await client.actions(root / "a.ml", at(21))
        client.answers["window/showMessageRequest"] = lambda _: {"title": "Not now"}
        ended = await taken(client, hunk)
        assert ended["message"] == "Not applied: more (1 of 4 hunks) (parses)"
        assert "not verified" in (await client.asked("window/showMessageRequest"))["message"]
        client.answers["window/showMessageRequest"] = lambda _: {"title": "Apply"}
        await taken(client, hunk)
        after = with_lines(a3="let a3 = 33\nlet more = 1\n", a20="let a20 = lenght\n")
        assert open_text(client, root / "a.ml") == after
        started = await client.command("lsp-aid.take", {"proposal": proposal})
        assert (await client.job(started["job"]))["state"] == "done"
        assert open_text(client, root / "b.ml") == "let b = 22\n"
        assert open_text(client, root / "c.ml") == "let c = 3\n"
        assert toy.events.happenings == ["offered", "applied"]


async def test_hunks_move_with_the_text_and_one_that_is_edited_is_refused(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        client.takes_edits()
        proposal = await waiting(client, root)
        whole = await client.command("lsp-aid.proposal", {"proposal": proposal})
        first, second = [hunk["id"] for hunk in whole["proposals"][0]["hunks"] if hunk["file"] == "a.ml"]
        path = root / "a.ml"
        client.change(path, "(* above *)\n" + TEXT, 2)
        hunk, *_ = await client.actions(path, at(4))
        assert hunk["command"]["arguments"] == [{"proposal": proposal, "hunks": [first]}]
        client.change(path, "(* above *)\n" + with_lines(a20="let a20 = 0\n"), 3)
        assert await client.actions(path, at(21)) == []
        started = await client.command("lsp-aid.take", {"proposal": proposal, "hunks": [first, second]})
        ended = await client.job(started["job"])
        assert "a.ml has changed where" in ended["error"]
        started = await client.command("lsp-aid.take", {"proposal": proposal, "hunks": [first]})
        assert (await client.job(started["job"]))["state"] == "done"
        after = with_lines(a3="let a3 = 33\nlet more = 1\n", a20="let a20 = 0\n")
        assert open_text(client, path) == "(* above *)\n" + after


async def test_a_file_that_changed_on_disk_is_not_taken(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        edits = client.takes_edits()
        proposal = await waiting(client, root)
        (root / "b.ml").write_text("(* new *)\nlet b = 2\n")
        started = await client.command("lsp-aid.take", {"proposal": proposal, "files": ["b.ml"]})
        assert "b.ml has changed" in (await client.job(started["job"]))["error"]
        assert not edits


async def test_discarding_takes_it_down(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        await waiting(client, root)
        await client.diagnostics(root / "a.ml", lambda d: len(d) == 2)
        *_, discard = await client.actions(root / "a.ml", at(3))
        await client.command(discard["command"]["command"], discard["command"]["arguments"][0])
        await client.diagnostics(root / "a.ml", lambda d: not d)
        assert await client.actions(root / "a.ml", at(3)) == []
        assert toy.events.happenings == ["offered", "rejected"]


async def test_a_proposal_of_new_files_alone_is_offered_where_it_was_asked_for(toy: Toy, root: Path) -> None:
    toy.model = Saying(block("c.ml", "", "let c = 3\n"))
    async with served(toy) as client:
        client.takes_edits()
        await waiting(client, root)
        take, discard = await client.actions(root / "a.ml", at(12))
        assert titles([take, discard]) == ["AID: take the whole change", "AID: discard the change"]
        assert (await taken(client, take))["message"] == "Applied: more (verified)"
        assert open_text(client, root / "c.ml") == "let c = 3\n"


async def test_without_the_setting_a_diff_waits_where_the_call_says_so(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        client.answers["workspace/configuration"] = lambda _: [{"trust": "always"}]
        await client.initialize(root, **MODERN)
        client.open(root / "a.ml")
        await client.status("green")
        arguments = {"prompt": "x", "textDocument": {"uri": (root / "a.ml").as_uri()}, "apply": False}
        started = await client.command("lsp-aid.generateDiff", arguments)
        await client.job(started["job"])
        assert titles(await client.actions(root / "a.ml", at(3)))[0] == "AID: take this hunk"


async def test_a_repair_of_several_hunks_can_be_chosen_from(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "q", a=with_lines(a3="let a3 = lenght\n", a20="let a20 = lenght\n"))
    async with served(toy) as client:
        client.answers["workspace/configuration"] = lambda _: [{"trust": "always"}]
        await client.initialize(root, **MODERN)
        client.open(root / "a.ml")
        await client.status("red")
        found = await client.actions(root / "a.ml", at(3, 12))
        (choose,) = [action for action in found if "choose from 2 hunks" in action["title"]]
        await client.command(choose["command"]["command"], choose["command"]["arguments"][0])
        assert "AID: take this hunk" in titles(await client.actions(root / "a.ml", at(20)))
