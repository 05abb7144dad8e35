"""References and atomic references, each of which is read and written by functions of its own.

incr hits, !hits, hits := 0         Atomic.incr hits, Atomic.get hits, Atomic.set hits 0
t.hits <- t.hits + 1                Atomic.incr t.hits, where the field is atomic now
hits := !hits + by                  ignore (Atomic.fetch_and_add hits by)
Atomic.get hits, Atomic.set hits 0  !hits, hits := 0

All uses of the same value, or of the same field, in the file are brought to it.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses
from lsp_aid.repair.type_shapes import fits, read

_ATOMIC = ("Atomic.t", "Stdlib.Atomic.t")
_REFERENCE = ("ref", "Stdlib.ref")
_FUNCTIONS = ("incr", "decr")
_NO_FIELD = re.compile(r"The record field \"?([\w.']+)\"? is not mutable")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if said := _NO_FIELD.search(problem.diagnostic.flat_message):
        return list(_set_field(problem, syntax, node, said[1].rpartition(".")[2]))
    if not isinstance(message, messages.TypeClash):
        return ()
    held, wanted = read(message.found), read(message.expected)
    found, expected = held.head, wanted.head
    if found in _ATOMIC and held.parts and fits(held.parts[0], wanted):
        return list(_bare(problem, syntax, within_parentheses(node)))
    is_atomic = found in _ATOMIC and expected in _REFERENCE
    if not is_atomic and not (found in _REFERENCE and expected in _ATOMIC):
        return ()
    place = within_parentheses(node)
    cell = place.text
    rewritten = _to_atomic if is_atomic else _to_reference
    together = _outermost([edit for other in _same(syntax, place) for edit in rewritten(other)])
    alone = list(rewritten(place))
    title = f"`{cell}` is atomic: use `Atomic`" if is_atomic else f"`{cell}` is a reference: use `!` and `:=`"
    return [
        Candidate(title + (f" ({len(edits)} times)" if len(edits) > 1 else ""), problem.edit(*edits), weight)
        for edits, weight in ((together, 0.93), (alone, 0.8))
        if edits and (edits is together or len(edits) < len(together))
    ]


def _same(syntax: Syntax, cell: Node) -> Iterator[Node]:
    """The uses of the same variable, or of the same field of any record."""
    field = cell.field("field")
    for other in syntax.walk(cell.kind):
        path = other.field("field")
        if other.text == cell.text or (field is not None and path is not None and path.text == field.text):
            yield other


def _to_atomic(cell: Node) -> Iterator[TextEdit]:
    outer = outside_parentheses(cell)
    use = outer.parent
    text = cell.text if cell.kind in ATOMS else f"({cell.text})"
    if use is None:
        return
    if use.kind == "prefix_expression" and use.text.startswith("!"):
        yield _put(use, f"Atomic.get {text}")
    elif use.kind == "infix_expression" and _operator(use) == ":=" and use.field("left") == outer:
        value = use.field("right")
        if value is not None:
            yield _put(use, _stored(cell, text, value))
    elif use.kind == "application_expression":
        function = use.field("function")
        if function is not None and function.text in _FUNCTIONS:
            yield TextEdit(function.start, function.start, "Atomic.")


def _outermost(edits: Sequence[TextEdit]) -> list[TextEdit]:
    """Without those within others, which are made there already."""
    wide = [edit for edit in edits if edit.end > edit.start]
    return [e for e in edits if not any(o != e and o.start <= e.start and e.end <= o.end for o in wide)]


def _stored(cell: Node, text: str, value: Node) -> str:
    """The value put in the atomic cell; in one step where it is what the cell has and something more."""
    operator, left, right = _operator(value), value.field("left"), value.field("right")
    if left is not None and right is not None and operator in ("+", "-"):
        read_first = within_parentheses(left)
        if read_first.kind == "prefix_expression" and read_first.text.startswith("!"):
            read_first = within_parentheses(read_first.named_children[-1])
        if read_first.text == cell.text and cell.text not in right.text:
            if right.text == "1":
                return f"Atomic.{'incr' if operator == '+' else 'decr'} {text}"
            given = right.text if right.kind in ATOMS else f"({right.text})"
            given = given if operator == "+" else f"(-{given})"
            return f"ignore (Atomic.fetch_and_add {text} {given})"
    same = [one for one in _same(value.syntax, cell) if value.start <= one.start and one.end <= value.end]
    edits = _outermost([edit for one in same for edit in _read(one)])
    inner = [TextEdit(edit.start - value.start, edit.end - value.start, edit.text) for edit in edits]
    made = apply_text_edits(value.text, inner)
    return f"Atomic.set {text} {made if value.kind in ATOMS and not edits else f'({made})'}"


def _read(cell: Node) -> Iterator[TextEdit]:
    """What it holds, of a reference or of a field that is read as it is."""
    outer = outside_parentheses(cell)
    above = outer.parent
    if above is not None and above.kind == "prefix_expression":
        yield from _to_atomic(cell)
    else:
        yield _put(outer, f"Atomic.get {cell.text}")


def _bare(problem: Problem, syntax: Syntax, cell: Node) -> Iterator[Candidate]:
    """An atomic reference that is taken for what it holds."""
    path = cell.field("field")
    if cell.kind not in ("value_path", "field_get_expression"):
        return
    set_ = cell.enclosing("set_expression")
    if path is not None and set_ is not None and set_.named_children[0].text == cell.text:
        yield from _set_field(problem, syntax, cell, path.text.rpartition(".")[2])
    edits = list(_read(cell))
    yield Candidate(f"`{cell.text}` is atomic: `{edits[0].text}`", problem.edit(*edits), 0.93)


def _set_field(problem: Problem, syntax: Syntax, node: Node, name: str) -> Iterator[Candidate]:
    """A field that holds an atomic reference is changed through that."""
    types = [i.node.field("type") for i in syntax.declared if i.kind == "record field" and i.name == name]
    set_ = next((n for n in (node, *node.ancestors()) if n.kind == "set_expression"), None)
    if set_ is None or not types or any(t is None or read(t.text).head not in _ATOMIC for t in types):
        return
    cell, value = set_.named_children[0], set_.named_children[-1]
    text = _stored(cell, cell.text, value)
    yield Candidate(f"`{name}` is atomic: `{text}`", problem.edit(TextEdit(set_.start, set_.end, text)), 0.95)


def _operator(node: Node) -> str:
    operator = node.field("operator")
    return operator.text if operator is not None else ""


def _to_reference(cell: Node) -> Iterator[TextEdit]:
    use = cell.parent
    function = use.field("function") if use is not None and use.kind == "application_expression" else None
    if use is None or function is None:
        return
    arguments = use.fields("argument")
    match function.text:
        case "Atomic.get" if len(arguments) == 1:
            yield _put(use, f"!{cell.text}")
        case "Atomic.set" if len(arguments) == 2:
            yield _put(use, f"{cell.text} := {arguments[1].text}")
        case "Atomic.incr" | "Atomic.decr":
            yield TextEdit(function.start, function.end, function.text.rpartition(".")[2])


def _put(use: Node, text: str) -> TextEdit:
    """The use written otherwise, in parentheses where it is an argument."""
    around = use.parent
    is_argument = around is not None and around.kind in ("application_expression", "labeled_argument")
    return TextEdit(use.start, use.end, f"({text})" if is_argument and not text.startswith("!") else text)
