"""Edits as people and models make them, at random, of the lines of a real file."""

import re
from collections.abc import Sequence
from random import Random

from attrs import frozen

from benchmarks.edits.tokens import is_balanced, open_at

_DEFINITION = re.compile(r"(let|and|type|module|val|exception|external|open|include|class|method)\b")
_NAME = re.compile(r"(?<![\w'\"])[a-z_][\w']{2,}(?![\w'\"])")
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "and as assert begin class constraint done downto else end exception external for fun function functor "
        "if include inherit initializer lazy let match method module mutable new nonrec object open private rec sig "
        "struct then try type val virtual when while with",
    )
)
_NEW_NAMES = ("result", "acc", "state'", "value", "next_item", "cfg", "ctx", "total", "items", "handler", "loc'", "aux")


@frozen(order=True)
class LineEdit:
    """Lines `[start, end)` of a file become `new`."""

    start: int
    end: int
    new: tuple[str, ...]


def applied(lines: Sequence[str], edits: Sequence[LineEdit]) -> list[str]:
    """The lines after the edits, which are in order and apart."""
    after: list[str] = []
    at = 0
    for edit in edits:
        after += lines[at : edit.start]
        after += edit.new
        at = edit.end
    return after + list(lines[at:])


def random_edits(random: Random, lines: Sequence[str], other: Sequence[str]) -> list[LineEdit]:
    """One edit or several in different places; `other` is a file from which new code is taken. None overlap, and none
    leaves half a comment or half a string."""
    if random.random() < 0.08:
        edits = _renamed(random, lines)
    else:
        count = random.choices((1, 2, 3, 5), (55, 22, 15, 8))[0]
        edits = [_one(random, lines, other) for _ in range(count)]
    kept: list[LineEdit] = []
    for edit in sorted(filter(None, (_trimmed(lines, edit) for edit in edits))):
        far_enough = not kept or edit.start > kept[-1].end
        if far_enough and _is_whole(lines, edit) and len(edit.new) < 60:
            kept.append(edit)
    return kept


def definition(lines: Sequence[str], at: int) -> tuple[int, int]:
    """The lines `[start, end)` of the definition at column 0 around a line, without blank lines at its end."""
    start = next((n for n in range(at, -1, -1) if _DEFINITION.match(lines[n])), at)
    end = next((n for n in range(start + 1, len(lines)) if lines[n][:1].strip()), len(lines))
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return start, end


def _is_whole(lines: Sequence[str], edit: LineEdit) -> bool:
    """Whether code stays code: the lines between two tokens, or plain words within a comment."""
    around = open_at(lines[: edit.start])
    if around == "comment":
        return not any(re.search(r"[\"'{|]|\(\*|\*\)", line) for line in (*lines[edit.start : edit.end], *edit.new))
    return not around and is_balanced(lines[edit.start : edit.end]) and is_balanced(edit.new)


def _one(random: Random, lines: Sequence[str], other: Sequence[str]) -> LineEdit:
    at = random.randrange(len(lines))
    kind = random.choices(
        (_tokens, _insert, _delete, _replace, _insert_definition, _delete_definition, _replace_definition),
        (30, 18, 8, 16, 12, 6, 10),
    )[0]
    return kind(random, lines, other, at)


def _tokens(random: Random, lines: Sequence[str], other: Sequence[str], at: int) -> LineEdit:
    """Other names, numbers or operators, in one to three lines."""
    end = min(len(lines), at + random.choice((1, 1, 1, 2, 3)))
    return LineEdit(at, end, tuple(with_other_token(random, line) for line in lines[at:end]))


def _insert(random: Random, lines: Sequence[str], other: Sequence[str], at: int) -> LineEdit:
    indent = _indent_of(lines[at])
    return LineEdit(at, at, tuple(_new_lines(random, other, random.randint(1, 6), indent)))


def _delete(random: Random, lines: Sequence[str], other: Sequence[str], at: int) -> LineEdit:
    return LineEdit(at, min(len(lines), at + random.randint(1, 5)), ())


def _replace(random: Random, lines: Sequence[str], other: Sequence[str], at: int) -> LineEdit:
    end = min(len(lines), at + random.randint(1, 5))
    return LineEdit(at, end, tuple(_new_lines(random, other, random.randint(1, 6), _indent_of(lines[at]))))


def _insert_definition(random: Random, lines: Sequence[str], other: Sequence[str], at: int) -> LineEdit:
    _, end = definition(lines, at)
    source = random.choice((lines, other))
    start, stop = definition(source, random.randrange(len(source)))
    new = [with_other_token(random, line) if random.random() < 0.4 else line for line in source[start:stop][:25]]
    return LineEdit(end, end, ("", *new))


def _delete_definition(random: Random, lines: Sequence[str], other: Sequence[str], at: int) -> LineEdit:
    start, end = definition(lines, at)
    return LineEdit(start, min(end + 1, start + 40, len(lines)), ())


def _replace_definition(random: Random, lines: Sequence[str], other: Sequence[str], at: int) -> LineEdit:
    start, end = definition(lines, at)
    end = min(end, start + 30)
    new = [with_other_token(random, line) if random.random() < 0.5 else line for line in lines[start:end]]
    return LineEdit(start, end, tuple(new))


def _renamed(random: Random, lines: Sequence[str]) -> list[LineEdit]:
    """A name of the file that becomes another, wherever it stands."""
    names = [name for line in lines for name in _NAME.findall(line) if name not in _KEYWORDS]
    if not names:
        return []
    name = random.choice(names)
    pattern = re.compile(rf"(?<![\w'\"]){re.escape(name)}(?![\w'\"])")
    hits = [n for n, line in enumerate(lines) if pattern.search(line)][:12]
    return [LineEdit(n, n + 1, (pattern.sub(f"{name}_v2", lines[n]),)) for n in hits]


def with_other_token(random: Random, line: str) -> str:
    """The line with another name or number in it, if it has one."""
    names = [m for m in _NAME.finditer(line) if m[0] not in _KEYWORDS]
    numbers = list(_NUMBER.finditer(line))
    if numbers and (not names or random.random() < 0.4):
        place = random.choice(numbers)
        return f"{line[: place.start()]}{int(place[0]) + random.randint(1, 9)}{line[place.end() :]}"
    if names:
        place = random.choice(names)
        return line[: place.start()] + random.choice(_NEW_NAMES) + line[place.end() :]
    return line


def _new_lines(random: Random, other: Sequence[str], count: int, indent: str) -> list[str]:
    """Lines of another file, with the indentation of the place they go to."""
    start = random.randrange(len(other))
    taken = list(other[start : start + count])
    depth = min((len(_indent_of(line)) for line in taken if line.strip()), default=0)
    return [indent + line[depth:] if line.strip() else "" for line in taken]


def _indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _trimmed(lines: Sequence[str], edit: LineEdit) -> LineEdit | None:
    """The edit without the lines that stay; None where nothing changes."""
    old, new = list(lines[edit.start : edit.end]), list(edit.new)
    start = edit.start
    while old and new and old[0] == new[0]:
        old, new, start = old[1:], new[1:], start + 1
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return LineEdit(start, start + len(old), tuple(new)) if old or new else None
