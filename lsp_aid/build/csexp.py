"""Canonical s-expressions, the form in which dune's RPC speaks: atoms `3:abc`, lists `(3:abc2:de)`, no framing.

What arrives comes from another process and is not trusted: depth and size are bounded, and nothing here recurses.
"""

from collections.abc import Iterator
from typing import TypeAlias

Csexp: TypeAlias = bytes | tuple["Csexp", ...]

MOST_DEPTH = 1000
MOST_BYTES = 64 * 1024 * 1024
_MOST_DIGITS = len(str(MOST_BYTES))
_OPEN, _CLOSE = ord("("), ord(")")


class CsexpError(ValueError):
    """Bytes that are no canonical s-expression, or one that is too deep or too large, or of an unexpected shape."""


def encode(value: Csexp) -> bytes:
    """The bytes of a value."""
    out: list[bytes] = []
    todo: list[Csexp | None] = [value]  # None closes a list
    while todo:
        match todo.pop():
            case None:
                out.append(b")")
            case bytes(atom):
                out.append(b"%d:%b" % (len(atom), atom))
            case tuple(items):
                out.append(b"(")
                todo.append(None)
                todo += reversed(items)
    return b"".join(out)


def decode(data: bytes) -> Csexp:
    """The one value that `data` is. Raises CsexpError."""
    reader = Reader()
    values = list(reader.feed(data))
    if len(values) != 1 or not reader.is_between:
        raise CsexpError(f"{len(values)} values and a rest where one value was expected")
    return values[0]


class Reader:
    """Reads values out of a stream of bytes. Once it has raised CsexpError it is of no more use."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_depth: int = MOST_DEPTH) -> None:
        self._most_bytes = most_bytes
        self._most_depth = most_depth
        self._buffer = bytearray()
        self._at = 0
        self._lists: list[list[Csexp]] = []
        self._size = 0  # bytes of the value that is being read, up to `_at`
        self._wanted = 0  # the buffer need not be looked at before it has so many bytes

    @property
    def is_between(self) -> bool:
        """Whether the stream may end here: no value has been begun."""
        return not self._lists and self._at == len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Csexp]:
        """The values that are complete with `data`. Exhaust it before more is fed. Raises CsexpError."""
        self._buffer += data
        while len(self._buffer) >= self._wanted and self._at < len(self._buffer):
            before = self._at
            value = self._step()
            self._size += self._at - before
            if self._size > self._most_bytes:
                raise CsexpError(f"a value of more than {self._most_bytes} bytes")
            if value is not None and self._lists:
                self._lists[-1].append(value)
            elif value is not None:
                self._size = 0
                yield value
            if self._at == before:
                break
        del self._buffer[: self._at]
        self._wanted = max(0, self._wanted - self._at)
        self._at = 0

    def _step(self) -> Csexp | None:
        """Takes one bracket or atom off the buffer; the value that it completes. Nothing is taken of half an atom."""
        byte = self._buffer[self._at]
        if byte == _OPEN:
            if len(self._lists) >= self._most_depth:
                raise CsexpError(f"more than {self._most_depth} lists in one another")
            self._at += 1
            self._lists.append([])
            return None
        if byte == _CLOSE:
            if not self._lists:
                raise CsexpError("a list is closed that was not opened")
            self._at += 1
            return tuple(self._lists.pop())
        return self._atom()

    def _atom(self) -> bytes | None:
        colon = self._buffer.find(b":", self._at, self._at + _MOST_DIGITS + 1)
        digits = self._buffer[self._at : colon if colon >= 0 else self._at + _MOST_DIGITS + 1]
        if not all(48 <= digit <= 57 for digit in digits) or (digits[:1] == b"0" and len(digits) > 1):
            raise CsexpError("an atom without its length")
        if colon < 0 and len(digits) > _MOST_DIGITS:
            raise CsexpError("an atom that is too long")
        if colon < 0:
            return None
        if not digits:
            raise CsexpError("an atom without its length")
        end = colon + 1 + int(digits)
        if self._size + end - self._at > self._most_bytes:
            raise CsexpError(f"a value of more than {self._most_bytes} bytes")
        if end > len(self._buffer):
            self._wanted = end
            return None
        atom = bytes(self._buffer[colon + 1 : end])
        self._at = end
        return atom
