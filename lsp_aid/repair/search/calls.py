"""Arguments: missing, one too many, swapped, as a tuple or one by one, in the wrong parentheses."""

from collections.abc import Iterator, Sequence

from lsp_aid.repair.search.edit import APPLIED, Edit, Piece, Place, applied, infix, listed, piece, replace, tupled
from lsp_aid.repair.search.program import Node

_BETWEEN = ("^", "+", "::", "@", "*", "-", "+.", "*.", "&&", "||", "=")
MOST_ADDED = 16
MOST_REGROUPED = 6


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "app":
        arguments = node.all_of("argument")
        function = node.by_role("function")
        if function is None or not arguments or function.kind == "construct":
            return
        yield from _fewer(node, function, arguments)
        yield from _completed(place, function, arguments)
        yield from _more(place, function, arguments)
        yield from _order(node, function, arguments)
        yield from _grouped(node, function, arguments)
        yield from _operator(node, function, arguments)
        yield from _regrouped(node)
    elif node.kind in ("var", "field"):
        for name, source in _addable(place):
            yield replace(node, applied(piece(node), Piece(name)), f"apply to {source}", (name,))
        yield replace(node, applied(piece(node), Piece("()")), "apply to ()")
        for count, first in enumerate(place.locals[:6]):
            for second in (*place.locals[:count], *place.locals[count + 1 : 6]):
                yield replace(node, applied(piece(node), Piece(first), Piece(second)), "apply to two", (first, second))
    elif node.kind == "infix":
        yield from _reach(node)


def _addable(place: Place) -> Iterator[tuple[str, str]]:
    function = place.node.kids[0].text if place.node.kind == "app" else place.node.text
    own = place.node.kids[1].text if place.node.kind == "app" else ""
    yield from ((c, "constant seen") for c in place.program.first_constants(function) if c != own)
    yield from list(place.names)[:MOST_ADDED]
    yield from (("[]", "constant"), ("0", "constant"), ('""', "constant"))


def _fewer(node: Node, function: Node, arguments: list[Node]) -> Iterator[Edit]:
    pieces = [piece(a) for a in arguments]
    if len(arguments) > 1:
        for number in range(len(arguments)):
            rest = [p for other, p in enumerate(pieces) if other != number]
            last = "last" if number == len(arguments) - 1 else "first" if number == 0 else "middle"
            yield replace(node, applied(piece(function), *rest), f"drop {last} argument")
    if len(arguments) > 2:
        yield replace(node, applied(piece(function), pieces[0]), "keep first argument")
    if any(argument.kind == "labeled" and argument.kids for argument in arguments):
        bare = [piece(a.kids[0]) if a.kind == "labeled" and a.kids else piece(a) for a in arguments]
        yield replace(node, applied(piece(function), *bare), "drop labels")
    yield replace(node, piece(function), "keep function")
    yield replace(node, tupled([piece(function), *pieces]), "application to tuple")
    if len(pieces) == 1:
        yield replace(node, listed([piece(function), *pieces]), "application to list")
    for number, argument in enumerate(pieces):
        yield replace(node, argument, "keep argument" if len(pieces) == 1 else f"keep argument {min(number, 2)}")
    if len(arguments) > 1:
        yield replace(node, applied(pieces[0], *pieces[1:]), "drop function")
        yield replace(node, tupled(pieces), "arguments as tuple alone")


def _completed(place: Place, function: Node, arguments: list[Node]) -> Iterator[Edit]:
    """`f a` as `f (a, x, y)` or `f a x y`, where `f` takes such and the others are passed on."""
    parameters = place.functions.get(function.text, [])
    given = arguments[0].kids if len(arguments) == 1 and arguments[0].kind == "tuple" else arguments
    pieces = [piece(one) for one in given]
    if len(parameters) == 1 and parameters[0].kind == "ptuple":
        names = [piece(kid) for kid in parameters[0].kids]
        if all(kid.kind == "pvar" for kid in parameters[0].kids) and len(names) > len(pieces):
            last = tupled([*pieces, *names[len(pieces) :]])
            yield replace(place.node, applied(piece(function), last), "complete tuple")
            first = tupled([*names[: -len(pieces)], *pieces])
            yield replace(place.node, applied(piece(function), first), "complete tuple in front")
    elif len(parameters) > len(pieces) and all(p.kind == "pvar" for p in parameters):
        rest = [piece(parameter) for parameter in parameters[len(pieces) :]]
        yield replace(place.node, applied(piece(function), *pieces, *rest), "complete arguments")


def _more(place: Place, function: Node, arguments: list[Node]) -> Iterator[Edit]:
    pieces = [piece(a) for a in arguments]
    for name, source in _addable(place):
        if name == function.text:
            continue
        if name in place.functions:
            yield replace(place.node, applied(Piece(name), piece(function), *pieces), "function in front", (name,))
        for at in range(len(pieces) + 1):
            new = applied(piece(function), *pieces[:at], Piece(name), *pieces[at:])
            where = "last" if at == len(pieces) else "first" if at == 0 else "middle"
            yield replace(place.node, new, f"add {where} argument {source}", (name,))
    names = place.locals[:6]
    for first in names:
        for second in names:
            if first != second:
                new = applied(piece(function), *pieces, Piece(first), Piece(second))
                yield replace(place.node, new, "add two arguments", (first, second))


def _order(node: Node, function: Node, arguments: list[Node]) -> Iterator[Edit]:
    pieces = [piece(a) for a in arguments]
    for first in range(len(pieces)):
        for second in range(first + 1, len(pieces)):
            swapped = list(pieces)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            yield replace(node, applied(piece(function), *swapped), "swap arguments")
    if len(pieces) == 1:
        yield replace(node, applied(pieces[0], piece(function)), "swap function and argument")


def _grouped(node: Node, function: Node, arguments: list[Node]) -> Iterator[Edit]:
    pieces = [piece(a) for a in arguments]
    head = piece(function)
    if len(pieces) > 1:
        yield replace(node, applied(head, tupled(pieces)), "arguments to tuple")
        yield replace(node, applied(head, applied(pieces[0], *pieces[1:])), "nest arguments")
        if len(pieces) > 2:
            yield replace(node, applied(head, pieces[0], applied(pieces[1], *pieces[2:])), "nest last arguments")
            yield replace(node, applied(head, applied(pieces[0], pieces[1]), *pieces[2:]), "nest first arguments")
            yield replace(node, applied(head, tupled(pieces[:2]), *pieces[2:]), "first arguments to tuple")
            yield replace(node, applied(head, pieces[0], tupled(pieces[1:])), "last arguments to tuple")
            yield replace(node, _chained([head, *pieces]), "nest all arguments")
    if arguments[-1].kind == "tuple":
        own, *others = (piece(kid) for kid in arguments[-1].kids)
        yield replace(node, tupled([applied(head, *pieces[:-1], own), *others]), "f (a, b)>f a, b")
    for number, argument in enumerate(arguments):
        before, after = pieces[:number], pieces[number + 1 :]
        inner = [piece(kid) for kid in argument.kids]
        if argument.kind == "tuple":
            yield replace(node, applied(head, *before, *inner, *after), "tuple to arguments")
        elif argument.kind == "app":
            yield replace(node, applied(head, *before, *inner, *after), "unnest argument")
            if len(inner) > 2:
                inside = applied(inner[0], *inner[1:-1])
                yield replace(node, applied(head, *before, inside, inner[-1], *after), "last argument out")
        elif argument.kind == "infix" and len(inner) == 2 and number == len(arguments) - 1:
            outside = applied(head, *before, inner[0])
            yield replace(node, infix(outside, argument.operator, inner[1]), "operator out of argument")
            outside = applied(head, *before, inner[1])
            yield replace(node, infix(inner[0], argument.operator, outside), "operator out in front")
        if argument.kind == "infix" and len(inner) == 2 and argument.kids[0].kind == "app":
            *first, last = (piece(kid) for kid in argument.kids[0].kids)
            rest = infix(last, argument.operator, inner[1])
            own = applied(first[0], *first[1:]) if len(first) > 1 else first[0]
            yield replace(node, applied(head, *before, own, rest, *after), "unnest through operator")


def _regrouped(node: Node) -> Iterator[Edit]:
    """The same atoms in other parentheses: `f a (g b)` for `f a g b`."""
    atoms = list(_atoms(node))
    if 2 < len(atoms) <= MOST_REGROUPED and all(atom.kind != "labeled" for atom in atoms):
        for made in _applications(atoms):
            yield replace(node, made, "regroup")


def _atoms(node: Node) -> Iterator[Node]:
    for kid in node.kids:
        if kid.kind == "app":
            yield from _atoms(kid)
        else:
            yield kid


def _applications(atoms: Sequence[Node]) -> Iterator[Piece]:
    """All applications that these atoms make in their order."""
    if atoms[0].kind in ("var", "field", "construct", "fun", "other"):
        for arguments in _groups(atoms[1:]):
            yield applied(piece(atoms[0]), *arguments)


def _groups(atoms: Sequence[Node]) -> Iterator[list[Piece]]:
    if not atoms:
        yield []
        return
    for size in range(1, len(atoms) + 1):
        firsts = [piece(atoms[0])] if size == 1 else list(_applications(atoms[:size]))
        for rest in _groups(atoms[size:]) if firsts else ():
            for first in firsts:
                yield [first, *rest]


def _chained(pieces: list[Piece]) -> Piece:
    """`f (g (h x))` of `f`, `g`, `h` and `x`."""
    *outer, made = pieces
    for function in reversed(outer):
        made = applied(function, made)
    return made


def _reach(node: Node) -> Iterator[Edit]:
    """`f x - 1` for `f (x - 1)`, `(a + b) * c` for `a + (b * c)` and the other way."""
    left, right = node.by_role("left"), node.by_role("right")
    if left is None or right is None:
        return
    if left.kind == "app" and left.kids[0].kind != "construct":
        head, *others = [piece(kid) for kid in left.kids]
        inner = infix(others[-1], node.operator, piece(right))
        yield replace(node, applied(head, *others[:-1], inner), "operator into argument")
        inner = infix(piece(right), node.operator, others[-1])
        yield replace(node, applied(head, *others[:-1], inner), "operator into argument, swapped")
    if right.kind == "app" and right.kids[0].kind != "construct" and node.operator != "::":
        head, *others = [piece(kid) for kid in right.kids]
        yield replace(node, applied(infix(piece(left), node.operator, head), *others), "operator into function")
    if left.kind == "infix" and len(left.kids) == 2:
        first, second = (piece(kid) for kid in left.kids)
        inner = infix(second, node.operator, piece(right))
        yield replace(node, infix(first, left.operator, inner), "associate right")
    if right.kind == "infix" and len(right.kids) == 2:
        first, second = (piece(kid) for kid in right.kids)
        inner = infix(piece(left), node.operator, first)
        yield replace(node, infix(inner, right.operator, second), "associate left")


def _operator(node: Node, function: Node, arguments: list[Node]) -> Iterator[Edit]:
    """`a b` for `a ^ b`: a forgotten operator."""
    pieces = [piece(a) for a in arguments]
    parts = [piece(function), *pieces]
    for split in range(1, len(parts)):
        left = parts[0] if split == 1 else applied(*parts[:split])
        right = parts[split] if split == len(parts) - 1 else applied(*parts[split:])
        for operator in _BETWEEN:
            yield replace(node, infix(left, operator, right), f"operator {operator}")
        yield replace(node, tupled([left, right]), "comma")
        if split < len(parts) - 1 and parts[split].text in ("-", "+"):
            yield replace(node, Piece("", APPLIED), "operator")
