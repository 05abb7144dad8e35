"""`::` where lists are joined, `@` where one element is put in front, in the definition of what gives the wrong list.

| xs :: rest -> xs :: flat rest      : int list list, though int list is wanted      | xs :: rest -> xs @ flat rest
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.type_shapes import Type, read, unified

_WAYS = {"::": ("@", "`@` joins lists, `::` puts one element in front"), "@": ("::", "`::` puts one element in front")}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash):
        return ()
    found, expected = read(message.found), read(message.expected)
    old = "::" if _is_list_of(found, expected) else "@" if _is_list_of(expected, found) else ""
    syntax = tree(problem) if old else None
    node = node_of(problem, syntax) if syntax else None
    asked = await AskedTypes.of(problem) if node is not None else None
    if syntax is None or node is None or asked is None:
        return ()
    new, why = _WAYS[old]
    edits = [TextEdit(place.start, place.end, new) for place in _operators(syntax, node, old)]
    if not edits:
        return ()
    change = problem.edit(*edits)
    (far,) = await asked.reached([change.files[0].after or ""])
    return [Candidate(why, change, 0.85)] if far >= problem.end + sum(len(e.text) - 2 for e in edits) - 2 else []


def _is_list_of(type_: Type, element: Type) -> bool:
    return type_.head == "list" and element.head == "list" and unified(type_.parts[0], element, {}) is not None


def _operators(syntax: Syntax, node: Node, old: str) -> Iterator[Node]:
    """Those in the function that is called, or whose body this is, with a call of that function on one side."""
    function = node.field("function") if node.kind == "application_expression" else node
    name = function.text if function is not None and function.kind == "value_path" else ""
    binding = lookup(syntax, name, node.start) if name and "." not in name else None
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    for around in body.walk("cons_expression", "infix_expression") if body is not None else ():
        operator = next((c for c in around.children if c.text == old), None)
        if operator is not None and any(used.text == name for used in around.walk("value_path")):
            yield operator
