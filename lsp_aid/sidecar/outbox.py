"""What is to be written to a descriptor that may not take it at once."""

import os


class Outbox:
    """`size` bytes wait."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._parts: list[bytes] = []
        self._first = 0  # bytes of the first part that are written
        self.size = 0

    def add(self, data: bytes) -> None:
        self._parts.append(data)
        self.size += len(data)

    def write(self) -> None:
        """Writes what can be written without waiting. Raises OSError where the other end has gone."""
        while self.size:
            data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            view = memoryview(data)[self._first :]
            self._parts = [data]
            try:
                written = os.write(self._number, view)
            except (BlockingIOError, InterruptedError):
                return
            self.size -= written
            self._first += written
            if not self.size:
                self._parts, self._first = [], 0
            elif self._first > 1_000_000:
                self._parts, self._first = [data[self._first :]], 0
