"""Every repair fixture through `lsp-aid fix`: red before, the wanted texts after; the diff applies with other tools."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import txtar
from tests.support.requires import require

FIXTURES = Path(__file__).parents[1] / "fixtures" / "repair"
CASES = sorted(FIXTURES.glob("*/*.txtar"))


def lsp_aid(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lsp_aid", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "XDG_CACHE_HOME": str(folder.parent / "cache")},
    )


@pytest.mark.dune
@pytest.mark.parametrize("path", CASES, ids=[f"{p.parent.name}-{p.stem}" for p in CASES])
def test_the_best_proposal_is_what_a_developer_wants(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    folder = case.write(tmp_path / "project")
    if case.options.get("vcs") == "hg":
        require("hg")
        subprocess.run(["hg", "init"], cwd=folder, check=True)
        subprocess.run(["hg", "add", "-q"], cwd=folder, check=True)
        subprocess.run(["hg", "commit", "-q", "-m", "before", "-u", "test"], cwd=folder, check=True)
    proposed = lsp_aid(folder, "fix", "--json")
    answer = json.loads(proposed.stdout)
    assert (answer["status"], proposed.returncode) == ("proposed", 1), proposed.stdout + proposed.stderr
    best = answer["proposals"][0]
    assert best["verdict"] == "verified", best
    assert best["kind"] == case.options.get("kind", "fix"), best
    assert {p: (folder / p).read_bytes().decode() for p in case.before} == case.before, "proposing changes nothing"
    subprocess.run(["patch", "-p1", "-s", "--binary"], input=best["diff"], cwd=folder, text=True, check=True)
    assert {p: (folder / p).read_bytes().decode() for p in case.after} == case.after
    again = lsp_aid(folder, "fix", "--json")
    assert (json.loads(again.stdout)["status"], again.returncode) == ("green", 0), again.stdout
    assert not (folder / "_build").exists()
