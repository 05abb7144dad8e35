"""The build status as the editor shows it: what is on disk, moved along with what is typed, never stale."""

import asyncio
from pathlib import Path

import pytest

from tests.support.bare_client import MODERN, BareClient, at
from tests.support.served import Toy, project, served

RED = "let a = 1\nlet n = List.lenght []\nlet m = List.lenght [a]\n"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home")


async def started(client: BareClient, root: Path, **more: object) -> None:
    await client.initialize(root, options={"trust": "always"}, **{**MODERN, "workspace": {}, **more})


def lines(diagnostics: list[dict]) -> list[int]:
    return [d["range"]["start"]["line"] for d in diagnostics]


async def test_errors_of_files_that_are_not_open_are_shown_too(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", lib__a='let s = "😀" ^ lenght\n')
    async with served(toy) as client:
        await started(client, root)
        (found,) = await client.diagnostics(root / "lib/a.ml")
        assert found["range"] == at(0, 15, 21)  # in UTF-16 units
        assert found["severity"] == 1
        assert found["source"] == "ocaml"
        assert found["message"].startswith('Unbound value "lenght"')


async def test_positions_are_in_the_encoding_agreed_on(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a='let s = "😀" ^ lenght\n')
    async with served(toy) as client:
        await started(client, root, general={"positionEncodings": ["utf-8"]})
        (found,) = await client.diagnostics(root / "a.ml")
        assert found["range"] == at(0, 17, 23)


async def test_an_error_of_the_project_as_a_whole_is_shown_on_dune_project(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a="")
    (root / "dune-project").write_text("(lang dune 3.17)\n(no-such-field)\n")
    async with served(toy) as client:
        await started(client, root)
        (found,) = await client.diagnostics(root / "dune-project")
        assert found["source"] == "dune"


async def test_a_save_builds_and_what_is_mended_is_taken_down(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED, b=RED)
    async with served(toy) as client:
        await started(client, root)
        await client.diagnostics(root / "b.ml")
        client.open(root / "a.ml")
        mended = RED.replace("lenght", "length")
        client.change(root / "a.ml", mended, 2)
        (root / "a.ml").write_text(mended)
        client.save(root / "a.ml")
        assert await client.diagnostics(root / "a.ml", lambda d: not d) == []
        await client.status("red")  # because of b.ml


async def test_several_saves_in_a_row_make_one_build_and_a_newer_one_takes_its_place(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a="slow-build")
    async with served(toy) as client:
        await started(client, root)
        await client.status("building")
        (root / "a.ml").write_text(RED)
        for _ in range(3):
            client.save(root / "a.ml")
        await client.status("red")
        assert toy.builds["p"] == ["started", "cancelled", "started", "ended"]


class TestTyping:
    """What becomes of the diagnostics while the document is edited."""

    @staticmethod
    async def opened(client: BareClient, root: Path) -> Path:
        await started(client, root)
        client.open(root / "a.ml")
        await client.diagnostics(root / "a.ml")
        await client.status("red")
        return root / "a.ml"

    @staticmethod
    def edit(client: BareClient, path: Path, place: dict, text: str, version: int = 2) -> None:
        document = {"uri": path.as_uri(), "version": version}
        changes = [{"range": place, "text": text}]
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    async def test_those_below_move(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            path = await self.opened(client, root)
            self.edit(client, path, at(0, 0), "(* new *)\n\n")
            assert lines(await client.diagnostics(path, lambda d: lines(d) != [1, 2])) == [3, 4]

    async def test_one_whose_place_is_edited_is_taken_down_and_undoing_brings_it_back(
        self, toy: Toy, tmp_path: Path
    ) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            path = await self.opened(client, root)
            self.edit(client, path, at(1, 15, 16), "x")
            assert lines(await client.diagnostics(path, lambda d: len(d) == 1)) == [2]
            self.edit(client, path, at(1, 15, 16), "n", 3)
            await asyncio.sleep(0)
            assert lines(await client.diagnostics(path, lambda d: len(d) == 2)) == [1, 2]

    async def test_what_the_build_says_of_the_disk_is_placed_in_the_unsaved_text(
        self, toy: Toy, tmp_path: Path
    ) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            await started(client, root)
            await client.diagnostics(root / "a.ml")
            client.open(root / "a.ml", "\n\n" + RED.replace("[a]", "[]"))
            assert lines(await client.diagnostics(root / "a.ml")) == [3, 4]

    async def test_closing_shows_what_is_on_disk(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            path = await self.opened(client, root)
            self.edit(client, path, at(0, 0), "\n")
            await client.diagnostics(path, lambda d: lines(d) == [2, 3])
            client.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})
            await client.diagnostics(path, lambda d: lines(d) == [1, 2])


async def test_a_tool_that_cannot_be_started_is_said_once_and_nothing_stale_stays(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED)
    async with served(toy) as client:
        await started(client, root)
        await client.diagnostics(root / "a.ml")
        await client.status("red")
        (root / "b.ml").write_text("broken-toolchain")
        for _ in range(2):
            client.save(root / "b.ml")
            await client.status("failed")
        assert client.shown() == ["lsp-aid: dune cannot be started. Install dune."]
        last = [n for n in client.notifications if n["method"] == "textDocument/publishDiagnostics"][-1]
        assert last["params"]["diagnostics"] == []


async def test_files_that_change_behind_the_editors_back_are_built(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED)
    capabilities = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    async with served(toy) as client:
        await started(client, root, **capabilities)
        await client.status("red")
        registered = await client.asked("client/registerCapability")
        assert registered["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"
        (root / "a.ml").write_text("let n = 0\n")
        build = len(toy.builds["p"])
        copied = {"uri": (root / "_build/default/a.ml").as_uri(), "type": 2}
        client.notify("workspace/didChangeWatchedFiles", {"changes": [copied]})
        await asyncio.sleep(0.3)
        assert len(toy.builds["p"]) == build  # what the user's own build wrote is no change
        event = {"uri": (root / "a.ml").as_uri(), "type": 2}
        client.notify("workspace/didChangeWatchedFiles", {"changes": [event]})
        await client.status("green")


async def test_reason_is_left_alone(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED)
    async with served(toy) as client:
        await started(client, root)
        await client.status("red")
        client.open(root / "a.ml", language="reason")
        assert await client.actions(root / "a.ml", at(1, 13)) == []
