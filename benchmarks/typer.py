"""How fast the typer judges texts, beside the compiler as a process.

    python -m benchmarks.typer [--count N]

Prints checks per second on small programs, one after another and as many at once as there are cores, and the
milliseconds that a module of 700 lines takes: the first time and after that, median and 95th percentile.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lsp_aid.build import toolchain
from lsp_aid.build.process import run
from lsp_aid.build.resident import start
from lsp_aid.domain.typed import CompilerFlags
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


async def rate(count: int, work: Callable[[int], Awaitable[object]], at_once: int = 1) -> float:
    """How many a second, so many at once."""
    started = time.perf_counter()
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(worker() for _ in range(at_once)))
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
    cores = os.cpu_count() or 1

    def small(number: int) -> Awaitable[object]:
        return typer.check("a.ml", programs[number % len(programs)], FLAGS)

    await rate(20, small)
    print(f"small programs, typer:               {await rate(count, small):8.0f} a second")
    print(f"small programs, typer, {cores} at once:     {await rate(count, small, cores):8.0f} a second")
    by_ocamlc = await rate(max(20, count // 10), lambda n: by_process(compiler, folder, programs[n % len(programs)]))
    print(f"small programs, ocamlc:              {by_ocamlc:8.0f} a second")
    text = large(700)
    (first,) = await times(1, lambda _: typer.check("b.ml", text, FLAGS))
    print(f"a module of {text.count(chr(10))} lines, typer, first: {first * 1000:.1f} ms")
    again = await times(max(20, count // 20), lambda n: typer.check("b.ml", f"{text}(* {n} *)", FLAGS))
    print(f"a module of {text.count(chr(10))} lines, typer:        {told(again)}")
    processes = await times(20, lambda n: by_process(compiler, folder, f"{text}(* {n} *)"))
    print(f"a module of {text.count(chr(10))} lines, ocamlc:       {told(processes)}")


async def main(count: int) -> int:
    use_own_ocaml()
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
            print(f"OCaml {compiler.version}, level {program.level}, made in {time.perf_counter() - started:.1f} s")
            await measure(PooledTyper(pool, compiler, trusted=False), compiler, folder, count)
        finally:
            await pool.close()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=600)
    sys.exit(asyncio.run(main(parser.parse_args().count)))
