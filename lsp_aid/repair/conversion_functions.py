"""A function that converts from another type than it is given, or to another than is wanted.

List.map string_of_int prices             List.map string_of_float prices
show Int.to_string 2.5                    show Float.to_string 2.5
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.conversions import CONVERSIONS, LOSSY
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_OF_MODULES = {"int": "Int", "float": "Float", "bool": "Bool", "char": "Char", "string": "String", "int64": "Int64"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) else None
    node = node_of(problem, syntax) if syntax else None
    if node is None or not isinstance(message, messages.TypeClash):
        return ()
    found, expected = read(message.found), read(message.expected)
    node = within_parentheses(node)
    if node.kind != "value_path" or found.head != "->" or expected.head != "->":
        return ()
    has, wants = ((type_.parts[0].head, type_.parts[1].head) for type_ in (found, expected))
    used = CONVERSIONS.get(has)
    module = _OF_MODULES.get(has[0], "-")
    if used == node.text:
        other = CONVERSIONS.get(wants)
    elif node.text == f"{module}.to_{has[1]}" and has[1] == wants[1] and wants[0] in _OF_MODULES:
        other = f"{_OF_MODULES[wants[0]]}.to_{wants[1]}"
    else:
        return ()
    if other is None or " " in other or has == wants:
        return ()
    change = problem.edit(TextEdit(node.start, node.end, other))
    return [Candidate(f"It is given {_article(wants[0])}: `{other}`", change, 0.6 if other in LOSSY else 0.9)]


def _article(type_: str) -> str:
    return f"an {type_}" if type_.startswith("i") else f"a {type_}"
