"""The `!` of other languages, which reads a reference here.

if !allowed then ...              if not allowed then ...
count !(is_open door)             count (not (is_open door))
if !is_open door then ...         if not (is_open door) then ...
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import parameters, read

_LIKELY = 0.95
_TIGHTER = ("application_expression", "labeled_argument", "field_get_expression", "prefix_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or read(message.expected).head != "ref":
        return ()
    taken, given = parameters(read(message.found))
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax and given.head == "bool" else None
    if node is None:
        return ()
    marked = next((n for n in node.ancestors() if n.kind == "prefix_expression"), None)
    if marked is None or not marked.text.startswith("!") or within_parentheses(node) != _operand(marked):
        return ()
    return list(_negated(problem, marked, len(taken)))


def _operand(marked: Node) -> Node:
    return within_parentheses(marked.named_children[-1])


def _negated(problem: Problem, marked: Node, takes: int) -> Iterator[Candidate]:
    whole, value = marked, _operand(marked)
    text = value.text if value.kind in ATOMS else f"({value.text})"
    if takes:
        call = marked.parent
        if call is None or call.field("function") != marked or len(call.fields("argument")) != takes:
            return
        whole, text = call, f"({call.text[1:]})"
    around = whole.parent
    written = f"(not {text})" if around is not None and around.kind in _TIGHTER else f"not {text}"
    change = problem.edit(TextEdit(whole.start, whole.end, written))
    yield Candidate(f"`!` reads a reference: `{' '.join(written.split())}`", change, _LIKELY)
