"""A function that converts from another type than it is given, or to another than is wanted.

List.map string_of_int prices             List.map string_of_float prices
show Int.to_string 2.5                    show Float.to_string 2.5
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.conversions import CONVERSIONS, LOSSY
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import type_clash, within_parentheses
from lsp_aid.repair.type_shapes import Type, read

_OF_MODULES = {"int": "Int", "float": "Float", "bool": "Bool", "char": "Char", "string": "String", "int64": "Int64"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None:
        return ()
    message, node = clash
    found, expected = read(message.found), read(message.expected)
    if found.head == "->" == expected.head:
        has, wants = ((type_.parts[0].head, type_.parts[1].head) for type_ in (found, expected))
        return list(_instead(problem, within_parentheses(node), has, wants))
    return list(_beside(problem, node, _element(found), _element(expected)))


def _element(type_: Type) -> str:
    while len(type_.parts) == 1:
        type_ = type_.parts[0]
    return type_.head


def _beside(problem: Problem, node: Node, given: str, taken: str) -> Iterator[Candidate]:
    """The function that is handed over beside what it is to convert."""
    call = node.enclosing("application_expression")
    for argument in call.fields("argument") if call is not None else ():
        function = within_parentheses(argument)
        if function.kind == "value_path" and function != within_parentheses(node):
            gives = next((b for (a, b), name in CONVERSIONS.items() if a == taken and name == function.text), "")
            gives = gives or function.text.partition(f"{_OF_MODULES.get(taken, '-')}.to_")[2]
            yield from _instead(problem, function, (taken, gives), (given, gives))


def _instead(problem: Problem, node: Node, has: tuple[str, str], wants: tuple[str, str]) -> Iterator[Candidate]:
    other = None
    if CONVERSIONS.get(has) == node.text:
        other = CONVERSIONS.get(wants)
    elif node.text == f"{_OF_MODULES.get(has[0], '-')}.to_{has[1]}" and has[1] == wants[1] and wants[0] in _OF_MODULES:
        other = f"{_OF_MODULES[wants[0]]}.to_{wants[1]}"
    if node.kind == "value_path" and other is not None and " " not in other and has != wants:
        change = problem.edit(TextEdit(node.start, node.end, other))
        title = f"It is given {'an' if wants[0].startswith('i') else 'a'} {wants[0]}: `{other}`"
        yield Candidate(title, change, 0.6 if other in LOSSY else 0.9)
