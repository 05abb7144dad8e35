"""Constructors applied: how many arguments they take, and which."""

from collections.abc import Iterator

from lsp_aid.repair.search.edit import APPLIED, Edit, Piece, Place, applied, piece, replace, tupled


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "construct":
        arity = place.program.constructors.get(node.text, 0)
        for name in place.locals[:8]:
            if arity == 1:
                yield replace(node, applied(Piece(node.text), Piece(name)), "constructor of local", (name,))
        return
    if node.kind != "app" or not node.kids or node.kids[0].kind != "construct":
        yield from _wrapped(place)
        return
    head, arguments = node.kids[0], node.kids[1:]
    takes = place.program.constructors.get(head.text)
    arity = -1 if takes is None else takes
    given = arguments[0].kids if len(arguments) == 1 and arguments[0].kind == "tuple" else arguments
    parts = [piece(kid) for kid in given]
    if len(arguments) > 1:
        yield replace(node, Piece(f"{head.text} {tupled(parts).text}", APPLIED), "constructor arguments to tuple")
        first = Piece(f"{head.text} {parts[0].at_least(3)}", APPLIED)
        yield replace(node, tupled([first, *parts[1:]]), "constructor of first")
    if 0 <= arity < len(parts):
        for kept in [parts[:arity], parts[-arity:]] if arity else [[]]:
            shown = tupled(kept).text if arity > 1 else kept[0].at_least(3) if kept else ""
            left = Piece(f"{head.text} {shown}".rstrip(), APPLIED if arity else 3)
            yield replace(node, left, "constructor drops argument")
    if arity == len(parts) + 1:
        for name in place.locals[:8]:
            for at in (len(parts), 0):
                shown = tupled([*parts[:at], Piece(name), *parts[at:]]).text
                yield replace(node, Piece(f"{head.text} {shown}", APPLIED), "constructor adds argument", (name,))
    for argument in parts:
        yield replace(node, argument, "drop constructor")
    for name, wanted in place.program.constructors.items():
        if name != head.text and wanted == len(parts):
            change = (head.start, head.end, name)
            yield Edit("constructor>constructor", node, (change,), name, (name,))


def _wrapped(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "tuple" and node.kids[0].kind == "app" and node.kids[0].kids[0].kind == "construct":
        head, first = node.kids[0].kids[0], node.kids[0].kids[-1]
        inner = tupled([piece(kid) for kid in (first, *node.kids[1:])])
        yield replace(node, applied(Piece(head.text), inner), "C a, b>C (a, b)")
    if node.kind in ("fun", "function", "let", "match", "seq", "if", "other"):
        return
    for name, arity in place.program.constructors.items():
        if arity == 1:
            yield replace(node, applied(Piece(name), piece(node)), "wrap constructor", (name,))
        elif node.kind == "tuple" and arity == len(node.kids):
            yield replace(node, Piece(f"{name} {piece(node).at_least(3)}", APPLIED), "wrap constructor", (name,))
