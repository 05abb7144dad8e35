"""What two runs of the same tests come to."""

import pytest

from lsp_aid.ces.outcomes import Outcome, agreed
from lsp_aid.ces.verdict import Colour, RanTests, Tier
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range


def ran(*failed: str) -> Outcome:
    """The outcome of three tests of which these fail."""
    place = Range(Position(0, 13), Position(0, 14))
    errors = tuple(Diagnostic(f"{name}/dune", place, Severity.ERROR, "exited with code 2") for name in failed)
    return Outcome(Colour.RED if failed else Colour.GREEN, Tier.TEST, errors, RanTests(3, len(failed)))


@pytest.mark.parametrize(
    ("first", "second", "colour", "failed", "flaky"),
    [
        ("a", "a", "red", 1, ""),
        ("a", "", "green", 0, "a"),
        ("ab", "bc", "red", 1, "ac"),
        ("a", "b", "unknown", 0, "ab"),
    ],
)
def test_what_fails_once_and_not_again_fails_nobody(
    first: str, second: str, colour: str, failed: int, flaky: str
) -> None:
    outcome = agreed(ran(*first), ran(*second))
    assert outcome.colour == colour
    assert outcome.tests == RanTests(3, failed, tuple(f"{name}/dune:1:13" for name in flaky))
