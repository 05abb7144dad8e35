"""What is said of a diff: a verdict, the tier that spoke, and why."""

import enum
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range

NOWHERE = Range(Position(0, 0), Position(0, 0))


class Colour(enum.StrEnum):
    GREEN = "green"
    RED = "red"
    UNKNOWN = "unknown"  # for a fault of ours or of the machine: no word on the diff


class Level(enum.StrEnum):
    """How far a diff is to be judged; each includes the one before."""

    TYPES = "types"
    BUILD = "build"
    TEST = "test"


class Tier(enum.StrEnum):
    """What spoke, the cheapest first."""

    APPLIES = "applies"  # the diff has its place, is within the project, and is permitted
    PARSES = "parses"  # the compiler's parser
    TYPES = "types"  # the type checker that stays up
    CHECK = "check"  # dune, `@check`
    BUILD = "build"  # dune, `@check` and `@default`
    TEST = "test"  # dune, `@runtest`


@frozen
class RanTests:
    """The tests of a `@runtest`: how many ran, how many failed, and which of those passed when they were run again."""

    ran: int = 0
    failed: int = 0
    flaky: tuple[str, ...] = ()


@frozen
class Cheat:
    """Something that a diff adds by which it may be green without being right. docs/ces.md lists the kinds. `count` is
    how often it is added; `line` counts from 1, 0 for none."""

    kind: str
    path: str = ""
    line: int = 0
    count: int = 1
    detail: str = ""


@frozen
class PolicyReport:
    """What a policy says of a diff: the paths that may not be changed, those whose changes were taken back, and what
    may be cheating."""

    refused: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    cheats: tuple[Cheat, ...] = ()


@frozen
class Verdict:
    """`tier` is the one that spoke, None where none could. `reason` says why the colour is unknown, or in a word what a
    red one is about where no diagnostic does.

    `diagnostics` are those of that tier, warnings included. Against the errors of the base: `fixed` are gone,
    `remaining` are still there, `new` were not. `seconds` is what all of it took.
    """

    colour: Colour
    tier: Tier | None
    applied: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    fixed: tuple[Diagnostic, ...] = ()
    remaining: tuple[Diagnostic, ...] = ()
    new: tuple[Diagnostic, ...] = ()
    tests: RanTests | None = None
    policy: PolicyReport = PolicyReport()
    seconds: float = 0.0
    reason: str = ""
    id: str = ""
    base: str = ""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.is_error)

    def data(self) -> dict[str, Any]:
        """As JSON has it (docs/ces.md)."""
        tests = self.tests
        return {
            "id": self.id,
            "base": self.base,
            "verdict": self.colour.value,
            "tier": self.tier.value if self.tier else None,
            "reason": self.reason,
            "applied": self.applied,
            **{
                name: [diagnostic_data(d) for d in getattr(self, name)]
                for name in ("diagnostics", "fixed", "remaining", "new")
            },
            "tests": {"ran": tests.ran, "failed": tests.failed, "flaky": list(tests.flaky)} if tests else None,
            "policy": {
                "refused": list(self.policy.refused),
                "restored": list(self.policy.restored),
                "cheats": [
                    {"kind": c.kind, "file": c.path, "line": c.line, "count": c.count, "detail": c.detail}
                    for c in self.policy.cheats
                ],
            },
            "seconds": round(self.seconds, 4),
        }


def diagnostic_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """Lines and characters count from 0, characters in code points."""
    start, end = diagnostic.range.start, diagnostic.range.end
    return {
        "file": diagnostic.path,
        "range": {
            "start": {"line": start.line, "character": start.column},
            "end": {"line": end.line, "character": end.column},
        },
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
    }


def compared(
    before: Sequence[Diagnostic], after: Sequence[Diagnostic]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The errors that are fixed, remaining and new. Errors are the same if file, code and message are, wherever they
    have moved; of several alike, as many remain as there are on both sides."""
    left = [d for d in before if d.is_error]
    remaining, new = [], []
    for error in (d for d in after if d.is_error):
        same = next((d for d in left if d.identity == error.identity), None)
        if same is None:
            new.append(error)
        else:
            left.remove(same)
            remaining.append(error)
    return tuple(left), tuple(remaining), tuple(new)


def problem(message: str) -> Diagnostic:
    """An error about the evaluation as a whole, in our words."""
    return Diagnostic("", NOWHERE, Severity.ERROR, message, source="lsp-aid")
