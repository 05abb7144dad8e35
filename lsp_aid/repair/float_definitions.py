"""A function that computes with ints and is given floats: its definition is brought to floats.

let mean xs = fold_left ( + ) 0 xs / List.length xs
                                          let mean xs = fold_left ( +. ) 0. xs /. float_of_int (List.length xs)
mean [ 1.5; 2.5 ]                         mean [ 1.5; 2.5 ]
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.arithmetic import TO_FLOAT, int_to_float, operator_of, type_of
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, read

_WEIGHT = 0.84
_COMPARISONS = ("<", ">", "<=", ">=", "=", "<>")
_RESULTS = ("match_case", "then_clause", "else_clause", "let_expression", "let_binding", "fun_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or not _is_float_for_int(
        read(message.found), read(message.expected)
    ):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    call = node.enclosing("application_expression") if node is not None else None
    function = call.field("function") if call is not None else None
    if node is None or function is None or function.kind != "value_path" or "." in function.text:
        return ()
    binding = lookup(node.syntax, function.text, node.start)
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    if binding is None or body is None or not (binding.arity or body.kind in ("fun_expression", "function_expression")):
        return ()
    edits = list(_edits(body))
    if not edits or any(parameter.text.endswith(": int)") for parameter in binding.binding.children):
        return ()
    return [Candidate(f"Have `{function.text}` compute with floats", problem.edit(*edits), _WEIGHT)]


def _is_float_for_int(found: Type, expected: Type) -> bool:
    """Whether the two differ in that alone, at least once."""
    if found == expected or found.is_variable or expected.is_variable:
        return False
    if (found.head, expected.head) == ("float", "int"):
        return True
    if found.head != expected.head or len(found.parts) != len(expected.parts) or not found.parts:
        return False
    pairs = list(zip(found.parts, expected.parts, strict=True))
    return any(_is_float_for_int(*pair) for pair in pairs) and all(
        one == other or one.is_variable or other.is_variable or _is_float_for_int(one, other) for one, other in pairs
    )


def _edits(body: Node) -> Iterator[TextEdit]:
    for node in body.walk():
        operator = operator_of(node)
        if operator is not None and operator.text in TO_FLOAT:
            yield TextEdit(operator.start, operator.end, TO_FLOAT[operator.text])
            for side in (node.field("left"), node.field("right"), node.field("expression")):
                called = side is not None and within_parentheses(side).kind == "application_expression"
                if side is not None and called and type_of(side, {}) == "int":
                    yield from _converted(side)
        elif node.kind == "parenthesized_operator" and node.text.strip("() ") in TO_FLOAT:
            inner = node.named_children[0] if node.named_children else node
            yield TextEdit(inner.start, inner.end, TO_FLOAT[inner.text.strip("() ")])
        elif node.kind == "number" and _is_value(node) and (literal := int_to_float(node.text)) is not None:
            yield TextEdit(node.start, node.end, literal)


def _converted(side: Node) -> Iterator[TextEdit]:
    inner = within_parentheses(side)
    yield TextEdit(inner.start, inner.start, "float_of_int (")
    yield TextEdit(inner.end, inner.end, ")")


def _is_value(number: Node) -> bool:
    """Whether a number is computed with, started from or given back: no index, no count."""
    above = outside_parentheses(number).parent
    if above is None:
        return False
    operator = above.field("operator")
    if above.kind == "infix_expression" and operator is not None:
        left, right = above.field("left"), above.field("right")
        other = right if left is not None and number.start < left.end else left
        return operator.text in TO_FLOAT or (
            operator.text in _COMPARISONS and other is not None and type_of(other, {}) != "int"
        )
    if above.kind == "application_expression":
        function = above.field("function")
        return function is not None and function.text.rpartition(".")[2].startswith("fold")
    return above.kind in _RESULTS
