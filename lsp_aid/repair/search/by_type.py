"""Expressions made for the type that is expected, out of what the old one was made of and of what is in scope."""

import itertools
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.repair.search.edit import Edit, Piece, Place, applied, piece, replace
from lsp_aid.repair.search.outlines import split_type
from lsp_aid.repair.search.program import Node

MOST_PARTS = 9
MOST_MADE = 48
_OF_TYPE = {
    "int": ("0", "1"),
    "float": ("0.0", "1.0"),
    "string": ('""',),
    "bool": ("true", "false"),
    "unit": ("()",),
}


@frozen
class _Made:
    piece: Piece
    cost: int


def edits(place: Place, wanted: str) -> Iterator[Edit]:
    """Functions and tuples of the wanted type that reuse the node's parts; lists of such."""
    kind, parts = split_type(wanted)
    if kind not in ("function", "tuple"):
        return
    node = place.node
    used = _parts_of(place)
    made = list(_of_type(wanted, used, place, 0))
    seen = set()
    for one in sorted(made, key=lambda m: m.cost)[:MOST_MADE]:
        if one.piece.text not in seen and one.piece.text != node.text:
            seen.add(one.piece.text)
            own = "its parts" if one.cost < len(parts) * 4 else "scope"
            yield replace(node, one.piece, f"{kind} of {own}", ())


def _parts_of(place: Place) -> list[_Made]:
    """What the node is made of, the largest first, and the local names."""
    node = place.node
    found: dict[str, _Made] = {}
    for part in _expressions(node):
        if part.kind not in ("match", "let", "seq", "if") and part.size <= 12:
            found.setdefault(part.text, _Made(piece(part), 0 if part.kind != "const" else 1))
    for number, name in enumerate(place.locals[:5]):
        found.setdefault(name, _Made(Piece(name), 2 + number // 3))
    return list(found.values())[:MOST_PARTS]


def _expressions(node: Node) -> Iterator[Node]:
    if not node.is_pattern and node.kind not in ("binding", "arm", "labeled"):
        yield node
    for kid in node.kids:
        yield from _expressions(kid)


def _of_type(wanted: str, used: Sequence[_Made], place: Place, depth: int) -> Iterator[_Made]:
    kind, parts = split_type(wanted)
    if depth > 2:
        return
    if kind == "function":
        yield from _functions(parts, used, place, depth)
    elif kind == "tuple":
        choices = [
            _leaves(part, used) if depth else [*_leaves(part, used), *_made_below(part, used, place)] for part in parts
        ]
        for chosen in itertools.islice(itertools.product(*choices), 400):
            text = ", ".join(one.piece.at_least(1) for one in chosen)
            again = len(chosen) - len({one.piece.text for one in chosen})
            yield _Made(Piece(f"({text})"), sum(one.cost for one in chosen) + again)
    else:
        yield from _leaves(wanted, used)


def _made_below(wanted: str, used: Sequence[_Made], place: Place) -> list[_Made]:
    return list(_of_type(wanted, used, place, 1)) if split_type(wanted)[0] == "function" else []


def _functions(parts: Sequence[str], used: Sequence[_Made], place: Place, depth: int) -> Iterator[_Made]:
    *taken, result = parts
    names = [name for name in ("x", "y", "z", "a", "b") if name not in place.locals][: len(taken)]
    if len(names) < len(taken):
        return
    calls = [_Made(applied(Piece(name), Piece(names[0])), 1) for name in place.locals[:4]]
    inner = [*(_Made(Piece(name), 1) for name in names), *calls, *used][: MOST_PARTS + 4]
    for body in itertools.islice(_of_type(result, inner, place, depth + 1), 300):
        shown = " ".join(names)
        yield _Made(Piece(f"fun {shown} -> {body.piece.text}", 0), body.cost + 1)


def _leaves(wanted: str, used: Sequence[_Made]) -> list[_Made]:
    constants = [_Made(Piece(text), 3) for text in _OF_TYPE.get(wanted, ())]
    if wanted.endswith(" list"):
        constants = [_Made(Piece("[]"), 3)]
    return [*used, *constants]
