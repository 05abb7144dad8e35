import os
from pathlib import Path

import pytest

from lsp_aid.build import toolchain
from lsp_aid.build.dune import DuneBuild
from lsp_aid.build.dune_flags import DuneFlags
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.domain.text import Position
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.errors import NotTrustedError
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import TyperPool
from lsp_aid.typer.pooled import PooledTyper
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
    return DuneFlags(root, tmp_path / "b", found, True)


@pytest.fixture
async def typer(pool: TyperPool, found: Toolchain) -> PooledTyper:
    assert found.ocaml is not None
    return PooledTyper(pool, Compiler(found.ocaml, found.ocaml_version, found.environment), trusted=True)


def of(flags: CompilerFlags | None) -> CompilerFlags:
    assert flags is not None
    return flags


@pytest.mark.dune
async def test_modules_of_all_kinds_of_libraries(flags: DuneFlags, typer: PooledTyper) -> None:
    for path in ("lib/a.ml", "lib/b.ml", "lib/b.mli", "plain/c.ml", "bin/main.ml"):
        checked = await typer.check(path, PROJECT[path], of(await flags.flags_for(path)))
        assert checked.build.green, (path, checked.build.output)


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


DRIVER = """
open Parsetree
let one =
  let expr self (e : expression) =
    match e.pexp_desc with
    | Pexp_extension ({ txt = "one"; _ }, PStr []) -> { e with pexp_desc = Pexp_constant (Ast_helper.Const.int 1) }
    | _ -> Ast_mapper.default_mapper.expr self e
  in
  { Ast_mapper.default_mapper with expr }
let rewritten name =
  let channel = open_in_bin name in
  Location.input_name := name;
  let lexbuf = Lexing.from_channel channel in
  Location.init lexbuf name;
  let tree = Parse.implementation lexbuf in
  close_in channel;
  one.structure one tree
let main () =
  match Array.to_list Sys.argv |> List.tl with
  | "--as-ppx" :: rest -> (
    match List.rev rest with
    | output :: input :: _ -> Ast_mapper.apply ~source:input ~target:output one
    | _ -> exit 2)
  | words ->
    let input = ref "" and output = ref "" in
    let rec read = function
      | "-o" :: name :: rest -> output := name; read rest
      | "--impl" :: name :: rest -> input := name; read rest
      | _ :: rest -> read rest
      | [] -> ()
    in
    read words;
    Pparse.write_ast Pparse.Structure !output (rewritten !input)
"""


@pytest.mark.dune
async def test_a_ppx_is_run_as_dune_runs_it(pool: TyperPool, found: Toolchain, tmp_path: Path) -> None:
    """A rewriter of the project's own, which makes `[%one]` a 1, with a driver of its own."""
    texts = {
        "dune-project": "(lang dune 3.17)\n",
        "ppx/dune": "(library (name ppx_one) (kind ppx_rewriter) (libraries compiler-libs.common)\n"
        " (ppx.driver (main Ppx_one.main)))\n",
        "ppx/ppx_one.ml": DRIVER,
        "lib/dune": "(library (name lib) (preprocess (pps ppx_one)))\n",
        "lib/lib.ml": "let x = [%one] + 1\n",
    }
    root = Case("p", before=texts).write(tmp_path / "p")
    build = await DuneBuild(root, tmp_path / "b", found).build()
    assert build.green, build.output
    flags = of(await DuneFlags(root, tmp_path / "b", found, True).flags_for("lib/lib.ml"))
    assert flags.runs_programs
    assert found.ocaml is not None
    compiler = Compiler(found.ocaml, found.ocaml_version, found.environment)
    typer = PooledTyper(pool, compiler, trusted=True)
    assert (await typer.check("lib/lib.ml", texts["lib/lib.ml"], flags)).build.green
    (error,) = (await typer.check("lib/lib.ml", 'let x = [%one] ^ ""\n', flags)).build.errors
    assert error.range.start == Position(0, 8)
    (unknown,) = (await typer.check("lib/lib.ml", "let x = [%two]\n", flags)).build.errors
    assert "two" in unknown.message
    with pytest.raises(NotTrustedError):
        await PooledTyper(pool, compiler, trusted=False).check("lib/lib.ml", "", flags)
