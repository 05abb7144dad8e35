"""`lsp-aid fix` as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.requires import require

pytestmark = pytest.mark.dune

RED = {
    "dune-project": "(lang dune 3.0)\n",
    "lib/dune": "(library (name shop))\n",
    "lib/shop.ml": "let total prices = List.fold_lef ( + ) 0 prices\n",
}


def lay_out(folder: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def lsp_aid(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lsp_aid", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        env={**os.environ, **environment},
    )


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def texts(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_without_apply_a_diff_that_git_takes_and_nothing_else_happens(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", RED)
    before = texts(project)
    done = lsp_aid("fix", cwd=project)
    assert done.returncode == 1
    assert texts(project) == before
    subprocess.run(["git", "apply"], input=done.stdout, cwd=project, encoding="utf-8", check=True)
    assert lsp_aid("fix", project, cwd=tmp_path).returncode == 0


def test_errors_are_explained_where_that_is_asked_for(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", RED)
    words = "There is no value `List.fold_lef` that is visible here."
    assert words in lsp_aid("fix", "--explain", cwd=project).stderr
    (diagnostic,) = answer(lsp_aid("fix", "--explain", "--json", cwd=project))["diagnostics"]
    assert diagnostic["explanation"].startswith(words)


def test_apply_makes_it_green(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", RED)
    done = lsp_aid("fix", project / "lib", "--apply", "--json", cwd=tmp_path)
    assert (done.returncode, answer(done)["status"]) == (0, "fixed"), done.stderr
    assert "List.fold_left" in (project / "lib/shop.ml").read_text()
    assert answer(lsp_aid("fix", project, "--json", cwd=tmp_path))["status"] == "green"
    assert not (project / "_build").exists()


def test_the_json_has_its_documented_form(tmp_path: Path) -> None:
    data = answer(lsp_aid("fix", "--json", "--top", "2", cwd=lay_out(tmp_path, RED)))
    assert set(data) >= {"status", "proposals", "diagnostics", "seconds"}
    assert 1 <= len(data["proposals"]) <= 2
    assert set(data["proposals"][0]) >= {"verdict", "diff", "files", "source", "explanation"}
    assert data["proposals"][0]["files"] == ["lib/shop.ml"]
    (diagnostic,) = data["diagnostics"]
    assert set(diagnostic) == {"file", "range", "severity", "code", "message"}
    assert diagnostic["file"] == "lib/shop.ml"
    assert diagnostic["range"] == {"start": {"line": 0, "character": 19}, "end": {"line": 0, "character": 32}}


def test_crlf_stays(tmp_path: Path) -> None:
    crlf = b"let a = 1\r\nlet total prices = List.fold_lef ( + ) 0 prices\r\nlet b = 2"
    project = lay_out(tmp_path, {**RED, "lib/shop.ml": crlf})
    assert lsp_aid("fix", "--apply", cwd=project).returncode == 0
    assert (project / "lib/shop.ml").read_bytes() == crlf.replace(b"fold_lef ", b"fold_left ")


def test_a_lone_file(tmp_path: Path) -> None:
    file = tmp_path / "lone-file.ml"
    file.write_text("let rec length = function [] -> 0 | _ :: t -> 1 + lenght t\nlet () = print_int (length [1])\n")
    shown = lsp_aid("fix", file, cwd=tmp_path)
    assert (shown.returncode, "+let rec length" in shown.stdout) == (1, True), shown.stderr
    assert lsp_aid("fix", file, "--apply", cwd=tmp_path).returncode == 0
    assert "1 + length t" in file.read_text()
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["lone-file.ml"]


def test_an_error_that_nobody_can_repair_is_shown(tmp_path: Path) -> None:
    project = lay_out(tmp_path, {**RED, "lib/shop.ml": "let total = (object end)#price + qqqqqqqq\n"})
    done = lsp_aid("fix", "--json", cwd=project)
    data = answer(done)
    assert (done.returncode, data["proposals"]) == (1, [])
    assert data["status"] == "red"
    assert data["diagnostics"]


def test_an_error_that_a_repair_brings_to_light_was_there_before(tmp_path: Path) -> None:
    hidden = "let prices = [ List.lenght [] ]\nlet total = (object end)#price + qqqqqqqq\n"
    data = answer(lsp_aid("fix", "--json", cwd=lay_out(tmp_path, {**RED, "lib/shop.ml": hidden})))
    best = data["proposals"][0]
    assert (data["status"], best["verdict"]) == ("proposed", "parses")
    assert "come" in best["detail"]
    assert "+let prices = [ List.length [] ]" in best["diff"]


def test_what_can_be_repaired_is_though_the_first_error_cannot(tmp_path: Path) -> None:
    files = {**RED, "lib/a.ml": "let total = (object end)#price + qqqqqqqq\n"}
    data = answer(lsp_aid("fix", "--json", cwd=lay_out(tmp_path, files)))
    assert data["proposals"][0]["files"] == ["lib/shop.ml"]
    assert data["proposals"][0]["verdict"] == "parses"


def test_a_dune_file_that_does_not_parse_is_a_red_build(tmp_path: Path) -> None:
    project = lay_out(tmp_path, {**RED, "lib/dune": "(library (name shop)\n"})
    done = lsp_aid("fix", "--json", cwd=project)
    assert done.returncode == 1
    assert answer(done)["diagnostics"][0]["file"] == "lib/dune"


def test_a_file_that_is_not_utf8_is_left_alone_and_the_rest_repaired(tmp_path: Path) -> None:
    latin = b"(* caf\xe9 *)\nlet one = 1\n"
    project = lay_out(tmp_path, {**RED, "lib/latin.ml": latin})
    assert lsp_aid("fix", "--apply", cwd=project).returncode == 0
    assert (project / "lib/latin.ml").read_bytes() == latin


def test_an_error_in_a_file_that_is_not_utf8_changes_nothing(tmp_path: Path) -> None:
    project = lay_out(tmp_path, {**RED, "lib/shop.ml": b"(* caf\xe9 *)\nlet one = onne\n"})
    before = texts(project)
    done = lsp_aid("fix", "--apply", "--json", cwd=project)
    assert (done.returncode, answer(done)["status"]) == (1, "red")
    assert "lib/shop.ml is not UTF-8" in answer(done)["message"]
    assert texts(project) == before


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_no_project(tmp_path: Path, flags: tuple[str, ...]) -> None:
    done = lsp_aid("fix", *flags, cwd=tmp_path)
    assert done.returncode == 2
    assert "belongs to no dune project" in (answer(done)["message"] if flags else done.stderr)


def test_a_source_that_is_a_link_out_of_the_project_is_named(tmp_path: Path) -> None:
    lay_out(tmp_path / "other", {"a.ml": "let x = 1\n"})
    project = lay_out(tmp_path / "p", {**RED, "lib/b.ml": "let y = A.xx\n"})
    (project / "lib/a.ml").symlink_to("../../other/a.ml")
    done = lsp_aid("fix", "--explain", cwd=project)
    assert f"lib/a.ml leads outside of {project}" in done.stderr
    assert "a link out of the project leads nowhere" in " ".join(done.stderr.split())


def test_no_dune(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", RED)
    (tmp_path / "empty").mkdir()
    done = lsp_aid("fix", "--json", cwd=project, PATH=str(tmp_path / "empty"))
    data = answer(done)
    assert (done.returncode, data["status"]) == (2, "failed")
    assert "dune" in data["message"]


def test_an_old_dune(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", RED)
    fake = tmp_path / "bin" / "dune"
    lay_out(tmp_path, {"bin/dune": "#!/bin/sh\necho 2.0.1\n"})
    fake.chmod(0o755)
    done = lsp_aid("fix", cwd=project, PATH=f"{fake.parent}:{os.environ['PATH']}")
    assert done.returncode == 2
    assert "2.0.1" in done.stderr


def test_a_cache_folder_that_cannot_be_made(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "p", RED)
    (tmp_path / "plain").write_text("")
    done = lsp_aid("fix", cwd=project, XDG_CACHE_HOME=str(tmp_path / "plain"))
    assert done.returncode == 2
    assert "plain" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_read_only_project_stays_as_it_is(tmp_path: Path) -> None:
    require("unshare")
    project = lay_out(tmp_path / "p", RED)
    before = texts(project)
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && exec "$2" -m lsp_aid fix --apply'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", project, sys.executable],
        env={**os.environ, "LSP_AID_TRUST": "always"},  # not every machine has a sandbox within a sandbox
        capture_output=True,
        encoding="utf-8",
        timeout=180,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert texts(project) == before


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    done = lsp_aid("fix", cwd=lay_out(tmp_path, RED), LSP_AID_SANDBOX="docker")
    assert done.returncode == 2
    assert "sandbox" in done.stderr


def test_help_teaches(tmp_path: Path) -> None:
    done = lsp_aid("fix", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Exit status" in done.stdout
