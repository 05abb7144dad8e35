"""No text whatever makes a reader fail, run on for long, or write outside the workspace. `make fuzz` looks longer."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, Target, at_most

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000
CPU_SECONDS = 10.0
"""Far more than a reader takes, and far less than one takes whose work grows with the square of the text."""

CHARACTERS = st.text(st.characters(exclude_categories=()), max_size=20)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_reader_takes_any_text(target: Target, data: st.DataObject) -> None:
    pieces = st.lists(st.sampled_from(target.grammar) | CHARACTERS, max_size=25).map("".join)
    target.check(data.draw(pieces))


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_a_megabyte_of_anything_is_read_soon(target: Target) -> None:
    for piece in target.grammar[::6]:
        with at_most(CPU_SECONDS):
            target.read(piece * (MEGABYTE // len(piece)))
