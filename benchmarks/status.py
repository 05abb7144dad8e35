"""How soon after a save an editor is shown what the build says, beside dune itself.

    python -m benchmarks.status [--count N] [--large]

The program serves an editor over pipes, in a small project and, with --large, in menhir's sources. A module is broken
and mended in turn. Measured is the time from the save until the error is shown, or the status is green, and until dune
has said that its build has ended: with a watch of the user's, that is the very watch which the server follows; without
one, a watch of dune's in a copy of the project makes the same change just before, and the server runs one of its own.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import define, field, frozen

from tests.support.bare_client import BareClient
from tests.support.program import program
from tools.own_ocaml import CHECKOUT, use_own_ocaml

SECONDS = 600.0
PAUSE = 0.5
"""Between two saves, so that nothing of the last one is under way."""
ENDED = b"waiting for filesystem changes"


@frozen
class Case:
    """A project, a module of it that is changed, and what dune is asked to build."""

    name: str
    sources: Path
    module: str
    target: str


class Timed(BareClient):
    """Notes when errors were shown of a file, and when the status was green: `came` has each with its file, None for
    green."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer, seconds=SECONDS)
        self.came: list[tuple[float, str | None]] = []

    async def _take(self, message: dict) -> None:
        params, now = message.get("params"), time.perf_counter()
        if message.get("method") == "textDocument/publishDiagnostics":
            if any(each["severity"] == 1 for each in params["diagnostics"]):
                self.came.append((now, params["uri"]))
        elif message.get("method") == "lsp-aid/status" and params["state"] == "green":
            self.came.append((now, None))
        await super()._take(message)

    async def told(self, path: Path, broken: bool, since: float) -> float:
        """When first after a moment it was told that a file is broken, or that all is well."""
        wanted = path.as_uri() if broken else None

        def found() -> list[float]:
            return [at for at, what in self.came if what == wanted and at >= since]

        async with asyncio.timeout(SECONDS), self.news:
            await self.news.wait_for(found)
        return found()[0]


@define(eq=False)
class Watch:
    """A `dune build --watch`, and when it said that each of its builds had ended."""

    process: asyncio.subprocess.Process
    ends: list[float] = field(factory=list)
    output: bytes = b""
    news: asyncio.Condition = field(factory=asyncio.Condition)

    async def listen(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            self.output = (self.output + line)[-4000:]
            if ENDED in line:
                async with self.news:
                    self.ends.append(time.perf_counter())
                    self.news.notify_all()
        async with self.news:
            self.ends.append(float("inf"))
            self.news.notify_all()

    async def ended(self, since: float) -> float:
        async with asyncio.timeout(SECONDS), self.news:
            await self.news.wait_for(lambda: bool(self.ends) and self.ends[-1] >= since)
        if (end := next(at for at in self.ends if at >= since)) == float("inf"):
            status = await self.process.wait()
            raise SystemExit(f"dune has ended, status {status}:\n{self.output.decode('utf-8', 'replace')}")
        return end


@asynccontextmanager
async def watching(root: Path, target: str, environment: dict[str, str]) -> AsyncIterator[Watch]:
    words = ("dune", "build", "--root", str(root), "--watch", target)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *words, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=environment
    )
    watch = Watch(process)
    listening = asyncio.create_task(watch.listen())
    try:
        await watch.ended(0)
        yield watch
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        listening.cancel()


def texts(green: str) -> Callable[[int], tuple[str, bool]]:
    """The text of each save in turn, and whether it has an error."""

    def text(number: int) -> tuple[str, bool]:
        broken = number % 2 == 0
        return green + (
            f"\nlet broken_{number} = no_such_value_{number}\n" if broken else f"\n(* {number} *)\n"
        ), broken

    return text


async def beside_the_users_watch(case: Case, folder: Path, count: int) -> list[tuple[bool, float, float]]:
    """Whether it broke, dune's seconds and ours, for each save."""
    root, environment = copy(case, folder / "project"), dict(os.environ)
    module, found = root / case.module, []
    async with watching(root, case.target, environment) as watch, serving(root, case, folder) as client:
        await client.notification("lsp-aid/status", lambda p: p.get("source") == "user watch")
        text = texts(open_module(client, module))
        for number in range(count):
            await asyncio.sleep(PAUSE)
            new, broken = text(number)
            started = save(client, module, new, number)
            shown = await client.told(module, broken, started)
            found.append((broken, await watch.ended(started) - started, shown - started))
    return found


async def beside_a_watch_apart(case: Case, folder: Path, count: int) -> list[tuple[bool, float, float]]:
    """The same without a watch of the user's: dune makes each change in a copy first."""
    root, apart = copy(case, folder / "project"), copy(case, folder / "apart")
    module, other, found = root / case.module, apart / case.module, []
    async with watching(apart, case.target, dict(os.environ)) as watch, serving(root, case, folder) as client:
        await client.notification("lsp-aid/status", lambda p: p["state"] in ("green", "red"))
        text = texts(open_module(client, module))
        for number in range(count):
            new, broken = text(number)
            await asyncio.sleep(PAUSE)
            started = time.perf_counter()
            other.write_text(new)
            by_dune = await watch.ended(started) - started
            await asyncio.sleep(PAUSE)
            started = save(client, module, new, number)
            found.append((broken, by_dune, await client.told(module, broken, started) - started))
    return found


@asynccontextmanager
async def serving(root: Path, case: Case, folder: Path) -> AsyncIterator[Timed]:
    async with program(folder / "home", Timed, XDG_CACHE_HOME=str(folder / "cache")) as client:
        options = {"build": {"targets": [case.target], "seconds": SECONDS}, "fix": {"builds": 1}}
        await client.initialize(root, options=options)
        yield client


def open_module(client: Timed, module: Path) -> str:
    text = module.read_text()
    client.open(module, text)
    return text


def save(client: Timed, module: Path, text: str, number: int) -> float:
    """Types and saves, as an editor does; when."""
    client.change(module, text, number + 2)
    started = time.perf_counter()
    module.write_text(text)
    client.save(module)
    return started


def copy(case: Case, root: Path) -> Path:
    shutil.copytree(case.sources, root, ignore=shutil.ignore_patterns("_build", ".git"))
    return root.resolve()


def told(found: list[tuple[bool, float, float]]) -> None:
    for name, wanted in (("an error is shown", True), ("the status is green", False)):
        dune = [seconds * 1000 for broken, seconds, _ in found if broken == wanted]
        ours = [seconds * 1000 for broken, _, seconds in found if broken == wanted]
        behind = [b - a for a, b in zip(dune, ours, strict=True)]
        columns = " | ".join(f"{statistics.median(each):.0f} | {late(each):.0f}" for each in (dune, ours, behind))
        print(f"| {name} | {len(dune)} | {columns} |")


def late(found: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(found, n=20)[-1] if len(found) > 1 else found[0]


def small(folder: Path) -> Case:
    sources = folder / "small"
    (sources / "lib").mkdir(parents=True)
    (sources / "dune-project").write_text("(lang dune 3.0)\n")
    (sources / "lib" / "dune").write_text("(library (name p))\n")
    for number in range(8):
        uses = f"let from_{number} = M{number - 1}.value + 1\n" if number else ""
        (sources / "lib" / f"m{number}.ml").write_text(f"{uses}let value = {number}\n")
    return Case("a library of 8 modules", sources, "lib/m4.ml", "@@default")


def large() -> Case:
    sources = CHECKOUT / ".tools" / "sources" / "menhir"
    return Case("menhir, 65,000 lines", sources, "src/interpret.ml", "@check")


async def main(count: int, with_large: bool) -> int:
    use_own_ocaml()
    if shutil.which("dune") is None:
        print("There is no dune on PATH.", file=sys.stderr)
        return 2
    ways = (("the user's watch is followed", beside_the_users_watch), ("a watch of our own", beside_a_watch_apart))
    with tempfile.TemporaryDirectory(prefix="aid") as name:
        folder = Path(name).resolve()  # noqa: ASYNC240
        os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")
        os.environ["DUNE_CACHE_ROOT"] = str(folder / "dune-cache")  # so that no more than one build is from scratch
        for case in (small(folder), *([large()] if with_large else [])):
            for way, measure in ways:
                with tempfile.TemporaryDirectory(prefix="aid") as place:
                    found = await measure(case, Path(place), 2 * count)
                print(f"\n{case.name}, {way} (milliseconds from the save)\n")
                print("| | saves | dune: median | p95 | shown: median | p95 | behind dune: median | p95 |")
                print("|---|---:|---:|---:|---:|---:|---:|---:|")
                told(found)
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20, help="how often the module is broken and mended")
    parser.add_argument("--large", action="store_true", help="also in menhir's sources, which are fetched before")
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.count, options.large)))
