"""Real editors take "Fix build error" in a red project of several files, save, and it is green."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.requires import require

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples/inventory"

EDITORS = {
    "neovim": ["nvim", "--headless", "-u", "NONE", "-n", "-i", "NONE", "-c", f"luafile {HERE}/neovim.lua"],
    "eglot": ["emacs", "--batch", "-Q", "-l", f"{HERE}/eglot.el"],
    "lsp-mode": ["emacs", "--batch", "-Q", "-l", f"{HERE}/lsp-mode.el"],
}


@pytest.mark.editor
@pytest.mark.dune
@pytest.mark.parametrize("editor", EDITORS)
def test_fix_build_error(editor: str, tmp_path: Path, home: Path) -> None:
    """The action at one error repairs all three files; once they are saved the editor shows no diagnostic."""
    require(EDITORS[editor][0])
    project = tmp_path / "inventory"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("_build"))
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "AID_ROOT": str(project),
        "AID_FILE": "lib/item.ml",
        "AID_SERVER": str(Path(sys.executable).with_name("lsp-aid")),
        "LSP_AID_TRUST": "always",
    }
    done = subprocess.run(
        EDITORS[editor], cwd=project, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    built = subprocess.run(["dune", "build", "--root", "."], cwd=project, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr + done.stdout + done.stderr
