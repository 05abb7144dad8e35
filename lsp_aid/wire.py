"""Messages as bytes: the frames of the protocol, put around a message and taken off again.

Nothing but the standard library, and little of that: what editors start begins with this.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


LARGEST = 64 * 1024 * 1024
"""Bytes that a message may have."""
LARGEST_HEAD = 64 * 1024
"""Bytes that may precede a message."""


class FrameError(ValueError):
    """What came is not the protocol; there is no telling where the next message begins."""


def frame(body: bytes, mark: bytes = b"") -> bytes:
    """A message with its head. `mark` is the name of a further field of the head, if it is to have one."""
    head = b"Content-Length: %d\r\n\r\n" % len(body)
    return b"%b: 1\r\n%b%b" % (mark, head, body) if mark else head + body


class Frames:
    """Takes bytes as they come, and gives the messages that are whole. Of a message that is not, no more is kept than
    has come; one that is too large, and a head that does not end or tells no length, raises FrameError.

    `mark` is the field whose messages are to be told from the others, in lower case.
    """

    def __init__(self, mark: bytes = b"", largest: int = LARGEST) -> None:
        self._mark = mark
        self._largest = largest
        self._buffer = bytearray()
        self._start = 0  # of what is not taken off yet
        self._length: int | None = None  # of the body, once the head has told it
        self._marked = False
        self._head_size = 0
        self._has_fields = False
        self._in_body = False

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """The messages that `data` completes: their bodies, and whether they are marked. Raises FrameError."""
        self._buffer += data
        while self._in_body or self._read_head():
            self._in_body = True
            end = self._start + (self._length or 0)
            if len(self._buffer) < end:
                return
            body, marked = bytes(self._buffer[self._start : end]), self._marked
            self._start, self._length, self._marked, self._in_body, self._head_size = end, None, False, False, 0
            self._has_fields = False
            self._trim()
            yield body, marked

    @property
    def is_between(self) -> bool:
        """Whether nothing of a further message has come."""
        return len(self._buffer) == self._start and not self._in_body and self._length is None

    def _read_head(self) -> bool:
        """Reads lines up to the empty one that ends the head. Whether that has come."""
        while (end := self._buffer.find(b"\n", self._start)) >= 0:
            line = bytes(self._buffer[self._start : end]).strip()
            self._head_size += end + 1 - self._start
            self._start = end + 1
            self._check_head(0)
            if line:
                self._has_fields = True
                self._read_field(line)
            elif self._length is not None:
                return True
            elif self._has_fields:  # most likely the length of the message before was wrong
                raise FrameError("a message without a Content-Length")
        self._check_head(len(self._buffer) - self._start)
        self._trim()
        return False

    def _check_head(self, more: int) -> None:
        if self._head_size + more > LARGEST_HEAD:
            raise FrameError(f"no message begins within {LARGEST_HEAD} bytes")

    def _read_field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        if name == b"content-length":
            digits = value.strip()
            if not digits.isdigit() or len(digits) > 12 or int(digits) > self._largest:
                raise FrameError(f"a message cannot have the length {digits[:20].decode('ascii', 'replace')!r}")
            self._length = int(digits)
        elif name == self._mark and self._mark:
            self._marked = True

    def _trim(self) -> None:
        if self._start:
            del self._buffer[: self._start]
            self._start = 0
