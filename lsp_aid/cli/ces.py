"""Evaluate diffs on warm bases: does a diff apply, parse, type-check, build and pass the tests, and if not, why.

`evaluate` reads a diff from standard input. A base, which is the project built once at a revision, is made on first use
and kept. `bases` lists those that are kept. `audit` holds verdicts against clean builds by dune, on diffs made by
mutation; a second run with the same results goes on where the first was ended.
Exit status: 0 green (audit: no disagreement), 1 red, 2 unknown or if it could not work.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_aid.ces.base import Record
    from lsp_aid.ces.engine import Engine
    from lsp_aid.ces.verdict import Verdict

NAME = "ces"
HELP = "evaluate diffs on warm bases"

MAX_DIFF = 32_000_000
"""Bytes; a longer diff is none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    what = parser.add_subparsers(metavar="WHAT", dest="what", required=True)
    evaluate = what.add_parser("evaluate", help="judge a diff, from standard input", description=__doc__)
    _project_arguments(evaluate)
    evaluate.add_argument(
        "--level", choices=("types", "build", "test"), default="build", help="how far to judge (build)"
    )
    evaluate.add_argument("--format", default="auto", metavar="NAME", help="the form of the diff (found by itself)")
    evaluate.add_argument("--allow", action="append", metavar="PATTERN", help="paths that may change (all)")
    evaluate.add_argument("--tests", action="append", metavar="PATTERN", help="paths that are restored from the base")
    evaluate.add_argument("--empty", action="store_true", help="a diff that changes nothing may be green")
    evaluate.add_argument("--json", action="store_true", help="print the verdict as one JSON object (docs/ces.md)")
    bases = what.add_parser("bases", help="list the bases that are kept")
    bases.add_argument("--json", action="store_true", help="print one JSON object")
    audit = what.add_parser("audit", help="hold verdicts against clean builds by dune", description=__doc__)
    _project_arguments(audit)
    audit.add_argument("--count", type=int, default=100, metavar="N", help="how many diffs (100)")
    audit.add_argument("--seed", type=int, default=1, metavar="N", help="which diffs (1)")
    audit.add_argument("--results", type=Path, metavar="FILE", help="where results are kept (a file in the cache)")
    audit.add_argument("--repeat", type=int, default=1, metavar="N", help="evaluate each diff so often (1)")
    audit.add_argument("--together", type=int, default=1, metavar="N", help="build so many green diffs at once (1)")
    audit.add_argument("--first", action="append", metavar="TARGET", help="what to build first for red diffs")
    audit.add_argument("--no-test", action="store_true", help="leave the tests out")


def _project_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--repo", type=Path, default=Path(), metavar="DIR", help="the project (this folder)")
    parser.add_argument("--rev", metavar="REV", help="the revision, in git or Mercurial (the folder as it lies there)")
    parser.add_argument("--profile", metavar="NAME", help="dune's profile (dev)")
    parser.add_argument("--check", action="append", metavar="TARGET", help="what to type-check (@check)")
    parser.add_argument("--target", action="append", metavar="TARGET", help="what to build besides (@default)")


def run(options: argparse.Namespace) -> int:
    actions = {"evaluate": _evaluate, "bases": _bases, "audit": _audit}
    return asyncio.run(actions[options.what](options))


async def _evaluate(options: argparse.Namespace) -> int:
    from lsp_aid.ces.checkout import source_of
    from lsp_aid.ces.engine import Request
    from lsp_aid.ces.policy import Policy
    from lsp_aid.ces.verdict import Level

    diff = _diff()
    policy = Policy(tuple(options.allow or ["**"]), tuple(options.tests or ()), options.empty)
    request = Request(diff, None, Level(options.level), policy, options.format)
    root = _root(options)
    async with _engine(options, root) as engine:
        source = source_of(root, options.rev, os.environ)
        if sys.stderr.isatty():
            sys.stderr.write("Opening the base; making a new one takes as long as a build.\n")
        verdict = await engine.evaluate(await engine.open(source), request)
    return _print(verdict, as_json=options.json)


def _diff() -> str:
    from lsp_aid.errors import UsageError

    if sys.stdin is None:
        raise UsageError("Standard input is closed", "Pipe a diff into this command.")
    if sys.stdin.isatty():
        sys.stderr.write("Reading the diff from the terminal; end it with Ctrl-D.\n")
    content = sys.stdin.buffer.read(MAX_DIFF + 1)
    if len(content) > MAX_DIFF:
        raise UsageError(f"The diff is longer than {MAX_DIFF} bytes", "Pipe a diff into this command.")
    # What is no UTF-8 has no place in a text, and is told so by the verdict.
    return content.decode("utf-8", "surrogateescape")


def _root(options: argparse.Namespace) -> Path:
    from lsp_aid.build.project_root import find_root
    from lsp_aid.errors import NoProjectError

    if not options.repo.is_dir():
        raise NoProjectError(f"{options.repo} is no folder", "Name a dune project.")
    root = find_root(options.repo)
    if root is None and options.rev is None:
        raise NoProjectError(f"{options.repo} belongs to no dune project", "Name a folder with a dune-project file.")
    return root or options.repo.resolve()


@asynccontextmanager
async def _engine(options: argparse.Namespace, root: Path) -> AsyncIterator["Engine"]:
    from lsp_aid.ces.base import Goals
    from lsp_aid.ces.opening import open_engine
    from lsp_aid.config import load

    usual = Goals()
    goals = Goals(
        tuple(options.check or usual.check),
        tuple(options.target or usual.build),
        usual.test,
        (f"--profile={options.profile}",) if options.profile else (),
    )
    engine = await open_engine(root, load(), goals, os.environ)
    try:
        yield engine
    finally:
        await engine.close()


def _print(verdict: "Verdict", *, as_json: bool) -> int:
    from lsp_aid.ces.verdict import Colour
    from lsp_aid.cli.report import Paint

    status = {Colour.GREEN: 0, Colour.RED: 1, Colour.UNKNOWN: 2}[verdict.colour]
    if as_json:
        print(json.dumps(verdict.data(), ensure_ascii=False))
        return status
    paint = Paint(sys.stdout)
    colours = {Colour.GREEN: paint.green, Colour.RED: paint.red, Colour.UNKNOWN: paint.yellow}
    tier = f", by {verdict.tier}" if verdict.tier else ""
    print(f"{colours[verdict.colour](verdict.colour)}{tier}, {verdict.seconds:.3f} s")
    for title, found in (("new", verdict.new), ("remaining", verdict.remaining), ("fixed", verdict.fixed)):
        for diagnostic in found:
            start = diagnostic.range.start
            place = f"{diagnostic.path}:{start.line + 1}:{start.column + 1}: " if diagnostic.path else ""
            print(f"  {title}: {place}{diagnostic.flat_message}")
    if verdict.reason and not verdict.errors:
        print(f"  {verdict.reason}")
    if verdict.tests:
        flaky = f", flaky: {', '.join(verdict.tests.flaky)}" if verdict.tests.flaky else ""
        print(f"  tests: {verdict.tests.ran} ran, {verdict.tests.failed} failed{flaky}")
    for path in verdict.policy.restored:
        print(f"  restored: {path}")
    for cheat in verdict.policy.cheats:
        print(f"  look at: {cheat.path}{f':{cheat.line}' if cheat.line else ''}: {cheat.kind} {cheat.detail}".rstrip())
    return status


async def _bases(options: argparse.Namespace) -> int:
    from lsp_aid.ces.base import listed, used
    from lsp_aid.ces.opening import bases_folder

    folder = bases_folder(os.environ)
    found = await asyncio.to_thread(lambda: [(record, at.name, used(at)) for record, at in listed(folder)])
    found.sort(key=lambda each: each[2], reverse=True)
    if options.json:
        data = [_base_data(*each) for each in found]
        print(json.dumps({"folder": str(folder), "bases": data}, ensure_ascii=False))
        return 0
    for record, key, at in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
        colour = "green" if record.built.green else f"{len(record.built.errors)} errors"
        place = f"{record.repository} {record.revision[:12]}"
        print(f"{key}  {record.size / 1e6:8.1f} MB  used {when}  {colour:10}  {place}")
    if not found:
        print(f"There are no bases in {folder}.", file=sys.stderr)
    return 0


def _base_data(record: "Record", key: str, at: float) -> dict[str, Any]:
    return {
        "base": key,
        "repository": record.repository,
        "revision": record.revision,
        "green": record.built.green,
        "errors": len(record.built.errors),
        "bytes": record.size,
        "seconds": round(record.seconds, 3),
        "made": int(record.made),
        "used": int(at),
        "near": record.near or None,
    }


async def _audit(options: argparse.Namespace) -> int:
    from lsp_aid.ces.audit import Audit, Tally
    from lsp_aid.ces.checkout import source_of
    from lsp_aid.ces.sandbox import find_sandbox
    from lsp_aid.ces.verdict import Level
    from lsp_aid.config import load

    root, tally = _root(options), Tally()
    async with _engine(options, root) as engine:
        warm = await engine.open(source_of(root, options.rev, os.environ))
        results = options.results or engine.store.folder / f"audit-{warm.base.key}-{options.seed}.jsonl"
        sandbox = await find_sandbox(load().sandbox, os.environ)
        levels = (Level.TYPES, Level.BUILD) if options.no_test else tuple(Level)
        audit = Audit(
            engine, warm, sandbox, engine.store.folder, levels, options.repeat, options.together, options.first or ()
        )
        async for line in audit.run(options.count, options.seed, results):
            before = len(tally.disagreements)
            tally.add(line)
            for wrong in tally.disagreements[before:]:
                print(f"DISAGREEMENT {wrong.number} ({wrong.kind}), {wrong.level}: {wrong.what}; dune: {wrong.truth}")
                print(wrong.diff, flush=True)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{tally.diffs} of {options.count}")
    print(f"{tally.diffs} diffs, {tally.green} of them green, {tally.unknown} verdicts unknown")
    for name, count in sorted(tally.tiers.items()):
        print(f"  {name}: {count}")
    print(f"  seconds: {tally.seconds:.1f} ours, {tally.cold_seconds:.1f} cold")
    print(f"{len(tally.disagreements)} disagreements; results in {results}")
    return 1 if tally.disagreements else 0
