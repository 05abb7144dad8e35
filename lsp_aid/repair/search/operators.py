"""Operators and coercions: of another type, another operator, one operand alone."""

import itertools
import re
from collections.abc import Iterator, Sequence

from lsp_aid.repair.search.edit import APPLIED, Edit, Piece, Place, applied, infix, piece, replace, tupled
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
    "&": ("^", "&&"),
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
MOST_CALLED = 5
_TO_THE_RIGHT = ("::", "@", "^", "**", "&&", "||", ":=")
MOST_REGROUPED = 4
_NUMBER = re.compile(r"\d[\d_]*(\.\d*)?$")


def edits(place: Place) -> Iterator[Edit]:
    node = place.node
    if node.kind == "infix":
        yield from _infix(node)
        yield from _called(place)
        yield from _regrouped(node)
    if node.kind == "prefix" and node.operator in ("-", "-.") and node.kids:
        new = "-." if node.operator == "-" else "-"
        yield Edit("negation", node, ((*node.operator_at, new),), f"{new}{piece(node.kids[0]).text}")
    if node.kind == "prefix" and node.kids:
        yield replace(node, piece(node.kids[0]), f"drop {node.operator}")
        if node.operator == "!":
            yield replace(node, applied(Piece("not"), piece(node.kids[0])), "!>not")
    if node.kind in ("infix", "prefix", "app"):
        yield from _numeric(node, _arithmetic(node))
    elif node.kind in ("match", "if", "let", "fun"):
        yield from _numeric(node, _all_arithmetic(node))
    if node.kind == "const" and node.text.isdigit():
        yield replace(node, applied(Piece("float_of_int"), piece(node)), "wrap float_of_int", ("float_of_int",))
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
    if group == "op":
        yield replace(node, tupled([piece(left), piece(right)]), "a op b>(a, b)")
    if node.operator in ("-", "-.") and left.kind in ("var", "app"):
        parts = [piece(kid) for kid in left.kids] if left.kind == "app" else [piece(left)]
        blank = "" if right.kind == "const" else " "
        negative = Piece(f"({node.operator}{blank}{piece(right).at_least(APPLIED)})")
        yield replace(node, applied(*parts, negative), "negative argument")


def _regrouped(node: Node) -> Iterator[Edit]:
    """Operators that bind what is next to them alone: `f (a - 1) b` for `(f a) - (1 b)`."""
    words = list(_flat(node))
    places = [at for at, word in enumerate(words) if isinstance(word, str)]
    if len(words) == 2 * len(places) + 1 or len(places) > MOST_REGROUPED:
        return
    for count in range(len(places), 0, -1):
        for tight in itertools.combinations(places, count):
            yield replace(node, _joined(words, tight), "regroup operators")


def _flat(node: Node) -> Iterator["Node | str"]:
    """Atoms and operators in their order; what joins nothing but atoms is one."""
    if node.kind == "infix" and any(part.kind == "app" for part in node.walk()) and len(node.kids) == 2:
        yield from _flat(node.kids[0])
        yield node.operator
        yield from _flat(node.kids[1])
    elif node.kind == "app":
        yield from node.kids
    else:
        yield node


def _joined(words: "Sequence[Node | str]", tight: Sequence[int]) -> Piece:
    """The words as one expression, in which the operators at these places come before all others."""
    runs: list[list[list[Piece | str]]] = [[]]
    loose: list[str] = []
    is_bound = False
    for at, word in enumerate(words):
        if isinstance(word, str) and at in tight:
            runs[-1][-1].append(word)
            is_bound = True
        elif isinstance(word, str):
            loose.append(word)
            runs.append([])
        elif is_bound:
            runs[-1][-1].append(piece(word))
            is_bound = False
        else:
            runs[-1].append([piece(word)])
    parts: list[Piece | str] = []
    for number, run in enumerate(runs):
        made = [_chained(chain) for chain in run]
        parts += [applied(*made) if len(made) > 1 else made[0], *loose[number : number + 1]]
    return _chained(parts)


def _chained(words: Sequence[Piece | str]) -> Piece:
    """Operands with operators between, as these associate."""
    operands = [word for word in words if isinstance(word, Piece)]
    operators = [word for word in words if isinstance(word, str)]
    if operators and operators[0] in _TO_THE_RIGHT:
        made = operands.pop()
        for left, operator in zip(reversed(operands), reversed(operators), strict=True):
            made = infix(left, operator, made)
        return made
    made = operands[0]
    for operator, right in zip(operators, operands[1:], strict=True):
        made = infix(made, operator, right)
    return made


def _called(place: Place) -> Iterator[Edit]:
    """`f a b` for `a + b`, where `f` is a function of the program that takes two arguments."""
    left, right = place.node.by_role("left"), place.node.by_role("right")
    taking_two = [name for name, parameters in place.functions.items() if len(parameters) == 2]
    taking_two += [name for name, arity in place.globals if arity == 2]
    if left is not None and right is not None:
        for name in taking_two[:MOST_CALLED]:
            yield replace(place.node, applied(Piece(name), piece(left), piece(right)), "operator>call", (name,))


def _numeric(node: Node, parts: Iterator[Node]) -> Iterator[Edit]:
    """All of the arithmetic as floats, or as ints."""
    found = list(parts)
    for kind, table, is_other in (
        ("all float", TO_FLOAT, False),
        ("all float.", TO_FLOAT, False),
        ("all int", TO_INT, True),
    ):
        zero = "." if kind.endswith(".") else ".0"
        changes: list[tuple[int, int, str]] = []
        for part in found:
            if part.operator in table:
                changes.append((*part.operator_at, table[part.operator]))
            elif part.kind == "const" and _NUMBER.match(part.text) and ("." in part.text) == is_other:
                new = part.text.partition(".")[0] if is_other else f"{part.text}{zero}"
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
