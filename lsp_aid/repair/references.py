"""Values that change where they are declared as ones that do not, and the other way round.

counter <- !counter + 1, of a reference           counter := !counter + 1
let n = 0 in ... n := !n + 1                      let n = ref 0 in ...
let n = 0 in ... n <- n + 1; n                    let n = ref 0 in ... n := !n + 1; !n
t.count <- t.count + 1, where it is a reference   t.count := !(t.count) + 1
incr t.count, where it is none                    t.count <- t.count + 1
while tries < most do incr tries done             while !tries < most do incr tries done
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import Binding, lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses

_NO_VARIABLE = re.compile(r"The value \"?([a-z_][\w']*)\"? is not an instance variable")
_NO_FIELD = re.compile(r"The record field \"?([\w.']+)\"? is not mutable")
_PLACES = ("field_get_expression", "array_get_expression")
_BY_REFERENCE = ("incr", "decr")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    flat = problem.diagnostic.flat_message
    if said := _NO_VARIABLE.search(flat):
        return list(_assigned(problem, syntax, node, said[1]))
    if said := _NO_FIELD.search(flat):
        return list(_reference_field(problem, syntax, node, said[1].rpartition(".")[2]))
    if isinstance(message, messages.TypeClash) and message.found == f"{message.expected} ref":
        return list(_read(problem, syntax, node))
    if isinstance(message, messages.TypeClash) and message.expected == f"{message.found} ref":
        set_ = next((n for n in (node, *node.ancestors()) if n.kind == "set_expression"), None)
        path = set_.named_children[0].field("field") if set_ is not None else None
        if path is not None and set_ is not None and set_.named_children[-1] == node:
            return list(_reference_field(problem, syntax, node, path.text.rpartition(".")[2]))
        if within_parentheses(node).kind in _PLACES:
            return list(_counted(problem, node))
    if isinstance(message, messages.TypeClash) and re.search(r" ref$", message.expected):
        name = problem.source.text[problem.start : problem.end]
        binding = lookup(syntax, name, problem.start) if re.fullmatch(r"[a-z_][\w']*", name) else None
        beside = list(_beside(problem, node)) if message.expected == f"{message.found} ref" else []
        if binding is not None and not message.found.endswith(" ref"):
            return [*beside, *_made_reference(problem, syntax, binding)]
        return beside
    return ()


def _counted(problem: Problem, node: Node) -> Iterator[Candidate]:
    """`incr` and `decr` are for references; a field or an element is assigned."""
    place = within_parentheses(node).text
    around = node.parent if node.parent is not None and node.parent.kind != "parenthesized_expression" else None
    call = around or (node.parent.parent if node.parent is not None else None)
    function = call.field("function") if call is not None and call.kind == "application_expression" else None
    sign = {"incr": "+", "decr": "-"}.get(function.text.removeprefix("Stdlib.") if function is not None else "")
    if call is None or sign is None:
        return
    change = problem.edit(TextEdit(call.start, call.end, f"{place} <- {place} {sign} 1"))
    yield Candidate(f"`{place}` is no reference: `{place} <- {place} {sign} 1`", change, 0.95)


def _beside(problem: Problem, node: Node) -> Iterator[Candidate]:
    """The reference that a value is compared with is read with `!`."""
    operand = outside_parentheses(node)
    above = operand.parent
    left, right = (above.field("left"), above.field("right")) if above is not None else (None, None)
    other = left if right == operand else right
    binding = lookup(node.syntax, other.text, other.start) if other is not None and other.kind == "value_path" else None
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    if other is not None and body is not None and _is_reference(body):
        change = problem.edit(TextEdit(other.start, other.start, "!"))
        yield Candidate(f"`{other.text}` is a reference: read it with `!`", change, 0.95)


def _read(problem: Problem, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    """What a field's reference holds is read with `!`; where that field is set, it is the reference that changes."""
    path = node.field("field") if node.kind == "field_get_expression" else None
    if path is None:
        return
    set_ = next((n for n in node.ancestors() if n.kind == "set_expression"), None)
    left = set_.named_children[0].field("field") if set_ is not None else None
    if left is not None and left.text.rpartition(".")[2] == path.text.rpartition(".")[2]:
        yield from _reference_field(problem, syntax, node, path.text.rpartition(".")[2])
    edits = (TextEdit(node.start, node.start, "!("), TextEdit(node.end, node.end, ")"))
    yield Candidate(f"`{node.text}` is a reference: read it with `!`", problem.edit(*edits), 0.88)


def _assigned(problem: Problem, syntax: Syntax, node: Node, name: str) -> Iterator[Candidate]:
    binding = lookup(syntax, name, node.start)
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    set_ = next((n for n in (node, *node.ancestors()) if n.kind == "set_expression"), None)
    arrow = set_.child("<-") if set_ is not None else None
    if binding is None or arrow is None:
        return
    if body is None or _is_reference(body):
        weight = 0.95 if body is not None else 0.6
        edit = TextEdit(arrow.start, arrow.end, ":=")
        yield Candidate(f"`{name}` is a reference, so `:=` and not `<-`", problem.edit(edit), weight)
    else:
        yield from _made_reference(problem, syntax, binding)


def _is_reference(body: Node) -> bool:
    function = body.field("function") if body.kind == "application_expression" else None
    return function is not None and function.text in ("ref", "Stdlib.ref", "Atomic.make")


def _made_reference(problem: Problem, syntax: Syntax, binding: Binding) -> Iterator[Candidate]:
    """`ref` in the definition, `:=` for what is assigned, `!` for what is read."""
    body = binding.binding.field("body") if binding.kind == "value" and not binding.arity else None
    if body is None or _is_reference(body):
        return
    edits: list[TextEdit] = []
    is_assigned = False
    for use in [*syntax.walk("value_path", "instance_variable_name")]:
        if use.text != binding.name or use.start < body.end or lookup(syntax, binding.name, use.start) != binding:
            continue
        above = use.parent
        operator = above.field("operator") if above is not None else None
        if use.kind == "instance_variable_name" and above is not None:
            arrow = above.child("<-")
            if above.kind != "set_expression" or arrow is None:
                continue
            edits.append(TextEdit(arrow.start, arrow.end, ":="))
            is_assigned = True
        elif (operator is not None and operator.text == ":=" and above is not None and above.field("left") == use) or (
            above is not None and above.kind == "application_expression" and above.children[0].text in _BY_REFERENCE
        ):
            is_assigned = True
        elif above is None or above.kind != "prefix_expression" or not above.text.startswith("!"):
            edits.append(TextEdit(use.start, use.start, "!"))
    if not is_assigned:
        return
    opened, closed = ("", "") if body.kind in ATOMS else ("(", ")")
    edits += (TextEdit(body.start, body.start, f"ref {opened}"), TextEdit(body.end, body.end, closed))
    title = f"`{binding.name}` is assigned, so make it a reference"
    yield Candidate(title, problem.edit(*edits), 0.93)


def _reference_field(problem: Problem, syntax: Syntax, node: Node, name: str) -> Iterator[Candidate]:
    """A field that holds a reference is changed through that."""
    types = [i.node.field("type") for i in syntax.declared if i.kind == "record field" and i.name == name]
    if not types or any(type_ is None or not type_.text.endswith(" ref") for type_ in types):
        return
    set_ = next((n for n in (node, *node.ancestors()) if n.kind == "set_expression"), None)
    arrow = set_.child("<-") if set_ is not None else None
    if set_ is None or arrow is None:
        return
    edits = [TextEdit(arrow.start, arrow.end, ":=")]
    for use in set_.named_children[-1].walk("field_get_expression"):
        path = use.field("field")
        is_read = use.parent is not None and use.parent.kind == "prefix_expression"
        if path is not None and path.text.rpartition(".")[2] == name and not is_read:
            edits += (TextEdit(use.start, use.start, "!("), TextEdit(use.end, use.end, ")"))
    yield Candidate(f"`{name}` holds a reference, so `:=` and not `<-`", problem.edit(*edits), 0.95)
