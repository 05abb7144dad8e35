"""What dune's runs in a sandbox mean for a verdict."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve, frozen

from lsp_aid.build.dune import was_killed
from lsp_aid.build.process import in_thread
from lsp_aid.ces.base import dune_result
from lsp_aid.ces.keeping import Kept, Ran
from lsp_aid.ces.verdict import Colour, RanTests, Tier, problem
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import View
from lsp_aid.errors import AidError

_RAN = re.compile(r"^\$ \(cd (?P<folder>\S+) && (?P<program>\S+)", re.MULTILINE)
_TOOLS = re.compile(
    r"ocaml\w*(\.opt|\.byte|\.exe)?|menhir|(.*-)?(gcc|g\+\+|cc|clang|ar|as|ld|ranlib|cpp)(-[\d.]+)?|ppx\.exe|git|pkg-config"
)
_COMMAND = re.compile(r"^\$ ", re.MULTILINE)
_FAILED = re.compile(r"^\[.+\]$", re.MULTILINE)
_HEAD = re.compile(r"^> \s*(?:\x1b\[[\d;]*m)*File ", re.MULTILINE)
_SANDBOX = re.compile(r"_build/\.sandbox/[^/]+/")
_BUSY = 0.5
"""The share of its time that a program has to have computed for its being late to be its own fault."""

_OF_THE_PROJECT = ("CPU time", "memory")
"""What a build takes by the project's size, by how much of it a diff has built anew, and by how many compilers run side
by side: more than it may is no fault of the diff's."""


@frozen
class Outcome:
    """`tier` is the last that ran. `reason` is empty unless the colour is unknown, or a limit made it red. `unplaced`
    are the commands that failed of which dune does not say the place."""

    colour: Colour
    tier: Tier
    diagnostics: tuple[Diagnostic, ...] = ()
    tests: RanTests | None = None
    reason: str = ""
    unplaced: frozenset[str] = frozenset()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.is_error)


async def read(kept: Kept, tiers: Sequence[Tier], tree: Path, view: View, log: bytes) -> Outcome:
    """What became of the steps that were run for `tiers`, one each. `log` is dune's own of the last."""
    tier, ran = tiers[len(kept.ran) - 1], kept.ran[-1]
    tests = RanTests(count(log)) if tier is Tier.TEST else None
    if limit := exceeded(ran, kept):
        is_ours = limit == "time" or (tier is not Tier.TEST and limit in _OF_THE_PROJECT)
        colour = Colour.UNKNOWN if is_ours else Colour.RED
        reason = f"It was ended: it takes more than it may of {limit}"
        return Outcome(colour, tier, (problem(reason),), tests and evolve(tests, failed=1), reason)
    try:
        result = await dune_result(ran, tree, reader(view), kept.root)
    except AidError as error:
        return Outcome(Colour.UNKNOWN, tier, reason=str(error))
    if result.green:
        return Outcome(Colour.GREEN, tier, result.diagnostics, tests)
    failed = await in_thread(lambda: unplaced(log)) if tests else frozenset[str]()
    tests = tests and evolve(tests, failed=len(result.errors))
    return Outcome(Colour.RED, tier, result.diagnostics, tests, unplaced=failed)


def is_killed(kept: Kept) -> bool:
    """Whether the last program failed since something was killed, and that not by its own doing: compilers never kill
    themselves, tests may."""
    ran = kept.ran[-1]
    return bool(ran.code) and not ran.limit and (len(kept.ran) == 1 or kept.starved) and was_killed(ran.text)


def exceeded(ran: Ran, kept: Kept) -> str:
    """The limit that a program went beyond; empty where none. `time` where the machine may have been too slow."""
    if ran.limit == "time" and ran.cpu >= _BUSY * ran.seconds:
        return "CPU time"
    if ran.limit:
        return {"idle": "time, most of which it waited", "cpu": "CPU time"}.get(ran.limit, ran.limit)
    return "disk" if ran.code != 0 and kept.full else ""


def agreed(first: Outcome, second: Outcome) -> Outcome:
    """The outcome of tests that were red and were run again. What fails once and not again is flaky, and no failure;
    where others fail each time, nobody knows. A program that fails each time may name another place each time."""
    if second.tier is not Tier.TEST or second.colour is Colour.UNKNOWN:
        return evolve(second, colour=Colour.UNKNOWN, reason=second.reason or "The build changes its mind")
    tests = first.tests or RanTests()
    names = [{name(error) for error in each.errors} for each in (first, second)]
    flaky = tuple(sorted(names[0] ^ names[1]))
    if second.colour is Colour.GREEN:
        return evolve(second, tests=RanTests(tests.ran, 0, flaky))
    kept = tuple(d for d in first.diagnostics if not d.is_error or name(d) not in flaky)
    failed = len(names[0] & names[1])
    if flaky and not failed:
        if lasting := first.unplaced & second.unplaced:
            return evolve(first, tests=RanTests(tests.ran, len(lasting)))
        reason = f"Other tests fail each time: {', '.join(flaky)}"
        return evolve(first, colour=Colour.UNKNOWN, tests=RanTests(tests.ran, 0, flaky), reason=reason)
    return evolve(first, diagnostics=kept, tests=RanTests(tests.ran, failed, flaky))


def name(error: Diagnostic) -> str:
    """What a test is called: the place that dune names it by."""
    start = error.range.start
    return f"{error.path}:{start.line + 1}:{start.column}" if error.path else error.flat_message[:100]


def count(log: bytes) -> int:
    """How many programs dune has run, by its log, the tools of building apart."""
    found = 0
    for match in _RAN.finditer(log.decode("utf-8", "replace")):
        program = match["program"].rpartition("/")[2]
        found += match["folder"].startswith("_build") and not _TOOLS.fullmatch(program)
    return found


def unplaced(log: bytes) -> frozenset[str]:
    """The commands that failed, by dune's log, and printed a place: dune then leaves out that of the rule."""
    found = set()
    for entry in _COMMAND.split(log.decode("utf-8", "replace"))[1:]:
        if _FAILED.search(entry) and _HEAD.search(entry):
            found.add(_SANDBOX.sub("", entry.partition("\n> ")[0]))
    return frozenset(found)


def reader(view: View) -> Callable[[str], str | None]:
    """Reads a text of a view; None for what it does not have."""

    def read_text(path: str) -> str | None:
        try:
            return view.read(path)
        except AidError:
            return None

    return read_text
