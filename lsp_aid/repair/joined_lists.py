"""`::` where lists are joined, `@` where one element is put in front, in the definition of what gives the wrong list;
a comma between elements.

[ 1; 2, 3 ]                        : int list                                      [ 1; 2; 3 ]
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
    if found.head == "*" and expected.head != "*":
        return list(_commas(problem))
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


def _commas(problem: Problem) -> Iterator[Candidate]:
    """All commas between the elements of the list, of which some have semicolons."""
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    list_ = node.parent if node is not None else None
    if node is None or list_ is None or list_.kind not in _LISTS or node.kind not in _TUPLES:
        return
    commas = [c for part in list_.named_children for inner in _pairs(part) for c in inner.children if c.text == ","]
    edits = [TextEdit(comma.start, comma.end, ";") for comma in commas]
    yield Candidate("The elements of a list have semicolons between them", problem.edit(*edits), 0.93)


_LISTS = ("list_expression", "array_expression", "list_pattern", "array_pattern")
_TUPLES = ("tuple_expression", "tuple_pattern")


def _pairs(node: Node) -> Iterator[Node]:
    """The tuple, which the grammar has as pairs."""
    if node.kind in _TUPLES:
        yield node
        for child in node.named_children:
            yield from _pairs(child)


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
