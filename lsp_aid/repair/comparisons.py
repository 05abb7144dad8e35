"""Functions that say whether one comes before the other, where one that compares is wanted.

List.sort (fun a b -> a.rank < b.rank) xs         List.sort (fun a b -> compare a.rank b.rank) xs
List.sort (fun a b -> a > b) xs                   List.sort (fun a b -> compare a b) xs
List.sort ( < ) xs                                List.sort compare xs
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import type_clash, within_parentheses
from lsp_aid.repair.type_shapes import parameters, read

_SIGNS = ("<", ">", "<=", ">=")
_COMPARING = ("sort", "stable_sort", "fast_sort", "sort_uniq", "merge", "compare")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None:
        return ()
    message, node = clash
    found, expected = parameters(read(message.found))[1], parameters(read(message.expected))[1]
    if (found.head, expected.head) != ("bool", "int"):
        return ()
    return list(_compared(problem, within_parentheses(node)))


def _compared(problem: Problem, node: Node) -> Iterator[Candidate]:
    sign = node.field("operator") if node.kind == "infix_expression" else None
    call = node.enclosing("application_expression")
    function = call.field("function") if call is not None else None
    if function is None or function.text.rpartition(".")[2] not in _COMPARING:
        return
    if node.kind == "parenthesized_operator" and node.text.strip("() ") in _SIGNS:
        edit = TextEdit(node.start, node.end, "compare")
        yield Candidate("`compare` says which comes first", problem.edit(edit), 0.9)
    left, right = node.field("left"), node.field("right")
    if sign is None or sign.text not in _SIGNS or left is None or right is None:
        return
    parts = [one.text if one.kind in ATOMS else f"({one.text})" for one in (left, right)]
    edit = TextEdit(node.start, node.end, f"compare {parts[0]} {parts[1]}")
    turned = TextEdit(node.start, node.end, f"compare {parts[1]} {parts[0]}")
    yield Candidate("`compare` says which comes first", problem.edit(edit), 0.92 if sign.text[0] == "<" else 0.6)
    yield Candidate("`compare`, the largest first", problem.edit(turned), 0.9 if sign.text[0] == ">" else 0.4)
