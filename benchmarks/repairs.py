"""How many errors of little projects the engine repairs as their maintainer would.

    python -m benchmarks.repairs [--only WORDS] [--details]
    python -m benchmarks.repairs --check      # are they red, and green with what is wanted?

Each file in `projects/` holds many projects that do not build, each with the texts that a maintainer would leave, and
behind a line `-- or --` those that he might leave as well. A project passes at first place, or among three, where a
proposal leaves the same tokens: layout does not count. `green` is how many have a proposal at first place that builds.
"""

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from attrs import define, field, frozen

from lsp_aid.cli.opening import open_path
from lsp_aid.config import load
from lsp_aid.domain.proposal import Level, Proposal
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.tasks.fix_build_error import fix_build_error
from lsp_aid.workspace.view import WorkspaceView
from tools.own_ocaml import use_own_ocaml

PROJECTS = Path(__file__).with_name("projects")
DEFAULTS = {"dune-project": "(lang dune 3.17)\n", "dune": "(library\n (name project))\n"}
_HEAD = re.compile(r"^-- (want )?(\S+) --$")
_OR = "-- or --"


@define
class Case:
    """`before` is the project, each of `wants` the files that differ behind; `is_explained`: nothing is to propose."""

    name: str
    before: dict[str, str] = field(factory=dict)
    wants: list[dict[str, str]] = field(factory=lambda: [{}])
    is_explained: bool = False


@frozen
class Result:
    case: Case
    first: bool
    three: bool
    green: bool
    seconds: float
    shown: str


def cases(file: Path) -> Iterator[Case]:
    """The projects of a file."""
    for part in re.split(r"^=== ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        case = Case(f"{file.stem}/{name}")
        into, path = case.before, ""
        for line in rest.splitlines(keepends=True):
            if line.rstrip() == _OR:
                case.wants.append({})
            elif head := _HEAD.match(line.rstrip()):
                into, path = case.wants[-1] if head[1] else case.before, head[2]
                into[path] = ""
            elif path:
                into[path] += line
            else:
                case.is_explained = "kind: none" in line
        if "bin/dune" not in case.before and "lib/dune" not in case.before:
            case.before.setdefault("dune", DEFAULTS["dune"])
        case.before.setdefault("dune-project", DEFAULTS["dune-project"])
        yield case


def words(text: str | None) -> list[str]:
    return [token.text for token in tokens(text or "") if token.text not in ("(", ")", "begin", "end")]


def is_wanted(case: Case, proposal: Proposal) -> bool:
    after = {**case.before, **proposal.changes.texts}
    return any(
        all(words(after.get(path)) == words(text) for path, text in {**case.before, **want}.items())
        for want in case.wants
    )


class Silent:
    def report(self, message: str) -> None:
        """Nobody is told."""


def write(texts: dict[str, str], folder: Path) -> None:
    for path, text in texts.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def built(texts: dict[str, str]) -> str:
    """What dune says of a project, nothing where it builds."""
    with tempfile.TemporaryDirectory() as folder:
        write(texts, Path(folder))
        command = ["dune", "build", "--root", ".", "--display", "quiet"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        return (done.stderr or "no output") if done.returncode else ""


def check(folder: Path, only: str) -> int:
    """Prints the projects that build as they are, and those that do not with what is wanted."""
    wrong = 0
    for case in (case for file in sorted(folder.glob("*.txt")) for case in cases(file) if only in case.name):
        said = [] if built(case.before) else ["builds as it is"]
        wants = [] if case.is_explained else case.wants
        said += [why for want in wants if (why := built({**case.before, **want}))]
        for why in said:
            print(f"{case.name}: {why}", flush=True)
        wrong += bool(said)
    return wrong


async def measured(case: Case, folder: Path) -> Result:
    write(case.before, folder)
    project, _ = await open_path(folder, load(None, {"trust": "always"}))
    started = time.monotonic()
    try:
        outcome = await fix_build_error(project, WorkspaceView(project.root), None, Silent(), ask_model=False)
    finally:
        project.close()
    found = outcome.proposals
    right = [is_wanted(case, one) for one in found[:3]]
    if case.is_explained:
        right = [not found]
    shown = "\n".join(f"    {one.verdict.level.value}: {one.title}" for one in found[:3]) or f"    {outcome.reason}"
    is_green = bool(found) and found[0].verdict.level is Level.VERIFIED
    return Result(case, right[:1] == [True], any(right), is_green, time.monotonic() - started, shown)


async def run(options: argparse.Namespace) -> None:
    totals: dict[str, Counter[str]] = {}
    for file in sorted(options.projects.glob("*.txt")):
        total = totals.setdefault(file.stem, Counter())
        for case in cases(file):
            if options.only and options.only not in case.name:
                continue
            with tempfile.TemporaryDirectory() as folder:
                result = await measured(case, Path(folder))
            total.update(projects=1, first=+result.first, three=+result.three, green=+result.green)
            place = "first" if result.first else "among three" if result.three else "not found"
            if options.details or not result.first:
                print(f"{case.name}: {place}, {result.seconds:.1f} s\n{result.shown}", flush=True)
    print("\n| errors | projects | as the maintainer, first | among three | green, first |\n|---|---:|---:|---:|---:|")
    totals["all"] = sum(totals.values(), Counter())
    for name, total in totals.items():
        print(f"| {name} | {total['projects']} | {total['first']} | {total['three']} | {total['green']} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--details", action="store_true", help="show what is right as well")
    parser.add_argument("--projects", type=Path, default=PROJECTS, help="the folder of their files")
    parser.add_argument("--check", action="store_true", help="build them as they are and as wanted; propose nothing")
    options = parser.parse_args()
    use_own_ocaml()
    if options.check:
        return min(check(options.projects, options.only), 1)
    asyncio.run(run(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
