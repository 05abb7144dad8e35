"""The levels give the same verdicts as the compiler itself, over programs that are right and wrong in many ways."""

import asyncio
import os
from pathlib import Path

import pytest

from lsp_aid.build.process import run
from lsp_aid.build.resident import start
from lsp_aid.domain.text import Position
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.typer import installing
from lsp_aid.typer.installing import Compiler, Level
from lsp_aid.typer.pool import Limits, TyperPool
from lsp_aid.typer.pooled import PooledTyper
from lsp_aid.typer.reports import Source, result
from tests.support.typer_compilers import COMPILERS, own

pytestmark = pytest.mark.slow

FLAGS = CompilerFlags(("-w", "@1..3@5..28@31..39@43@46..47@49..57@61..62@67@69-40", "-strict-sequence"))
PROGRAMS = (Path(__file__).parent / "programs.txt").read_text(encoding="utf-8").split("\n----\n")


async def by_ocamlc(text: str, compiler: Compiler, folder: Path) -> object:
    """What plain `ocamlc -c` says, code generation included."""
    (folder / "a.ml").write_text(text)
    words = [str(compiler.ocamlc), "-c", "-color", "never", "-error-style", "short", *FLAGS.words, "a.ml"]
    done = await run(words, cwd=folder, environment=compiler.environment, seconds=60)
    return verdict(result(Source("a.ml", text, FLAGS), done.text, green=done.code == 0, seconds=0.0))


def verdict(build: object) -> object:
    return (build.green, [(d.path, d.range, d.severity, d.code, d.message) for d in build.diagnostics])  # type: ignore[attr-defined]


async def test_verdicts_are_those_of_ocamlc(pool: TyperPool, compiler: Compiler, tmp_path: Path) -> None:
    typer = PooledTyper(pool, compiler, trusted=False)
    greens = 0
    for text in PROGRAMS:
        theirs = await by_ocamlc(text, compiler, tmp_path)
        ours = (await typer.check("a.ml", text, FLAGS)).build
        assert verdict(ours) == theirs, text
        greens += ours.green
    assert 10 <= greens <= len(PROGRAMS) - 10


@pytest.mark.parametrize("which", ["own", "old", "newest"])
async def test_the_toplevel_where_nothing_can_be_compiled(which: str, tmp_path: Path) -> None:
    """Without ocamlopt beside it, the same program is run as bytecode."""
    real = COMPILERS[which]()
    for name in ("ocamlc", "ocaml"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\nexec {real.ocamlc.with_name(name)} "$@"\n')
        script.chmod(0o755)
    compiler = Compiler(tmp_path / "ocamlc", real.version, real.environment)
    pool = TyperPool(tmp_path / "cache", run, start, Limits(seconds=60.0))
    try:
        program = await pool.program(compiler)
        assert program.level is Level.TOPLEVEL, program.why
        assert "ocamlopt" in program.why
        typer = PooledTyper(pool, compiler, trusted=False)
        for text in PROGRAMS[::6]:
            assert verdict((await typer.check("a.ml", text, FLAGS)).build) == await by_ocamlc(text, real, tmp_path), (
                text
            )
        assert (await typer.type_at("a.ml", "let x = 1", Position(0, 8), FLAGS))[0].type == "int"
    finally:
        await pool.close()


async def test_the_compiler_itself_where_its_library_is_unknown(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "program").mkdir()
    for file in installing._PROGRAM.glob("*.ml"):
        (tmp_path / "program" / file.name).write_text("let x : an_api_of_another_version = 1")
    monkeypatch.setattr(installing, "_PROGRAM", tmp_path / "program")
    pool = TyperPool(tmp_path / "cache", run, start, Limits(seconds=60.0))
    try:
        program = await pool.program(compiler)
        assert program.level is Level.COMPILER
        assert "an_api_of_another_version" in program.why
        typer = PooledTyper(pool, compiler, trusted=False)
        for text in PROGRAMS[::4]:
            ours = (await typer.check("a.ml", text, FLAGS)).build
            assert verdict(ours) == await by_ocamlc(text, compiler, tmp_path), text
        red = await typer.check("m/a.ml", "let f x = x + 1", FLAGS, interface="val f : int -> string")
        assert "does not match the interface" in red.build.errors[0].flat_message
        assert (await typer.check("m/a.ml", "let f x = x + 1", FLAGS, interface="val f : int -> int")).build.green
        assert await typer.type_at("a.ml", "let x = 1", Position(0, 8), FLAGS) == []
        assert (await typer.scope_at("a.ml", "let x = 1", Position(0, 8), FLAGS)).names == ()
        assert await typer.signature("List", FLAGS) is None
    finally:
        await pool.close()


async def test_a_compiled_program_is_used_again(tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        pool = TyperPool(tmp_path, run, start)
        (word,) = (await pool.program(own())).command
        await pool.close()
        found.append(await asyncio.to_thread(os.stat, word))
    assert found[0].st_ino == found[1].st_ino


def test_a_version_that_nobody_has_seen_gets_the_newest_shim() -> None:
    assert installing.shims("4.13.1")[0] == "413"
    assert installing.shims("5.1.0+flambda")[0] == "414"
    assert installing.shims("5.4.1")[0] == "54"
    assert installing.shims("5.9.0")[0] == "54"
    assert installing.shims("4.02.3")[0] == "54"
    assert installing.shims("trunk")[0] == "54"
