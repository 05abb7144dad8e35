"""Lists, tuples and options: `[x]` and `x`, `::` and `@`, `(a, b)` and `[a; b]`, a part taken out or put in."""

from collections.abc import Iterator

from lsp_aid.repair.search.edit import Edit, Piece, Place, applied, infix, listed, piece, replace, tupled
from lsp_aid.repair.search.program import Node

_CONSTANTS = ("0", "[]", '""', "true", "false", "1")


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind in ("fun", "function", "let", "match", "seq", "if", "other", "try"):
        return
    if node.kind == "list":
        yield from _list(node)
    elif node.kind == "tuple":
        yield from _tuple(node)
    elif node.kind == "infix" and node.operator in ("::", "@"):
        yield from _joined(node)
    yield replace(node, listed([piece(node)]), "[x]")
    yield replace(node, applied(Piece("Some"), piece(node)), "Some x")
    yield replace(node, applied(Piece("Ok"), piece(node)), "Ok x")
    yield from _paired(place)


def _list(node: Node) -> Iterator[Edit]:
    parts = [piece(kid) for kid in node.kids]
    if len(parts) == 1:
        yield replace(node, parts[0], "[x]>x")
        if node.kids[0].kind == "tuple":
            yield replace(node, listed([piece(kid) for kid in node.kids[0].kids]), "[a, b]>[a; b]")
            yield replace(node, tupled([listed([piece(kid)]) for kid in node.kids[0].kids]), "[a, b]>[a], [b]")
    if len(parts) > 1:
        yield replace(node, tupled(parts), "[a; b]>(a, b)")
        yield replace(node, listed([tupled(parts)]), "[a; b]>[(a, b)]")
        for number in range(len(parts)):
            yield replace(node, listed([p for other, p in enumerate(parts) if other != number]), "drop element")
    if len(parts) == 2:
        first, second = parts
        yield replace(node, infix(first, "::", second), "[a; b]>a :: b")
        yield replace(node, infix(second, "::", first), "[a; b]>b :: a")
        yield replace(node, infix(first, "@", second), "[a; b]>a @ b")
        yield replace(node, infix(listed([first]), "@", second), "[a; b]>[a] @ b")
        yield replace(node, infix(first, "@", listed([second])), "[a; b]>a @ [b]")
    if len(parts) > 2:
        *rest, last = parts
        yield replace(node, infix(listed(rest), "@", last), "[a; b]>[a] @ b")
        yield replace(node, infix(parts[0], "::", listed(parts[1:])), "[a; b; c]>a :: [b; c]")
    yield replace(node, listed([Piece(node.text)]), "[x]>[[x]]")


def _tuple(node: Node) -> Iterator[Edit]:
    parts = [piece(kid) for kid in node.kids]
    yield replace(node, listed(parts), "(a, b)>[a; b]")
    yield replace(node, listed([tupled(parts)]), "(a, b)>[(a, b)]")
    for number, part in enumerate(parts):
        rest = [p for other, p in enumerate(parts) if other != number]
        yield replace(node, rest[0] if len(rest) == 1 else tupled(rest), "drop part")
        if len(rest) > 1:
            yield replace(node, part, "keep part")
        yield replace(node, tupled([*parts[:number], listed([part]), *parts[number + 1 :]]), "part>[part]")
    if len(parts) == 2:
        first, second = parts
        yield replace(node, tupled([second, first]), "swap parts")
        for operator in ("::", "@", "^", "+", "="):
            yield replace(node, infix(first, operator, second), f"(a, b)>a {operator} b")
        yield replace(node, applied(first, second), "(a, b)>a b")
        left, right = node.kids
        if left.kind == "app" and left.kids[0].kind != "construct":
            head, *others = (piece(kid) for kid in left.kids)
            yield replace(node, applied(head, *others[:-1], tupled([others[-1], second])), "f a, b>f (a, b)")
            yield replace(node, applied(head, *others, second), "f a, b>f a b")
        if right.kind == "infix" and right.operator in ("::", "@") and len(right.kids) == 2:
            inner = tupled([first, piece(right.kids[0])])
            yield replace(node, infix(inner, right.operator, piece(right.kids[1])), "a, b :: c>(a, b) :: c")
        if left.kind == "tuple":
            yield replace(node, tupled([*(piece(kid) for kid in left.kids), second]), "((a, b), c)>(a, b, c)")
        if right.kind == "tuple":
            yield replace(node, tupled([first, *(piece(kid) for kid in right.kids)]), "(a, (b, c))>(a, b, c)")
    if len(parts) == 3:
        first, second, third = parts
        yield replace(node, tupled([first, tupled([second, third])]), "(a, b, c)>(a, (b, c))")
        yield replace(node, tupled([tupled([first, second]), third]), "(a, b, c)>((a, b), c)")


def _joined(node: Node) -> Iterator[Edit]:
    if len(node.kids) != 2:
        return
    left, right = (piece(kid) for kid in node.kids)
    if node.operator == "::":
        yield replace(node, infix(left, "@", listed([right])), "a :: b>a @ [b]")
        yield replace(node, infix(listed([left]), "@", right), "a :: b>[a] @ b")
        yield replace(node, infix(left, "::", listed([right])), "a :: b>a :: [b]")
        yield replace(node, listed([left, right]), "a :: b>[a; b]")
    else:
        yield replace(node, infix(listed([left]), "@", right), "a @ b>[a] @ b")
        yield replace(node, infix(left, "@", listed([right])), "a @ b>a @ [b]")
        yield replace(node, infix(listed([left]), "@", listed([right])), "a @ b>[a] @ [b]")
        if node.kids[0].kind == "list" and len(node.kids[0].kids) == 1:
            yield replace(node, infix(piece(node.kids[0].kids[0]), "::", right), "[a] @ b>a :: b")
    yield replace(node, tupled([left, right]), "a :: b>(a, b)")
    left_node, right_node = node.kids
    if right_node.kind == "tuple" and len(right_node.kids) == 2:
        first, second = (piece(kid) for kid in right_node.kids)
        yield replace(node, tupled([infix(left, node.operator, first), second]), "a :: (b, c)>(a :: b, c)")
        yield replace(node, tupled([first, infix(left, node.operator, second)]), "a :: (b, c)>(b, a :: c)")
    if left_node.kind == "tuple" and len(left_node.kids) == 2:
        first, second = (piece(kid) for kid in left_node.kids)
        yield replace(node, tupled([first, infix(second, node.operator, right)]), "(a, b) :: c>(a, b :: c)")


def _paired(place: Place) -> Iterator[Edit]:
    """A part put in: `(x, v)`, `v :: x`, `x ^ v`."""
    node = place.node
    names = [Piece(name) for name in place.locals[:6]]
    for other in [*names, *(Piece(constant) for constant in _CONSTANTS)]:
        if other.text == node.text:
            continue
        source = "local" if other in names else "constant"
        parts = [piece(kid) for kid in node.kids] if node.kind == "tuple" else [piece(node)]
        added = (other.text,)
        yield replace(node, tupled([*parts, other]), f"(x, {source})", added)
        yield replace(node, tupled([other, *parts]), f"({source}, x)", added)
        if source == "local":
            yield replace(node, infix(piece(node), "::", other), "x :: local", added)
            yield replace(node, infix(other, "::", piece(node)), "local :: x", added)
            yield replace(node, infix(piece(node), "@", other), "x @ local", added)
        elif other.text == "[]":
            yield replace(node, infix(piece(node), "::", other), "x :: []", added)
