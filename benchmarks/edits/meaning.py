"""What a spoilt reply still means, by trying every place: it knows the reply's rows, not how anyone would read them.

A reply has one meaning if all ways to lay its quoted rows over the files lead to the same tokens. Rows are compared by
their words, layout apart. What the reply says itself decides between places, in this order: rows that stand there
exactly as quoted, then by their words, then with up to three lines left out; among several the definition that a head
names, then a line number that is exactly that of a place; and in diffs, hunks come in the order of the file.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from attrs import define, frozen

from benchmarks.edits.reply import ADD, ELIDED, KEEP, REMOVE, FileReply, Hunk, Reply, Row
from benchmarks.edits.tokens import words

MOST_SKIPPED = 3
MOST_WAYS = 64

Words = tuple[str, ...]

UNCLEAR = "unclear"
DELETED = "deleted"
Outcome = Words | str
"""What a file is afterwards: its words, or DELETED; UNCLEAR where there is no meaning, or more than one."""


class ManyError(Exception):
    """There are too many ways to try, and so no certain one."""


@frozen(order=True)
class Op:
    """Words `[start, end)` of a file become `new`."""

    start: int
    end: int
    new: tuple[str, ...]


@frozen
class Way:
    """One way to lay a hunk over a file: the line that its first row falls on, and what it does there."""

    line: int
    ops: tuple[Op, ...]


@define(slots=False)
class Text:
    lines: list[str]

    @cached_property
    def keys(self) -> list[tuple[str, ...]]:
        return [words(line) for line in self.lines]

    @cached_property
    def filled(self) -> list[int]:
        """The lines that hold words."""
        return [n for n, key in enumerate(self.keys) if key]

    @cached_property
    def starts(self) -> list[int]:
        """For each line, how many words stand before it; and at the end, how many there are."""
        return [0, *itertools.accumulate(map(len, self.keys))]

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(itertools.chain.from_iterable(self.keys))


def words_of(text: str) -> tuple[str, ...]:
    return Text(_lines(text)).words


def meaning(files: Mapping[str, str], reply: Reply) -> dict[str, Outcome]:
    """What the reply means for each file that it names."""
    by_path: dict[str, list[FileReply]] = {}
    for file in reply.files:
        by_path.setdefault(file.path, []).append(file)
    ordered = reply.format != "search_replace"
    return {path: _of_file(files.get(path), parts, ordered) for path, parts in by_path.items()}


def _of_file(before: str | None, parts: Sequence[FileReply], ordered: bool) -> Outcome:
    first = parts[0]
    if any(part.kind != first.kind or part.text != first.text or part.cut for part in parts):
        return UNCLEAR
    if (first.kind, before is None) in (("change", True), ("create", False), ("delete", True)):
        return UNCLEAR
    if first.kind == "delete":
        return DELETED
    if first.kind != "change":
        return words_of(first.text)
    assert before is not None
    text = Text(_lines(before))
    changed = _changed(text, [hunk for part in parts for hunk in part.hunks], ordered)
    return UNCLEAR if changed is None else changed


def strays(before: str, hunk: Hunk, ordered: bool = True) -> bool:
    """Whether a hunk by itself has one meaning, and that is not what it was meant to do."""
    text = Text(_lines(before))
    outcome = _changed(text, [hunk], ordered)
    gone = {row.line for row in hunk.rows if row.sign == REMOVE}
    after: list[str] = []
    for n, key in enumerate([*text.keys, ()]):
        after += (word for row in hunk.rows if row.sign == ADD and row.line == n for word in words(row.meant))
        after += () if n in gone else key
    return outcome is not None and outcome != tuple(after)


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def _changed(text: Text, hunks: Sequence[Hunk], ordered: bool) -> tuple[str, ...] | None:
    try:
        choices = [_hinted(text, _ways(text, hunk), hunk) for hunk in hunks]
    except ManyError:
        return None
    count = 1
    for choice in choices:
        count *= len(choice)
    if not 0 < count <= MOST_WAYS:
        return None
    combined = list(itertools.product(*choices))
    in_order = [ways for ways in combined if all(a.line < b.line for a, b in itertools.pairwise(ways))]
    results = {_result(text, ways) for ways in (in_order if ordered and in_order else combined)} - {None}
    return results.pop() if len(results) == 1 else None


def _result(text: Text, ways: Sequence[Way]) -> tuple[str, ...] | None:
    """The words with the ways all gone at once; None where they do not go together."""
    ops = sorted({op for way in ways for op in way.ops})
    after: list[str] = []
    at = 0
    last: Op | None = None
    for op in ops:
        if op.start < at or (last and op.start == last.start == op.end):
            return None
        after += text.words[at : op.start]
        after += op.new
        at, last = op.end, op
    return (*after, *text.words[at:])


def _ways(text: Text, hunk: Hunk) -> list[Way]:
    if not any(words(row.text) for row in hunk.quoted):
        return []
    if any(row.sign == ELIDED for row in hunk.rows):
        return _few(_elided(text, hunk.rows))
    contiguous = _few(_contiguous(text, hunk.rows))
    quoted = [row.text for row in hunk.quoted]
    exact = [way for way in contiguous if text.lines[way.line : way.line + len(quoted)] == quoted]
    return exact or contiguous or _few(_skipping(text, hunk.rows))


def _few(ways: Iterator[Way]) -> list[Way]:
    found = list(dict.fromkeys(itertools.islice(ways, MOST_WAYS + 1)))
    if len(found) > MOST_WAYS:
        raise ManyError
    return found


def _contiguous(text: Text, rows: Sequence[Row]) -> Iterator[Way]:
    """Where the words of all quoted rows follow one another, from the start of a line to the end of one."""
    quoted = [row for row in rows if row.sign != ADD]
    wanted = tuple(itertools.chain.from_iterable(words(row.text) for row in quoted))
    if not wanted:
        return
    leading = sum(1 for _ in itertools.takewhile(lambda row: not words(row.text), quoted))
    ends = {text.starts[n + 1] for n in text.filled}
    for line in text.filled:
        start = text.starts[line]
        if text.words[start : start + len(wanted)] == wanted and start + len(wanted) in ends:
            ops, at = _ops(rows, start)
            assert at == start + len(wanted)
            yield Way(max(0, line - leading), ops)


def _ops(rows: Sequence[Row], start: int) -> tuple[tuple[Op, ...], int]:
    """What rows do whose quoted words begin at word `start`, and where these end."""
    ops: list[Op] = []
    at = start
    for changed, run in itertools.groupby(rows, key=lambda row: row.sign in (ADD, REMOVE)):
        group = list(run)
        length = sum(len(words(row.text)) for row in group if row.sign != ADD)
        new = tuple(word for row in group if row.sign == ADD for word in words(row.text))
        if changed and (length or new):
            ops.append(Op(at, at + length, new))
        at += length
    return _joined(ops), at


def _elided(text: Text, rows: Sequence[Row]) -> Iterator[Way]:
    """The parts between the elisions, one behind the other, anything in between."""
    parts: list[list[Row]] = [[]]
    for row in rows:
        if row.sign == ELIDED:
            parts.append([])
        else:
            parts[-1].append(row)
    parts = [part for part in parts if part]
    if any(not any(words(row.text) for row in part if row.sign != ADD) for part in parts):
        raise ManyError  # what is only added beside an elision may stand at either end of it
    places = [_few(_contiguous(text, part)) for part in parts]

    def following(n: int, after: int) -> Iterator[tuple[Op, ...]]:
        if n == len(parts):
            yield ()
            return
        for way in places[n]:
            if text.starts[way.line] >= after:
                length = sum(len(words(row.text)) for row in parts[n] if row.sign != ADD)
                first = next(k for k in range(way.line, len(text.lines)) if text.keys[k])
                for rest in following(n + 1, text.starts[first] + length):
                    yield (*way.ops, *rest)

    for way in places[0]:
        length = sum(len(words(row.text)) for row in parts[0] if row.sign != ADD)
        first = next(k for k in range(way.line, len(text.lines)) if text.keys[k])
        for rest in following(1, text.starts[first] + length):
            yield Way(way.line, (*way.ops, *rest))


def _skipping(text: Text, rows: Sequence[Row]) -> Iterator[Way]:
    """The quoted rows line by line in order, with up to MOST_SKIPPED lines of the file left out between them."""
    solid = [row for row in rows if row.sign == ADD or words(row.text)]
    quoted = [n for n, row in enumerate(solid) if row.sign != ADD]
    keys = [words(solid[n].text) for n in quoted]
    if len(keys) < 2:
        return
    lines = text.filled

    def aligned(k: int, at: int, left: int) -> Iterator[tuple[int, ...]]:
        if k == len(keys):
            yield ()
            return
        for skipped in range(left + 1 if k else 1):
            place = at + skipped
            if place < len(lines) and text.keys[lines[place]] == keys[k]:
                for rest in aligned(k + 1, place + 1, left - skipped):
                    yield (place, *rest)

    for start in range(len(lines)):
        for places in aligned(0, start, MOST_SKIPPED):
            yield from _with_gaps(text, solid, quoted, places)


def _with_gaps(text: Text, rows: Sequence[Row], quoted: Sequence[int], places: Sequence[int]) -> Iterator[Way]:
    """What an alignment does. Lines left out right beside a change make it unclear: what is added may go before or
    behind them, and what is removed may take them along."""
    for (n, place), (m, following) in itertools.pairwise(zip(quoted, places, strict=True)):
        if following > place + 1 and any(row.sign != KEEP for row in rows[n : m + 1]):
            raise ManyError
    where = dict(zip(quoted, places, strict=True))
    ops: list[Op] = []
    at = text.starts[text.filled[places[0]]]
    for n, row in enumerate(rows):
        if row.sign == ADD:
            ops.append(Op(at, at, words(row.text)))
            continue
        start = text.starts[text.filled[where[n]]]
        at = start + len(words(row.text))
        if row.sign == REMOVE:
            ops.append(Op(start, at, ()))
    yield Way(text.filled[places[0]], _joined(ops))


def _joined(ops: Sequence[Op]) -> tuple[Op, ...]:
    """Additions in one place as one, in their order."""
    joined: list[Op] = []
    for op in ops:
        last = joined[-1] if joined else None
        if last and op.start == last.end:
            joined[-1] = Op(last.start, op.end, (*last.new, *op.new))
        else:
            joined.append(op)
    return tuple(joined)


def _hinted(text: Text, ways: list[Way], hunk: Hunk) -> list[Way]:
    """Those that the hunk's head singles out; all of them where it does not."""
    if len(ways) > 1 and hunk.within.strip():
        wanted = words(hunk.within)
        ways = [way for way in ways if wanted in _heads(text, way.line, len(wanted))] or ways
    if len(ways) > 1 and hunk.number is not None:
        ways = [way for way in ways if way.line == hunk.number - 1] or ways
    return ways


def _heads(text: Text, line: int, length: int) -> list[tuple[str, ...]]:
    """The beginnings of the nearest lines without indentation: the one above a line, and its own if it is one."""
    above = next((n for n in range(line - 1, -1, -1) if text.lines[n][:1].isalpha()), None)
    own = [line] if text.lines[line][:1].isalpha() else []
    return [text.keys[n][:length] for n in ([above] if above is not None else []) + own]
