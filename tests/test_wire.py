"""Frames: whole messages out of bytes that come in any pieces, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.wire import LARGEST_HEAD, FrameError, Frames, frame

MARK = b"lsp-aid-sidecar"


def fed(data: bytes, *cuts: int, largest: int = 1000) -> list[tuple[bytes, bool]]:
    """What comes of data that arrives in pieces."""
    frames = Frames(MARK, largest)
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    starts = [0, *ends[:-1]]
    return [message for start, end in zip(starts, ends, strict=True) for message in frames.feed(data[start:end])]


@given(
    st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=6), st.lists(st.integers(0, 400), max_size=9)
)
def test_what_was_framed_comes_out_whatever_the_pieces(messages: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    data = b"".join(frame(body, MARK if marked else b"") for body, marked in messages)
    assert fed(data, *cuts) == messages


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\n\r\n",
        b"content-type: x\r\ncontent-LENGTH:2\r\n\r\n",
        b"\r\n\r\nContent-Length: 2 \n\n",
        b"nonsense\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_heads_are_taken_as_clients_write_them(head: bytes) -> None:
    assert fed(head + b"{}" + frame(b"[]")) == [(b"{}", False), (b"[]", False)]


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: 1001\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: two\r\n\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"x" * (LARGEST_HEAD + 1),
        b"x: y\r\n" * LARGEST_HEAD,
        b"Content-Type: x\r\n\r\n{}",
        b"Content-Length: 1\r\n\r\n" + b"{}" + frame(b"[]"),
        b"Content-Length: 9\r\n\r\n" + b"{}" + frame(b"[]"),
    ],
)
def test_what_cannot_be_the_protocol_is_given_up(data: bytes) -> None:
    with pytest.raises(FrameError):
        fed(data)


def test_no_more_is_kept_than_is_needed() -> None:
    """A head of 100 megabytes, told in pieces, is given up within its bound."""
    frames = Frames()

    def hundred_megabytes() -> None:
        for _ in range(100):
            list(frames.feed(b"y" * 1_000_000))

    with pytest.raises(FrameError):
        hundred_megabytes()
    assert len(frames._buffer) <= 1_000_000


def test_what_is_cut_off_is_known() -> None:
    frames = Frames()
    assert frames.is_between
    assert list(frames.feed(frame(b"{}"))) == [(b"{}", False)]
    assert frames.is_between
    list(frames.feed(b"Content-Le"))
    assert not frames.is_between
