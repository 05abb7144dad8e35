"""Server-sent events: bytes in, the data of each event out."""

from lsp_aid.errors import ModelProtocolError

MAX_LINE_BYTES = 1_000_000
"""A longer line is no event of a chat: an endpoint must not be able to fill the memory."""

_CURE = "Check that `model.url` is the base address of an OpenAI-compatible endpoint."


class EventReader:
    """Takes bytes as they arrive, split anywhere. Keeps at most one unfinished event."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        """The data of the events that end in this chunk. Raises ModelProtocolError for a line beyond all measure."""
        self._rest += chunk
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        if len(rest) > MAX_LINE_BYTES:
            raise ModelProtocolError(f"The model's endpoint sent a line of more than {MAX_LINE_BYTES} bytes", _CURE)
        return [event for line in lines if (event := self._line(bytes(line))) is not None]

    def end(self) -> list[str]:
        """What is left when the stream ends: some servers leave out the last empty line."""
        return self.feed(b"\n\n")

    def _line(self, line: bytes) -> str | None:
        text = line.rstrip(b"\r").decode("utf-8", errors="replace")
        if text.startswith("data:"):
            # Chat servers send each event in one line; joining is what the standard has.
            self._data.append(text[5:].removeprefix(" "))
        elif not text and self._data:
            event = "\n".join(self._data)
            self._data = []
            return event
        elif text and not text.startswith((":", "event:", "id:", "retry:")):
            raise ModelProtocolError(f"The model's endpoint sent what is no event of a stream: {text[:120]!r}", _CURE)
        return None
