import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.build.csexp import Csexp, CsexpError, Reader, decode, encode

VALUES: st.SearchStrategy[Csexp] = st.recursive(
    st.binary(max_size=20), lambda inner: st.lists(inner, max_size=5).map(tuple), max_leaves=30
)
PIECES = st.lists(st.sampled_from([b"(", b")", b"3:abc", b"0:", b"12:", b":", b"-1:", b"007:", b"9999999999:"]))


@given(VALUES)
def test_what_is_written_is_read(value: Csexp) -> None:
    assert decode(encode(value)) == value


@given(st.lists(VALUES, max_size=4), st.integers(1, 9))
def test_a_stream_may_be_cut_anywhere(values: list[Csexp], size: int) -> None:
    data, reader, found = b"".join(map(encode, values)), Reader(), []
    for at in range(0, len(data), size):
        found += reader.feed(data[at : at + size])
    assert found == values
    assert reader.is_between


@given(st.binary(max_size=100) | PIECES.map(b"".join))
def test_any_bytes_are_values_or_refused(data: bytes) -> None:
    reader = Reader(most_bytes=1000, most_depth=10)
    try:
        values = list(reader.feed(data))
    except CsexpError:
        return
    assert data.startswith(b"".join(map(encode, values)))


@pytest.mark.parametrize("data", [b"x", b"01:a", b":", b")", b"()()", b"(", b"3:ab", b"", b"-1:a", b"1 :a"])
def test_what_is_no_value(data: bytes) -> None:
    with pytest.raises(CsexpError):
        decode(data)


def test_depth_and_size_are_bounded() -> None:
    assert decode(b"(" * 1000 + b")" * 1000)
    for data in (b"(" * 1001, b"99999999:", b"999999999999", b"(" + b"30000000:" + b"x" * 30000000 + b"40000000:"):
        with pytest.raises(CsexpError):
            list(Reader().feed(data))


def test_an_atom_that_comes_byte_by_byte_costs_little() -> None:
    reader, data = Reader(), encode(b"x" * 100_000)
    found = [value for byte in data for value in reader.feed(bytes([byte]))]
    assert found == [b"x" * 100_000]
