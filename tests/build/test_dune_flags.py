import os
from pathlib import Path

import pytest

from lsp_aid.build import toolchain
from lsp_aid.build.csexp import decode
from lsp_aid.build.dune import DuneBuild
from lsp_aid.build.dune_flags import DuneFlags, read
from lsp_aid.errors import NotTrustedError
from tests.support.txtar import Case

PROJECT = {
    "dune-project": "(lang dune 3.17)\n",
    "lib/dune": "(include_subdirs unqualified)\n(library (name wrapped))\n",
    "lib/a.ml": "let x = 1\n",
    "lib/sub/b.ml": "let y = A.x\n",
}


@pytest.mark.dune
async def test_flags_are_asked_for_again_when_they_change(tmp_path: Path) -> None:
    root = Case("p", before=PROJECT).write(tmp_path / "p")
    found = await toolchain.find(root, "", os.environ)
    flags = DuneFlags(root, tmp_path / "b", found, True)
    assert await flags.flags_for("lib/a.ml") is None, "nothing is built yet"
    build = DuneBuild(root, tmp_path / "b", found)
    assert (await build.build()).green
    before = await flags.flags_for("lib/a.ml")
    assert before is not None
    assert await flags.flags_for("lib/a.ml") is before
    assert (before.unit, before.folder, before.runs_programs) == ("wrapped__A", tmp_path / "b/default", False)
    below = await flags.flags_for("lib/sub/b.ml")
    assert below is not None
    assert below.unit == "wrapped__B"
    assert await flags.flags_for("nothing/a.ml") is None
    assert await flags.flags_for("lib/new.ml") is None
    (root / "lib/dune").write_text(PROJECT["lib/dune"] + "(env (_ (flags (:standard -principal))))\n")
    await build.build()
    after = await flags.flags_for("lib/a.ml")
    assert after is not None
    assert "-principal" in after.words
    assert "-principal" not in before.words


@pytest.mark.dune
async def test_a_source_that_is_copied_has_the_flags_of_its_copy(tmp_path: Path) -> None:
    files = {
        "dune-project": "(lang dune 3.17)\n",
        "src/a.ml": "let x = 1\n",
        "src/stage/dune": "(copy_files# ../*.ml)\n(library (name staged))\n",
    }
    root = Case("p", before=files).write(tmp_path / "p")
    found = await toolchain.find(root, "", os.environ)
    assert (await DuneBuild(root, tmp_path / "b", found).build()).green
    flags = await DuneFlags(root, tmp_path / "b", found, True).flags_for("src/a.ml")
    assert flags is not None
    assert flags.unit in ("staged", "staged__A")


async def test_what_is_not_trusted_is_not_asked(tmp_path: Path) -> None:
    untouched = toolchain.Toolchain(None, None, (), "", {}, "")
    with pytest.raises(NotTrustedError):
        await DuneFlags(tmp_path, tmp_path / "b", untouched, False).flags_for("a.ml")


def test_what_dune_tells() -> None:
    told = (
        b"((6:STDLIB6:/ocaml)(17:EXCLUDE_QUERY_DIR)(1:B15:/with space/lib)(2:BH7:/hidden)"
        b"(3:FLG(4:-ppx21:/ppx.exe 'name=\"p x\"'))(3:FLG(2:-w6:@1..-4))(9:UNIT_NAME2:px))"
    )
    flags = read(decode(told), Path("/b"))
    assert flags is not None
    assert flags.words == (
        *("-no-alias-deps", "-I", "/with space/lib", "-H", "/hidden"),
        *("-ppx", "/ppx.exe 'name=\"p x\"'", "-w", "@1..-4"),
    )
    assert (flags.folder, flags.unit, flags.runs_programs) == (Path("/b"), "px", True)
    assert read(decode(b"((5:ERROR4:none))"), Path("/b")) is None
