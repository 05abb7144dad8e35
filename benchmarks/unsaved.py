"""How soon after an edit an editor is shown the error in a text that is not saved, beside dune and the compiler.

    python -m benchmarks.unsaved [--count N] [--large]

The program serves an editor over pipes, in a small project and, with --large, in a module of 700 lines of dune's own
sources. At places all over a module an error is typed and mended in turn, some time after it was opened. Measured is
the time from the edit until the error is shown, or none is. Beside it: dune's time for the same text, saved, in a watch
that does nothing else; and the compiler's, started with the flags that dune passes, until it has typed the module.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks.status import Case, Timed, Watch, copy, late, open_module, small, watching
from lsp_aid.build import toolchain
from lsp_aid.build.dune_flags import DuneFlags
from lsp_aid.build.process import run
from lsp_aid.typer import direct
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.reports import Source
from tests.support.program import program
from tools.own_ocaml import CHECKOUT, use_own_ocaml

SECONDS = 600.0
PAUSE = 0.15
"""Between two keys."""
AT_ONE_PLACE = 6
WARM_SECONDS = 15.0
"""The typer is compiled when it is first used on a machine, and has the interfaces to read that a module needs."""


@frozen
class Edit:
    """A line that is put in place of another one, and whether the text has an error then. `is_first`: the edit before
    was somewhere else."""

    line: int
    text: str
    broken: bool
    is_first: bool


def edits(text: str, count: int) -> Iterator[Edit]:
    """So many, at definitions from all over a text: behind each an error is typed and mended, several times."""
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if line.startswith("let ") and at and not lines[at - 1].strip()]
    for number in range(count):
        place, step = divmod(number, AT_ONE_PLACE)
        line = starts[place * 7 % len(starts)] - 1  # an empty one
        broken = step % 2 == 0
        yield Edit(line, f"let _ = {number} + true" if broken else "", broken, step == 0)


def edited(text: str, edit: Edit) -> str:
    lines = text.split("\n")
    lines[edit.line] = edit.text
    return "\n".join(lines)


class Typing(Timed):
    """Types as an editor does: only what is new is sent. `told_of`: when, of which file, whether it has an error."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.told_of: list[tuple[float, str, bool]] = []

    async def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            has = any(each["severity"] == 1 for each in params["diagnostics"])
            self.told_of.append((time.perf_counter(), params["uri"], has))
        await super()._take(message)

    def replace_line(self, path: Path, line: int, old: str, new: str, version: int) -> float:
        """When it was sent."""
        place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": len(old)}}
        change = {"range": place, "text": new}
        started = time.perf_counter()
        document = {"uri": path.as_uri(), "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        return started

    async def when_shown(self, path: Path, *, broken: bool, since: float) -> float:
        """When it was told that a file has an error, or that it has none."""
        async with asyncio.timeout(SECONDS), self.news:
            await self.news.wait_for(lambda: self._when(path, broken, since) is not None)
        when = self._when(path, broken, since)
        assert when is not None
        return when

    def _when(self, path: Path, broken: bool, since: float) -> float | None:
        return next(
            (at for at, uri, has in self.told_of if uri == path.as_uri() and has == broken and at >= since), None
        )


async def in_the_editor(case: Case, folder: Path, count: int) -> list[tuple[Edit, float]]:
    root = copy(case, folder / "project")
    module, found = root / case.module, []
    async with program(folder / "home", Typing, XDG_CACHE_HOME=str(folder / "cache")) as client:
        await client.initialize(root, options={"build": {"targets": [case.target], "seconds": SECONDS}})
        await client.notification("lsp-aid/status", lambda p: p["state"] in ("green", "red"))
        text = open_module(client, module)
        await asyncio.sleep(WARM_SECONDS)
        lines: list[str] = text.split("\n")
        current: dict[int, str] = {}
        for number, edit in enumerate(edits(text, count)):
            await asyncio.sleep(PAUSE)
            old = current.get(edit.line, lines[edit.line])
            sent = client.replace_line(module, edit.line, old, edit.text, number + 2)
            current[edit.line] = edit.text
            found.append((edit, await client.when_shown(module, broken=edit.broken, since=sent) - sent))
    return found


async def by_dune(case: Case, folder: Path, count: int) -> tuple[list[tuple[Edit, float]], list[float]]:
    """The seconds of a watch for each text, and those of the compiler."""
    root = copy(case, folder / "project")
    module = root / case.module
    text = module.read_text()
    async with watching(root, case.target, dict(os.environ)) as watch:
        found = [(edit, await saved(watch, module, edited(text, edit))) for edit in edits(text, count)]
    return found, await by_compiler(root, case, text, count)


async def saved(watch: Watch, module: Path, text: str) -> float:
    await asyncio.sleep(0.5)
    started = time.perf_counter()
    module.write_text(text)  # noqa: ASYNC240 - nothing else is going on
    return await watch.ended(started) - started


async def by_compiler(root: Path, case: Case, text: str, count: int) -> list[float]:
    found = await toolchain.find(root, "", os.environ)
    assert found.ocaml is not None
    flags = await DuneFlags(root, root / "_build", found, True).flags_for(case.module)
    assert flags is not None
    compiler = Compiler(found.ocaml, found.ocaml_version, found.environment)
    seconds = []
    for edit in edits(text, min(count, 20)):
        started = time.perf_counter()
        await direct.check(Source(case.module, edited(text, edit), flags), compiler, run, SECONDS)
        seconds.append(time.perf_counter() - started)
    return seconds


def told(name: str, seconds: list[float]) -> None:
    print(f"| {name} | {len(seconds)} | {statistics.median(seconds) * 1000:.0f} | {late(seconds) * 1000:.0f} |")


def large() -> Case:
    return Case(
        "a module of 727 lines of dune, 206,000 lines",
        CHECKOUT / ".tools" / "sources" / "ocaml-dune",
        "src/dune_rules/gen_rules.ml",
        "@src/check",
    )


async def measure(case: Case, count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="aid") as place:
        ours = await in_the_editor(case, Path(place), count)
    with tempfile.TemporaryDirectory(prefix="aid") as place:
        theirs, compiled = await by_dune(case, Path(place), max(10, count // 5))
    print(f"\n{case.name} (milliseconds; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)\n")
    print("| | edits | median | p95 |\n|---|---:|---:|---:|")
    told("edit, unsaved, to the error shown", [seconds for edit, seconds in ours if edit.broken])
    told("the same, the first at a place", [seconds for edit, seconds in ours if edit.broken and edit.is_first])
    told("the same, at the place of the one before", [s for edit, s in ours if edit.broken and not edit.is_first])
    told("edit, unsaved, to no error shown", [seconds for edit, seconds in ours if not edit.broken])
    told("dune's watch, saved, error", [seconds for edit, seconds in theirs if edit.broken])
    told("dune's watch, saved, no error", [seconds for edit, seconds in theirs if not edit.broken])
    told("ocamlc -stop-after typing", compiled)
    sys.stdout.flush()


async def main(count: int, with_large: bool) -> int:
    use_own_ocaml()
    if shutil.which("dune") is None:
        print("There is no dune on PATH.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="aid") as name:
        folder = Path(name).resolve()  # noqa: ASYNC240
        os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")
        os.environ["DUNE_CACHE_ROOT"] = str(folder / "dune-cache")  # so that no more than one build is from scratch
        for case in (spaced(small(folder)), *([large()] if with_large else [])):
            await measure(case, count)
    return 0


def spaced(case: Case) -> Case:
    """With a module of several definitions, an empty line before each."""
    module = case.sources / case.module
    module.write_text(module.read_text() + "".join(f"\nlet more_{number} = value + {number}\n" for number in range(8)))
    return case


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=90, help="how many edits")
    parser.add_argument("--large", action="store_true", help="also in dune's sources, which are fetched before")
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.count, options.large)))
