"""No path leaves the project."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.edits.containment import check_path, runs_programs
from lsp_aid.errors import OutsideError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "lib").mkdir(parents=True)
    (root / "_build").mkdir()
    (root / ".git").mkdir()
    (tmp_path / "outside").mkdir()
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "lib" / "deep").symlink_to("../../outside")
    (root / "hooks").symlink_to(".git")
    (root / "alias").symlink_to("lib")
    (root / "loop").symlink_to("loop")
    (root / "lib" / "gone.ml").symlink_to(tmp_path / "outside" / "not_there.ml")
    return root


@pytest.mark.parametrize(
    ("given_path", "meant"),
    [
        ("lib/a.ml", "lib/a.ml"),
        ("./lib//a.ml", "lib/a.ml"),
        ("dune", "dune"),
        (".ocamlformat", ".ocamlformat"),
        ("alias/a.ml", "alias/a.ml"),
        ("lib/with space.ml", "lib/with space.ml"),
        ("lib/été.ml", "lib/été.ml"),
        ("lib/a..b.ml", "lib/a..b.ml"),
    ],
)
def test_a_path_inside_is_made_plain(root: Path, given_path: str, meant: str) -> None:
    assert check_path(root, given_path) == meant


def test_an_absolute_path_inside_becomes_relative(root: Path) -> None:
    assert check_path(root, str(root / "lib" / "a.ml")) == "lib/a.ml"


@pytest.mark.parametrize(
    "path",
    [
        "",
        " ",
        ".",
        "lib/",
        "/etc/passwd",
        "../x.ml",
        "lib/../../x.ml",
        "lib/../lib/a.ml",
        ".git/hooks/pre-commit",
        ".GIT/config",
        "lib/.hg/hgrc",
        "_build/default/a.ml",
        "_Build/a.ml",
        "_opam/bin/dune",
        "git~1/config",
        ".vscode/tasks.json",
        ".envrc",
        "lib/.ocamlformat/x",
        "away/x.ml",
        "lib/deep/x.ml",
        "hooks/pre-commit",
        "lib/gone.ml",
        "a\0b.ml",
        "a\nb.ml",
        "a\u202eb.ml",
        "a\x1b[2Jb.ml",
        "C:\\x.ml",
        "C:x.ml",
        "lib\\a.ml",
        "lib/a.ml ",
        "lib./a.ml",
        "~root/x.ml",
        "\uff0egit/config",
        "x" * 2000,
    ],
)
def test_a_path_that_leaves_or_deceives_is_refused(root: Path, path: str) -> None:
    with pytest.raises(OutsideError):
        check_path(root, path)


def test_a_link_to_itself_is_refused_or_stays_inside(root: Path) -> None:
    with contextlib.suppress(OutsideError):
        assert check_path(root, "loop/x.ml") == "loop/x.ml"


def test_a_root_that_is_a_link_is_the_folder_it_leads_to(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert check_path(tmp_path / "link", "lib/a.ml") == "lib/a.ml"


@given(st.text(max_size=30))
def test_what_is_let_through_stays_inside(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    root = tmp_path_factory.getbasetemp() / "containment"
    root.mkdir(exist_ok=True)
    try:
        plain = check_path(root, path)
    except OutsideError:
        return
    assert (root / plain).resolve().is_relative_to(root.resolve())
    assert ".." not in plain.split("/")
    assert check_path(root, plain) == plain


@pytest.mark.parametrize(
    "path",
    [
        "dune",
        "lib/dune",
        "lib/Dune",
        "dune.inc",
        "GNUmakefile",
        "dune-project",
        "dune-workspace",
        "x.opam",
        ".ocamlformat",
        "t/a.t",
    ],
)
def test_files_that_say_what_is_run_are_known(path: str) -> None:
    assert runs_programs(path)


@pytest.mark.parametrize("path", ["lib/a.ml", "dune.ml", "lib/dune_file.mli", "README.md"])
def test_plain_sources_are_no_such_files(path: str) -> None:
    assert not runs_programs(path)
