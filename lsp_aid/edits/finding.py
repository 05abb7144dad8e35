"""Finds where a block stands in a file, by one way of looking after another, each with less regard for what may drift.

Exactly; without regard for white space; with lines left out for `...`; by OCaml's tokens; with lines of context
missing; with lines of context that are not quite right. The first way that finds anything says all places.
"""

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import IntEnum

from attrs import frozen
from rapidfuzz import fuzz

from lsp_aid.domain.reply import Block, stands_for_lines
from lsp_aid.edits import by_tokens
from lsp_aid.edits.haystack import MAX_PLACES, Haystack
from lsp_aid.edits.indentation import Layout, Pairs
from lsp_aid.edits.source import Source, all_squeezed, all_stripped, split, squeezed
from lsp_aid.edits.splice import Change, Where, anchors, line_differences, pairs_of, spliced

MAX_LINES = 400
MAX_CHARACTERS = 100_000
"""A block of more lines or characters has to be right but for white space."""
TELLING_CHARACTERS = 4
MAX_GAP = 3
"""So many lines with text may be missing in a block."""
MAX_SEEDS = 64
LIKENESS = 90.0
MARGIN = 10.0
WORD_LIKENESS = 70.0
LINES_FOR_A_MISTAKE = 4
"""Among so many lines with text one may hold a word that is not quite right."""
_HEADS = (
    "let ",
    "and ",
    "type ",
    "module ",
    "val ",
    "external ",
    "exception ",
    "class ",
    "method ",
    "open ",
    "include ",
)


class Step(IntEnum):
    """How a block was found, the strictest first."""

    EXACT = 0
    TRAILING_SPACE = 1
    WHITE_SPACE = 2
    ELIDED = 3
    TOKENS = 4
    GAPS = 5
    LIKENESS = 6


@frozen
class Place:
    """A place of a block. `line`, from 0, is where its first line with text stands. `pairs` are the lines that it
    repeats, with those of the file; `changes`, given the layout of the whole reply, raises UnclearError."""

    line: int
    changes: Callable[[Layout], list[Change]]
    pairs: Callable[[], Pairs]


@frozen
class Found:
    """The places of a block. `is_settled`: hints may choose among them."""

    step: Step
    places: tuple[Place, ...]
    is_settled: bool = True


def find(source: Source, block: Block) -> Found | None:
    """The places of a block by the strictest way that has any; None where there is no place."""
    search, replace = split(block.search), split(block.replace)
    if len(search) > MAX_LINES and _filled_count(search) > len(source.filled):
        return None
    for look in (_exact, _blanks_apart, _elided, _by_tokens, _with_gaps, _alike):
        if found := look(source, search, replace):
            return found
    return None


def _filled_count(search: Sequence[str]) -> int:
    """How many lines of the file a block needs at the least, unless it has other line breaks."""
    counts = Counter(search)
    return sum(count for line, count in counts.items() if line.strip() and not stands_for_lines(line))


def _exact(source: Source, search: Sequence[str], replace: Sequence[str]) -> Found | None:
    lead = next(n for n, line in enumerate(search) if line.strip())
    places = tuple(
        _exact_place(source, search, replace, range(start, start + len(search)), start + lead)
        for start in source.raw.find(search)
    )
    return Found(Step.EXACT, places) if places else None


def _exact_place(source: Source, search: Sequence[str], replace: Sequence[str], where: Where, line: int) -> Place:
    return Place(
        line,
        lambda layout: spliced(source, search, replace, where, layout, exact=True),
        lambda: pairs_of(source, search, where),
    )


def _blanks_apart(source: Source, search: Sequence[str], replace: Sequence[str]) -> Found | None:
    filled = [line for line in search if line.strip()]
    for step, haystack, key in _loose(source):
        if step is Step.WHITE_SPACE and not is_telling(filled):
            continue
        starts = haystack.find(key(filled))
        if starts:
            places = tuple(_loose_place(source, search, replace, range(s, s + len(filled))) for s in starts)
            rivals = (
                _nearer(source, search, replace, places[0]) if step is Step.WHITE_SPACE and len(places) == 1 else ()
            )
            return Found(step, (*places, *rivals), is_settled=not rivals)
    return None


def by_words(source: Source, search: Sequence[str], replace: Sequence[str]) -> list[Place]:
    """Where the words of a block's lines stand, one line below the other but for blank ones."""
    keys = all_squeezed([line for line in search if line.strip()])
    return [
        _loose_place(source, search, replace, range(start, start + len(keys))) for start in source.squeezed.find(keys)
    ]


def _nearer(source: Source, search: Sequence[str], replace: Sequence[str], place: Place) -> Sequence[Place]:
    """Other places where more of a block's lines stand to the letter, if some that it leaves out are between them."""
    others = _with_gaps(source, search, replace)
    if others is None:
        return ()
    least = _to_the_letter(place)
    return [other for other in others.places if other.line != place.line and _to_the_letter(other) > least]


def _to_the_letter(place: Place) -> int:
    return sum(one.rstrip() == two.rstrip() for one, two in place.pairs())


def _loose(source: Source) -> Iterator[tuple[Step, Haystack, Callable[[Sequence[str]], list[str]]]]:
    """Ways of looking at lines with text, each with what makes of lines what is looked for."""
    yield Step.TRAILING_SPACE, source.stripped, all_stripped
    yield Step.WHITE_SPACE, source.squeezed, all_squeezed


def _loose_place(source: Source, search: Sequence[str], replace: Sequence[str], at: Sequence[int]) -> Place:
    """`at`: for each line with text the place among the file's lines with text."""
    where = functools.cache(lambda: _where(source, search, at))
    return Place(
        source.filled[at[0]],
        lambda layout: spliced(source, search, replace, where(), layout, exact=False),
        lambda: pairs_of(source, search, where()),
    )


def _where(source: Source, search: Sequence[str], at: Sequence[int]) -> Where:
    """The lines of the file for all lines of a block: blank ones stand for blank ones where there are as many."""
    where: list[int | None] = [None] * len(search)
    places = iter(at)
    for number, line in enumerate(search):
        if line.strip():
            where[number] = source.filled[next(places)]
    filled = [number for number, place in enumerate(where) if place is not None]
    for above, below in itertools.pairwise(filled):
        first, end = where[above], where[below]
        assert first is not None
        assert end is not None
        if end - first == below - above > 1 and not any(source.lines[n].strip() for n in range(first + 1, end)):
            where[above + 1 : below] = range(first + 1, end)
    _extend(source, where, range(filled[0] - 1, -1, -1), -1)
    _extend(source, where, range(filled[-1] + 1, len(search)), 1)
    return where


def _extend(source: Source, where: list[int | None], numbers: range, step: int) -> None:
    """Blank lines at an edge of a block are those of the file there, as far as it has any."""
    for number in numbers:
        beside = where[number - step]
        assert beside is not None
        at = beside + step
        if not 0 <= at < len(source.lines) or source.lines[at].strip():
            return
        where[number] = at


def is_telling(lines: Sequence[str]) -> bool:
    """Whether lines say enough to be known by their words alone: a lone `end` is anywhere."""
    return sum(len(squeezed(line)) for line in lines[:TELLING_CHARACTERS]) >= TELLING_CHARACTERS


# --- lines left out for `...` ---


def _elided(source: Source, search: Sequence[str], replace: Sequence[str]) -> Found | None:
    elisions = {line for line in {*search, *replace} if stands_for_lines(line)}
    wanted, new = _segments(search, elisions), _segments(replace, elisions)
    if not 2 <= len(wanted) <= MAX_LINES or len(wanted) != len(new):
        return None
    pairs = [pair for pair in zip(wanted, new, strict=True) if any(line.strip() for part in pair for line in part)]
    if not pairs or not all(any(line.strip() for line in old) for old, _ in pairs):
        return None
    differing = [n for n, (old, after) in enumerate(pairs) if line_differences(old, after, exact=False)]
    for step, haystack, key in _loose(source):
        keys = [key([line for line in old if line.strip()]) for old, _ in pairs]
        if step is Step.WHITE_SPACE and not all(is_telling(keys[n]) for n in differing):
            continue
        first, last = _in_order(keys, haystack, backwards=False), _in_order(keys, haystack, backwards=True)
        if first is None or last is None:
            continue
        if any(first[n] != last[n] for n in differing):
            lines = sorted({source.filled[chosen[n]] for chosen in (first, last) for n in differing})
            return Found(Step.ELIDED, tuple(_nowhere(line) for line in lines), is_settled=False)
        return Found(Step.ELIDED, (_elided_place(source, pairs, keys, first),))
    return None


def _segments(lines: Sequence[str], elisions: Collection[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if line in elisions:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _in_order(keys: Sequence[Sequence[str]], haystack: Haystack, *, backwards: bool) -> list[int] | None:
    """A place for each part, one behind the other: the first there are, or the last."""
    chosen: list[int] = []
    bound = len(haystack.keys) if backwards else 0
    for part in reversed(keys) if backwards else keys:
        starts = haystack.find(part)
        if len(starts) > MAX_PLACES:
            return None
        fitting = [start for start in starts if (start + len(part) <= bound if backwards else start >= bound)]
        if not fitting:
            return None
        start = fitting[-1] if backwards else fitting[0]
        bound = start if backwards else start + len(part)
        chosen.append(start)
    return chosen[::-1] if backwards else chosen


def _elided_place(
    source: Source, pairs: Sequence[tuple[list[str], list[str]]], keys: Sequence[Sequence[str]], starts: Sequence[int]
) -> Place:
    places = [
        _loose_place(source, old, new, range(start, start + len(part)))
        for (old, new), part, start in zip(pairs, keys, starts, strict=True)
    ]
    return Place(
        places[0].line,
        lambda layout: [change for place in places for change in place.changes(layout)],
        lambda: [pair for place in places for pair in place.pairs()],
    )


def _nowhere(line: int) -> Place:
    """A place that is only told of."""
    return Place(line, lambda _: [], list)


# --- by tokens ---


def _by_tokens(source: Source, search: Sequence[str], replace: Sequence[str]) -> Found | None:
    text, new = "\n".join(search), "\n".join(replace)
    if not source.is_ocaml or len(search) > MAX_LINES or len(text) + len(new) > MAX_CHARACTERS:
        return None
    places = [_token_place(source, text, new, start) for start in by_tokens.starts(source, text)]
    return Found(Step.TOKENS, tuple(places)) if places else None


def _token_place(source: Source, text: str, new: str, start: int) -> Place:
    return Place(
        by_tokens.line_of(source, start),
        lambda layout: by_tokens.changes(source, text, new, start, layout),
        lambda: by_tokens.pairs_of(source, text, start),
    )


# --- with lines of context that are missing ---


def _with_gaps(source: Source, search: Sequence[str], replace: Sequence[str]) -> Found | None:
    filled = [number for number, line in enumerate(search) if line.strip()]
    keys = [squeezed(search[number]) for number in filled]
    if not 2 <= len(keys) <= MAX_LINES:
        return None
    haystack = source.squeezed
    seed = min(range(len(keys)), key=lambda n: (len(haystack.places(keys[n])), -len(keys[n])))
    seeds = haystack.places(keys[seed])
    if not 0 < len(seeds) <= MAX_SEEDS or not is_telling([keys[seed]]):
        return None
    deciding = anchors(search, line_differences(search, replace, exact=False))
    decided = [n for n, number in enumerate(filled) if number in deciding]
    chains: dict[tuple[int, ...], _Chain] = {}
    for start in seeds:
        if chain := _chain(haystack, keys, seed, start, decided):
            chains.setdefault(tuple(chain.places[n] for n in decided), chain)
    if not chains:
        return None
    places = tuple(_loose_place(source, search, replace, chain.places) for chain in chains.values())
    if all(chain.is_certain for chain in chains.values()):
        return Found(Step.GAPS, places)
    return Found(Step.GAPS, places if len(places) > 1 else places * 2, is_settled=False)


@frozen
class _Chain:
    """Places for all lines of a block, in order, with few others between. `is_certain`: there are no others for those
    lines that matter."""

    places: Sequence[int]
    is_certain: bool


def _chain(haystack: Haystack, keys: Sequence[str], seed: int, start: int, decided: Sequence[int]) -> _Chain | None:
    """A chain through one line at `start`, each step as short as can be."""
    below = _reach(haystack, keys[seed + 1 :], start, forwards=True)
    above = _reach(haystack, keys[:seed][::-1], start, forwards=False)
    if below is None or above is None:
        return None
    choices = [*reversed(above), [start], *below]
    chain = [start]
    for options in below:
        chain.append(next(at for at in options if at > chain[-1]))
    for options in above:
        chain.insert(0, next(at for at in reversed(options) if at < chain[0]))
    if chain[-1] - chain[0] + 1 - len(keys) > MAX_GAP:
        return None
    return _Chain(chain, all(len(choices[n]) == 1 for n in decided))


def _reach(haystack: Haystack, keys: Sequence[str], start: int, *, forwards: bool) -> list[list[int]] | None:
    """For each key the places that it can have in a chain that leads from `start` to the last key; None without one."""
    levels: list[list[int]] = []
    reached = [start]
    for key in keys:
        options: set[int] = set()
        for at in reached:
            window = (at + 1, at + 2 + MAX_GAP) if forwards else (at - 1 - MAX_GAP, at)
            options.update(haystack.between(key, *window))
        if not options or len(options) > MAX_SEEDS:
            return None
        reached = sorted(options)
        levels.append(reached)
    for number in range(len(levels) - 2, -1, -1):
        following = levels[number + 1]
        levels[number] = [
            at
            for at in levels[number]
            if any(0 < (two - at if forwards else at - two) <= 1 + MAX_GAP for two in following)
        ]
    return levels


# --- with lines of context that are not quite right ---


def _alike(source: Source, search: Sequence[str], replace: Sequence[str]) -> Found | None:
    """One place much like the block, and no other nearly so. What is changed has to be right, and so have the names of
    what is defined there: only lines of context may have a word that is misspelt. More than that is a sibling."""
    filled = [number for number, line in enumerate(search) if line.strip()]
    keys = [squeezed(search[number]) for number in filled]
    if not LINES_FOR_A_MISTAKE <= len(keys) <= MAX_LINES:
        return None
    deciding = anchors(search, line_differences(search, replace, exact=False))
    ranked = sorted(
        ((_likeness(keys, source.squeezed.keys, start), start) for start in near_places(source, keys)), reverse=True
    )
    if not ranked or ranked[0][0] < LIKENESS or (len(ranked) > 1 and ranked[1][0] > ranked[0][0] - MARGIN):
        return None
    start = ranked[0][1]
    there = source.squeezed.keys[start : start + len(keys)]
    wrong = [n for n, (one, two) in enumerate(zip(keys, there, strict=True)) if one != two]
    if len(wrong) > len(keys) // LINES_FOR_A_MISTAKE:
        return None
    for n in wrong:
        is_head = keys[n].startswith(_HEADS) or there[n].startswith(_HEADS)
        if is_head or filled[n] in deciding or not _is_misspelt(keys[n], there[n]):
            return None
    return Found(Step.LIKENESS, (_loose_place(source, search, replace, range(start, start + len(keys))),))


def _is_misspelt(one: str, two: str) -> bool:
    """Whether two lines differ in one word, and that not much. Digits are no spelling: `x1` and `x2` are siblings."""
    pairs = list(zip(one.split(" "), two.split(" "), strict=False))
    wrong = [(a, b) for a, b in pairs if a != b]
    if one.count(" ") != two.count(" ") or len(wrong) != 1:
        return False
    ((a, b),) = wrong
    digits = [[c for c in word if c.isdigit()] for word in (a, b)]
    return digits[0] == digits[1] and fuzz.ratio(a, b) >= WORD_LIKENESS


def near_places(source: Source, keys: Sequence[str], count: int = 24) -> list[int]:
    """Where, among the lines with text, most lines of a block stand just where they would."""
    votes: dict[int, int] = {}
    haystack = source.squeezed
    end = len(haystack.keys) - len(keys)
    for number, key in enumerate(keys):
        places = haystack.places(key)
        if len(places) <= MAX_SEEDS and len(key) >= TELLING_CHARACTERS:
            for at in places:
                if 0 <= at - number <= end:
                    votes[at - number] = votes.get(at - number, 0) + len(key)
    return sorted(votes, key=lambda start: (-votes[start], start))[:count]


def _likeness(keys: Sequence[str], there: Sequence[str], start: int) -> float:
    total = sum(map(len, keys))
    return sum(
        len(key) * (100.0 if key == there[start + n] else fuzz.ratio(key, there[start + n]))
        for n, key in enumerate(keys)
    ) / max(1, total)
