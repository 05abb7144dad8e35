"""A model's reply before it is written down: what it quotes, what it changes, and how it will be spelt."""

from collections.abc import Sequence

from attrs import Factory, define, evolve, field

from benchmarks.edits.changes import LineEdit

FORMATS = ("unified_diff", "search_replace", "whole_file", "apply_patch")

KEEP, REMOVE, ADD, ELIDED = " ", "-", "+", "~"


@define
class Row:
    """A line of a hunk with what becomes of it; an ELIDED row stands for lines that the reply does not quote. `meant`
    is what it said before it was spoilt; `line` is the file's line, from 0, that it quotes or that it goes above."""

    sign: str
    text: str
    line: int = -1
    meant: str = field(default=Factory(lambda row: row.text, takes_self=True))


@define
class Hunk:
    """`start`: the line, from 0, where the first quoted line really stands. The rest is what the reply will say:
    `number`, from 1, and `within` where its head names a place; `counts` where they are not to be the true ones."""

    start: int
    rows: list[Row]
    number: int | None = None
    within: str = ""
    counts: tuple[int, int] | None = None

    @property
    def quoted(self) -> list[Row]:
        return [row for row in self.rows if row.sign in (KEEP, REMOVE)]

    def copy(self) -> "Hunk":
        return evolve(self, rows=[evolve(row) for row in self.rows])


@define
class FileReply:
    """`kind`: change, create, whole or delete. `text` is that of a file written whole or created; `cut` says that dots
    stand in it for a part."""

    path: str
    kind: str
    hunks: list[Hunk] = field(factory=list)
    text: str = ""
    cut: bool = False


@define
class Style:
    """How a reply is spelt."""

    fence: str = "```"
    info: str = ""
    before: str = ""
    between: str = ""
    after: str = ""
    path: str = "{}"
    prefix: bool = True
    bare_blanks: bool = False
    head: str = "@@ @@"
    elision: str = "..."
    line_end: str = "\n"
    indent: str = ""


@define
class Reply:
    format: str
    files: list[FileReply]
    style: Style = field(factory=Style)


def hunks_of(
    lines: Sequence[str], edits: Sequence[LineEdit], format_: str, context: int, *, unique: bool
) -> list[Hunk]:
    """The hunks of some edits: with `context` lines around each, and with `unique` as many more as it takes for the
    quoted lines to stand in one place only. Those that meet become one."""
    spans = []
    for edit in edits:
        before = after = context if edit.end > edit.start or context else 1
        while True:
            start, end = max(0, edit.start - before), min(len(lines), edit.end + after)
            if not unique or (start == 0 and end == len(lines)) or _count(lines, start, end) == 1 or before > 30:
                break
            before, after = before + 2, after + 2
        spans.append((start, end, [edit]))
    merged: list[tuple[int, int, list[LineEdit]]] = []
    for start, end, one in spans:
        if merged and start <= merged[-1][1]:
            first, last, known = merged.pop()
            start, end, one = first, max(last, end), known + one
        merged.append((start, end, one))
    return [_hunk(lines, start, end, inside, format_) for start, end, inside in merged]


def _hunk(lines: Sequence[str], start: int, end: int, edits: Sequence[LineEdit], format_: str) -> Hunk:
    rows: list[Row] = []
    at = start
    for edit in edits:
        rows += [Row(KEEP, lines[n], n) for n in range(at, edit.start)]
        rows += [Row(REMOVE, lines[n], n) for n in range(edit.start, edit.end)]
        rows += [Row(ADD, line, edit.end) for line in edit.new]
        at = edit.end
    rows += [Row(KEEP, lines[n], n) for n in range(at, end)]
    return Hunk(start, rows, start + 1 if format_ == "unified_diff" else None)


def heading(lines: Sequence[str], start: int) -> str:
    """The nearest line above that is not indented, as git and diff -p put it behind a hunk's head."""
    return next((line for line in reversed(lines[:start]) if line[:1].isalpha()), "")


def _count(lines: Sequence[str], start: int, end: int) -> int:
    wanted = list(lines[start:end])
    if not wanted:
        return 0
    return sum(
        lines[n] == wanted[0] and list(lines[n : n + len(wanted)]) == wanted
        for n in range(len(lines) - len(wanted) + 1)
    )
