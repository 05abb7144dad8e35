"""Sequences of lines or tokens looked for in longer ones, in time that grows with their length alone."""

from bisect import bisect_left
from collections.abc import Sequence

from lsp_aid.errors import EditError

MAX_PLACES = 64
"""More places than these are not told apart."""
MAX_KEYS = 200_000


class Haystack:
    """Keys in which others are found. Each different key is made one character, so that `str.find` does the work."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = keys
        self._codes: dict[str, int] = {}
        codes = self._codes
        if len(keys) > MAX_KEYS:
            raise EditError(f"A file of {len(keys)} lines or words is too large to be edited")
        self._text = "".join([chr(codes.setdefault(key, len(codes))) for key in keys])
        self._places: dict[str, list[int]] | None = None

    def find(self, wanted: Sequence[str]) -> list[int]:
        """Where the keys begin that are all of `wanted`, in order; at most `MAX_PLACES` + 1 of them."""
        found: list[int] = []
        codes = [self._codes.get(key) for key in wanted]
        if not codes or None in codes:
            return found
        needle = "".join(chr(code) for code in codes if code is not None)
        at = self._text.find(needle)
        while at >= 0 and len(found) <= MAX_PLACES:
            found.append(at)
            at = self._text.find(needle, at + 1)
        return found

    def places(self, key: str) -> Sequence[int]:
        """All places of one key, in order."""
        if self._places is None:
            self._places = {}
            for number, one in enumerate(self.keys):
                self._places.setdefault(one, []).append(number)
        return self._places.get(key, ())

    def between(self, key: str, first: int, end: int) -> Sequence[int]:
        """The places of one key from `first` up to, not including, `end`."""
        places = self.places(key)
        return places[bisect_left(places, first) : bisect_left(places, end)]
