"""Messages to and from the program, as `program/frames.ml` has them: a list of texts, each behind its length."""

import asyncio
from collections.abc import Sequence

LONGEST = 64 * 1024 * 1024


class GarbledError(Exception):
    """What came is no message."""


def encode(fields: Sequence[str | bytes]) -> bytes:
    raw = [field.encode("utf-8", "replace") if isinstance(field, str) else field for field in fields]
    body = b"".join(b"%d:%s" % (len(field), field) for field in raw)
    return b"%d\n%s" % (len(body), body)


def decode(body: bytes) -> list[bytes]:
    """The fields of a message's body. Raises GarbledError."""
    found, at = [], 0
    while at < len(body):
        colon = body.find(b":", at, at + 12)
        if colon < 0 or not body[at:colon].isdigit():
            raise GarbledError("a field has no length")
        end = colon + 1 + int(body[at:colon])
        if end > len(body):
            raise GarbledError("a field is longer than its message")
        found.append(body[colon + 1 : end])
        at = end
    return found


async def read(stream: asyncio.StreamReader) -> list[bytes] | None:
    """The next message; None at the end. Raises GarbledError."""
    try:
        head = await stream.readuntil(b"\n")
        if not head[:-1].isdigit() or len(head) > 10 or int(head) > LONGEST:
            raise GarbledError(f"a message starts with {head[:20]!r}")
        return decode(await stream.readexactly(int(head)))
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise GarbledError("a message has no length") from error
