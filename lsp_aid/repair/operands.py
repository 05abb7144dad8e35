"""Which of two operands a clash of their types is about."""

from collections.abc import Iterator

from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.places import outside_parentheses, within_parentheses
from lsp_aid.repair.type_shapes import Type, read

_COMPARES = frozenset(("=", "<>", "<", ">", "<=", ">=", "==", "!="))


def clashing(node: Node, message: messages.TypeClash) -> Iterator[tuple[Node, Type, Type]]:
    """What is in error, its type and the one that is wanted; behind a comparison also the operand before it, which
    wanted that type."""
    found, wanted = read(message.found), read(message.expected)
    yield within_parentheses(node), found, wanted
    outer = outside_parentheses(node)
    above = outer.parent
    sign = above.field("operator") if above is not None and above.kind == "infix_expression" else None
    left = above.field("left") if above is not None else None
    if sign is not None and sign.text in _COMPARES and left is not None and left != outer:
        yield within_parentheses(left), wanted, found
