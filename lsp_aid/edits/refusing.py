"""What a model and a user are told of blocks that have no place: why, and the lines that are most like them."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from lsp_aid.edits.containment import shown
from lsp_aid.edits.finding import Place, near_places
from lsp_aid.edits.source import Source, all_squeezed
from lsp_aid.errors import Candidate, PlacementError, Refusal

QUOTED_LINES = 12
QUOTED_CHARACTERS = 200
QUOTED_PLACES = 3
MAX_COMPARED = 20_000
_MIN_LIKENESS = 50.0


def error(refusals: Sequence[Refusal]) -> PlacementError:
    """One error for all blocks that stand in the way."""
    told = [told_of(refusal) for refusal in refusals]
    if len(refusals) == 1:
        return PlacementError(refusals[0].reason, told[0], tuple(refusals))
    reasons = "\n\n".join(
        f"{n + 1}. {one.reason}. {text}" for n, (one, text) in enumerate(zip(refusals, told, strict=True))
    )
    return PlacementError(f"{len(refusals)} edits cannot be placed", f"\n\n{reasons}", tuple(refusals))


def told_of(refusal: Refusal) -> str:
    """What a refusal says beside its reason: the block, the lines of the file that come near, the cure."""
    parts = [f"The block:\n{_numbered(refusal.quoted)}"] if refusal.quoted else []
    if refusal.candidates:
        places = "\n".join(_numbered(one.lines, one.line) for one in refusal.candidates)
        parts.append(f"The lines of the file that are most like it:\n{places}")
    return "\n".join([*parts, refusal.cure])


def ambiguous(source: Source, block: int, search: Sequence[str], places: Sequence[Place], *, quote: bool) -> Refusal:
    lines = sorted({place.line for place in places})
    at = ", ".join(str(line + 1) for line in lines[:8]) + (", ..." if len(lines) > 8 else "")
    many = f"{len(lines)} places (at lines {at})" if len(lines) > 1 else f"more than one place (near line {at})"
    return Refusal(
        source.path,
        block,
        f"A block for {shown(source.path)} has {many}, so none is certain",
        "Repeat more of the lines around the change, so that they occur only once.",
        tuple(search),
        tuple(_candidate(source, line, len(search)) for line in lines[:QUOTED_PLACES]) if quote else (),
    )


def unclear(source: Source, block: int, search: Sequence[str], place: Place, why: str, *, quote: bool) -> Refusal:
    return Refusal(
        source.path,
        block,
        f"A block for {shown(source.path)}, at line {place.line + 1}, is not clear: {why[:1].lower()}{why[1:]}",
        "Repeat the file's lines around the change exactly as they are, without leaving any out.",
        tuple(search),
        (_candidate(source, place.line, len(search) + 2),) if quote else (),
    )


def not_found(source: Source, block: int, search: Sequence[str], replace: Sequence[str], *, quote: bool) -> Refusal:
    nearest = _nearest(source, search) if quote else []
    cure = "Repeat the file's lines exactly as they are."
    if quote and not nearest:
        cure = f"Nothing in the file is like it.\n{cure}"
    if _is_there(source, replace):
        cure = "The file already holds the lines that the block puts in their place: leave the block out if it is done."
    return Refusal(
        source.path,
        block,
        f"A block has no place in {shown(source.path)}",
        cure,
        tuple(search),
        tuple(_candidate(source, line, len(search)) for line in nearest),
    )


def _is_there(source: Source, replace: Sequence[str]) -> bool:
    keys = all_squeezed([line for line in replace if line.strip()])
    return sum(map(len, keys)) >= QUOTED_LINES and bool(source.squeezed.find(keys))


def _candidate(source: Source, line: int, count: int) -> Candidate:
    count = min(count, QUOTED_LINES)
    return Candidate(line, tuple(text[:QUOTED_CHARACTERS] for text in source.lines[line : line + count]))


def _nearest(source: Source, search: Sequence[str]) -> list[int]:
    """Where the lines begin that have most in common with a block."""
    keys = all_squeezed([line for line in search if line.strip()][:MAX_COMPARED])
    starts = near_places(source, keys, count=1) or near_places(source, keys[: len(source.filled)], count=1)
    if starts:
        return [source.filled[starts[0]]]
    longest = max(range(len(keys)), key=lambda n: len(keys[n]))
    there = dict.fromkeys(source.squeezed.keys[:MAX_COMPARED])
    best = process.extractOne(
        keys[longest][:QUOTED_CHARACTERS],
        [key[:QUOTED_CHARACTERS] for key in there],
        scorer=fuzz.ratio,
        score_cutoff=_MIN_LIKENESS,
    )
    if best is None:
        return []
    place = source.squeezed.places(list(there)[best[2]])[0]
    return [source.filled[max(0, place - longest)]]


def _visible(line: str) -> str:
    """A line with what cannot be seen in it, such as a BOM, as an escape: it may be why the block does not fit."""
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in line)


def _numbered(lines: Sequence[str], first: int | None = None) -> str:
    """Some lines for a message, numbered from `first` where given."""
    some = [
        f"{'' if first is None else f'{first + n + 1:5} '}| {_visible(line[:QUOTED_CHARACTERS])}"
        for n, line in enumerate(lines[:QUOTED_LINES])
    ]
    left = len(lines) - len(some)
    return "\n".join(some + ([f"| ({left} more)"] if left > 0 else []))
