"""References and atomic references, each of which is read and written by functions of its own.

incr hits, !hits, hits := 0         Atomic.incr hits, Atomic.get hits, Atomic.set hits 0
Atomic.get hits, Atomic.set hits 0  !hits, hits := 0

All uses of the same value in the file are brought to it.
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_ATOMIC = ("Atomic.t", "Stdlib.Atomic.t")
_REFERENCE = ("ref", "Stdlib.ref")
_FUNCTIONS = ("incr", "decr")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash):
        return ()
    found, expected = read(message.found).head, read(message.expected).head
    is_atomic = found in _ATOMIC and expected in _REFERENCE
    if not is_atomic and not (found in _REFERENCE and expected in _ATOMIC):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    cell = within_parentheses(node).text
    places = [other for other in syntax.walk("value_path", "field_get_expression") if other.text == cell]
    rewritten = _to_atomic if is_atomic else _to_reference
    together = [edit for place in places for edit in rewritten(place)]
    alone = list(rewritten(within_parentheses(node)))
    title = f"`{cell}` is atomic: use `Atomic`" if is_atomic else f"`{cell}` is a reference: use `!` and `:=`"
    return [
        Candidate(title + (f" ({len(edits)} times)" if len(edits) > 1 else ""), problem.edit(*edits), weight)
        for edits, weight in ((together, 0.93), (alone, 0.8))
        if edits and (edits is together or len(edits) < len(together))
    ]


def _to_atomic(cell: Node) -> Iterator[TextEdit]:
    use = cell.parent
    text = cell.text if cell.kind in ATOMS else f"({cell.text})"
    if use is None:
        return
    if use.kind == "prefix_expression" and use.text.startswith("!"):
        yield _put(use, f"Atomic.get {text}")
    elif use.kind == "infix_expression" and _operator(use) == ":=" and use.field("left") == cell:
        value = use.field("right")
        if value is not None:
            given = value.text if value.kind in ATOMS else f"({value.text})"
            yield _put(use, f"Atomic.set {text} {given}")
    elif use.kind == "application_expression":
        function = use.field("function")
        if function is not None and function.text in _FUNCTIONS:
            yield TextEdit(function.start, function.start, "Atomic.")


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
