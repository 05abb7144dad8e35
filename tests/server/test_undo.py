"""What was applied: watched until it has arrived, noted down, and taken back over all its files or not at all."""

from pathlib import Path

import pytest

from lsp_aid.domain.journal import State
from lsp_aid.workspace.journal import Journal, undo
from tests.support.bare_client import MODERN, BareClient, RpcError, at
from tests.support.program import program
from tests.support.served import Saying, Toy, block, project, served

FILES = {"a": "let a = 1\n", "b": "let b = 2\n"}
REPLY = block("a.ml", "let a = 1\n", "let a = 11\n") + block("b.ml", "let b = 2\n", "let b = 22\n")
NEW = block("c.ml", "", "let c = 3\n")


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home", Saying(REPLY + NEW))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "p", **FILES)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsp_aid.server.arrival.SECONDS", 0.3)
    monkeypatch.setattr("lsp_aid.server.arrival.UNSEEN_SECONDS", 0.1)


async def begun(client: BareClient, root: Path, *names: str) -> None:
    """The project, green, with those files open."""
    client.answers["workspace/configuration"] = lambda _: [{"trust": "always"}]
    await client.initialize(root, **MODERN)
    for name in names:
        client.open(root / name)
    await client.status("green")


async def generated(client: BareClient, root: Path) -> dict:
    document = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
    started = await client.command("lsp-aid.generateDiff", {"prompt": "more", **document})
    return await client.job(started["job"])


async def undone(client: BareClient, arguments: dict | None = None) -> dict:
    started = await client.command("lsp-aid.undo", arguments)
    return await client.job(started["job"])


def open_text(client: BareClient, path: Path) -> str:
    return client.text(path.as_uri())


def journal(toy: Toy, root: Path) -> list[tuple[str, tuple[str, ...]]]:
    entries = Journal(root, {"XDG_STATE_HOME": str(toy.home)}).entries()
    return [(entry.state.value, entry.changes.paths) for entry in entries]


class TestUndo:
    async def test_it_takes_all_files_back_those_that_are_new_too(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            edits = client.takes_edits()
            await begun(client, root, "a.ml", "b.ml")
            assert (await generated(client, root))["state"] == "done"
            assert journal(toy, root) == [(State.APPLIED, ("a.ml", "b.ml", "c.ml"))]
            ended = await undone(client)
            assert ended["message"] == "Undone: more"
            assert [open_text(client, root / name) for name in ("a.ml", "b.ml")] == list(FILES.values())
            assert edits[-1]["documentChanges"][-1]["kind"] == "delete"
            assert journal(toy, root)[0][0] == State.UNDONE
            assert toy.events.happenings == ["offered", "applied", "undone"]
            with pytest.raises(RpcError, match="nothing to undo"):
                await client.command("lsp-aid.undo")

    async def test_where_one_was_touched_since_nothing_is_undone_and_it_is_named(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            client.takes_edits()
            await begun(client, root, "a.ml", "b.ml")
            await generated(client, root)
            client.change(root / "b.ml", "let b = 22 (* mine *)\n", 100)
            ended = await undone(client)
            assert ended["state"] == "failed"
            assert ended["error"].startswith("b.ml has changed since it was applied")
            assert open_text(client, root / "a.ml") == "let a = 11\n"
            assert "undone" not in toy.events.happenings

    async def test_the_light_bulb_offers_it_in_a_file_that_is_as_it_was_left(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            client.takes_edits()
            await begun(client, root, "a.ml", "b.ml")
            await generated(client, root)
            (action,) = await client.actions(root / "b.ml", at(0))
            assert action["title"] == "AID: undo in 3 files: more"
            client.change(root / "a.ml", "let a = 12\n", 100)
            assert await client.actions(root / "a.ml", at(0)) == []
            client.change(root / "a.ml", "let a = 11\n", 101)
            command = action["command"]
            started = await client.command(command["command"], command["arguments"][0])
            assert (await client.job(started["job"]))["state"] == "done"
            assert await client.actions(root / "b.ml", at(0)) == []

    async def test_an_undo_by_the_editor_itself_is_noted(self, toy: Toy, root: Path) -> None:
        toy.model = Saying(REPLY)
        async with served(toy) as client:
            client.takes_edits()
            await begun(client, root, "a.ml", "b.ml")
            await generated(client, root)
            client.change(root / "a.ml", FILES["a"], 100)
            await client.command("lsp-aid.status")
            assert toy.events.happenings[-1] == "applied"  # b.ml has it still
            client.change(root / "b.ml", FILES["b"], 100)
            await client.command("lsp-aid.status")
            assert toy.events.happenings[-1] == "undone"

    async def test_a_client_that_deletes_nothing_is_left_with_an_empty_file_and_told(
        self, toy: Toy, root: Path
    ) -> None:
        toy.model = Saying(NEW)
        capabilities = {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}}
        async with served(toy) as client:
            client.takes_edits()
            await client.initialize(root, options={"trust": "always"}, **capabilities)
            await client.status("green")
            await generated(client, root)
            ended = await undone(client)
            assert "Delete c.ml" in ended["message"]
            assert open_text(client, root / "c.ml") == ""


class TestArrival:
    def skipping(self, client: BareClient, *skipped: str, applied: bool = True) -> None:
        """An editor that passes over some files."""
        client.takes_edits()
        whole = client.answers["workspace/applyEdit"]

        def apply(params: dict) -> dict:
            kept = [c for c in params["edit"]["documentChanges"] if not uri_of(c).endswith(skipped)]
            whole({"edit": {"documentChanges": kept}})
            client.answers["workspace/applyEdit"] = whole
            return {"applied": applied}

        client.answers["workspace/applyEdit"] = apply

    @pytest.mark.parametrize("applied", [True, False])
    async def test_what_is_made_in_part_is_named_and_undone_if_asked_for(
        self, toy: Toy, root: Path, applied: bool
    ) -> None:
        async with served(toy) as client:
            self.skipping(client, "b.ml", applied=applied)
            client.answers["window/showMessageRequest"] = lambda _: {"title": "Undo"}
            await begun(client, root, "a.ml", "b.ml")
            ended = await generated(client, root)
            assert ended["state"] == "failed"
            assert "the text of b.ml is another" in ended["error"]
            assert "undone" in ended["error"]
            question = await client.asked("window/showMessageRequest")
            assert [action["title"] for action in question["actions"]] == ["Undo", "Keep"]
            assert open_text(client, root / "a.ml") == FILES["a"]
            assert journal(toy, root) == [(State.UNDONE, ("a.ml", "c.ml"))]
            assert toy.events.happenings == ["offered", "applied", "undone"]

    async def test_what_is_kept_of_it_can_be_undone_later(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            self.skipping(client, "b.ml")
            client.answers["window/showMessageRequest"] = lambda _: {"title": "Keep"}
            await begun(client, root, "a.ml", "b.ml")
            await generated(client, root)
            assert open_text(client, root / "a.ml") == "let a = 11\n"
            assert (await undone(client))["state"] == "done"
            assert open_text(client, root / "a.ml") == FILES["a"]

    async def test_a_part_is_not_undone_where_the_user_has_typed_since(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            self.skipping(client, "b.ml")

            def type_first(_: dict) -> dict:
                client.change(root / "a.ml", "let a = 11 (* mine *)\n", 100)
                return {"title": "Undo"}

            client.answers["window/showMessageRequest"] = type_first
            await begun(client, root, "a.ml", "b.ml")
            ended = await generated(client, root)
            assert ended["error"].startswith("a.ml has changed")
            assert open_text(client, root / "a.ml") == "let a = 11 (* mine *)\n"

    async def test_an_action_that_the_editor_made_in_part_is_found_out_too(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "q", a="let a = lenght\n", b="let b = lenght\n")
        async with served(toy) as client:
            client.takes_edits()
            client.answers["window/showMessageRequest"] = lambda _: {"title": "Undo"}
            client.answers["workspace/configuration"] = lambda _: [{"trust": "always"}]
            await client.initialize(root, **MODERN)
            client.open(root / "a.ml")
            client.open(root / "b.ml")
            await client.status("red")
            action, *_ = await client.actions(root / "a.ml", at(0, 10))
            assert len(action["edit"]["documentChanges"]) == 2
            client.change(root / "a.ml", "let a = length\n", 2)
            await client.command("lsp-aid.applied", action["command"]["arguments"][0])
            question = await client.asked("window/showMessageRequest")
            assert "the text of b.ml is another" in question["message"]
            await client.notification("window/showMessage", lambda p: "undone" in p["message"])
            assert open_text(client, root / "a.ml") == "let a = lenght\n"

    async def test_a_line_end_that_the_editor_adds_is_no_difference(self, toy: Toy, root: Path) -> None:
        toy.model = Saying(NEW)
        async with served(toy) as client:
            await begun(client, root, "a.ml")

            def as_neovim(_: dict) -> dict:
                client.open(root / "c.ml", "let c = 3\n\n")
                return {"applied": True}

            client.answers["workspace/applyEdit"] = as_neovim
            assert (await generated(client, root))["state"] == "done"
            client.takes_edits()
            assert (await undone(client))["state"] == "done"

    async def test_a_file_that_the_editor_has_not_saved_is_said_not_to_be_seen(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            await begun(client, root, "a.ml", "b.ml")

            def unseen(_: dict) -> dict:
                client.change(root / "a.ml", "let a = 11\n", 2)
                client.change(root / "b.ml", "let b = 22\n", 2)
                return {"applied": True}

            client.answers["workspace/applyEdit"] = unseen
            assert (await generated(client, root))["state"] == "done"
            assert any("c.ml will be seen here once saved" in message for message in client.shown())

    async def test_what_the_user_types_at_once_behind_an_edit_is_no_failure(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            client.takes_edits()
            whole = client.answers["workspace/applyEdit"]

            def typing(params: dict) -> dict:
                answer = whole(params)
                client.change(root / "a.ml", "let a = 11\n(* typed *)\n", 100)
                return answer

            client.answers["workspace/applyEdit"] = typing
            await begun(client, root, "a.ml", "b.ml")
            assert (await generated(client, root))["state"] == "done"


def uri_of(change: dict) -> str:
    return change["uri"] if "uri" in change else change["textDocument"]["uri"]


class TestForm:
    """Editors hold a text without its BOM, and Emacs without CR; what they save has both again."""

    ON_DISK = b"\xef\xbb\xbflet b = 2\r\nlet c = 3\r\n"

    async def test_a_file_that_is_not_open_is_edited_as_the_editor_opens_it(self, toy: Toy, root: Path) -> None:
        (root / "b.ml").write_bytes(self.ON_DISK)
        async with served(toy) as client:
            client.takes_edits()
            await begun(client, root, "a.ml")
            ended = await generated(client, root)
            assert (ended["state"], ended["message"]) == ("done", "Applied: more")
            assert open_text(client, root / "b.ml") == "let b = 22\nlet c = 3\n"
            assert (await undone(client))["state"] == "done"
            assert open_text(client, root / "b.ml") == "let b = 2\nlet c = 3\n"

    @pytest.mark.parametrize("is_open", [True, False])
    async def test_once_saved_it_is_undone_on_disk(self, toy: Toy, root: Path, is_open: bool) -> None:
        (root / "b.ml").write_bytes(self.ON_DISK)
        async with served(toy) as client:
            client.takes_edits()
            await begun(client, root, "a.ml")
            if is_open:
                client.open(root / "b.ml", "let b = 2\nlet c = 3\n")
            assert (await generated(client, root))["state"] == "done"
            (root / "a.ml").write_text(open_text(client, root / "a.ml"))
            (root / "c.ml").write_text(open_text(client, root / "c.ml"))
        (root / "b.ml").write_bytes(self.ON_DISK.replace(b"2", b"22"))
        kept = Journal(root, {"XDG_STATE_HOME": str(toy.home)})
        undo(root, kept.entries()[0], kept)
        assert (root / "b.ml").read_bytes() == self.ON_DISK


RED = "let n = List.lenght []\n"
GREEN = RED.replace("lenght", "length")


@pytest.mark.dune
async def test_proposals_and_the_journal_survive_a_server_that_is_killed(tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED)
    (root / "dune").write_text("(library (name p))\n")
    capabilities = {"workspace": MODERN["workspace"] | {"configuration": False}}
    document = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
    async with program(tmp_path / "home") as client:
        await client.initialize(root, **capabilities)
        started = await client.command("lsp-aid.fixBuildError", {**document, "apply": False})
        proposal = {"proposal": (await client.job(started["job"]))["proposals"][0]["id"]}
    async with program(tmp_path / "home") as client:
        client.takes_edits()
        await client.initialize(root, **capabilities)
        client.open(root / "a.ml")
        whole = await client.command("lsp-aid.proposal", proposal)
        assert whole["proposals"][0]["hunks"][0]["file"] == "a.ml"
        client.change(root / "a.ml", "(* mine *)\n" + RED, 2)
        started = await client.command("lsp-aid.apply", proposal)
        assert "a.ml has changed" in (await client.job(started["job"]))["error"]
        client.change(root / "a.ml", RED, 3)
        started = await client.command("lsp-aid.apply", proposal)
        assert (await client.job(started["job"]))["state"] == "done"
        assert open_text(client, root / "a.ml") == GREEN
        (root / "a.ml").write_text(GREEN)
    async with program(tmp_path / "home") as client:
        client.takes_edits()
        await client.initialize(root, **capabilities)
        client.open(root / "a.ml")
        assert (await undone(client, proposal))["state"] == "done"
        assert open_text(client, root / "a.ml") == RED
