"""From a block whose lines are found in a file to the lines of the file that change.

Lines that a block only repeats stay as the file has them; new ones take the file's indentation. Where the file holds
lines that the block does not know of, a change next to them is made only if it is clear on which side of them it goes.
"""

import difflib
import functools
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from attrs import frozen
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from lsp_aid.edits.indentation import Indentation, Layout, Pairs
from lsp_aid.edits.source import InString, Source, all_squeezed, lines_in_strings, squeezed
from lsp_aid.ocaml.tokens import strings

Where = Sequence[int | None]
"""For each line of a block the line of the file that it is; None where the file has none such."""

ALIKE = 60.0
"""So much is a line like the one in whose place it is put, where only words of it change."""
TELLING_CHARACTERS = 6
MAX_COMPARED = 20_000_000
"""Beyond so many pairs of lines a block's middle is taken as changed whole."""


@frozen
class Change:
    """Lines `[start, end)` of a file become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


class UnclearError(Exception):
    """A block has a place, and yet it is not clear what becomes of it. Says why; goes no further than placing."""


@frozen
class Op:
    """Lines `[old, old_end)` of the search part become lines `[new, new_end)` of the replace part."""

    old: int
    old_end: int
    new: int
    new_end: int


def differences(search: Sequence[str], replace: Sequence[str]) -> list[Op]:
    """Where two sequences differ; what is deleted and what is put in its place are one."""
    shorter = min(len(search), len(replace))
    first = 0
    while first < shorter and search[first] == replace[first]:
        first += 1
    last = 0
    while last < shorter - first and search[-1 - last] == replace[-1 - last]:
        last += 1
    old, new = search[first : len(search) - last], replace[first : len(replace) - last]
    if not old and not new:
        return []
    if len(old) * len(new) > MAX_COMPARED:
        return [Op(first, first + len(old), first, first + len(new))]
    ops: list[Op] = []
    for one in Indel.opcodes(old, new):
        if one.tag == "equal":
            continue
        op = Op(first + one.src_start, first + one.src_end, first + one.dest_start, first + one.dest_end)
        if ops and ops[-1].old_end == op.old and ops[-1].new_end == op.new:
            op = Op(ops[-1].old, op.old_end, ops[-1].new, op.new_end)
            ops.pop()
        ops.append(op)
    return ops


def slides(search: Sequence[str], replace: Sequence[str], op: Op) -> Iterator[int]:
    """The places in the search part, its own among them, at which what an operation only adds, or only deletes, has
    the same outcome: a new `x` between two others may be any of the three."""
    yield op.old
    if op.old < op.old_end and op.new < op.new_end:
        return
    moved, first, end = (replace, op.new, op.new_end) if op.old == op.old_end else (search, op.old, op.old_end)
    for n in range(1, op.old + 1):
        if first - n < 0 or search[op.old - n] != moved[end - n]:
            break
        yield op.old - n
    for n in range(len(search) - op.old_end):
        if end + n >= len(moved) or search[op.old_end + n] != moved[first + n]:
            break
        yield op.old + n + 1


def line_differences(search: Sequence[str], replace: Sequence[str], *, exact: bool) -> list[Op]:
    """As `differences`; white space at the ends of lines counts where the search part is the file's to the letter, or
    where nothing else differs."""
    if exact:
        return differences(search, replace)
    stripped = differences([line.rstrip() for line in search], [line.rstrip() for line in replace])
    return stripped or differences(search, replace)


def anchors(search: Sequence[str], ops: Sequence[Op]) -> set[int]:
    """The lines of a block, by number, whose places decide what is changed."""
    found: set[int] = set()
    for op in ops:
        deleted = [number for number in range(op.old, op.old_end) if search[number].strip()]
        beside = [] if deleted else [n for n in (_above(search, op.old), _below(search, op.old_end)) if n is not None]
        found.update(deleted, beside)
    return found


def spliced(
    source: Source, search: Sequence[str], replace: Sequence[str], where: Where, layout: Layout, *, exact: bool
) -> list[Change]:
    """The changes of a block whose lines stand at `where`. Raises UnclearError."""
    known = [(number, at) for number, at in enumerate(where) if at is not None and search[number].strip()]
    indentation = Indentation(pairs_of(source, search, where), layout)
    bare = _drops_trailing(source, search, where, exact)
    in_strings = functools.cache(lambda: _in_strings(source, replace, where[0]))

    def line(number: int, start: int) -> str:
        """A new line as it is to stand in the file, above line `start` of which it is put."""
        text = indentation.moved(replace[number])
        inside = text != replace[number] and (in_strings().get(number) or source.strings.get(start))
        if inside and inside.matters:
            raise UnclearError("The block is indented otherwise than the file, where a string spans several lines")
        return text.rstrip() if bare and text[-1:].isspace() and number + 1 not in in_strings() else text

    def made(ops: Sequence[Op]) -> list[Change]:
        changes = []
        _check_gaps(source, search, replace, where, ops)
        for op in ops:
            start, end = _extent(source, search, replace, where, op)
            new = [line(number, start) for number in range(op.new, op.new_end)]
            if new != list(source.lines[start:end]):
                changes.append(Change(start, end, tuple(new)))
        return changes

    changes = made(line_differences(search, replace, exact=exact))
    if not exact and any(_hides(source, one, two) for (_, one), (_, two) in pairwise(known)):
        outcomes = {_outcome(source, known, made(ops)) for ops in other_differences(search, replace)}
        if outcomes - {_outcome(source, known, changes)}:
            raise UnclearError("The block leaves out lines, and what it changes can be told in more than one way")
    return changes


def pairs_of(source: Source, search: Sequence[str], where: Where) -> Pairs:
    """The lines with text of a block, each with the line of the file that it is."""
    return [
        (search[number], source.lines[at])
        for number, at in enumerate(where)
        if at is not None and search[number].strip()
    ]


def other_differences(search: Sequence[str], replace: Sequence[str]) -> Iterator[list[Op]]:
    """Other ways to tell how two sequences differ. Where nothing is left out, all have the same outcome."""
    old, new = [line.rstrip() for line in search], [line.rstrip() for line in replace]
    yield [
        Op(len(old) - op.old_end, len(old) - op.old, len(new) - op.new_end, len(new) - op.new)
        for op in reversed(differences(old[::-1], new[::-1]))
    ]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    yield [Op(*places) for tag, *places in matcher.get_opcodes() if tag != "equal"]


def _outcome(source: Source, known: Sequence[tuple[int, int]], changes: Sequence[Change]) -> tuple[str, ...]:
    """What stands in the place of a block afterwards, blank lines and indentation apart."""
    at, end = known[0][1], known[-1][1] + 1
    after: list[str] = []
    for change in changes:
        after += (*source.lines[at : change.start], *change.lines)
        at = change.end
    return tuple(all_squeezed([line for line in (*after, *source.lines[at:end]) if line.strip()]))


def _check_gaps(source: Source, search: Sequence[str], replace: Sequence[str], where: Where, ops: Sequence[Op]) -> None:
    """Next to lines that a block leaves out, lines may be changed one by one, or some be taken away and nothing else be
    done: what is put in the place of others could go to the far side. Raises UnclearError."""
    changed = [op for op in ops if not _is_line_by_line(search, replace, op)]
    alone = len(changed) == 1 and changed[0].new == changed[0].new_end
    for op in changed:
        if not alone and any(_is_hidden_at(source, where, number) for number in (op.old, op.old_end)):
            raise UnclearError("The block leaves out lines next to those that it changes")


def _is_line_by_line(search: Sequence[str], replace: Sequence[str], op: Op) -> bool:
    old, new = (
        [squeezed(line) for line in part if line.strip()]
        for part in (search[op.old : op.old_end], replace[op.new : op.new_end])
    )
    return len(old) == len(new) and all(fuzz.ratio(one, two) >= ALIKE for one, two in zip(old, new, strict=True))


def _extent(source: Source, search: Sequence[str], replace: Sequence[str], where: Where, op: Op) -> tuple[int, int]:
    """The lines of the file that an operation takes away; without extent where it only adds."""
    new = [line for line in replace[op.new : op.new_end] if line.strip()]
    taken = [at for at in where[op.old : op.old_end] if at is not None]
    above = _mapped(where, range(op.old - 1, -1, -1))
    below = _mapped(where, range(op.old_end, len(where)))
    if taken:
        start, end = taken[0], taken[-1] + 1
        if any(source.lines[at].strip() for one, two in pairwise(taken) for at in range(one + 1, two)):
            raise UnclearError("The block leaves out lines that stand between those that it changes")
        if any(_is_hidden_at(source, where, number) for number in _beside(search, replace, op)):
            raise UnclearError("The block leaves out lines next to one of several equal ones that it takes away")
        return start, end
    if above is None and below is None:
        raise UnclearError("The block adds lines without a line of the file next to them")
    if new and any(_is_hidden_at(source, where, number) for number in slides(search, replace, op)):
        raise UnclearError("The block leaves out lines of the file just where it adds new ones")
    # Blank lines that the block does not know of stay behind what is added, unless it brings its own.
    ends_blank = below is not None and not replace[op.new_end - 1].strip() if op.new_end > op.new else False
    at = below if above is None or ends_blank else above + 1
    assert at is not None
    _check_new(source, new, at, first=above is None, last=below is None)
    return at, at


def _beside(search: Sequence[str], replace: Sequence[str], op: Op) -> Iterator[int]:
    """The places around lines of which others, with text, may be meant that are their equals."""
    slid = [number for number in slides(search, replace, op) if number != op.old]
    first, last = min([op.old, *slid]), max([op.old, *slid])
    equal = [*search[first : op.old], *search[op.old_end : op.old_end + last - op.old]]
    if any(line.strip() for line in equal):
        yield from range(first, last + op.old_end - op.old + 1)


def _check_new(source: Source, new: Sequence[str], at: int, *, first: bool, last: bool) -> None:
    """Lines added at the edge of a block that stand there already were added before."""
    wanted = [squeezed(line) for line in new]
    there: list[str] = []
    if wanted and last:
        there = list(_filled(source, range(at, len(source.lines)), len(wanted)))
    elif wanted and first:
        there = list(_filled(source, range(at - 1, -1, -1), len(wanted)))[::-1]
    if there == wanted and sum(c.isalnum() for line in wanted for c in line) >= TELLING_CHARACTERS:
        raise UnclearError("The lines that the block adds are there already")


def _filled(source: Source, numbers: range, count: int) -> Iterator[str]:
    for number in numbers:
        if count == 0:
            return
        if source.lines[number].strip():
            count -= 1
            yield squeezed(source.lines[number])


def _is_hidden_at(source: Source, where: Where, number: int) -> bool:
    """Whether the file has lines that the block does not know of just above a line of the block."""
    return _hides(source, _mapped(where, range(number - 1, -1, -1)), _mapped(where, range(number, len(where))))


def _hides(source: Source, above: int | None, below: int | None) -> bool:
    """Whether there are lines with text between two that the block takes for neighbours."""
    return above is not None and below is not None and any(line.strip() for line in source.lines[above + 1 : below])


def _mapped(where: Where, numbers: range) -> int | None:
    return next((at for number in numbers if (at := where[number]) is not None), None)


def _above(search: Sequence[str], number: int) -> int | None:
    return next((n for n in range(number - 1, -1, -1) if search[n].strip()), None)


def _below(search: Sequence[str], number: int) -> int | None:
    return next((n for n in range(number, len(search)) if search[n].strip()), None)


def _drops_trailing(source: Source, search: Sequence[str], where: Where, exact: bool) -> bool:
    """Whether white space at the ends of new lines is noise: the block has more of it than the file."""
    if not source.is_code or exact:
        return False
    return any(
        search[number] != search[number].rstrip() and source.lines[at] == source.lines[at].rstrip()
        for number, at in enumerate(where)
        if at is not None
    )


def _in_strings(source: Source, lines: Sequence[str], first: int | None) -> Mapping[int, InString]:
    """The lines of the replace part, by number, that begin in a string. `first` is the line of the file with which the
    block begins."""
    if not source.is_ocaml or not any(mark in line for line in lines for mark in '"|'):
        return {}
    around = source.strings.get(first) if first is not None else None
    text = (around.opening if around else "") + "\n".join(lines)
    return lines_in_strings(text, strings(text))
