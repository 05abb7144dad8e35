"""Operators and coercions: of another type, another operator, one operand alone."""

import re
from collections.abc import Iterator

from lsp_aid.repair.search.edit import APPLIED, Edit, Piece, Place, applied, infix, piece, replace
from lsp_aid.repair.search.program import Node

TO_FLOAT = {"+": "+.", "-": "-.", "*": "*.", "/": "/."}
TO_INT = {new: old for old, new in TO_FLOAT.items()}
_OTHERS = {
    "+": ("+.", "^", "@", "::", "-", "*"),
    "-": ("-.", "+", "/"),
    "*": ("*.", "+", "**", "/"),
    "/": ("/.", "mod", "*", "-"),
    "mod": ("/", "*", "/."),
    "+.": ("+", "*.", "-.", "^"),
    "-.": ("-", "+."),
    "*.": ("*", "+.", "**", "/."),
    "/.": ("/", "*."),
    "**": ("*.", "*"),
    "^": ("@", "::", "+", "+."),
    "@": ("::", "^", "+"),
    "::": ("@", "+", "^"),
    "=": ("<>", "==", ">", "<", "&&", ":="),
    "==": ("=",),
    "!=": ("<>", "="),
    "<>": ("=", "!="),
    "&&": ("||", "=", "&&"),
    "||": ("&&", "^", "="),
    "<": (">", "<=", "="),
    ">": ("<", ">=", "="),
    "<=": ("<", ">="),
    ">=": (">", "<="),
    ":=": ("=",),
}
WRAPPERS = (
    *("float_of_int", "int_of_float", "string_of_int", "string_of_float", "float_of_string", "int_of_string"),
    *("int_of_char", "not", "abs", "fst", "snd", "!", "String.length", 'String.concat ""'),
    *("List.hd", "List.tl", "List.rev", "List.length", "List.concat"),
)
_NUMBER = re.compile(r"\d[\d_]*(\.\d*)?$")


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "infix":
        yield from _infix(node)
    if node.kind == "prefix" and node.operator in ("-", "-.") and node.kids:
        new = "-." if node.operator == "-" else "-"
        yield Edit("negation", node, ((*node.operator_at, new),), f"{new}{piece(node.kids[0]).text}")
    if node.kind == "prefix" and node.kids:
        yield replace(node, piece(node.kids[0]), f"drop {node.operator}")
    if node.kind in ("infix", "prefix", "app"):
        yield from _numeric(node, _arithmetic(node))
    elif node.kind in ("match", "if", "let", "fun"):
        yield from _numeric(node, _all_arithmetic(node))
    if node.kind not in ("fun", "function", "let", "match", "seq", "const"):  # constants are written as what they are
        for wrapper in WRAPPERS:
            inner = piece(node).at_least(3)
            wrapped = Piece(f"!{inner}") if wrapper == "!" else Piece(f"{wrapper} {inner}", APPLIED)
            yield replace(node, wrapped, f"wrap {wrapper}", (wrapper,))


def _infix(node: Node) -> Iterator[Edit]:
    left, right = node.by_role("left"), node.by_role("right")
    if left is None or right is None:
        return
    for other in _OTHERS.get(node.operator, ()):
        if other != node.operator:
            yield Edit(f"{node.operator}>{other}", node, ((*node.operator_at, other),), other)
    group = "::" if node.operator in ("::", "@") else "op"
    yield replace(node, piece(left), f"left of {group}")
    yield replace(node, piece(right), f"right of {group}")
    yield replace(node, infix(piece(right), node.operator, piece(left)), f"swap {group}")
    if node.operator in ("-", "-.") and left.kind in ("var", "app") and right.kind == "const":
        parts = [piece(kid) for kid in left.kids] if left.kind == "app" else [piece(left)]
        negative = Piece(f"({node.operator}{right.text})")
        yield replace(node, applied(*parts, negative), "negative argument")


def _numeric(node: Node, parts: Iterator[Node]) -> Iterator[Edit]:
    """All of the arithmetic as floats, or as ints."""
    found = list(parts)
    for kind, table, is_other in (("all float", TO_FLOAT, False), ("all int", TO_INT, True)):
        changes: list[tuple[int, int, str]] = []
        for part in found:
            if part.operator in table:
                changes.append((*part.operator_at, table[part.operator]))
            elif part.kind == "const" and _NUMBER.match(part.text) and ("." in part.text) == is_other:
                new = part.text.partition(".")[0] if is_other else f"{part.text}.0"
                changes.append((part.start, part.end, new))
        if len(changes) > 1:
            made = Edit(kind, node, tuple(sorted(changes)))
            made.after = made.apply(node.program.text, node.start, node.end)
            yield made


def _all_arithmetic(node: Node) -> Iterator[Node]:
    """The arithmetic in a larger expression."""
    for kid in node.kids:
        if kid.operator in TO_FLOAT or kid.operator in TO_INT:
            yield from _arithmetic(kid)
        else:
            yield from _all_arithmetic(kid)


def _arithmetic(node: Node) -> Iterator[Node]:
    if node.operator in TO_FLOAT or node.operator in TO_INT or node.operator in ("**", "<", ">", "=", "<=", ">="):
        yield node
        for kid in node.kids:
            yield from _arithmetic(kid)
    elif node.kind == "const":
        yield node
    elif node.kind == "app":
        for kid in node.kids:
            if kid.kind in ("infix", "const", "prefix"):
                yield from _arithmetic(kid)
