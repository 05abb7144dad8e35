"""Operators that are given as functions, of the other kind of number than what is beside them.

List.fold_left ( +. ) 0 xs          List.fold_left ( + ) 0 xs
List.map2 ( * ) [ 1.5 ] ys          List.map2 ( *. ) [ 1.5 ] ys
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.type_shapes import heads, read

_OTHER = {"+": "+.", "-": "-.", "*": "*.", "/": "/."}
_OTHER |= {dotted: plain for plain, dotted in _OTHER.items()}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash):
        return ()
    if {*heads(read(message.found)), *heads(read(message.expected))} & {"int", "float"} != {"int", "float"}:
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    call = next((n for n in (node, *node.ancestors()) if n.kind == "application_expression"), None) if node else None
    found = []
    for argument in call.fields("argument") if call is not None else ():
        sign = argument.text.strip("() ")
        if sign in _OTHER and argument.text.startswith("("):
            change = problem.edit(TextEdit(argument.start, argument.end, f"( {_OTHER[sign]} )"))
            found.append(Candidate(f"`{_OTHER[sign]}` is the operator of the numbers beside it", change, 0.6))
    asked = await AskedTypes.of(problem) if found else None
    if asked is None:
        return found
    reached = await asked.reached([one.changes.files[0].after or "" for one in found])
    return [one for one, far in zip(found, reached, strict=True) if far > problem.start]
