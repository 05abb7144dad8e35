"""What the light bulb offers, and what becomes of it."""

import asyncio
from pathlib import Path

import pytest

from tests.support.bare_client import LITERALS, MODERN, BareClient, apply_edit, at
from tests.support.served import Toy, project, served

RED = "let a = 1\nlet n = List.lenght []\n"
GREEN = RED.replace("lenght", "length")
HERE = at(1, 15)
TYPO = at(1, 8, 19)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "p", a=RED)


async def opened(client: BareClient, root: Path, **capabilities: object) -> Path:
    """The project, red, with a.ml open."""
    client.answers["workspace/configuration"] = lambda _: [{"trust": "always"}]
    options = {"options": {"trust": "always"}}
    await client.initialize(root, **options, **(capabilities or MODERN))
    client.open(root / "a.ml")
    await client.status("red")
    return root / "a.ml"


def left(action: dict, path: Path) -> str | None:
    return apply_edit(action["edit"], lambda _: path.read_text())[path.as_uri()]


async def test_the_best_repair_is_preferred_and_carries_its_edit(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        (told,) = await client_diagnostics(client, path)
        first, *others = await client.actions(path, HERE, [told])
        assert first["title"].startswith("Fix build error: ")
        assert first["kind"] == "quickfix"
        assert first["isPreferred"] is True
        assert not any(other.get("isPreferred") for other in others)
        assert first["diagnostics"] == [told]
        assert left(first, path) == GREEN
        (change,) = first["edit"]["documentChanges"]
        assert change["textDocument"] == {"uri": path.as_uri(), "version": 1}
        (edit,) = change["edits"]
        assert edit["range"]["start"]["line"] == 1
        assert len(edit["newText"]) <= len("length")  # as small as it is
        assert first["data"] == {"proposal": first["command"]["arguments"][0]["proposal"]}
        assert first["command"]["command"] == "lsp-aid.applied"


async def client_diagnostics(client: BareClient, path: Path) -> list[dict]:
    """What the server last published of a file."""
    published = [n["params"] for n in client.notifications if n["method"] == "textDocument/publishDiagnostics"]
    return [p["diagnostics"] for p in published if p["uri"] == path.as_uri()][-1]


async def test_away_from_every_error_there_is_nothing(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        assert await client.actions(path, at(0, 2)) == []


async def test_an_error_that_only_another_server_knows_is_repaired_in_the_unsaved_text(toy: Toy, root: Path) -> None:
    (root / "a.ml").write_text("let a = 1\n")
    async with served(toy) as client:
        await client.initialize(root, options={"trust": "always"}, textDocument={"codeAction": LITERALS})
        await client.status("green")
        path = root / "a.ml"
        client.open(path)
        client.change(path, RED, 2)
        told = {"range": TYPO, "message": "Unbound value List.lenght", "severity": 1, "source": "ocamllsp"}
        action, *_ = await client.actions(path, HERE, [told])
        assert edited_text(action, RED, path) == GREEN
        assert action["diagnostics"] == [told]
        foreign = [{**told, "source": "spelling"}, {**told, "severity": 2}]
        assert await client.actions(path, HERE, foreign, only=["quickfix"]) == []


def edited_text(action: dict, text: str, path: Path) -> str | None:
    return apply_edit(action["edit"], lambda _: text)[path.as_uri()]


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], {"quickfix"}),
        ([""], {"quickfix", "source.fixAll.lsp-aid", "lsp-aid.explain"}),
        (["source"], {"source.fixAll.lsp-aid"}),
        (["source.fixAll"], {"source.fixAll.lsp-aid"}),
        (["source.fixAll.lsp-aid"], {"source.fixAll.lsp-aid"}),
        (["source.fixAll.other"], set()),
        (["source.organizeImports"], set()),
        (["refactor"], set()),
    ],
)
async def test_only_the_kinds_asked_for_are_offered(toy: Toy, root: Path, only: list, kinds: set) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        found = await client.actions(path, HERE, only=only)
        assert {action["kind"] for action in found} == kinds


async def test_fix_all_works_away_from_the_error_and_is_offered_only_where_asked_for(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        (action,) = await client.actions(path, at(0, 0), only=["source.fixAll"])
        assert left(action, path) == GREEN
        found = await client.actions(path, HERE)
        assert not any(action["kind"].startswith("source") for action in found)


async def test_what_nobody_has_seen_was_not_offered(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        await client.actions(path, at(0, 0))
        assert toy.events.happenings == []  # though repairs are computed ahead
        for _ in range(2):
            found = [a for a in await client.actions(path, HERE) if "proposal" in a["data"]]
        assert toy.events.happenings == ["offered"] * len(found)


async def test_a_client_without_literals_gets_commands(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root, workspace={"applyEdit": True})
        first, *_ = await client.actions(path, HERE)
        assert set(first) == {"title", "command", "arguments"}
        applied = asyncio.get_running_loop().create_future()

        def apply(params: dict) -> dict:
            client.change(path, GREEN, 2)
            applied.set_result(params["edit"])
            return {"applied": True}

        client.answers["workspace/applyEdit"] = apply
        started = await client.command(first["command"], first["arguments"][0])
        assert (await client.job(started["job"]))["state"] == "done"
        edit = await applied
        assert set(edit) == {"changes"}  # it said nothing of versions
        assert toy.events.happenings == ["offered"] * (len(toy.events.happenings) - 1) + ["applied"]


async def test_neovim_gets_versions_although_it_does_not_say_that_it_takes_them(toy: Toy, root: Path) -> None:
    edits = {"workspace": {"workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]}}}
    async with served(toy) as client:
        path = await opened(client, root, **edits, textDocument={"codeAction": LITERALS})
        first, *_ = await client.actions(path, HERE)
        assert first["edit"]["documentChanges"][0]["textDocument"]["version"] == 1


async def test_resolve_is_pure_and_takes_an_action_without_data(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        first, *_ = await client.actions(path, HERE)
        bare = {"title": "x", "data": None}
        assert (await client.request("codeAction/resolve", bare))["title"] == "x"
        resolved = await client.request("codeAction/resolve", {"title": "x", "data": first["data"]})
        assert left(resolved, path) == GREEN
        assert not client.requests or all(r["method"] != "workspace/applyEdit" for r in client.requests)


async def test_an_edit_makes_what_was_computed_before_it_void(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        await client.actions(path, HERE)
        client.change(path, "\n" + RED, 2)
        first, *_ = await client.actions(path, at(2, 15))
        (change,) = first["edit"]["documentChanges"]
        assert change["textDocument"]["version"] == 2
        assert edited_text(first, "\n" + RED, path) == "\n" + GREEN


async def test_a_file_that_changed_on_disk_is_not_overwritten_by_an_old_repair(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a="let a = 1\n", b=RED)
    async with served(toy) as client:
        path = await opened(client, root)
        client.open(root / "b.ml")
        await client.actions(root / "b.ml", HERE)
        client.notify("textDocument/didClose", {"textDocument": {"uri": (root / "b.ml").as_uri()}})
        (root / "b.ml").write_text("(* other *)\n" + RED)
        client.open(root / "b.ml")
        await client.command("lsp-aid.build", {"textDocument": {"uri": path.as_uri()}})
        await client.status("red")
        first, *_ = await client.actions(root / "b.ml", at(2, 15))
        assert edited_text(first, "(* other *)\n" + RED, root / "b.ml") == "(* other *)\n" + GREEN


async def test_what_takes_too_long_becomes_an_action_that_starts_a_job(
    toy: Toy, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_aid.server.code_actions.AUTOMATIC_SECONDS", 0.05)
    async with served(toy) as client:
        path = await opened(client, root)
        client.change(path, RED + "(* slow-build *)", 2)
        told = {"range": TYPO, "message": "Unbound value", "severity": 1, "source": "ocaml"}
        (action,) = await client.actions(path, HERE, [told], triggerKind=2, only=["quickfix"])
        assert action["title"] == "Fix build error"
        assert action["command"]["command"] == "lsp-aid.fixBuildError"
        assert "edit" not in action
        started = await client.command(action["command"]["command"], action["command"]["arguments"][0])
        await client.command("lsp-aid.cancel", started)
        assert (await client.job(started["job"]))["state"] == "cancelled"


async def test_a_configured_model_can_be_asked_by_name(toy: Toy, root: Path) -> None:
    settings = {"trust": "always", "model": {"url": "http://127.0.0.1:9/v1", "name": "qwen3"}}
    async with served(toy) as client:
        await client.initialize(root, options=settings, textDocument={"codeAction": LITERALS})
        client.open(root / "a.ml")
        await client.status("red")
        *_, last = await client.actions(root / "a.ml", HERE, only=["quickfix"])
        assert last["title"] == "Fix build error with qwen3"
        assert last["command"]["arguments"][0]["model"] is True


async def test_an_aid_comment_becomes_a_prompt(toy: Toy, tmp_path: Path) -> None:
    text = "(* AID: an average,\n   None if empty *)\nlet n = List.lenght []\n"
    root = project(tmp_path / "p", a=text)
    async with served(toy) as client:
        path = await opened(client, root)
        (action,) = await client.actions(path, at(0, 5))
        assert action["title"] == "AID: an average, None if empty"
        assert action["command"]["command"] == "lsp-aid.generateDiff"
        arguments = action["command"]["arguments"][0]
        assert arguments["prompt"] == "an average, None if empty"
        assert arguments["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 19}}
        started = await client.command(action["command"]["command"], arguments)
        ended = await client.job(started["job"])
        assert ended["state"] == "failed"
        assert "model" in ended["error"]  # none is configured: it says what to set


async def test_undoing_an_applied_repair_is_noted(toy: Toy, root: Path) -> None:
    async with served(toy) as client:
        path = await opened(client, root)
        first, *_ = await client.actions(path, HERE)
        client.change(path, GREEN, 2)
        await client.command("lsp-aid.applied", first["command"]["arguments"][0])
        client.change(path, RED, 3)
        await client.command("lsp-aid.status")
        assert toy.events.happenings[-2:] == ["applied", "undone"]
