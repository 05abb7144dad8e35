"""The project's own ocamlformat, where it has one."""

import os
from pathlib import Path

import pytest

from lsp_aid.build.ocamlformat import Ocamlformat
from tests.support.requires import require

UGLY = "let f x=\n  match x with Some y->y|None->0\n"


def project(root: Path, settings: str | None = "profile = default\n") -> Ocamlformat:
    root.mkdir(exist_ok=True)
    if settings is not None:
        (root / ".ocamlformat").write_text(settings)
    return Ocamlformat(root, {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]})


async def test_a_text_is_formatted_as_the_project_says(tmp_path: Path) -> None:
    require("ocamlformat")
    formatter = project(tmp_path / "p", "margin = 40\n")
    assert await formatter.format("lib/a.ml", UGLY) == "let f x =\n  match x with Some y -> y | None -> 0\n"
    assert await formatter.format("lib/a.mli", "val  x:int\n") == "val x : int\n"
    assert [path.name for path in (tmp_path / "p").iterdir()] == [".ocamlformat"]


@pytest.mark.parametrize("settings", [None, "version = 0.1.0\n", "no such thing\n"])
async def test_a_project_without_one_or_with_another_version_has_none(tmp_path: Path, settings: str | None) -> None:
    assert await project(tmp_path / "p", settings).format("a.ml", UGLY) is None


async def test_what_does_not_parse_has_no_form(tmp_path: Path) -> None:
    assert await project(tmp_path / "p").format("a.ml", "let let\n") is None


async def test_a_formatter_that_hangs_or_is_missing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, bin_ = tmp_path / "p", tmp_path / "bin"
    bin_.mkdir()
    monkeypatch.setattr("lsp_aid.build.ocamlformat._SECONDS", 0.3)
    project(root)
    assert await Ocamlformat(root, {"PATH": str(bin_)}).format("a.ml", UGLY) is None
    (bin_ / "ocamlformat").write_text("#!/bin/sh\nwhile :; do :; done\n")
    (bin_ / "ocamlformat").chmod(0o755)
    assert await Ocamlformat(root, {"PATH": str(bin_)}).format("a.ml", UGLY) is None
