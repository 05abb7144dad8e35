"""The wheel, as a user installs it: whole, and at work without this checkout."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def no_other_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own PYTHONPATH would come before the wheel."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the built wheel; its dependencies are lent by this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=CHECKOUT)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    _run(str(folder / "venv/bin/pip"), "install", "--quiet", "--no-index", "--no-deps", str(wheel), cwd=folder)
    # No .pth file of that folder is read this way, so that this checkout stays out.
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "venv/bin"


def _run(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_is_whole(programs: Path, tmp_path: Path) -> None:
    """Queries and the mark that it is typed are in it; tests are not."""
    code = "import lsp_aid, pathlib; print(*pathlib.Path(lsp_aid.__file__).parent.rglob('*'), sep='\\n')"
    files = _run(str(programs / "python"), "-c", code, cwd=tmp_path).splitlines()
    assert all(str(programs.parent) in file for file in files)
    inside = {file.partition("/lsp_aid/")[2] for file in files}
    queries = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "grammars").rglob("*.scm")}
    sources = {path.relative_to(CHECKOUT / "lsp_aid").as_posix() for path in (CHECKOUT / "lsp_aid").rglob("*.py")}
    assert inside >= {"py.typed"} | queries | sources
    assert not any(file.startswith("tests") for file in inside)


@pytest.mark.dune
def test_it_repairs_the_example(programs: Path, tmp_path: Path) -> None:
    """Red before; the diff is shown, then applied; green after."""
    project = tmp_path / "inventory"
    shutil.copytree(CHECKOUT / "examples/inventory", project, ignore=shutil.ignore_patterns("_build"))
    command = str(programs / "lsp-aid")
    shown = subprocess.run([command, "fix"], cwd=project, capture_output=True, text=True, timeout=300, check=False)
    assert shown.returncode == 1, shown.stderr
    assert "+++ b/lib/item.ml" in shown.stdout
    _run(command, "fix", "--apply", cwd=project)
    _run("dune", "build", "@default", "@runtest", "--root", ".", cwd=project)
