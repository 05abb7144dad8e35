"""dune locks its build folder. With a watch of the user's running all through, no command of ours makes it fail, nor
does it make ours fail; and while ours build, the user builds as if we were not there."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.bare_client import at
from tests.support.program import program
from tests.support.recorder import Recorder

pytestmark = pytest.mark.dune

RED, GREEN = "let n = List.lenght []\n", "let n = List.length []\n"


@pytest.fixture
async def root(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", f"{short}/run")
        monkeypatch.setenv("LSP_AID_TRUST", "always")
        root = Path(short).resolve() / "p"  # noqa: ASYNC240
        root.mkdir()
        (root / "dune-project").write_text("(lang dune 3.0)\n")
        (root / "dune").write_text("(library (name p))\n")
        (root / "a.ml").write_text(RED)
        yield root


async def run(*words: object) -> tuple[int, str]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*map(str, words), stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def aid(*words: object) -> tuple[int, dict]:
    code, output = await run(sys.executable, "-m", "lsp_aid", *words, "--json")
    return code, json.loads(output.splitlines()[-1])


async def until(file: Path, count: int) -> str:
    """What the watch has said, once it has ended so many builds."""
    async with asyncio.timeout(120):
        while (text := file.read_text()).count("waiting for filesystem changes") < count:  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.05)
    return text


async def test_no_command_of_ours_takes_the_lock_of_a_watch(root: Path) -> None:
    said = root.parent / "watch.log"
    with said.open("wb") as output:
        watch = await asyncio.create_subprocess_exec(
            "dune", "build", "--root", str(root), "--watch", stdout=output, stderr=output
        )
    try:
        await until(said, 1)
        fixing, standing = await asyncio.gather(aid("fix", root), aid("status", root))
        assert (fixing[0], fixing[1]["status"]) == (1, "proposed")
        assert (standing[0], standing[1]["workspaces"][0]["build"]) == (1, "red")
        code, found = await aid("diff", "count one", "--root", root)
        assert (code, "No model is configured" in found["message"]) == (2, True)
        async with program(root.parent / "home", Recorder) as editor:
            await editor.begin(root)
            editor.read("a.ml")
            await editor.notification("lsp-aid/status", lambda p: p.get("source") == "user watch")
            titles = [action["title"] for action in await editor.actions(root / "a.ml", at(0, 12))]
            assert "Fix build error: Replace `List.lenght` by `List.length`" in titles
            code, found = await aid("fix", root, "--apply")
            assert (code, found["status"], (root / "a.ml").read_text()) == (0, "fixed", GREEN)
            await editor.notification("lsp-aid/status", lambda p: p["state"] == "green")
        text = await until(said, 2)
        assert watch.returncode is None
        assert not [word for word in ("locked", "running dune", "Internal error") if word in text]
    finally:
        if watch.returncode is None:
            watch.kill()
        await watch.wait()


async def test_the_user_builds_as_if_we_were_not_there(root: Path) -> None:
    async with program(root.parent / "home", Recorder) as editor:
        await editor.begin(root)
        await editor.notification("lsp-aid/status", lambda p: p["state"] == "red")
        for text in (GREEN, RED, GREEN):
            (root / "a.ml").write_text(text)
            (code, output), _ = await asyncio.gather(run("dune", "build", "--root", root), aid("fix", root))
            assert code == (text == RED), output
            assert "locked" not in output
        await editor.notification("lsp-aid/status", lambda p: p["state"] == "green")
        assert os.listdir(root / "_build")  # noqa: PTH208
