"""Functions: `fun` put around or taken away, parameters added, dropped, swapped or as a tuple, `rec`."""

from collections.abc import Iterator

from lsp_aid.repair.search.edit import OPEN, Edit, Piece, Place, applied, piece, replace, tupled
from lsp_aid.repair.search.program import Node


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "fun":
        body, parameters = node.by_role("body"), node.all_of("parameter")
        if body is None:
            return
        yield replace(node, piece(body), "drop fun")
        if body.kind == "tuple":
            shown = " ".join(p.outer for p in parameters)
            for kept in range(1, len(body.kids)):
                parts = [piece(kid) for kid in body.kids]
                first = parts[0] if kept == 1 else tupled(parts[:kept])
                made = tupled([Piece(f"(fun {shown} -> {first.text})"), *parts[kept:]])
                yield replace(node, made, "fun x -> a, b>(fun x -> a), b")
        if len(parameters) > 1:
            for number in range(len(parameters)):
                rest = " ".join(p.outer for other, p in enumerate(parameters) if other != number)
                yield replace(node, Piece(f"fun {rest} -> {body.outer}", OPEN), "fun drops parameter")
            shown = ", ".join(p.text for p in parameters)
            yield replace(node, Piece(f"fun ({shown}) -> {body.outer}", OPEN), "fun parameters to tuple")
        elif parameters[0].kind == "ptuple":
            shown = " ".join(piece(kid).at_least(3) for kid in parameters[0].kids)
            yield replace(node, Piece(f"fun {shown} -> {body.outer}", OPEN), "fun tuple to parameters")
        for name in _fresh(node, ("x", "a", "_")):
            shown = " ".join(p.outer for p in parameters)
            yield replace(node, Piece(f"fun {shown} {name} -> {body.outer}", OPEN), "fun adds last parameter")
            yield replace(node, Piece(f"fun {name} {shown} -> {body.outer}", OPEN), "fun adds first parameter")
    elif node.kind not in ("let", "match", "seq", "function", "other"):
        name = next(_fresh(node, ("x", "a", "y", "b", "z", "n")))
        yield replace(node, Piece(f"fun {name} -> {node.outer}", OPEN), "fun around")
        if node.kind in ("var", "app"):
            yield replace(node, Piece(f"fun {name} -> {applied(piece(node), Piece(name)).text}", OPEN), "eta")


def binding_edits(place: Place) -> Iterator[Edit]:
    """Of `let f a b = ...`: its parameters and `rec`."""
    node = place.node
    parameters = node.all_of("parameter")
    pattern, value = node.by_role("pattern"), node.by_role("value")
    if pattern is None or value is None:
        return
    if not node.recursive and pattern.kind == "pvar":
        at = node.program.text.rfind("let", 0, node.start)
        if at >= 0 and node.program.text[at : node.start].strip() == "let":
            yield Edit("rec", node, ((at + 3, at + 3, " rec"),), f"let rec {pattern.text}")
    for number, parameter in enumerate(parameters):
        last = number == len(parameters) - 1
        kind = "drop last parameter" if last else "drop parameter"
        if len(parameters) > 1 or True:
            change = (parameter.outer_start - 1, parameter.outer_end, "")
            yield Edit(kind, node, (change,), _without(node, parameter))
        if parameter.kind == "ptuple":
            shown = " ".join(piece(kid).at_least(3) for kid in parameter.kids)
            yield Edit("tuple to parameters", node, ((parameter.outer_start, parameter.outer_end, shown),), shown)
    if len(parameters) > 1:
        shown = f"({', '.join(p.text for p in parameters)})"
        change = (parameters[0].outer_start, parameters[-1].outer_end, shown)
        yield Edit("parameters to tuple", node, (change,), shown)
        for number in range(len(parameters) - 1):
            first, second = parameters[number], parameters[number + 1]
            changes = (
                (first.outer_start, first.outer_end, second.outer),
                (second.outer_start, second.outer_end, first.outer),
            )
            yield Edit("swap parameters", node, changes, f"{second.outer} {first.outer}")
    if pattern.kind == "pvar":
        for name in list(_fresh(node, ("x", "a", "y", "_")))[:2]:
            if parameters:
                change = (parameters[0].outer_start, parameters[0].outer_start, f"{name} ")
                yield Edit("add first parameter", node, (change,), name)
            end = parameters[-1].outer_end if parameters else pattern.outer_end
            yield Edit("add last parameter", node, ((end, end, f" {name}"),), name)


def _without(node: Node, parameter: Node) -> str:
    text = node.program.text
    return f"{text[node.start : parameter.outer_start].rstrip()}{text[parameter.outer_end : node.end]}"


def _fresh(node: Node, names: tuple[str, ...]) -> Iterator[str]:
    text = node.program.text[node.start : node.end]
    for name in names:
        if name == "_" or f" {name} " not in f" {text.replace('(', ' ').replace(')', ' ')} ":
            yield name
