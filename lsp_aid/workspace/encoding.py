"""How editors count columns: in UTF-8, UTF-16 or UTF-32 units. Inside, a column counts code points."""

import enum

from lsp_aid.workspace.lines import column, width_utf8

__all__ = ["Encoding", "column", "units"]


class Encoding(enum.StrEnum):
    """The names are those of the Language Server Protocol."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def units(line: str, column: int, encoding: Encoding) -> int:
    """The units in front of a column counted in code points."""
    before = line[:column]
    if encoding is Encoding.UTF32 or before.isascii():
        return len(before)
    if encoding is Encoding.UTF8:
        return sum(map(width_utf8, before))
    return sum(2 if character > "\uffff" else 1 for character in before)
