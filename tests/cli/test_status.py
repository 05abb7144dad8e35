"""How the build stands, for people and for scripts."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.program import program
from tests.support.recorder import Recorder

pytestmark = pytest.mark.dune

GREEN = "let unused = 0\nlet one = 1\n"
RED = "let one = nope\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root = tmp_path / "p"
    root.mkdir()
    (root / "dune-project").write_text("(lang dune 3.0)\n")
    (root / "dune").write_text("(library (name p) (flags (:standard -w +32 -warn-error -32)))\n")
    (root / "a.mli").write_text("val one : int\n")
    (root / "a.ml").write_text(GREEN)
    monkeypatch.setenv("LSP_AID_TRUST", "always")
    return root


def status(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, "-m", "lsp_aid", "status", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def data(*arguments: object) -> tuple[int, dict]:
    code, text = status(*arguments, "--json")
    return code, json.loads(text)


def test_scripts_are_told_counts(root: Path) -> None:
    workspace = {"root": str(root), "build": "green", "errors": 0, "warnings": 1}
    assert data(root) == (0, {"daemon": None, "editors": [], "workspaces": [workspace]})
    (root / "a.ml").write_text(RED)
    assert data(root) == (
        1, {"daemon": None, "editors": [], "workspaces": [{**workspace, "build": "red", "errors": 1, "warnings": 0}]}
    )  # fmt: skip
    assert not (root / "_build").exists()


def test_people_are_told_what_is_wrong(root: Path) -> None:
    (root / "a.ml").write_text(RED)
    code, text = status(root)
    assert code == 1
    head, error = text.splitlines()
    assert head == f"{root}: red, 1 error"
    assert error.startswith("a.ml:1:11: error: Unbound value")


def test_an_untrusted_folder_runs_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSP_AID_TRUST")
    ran = root.parent / "ran"
    (root / "dune").write_text(f"(rule (alias default) (action (run touch {ran})))\n")
    code, found = data(root)
    assert (code, [w["build"] for w in found["workspaces"]]) == (2, ["untrusted"])
    assert not ran.exists()


def test_a_folder_without_a_project_is_no_workspace(tmp_path: Path) -> None:
    assert data(tmp_path) == (2, {"daemon": None, "editors": [], "workspaces": []})


def test_a_build_that_cannot_be_made_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "bin").mkdir()
    wrapper = root.parent / "bin" / "dune"
    wrapper.write_text('#!/bin/sh\ncase " $* " in *" --version "*) echo 3.17.0;; *) kill -9 $$;; esac\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    code, found = data(root)
    assert (code, [w["build"] for w in found["workspaces"]]) == (2, ["failed"])


async def test_it_goes_on_and_tells_what_changes(root: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    words = (sys.executable, "-m", "lsp_aid", "status", str(root), "--watch", "--json")
    process = await asyncio.create_subprocess_exec(*words, stdout=pipe)
    assert process.stdout

    async def until(build: str) -> dict:
        assert process.stdout
        async with asyncio.timeout(120):
            while True:
                (workspace,) = json.loads(await process.stdout.readline())["workspaces"]
                if workspace["build"] == build:
                    return workspace

    try:
        assert (await until("green"))["warnings"] == 1
        (root / "a.ml").write_text(RED)
        assert (await until("red"))["errors"] == 1
        (root / "a.ml").write_text(GREEN)
        await until("green")
    finally:
        process.terminate()
        await process.wait()


async def test_what_an_editor_has_built_is_not_built_again(root: Path, tmp_path: Path) -> None:
    async with program(tmp_path / "home", Recorder) as editor:
        await editor.begin(root)
        await editor.notification("lsp-aid/status", lambda p: p["state"] == "green")
        code, _ = await asyncio.to_thread(data, root)
        assert code == 0
        slots = Path(os.environ["XDG_CACHE_HOME"], "lsp-aid").glob("p-*/*/status/log")  # noqa: ASYNC240
        assert len(list(slots)) == 1
