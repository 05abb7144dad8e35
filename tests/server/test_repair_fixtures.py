"""Repair fixtures through the Language Server: red, a code action, and the wanted texts; saved, and green.

One of each family, and whatever is no plain fix: tests/e2e has them all, by the command."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import txtar
from tests.support.bare_client import LITERALS, BareClient, apply_edit, path_of

FIXTURES = Path(__file__).parents[1] / "fixtures" / "repair"
ALL = sorted(FIXTURES.glob("*/*.txtar"))
FIRST = {path.parent: path for path in reversed(ALL)}.values()
CASES = [path for path in ALL if path in FIRST or txtar.read(path).options.get("kind", "fix") != "fix"]
PATIENCE = 15  # requests, each of which waits some seconds by itself

pytestmark = [pytest.mark.dune, pytest.mark.asyncio(loop_scope="module")]

CAPABILITIES = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "delete"]},
    },
    "textDocument": {"codeAction": LITERALS},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BareClient]:
    """A client of one process that serves all cases."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lsp_aid",
        "serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")), "LSP_AID_TRUST": "always"},
    )
    assert process.stdout
    assert process.stdin
    client = BareClient(process.stdout, process.stdin, seconds=120)
    await client.initialize(**CAPABILITIES)
    yield client
    await client.leave()
    assert await asyncio.wait_for(process.wait(), 20) == 0


def folders(added: list[Path], removed: list[Path]) -> dict:
    def of(paths: list[Path]) -> list[dict]:
        return [{"uri": path.as_uri(), "name": path.name} for path in paths]

    return {"event": {"added": of(added), "removed": of(removed)}}


def shown(client: BareClient, root: Path) -> dict[str, list[dict]]:
    """What is shown at the moment of the files of a project, by URI, errors alone."""
    published = [n["params"] for n in client.notifications if n["method"] == "textDocument/publishDiagnostics"]
    last = {p["uri"]: p["diagnostics"] for p in published if p["uri"].startswith(root.as_uri())}
    errors = {uri: [d for d in found if d["severity"] == 1] for uri, found in last.items()}
    return {uri: found for uri, found in errors.items() if found}


async def best_action(client: BareClient, path: Path, error: dict) -> dict:
    """The first action on an error, as soon as it is known."""
    for _ in range(PATIENCE):
        first, *_ = await client.actions(path, error["range"], [error])
        if "edit" in first:
            return first
    raise AssertionError("no repair was found in time")


@pytest.mark.parametrize("path", CASES, ids=[f"{p.parent.name}-{p.stem}" for p in CASES])
async def test_an_action_on_the_error_leaves_what_a_developer_wants(
    client: BareClient, path: Path, tmp_path: Path
) -> None:
    case = txtar.read(path)
    root = case.write(tmp_path / "project")
    client.notify("workspace/didChangeWorkspaceFolders", folders([root], []))
    await client.notification("lsp-aid/status", lambda p: p["root"] == root.as_uri() and p["state"] == "red")
    uri, (error, *_) = next(iter(shown(client, root).items()))
    client.open(path_of(uri))

    action = await best_action(client, path_of(uri), error)
    is_fix = case.options.get("kind", "fix") == "fix"
    assert action.get("isPreferred", False) is is_fix
    assert action["title"].endswith((" (guess)", " (skeleton)")) is not is_fix
    left = {path_of(u).relative_to(root).as_posix(): t for u, t in apply_edit(action["edit"], client.text).items()}
    assert {**case.before, **left} == case.after

    for name, text in left.items():
        (root / name).write_text(text or "", newline="")
        if (root / name).as_uri() == uri:
            client.change(root / name, text or "", 2)
        client.save(root / name)
    await client.notification("lsp-aid/status", lambda p: p["root"] == root.as_uri() and p["state"] == "green")
    assert shown(client, root) == {}
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    client.notify("workspace/didChangeWorkspaceFolders", folders([], [root]))
