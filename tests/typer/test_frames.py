import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.typer.frames import GarbledError, decode, encode, read


def reader(data: bytes) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return stream


@given(st.lists(st.lists(st.binary())))
def test_whatever_is_written_is_read(messages: list[list[bytes]]) -> None:
    async def all_of_them() -> list[list[bytes] | None]:
        stream = reader(b"".join(map(encode, messages)))
        return [await read(stream) for _ in range(len(messages) + 1)]

    assert asyncio.run(all_of_them()) == [*messages, None]


@given(st.binary())
def test_garbage_is_told(data: bytes) -> None:
    async def first() -> object:
        try:
            return await read(reader(data))
        except GarbledError:
            return None

    asyncio.run(first())


@pytest.mark.parametrize("body", [b"x", b"5:ab", b":ab", b"-1:a", b"1"])
def test_a_body_that_is_none(body: bytes) -> None:
    with pytest.raises(GarbledError):
        decode(body)


async def test_what_is_too_long_is_not_waited_for() -> None:
    with pytest.raises(GarbledError):
        await read(reader(b"999999999\nx"))
