"""Expressions made anew, of what is in scope: a name, a constant, a call. For where nothing smaller will do."""

from collections.abc import Iterator

from lsp_aid.repair.search.edit import Edit, Piece, Place, applied, piece, replace, tupled

CONSTANTS = (
    *("0", "1", "2", "10", "0.0", "1.0", "2.0", '""', "true", "false", "()"),
    *("[]", "None", "(0, 0)", "([], [])", "(0, [])"),
)


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "const":
        if node.text.isdigit():
            yield replace(node, Piece(f"{node.text}.0"), "int>its float")
            yield replace(node, Piece(f"{node.text}."), "int>its float.")
            yield replace(node, Piece(f'"{node.text}"'), "int>its string")
        elif node.text.replace(".", "").isdigit():
            yield replace(node, Piece(node.text.partition(".")[0]), "float>its int")
        elif node.text.startswith("'") and node.text != "'\"'":
            yield replace(node, Piece(f'"{node.text[1:-1]}"'), "char>its string")
        elif node.text.startswith('"') and len(node.text) == 3 and node.text != '"\'"':
            yield replace(node, Piece(f"'{node.text[1:-1]}'"), "string>its char")
        kind = _sort(node.text)
        for constant in CONSTANTS:
            if constant != node.text:
                yield replace(node, Piece(constant), f"{kind}>{_sort(constant)}", (constant,))
        for name, source in place.names:
            yield replace(node, Piece(name), f"constant>{source}", (name,))
        return
    if node.kind == "var":
        for constant in CONSTANTS:
            yield replace(node, Piece(constant), f"name>{_sort(constant)}", (constant,))
    else:
        size = "small" if node.size <= 6 else "large"
        for constant in CONSTANTS:
            yield replace(node, Piece(constant), f"{size}>{_sort(constant)}", (constant,))
        for name, source in place.names:
            if source == "local":
                yield replace(node, Piece(name), f"{size}>local", (name,))
    if node.size > 6 and node.kind not in ("fun", "app", "infix"):
        return
    for function, parameters in place.functions.items():
        if len(parameters) == 1 and node.kind != "fun":
            yield replace(node, applied(Piece(function), piece(node)), "wrap function itself", (function,))
            if parameters[0].kind == "ptuple":
                rest = [piece(kid) for kid in parameters[0].kids[1:]]
                whole = applied(Piece(function), tupled([piece(node), *rest]))
                yield replace(node, whole, "wrap function itself with tuple", (function,))
    for function, arity in place.globals[:6]:
        if 0 < arity <= 2 and node.kind != "fun":
            yield replace(node, applied(Piece(function), piece(node)), "wrap function", (function,))
        if arity == 1 and node.kind == "const":
            for name in place.locals[:5]:
                yield replace(node, applied(Piece(function), Piece(name)), "call", (function, name))


def _sort(constant: str) -> str:
    if constant.isdigit():
        return "int"
    if constant.startswith('"'):
        return "string"
    if constant[:1].isdigit():
        return "float"
    if constant in ("true", "false"):
        return "bool"
    if constant.startswith("("):
        return "unit" if constant == "()" else "pair"
    return constant
