"""What `lsp-aid doctor` finds, and the cures that it names."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

pytestmark = pytest.mark.slow

LSP_AID = str(Path(sys.executable).with_name("lsp-aid"))


async def doctor(folder: Path, **variables: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status, and the checks by their names."""
    process = await asyncio.create_subprocess_exec(
        *(LSP_AID, "doctor", "--json", str(folder)), stdout=asyncio.subprocess.PIPE, env={**os.environ, **variables}
    )
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    checks = json.loads(output)["checks"]
    return process.returncode or 0, {check["name"]: check for check in checks}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "dune-project").write_text("(lang dune 3.17)\n", encoding="utf-8")
    return folder


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.mark.dune
async def test_all_is_well(project: Path) -> None:
    """A trusted folder and a working toolchain: no problem, each version and where it is from."""
    await asyncio.to_thread(subprocess.run, [LSP_AID, "trust", str(project)], check=True, capture_output=True)
    status, checks = await doctor(project)
    assert status == 0
    names = ("python", "trust", "ocaml", "dune", "typer", "cache")
    assert {name: checks[name]["status"] for name in names} == dict.fromkeys(names, "ok")
    assert checks["typer"]["found"].startswith("native")
    assert shutil.which("dune") in checks["dune"]["found"]


@pytest.mark.needs("unshare")
async def test_what_diffs_are_evaluated_in(project: Path) -> None:
    _, checks = await doctor(project)
    assert "namespaces" in checks["isolation"]["found"]
    assert "seccomp" in checks["isolation"]["found"]
    _, checks = await doctor(project, LSP_AID_SANDBOX="none")
    assert checks["isolation"]["status"] == "warning"
    assert "without a sandbox" in checks["isolation"]["found"]


@pytest.mark.dune
def test_for_people(project: Path) -> None:
    """A line for each check, its cure below it; no colours where it is no terminal."""
    done = subprocess.run([LSP_AID, "doctor"], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    trust = next(at for at, line in enumerate(lines) if line.startswith("! trust"))
    assert "→" in lines[trust + 1]
    assert "lsp-aid trust" in lines[trust + 1]
    assert "\x1b" not in done.stdout


async def test_no_ocaml(project: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, checks = await doctor(project, PATH=str(tmp_path / "empty"))
    assert (status, checks["ocaml"]["status"]) == (1, "problem")
    assert "opam" in checks["ocaml"]["cure"]


@pytest.mark.parametrize(
    ("version", "expected"), [("2.9.3", (1, "problem")), ("3.10.0", (0, "warning")), ("3.20.1", (0, "ok"))]
)
async def test_dune_of_another_age(project: Path, tmp_path: Path, version: str, expected: tuple[int, str]) -> None:
    program(tmp_path / "bin", "ocamlc", "echo 5.3.0")
    program(tmp_path / "bin", "dune", f"echo {version}")
    status, checks = await doctor(project, LSP_AID_TOOLCHAIN=str(tmp_path / "bin"), PATH="/usr/bin:/bin")
    assert (status, checks["dune"]["status"]) == expected
    assert version in checks["dune"]["found"]


@pytest.mark.dune
async def test_an_ocaml_that_cannot_compile_the_typer(project: Path, tmp_path: Path) -> None:
    """The level that is used, and what keeps it from a better one."""
    for name in ("ocamlc", "ocaml"):
        program(tmp_path / "bin", name, f'exec {shutil.which(name)} "$@"')
    status, checks = await doctor(project, LSP_AID_TOOLCHAIN=str(tmp_path / "bin"))
    assert (status, checks["typer"]["status"]) == (0, "warning")
    assert checks["typer"]["found"].startswith("toplevel")
    assert "ocamlopt" in checks["typer"]["found"]
    (tmp_path / "bin/ocaml").unlink()
    _, checks = await doctor(project, LSP_AID_TOOLCHAIN=str(tmp_path / "bin"))
    assert checks["typer"]["found"].startswith("compiler")
    assert checks["typer"]["cure"]


async def test_no_dune(project: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "ocamlc", "echo 5.3.0")
    (tmp_path / "tools").mkdir()
    status, checks = await doctor(project, PATH=str(tmp_path / "bin"))
    assert (status, checks["dune"]["status"], checks["ocaml"]["status"]) == (1, "problem", "ok")


async def test_a_switch_of_an_untrusted_folder_is_not_run(project: Path, tmp_path: Path) -> None:
    """Asking a local switch for its version runs a program of the repository."""
    ran = tmp_path / "ran"
    for name in ("_opam", "_opam/bin"):
        (project / name).mkdir()
    program(project / "_opam/bin", "ocamlc", f"touch {ran}; echo 5.3.0")
    _, checks = await doctor(project)
    assert checks["trust"]["status"] == "warning"
    assert not ran.exists()
    _, checks = await doctor(project, LSP_AID_TRUST="always")
    assert ran.exists()
    assert "_opam" in checks["ocaml"]["found"]


async def test_settings_that_cannot_be_used(project: Path, home: Path) -> None:
    (home / ".config/lsp-aid").mkdir(parents=True)
    (home / ".config/lsp-aid/config.json").write_text('{"modle": {}}', encoding="utf-8")
    status, checks = await doctor(project)
    assert (status, checks["settings"]["status"]) == (1, "problem")
    assert "modle" in checks["settings"]["found"]


async def test_a_folder_without_a_project(tmp_path: Path) -> None:
    _, checks = await doctor(tmp_path)
    assert checks["project"]["status"] == "warning"


@pytest.mark.parametrize("name", ["cache", "state"])
async def test_no_folder_of_our_own(project: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    variable = f"XDG_{name.upper()}_HOME"
    status, checks = await doctor(project, **{variable: str(tmp_path / "file")})
    assert (status, checks[name]["status"]) == (1, "problem")
    assert variable in checks[name]["cure"]


@pytest.mark.parametrize("setting", ["none", "bwrap"])
async def test_no_sandbox(project: Path, tmp_path: Path, setting: str) -> None:
    """Switched off it is a warning; the one that is asked for and missing is a problem."""
    _, checks = await doctor(project, LSP_AID_SANDBOX=setting, PATH=str(tmp_path))
    assert checks["sandbox"]["status"] == ("warning" if setting == "none" else "problem")
    assert checks["sandbox"]["cure"]


Answer = Callable[[web.Request], web.Response]


@pytest.fixture
async def serve() -> AsyncIterator[Any]:
    """Starts an endpoint on the loopback whose `/v1/models` answers as told; gives its base address."""
    runners = []

    async def start(answer: Answer) -> str:
        async def handle(request: web.Request) -> web.Response:
            return answer(request)

        app = web.Application()
        app.router.add_get("/v1/models", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    yield start
    for runner in runners:
        await runner.cleanup()


def listing(*names: str) -> Answer:
    return lambda _: web.json_response({"data": [{"id": name} for name in names]})


def guarded(request: web.Request) -> web.Response:
    if request.headers.get("Authorization") == "Bearer right":
        return listing("tiny")(request)
    return web.json_response({"error": {"message": f"wrong: {request.headers.get('Authorization')}"}}, status=401)


@pytest.mark.parametrize(
    ("answer", "key", "expected"),
    [
        (listing("tiny", "big"), "", "ok"),
        (listing("big"), "", "warning"),
        (lambda _: web.Response(text="<html>"), "", "warning"),
        (guarded, "right", "ok"),
        (guarded, "wr0ng", "problem"),
    ],
    ids=["listed", "another", "no list", "right key", "wrong key"],
)
async def test_the_model(project: Path, serve: Any, answer: Answer, key: str, expected: str) -> None:
    url = await serve(answer)
    settings = {"LSP_AID_MODEL_URL": url, "LSP_AID_MODEL": "tiny"}
    if key:
        settings |= {"LSP_AID_MODEL_KEY_ENV": "A_KEY", "A_KEY": key}
    _, checks = await doctor(project, **settings)
    assert checks["model"]["status"] == expected
    assert "wr0ng" not in str(checks)


@pytest.mark.parametrize(
    "settings",
    [
        {"LSP_AID_MODEL_URL": "http://127.0.0.1:9/v1"},
        {"LSP_AID_MODEL_URL": "http://127.0.0.1:9/v1", "LSP_AID_MODEL_KEY_ENV": "NOT_SET"},
        {"LSP_AID_MODEL_URL": "nowhere"},
    ],
    ids=["refused", "no key", "no address"],
)
async def test_a_model_that_cannot_be_asked(project: Path, settings: dict[str, str]) -> None:
    status, checks = await doctor(project, LSP_AID_MODEL="tiny", **settings)
    assert (status, checks["model"]["status"]) == (1, "problem")
    assert checks["model"]["cure"]
