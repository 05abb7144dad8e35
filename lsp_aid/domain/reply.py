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
    """Changes in a file; with one block whose `search` is empty, a file to be created. All refer to the text before."""

    path: str
    blocks: tuple[Block, ...]


@frozen
class Whole:
    """The whole text that a file is to have, whether it exists or not."""

    path: str
    text: str


@frozen
class Delete:
    """A file to be deleted."""

    path: str


FileEdit = Blocks | Whole | Delete


@frozen
class Reply:
    """`explanation`: what the reply says beside its edits. No edits: the reply is prose alone."""

    explanation: str
    edits: tuple[FileEdit, ...]


def stands_for_lines(line: str) -> bool:
    """Whether a line reads as if it stood for others that are left out: `...`, `(* ... rest unchanged ... *)`."""
    line = line.strip()
    return 0 < len(line) <= _LONGEST_LEFT_OUT and _LEFT_OUT.fullmatch(line) is not None


def left_out_in(path: str, before: str, after: str) -> str:
    """The line of code that stands for others in `after` and is none of those in `before`; empty without one."""
    if not path.endswith(_ELIDABLE):
        return ""
    elided = Counter(line.strip() for line in after.split("\n") if stands_for_lines(line))
    if not elided:
        return ""
    elided.subtract(Counter(line.strip() for line in before.split("\n")))
    return next((line for line, more in elided.items() if more > 0), "")
