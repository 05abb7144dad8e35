import os
from pathlib import Path

import pytest

from lsp_aid.build import toolchain
from lsp_aid.build.dune import DuneBuild, dune_environment
from lsp_aid.build.process import run
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.errors import NotTrustedError
from lsp_aid.typer.dune_flags import DuneFlags, read
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import PooledTyper, TyperPool
from tests.support.txtar import Case

PROJECT = {
    "dune-project": "(lang dune 3.17)\n",
    "lib/dune": "(library (name wrapped))\n",
    "lib/a.ml": "let x = 1\n",
    "lib/b.ml": "let y = A.x\nlet hidden = 2\nlet z = hidden\n",
    "lib/b.mli": "val y : int\nval z : int\n",
    "plain/dune": "(library (name plain) (wrapped false) (libraries wrapped) (flags (:standard -open Wrapped)))\n",
    "plain/c.ml": "let z = B.y\n",
    "bin/dune": "(executable (name main) (libraries plain unix))\n",
    "bin/main.ml": "let () = print_int (C.z + Unix.getpid ())\n",
}


@pytest.fixture
async def found(tmp_path: Path) -> Toolchain:
    return await toolchain.find(tmp_path, "", os.environ)


@pytest.fixture
async def flags(tmp_path: Path, found: Toolchain) -> DuneFlags:
    root = Case("p", before=PROJECT).write(tmp_path / "p")
    build = DuneBuild(root, tmp_path / "b", found)
    assert (await build.build()).green
    assert found.dune is not None
    return DuneFlags(root, tmp_path / "b", found.dune, dune_environment(found), True, run)


@pytest.fixture
async def typer(pool: TyperPool, found: Toolchain) -> PooledTyper:
    assert found.ocaml is not None
    return pool.typer(Compiler(found.ocaml, found.ocaml_version, found.environment), trusted=True)


def of(flags: CompilerFlags | None) -> CompilerFlags:
    assert flags is not None
    return flags


@pytest.mark.dune
async def test_modules_of_all_kinds_of_libraries(flags: DuneFlags, typer: PooledTyper) -> None:
    for path in ("lib/a.ml", "lib/b.ml", "lib/b.mli", "plain/c.ml", "bin/main.ml"):
        checked = await typer.check(path, PROJECT[path], of(await flags.flags_for(path)))
        assert checked.build.green, (path, checked.build.output)
    assert of(await flags.flags_for("lib/b.ml")).unit == "wrapped__B"
    assert await flags.flags_for("nothing/a.ml") is None
    assert await flags.flags_for("lib/new.ml") is None


@pytest.mark.dune
async def test_errors_are_those_of_dune(flags: DuneFlags, typer: PooledTyper, found: Toolchain) -> None:
    """Types, warnings as errors, the interface, and the empty one that dune gives executables."""
    changes = {
        "lib/a.ml": "let x = 1 + true\n",
        "lib/b.ml": "let y = A.x\nlet hidden = 2\nlet z = true\n",
        "plain/c.ml": 'let z = B.y ^ ""\n',
        "bin/main.ml": "let unused = 1\nlet () = print_int C.z\n",
    }
    for path, text in changes.items():
        ours = (await typer.check(path, text, of(await flags.flags_for(path)))).build
        (flags.root / path).write_text(text)
        build = DuneBuild(flags.root, flags.build_dir.with_name("b2"), found)
        theirs = await build.build()
        (flags.root / path).write_text(PROJECT[path])
        wanted = {(d.path, d.code, d.range, d.flat_message) for d in theirs.errors if d.path == path}
        said = {(d.path, d.code, d.range, d.flat_message) for d in ours.errors}
        assert sorted(map(str, said)) == sorted(map(str, wanted))
        assert wanted


@pytest.mark.dune
async def test_what_dune_has_built_anew_is_read_anew(flags: DuneFlags, typer: PooledTyper, found: Toolchain) -> None:
    text = "let z = B.y + B.added\n"
    given = of(await flags.flags_for("plain/c.ml"))
    assert not (await typer.check("plain/c.ml", text, given)).build.green
    for path, more in (("lib/b.ml", "let added = 1\n"), ("lib/b.mli", "val added : int\n")):
        (flags.root / path).write_text(PROJECT[path] + more)
    assert (await DuneBuild(flags.root, flags.build_dir, found).build()).green
    assert (await typer.check("plain/c.ml", text, given)).build.green


@pytest.mark.dune
async def test_flags_are_asked_for_again_when_they_change(flags: DuneFlags, found: Toolchain) -> None:
    before = of(await flags.flags_for("lib/a.ml"))
    assert await flags.flags_for("lib/a.ml") is before
    (flags.root / "lib/dune").write_text("(library (name wrapped) (flags (:standard -principal)))\n")
    await DuneBuild(flags.root, flags.build_dir, found).build()
    assert "-principal" in of(await flags.flags_for("lib/a.ml")).words


@pytest.mark.dune
async def test_what_is_not_trusted_is_not_asked(tmp_path: Path, found: Toolchain) -> None:
    assert found.dune is not None
    flags = DuneFlags(tmp_path, tmp_path / "b", found.dune, dune_environment(found), False, run)
    with pytest.raises(NotTrustedError):
        await flags.flags_for("a.ml")


def test_a_preprocessor_with_quotes_of_its_own() -> None:
    output = """Px: /b/default/px/px.ml
((STDLIB /ocaml)
 (EXCLUDE_QUERY_DIR)
 (B "/with space/lib")
 (BH /hidden)
 (FLG (-ppx "/b/ppx.exe --as-ppx --cookie 'library-name=\\"px\\"'"))
 (FLG (-w @1..3-40 -g))
 (UNIT_NAME px))
"""
    (flags,) = read(output, Path("/b")).values()
    assert flags.words == (
        *("-no-alias-deps", "-I", "/with space/lib", "-H", "/hidden"),
        *("-ppx", "/b/ppx.exe --as-ppx --cookie 'library-name=\"px\"'", "-w", "@1..3-40", "-g"),
    )
    assert (flags.folder, flags.unit, flags.runs_programs) == (Path("/b/default"), "px", True)


def test_output_of_another_shape_has_no_flags() -> None:
    for output in ("", "nonsense", "A: /elsewhere/a.ml\n((FLG (-g)))", "A: /b/default/a.ml\n"):
        assert read(output, Path("/b")) == {}
