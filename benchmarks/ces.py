"""How long verdicts take, beside the ways to have them without an engine.

    python -m benchmarks.ces [--count N] [--project csexp|menhir|dune]

One table for each project: a cold build by dune; a copy of the warm tree and dune; one warm tree that is changed and
changed back, and dune; an overlay and dune; the bare `ocamlc -stop-after typing` on the changed module; and ours, apart
for what is red by types, green with the same signature, and green with a changed one, with the share that went on to
dune. What each module reads is found out before, as the engine does by itself in its first minutes on a base. The
projects are Debian's source packages of ocaml-csexp, menhir and ocaml-dune, fetched by tools/fetch-sources where they
are not there.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from attrs import frozen

from lsp_aid.build import toolchain
from lsp_aid.build.cache import cache_home
from lsp_aid.build.dune import dune_environment
from lsp_aid.build.process import run
from lsp_aid.ces.base import BaseStore, Goals
from lsp_aid.ces.checkout import Folder
from lsp_aid.ces.engine import Engine, Request, WarmBase, make_engine
from lsp_aid.ces.graph import Unit
from lsp_aid.ces.keeping import Limits, Step
from lsp_aid.ces.opening import isolation
from lsp_aid.ces.verdict import Colour, Level, Tier, Verdict
from lsp_aid.config import Settings
from lsp_aid.domain.changes import ChangeSet, FileChange
from tools.own_ocaml import CHECKOUT, use_own_ocaml

SOURCES = CHECKOUT / ".tools" / "sources"
HEAD = """\
| way | tries | median, ms | 95th percentile, ms | a second per core | CPU, ms | by dune |
|---|---:|---:|---:|---:|---:|---:|"""
BY_DUNE = (Tier.CHECK, Tier.BUILD)


@frozen
class Project:
    """A project to measure on: what is asked of dune there, and the folders that cannot be built on a bare machine."""

    name: str
    package: str
    goals: Goals
    without: tuple[str, ...] = ()


PROJECTS = (
    Project("csexp", "ocaml-csexp", Goals(options=("--profile=release",)), ("bench", "test")),
    Project(
        "menhir",
        "menhir",
        Goals(build=("@check",), options=("--profile=release",)),
        ("coq-menhirlib", "benchmarks", "doc", "src/stage3"),
    ),
    Project("dune", "ocaml-dune", Goals(("@src/check", "@bin/check"), ("@src/check", "@bin/check"))),
)


@frozen
class Row:
    """One way to a verdict: seconds of each try, `cpu` seconds on average, and the share that went on to dune."""

    name: str
    seconds: Sequence[float]
    workers: int = 1
    elapsed: float = 0.0
    cpu: float | None = None
    by_dune: float | None = None

    def cells(self) -> list[str]:
        late = statistics.quantiles(self.seconds, n=20)[-1] if len(self.seconds) > 1 else self.seconds[0]
        rate = len(self.seconds) / ((self.elapsed or sum(self.seconds)) * self.workers)
        share = "" if self.by_dune is None else f"{self.by_dune:.0%}"
        median = statistics.median(self.seconds)
        cpu = "" if self.cpu is None else f"{self.cpu * 1000:.0f}"
        known = [str(len(self.seconds)), f"{median * 1000:.0f}", f"{late * 1000:.0f}", f"{rate:.2g}"]
        return [self.name, *known, cpu, share]


def source_of(project: Project, folder: Path) -> Path:
    """A copy of the project's sources, without what cannot be built here."""
    if not (SOURCES / project.package).is_dir():
        subprocess.run([CHECKOUT / "tools" / "fetch-sources", str(SOURCES), project.package], check=True)
    target = folder / project.name
    shutil.copytree(SOURCES / project.package, target, symlinks=True, ignore=shutil.ignore_patterns("_build"))
    for name in project.without:
        shutil.rmtree(target / name, ignore_errors=True)
    return target


def edits(warm: WarmBase, kind: str, count: int) -> list[ChangeSet]:
    """Diffs of one kind, each of another module where there are enough."""
    units = [unit for unit in warm.base.graph.units.values() if unit.source.endswith(".ml") and unit.ends_here]
    bare = [unit for unit in units if f"{unit.source}i" not in warm.base.graph.units and unit.is_seen]
    chosen = bare if kind == "changed" and bare else units
    chance = random.Random(1)
    picked = [chance.choice(chosen) for _ in range(count)]
    lines = {"red": "let () = ignore (1 + true)", "same": "let (_ : int) = 0", "changed": "let added_to_measure = 0"}
    return [change_of(warm, unit, f"\n\n(* {n} *)\n{lines[kind]}\n") for n, unit in enumerate(picked)]


def change_of(warm: WarmBase, unit: Unit, more: str) -> ChangeSet:
    text = warm.view.read(unit.source)
    changes = [FileChange(unit.source, text, text.rstrip() + more)]
    interface = f"{unit.source}i"
    if "added_to_measure" in more and warm.view.exists(interface):
        old = warm.view.read(interface)
        changes.append(FileChange(interface, old, old.rstrip() + "\n\nval added_to_measure : int\n"))
    return ChangeSet(changes)


async def timed(name: str, work: Callable[[], Awaitable[object]], count: int, by_dune: float | None = None) -> Row:
    found, before = [], cpu()
    for _ in range(count):
        started = time.perf_counter()
        await work()
        found.append(time.perf_counter() - started)
    return Row(name, found, cpu=(cpu() - before) / count, by_dune=by_dune)


async def ours(engine: Engine, warm: WarmBase, kind: str, count: int, workers: int) -> Row:
    """Our verdicts at the level of types. What each module is like in the base is asked for before."""
    changes = edits(warm, kind, count)
    for each in {each.paths: each for each in changes}.values():
        await warm.types.judge(each)
    left, verdicts, seconds = iter(changes), list[Verdict](), list[float]()

    async def work() -> None:
        for each in left:
            started = time.perf_counter()
            verdicts.append(await engine.evaluate(warm, Request(changes=each, level=Level.TYPES)))
            seconds.append(time.perf_counter() - started)

    started, before = time.perf_counter(), cpu()
    await asyncio.gather(*(work() for _ in range(workers)))
    elapsed, taken = time.perf_counter() - started, cpu() - before
    wanted = Colour.RED if kind == "red" else Colour.GREEN
    strange = [verdict for verdict in verdicts if verdict.colour is not wanted]
    if strange:
        print(f"{len(strange)} of {count} are not {wanted}, the first: {strange[0].data()}", file=sys.stderr)
    share = sum(verdict.tier in BY_DUNE for verdict in verdicts) / len(verdicts)
    names = {"red": "red", "same": "green, the same signature", "changed": "green, another signature"}
    at_once = f", {workers} at once" if workers > 1 else ""
    return Row(f"ours: {names[kind]}{at_once}", seconds, workers, elapsed, taken / len(verdicts), share)


async def peers(engine: Engine, warm: WarmBase, folder: Path, count: int) -> AsyncIterator[Row]:
    """The ways without an engine, on the same kind of diff."""
    store, changes = engine.store, edits(warm, "same", count)
    command, environment = store.dune("build", "--", *store.goals.check), dune_environment(store.toolchain)

    async def build(tree: Path, change: ChangeSet) -> None:
        for path, text in change.texts.items():
            (tree / path).write_text(text or "")
        done = await run(command, cwd=tree, environment=environment, seconds=600)
        assert done.code == 0, done.text[-500:]

    async def cold() -> None:
        tree = Path(tempfile.mkdtemp(dir=folder)) / "tree"
        shutil.copytree(warm.base.tree, tree, symlinks=True, ignore=shutil.ignore_patterns("_build"))
        await build(tree, changes[0])
        await asyncio.to_thread(shutil.rmtree, tree)

    async def copied() -> None:
        tree = Path(tempfile.mkdtemp(dir=folder)) / "tree"
        await run(["cp", "-a", str(warm.base.tree), str(tree)], cwd=folder, environment={}, seconds=600)
        await build(tree, changes[0])
        await asyncio.to_thread(shutil.rmtree, tree)

    kept, tries = folder / "kept" / "tree", iter(changes)
    await asyncio.to_thread(shutil.copytree, warm.base.tree, kept, symlinks=True)

    async def incremental() -> None:
        change = next(tries)
        await build(kept, change)
        for file in change.files:
            (kept / file.path).write_text(file.before or "")

    left = iter(changes)

    async def overlaid() -> None:
        await engine._outcome(warm, next(left), Level.TYPES)

    more = iter(changes)

    async def compiled() -> None:
        await typed_by_ocamlc(store, warm, folder, next(more))

    few = max(2, min(5, count // 20))
    yield await timed("`ocamlc -stop-after typing`", compiled, min(count, 10 * few))
    yield await timed("overlay and dune", overlaid, min(count, 4 * few), 1.0)
    yield await timed("one tree and dune, one diff after the other", incremental, min(count, 4 * few))
    yield await timed("`cp -a` and dune", copied, few)
    yield await timed("cold build", cold, few)


async def typed_by_ocamlc(store: BaseStore, warm: WarmBase, folder: Path, change: ChangeSet) -> None:
    (first, *_), built = change.files, warm.base.tree / "_build/default"
    unit = warm.base.graph.units[first.path]
    file = folder / f"typed{Path(unit.source).suffix}"
    file.write_text(first.after or "")
    goal = ["-stop-after", "typing", "-o", f"{folder}/{unit.name}.cmo", "-c", "-impl", str(file)]
    words = [str(store.toolchain.ocaml), *unit.words, *goal]
    await run(words, cwd=built, environment=dune_environment(store.toolchain), seconds=600)


async def reset(engine: Engine, warm: WarmBase, count: int) -> Row:
    """From the request to a sandbox in which the first program may start."""
    step = Step(("/bin/true",), engine.store.environment, 60.0)
    found = [(await warm.own[0].run([step], Limits())).reset for _ in range(count)]
    return Row("a fresh sandbox over the base", found)


def own() -> dict[int, list[bytes]]:
    """This process and all below it, with what the system says of each."""
    known = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                known[int(entry.name)] = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
    found = {os.getpid()}
    while grown := {pid for pid, words in known.items() if int(words[1]) in found} - found:
        found |= grown
    return {pid: known[pid] for pid in found}


def cpu() -> float:
    """Seconds that all of these have computed, those that have ended included."""
    return sum(sum(map(int, words[11:15])) for words in own().values()) / os.sysconf("SC_CLK_TCK")


def memory() -> int:
    """Bytes of all that runs below this process, by what each has for itself and its share of the rest."""
    total = 0
    for pid in own().keys() - {os.getpid()}:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024
    return total


async def measure(project: Project, folder: Path, count: int) -> None:
    root = await asyncio.to_thread(source_of, project, folder)
    found = await toolchain.find(root, "", os.environ, trusted=False)
    sandbox, way = await isolation(Settings(), os.environ)
    took: list[str] = []
    for workers in (1, 2):
        store = BaseStore(folder / "bases", found, sandbox, project.goals)
        engine = make_engine(store, folder / "typer", workers=workers, way=way)
        try:
            warm = await engine.open(Folder(root))
            if workers == 1:
                record, units = warm.base.record, warm.base.graph.units
                lines = sum(warm.view.read(path).count("\n") for path in units)
                load = os.getloadavg()[0]
                print(f"\n### {project.name}: {len(units)} files, {lines:,} lines, base {record.seconds:.1f} s")
                print(f"\nLoad {load:.1f} on {os.cpu_count()} cores.", flush=True)
                learned = await timed("", (await warm.types.dependents()).learn, 1)
                print(
                    f"What each module reads is known after another {learned.seconds[0]:.1f} s.\n\n{HEAD}", flush=True
                )
                show(await reset(engine, warm, count))
            # What is seen otherwise has many modules typed anew.
            for kind, tries in (("red", count), ("same", count), ("changed", max(3, count // 10))):
                show(await ours(engine, warm, kind, tries, workers))
            took.append(f"{memory() / 1e6 / workers:.0f} MB with {workers}")
            if workers == 1:
                async for row in peers(engine, warm, folder, count):
                    show(row)
        finally:
            await engine.close()
    print(f"\nMemory for each worker: {', '.join(took)}.", flush=True)


def show(row: Row) -> None:
    print(f"| {' | '.join(row.cells())} |", flush=True)


async def main(names: Sequence[str], count: int) -> int:
    use_own_ocaml()
    if shutil.which("dune") is None:
        print("There is no dune on PATH.", file=sys.stderr)
        return 2
    # Not in memory, and not where the sandbox has its own.
    cache = cache_home(os.environ)
    cache.mkdir(parents=True, exist_ok=True)
    for project in PROJECTS:
        if project.name in names:
            with tempfile.TemporaryDirectory(dir=cache, prefix="bench-") as name:
                await measure(project, Path(name), count)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--project", action="append", choices=[project.name for project in PROJECTS])
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.project or [project.name for project in PROJECTS], options.count)))
