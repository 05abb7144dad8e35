"""What is not said of a text, since it may only come from what is not built as it is."""

import os
from pathlib import Path

import pytest

from lsp_aid.build.doubts import Doubts
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.domain.typed import Checked, CompilerFlags

HERE = Range(Position(0, 0), Position(0, 1))
CLASH = "This expression has type int but an expression was expected of type string"
LONG_AGO, LATELY = 1_000_000_000, 1_700_000_000


class Project:
    """Module A of a library with its interface built, and B, whose text is looked at."""

    def __init__(self, folder: Path) -> None:
        self.root, self.build_dir = folder / "p", folder / "b"
        self.objects = self.build_dir / "default/lib/.lib.objs/byte"
        self.flags = CompilerFlags(("-I", str(self.objects)), self.build_dir / "default", "lib__B")
        self.doubts = Doubts(self.root, self.build_dir)
        for name in ("lib/a.ml", "lib/b.ml"):
            self.write(self.root / name, "let x = 1\n", LONG_AGO)
            self.write(self.build_dir / "default" / name, "let x = 1\n", LONG_AGO)
        for name in ("lib__A", "lib__B"):
            self.write(self.objects / f"{name}.cmi", "", LATELY)

    @staticmethod
    def write(file: Path, text: str, when: int) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (when, when))

    async def about(self, message: str, *named: str, settled: bool = True, unsaved: str = "", saved: str = "") -> bool:
        error = Diagnostic("lib/b.ml", HERE, Severity.ERROR, message)
        checked = Checked(BuildResult(False, (error,), 0.0), modules=frozenset(named))
        changed = [name for name in (unsaved,) if name], [name for name in (saved,) if name]
        return await self.doubts.about(checked, "lib/b.ml", self.flags, *changed, settled=settled)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


async def test_an_error_of_the_text_itself_is_told(project: Project) -> None:
    for settled in (True, False):
        assert not await project.about(CLASH, "A", "List", settled=settled)


@pytest.mark.parametrize(
    "message",
    [
        "The module A is an alias for module Lib__A, which is missing",
        "The files lib__A.cmi and lib__C.cmi make inconsistent assumptions over interface Lib__D",
        "Could not find the .cmi file for interface lib/b.mli.",
        f"{CLASH}\nType A.t is abstract because no corresponding cmi file was found in path.",
        "Error while running external preprocessor\nCommand line: ppx.exe --as-ppx",
    ],
)
async def test_what_is_about_files_is_not_told(project: Project, message: str) -> None:
    assert await project.about(message)


async def test_a_module_whose_source_is_here_and_not_built(project: Project) -> None:
    (project.objects / "lib__A.cmi").unlink()
    assert await project.about('Unbound module "A"', "A")
    assert not await project.about('Unbound module "Aa"', "Aa")


async def test_a_library_that_is_not_built_at_all(project: Project) -> None:
    for file in project.objects.iterdir():
        file.unlink()
    assert await project.about('Unbound module "Anything"', "Anything")


async def test_a_module_that_the_editor_has_changed(project: Project) -> None:
    assert await project.about(CLASH, "A", unsaved="lib/a.ml")
    assert not await project.about(CLASH, "List", unsaved="lib/a.ml")
    assert not await project.about(CLASH, "B", unsaved="lib/b.mli"), "its own interface is given to the check"


async def test_a_module_that_was_saved_and_not_built_yet(project: Project) -> None:
    assert not await project.about(CLASH, "A", saved="lib/a.ml"), "dune has it as it is"
    project.write(project.root / "lib/a.ml", "let x = 2\n", LONG_AGO)
    assert await project.about(CLASH, "A", saved="lib/a.ml")


async def test_an_interface_that_is_older_than_its_source(project: Project) -> None:
    """It may wait behind a module in error. While all is green dune knows better: its cache restores old files."""
    project.write(project.root / "lib/a.ml", "let x = 1\n", LATELY + 10)
    assert await project.about(CLASH, "A", settled=False)
    assert not await project.about(CLASH, "A", settled=True)
    project.write(project.root / "lib/a.mli", "val x : int\n", LONG_AGO)
    assert await project.about(CLASH, "A", settled=False), "that there is an .mli now is not known yet"
    project.doubts.forget()
    assert not await project.about(CLASH, "A", settled=False), "the interface alone counts"


async def test_a_namesake_in_a_library_that_is_not_used(project: Project) -> None:
    project.write(project.root / "other/list.ml", "", LATELY + 10)
    assert not await project.about(CLASH, "List", settled=False)
