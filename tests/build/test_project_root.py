from pathlib import Path

import pytest

from lsp_aid.build.project_root import find_root


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def test_the_outermost_project_is_the_root(tmp_path: Path) -> None:
    make(tmp_path / "p", "dune-project", "vendor/v/dune-project", "vendor/v/a.ml")
    assert find_root(tmp_path / "p/vendor/v/a.ml") == tmp_path / "p"
    assert find_root(tmp_path / "p/vendor/v") == tmp_path / "p"
    assert find_root(tmp_path / "p/vendor/v/gone/b.ml") == tmp_path / "p"


def test_a_workspace_goes_before_a_project(tmp_path: Path) -> None:
    make(tmp_path / "p", "dune-project", "w/dune-workspace", "w/x/dune-project")
    assert find_root(tmp_path / "p/w/x") == tmp_path / "p/w"


def test_no_project(tmp_path: Path) -> None:
    assert find_root(tmp_path) is None
    assert find_root(Path("/")) is None


def test_home_is_no_project_of_what_lies_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    make(tmp_path, "dune-project", "p/dune-project", "q/a.ml")
    assert find_root(tmp_path / "p") == tmp_path / "p"
    assert find_root(tmp_path / "q" / "a.ml") is None
    assert find_root(tmp_path) == tmp_path
