"""How editors count columns: in UTF-8, UTF-16 or UTF-32 units. Inside, a column counts code points."""

import enum


class Encoding(enum.StrEnum):
    """The names are those of the Language Server Protocol."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def _width(character: str, encoding: Encoding) -> int:
    code = ord(character)
    if encoding is Encoding.UTF16:
        return 2 if code > 0xFFFF else 1
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def column(line: str, units: int, encoding: Encoding) -> int:
    """The column, in code points, of a place counted in units. A place inside a character is drawn back to its start,
    one beyond the line to its end."""
    if encoding is Encoding.UTF32 or line.isascii():
        return max(0, min(units, len(line)))
    seen = 0
    for index, character in enumerate(line):
        seen += _width(character, encoding)
        if seen > units:
            return index
    return len(line)


def units(line: str, column: int, encoding: Encoding) -> int:
    """The units in front of a column counted in code points."""
    before = line[:column]
    if encoding is Encoding.UTF32 or before.isascii():
        return len(before)
    return sum(_width(character, encoding) for character in before)
