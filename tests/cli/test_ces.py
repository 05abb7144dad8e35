"""`lsp-aid ces`: verdicts for people, for scripts and by exit status; bases that are kept; an audit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ces.conftest import PROJECT, write

pytestmark = [pytest.mark.dune, pytest.mark.slow, pytest.mark.needs("unshare")]

LSP_AID = str(Path(sys.executable).with_name("lsp-aid"))


def ces(*words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [LSP_AID, "ces", *words], input=given, capture_output=True, text=True, check=False, timeout=300
    )


def diff(old: str, new: str, path: str = "lib/stock.ml") -> str:
    """Of the second line of a file."""
    return f"--- a/{path}\n+++ b/{path}\n@@ -2 +2 @@\n-{old}\n+{new}\n"


EMPTY = "let empty = []"


def test_verdicts_of_a_revision(home: Path) -> None:
    root = write(home / "shop", PROJECT)
    git = ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    write(root, {"lib/stock.ml": "what is on disk does not count"})
    at = ("--repo", str(root), "--rev", "HEAD")
    red = ces("evaluate", *at, "--json", given=diff(EMPTY, "let empty = [] + 1"))
    assert red.returncode == 1, red.stderr
    verdict = json.loads(red.stdout)
    assert (verdict["verdict"], verdict["tier"], verdict["applied"]) == ("red", "types", True)
    assert [error["file"] for error in verdict["new"]] == ["lib/stock.ml"]
    green = ces("evaluate", *at, "--level", "test", given=diff(EMPTY, "let empty = [ Obj.magic 1 ]"))
    assert green.returncode == 0, green.stdout + green.stderr
    assert green.stdout.startswith("green, by test")
    assert "1 ran, 0 failed" in green.stdout
    assert "look at: lib/stock.ml:2: obj-magic" in green.stdout
    assert "\x1b" not in green.stdout
    forbidden = ces("evaluate", *at, "--allow", "bin/", "--json", given=diff(EMPTY, "let empty = [||]"))
    assert (forbidden.returncode, json.loads(forbidden.stdout)["policy"]["refused"]) == (1, ["lib/stock.ml"])
    assert ces("evaluate", *at, given="").returncode == 1
    assert ces("evaluate", *at, "--empty", given="").returncode == 0
    bases = json.loads(ces("bases", "--json").stdout)["bases"]
    assert [(base["base"], base["green"]) for base in bases] == [(verdict["base"], True)]
    assert verdict["base"] in ces("bases").stdout
    unknown = ces("evaluate", "--repo", str(root), "--rev", "nowhere", given=diff(EMPTY, "let empty = [||]"))
    assert unknown.returncode == 2
    assert "nowhere" in unknown.stderr


def test_a_fault_of_ours_is_not_red() -> None:
    done = ces("evaluate", "--repo", "a" * 5000)  # longer than a file's name may be
    assert done.returncode == 2
    assert "File name too long" in done.stderr


def test_an_audit_of_the_folder_as_it_lies_there(home: Path) -> None:
    root, results = write(home / "shop", PROJECT), home / "results.jsonl"
    done = ces("audit", "--repo", str(root), "--count", "1", "--no-test", "--repeat", "2", "--results", str(results))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 diffs" in done.stdout
    assert "0 disagreements" in done.stdout
    assert set(json.loads(results.read_text())["levels"]) == {"types", "build"}
