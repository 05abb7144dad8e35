"""Commands and the jobs that they start, as a bare client sees them."""

import asyncio
from pathlib import Path

import pytest

from tests.support.bare_client import MODERN, BareClient, RpcError, apply_edit, at, path_of
from tests.support.served import Saying, Toy, block, project, served

RED = "let a = 1\nlet n = List.lenght []\n"
GREEN = RED.replace("lenght", "length")
HERE = at(1, 15)
APPLY_EDIT = {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}}


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "p", a=RED, b="let b = 2\n")


async def opened(client: BareClient, root: Path, **capabilities: object) -> dict:
    """The project with a.ml open, built; what names the document in commands."""
    client.answers["workspace/configuration"] = lambda _: [{}]
    await client.initialize(root, options={"trust": "always"}, **capabilities)
    client.open(root / "a.ml")
    await client.status("red", "green")
    return {"textDocument": {"uri": (root / "a.ml").as_uri()}}


class TestFixBuildError:
    async def test_a_script_gets_the_proposals_as_data(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root)
            started = await client.command("lsp-aid.fixBuildError", {**document, "range": HERE})
            assert set(started) == {"job"}
            ended = await client.job(started["job"])
            assert ended["state"] == "done"
            assert ended["proposals"][0]["verdict"] == "verified"
            whole = await client.command("lsp-aid.proposal", started)
            best = whole["proposals"][0]
            assert best["verdict"] == "verified"
            assert best["kind"] == "fix"
            assert best["files"] == ["a.ml"]
            assert best["source"].startswith("engine:")
            assert "-let n = List.lenght []\n+let n = List.length []\n" in best["diff"]
            assert ended["proposals"][0]["id"] == best["id"]

    async def test_the_answer_comes_before_the_first_notification(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root)
            client.arrived.clear()
            started = await client.command("lsp-aid.fixBuildError", document)
            await client.job(started["job"])
            assert client.arrived[0] == "answer"

    async def test_an_editor_gets_the_best_one_applied(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            edits = client.takes_edits()
            started = await client.command("lsp-aid.fixBuildError", {**document, "range": HERE})
            ended = await client.job(started["job"])
            assert ended["state"] == "done"
            assert ended["message"].startswith("Applied: ")
            assert len(edits) == 1
            assert toy.events.happenings[-1] == "applied"

    async def test_it_may_ask_not_to(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            started = await client.command("lsp-aid.fixBuildError", {**document, "apply": False})
            assert (await client.job(started["job"]))["proposals"]
            assert not client.requests

    async def test_where_nothing_is_found_it_says_so(self, toy: Toy, root: Path) -> None:
        (root / "a.ml").write_text("let n = 1\n")
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            started = await client.command("lsp-aid.fixBuildError", document)
            ended = await client.job(started["job"])
            assert ended["state"] == "done"
            assert "proposals" not in ended
            assert client.shown()

    async def test_a_text_that_changes_meanwhile_is_repaired_as_it_is_then(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            edits = client.takes_edits()
            started = await client.command("lsp-aid.fixBuildError", document)
            client.change(root / "a.ml", "(* new *)\n" + RED, 2)
            ended = await client.job(started["job"])
            assert ended["state"] == "done"
            (edit,) = edits
            assert edit["documentChanges"][0]["edits"][0]["range"]["start"]["line"] == 2

    async def test_it_can_be_cancelled(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root)
            client.change(root / "a.ml", RED + "(* slow-build *)", 2)
            started = await client.command("lsp-aid.fixBuildError", document)
            assert (await client.command("lsp-aid.cancel", started))["job"] == started["job"]
            assert (await client.job(started["job"]))["state"] == "cancelled"
            assert (await client.command("lsp-aid.cancel", started))["state"] == "cancelled"


class TestGenerateDiff:
    async def test_a_verified_diff_over_two_files_arrives_as_one_edit(self, toy: Toy, root: Path) -> None:
        (root / "a.ml").write_text("(* AID: call it x *)\nlet a = 1\n")
        toy.model = Saying(block("a.ml", "let a = 1\n", "let x = 1\n") + block("c.ml", "", "let c = 3\n"))
        async with served(toy) as client:
            document = await opened(client, root, **MODERN)
            edits = client.takes_edits()
            arguments = {"prompt": "call it x", **document, "range": at(0, 0, 19), "aidComment": True}
            started = await client.command("lsp-aid.generateDiff", arguments)
            ended = await client.job(started["job"])
            assert ended["state"] == "done", ended
            (edit,) = edits
            kinds = [change.get("kind", "edit") for change in edit["documentChanges"]]
            assert kinds == ["create", "edit", "edit"]
            texts = apply_edit(edit, lambda uri: path_of(uri).read_text())
            assert texts == {(root / "a.ml").as_uri(): "let x = 1\n", (root / "c.ml").as_uri(): "let c = 3\n"}

    @pytest.mark.parametrize(("answer", "state"), [("Apply", "applied"), ("Discard", "rejected"), (None, "rejected")])
    async def test_one_that_is_not_verified_is_asked_for(
        self, toy: Toy, root: Path, answer: str | None, state: str
    ) -> None:
        toy.model = Saying(block("b.ml", "let b = 2\n", "let b = lenght\n"))
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            edits = client.takes_edits()
            client.answers["window/showMessageRequest"] = lambda _: answer and {"title": answer}
            started = await client.command("lsp-aid.generateDiff", {"prompt": "break it", **document})
            await client.job(started["job"])
            question = await client.asked("window/showMessageRequest")
            assert "not verified" in question["message"]
            assert len(edits) == (answer == "Apply")
            assert toy.events.happenings[-1] == state

    async def test_one_that_changes_what_a_build_runs_is_asked_for_although_verified(
        self, toy: Toy, root: Path
    ) -> None:
        (root / "a.ml").write_text("let a = 1\n")
        toy.model = Saying(block("dune", "", "(rule (with-stdout-to x (run sh)))\n"))
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            edits = client.takes_edits()
            client.answers["window/showMessageRequest"] = lambda _: {"title": "Discard"}
            started = await client.command("lsp-aid.generateDiff", {"prompt": "a rule", **document})
            await client.job(started["job"])
            assert "what a build runs" in (await client.asked("window/showMessageRequest"))["message"]
            assert not edits

    async def test_an_editor_that_asks_by_itself_is_given_the_marks_and_asked_nothing(
        self, toy: Toy, root: Path
    ) -> None:
        (root / "a.ml").write_text("let a = 1\n")
        toy.model = Saying(
            block("dune", "", "(rule (with-stdout-to x (run sh)))\n") + block("b.ml", "let b = 2\n", "let b = 3\n")
        )
        edit_support = {"documentChanges": True, "changeAnnotationSupport": {"groupsOnLabel": True}}
        async with served(toy) as client:
            document = await opened(client, root, workspace={"applyEdit": True, "workspaceEdit": edit_support})
            edits = client.takes_edits()
            started = await client.command("lsp-aid.generateDiff", {"prompt": "a rule", **document})
            assert (await client.job(started["job"]))["state"] == "done"
            (edit,) = edits
            (mark,) = edit["changeAnnotations"]
            assert edit["changeAnnotations"][mark]["needsConfirmation"] is True
            marks = {
                c["textDocument"]["uri"][-4:]: [e.get("annotationId") for e in c["edits"]]
                for c in edit["documentChanges"]
            }
            assert marks == {"dune": [mark], "b.ml": [None]}
            assert not [r for r in client.requests if r["method"] == "window/showMessageRequest"]

    async def test_one_of_very_many_lines_is_asked_for_although_verified(self, toy: Toy, root: Path) -> None:
        (root / "a.ml").write_text("let a = 1\n")
        toy.model = Saying(block("b.ml", "let b = 2\n", "let b = 3\n" * 101))
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            edits = client.takes_edits()
            client.answers["window/showMessageRequest"] = lambda _: {"title": "Discard"}
            started = await client.command("lsp-aid.generateDiff", {"prompt": "much", **document})
            await client.job(started["job"])
            assert "more than 100" in (await client.asked("window/showMessageRequest"))["message"]
            assert not edits

    async def test_without_a_model_it_says_what_to_set(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root)
            started = await client.command("lsp-aid.generateDiff", {"prompt": "x", **document})
            ended = await client.job(started["job"])
            assert ended["state"] == "failed"
            assert "model" in ended["error"]
            assert any(ended["error"] in message for message in client.shown())

    async def test_other_settings_do_not_take_the_folders_of_what_runs(self, toy: Toy, root: Path) -> None:
        toy.model = model = Saying()
        async with served(toy) as client:
            document = await opened(client, root)
            started = await client.command("lsp-aid.generateDiff", {**document, "prompt": "one"})
            await client.notification("lsp-aid/job", lambda p: "writing" in p["message"] or "Asking" in p["message"])
            settings = {"lsp-aid": {"trust": "always", "fix": {"top": 2}}}
            client.notify("workspace/didChangeConfiguration", {"settings": settings})
            await client.status("building")
            await client.status("red")
            assert (len(toy.opened), toy.closed) == (2, [])
            await client.command("lsp-aid.cancel", started)
            assert (await client.job(started["job"]))["state"] == "cancelled"
            assert (model.given_up, toy.closed) == (True, [root])

    async def test_cancelling_reaches_the_model(self, toy: Toy, root: Path) -> None:
        toy.model = model = Saying()
        async with served(toy) as client:
            document = await opened(client, root, window={"workDoneProgress": True})
            started = await client.command("lsp-aid.generateDiff", {"prompt": "x", **document}, workDoneToken="mine")
            begun = await client.notification("$/progress")
            assert begun["token"] == "mine"
            assert begun["value"]["kind"] == "begin"
            assert begun["value"]["cancellable"] is True
            await client.notification("lsp-aid/job", lambda p: p["state"] == "running" and "parrot" in p["message"])
            client.notify("window/workDoneProgress/cancel", {"token": "mine"})
            assert (await client.job(started["job"]))["state"] == "cancelled"
            await asyncio.sleep(0)
            assert model.given_up


class TestApply:
    """A proposal into the editor: whole, or not at all and said so."""

    @staticmethod
    async def proposed(client: BareClient, document: dict) -> dict:
        started = await client.command("lsp-aid.fixBuildError", {**document, "apply": False})
        return {"proposal": (await client.job(started["job"]))["proposals"][0]["id"]}

    async def fails(self, client: BareClient, document: dict) -> str:
        started = await client.command("lsp-aid.apply", await self.proposed(client, document))
        ended = await client.job(started["job"])
        assert ended["state"] == "failed"
        return ended["error"]

    async def test_what_the_editor_refuses_is_said_with_its_reason(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            client.answers["workspace/applyEdit"] = lambda _: {"applied": False, "failureReason": "read-only buffer"}
            assert "read-only buffer" in await self.fails(client, document)
            client.answers["workspace/applyEdit"] = lambda _: {"applied": False}
            assert "did not apply" in await self.fails(client, document)
            client.answers["workspace/applyEdit"] = lambda _: "nonsense"
            assert "did not apply" in await self.fails(client, document)
            assert "applied" not in toy.events.happenings

    async def test_an_editor_that_says_applied_and_did_nothing_is_found_out(
        self, toy: Toy, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lsp_aid.server.arrival.SECONDS", 0.1)
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            client.answers["workspace/applyEdit"] = lambda _: {"applied": True}
            assert "the text of a.ml is another" in await self.fails(client, document)

    async def test_a_proposal_for_a_text_that_is_no_more_is_refused(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            edits = client.takes_edits()
            proposal = await self.proposed(client, document)
            client.open(root / "b.ml", "let b = 3\n")  # not changed by it, yet it was built with it
            started = await client.command("lsp-aid.apply", proposal)
            ended = await client.job(started["job"])
            assert ended["state"] == "failed"
            assert "b.ml has changed" in ended["error"]
            assert not edits

    async def test_so_is_one_for_a_file_that_changed_on_disk(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root, **APPLY_EDIT)
            proposal = await self.proposed(client, document)
            client.notify("textDocument/didClose", document)
            (root / "a.ml").write_text(RED + "\n")
            started = await client.command("lsp-aid.apply", proposal)
            assert "a.ml has changed" in (await client.job(started["job"]))["error"]

    async def test_an_editor_that_takes_no_edits_is_told_where_the_proposal_is(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root)
            assert "lsp-aid.proposal" in await self.fails(client, document)


class TestProgress:
    async def test_it_is_shown_where_the_client_agrees(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root, window={"workDoneProgress": True})
            started = await client.command("lsp-aid.fixBuildError", document)
            await client.job(started["job"])
            assert (await client.asked("window/workDoneProgress/create"))["token"] == started["job"]
            kinds = [n["params"]["value"]["kind"] for n in client.notifications if n["method"] == "$/progress"]
            assert (kinds[0], kinds[-1]) == ("begin", "end")

    async def test_it_is_not_shown_where_it_cannot_be(self, toy: Toy, root: Path) -> None:
        async with served(toy) as client:
            document = await opened(client, root)
            started = await client.command("lsp-aid.fixBuildError", document)
            await client.job(started["job"])
            assert not client.requests
            assert not [n for n in client.notifications if n["method"] == "$/progress"]


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("lsp-aid.generateDiff", None, "`prompt`"),
        ("lsp-aid.generateDiff", {"prompt": "  ", "textDocument": {"uri": "file:///x.ml"}}, "`prompt`"),
        ("lsp-aid.generateDiff", {"prompt": "x"}, "`textDocument`"),
        ("lsp-aid.generateDiff", {"prompt": "x", "textDocument": "file:///x.ml"}, "`textDocument`"),
        ("lsp-aid.fixBuildError", {"textDocument": {"uri": "file:///x.ml"}, "range": {"start": 1}}, "`range`"),
        ("lsp-aid.fixBuildError", {"textDocument": {"uri": "file:///x.ml"}, "range": at(-1)}, "`range`"),
        ("lsp-aid.fixBuildError", {"textDocument": {"uri": "file:///x.ml"}, "model": 1}, "`model`"),
        ("lsp-aid.fixBuildError", {"textDocument": {"uri": "untitled:x"}}, "names no file"),
        ("lsp-aid.proposal", {"job": "job-99"}, "no job job-99"),
        ("lsp-aid.cancel", {}, "`job`"),
        ("lsp-aid.apply", {"proposal": "nothing"}, "no proposal nothing"),
        ("lsp-aid.status", 7, "one object"),
        ("lsp-aid.unknown", {}, "no command"),
    ],
)
async def test_bad_arguments_are_answered_with_what_is_wrong(
    toy: Toy, command: str, arguments: object, message: str
) -> None:
    async with served(toy) as client:
        await client.initialize()
        with pytest.raises(RpcError) as raised:
            await client.command(command, arguments)
        assert raised.value.error["code"] == -32602
        assert message in raised.value.error["message"]


async def test_a_command_on_a_file_without_a_project_fails_at_once(toy: Toy, tmp_path: Path) -> None:
    async with served(toy) as client:
        await client.initialize()
        with pytest.raises(RpcError, match="no dune project") as raised:
            await client.command("lsp-aid.fixBuildError", {"textDocument": {"uri": (tmp_path / "x.ml").as_uri()}})
        assert raised.value.error["code"] == -32803


async def test_a_command_in_a_folder_that_is_not_trusted_asks_and_fails(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        client.answers["window/showMessageRequest"] = lambda _: None
        await client.initialize(root)
        await client.status("untrusted")
        arguments = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
        started = await client.command("lsp-aid.fixBuildError", arguments)
        ended = await client.job(started["job"])
        assert ended["state"] == "failed"
        assert "not trusted" in ended["error"]
        assert toy.opened == []
