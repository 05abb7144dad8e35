"""A record whose type is taken for another one, since the last type with a field of that name counts.

type circle = { name : string; radius : float }
type square = { name : string; side : float }
let label c = c.name ^ string_of_float c.radius           let label (c : circle) = ...
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, node_of, tree


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if isinstance(message, messages.UnboundName) and message.sort == "record field" and message.of_type:
        return list(_annotated(problem, syntax, node, message.name))
    return ()


def _annotated(problem: Problem, syntax: Syntax, node: Node, field: str) -> Iterator[Candidate]:
    """The parameter, or the variable, with the type that has all the fields that it is asked for."""
    get = next((n for n in (node, *node.ancestors()) if n.kind == "field_get_expression"), None)
    record = get.named_children[0] if get is not None else None
    if record is None or record.kind != "value_path" or "." in record.text:
        return
    binding = lookup(syntax, record.text, record.start)
    if binding is None or binding.kind not in ("parameter", "variable", "value") or binding.type:
        return
    used = {field}
    for other in syntax.walk("field_get_expression"):
        name = other.named_children[0]
        path = other.field("field")
        if path is not None and name.text == record.text and lookup(syntax, name.text, name.start) == binding:
            used.add(path.text.rpartition(".")[2])
    types: dict[str, set[str]] = {}
    for item in syntax.declared:
        if item.kind == "record field" and item.end < problem.start:
            types.setdefault(".".join((*item.within, item.owner)), set()).add(item.name)
    for declared in declared_elsewhere(problem):
        if declared.kind == "record field":
            types.setdefault(f"{declared.path.rpartition('.')[0]}.{declared.owner}", set()).add(declared.name)
    place = binding.node
    if place.parent is None or (
        place.parent.kind not in ("parameter", "value_pattern") and place.kind != "value_pattern"
    ):
        return
    for number, type_ in enumerate(t for t, fields in types.items() if used <= fields):
        edit = TextEdit(place.start, place.end, f"({record.text} : {type_})")
        yield Candidate(f"`{record.text}` is a `{type_}`", problem.edit(edit), 0.92 - 0.1 * number)
