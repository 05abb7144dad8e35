import os
from pathlib import Path

import pytest

from lsp_aid.build.lone_file import LoneFileBuild
from lsp_aid.build.toolchain import find
from lsp_aid.domain.build import BuildResult
from lsp_aid.errors import FileUnreadableError

pytestmark = pytest.mark.dune


async def check(path: Path) -> BuildResult:
    toolchain = await find(path.parent, "", os.environ, need_dune=False)
    before = sorted(path.parent.iterdir())
    result = await LoneFileBuild(path, path.parent.parent / "check", toolchain).build()
    assert sorted(path.parent.iterdir()) == before
    return result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


async def test_green_and_red(folder: Path) -> None:
    file = folder / "a.ml"
    file.write_text('let () = print_endline "é"\nlet _ = Unix.getpid, Str.regexp\n')
    assert (await check(file)).green
    file.write_text('let () = ignore "é"; print_endlin "x"\n', encoding="utf-8")
    (error,) = (await check(file)).errors
    assert (error.path, error.range.start.column) == ("a.ml", 21)
    assert error.hint is not None
    assert "print_endline" in error.hint


async def test_it_agrees_with_its_interface(folder: Path) -> None:
    (folder / "a.ml").write_text("let x = 1\n")
    (folder / "a.mli").write_text("val x : string\n")
    (error,) = (await check(folder / "a.ml")).errors
    assert error.path == "a.ml"
    assert [(place.path, place.message) for place in error.related] == [
        ("a.mli", "Expected declaration"),
        ("a.ml", "Actual declaration"),
    ]
    (folder / "a.mli").write_text("val x : nope\n")
    assert [d.path for d in (await check(folder / "a.ml")).errors] == ["a.mli"]


async def test_names_that_look_like_options_or_are_no_modules(folder: Path) -> None:
    for name in ("-version.ml", "my file.ml", "é.ml"):
        (folder / name).write_text("let x = nope\n")
        assert [d.path for d in (await check(folder / name)).errors] == [name]


async def test_no_program_of_the_file_runs_and_no_other_file_shows(folder: Path) -> None:
    (folder / "secret").write_text("the secret\n" * 3)
    (folder / "a.ml").write_text(
        f'[@@@ocaml.ppx "touch {folder}/attacked"]\n'
        f'[@@@ocaml.ppx.context {{ tool_name = "touch {folder}/attacked" }}]\n'
        f'# 1 "{folder}/secret"\nlet x = nope\n'
    )
    result = await check(folder / "a.ml")
    assert not result.green
    assert "the secret" not in result.output


async def test_a_syntax_tree_in_binary_form_is_refused(folder: Path) -> None:
    (folder / "a.ml").write_bytes(b"Caml1999M035\x84\x95\xa6\xbe")
    with pytest.raises(FileUnreadableError, match="no OCaml source"):
        await check(folder / "a.ml")


async def test_what_is_not_there_or_no_utf8(folder: Path) -> None:
    with pytest.raises(FileUnreadableError, match=r"gone\.ml is not there"):
        await check(folder / "gone.ml")
    (folder / "a.ml").write_bytes(b'let x = "\xff" ^ 1\r\n')
    assert len((await check(folder / "a.ml")).errors) == 1
