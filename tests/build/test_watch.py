from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.build.watch import Begun, Cutter, Printed

OUTPUT = b"""File "a.ml", line 1, characters 0-1:
Error: x
Had 1 error, waiting for filesystem changes...

********** NEW BUILD (a.ml changed, dune changed) **********

half a build
********** NEW BUILD (a.ml changed) **********

what a program prints without a line endSuccess, waiting for filesystem changes...
Internal error
"""
EVENTS = [
    Printed(False, b'File "a.ml", line 1, characters 0-1:\nError: x\n'),
    Begun(),
    Begun(),
    Printed(True, b"\nwhat a program prints without a line end"),
]


@given(st.integers(1, 60))
def test_output_is_cut_into_builds(size: int) -> None:
    cutter = Cutter()
    pieces = [OUTPUT[at : at + size] for at in range(0, len(OUTPUT), size)]
    assert [event for piece in pieces for event in cutter.feed(piece)] == EVENTS
    assert cutter.rest() == b"Internal error\n"


@given(st.lists(st.binary(max_size=50)))
def test_any_output_is_taken(pieces: list[bytes]) -> None:
    cutter = Cutter()
    for piece in pieces:
        list(cutter.feed(piece))
