"""A float that was rounded to be used as an int is still a float: it is converted where it is rounded.

let index = floor (x /. width) in         let index = int_of_float (floor (x /. width)) in
counts.(index)                            counts.(index)
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses

_ROUNDS = re.compile(r"(?:Stdlib\.)?(?:Float\.)?(?:floor|ceil|round|trunc)")
_ROOTS = re.compile(r"(?:Stdlib\.)?(?:Float\.)?(?:sqrt|cbrt|log|log2|log10)")
_LIKELY, _LESS = 0.92, 0.66


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or (message.found, message.expected) != ("float", "int"):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    value = within_parentheses(node)
    if value.kind == "value_path" and "." not in value.text:
        binding = lookup(syntax, value.text, value.start)
        body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
        value = body if body is not None and binding is not None and not binding.arity else value
    weight = _weight(value)
    if not weight:
        return ()
    function = "Float.to_int" if "Float.to_int" in syntax.text else "int_of_float"
    opened, closed = ("(", ")") if value.parent is not None and value.parent.kind in _ARGUMENTS else ("", "")
    edits = (
        TextEdit(value.start, value.start, f"{opened}{function} ("),
        TextEdit(value.end, value.end, f"){closed}"),
    )
    short = " ".join(value.text.split())
    title = f"`{short if len(short) < 30 else short[:27] + '...'}` is rounded and still a float: `{function}`"
    return [Candidate(title, problem.edit(*edits), weight)]


_ARGUMENTS = ("application_expression", "labeled_argument", "infix_expression")


def _weight(value: Node) -> float:
    value = within_parentheses(value)
    function = value.field("function") if value.kind == "application_expression" else None
    if value.kind == "infix_expression" and (operator := value.field("operator")) is not None:
        return _LESS if operator.text == "**" else 0.0
    if function is None:
        return 0.0
    return _LIKELY if _ROUNDS.fullmatch(function.text) else _LESS if _ROOTS.fullmatch(function.text) else 0.0
