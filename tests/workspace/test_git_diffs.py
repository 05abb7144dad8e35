import os
import subprocess
from pathlib import Path

import pytest

from lsp_aid import editformats
from lsp_aid.edits.placing import place
from lsp_aid.edits.unified_diff import render
from lsp_aid.workspace.disk import apply_changes
from lsp_aid.workspace.view import WorkspaceView
from tests.support.requires import require

BEFORE = {
    "lib/stock.ml": "".join(f"let item_{n} = {n}\n" for n in range(20)),
    "lib/price.ml": "".join(f"let price_{n} = {n}.\n" for n in range(20)),
    "gen.sh": "#!/bin/sh\necho made\n",
    "run.sh": "#!/bin/sh\necho run\n",
}
PROGRAMS = ("run.sh",)


def git(folder: Path, *words: str) -> bytes:
    options = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *options, *words], cwd=folder, check=True, capture_output=True, timeout=60).stdout


def laid_out(folder: Path) -> Path:
    for path, text in BEFORE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        (folder / path).chmod(0o755 if path in PROGRAMS else 0o644)
    return folder


def found(folder: Path) -> dict[str, tuple[str, bool]]:
    files = (file for file in folder.rglob("*") if file.is_file() and ".git" not in file.parts)
    return {str(file.relative_to(folder)): (file.read_text(), os.access(file, os.X_OK)) for file in files}


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A repository in which files were renamed, copied, and made programs or none."""
    require("git")
    folder = laid_out(tmp_path / "changed")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "before")
    (folder / "src").mkdir()
    (folder / "lib/stock.ml").rename(folder / "src/store house.ml")
    (folder / "src/copy.ml").write_text(BEFORE["lib/price.ml"].replace("price_7 = 7.", "price_7 = 70."))
    (folder / "lib/price.ml").write_text(BEFORE["lib/price.ml"].replace("price_3 = 3.", "price_3 = 30."))
    (folder / "gen.sh").chmod(0o755)
    (folder / "run.sh").rename(folder / "go.sh")
    git(folder, "add", ".")
    return folder


def test_what_git_tells_of_renames_copies_and_modes_is_done_and_undone(changed: Path, tmp_path: Path) -> None:
    diff = git(changed, "diff", "--cached", "-M", "-C", "--find-copies-harder").decode()
    assert all(word in diff for word in ("rename from", "copy from", "new mode 100755"))
    here = laid_out(tmp_path / "here")
    before = found(here)
    changes = place(WorkspaceView(here), editformats.read(diff))
    apply_changes(here, changes)
    assert found(here) == found(changed)
    apply_changes(here, changes.reversed)
    assert found(here) == before


def test_our_own_diff_of_them_is_read_by_git(changed: Path, tmp_path: Path) -> None:
    diff = git(changed, "diff", "--cached", "-M").decode()
    here = laid_out(tmp_path / "here")
    ours = render(place(WorkspaceView(here), editformats.read(diff)))
    (tmp_path / "ours.diff").write_text(ours)
    git(here, "init", "--quiet")
    git(here, "apply", str(tmp_path / "ours.diff"))
    assert found(here) == found(changed)
