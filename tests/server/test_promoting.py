"""What the build would have a file become is shown at its lines and promoted by hunk or whole."""

from pathlib import Path

import pytest

from lsp_aid.domain.build_status import Promotion
from tests.support.bare_client import MODERN, BareClient, at
from tests.support.served import Toy, project, served

OLD = "one\ntwo\nthree\nfour\nfive\nsix\n"
NEW = "one\n2\nthree\nfour\nfive\n6\n"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home", promotions=(Promotion("/made", "a.ml", NEW),))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "p", a=OLD)


async def opened(client: BareClient, root: Path) -> Path:
    await client.initialize(root, options={"trust": "always"}, **{**MODERN, "workspace": {"applyEdit": True}})
    client.open(root / "a.ml")
    await client.status("green")
    return root / "a.ml"


async def titles(client: BareClient, path: Path, line: int) -> list[str]:
    return [action["title"] for action in await client.actions(path, at(line, 0))]


async def promote(client: BareClient, path: Path, line: int, title: str, wanted: str) -> None:
    """Takes an action; the editor ends up with the text that is wanted."""

    def apply(params: dict) -> dict:
        (edits,) = params["edit"]["changes"].values()
        lines = [*client.texts[path.as_uri()].splitlines(keepends=True), ""]
        for edit in sorted(edits, key=lambda e: -e["range"]["start"]["line"]):
            start, end = edit["range"]["start"], edit["range"]["end"]
            new = lines[start["line"]][: start["character"]] + edit["newText"] + lines[end["line"]][end["character"] :]
            lines[start["line"] : end["line"] + 1] = [new]
        client.change(path, "".join(lines), 9)
        return {"applied": True}

    client.answers["workspace/applyEdit"] = apply
    action = next(a for a in await client.actions(path, at(line, 0)) if a["title"] == title)
    job = await client.command(action["command"]["command"], action["command"]["arguments"][0])
    done = await client.job(job["job"])
    assert (done["state"], client.texts[path.as_uri()]) == ("done", wanted)


async def test_the_diff_is_shown_at_its_lines(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        first, second = await client.diagnostics(path)
        assert (first["range"]["start"]["line"], second["range"]["start"]["line"]) == (1, 5)
        assert "-two\n+2" in first["message"]
        assert (first["severity"], first["source"]) == (3, "lsp-aid")


async def test_one_place_is_promoted_and_the_others_are_left(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        assert await titles(client, path, 1) == ["Promote this", "Promote all 2 in this file"]
        await promote(client, path, 1, "Promote this", OLD.replace("two", "2"))
        assert await titles(client, path, 5) == ["Promote this", "AID: undo: Promote a.ml"]
        assert "Promote this" not in await titles(client, path, 3)


async def test_all_of_a_file_are_promoted_at_once(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        await promote(client, path, 5, "Promote all 2 in this file", NEW)
        assert toy.events.happenings[-1] == "applied"
        assert await titles(client, path, 5) == ["AID: undo: Promote a.ml"]


async def test_places_move_with_the_text_and_an_edited_one_is_not_promoted(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        edits = [{"range": at(5, 0, 3), "text": "seven"}, {"range": at(0, 0), "text": "zero\n"}]
        document = {"uri": path.as_uri(), "version": 2}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": edits})
        text = client.texts[path.as_uri()] = "zero\n" + OLD.replace("six", "seven")
        assert await titles(client, path, 2) == ["Promote this"]
        await promote(client, path, 2, "Promote this", text.replace("two", "2"))


async def test_a_build_that_offers_nothing_takes_it_down(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        await client.diagnostics(path)
        (root / "a.ml").write_text(NEW)
        client.change(path, NEW, 2)
        client.save(path)
        await client.diagnostics(path, lambda d: not d)
        assert await titles(client, path, 1) == []


async def test_a_script_fetches_the_diff(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        job = await client.command("lsp-aid.promote", {"textDocument": {"uri": path.as_uri()}, "apply": False})
        await client.job(job["job"])
        (proposal,) = (await client.command("lsp-aid.proposal", job))["proposals"]
        assert (proposal["kind"], proposal["files"], len(proposal["hunks"])) == ("promotion", ["a.ml"], 2)
        assert "+2\n" in proposal["diff"]
