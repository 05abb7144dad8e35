"""How fast the typer judges texts on one core, beside the compiler as a process on the same core.

    python -m benchmarks.typer [--count N]

Everything runs on one core, Python included, where the system permits that. Printed are checks per second on small
programs: many at once, one after the other, and variants of one part of a program; and the milliseconds that a module
of 700 lines takes, which uses nothing but the standard library.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

from lsp_aid.build import toolchain
from lsp_aid.build.process import run
from lsp_aid.build.resident import start
from lsp_aid.domain.typed import CompilerFlags, Variant
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import TyperPool
from lsp_aid.typer.pooled import PooledTyper
from tools.own_ocaml import use_own_ocaml

PROGRAMS = Path(__file__).parents[1] / "tests" / "typer" / "programs.txt"
FLAGS = CompilerFlags(("-w", "+a-70"))


def large(lines: int) -> str:
    """A module of about so many lines that uses a good part of the standard library."""
    block = """type t{n} = Leaf{n} | Node{n} of {{ left : t{n}; key : string; right : t{n} }}
let rec insert{n} key = function
  | Leaf{n} -> Node{n} {{ left = Leaf{n}; key; right = Leaf{n} }}
  | Node{n} ({{ left; key = k; right }} as node) ->
    if key < k then Node{n} {{ node with left = insert{n} key left }}
    else if key > k then Node{n} {{ node with right = insert{n} key right }}
    else Node{n} node
let all{n} words = List.fold_left (fun tree word -> insert{n} word tree) Leaf{n} words
let counted{n} words =
  List.fold_left
    (fun map word ->
      let key = (String.length word, word) in
      M.update key (function None -> Some 1 | Some k -> Some (k + 1)) map)
    M.empty words
let show{n} map = M.iter (fun (k, w) c -> Printf.printf "%d %s %d\\n" k (String.uppercase_ascii w) c) map

"""
    head = "module M = Map.Make (struct type t = int * string let compare = compare end)\n\n"
    return head + "".join(block.format(n=n) for n in range(lines // 17))


async def rate(count: int, work: Callable[[int], Awaitable[object]]) -> float:
    """How many a second, one after the other."""
    started = time.perf_counter()
    for number in range(count):
        await work(number)
    return count / (time.perf_counter() - started)


async def rate_of(count: int, answers: AsyncGenerator[object]) -> float:
    """How many answers a second."""
    started = time.perf_counter()
    found = [answer async for answer in answers]
    assert len(found) == count
    assert None not in found
    return count / (time.perf_counter() - started)


async def by_process(compiler: Compiler, folder: Path, text: str) -> None:
    """One `ocamlc`, started as lightly as can be."""
    (folder / "a.ml").write_text(text)
    words = ("-stop-after", "typing", "-c", *FLAGS.words, "a.ml")
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        str(compiler.ocamlc), *words, cwd=folder, env=compiler.environment, stdout=null, stderr=null
    )
    await process.wait()


def told(seconds: list[float]) -> str:
    median, late = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    return f"median {median * 1000:.1f} ms, 95th percentile {late * 1000:.1f} ms"


async def times(count: int, work: Callable[[int], Awaitable[object]]) -> list[float]:
    found = []
    for number in range(count):
        started = time.perf_counter()
        await work(number)
        found.append(time.perf_counter() - started)
    return found


async def measure(typer: PooledTyper, compiler: Compiler, folder: Path, count: int) -> None:
    programs = PROGRAMS.read_text(encoding="utf-8").split("\n----\n")
    texts = [programs[number % len(programs)] for number in range(count)]

    def small(number: int) -> Awaitable[object]:
        return typer.check("a.ml", texts[number], FLAGS)

    def compiled(number: int) -> Awaitable[object]:
        return by_process(compiler, folder, programs[number % len(programs)])

    for _ in range(2):  # the first time it reads the interfaces
        many = await rate_of(count, typer.check_many("a.ml", texts, FLAGS))
    variants = [Variant(f"let f x = a + x + {n}" if n % 2 else f"let f x = a ^ x ^ {n}") for n in range(count)]
    judged = await rate_of(count, typer.judge("a.ml", "let a = 1\n", variants, "\nlet b = f a\n", FLAGS))
    print(f"small programs, many at once:          {many:8.0f} a second")
    print(f"variants of one part of a program:     {judged:8.0f} a second")
    print(f"small programs, one after the other:   {await rate(count // 5, small):8.0f} a second")
    print(f"small programs, ocamlc:                {await rate(max(20, count // 50), compiled):8.0f} a second")
    text = large(700)
    (first,) = await times(1, lambda _: typer.check("b.ml", text, FLAGS))
    print(f"a module of {text.count(chr(10))} lines, the first time:   {first * 1000:.1f} ms")
    again = await times(20, lambda n: typer.check("b.ml", f"{text}(* {n} *)", FLAGS))
    print(f"a module of {text.count(chr(10))} lines, whole:            {told(again)}")
    errors = await times(20, lambda n: typer.check("b.ml", f"{text}let e = {n} + true", FLAGS))
    print(f"the same, an error at its end:         {told(errors)}")
    processes = await times(20, lambda n: by_process(compiler, folder, f"{text}(* {n} *)"))
    print(f"the same, ocamlc:                      {told(processes)}")


async def main(count: int) -> int:
    use_own_ocaml()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if shutil.which("ocamlc") is None:
        print("There is no ocamlc on PATH.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = await toolchain.find(folder, "", os.environ, need_dune=False)
        assert found.ocaml is not None
        compiler = Compiler(found.ocaml, found.ocaml_version, found.environment)
        pool = TyperPool(folder / "cache", run, start)
        try:
            started = time.perf_counter()
            program = await pool.program(compiler)
            made = f"made in {time.perf_counter() - started:.1f} s"
            print(f"OCaml {compiler.version}, level {program.level}, {made}, load {os.getloadavg()[0]:.1f}")
            await measure(PooledTyper(pool, compiler, trusted=False), compiler, folder, count)
        finally:
            await pool.close()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=6000)
    sys.exit(asyncio.run(main(parser.parse_args().count)))
