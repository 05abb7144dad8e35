"""JSON as the module `json` has it, without that module."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.sidecar.quick_json import JsonError, dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_it_reads_and_writes_the_same(value: object) -> None:
    assert loads(json.dumps(value).encode()) == json.loads(json.dumps(value))
    assert json.loads(dumps(value)) == json.loads(json.dumps(value))


@given(st.binary(max_size=40) | st.text('{}[]",:\\u01tfn \n', max_size=20).map(str.encode))
def test_it_refuses_the_same(data: bytes) -> None:
    try:
        expected = json.loads(data.decode())
    except (ValueError, RecursionError):
        with pytest.raises(JsonError):
            loads(data)
    else:
        assert repr(loads(data)) == repr(expected)


@pytest.mark.parametrize("data", [b"[" * 100_000, b"9" * 5000, b"\xff", b"", b"{} {}", b'{"a": 1,}'])
def test_what_is_hostile_is_refused(data: bytes) -> None:
    with pytest.raises(JsonError):
        loads(data)


def test_half_a_character_goes_through() -> None:
    assert loads(dumps({"text": "\ud83d"})) == {"text": "\ud83d"}
