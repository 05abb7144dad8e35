"""Leaves a reasoning model's thoughts out of its answer."""

_OPEN, _CLOSE = "<think>", "</think>"


class WithoutThinking:
    """Takes an answer piece by piece and lets through what follows a `<think>...</think>` at its start."""

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def feed(self, piece: str) -> str:
        """The part of the answer that is known to be none of the thoughts by now."""
        if self._state == "answer":
            return piece
        self._held += piece
        if self._state == "start":
            beginning = self._held.lstrip()
            if beginning.startswith(_OPEN):
                self._state = "thinking"
            elif not _OPEN.startswith(beginning):
                return self._let_through(self._held)
        if self._state == "thinking":
            if _CLOSE in self._held:
                self._state, self._held = "gap", self._held.partition(_CLOSE)[2]
            else:
                self._held = self._held[-len(_OPEN + _CLOSE) :]
        if self._state == "gap" and self._held.strip():
            return self._let_through(self._held.lstrip())
        return ""

    def end(self) -> str:
        """What was held back and is part of the answer after all."""
        return self._held if self._state == "start" else ""

    def _let_through(self, text: str) -> str:
        self._state, self._held = "answer", ""
        return text
