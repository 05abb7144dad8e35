"""Which of several equal places a block means, by what the reply itself says and by nothing else.

The text of a hunk's head names the definition around it. Its line number counts only where it is right to the line,
moved by as much as all other numbers in that file are off: a number that is nearly right is a number that is wrong.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.reply import Block
from lsp_aid.edits.finding import Place
from lsp_aid.edits.source import indent_of, split, squeezed

MAX_ABOVE = 5000
_HEADING_LENGTH = 60
"""Heads of hunks are cut off somewhere beyond."""
_DEFINITION = re.compile(r"(let|and|type|module|val|external|exception|class|method|object|struct|sig|functor)\b")

_END = re.compile(r"end\b|;;")


def shift_of(placed: Sequence[tuple[Block, Place]]) -> int | None:
    """By how much the line numbers are off, given the blocks that have one place; None where they do not agree."""
    shifts = {place.line - line for block, place in placed if (line := _hint(block)) is not None}
    return shifts.pop() if len(shifts) == 1 else None if shifts else 0


def settled(lines: Sequence[str], places: Sequence[Place], block: Block, shift: int | None) -> Sequence[Place]:
    """The one place that a hint points at; otherwise all of them."""
    if block.within:
        inside = [place for place in places if _is_within(lines, place.line, block.within)]
        if len(inside) == 1:
            return inside
        places = inside or places
    hint = _hint(block)
    if hint is not None and shift is not None:
        there = [place for place in places if place.line == hint + shift]
        if len(there) == 1:
            return there
    return places


def _hint(block: Block) -> int | None:
    """The line where the first line with text is said to stand."""
    if block.line is None:
        return None
    return block.line + next((n for n, line in enumerate(split(block.search)) if line.strip()), 0)


def _is_within(lines: Sequence[str], line: int, within: str) -> bool:
    wanted = squeezed(within)
    name = wanted if re.fullmatch(r"[\w'.]+", wanted) else None
    for head in (*_around(lines, line), *_nearest(lines, line)):
        if name is not None and name.rpartition(".")[2] in re.findall(r"[\w']+", head.partition("=")[0]):
            return True
        if head.startswith(wanted) and (len(wanted) >= _HEADING_LENGTH or not head[len(wanted) :][:1].isalnum()):
            return True
    return False


def _nearest(lines: Sequence[str], line: int) -> Iterator[str]:
    """What git writes into a head: the nearest line above that begins with a letter."""
    for number in range(line, max(-1, line - MAX_ABOVE), -1):
        if lines[number][:1].isalpha() or lines[number][:1] in ("_", "$"):
            yield squeezed(lines[number])
            if number < line:
                return


def _around(lines: Sequence[str], line: int) -> Iterator[str]:
    """The heads of the definitions around a line, the nearest first, its own line among them."""
    width: int | None = None
    for number in range(line, max(-1, line - MAX_ABOVE), -1):
        text = lines[number]
        indent = len(indent_of(text).expandtabs(8))
        if not text.strip() or (width is not None and indent >= width):
            continue
        is_head = _DEFINITION.match(text.strip()) is not None
        if is_head:
            yield squeezed(text)
        # What ends at `end` begins above it, and is around nothing here.
        if is_head or (number == line and indent) or _END.match(text.strip()):
            width = indent
        if indent == 0 and is_head:
            return
