"""What a model's reply asks for, before it has a place: the same values whichever form the reply had."""

import re
from collections import Counter

from attrs import frozen

_LEFT_OUT = re.compile(
    r"""(\(\*+|;+|//|\#)?\ *(\.\.\.|…)\ *
        (.*\b(unchanged|existing|rest|remain\w*|same|omitted|before|previous|other)\b.*)?(\*+\))?
      |(\(\*+|;+)\ *(the\ +)?(rest|remainder)\ of\ (the\ +)?(file|code|module|function|definition)s?\b.*
      |(\(\*+|;+)\ *(existing|previous|remaining|unchanged)\ (code|function|definition|content)s?\b.*""",
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_LEFT_OUT = 160
_FIRST = frozenset("(;/#.…")
"""What a line that stands for others begins with."""
_ELIDABLE = (".ml", ".mli", ".mll", ".mly", "dune", "dune-project")


@frozen
class Block:
    """Whole lines to be found, and what they become. Both end in a line feed unless empty.

    An empty `search` is for a file that does not exist yet or is empty. `line`, from 0, is where the reply believes the
    lines to be, and `within` the definition around them: hints that choose between equal places, nothing more.

    A line like `...` or `(* ... *)` (`stands_for_lines`) that stands in both parts means the file's own lines.
    """

    search: str
    replace: str
    line: int | None = None
    within: str = ""


@frozen
class Blocks:
    """Changes in a file; with one block whose `search` is empty, a file to be created. All refer to the text before.
    `executable`: whether the file can be run afterwards, None where nothing is said. `origin`: the file whose copy this
    one is to be, which is not there yet; where it is renamed, its deletion is an edit of its own."""

    path: str
    blocks: tuple[Block, ...]
    executable: bool | None = None
    origin: str | None = None


@frozen
class Whole:
    """The whole text that a file is to have, whether it exists or not."""

    path: str
    text: str


@frozen
class Delete:
    """A file to be deleted. `text`: the text that the reply believes it to have, empty where it shows none."""

    path: str
    text: str = ""


FileEdit = Blocks | Whole | Delete


@frozen
class Reply:
    """`explanation`: what the reply says beside its edits. No edits: the reply is prose alone."""

    explanation: str
    edits: tuple[FileEdit, ...]


def stands_for_lines(line: str) -> bool:
    """Whether a line reads as if it stood for others that are left out: `...`, `(* ... rest unchanged ... *)`."""
    line = line.strip()
    return line[:1] in _FIRST and len(line) <= _LONGEST_LEFT_OUT and _LEFT_OUT.fullmatch(line) is not None


def may_leave_out(path: str) -> bool:
    """Whether such a line in a file of that name would be no text of its own."""
    return path.endswith(_ELIDABLE)


def left_out_in(path: str, before: str, after: str) -> str:
    """The line of code that stands for others in `after` and is none of those in `before`; empty without one."""
    if not may_leave_out(path):
        return ""
    elided = Counter(line for line in after.split("\n") if line.strip()[:1] in _FIRST)
    known = Counter(line.strip() for line in before.split("\n")) if elided else Counter()
    more: Counter[str] = Counter()
    for line, count in elided.items():
        if stands_for_lines(line):
            more[line.strip()] += count
    return next((line for line, count in more.items() if count > known[line]), "")
