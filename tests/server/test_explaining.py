"""Explanations in the editor: as a hover and as a code action, beside other servers and without a model."""

from pathlib import Path

import pytest

from tests.support import bare_client
from tests.support.bare_client import RpcError, at
from tests.support.served import Toy, project, served

TEXT = "let n = List.lenght []\n"
MODERN = {**bare_client.MODERN, "workspace": {**bare_client.MODERN["workspace"], "configuration": False}}
DOCUMENTS = {**MODERN, "window": {"workDoneProgress": True, "showDocument": {"support": True}}}
MARKDOWN = {**MODERN, "textDocument": {**MODERN["textDocument"], "hover": {"contentFormat": ["markdown", "plaintext"]}}}
TRUSTED = {"trust": "always"}
WORDS = "There is no value `List.lenght` that is visible here."


def file_in(folder: Path) -> Path:
    return project(folder / "shop", a=TEXT) / "a.ml"


async def explain_action(client, file: Path, **context) -> dict:
    found = await client.actions(file, at(0, 12), **context)
    (action,) = [action for action in found if action["title"].startswith("Explain")]
    return action["command"]


def hover(client, file: Path, character: int):
    place = {"line": 0, "character": character}
    return client.request("textDocument/hover", {"textDocument": {"uri": file.as_uri()}, "position": place})


async def test_a_hover_explains_where_a_message_stands_and_is_silent_elsewhere(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    async with served(Toy(tmp_path / "home")) as client:
        answer = await client.initialize(file.parent, options=TRUSTED, **MARKDOWN)
        assert "hoverProvider" in answer["capabilities"]
        client.open(file)
        await client.diagnostics(file)
        shown = await hover(client, file, 10)
        assert shown["contents"]["kind"] == "markdown"
        assert WORDS in shown["contents"]["value"]
        assert shown["range"] == at(0, 8, 19)
        assert await hover(client, file, 4) is None
        client.change(file, "let n = 1\n", 2)
        assert await hover(client, file, 8) is None


@pytest.mark.parametrize(
    ("version", "options", "offered"),
    [("0.10.4", {}, False), ("0.7.2", {}, False), ("0.11.0", {}, True), ("0.10.4", {"ocamllsp": False}, True)],
)
async def test_a_client_that_shows_one_hover_alone_keeps_the_other_servers(
    version: str, options: dict, offered: bool, tmp_path: Path
) -> None:
    file = file_in(tmp_path)
    async with served(Toy(tmp_path / "home")) as client:
        answer = await client.request(
            "initialize",
            {
                "processId": None,
                "clientInfo": {"name": "Neovim", "version": version},
                "rootUri": file.parent.as_uri(),
                "capabilities": MODERN,
                "initializationOptions": {**TRUSTED, **options},
            },
        )
        assert ("hoverProvider" in answer["capabilities"]) is offered


async def test_the_action_opens_a_document(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    async with served(Toy(tmp_path / "home")) as client:
        client.answers["window/showDocument"] = lambda _: {"success": True}
        await client.initialize(file.parent, options=TRUSTED, **DOCUMENTS)
        client.open(file)
        await client.diagnostics(file)
        command = await explain_action(client, file)
        answer = await client.command(command["command"], *command["arguments"])
        opened = await client.asked("window/showDocument")
        text = client.text(opened["uri"])
        assert answer["text"] == text
        assert WORDS in text
        assert "Error in `a.ml`, line 1" in text
        assert 'Unbound value "List.lenght"' in text
        assert client.shown() == []


async def test_a_client_that_opens_no_document_is_shown_a_message(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    async with served(Toy(tmp_path / "home")) as client:
        client.answers["window/showDocument"] = lambda _: {"success": False}
        await client.initialize(file.parent, options=TRUSTED, **DOCUMENTS)
        client.open(file)
        await client.diagnostics(file)
        command = await explain_action(client, file)
        await client.command(command["command"], *command["arguments"])
        params = await client.notification("window/showMessage")
        assert params["message"].startswith(WORDS)
        assert params["type"] == 3


async def test_a_message_of_another_server_is_explained(tmp_path: Path) -> None:
    file = project(tmp_path / "shop", a="let f x = 1\n") / "a.ml"
    foreign = {"range": at(0, 6, 7), "severity": 2, "source": "ocamllsp", "message": "Warning 27 [unused-var-strict]: "}
    foreign["message"] += "unused variable x."
    async with served(Toy(tmp_path / "home")) as client:
        await client.initialize(file.parent, options=TRUSTED, **MODERN)
        client.open(file)
        await client.status("green")
        found = await client.actions(file, at(0, 6), [foreign, {**foreign, "source": "spell"}])
        (action,) = [action for action in found if action["title"] == "Explain this warning"]
        answer = await client.command(action["command"]["command"], *action["command"]["arguments"])
        assert "`x`" in answer["text"]
        assert "unused" in answer["text"]


async def test_fixes_alone_are_offered_where_fixes_are_asked_for(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    async with served(Toy(tmp_path / "home")) as client:
        await client.initialize(file.parent, options=TRUSTED, **MODERN)
        client.open(file)
        await client.diagnostics(file)
        kinds = {action["kind"] for action in await client.actions(file, at(0, 12), only=["quickfix"])}
        assert kinds == {"quickfix"}
        (action,) = await client.actions(file, at(0, 12), only=["lsp-aid.explain"])
        assert action["title"] == "Explain this error"


async def test_what_a_client_sends_is_bounded(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    async with served(Toy(tmp_path / "home")) as client:
        await client.initialize(file.parent, options=TRUSTED, **MODERN)
        client.open(file)
        given = {"textDocument": {"uri": file.as_uri()}, "message": "x" * 100_001}
        with pytest.raises(RpcError, match="longer than"):
            await client.command("lsp-aid.explain", given)
        answer = await client.command("lsp-aid.explain", {**given, "message": "What is `this`?", "show": False})
        assert "What is `this`?" in answer["text"]
