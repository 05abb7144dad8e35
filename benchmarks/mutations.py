"""How many slips of one token in real projects the engine takes back.

    python -m benchmarks.mutations [--project csexp|menhir|dune] [--count N] [--seed S] [--jobs N] [--typed]

Slips are made by `lsp_aid/ces/mutations.py`, of the sources that tools/fetch-sources brings; those under which the
build stays green do not count. `exact`: the first proposal leaves the tokens as they were; `among three`: one of three
does; `green`: the build is green with the first one. Everything lies in `.tools/mutations`: a run that was ended goes
on where it was, one with `--fresh` begins anew. With `--typed` the type checker stands for dune, once dune has built
the project as it is: a hundred times as fast, and *green* is then said of a module and its interface alone.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from benchmarks.audit import PARTS, SOURCES
from lsp_aid.ces.mutations import SINGLE_TOKENS, Mutant, Mutator
from lsp_aid.cli.opening import open_path
from lsp_aid.config import load
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import Typing, View
from lsp_aid.domain.proposal import Level, Proposal
from lsp_aid.edits.unified_diff import render
from lsp_aid.errors import ToolchainError
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair import one_token_slips, syntax_errors, typed_search
from lsp_aid.tasks.fix_build_error import fix_build_error
from lsp_aid.tasks.project import Project
from lsp_aid.workspace.view import WorkspaceView
from tools.own_ocaml import CHECKOUT, use_own_ocaml

FOLDER = CHECKOUT / ".tools" / "mutations"


@frozen
class Real:
    """A project of the audit's. `within`: the folders in which slips are made; `targets`: what is built."""

    within: tuple[str, ...]
    targets: tuple[str, ...] = ("@@default",)
    profile: str = "release"


PROJECTS = {
    "csexp": Real(("src",)),
    "menhir": Real(("src", "sdk", "cst", "fix", "pprint"), ("@check",)),  # a program puts `lib` together
    "dune": Real(("src", "bin", "otherlibs"), ("@src/check", "@bin/check"), "dev"),
}


class Silent:
    def report(self, message: str) -> None:
        """Nobody is told."""


def lay_out(name: str) -> Path:
    """The sources of a project, where every run finds them the same."""
    part = next(part for part in PARTS if part.name == name)
    target = FOLDER / name
    if not target.is_dir():
        making = target.with_name(f"{name}.new")
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(SOURCES / part.package, making, symlinks=True, ignore=shutil.ignore_patterns("_build", ".git"))
        for folder in part.without:
            shutil.rmtree(making / folder, ignore_errors=True)
        making.rename(target)
    return target


def texts(root: Path, real: Real) -> dict[str, str]:
    """The sources in which slips are made, and the dune files, by path."""
    found = {}
    for folder in real.within:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".ml", ".mli") or path.name == "dune":
                found[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="surrogateescape")
    return found


def words(text: str | None) -> list[str]:
    return [token.text for token in tokens(text or "") if not token.is_comment]


def is_exact(mutant: Mutant, proposal: Proposal) -> bool:
    """Whether the proposal leaves the tokens as they were before the slip."""
    before = {change.path: change.before for change in mutant.changes.files}
    after = {**mutant.changes.texts, **proposal.changes.texts}
    return set(after) <= set(before) and all(words(after[path]) == words(text) for path, text in before.items())


@frozen
class TypedEvaluator:
    """Implements the port `Evaluator` by typing what is changed, each module with its interface."""

    typing: Typing

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        after = Overlay(view, changes)
        units = {
            path.removesuffix("i") for path in {*view.open_texts, *changes.paths} if path.endswith((".ml", ".mli"))
        }
        found: list[Diagnostic] = []
        for unit in sorted(units):
            flags = await self.typing.flags_for(unit)
            if flags is not None and after.exists(unit):
                interface = after.read(f"{unit}i") if after.exists(f"{unit}i") else None
                try:
                    checked = await self.typing.typer.check(unit, after.read(unit), flags, interface=interface)
                except ToolchainError as failed:  # `ocamlc` dies of some interfaces that others were built against
                    return Evaluation(None, str(failed))
                found += checked.build.diagnostics
        return Evaluation(BuildResult(not any(one.is_error for one in found), tuple(found), 0.0))


async def raise_unless_green(project: Project) -> None:
    """Builds the project without a slip, which the shadow then is of. Raises SystemExit where it is red."""
    build = (await project.evaluator.evaluate(WorkspaceView(project.root), ChangeSet(), untrusted=False)).build
    if build is None or not build.green:
        raise SystemExit(f"{project.root} does not build as it is:\n{build.output if build else ''}")


async def measured(project: Project, mutant: Mutant) -> dict[str, Any]:
    """What came of one slip, in a view that holds it as an editor would."""
    documents = {path: (text or "", 1) for path, text in mutant.changes.texts.items()}
    view, started = WorkspaceView(project.root, documents), time.monotonic()
    outcome = await fix_build_error(project, view, None, Silent(), ask_model=False)
    seconds = time.monotonic() - started
    found = outcome.proposals[:3]
    right = [is_exact(mutant, one) for one in found]
    errors = outcome.before.errors if outcome.before else ()
    return {
        "number": mutant.number,
        "kind": mutant.kind,
        "is_red": outcome.before is not None and not outcome.before.green,
        "exact": right[:1] == [True],
        "three": any(right),
        "green": bool(found) and found[0].verdict.level is Level.VERIFIED,
        "seconds": round(seconds, 2),
        "diff": render(mutant.changes),
        "errors": [f"{error.path}:{error.range.start.line + 1}: {error.flat_message[:300]}" for error in errors[:3]],
        "proposals": [f"{one.verdict.level.value}: {one.title} [{one.source}]" for one in found],
    }


def read(results: Path) -> dict[int, dict[str, Any]]:
    """What is known already, by number."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    return {line["number"]: line for line in map(json.loads, lines)}


def show(line: Mapping[str, Any], *, details: bool) -> None:
    place = "exact" if line["exact"] else "among three" if line["three"] else "green" if line["green"] else "not green"
    print(f"{line['number']} {line['kind']}: {place if line['is_red'] else 'still builds'}, {line['seconds']:.1f} s")
    if line["is_red"] and (details or not line["exact"]):
        changed = [row for row in line["diff"].splitlines() if row[:1] in "+-" and row[:3] != "---"]
        for row in (*changed, *line["errors"], *line["proposals"]):
            print(f"    {row}")
    sys.stdout.flush()


def table(lines: list[Mapping[str, Any]]) -> None:
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        if line["is_red"]:
            groups[line["kind"]].append(line)
    groups["all"] = [line for line in lines if line["is_red"]]
    print("\n| slip | red | exact, first | among three | green, first | median s | slowest s |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for kind, group in groups.items():
        if group:
            counts = [sum(line[what] for line in group) for what in ("exact", "three", "green")]
            seconds = [line["seconds"] for line in group]
            shares = " | ".join(f"{count} ({100 * count / len(group):.0f} %)" for count in counts)
            print(f"| {kind} | {len(group)} | {shares} | {statistics.median(seconds):.1f} | {max(seconds):.1f} |")


async def run(name: str, options: argparse.Namespace) -> None:
    root, real = lay_out(name), PROJECTS[name]
    results = FOLDER / f"{name}-{options.seed}{'-typed' * options.typed}.jsonl"
    if options.fresh:
        results.unlink(missing_ok=True)
    known = read(results)
    mutator = Mutator(texts(root, real), options.seed, SINGLE_TOKENS)
    os.environ["DUNE_PROFILE"] = real.profile
    build, fix = {"targets": list(real.targets), "seconds": 1800}, {"seconds": 60.0 * options.patience}
    settings = load(None, {"trust": "always", "build": build, "fix": fix})
    numbers = iter(options.number or range(options.count))

    async def work() -> None:
        project, _ = await open_path(root, settings)
        try:
            await raise_unless_green(project)
            if options.typed and project.typing is not None:
                project = evolve(project, evaluator=TypedEvaluator(project.typing))
            for number in numbers:
                mutant = mutator.mutant(number)
                if options.kind not in mutant.kind:
                    continue
                if number not in known:
                    known[number] = await measured(project, mutant)
                    with results.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(known[number]) + "\n")
                show(known[number], details=options.details)
                lines.append(known[number])
        finally:
            project.close()

    lines: list[Mapping[str, Any]] = []
    await asyncio.gather(*(work() for _ in range(options.jobs)))
    print(f"\n{name}: {len(lines)} slips")
    table(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", action="append", choices=PROJECTS, help="one of them")
    parser.add_argument("--count", type=int, default=100, help="how many slips, those that still build included")
    parser.add_argument("--number", type=int, action="append", help="that one alone")
    parser.add_argument("--kind", default="", help="those whose kind holds this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--patience", type=float, default=1.0, help="so many times what a search may take: under load")
    parser.add_argument("--typed", action="store_true", help="ask the type checker instead of dune")
    parser.add_argument("--fresh", action="store_true", help="forget what is known")
    parser.add_argument("--details", action="store_true", help="show what is right as well")
    options = parser.parse_args()
    use_own_ocaml()
    one_token_slips.SECONDS *= options.patience
    syntax_errors.SECONDS *= options.patience
    typed_search.SECONDS *= options.patience
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in options.project or PROJECTS:
        asyncio.run(run(name, options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
