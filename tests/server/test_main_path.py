"""The main path with the program itself, the real dune, and a client library that checks what it is sent."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

pytestmark = [pytest.mark.dune]

FILES = {
    "dune-project": "(lang dune 3.17)\n",
    "lib/dune": "(library\n (name shop))\n",
    "lib/cart.ml": 'let label = "€ 😀"\nlet count items = List.lenght items\n',
    "lib/cart.mli": "val label : string\nval count : 'a list -> int\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "shop"


def make_client() -> LanguageClient:
    """A client that tells an action which has a command from a command: the library takes the one for the other."""
    client = make_test_lsp_client()
    converter = client.protocol._converter

    def structure(value: dict, _: object) -> types.Command | types.CodeAction:
        return converter.structure(value, types.Command if isinstance(value.get("command"), str) else types.CodeAction)

    converter.register_structure_hook(types.Command | types.CodeAction, structure)

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def _(_params: types.RegistrationParams) -> None:
        """Nothing is registered."""

    for method in ("lsp-aid/status", "lsp-aid/job"):
        client.feature(method)(lambda params: None)
    return client


@pytest_asyncio.fixture
async def client(root: Path) -> AsyncIterator[LanguageClient]:
    environment = {**os.environ, "LSP_AID_TRUST": "always"}
    command = [sys.executable, "-m", "lsp_aid", "serve", "--stdio"]
    config = ClientServerConfig(server_command=command, server_env=environment, client_factory=make_client)
    client = await config.start()
    assert isinstance(client, LanguageClient)

    folder = types.WorkspaceFolder(uri=root.as_uri(), name=root.name)
    await client.initialize_session(
        types.InitializeParams(capabilities=client_capabilities("visual-studio-code"), workspace_folders=[folder])
    )
    yield client
    await client.shutdown_session()


async def diagnostics(client: LanguageClient, uri: str) -> list[types.Diagnostic]:
    """What is shown of a file next."""
    async with asyncio.timeout(60):
        while True:
            await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            if uri in client.diagnostics:
                return list(client.diagnostics[uri])


async def test_an_open_red_file_is_one_action_and_one_save_away_from_green(client: LanguageClient, root: Path) -> None:
    path, text = root / "lib/cart.ml", FILES["lib/cart.ml"]
    document = types.TextDocumentItem(uri=path.as_uri(), language_id="ocaml", version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
    (error,) = await diagnostics(client, path.as_uri())
    assert error.severity is types.DiagnosticSeverity.Error
    assert error.message.startswith("Unbound value")

    asked = types.CodeActionParams(
        text_document=types.TextDocumentIdentifier(path.as_uri()),
        range=error.range,
        context=types.CodeActionContext(
            diagnostics=[error], only=["quickfix"], trigger_kind=types.CodeActionTriggerKind.Invoked
        ),
    )
    found = await client.text_document_code_action_async(asked)
    assert found
    action = found[0]
    assert isinstance(action, types.CodeAction)
    assert action.is_preferred
    assert action.edit
    (change,) = action.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version == 1
    (edit,) = change.edits
    assert isinstance(edit, types.TextEdit)

    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version=2, uri=path.as_uri()),
            [types.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)],
        )
    )
    path.write_text(text.replace("lenght", "length"))
    client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(path.as_uri())))
    while await diagnostics(client, path.as_uri()):
        pass
    assert not (root / "_build").exists()
