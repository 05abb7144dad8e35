"""Measure what lsp-aid finds on many examples.

`repair` runs the embedded engine on ill-typed OCaml programs. PAIRS holds JSON lines {"id", "ill_typed", ...}; a file
that ends in .xz is read too. RESULTS gets JSON lines {"id", "proposals": [{"text", "title"}, ...], "seconds"}, the best
proposal first, in the order of PAIRS. The authors' own versions, if there are any, are not looked at.
"""

import argparse
import asyncio
import json
import lzma
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_aid.domain.ports import Typer
    from lsp_aid.domain.typed import CompilerFlags

NAME = "eval"
HELP = "measure the repairs of many programs"

_BAR = 30
_SECONDS = 1.6
_PATIENCE = 4
"""So many times as long is searched where nothing is found."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    what = parser.add_subparsers(metavar="WHAT", dest="what", required=True)
    repair = what.add_parser("repair", help="repair ill-typed programs", description=__doc__)
    repair.formatter_class = argparse.RawDescriptionHelpFormatter
    repair.add_argument("pairs", type=Path, metavar="PAIRS", help="the programs, as JSON lines")
    repair.add_argument("--out", type=Path, required=True, metavar="RESULTS", help="where the proposals go")
    repair.add_argument("--top", type=_positive, default=3, metavar="N", help="how many proposals of each (3)")
    repair.add_argument("--jobs", type=_positive, default=1, metavar="N", help="how many programs at once (1)")
    what_counts = f"time for one program; {_PATIENCE} times as long where nothing is found by then ({_SECONDS:g})"
    repair.add_argument("--seconds", type=float, default=_SECONDS, metavar="S", help=what_counts)
    repair.add_argument("--limit", type=_positive, metavar="N", help="the first N programs only")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a number from 1")
    return number


def run(options: argparse.Namespace) -> int:
    from lsp_aid.errors import FileUnreadableError, FileUnwritableError

    try:
        rows = _rows(options.pairs, options.limit)
    except (OSError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        raise FileUnreadableError(
            f"{options.pairs} cannot be read: {error}", 'Name a file of JSON lines with "id" and "ill_typed".'
        ) from error
    try:
        with options.out.open("w", encoding="utf-8") as out:
            asyncio.run(_measure(rows, options, out))
    except OSError as error:
        raise FileUnwritableError(f"{options.out} cannot be written: {error}", "Name another file.") from error
    return 0


def _rows(path: Path, limit: int | None) -> list[dict[str, str]]:
    def rows(file: IO[str]) -> list[dict[str, str]]:
        loaded = (json.loads(line) for line in file if line.strip())
        return [{"id": str(row["id"]), "ill_typed": str(row["ill_typed"])} for row in loaded][:limit]

    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8") as packed:
            return rows(packed)
    with path.open(encoding="utf-8") as plain:
        return rows(plain)


async def _measure(rows: list[dict[str, str]], options: argparse.Namespace, out: IO[str]) -> None:
    from lsp_aid.config import load
    from lsp_aid.wiring import Wiring

    progress = _Progress(len(rows))
    async with Wiring().lone_typer(load(None, {}), jobs=options.jobs) as typer:
        try:
            await _start(typer)
            async for result in _results(rows, typer, options):
                out.write(json.dumps(result, ensure_ascii=False) + "\n")
                progress.step()
        finally:
            progress.end()


async def _start(typer: "Typer") -> None:
    """Has the typer ready, which is compiled where it has not been used before."""
    from lsp_aid.domain.typed import Variant

    async with aclosing(typer.judge("program.ml", "", [Variant("let x = 1")], "", _flags())) as judged:
        _ = [answer async for answer in judged]


def _flags() -> "CompilerFlags":
    from lsp_aid.domain.typed import CompilerFlags

    return CompilerFlags(("-w", "-a"))


async def _results(
    rows: list[dict[str, str]], typer: "Typer", options: argparse.Namespace
) -> AsyncIterator[dict[str, Any]]:
    """In the order of the rows, so many at once."""
    waiting: list[asyncio.Task[dict[str, Any]]] = []
    try:
        for row in rows:
            waiting.append(asyncio.create_task(_one(row, typer, options)))
            if len(waiting) >= options.jobs:
                yield await waiting.pop(0)
        while waiting:
            yield await waiting.pop(0)
    finally:
        for task in waiting:
            task.cancel()


async def _one(row: dict[str, str], typer: "Typer", options: argparse.Namespace) -> dict[str, Any]:
    from lsp_aid.repair.search.engine import propose
    from lsp_aid.repair.search.oracle import TyperOracle

    started = time.monotonic()
    until, at_last = (started + times * options.seconds for times in (1, _PATIENCE))
    oracle = TyperOracle(typer, "program.ml", _flags(), until, at_last)
    found = await propose(row["ill_typed"], oracle, top=options.top)
    proposals = [{"text": one.text, "title": one.title} for one in found]
    return {"id": row["id"], "proposals": proposals, "seconds": round(time.monotonic() - started, 4)}


class _Progress:
    """A bar on standard error, where that is a terminal."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.started = total, 0, time.monotonic()
        self.shown = sys.stderr.isatty()

    def step(self) -> None:
        self.done += 1
        if self.shown:
            filled = _BAR * self.done // max(1, self.total)
            left = (time.monotonic() - self.started) / self.done * (self.total - self.done)
            bar = "█" * filled + "·" * (_BAR - filled)
            sys.stderr.write(f"\r{bar} {self.done}/{self.total}, {left:.0f} s left \x1b[K")
            sys.stderr.flush()

    def end(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.write(f"{self.done} of {self.total} programs in {time.monotonic() - self.started:.0f} s\n")
