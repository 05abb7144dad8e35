"""Real editors explain an error, take "Fix build error" in a red project of several files, save, and it is green; then
the daemon is replaced under them, and they go on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.requires import require

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
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
    """The action at one error repairs all three files; once they are saved the editor shows no diagnostic. Emacs is
    set up as the README says. What all of them start is the relay, as users do."""
    require(EDITORS[editor][0])
    project = tmp_path / "inventory"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("_build"))
    home.mkdir(exist_ok=True)
    (tmp_path / "config.el").write_text(readme_config(editor), encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "AID_ROOT": str(project),
        "AID_FILE": "lib/item.ml",
        "AID_CONFIG": str(tmp_path / "config.el"),
        "LSP_AID_TRUST": "always",
    }
    done = subprocess.run(
        EDITORS[editor], cwd=project, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "EXPLAINED" in said
    assert "RESTARTED" in said
    assert "Unknown notification" not in said
    built = subprocess.run(["dune", "build", "--root", "."], cwd=project, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr + said


def readme_config(editor: str) -> str:
    """The Emacs Lisp that the README gives for an editor; nothing for others."""
    blocks = re.findall(r"\*\*Emacs, (\S+)\*\*.*?```elisp\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return dict(blocks).get(editor, "")
