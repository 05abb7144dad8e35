"""A field that goes by another name: all that names it in the file, and the variables that patterns bind by it.

let total { qty; price } = qty * price        let total { quantity; price } = quantity * price
let twice l = { l with qty = 2 * l.qty }      let twice l = { l with quantity = 2 * l.quantity }
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_stanzas
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import declared_elsewhere, file_of_module, stanzas_of

_USES = ("value_path", "label_name", "field_expression")
_BOUND = (*_USES, "value_pattern", "value_name", "field_pattern")
_QUALIFIER = re.compile(r"((?:[A-Z][\w']*\s*\.\s*)*)$")


def named_alike(problem: Problem, syntax: Syntax, place: Node) -> list[Node]:
    """The place first; where no record of the project has the field any more, all others of the file that name it."""
    if _is_field(problem, syntax, place.text):
        return [place]
    others = [node for node in syntax.walk("field_name") if node.text == place.text and node != place]
    return [
        place,
        *(node for node in others if node.enclosing("field_declaration") is None and _is_ours(problem, node)),
    ]


def may_be_foreign(problem: Problem) -> bool:
    """Whether a field of the file can be one of a library that is not of the project."""
    stanzas = stanzas_of(problem)
    own = dune_stanzas.owner(problem.diagnostic.path, stanzas)
    ours = {name for stanza in stanzas for name in (*stanza.names, *stanza.public_names)}
    return own is not None and not ours.issuperset(own.libraries)


def _is_ours(problem: Problem, node: Node) -> bool:
    """Whether it is not of a module of another library."""
    said = _QUALIFIER.search(node.syntax.text, 0, node.start)
    module = re.sub(r"\s", "", said[1]).rstrip(".").rpartition(".")[2] if said is not None else ""
    return not module or file_of_module(problem, module) is not None


def follows(problem: Problem, syntax: Syntax, fields: Sequence[Node], new: str) -> dict[int, TextEdit]:
    """The edits by which the variables that patterns bind by the name of a field get its new name, where that means
    nothing else: of the patterns and of all uses, by their ends. None where nothing is such a pattern."""
    found: dict[int, TextEdit] = {}
    for field in fields:
        pattern = field.parent.parent if field.parent is not None else None
        if pattern is None or pattern.kind != "field_pattern" or pattern.field("pattern") is not None:
            continue
        item = syntax.node_at(item_around(field)[0], item_around(field)[1] - 1)
        if item is None or pattern.enclosing("or_pattern") is not None or any(_named(item, new)):
            continue
        uses = list(_uses(problem, item, field, new))
        if uses:
            found |= {edit.end: edit for edit in (TextEdit(field.start, field.end, new), *uses)}
    return found


def _uses(problem: Problem, item: Node, field: Node, new: str) -> Iterator[TextEdit]:
    """The edits of what uses the variable that is bound there."""
    is_field = _is_field(problem, item.syntax, field.text)
    for use in item.walk(*_USES):
        binding = lookup(item.syntax, field.text, use.start) if _name(use) == field.text else None
        if binding is None or binding.node != field:
            continue
        if use.kind == "value_path":
            named = use.parent.child("label_name", "field_path") if use.parent is not None else None
            is_same = named is not None and named.text.rpartition(".")[2] == new and named.end < use.start
            yield TextEdit(named.end, use.end, "") if named and is_same else TextEdit(use.start, use.end, new)
        elif use.kind == "label_name":
            yield TextEdit(use.end, use.end, f":{new}")
        elif is_field:
            yield TextEdit(use.end, use.end, f" = {new}")
        else:  # the field that is gone, once more
            yield TextEdit(use.end - len(field.text), use.end, new)


def _named(item: Node, name: str) -> Iterator[Node]:
    return (node for node in item.walk(*_BOUND) if _name(node) == name)


def _name(node: Node) -> str:
    """What a node names as a variable, also in short for a label or a field and its value; empty where that is none."""
    match node.kind:
        case "label_name":
            return node.text if node.parent is not None and node.parent.end == node.end else ""
        case "field_expression":
            return node.text.rpartition(".")[2].strip() if node.field("body") is None else ""
        case "field_pattern":
            return node.text.rpartition(".")[2].strip() if node.field("pattern") is None else ""
    return node.text


def _is_field(problem: Problem, syntax: Syntax, name: str) -> bool:
    """Whether a record of the project still has such a field."""
    own = any(item.kind == "record field" and item.name == name for item in syntax.declared)
    return own or any(one.kind == "record field" and one.name == name for one in declared_elsewhere(problem))
