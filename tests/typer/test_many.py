"""Many texts at once: whole ones, and variants of one part."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest

from lsp_aid.build.process import run
from lsp_aid.build.resident import start
from lsp_aid.domain.typed import Checked, CompilerFlags, Judgement, Told, Variant
from lsp_aid.errors import NotTrustedError
from lsp_aid.typer import installing
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import Limits, TyperPool
from lsp_aid.typer.pooled import PooledTyper
from tests.support.typer_compilers import BOMB, own

pytestmark = pytest.mark.slow

PLAIN = CompilerFlags(("-w", "+a-70"))


@pytest.fixture
def typer(pool: TyperPool, compiler: Compiler) -> PooledTyper:
    return PooledTyper(pool, compiler, trusted=False)


@pytest.fixture
async def hasty(programs: Path) -> AsyncIterator[PooledTyper]:
    """One that gives up a text after a second, and works on one at a time."""
    pool = TyperPool(programs, run, start, Limits(seconds=1.0, jobs=1))
    await pool.program(own())
    yield PooledTyper(pool, own(), trusted=False)
    await pool.close()


async def checked(typer: PooledTyper, texts: Iterable[str], **more: object) -> list[Checked | None]:
    return [answer async for answer in typer.check_many("a.ml", texts, PLAIN, **more)]  # type: ignore[arg-type]


async def judged(
    typer: PooledTyper, head: str, variants: Iterable[str | Variant], tail: str = "", *, signature: bool = False
) -> list[Judgement]:
    given = [Variant(v) if isinstance(v, str) else v for v in variants]
    found = [j async for j in typer.judge("a.ml", head, given, tail, PLAIN, signature=signature)]
    assert len(found) == len(given)
    return [j for j in found if j is not None]


async def test_answers_come_in_order(typer: PooledTyper) -> None:
    texts = [f"let x{n} = {n}" if n % 3 else f"let x{n} : string = {n}" for n in range(500)]
    found = await checked(typer, texts, signature=True)
    assert [f.build.green if f else None for f in found] == [bool(n % 3) for n in range(500)]
    assert found[1] is not None
    assert found[1].signature == "val x1 : int"
    assert found[0] is not None
    assert found[0].build.errors[0].range.start.column == len("let x0 : string = ")
    assert await checked(typer, []) == []


async def test_an_interface_holds_for_all(typer: PooledTyper) -> None:
    found = await checked(typer, ["let f x = x + 1", "let f x = x ^ x"], interface="val f : int -> int")
    assert [f.build.green for f in found if f] == [True, False]


async def test_one_that_takes_too_long_leaves_the_others(hasty: PooledTyper) -> None:
    found = await checked(hasty, ["let x = 1", BOMB, "let x = true + 1"])
    assert [f and f.build.green for f in found] == [True, None, False]
    assert [
        f and f.ok for f in [j async for j in hasty.judge("a.ml", "", [Variant(BOMB), Variant("")], "", PLAIN)]
    ] == [
        None,
        True,
    ]


async def test_what_is_not_wanted_is_not_done(hasty: PooledTyper) -> None:
    asked = 0

    def endless() -> Iterator[str]:
        nonlocal asked
        while True:
            asked += 1
            yield "let x = 1" if asked < 50 else BOMB

    async with contextlib.aclosing(hasty.check_many("a.ml", endless(), PLAIN)) as answers:
        assert await anext(answers) is not None
    assert asked < 50
    (client,) = hasty._pool._clients.values()
    assert not client.busy


async def test_a_check_does_not_wait_for_many(programs: Path) -> None:
    """Not even where one thing is done at a time."""
    pool = TyperPool(programs, run, start, Limits(seconds=60.0, jobs=1))
    typer = PooledTyper(pool, own(), trusted=False)
    try:
        await typer.check("a.ml", "let x = 1", PLAIN)
        many = asyncio.create_task(checked(typer, [BOMB]))
        (client,) = pool._clients.values()
        while not client.busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await typer.check("a.ml", "let x = 1", PLAIN)).build.green
        assert not many.done()
        many.cancel()
        with pytest.raises(asyncio.CancelledError):
            await many
    finally:
        await pool.close()


async def test_a_process_that_is_killed_at_work(typer: PooledTyper, pool: TyperPool) -> None:
    """The text at hand is judged by the compiler itself, the next ones by another process."""
    await typer.check("a.ml", "let x = 1", PLAIN)
    (client,) = pool._clients.values()
    program = child_of(client._resident._process.pid)  # type: ignore[attr-defined]
    task = asyncio.create_task(typer.check("a.ml", "let f x = x + 1\n" * 20_000, PLAIN))
    for _ in range(3):
        with contextlib.suppress(ValueError, FileNotFoundError, ProcessLookupError):
            await asyncio.sleep(0.1)
            os.kill(child_of(program), signal.SIGKILL)
    assert (await task).build.green
    assert (await typer.check("a.ml", "let x = 1", PLAIN)).build.green
    assert [*pool._clients.values()] == [client]


def child_of(pid: int) -> int:
    return min(children_of(pid))


def children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


async def test_processes_are_replaced_before_they_grow_old(typer: PooledTyper, pool: TyperPool) -> None:
    await typer.check("a.ml", "let x = 1", PLAIN)
    (client,) = pool._clients.values()
    program = child_of(client._resident._process.pid)  # type: ignore[attr-defined]
    workers = set()
    for _ in range(5):
        assert all(await checked(typer, ["let x = ref []"] * 1000))
        workers |= children_of(program)
    assert len(workers) > 1
    assert [*pool._clients.values()] == [client]


async def test_variants_between_what_stays(typer: PooledTyper) -> None:
    head, tail = "let a = 1 (* é *)\nlet b = a\n", "let z = f a + 1\n"
    found = await judged(
        typer,
        head,
        ["let f x = x + b\n", 'let f x = x ^ "é"\n', 'let f x = "é" + x\n', "let f x = \n", "let g x = x\n"],
        tail,
        signature=True,
    )
    assert [j.ok for j in found] == [True, False, False, False, False]
    assert found[0].signature == "val f : int -> int\nval z : int"
    assert (found[1].part, tail[found[1].start : found[1].end]) == (2, "a")
    assert (found[2].part, 'let f x = "é" + x\n'[found[2].start : found[2].end]) == (1, '"é"')
    assert found[3].part == 1
    assert "Syntax error" in found[3].message
    assert (found[4].part, tail[found[4].start : found[4].end]) == (2, "f")
    assert "Unbound value" in found[4].message


async def test_variants_without_messages(typer: PooledTyper) -> None:
    given = [Variant("let f x = x + b", 10), Variant('let f x = "é" + x', 10), Variant("let f = b", 8)]
    asked = typer.judge("a.ml", "let b = 1\n", given, "let z = f\n", PLAIN, signature=True, told=Told.NOTHING)
    found = [j for j in [j async for j in asked] if j is not None]
    assert [(j.ok, j.type) for j in found] == [(True, "int"), (False, ""), (True, "int")]
    assert found[0].signature == "val f : int -> int\nval z : int -> int"
    assert found[1].message == ""


async def test_where_errors_start(typer: PooledTyper) -> None:
    head, tail = "let b = 1\n", "let z = f + 1\n"
    texts = [
        "let f = b",
        'let f x = "é" + x',
        "let f = b.c",
        "let f = g",
        "let f : t = b",
        "let f = ",
        "let f = b b",
        "let f x = x",
    ]
    given = [Variant(f"{text}\n") for text in texts]
    brief = [j async for j in typer.judge("a.ml", head, given, tail, PLAIN, told=Told.START)]
    whole = await judged(typer, head, given, tail)
    assert [j.ok for j in brief if j] == [True, *[False] * 7]
    assert [(j.part, j.start) for j in brief if j] == [(j.part, j.start) for j in whole]
    assert {j.message for j in brief if j} == {""}


async def test_an_error_before_the_variants(typer: PooledTyper) -> None:
    head = "let a = 1 + true\n"
    found = await judged(typer, head, ["let b = 1", "let c = "])
    assert [(j.ok, j.part, head[j.start : j.end]) for j in found] == [(False, 0, "true")] * 2


async def test_a_variant_leaves_nothing_behind(typer: PooledTyper) -> None:
    """Weak types of the head, which each variant makes another type of; and names, and warnings switched on."""
    variants = ["let () = r := [1]", 'let () = r := ["a"]', 'let b = 1 [@@@warning "+a@a"]', "let c = b", "let r = 1"]
    found = await judged(typer, "let r = ref []\n", variants * 3, "let d = !r\n", signature=True)
    assert [j.ok for j in found] == [True, True, True, False, False] * 3
    assert "val d : int list" in found[0].signature
    assert "val d : string list" in found[1].signature


async def test_types_at_a_place_in_a_variant(typer: PooledTyper) -> None:
    text = 'let f x = ("é", x + a)'
    found = await judged(
        typer,
        "let a = 1\n",
        [Variant(text, text.index("x +")), Variant(text, text.index("f")), Variant("let g = a ^ 1", 8), Variant("", 0)],
    )
    assert [j.type for j in found] == ["int", "int -> string * int", "int", ""]


async def test_judging_where_the_library_is_unknown(
    compiler: Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiler says it of the whole text then."""
    (tmp_path / "program").mkdir()
    for file in installing._PROGRAM.glob("*.ml"):
        (tmp_path / "program" / file.name).write_text("let x : an_api_of_another_version = 1")
    monkeypatch.setattr(installing, "_PROGRAM", tmp_path / "program")
    pool = TyperPool(tmp_path / "cache", run, start, Limits(seconds=60.0))
    head, tail = "let a = 1\n", "let z = f a + 1\n"
    try:
        typer = PooledTyper(pool, compiler, trusted=False)
        found = await judged(typer, head, ["let f x = x\n", 'let f x = x ^ ""\n', 'let f x = 1 + ""\n'], tail)
        assert [(j.ok, j.part) for j in found] == [(True, 1), (False, 2), (False, 1)]
        assert tail[found[1].start : found[1].end] == "a"
    finally:
        await pool.close()


async def test_preprocessors_need_trust_and_are_run_on_whole_files(pool: TyperPool) -> None:
    pp = CompilerFlags(("-pp", "sed s/one/1/"))
    with pytest.raises(NotTrustedError):
        await anext(PooledTyper(pool, own(), trusted=False).judge("a.ml", "", [Variant("")], "", pp))
    with pytest.raises(NotTrustedError):
        await anext(PooledTyper(pool, own(), trusted=False).check_many("a.ml", [""], pp))
    typer = PooledTyper(pool, own(), trusted=True)
    found = [j async for j in typer.judge("a.ml", "let a = one\n", [Variant("let b = a + one")], "", pp)]
    assert [j and j.ok for j in found] == [True]
    several = [c async for c in typer.check_many("a.ml", ["let x = one", "let x = one ^ one"], pp)]
    assert [c and c.build.green for c in several] == [True, False]


async def test_a_head_that_was_typed_stays_as_it_is_while_texts_are_checked(programs: Path) -> None:
    """Going back to before an item of a text undoes what typing did since, also what it did elsewhere."""
    pool = TyperPool(programs, run, start, Limits(seconds=60.0, jobs=1))
    typer = PooledTyper(pool, own(), trusted=False)
    head, use = "let twice f x = f (f x)\n", Variant("let a = twice", len("let a = "))
    texts = ["let x = 1\nlet y = x + true\n", "let x = 2\nlet y = x + true\n", "let x = 2\nlet y = x + 2.\n"]
    try:
        for text in texts:
            await checked(typer, [text])
            (found,) = await judged(typer, head, [use])
            assert found.type == "('a -> 'a) -> 'a -> 'a"
    finally:
        await pool.close()
