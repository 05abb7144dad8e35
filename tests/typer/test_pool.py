import asyncio
import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from lsp_aid.build.process import run
from lsp_aid.build.resident import start
from lsp_aid.domain.text import Position, SourceText
from lsp_aid.domain.typed import CompilerFlags, Name, NameKind
from lsp_aid.errors import BuildTimeoutError, NotTrustedError, ToolchainError, UsageError
from lsp_aid.typer.installing import Compiler, Level, library
from lsp_aid.typer.pool import Limits, TyperPool
from lsp_aid.typer.pooled import PooledTyper
from tests.support.typer_compilers import BOMB, old, own

pytestmark = pytest.mark.slow

PLAIN = CompilerFlags(("-w", "+a-70"))
BIG = "let x = [|" + "1; " * 200_000 + "|]"


@pytest.fixture
def typer(pool: TyperPool, compiler: Compiler) -> PooledTyper:
    return PooledTyper(pool, compiler, trusted=False)


def at(text: str, word: str) -> Position:
    return SourceText(text).position(text.index(word))


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


async def test_the_program_is_native_and_stays(pool: TyperPool, compiler: Compiler, typer: PooledTyper) -> None:
    program = await pool.program(compiler)
    assert (program.level, program.why) == (Level.NATIVE, "")
    await typer.check("a.ml", "let x = 1", PLAIN)
    await typer.check("a.ml", "let x = 2", PLAIN)
    assert len(pool._clients) == 1


async def test_errors_and_warnings_have_their_places(typer: PooledTyper) -> None:
    text = 'let f x = 1\nlet g = ("é", "é" + 1)\n'
    found = (await typer.check("lib/a.ml", text, PLAIN)).build
    assert not found.green
    (error,) = found.errors
    assert error.path == "lib/a.ml"
    assert "has type string" in error.flat_message.replace('"', "")
    assert (error.range.start, error.range.end) == (Position(1, 14), Position(1, 17))
    green = await typer.check("lib/a.ml", "let f x = 1\n", PLAIN)
    (warning,) = green.build.diagnostics
    assert warning.code is not None
    assert warning.code.startswith("warning 27")
    assert not warning.is_error
    assert green.build.green


async def test_the_signature_has_no_places_and_the_modules_are_named(typer: PooledTyper) -> None:
    one = await typer.check("a.ml", "let f x = List.length x", PLAIN, signature=True)
    other = await typer.check("a.ml", "(* more *)\n\nlet f x = 0 + List.length x", PLAIN, signature=True)
    assert one.signature == other.signature == "val f : 'a list -> int"
    assert one.modules == {"List"}


async def test_an_interface_that_is_given_counts(typer: PooledTyper) -> None:
    text = "let f x = x + 1\nlet g = f 1"
    green = await typer.check("m/a.ml", text, CompilerFlags(), interface="val f : int -> int", signature=True)
    assert green.build.green
    assert green.signature == "val f : int -> int"
    red = await typer.check("m/a.ml", text, CompilerFlags(), interface="val f : int -> string")
    (error,) = red.build.errors
    assert "does not match the interface" in error.flat_message
    broken = await typer.check("m/a.ml", text, CompilerFlags(), interface="val f : int ->")
    assert [d.path for d in broken.build.errors] == ["m/a.mli"]
    unused = await typer.check("m/a.ml", text, CompilerFlags(("-w", "@32")), interface="val f : int -> int")
    assert [d.code for d in unused.build.errors] == ["warning 32 [unused-value-declaration]"]


async def test_an_interface_that_is_given_counts_where_the_built_one_was_read(
    typer: PooledTyper, compiler: Compiler, tmp_path: Path
) -> None:
    (tmp_path / "a.mli").write_text("val f : int -> int\n")
    (tmp_path / "b.ml").write_text("let g = A.f\n")
    command = [str(compiler.ocamlc), "-c", "a.mli", "b.ml"]
    done = await run(command, cwd=tmp_path, environment=dict(compiler.environment), seconds=60.0)
    assert done.code == 0, done.text
    flags = CompilerFlags(("-I", str(tmp_path)), tmp_path)
    text = "let f x = abs x + 1"
    for _ in range(2):
        assert (await typer.check("a.ml", text, flags)).build.green
        other = await typer.check("a.ml", text, flags, interface="(* new *) val f : int -> int", signature=True)
        assert other.build.green
        assert (other.signature, other.modules) == ("val f : int -> int", set())
        red = await typer.check("a.ml", text, flags, interface="val f : int -> string")
        assert "does not match the interface" in red.build.errors[0].flat_message


async def test_an_interface_is_checked_by_itself(typer: PooledTyper) -> None:
    assert (await typer.check("a.mli", "type t\nval x : t\n", PLAIN, signature=True)).signature == "type t\nval x : t"
    (error,) = (await typer.check("a.mli", "val x : nothing\n", PLAIN)).build.errors
    assert error.path == "a.mli"
    assert "Unbound type constructor" in error.message


async def test_types_around_a_position_though_the_text_is_wrong_elsewhere(typer: PooledTyper) -> None:
    text = 'let e = "é"\nlet bad = e + 1\nmodule M = struct\n  let f x = string_of_int (x + 1)\nend\nlet y = M.f'
    found = await typer.type_at("a.ml", text, at(text, "x + 1"), PLAIN)
    shown = [(SourceText(text).slice(t.range), t.type) for t in found]
    assert shown[:3] == [("x", "int"), ("x + 1", "int"), ("(x + 1)", "int")] or shown[:2] == [
        ("x", "int"),
        ("(x + 1)", "int"),
    ]
    inside = await typer.type_at("a.ml", text, at(text, "e + 1"), PLAIN)
    assert [(SourceText(text).slice(t.range), t.type) for t in inside][:1] == [("e", "string")]
    after = await typer.type_at("a.ml", text, at(text, "M.f"), PLAIN)
    assert after[0].type == "int -> string"


async def test_names_in_scope(typer: PooledTyper) -> None:
    text = "type t = { field : int } and c = Here of int\nlet near = 1\nlet f arg =\n  let inner = arg in inner + 1\n"
    text += "let late = 2"
    scope = await typer.scope_at("a.ml", text, at(text, "inner + 1"), PLAIN, limit=2000)
    names = {(name.kind, name.name) for name in scope.names}
    for kind, name in (
        (NameKind.VALUE, "inner"),
        (NameKind.VALUE, "arg"),
        (NameKind.VALUE, "near"),
        (NameKind.VALUE, "print_endline"),
        (NameKind.CONSTRUCTOR, "Here"),
        (NameKind.FIELD, "field"),
        (NameKind.TYPE, "t"),
        (NameKind.MODULE, "List"),
    ):
        assert (kind, name) in names
    assert (NameKind.VALUE, "late") not in names
    assert not scope.cut
    assert scope.names[0].kind is NameKind.VALUE
    few = await typer.scope_at("a.ml", text, at(text, "inner + 1"), PLAIN, limit=2)
    assert few.cut
    assert sum(name.kind is NameKind.VALUE for name in few.names) == 2


async def test_names_in_scope_where_the_text_does_not_parse(typer: PooledTyper) -> None:
    text = "let near = 1\nlet f x =\n  match near with\n"
    scope = await typer.scope_at("a.ml", text, Position(2, 8), PLAIN, prefix="nea")
    assert scope.names[0] == Name(NameKind.VALUE, "near", "int")


async def test_names_of_a_module(typer: PooledTyper) -> None:
    scope = await typer.scope_at("a.ml", "", Position(0, 0), PLAIN, within="List", prefix="length")
    assert [(name.name, name.type) for name in scope.names] == [("length", "'a list -> int")]
    for other in ("Nothing", "(module List", "1"):
        assert (await typer.scope_at("a.ml", "", Position(0, 0), PLAIN, within=other)).names == ()


async def test_signatures(typer: PooledTyper, pool: TyperPool, compiler: Compiler) -> None:
    assert "val length : 'a list -> int" in (await typer.signature("List", PLAIN) or "")
    assert "val bind : 'a option" in (await typer.signature("Stdlib.Option", PLAIN) or "")
    assert "val find : " in (await typer.signature("Map.S", PLAIN) or "val find : ")
    file = Path((await pool.program(compiler)).library) / "stdlib.cmi"
    assert "val print_endline : string -> unit" in (await typer.signature(str(file), PLAIN) or "")
    assert await typer.signature("Nothing.Here", PLAIN) is None
    assert await typer.signature("not a path (", PLAIN) is None


async def test_a_check_starts_clean(typer: PooledTyper) -> None:
    """Nothing of an earlier check is left: no types, no warnings, no half-done state."""
    for text in (
        "let x = 1 +",
        "let x : int = true",
        "open Nothing",
        "let x = 1",
        '[@@@warning "-a"]',
        "module A = List",
    ):
        await typer.check("a.ml", text, PLAIN)
    (warning,) = (await typer.check("a.ml", "let f x = 1", PLAIN)).build.diagnostics
    assert "unused variable" in warning.message
    (error,) = (await typer.check("a.ml", "let y = x", PLAIN)).build.errors
    assert "Unbound value" in error.message


async def test_a_program_that_is_killed_is_started_again(typer: PooledTyper, pool: TyperPool) -> None:
    await typer.check("a.ml", "let x = 1", PLAIN)
    (client,) = pool._clients.values()
    os.kill(child_of(client._resident._process.pid), signal.SIGKILL)  # type: ignore[attr-defined]
    while not client.gone:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert (await typer.check("a.ml", "let x = 1", PLAIN)).build.green
    (again,) = pool._clients.values()
    assert again is not client


async def test_too_long_and_cancelled(programs: Path, compiler: Compiler) -> None:
    pool = TyperPool(programs, run, start, Limits(seconds=1.0))
    typer = PooledTyper(pool, compiler, trusted=False)
    try:
        await pool.program(compiler)
        with pytest.raises(BuildTimeoutError, match="1 seconds"):
            await typer.check("a.ml", BOMB, PLAIN)
        task = asyncio.create_task(typer.check("a.ml", BOMB, PLAIN))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (client,) = pool._clients.values()
        assert not client.busy
        assert (await typer.check("a.ml", "let x = 1", PLAIN)).build.green
        assert [*pool._clients.values()] == [client], "the program itself stays"
    finally:
        await pool.close()


async def test_memory_has_a_limit(programs: Path, compiler: Compiler) -> None:
    pool = TyperPool(programs, run, start, Limits(seconds=60.0, request_bytes=32 << 20))
    typer = PooledTyper(pool, compiler, trusted=False)
    try:
        with pytest.raises(ToolchainError, match="too much memory"):
            await typer.check("a.ml", BIG, PLAIN)
        assert (await typer.check("a.ml", "let x = 1", PLAIN)).build.green
    finally:
        await pool.close()


async def test_nothing_is_left_when_the_pool_closes(programs: Path) -> None:
    pool = TyperPool(programs, run, start)
    typer = PooledTyper(pool, own(), trusted=False)
    await typer.check("a.ml", "let x = 1", PLAIN)
    (client,) = pool._clients.values()
    pid = client._resident._process.pid  # type: ignore[attr-defined]
    work = client._work
    await pool.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not work.exists()


async def test_processes_are_few(programs: Path) -> None:
    pool = TyperPool(programs, run, start, Limits(processes=2))
    typer = PooledTyper(pool, own(), trusted=False)
    try:
        for number in range(5):
            await typer.check("a.ml", "let x = 1", CompilerFlags(("-w", f"+{number + 1}")))
        assert len(pool._clients) == 2
    finally:
        await pool.close()


async def test_a_preprocessor_needs_trust(pool: TyperPool, tmp_path: Path) -> None:
    pp = CompilerFlags(("-pp", f"touch {tmp_path}/ran; sed s/one/1/"))
    with pytest.raises(NotTrustedError):
        await PooledTyper(pool, own(), trusted=False).check("a.ml", "let x = 1", pp)
    assert not (tmp_path / "ran").exists()
    checked = await PooledTyper(pool, own(), trusted=True).check("lib/a.ml", "let x = one", pp)
    assert checked.build.green, checked.build.output
    assert (tmp_path / "ran").exists()
    broken = await PooledTyper(pool, own(), trusted=True).check(
        "a.ml", "let x = 1", CompilerFlags(("-pp", "no-such-program"))
    )
    assert not broken.build.green
    assert "no-such-program" in broken.build.errors[0].message


async def test_unknown_flags_are_the_compilers_to_tell(typer: PooledTyper) -> None:
    found = (await typer.check("a.ml", "let x = 1", CompilerFlags(("-no-such-flag",)))).build
    assert not found.green
    assert "-no-such-flag" in found.errors[0].message


@pytest.mark.parametrize("text", ["", "\0\0", "Caml1999M030\x84\x95", "\ufeff", "(* ", '"', "\r\n", "12:ab", "\n\n5:"])
async def test_any_text_has_an_answer(typer: PooledTyper, text: str) -> None:
    first = await typer.check("a.ml", text, PLAIN)
    await typer.type_at("a.ml", text, Position(0, 1), PLAIN)
    await typer.scope_at("a.ml", text, Position(5, 1), PLAIN)
    assert first.build.green == (text in ("", "\r\n"))


@pytest.mark.parametrize("path", ["/etc/a.ml", "../a.ml", "lib/../../a.ml", "a.txt", "a.ml\0"])
async def test_a_path_stays_below_the_folder(typer: PooledTyper, path: str) -> None:
    with pytest.raises(UsageError):
        await typer.check(path, "let x = 1", PLAIN)


async def test_our_own_sudden_death_leaves_no_process(programs: Path, tmp_path: Path) -> None:
    compiler = own()
    pool = TyperPool(programs, run, start)
    (program,) = (await pool.program(compiler)).command
    await pool.close()
    copy = tmp_path / "typer-of-this-test"
    await asyncio.to_thread(shutil.copy, program, copy)
    code = f"""
import asyncio, pathlib
from lsp_aid.build.resident import start
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.typer.client import launch
from lsp_aid.typer.installing import Compiler, Level, Program

async def main():
    compiler = Compiler(pathlib.Path({str(compiler.ocamlc)!r}), {compiler.version!r}, {compiler.environment!r})
    program = Program(Level.NATIVE, ({str(copy)!r},), library={await library(compiler, run)!r})
    client = await launch(program, compiler, CompilerFlags(), start, 1 << 30)
    print("up", flush=True)
    await client.ask(60, "check", "a", "a.ml", {BOMB!r}, "0", "0", "")

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"up\n"
    assert count_of(copy)
    parent.kill()
    await parent.wait()
    while count_of(copy):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def count_of(program: Path) -> int:
    """How many processes run a program."""
    found = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                found += (folder / "exe").readlink() == program
    return found


@pytest.mark.parametrize(
    "text", ["let x = " + "(" * 300_000, "let x = " + "[" * 200_000 + "]" * 200_000, "(*" * 300_000]
)
async def test_deep_nesting_ends(programs: Path, compiler: Compiler, text: str) -> None:
    """With a verdict, or with an error of ours that says so; what comes next is checked as ever."""
    pool = TyperPool(programs, run, start, Limits(seconds=2.0))
    typer = PooledTyper(pool, compiler, trusted=False)
    try:
        with contextlib.suppress(ToolchainError, BuildTimeoutError):
            await typer.check("a.ml", text, PLAIN)
        assert (await typer.check("a.ml", "let x = 1", PLAIN)).build.green
    finally:
        await pool.close()


async def test_nothing_is_started_while_a_pool_closes_or_afterwards(programs: Path) -> None:
    """A daemon lives on when its last project is closed in the middle of a check."""
    executable = None
    for delay in (0.0, 0.01, 0.05, 0.2):
        pool = TyperPool(programs, run, start)
        executable = Path((await pool.program(own())).command[0])
        typer = PooledTyper(pool, own(), trusted=False)
        checking = asyncio.create_task(typer.check("a.ml", "let x = 1", PLAIN))
        await asyncio.sleep(delay)
        await pool.close()
        await asyncio.wait([checking])
        checking.exception()
        with pytest.raises(ToolchainError):
            await typer.check("a.ml", "let x = 1", PLAIN)
    assert executable is not None
    assert count_of(executable) == 0


async def test_two_toolchains_at_once(pool: TyperPool) -> None:
    """Each has its own program, its own messages and its own standard library."""
    first, second = PooledTyper(pool, own(), trusted=False), PooledTyper(pool, old(), trusted=False)
    texts = ["let x = In_channel.stdin", "let x = 1 + true", "let x = 1"] * 5
    answers = await asyncio.gather(*(typer.check("a.ml", text, PLAIN) for text in texts for typer in (first, second)))
    newer, older = answers[::2], answers[1::2]
    assert [each.build.green for each in newer] == [True, False, True] * 5
    assert [each.build.green for each in older] == [False, False, True] * 5
    assert {each.build.errors[0].message for each in newer[1::3]} != {
        each.build.errors[0].message for each in older[1::3]
    }
    assert len(pool._clients) == 2
