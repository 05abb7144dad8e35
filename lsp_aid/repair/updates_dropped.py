"""Values that cannot change, of which an operation makes a new one that nothing keeps.

Names.add name !seen;             seen := Names.add name !seen;
word :: !words;                   words := word :: !words;
Names.add name t.seen;            t.seen <- Names.add name t.seen;     of a field that is mutable
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses

_REFERENCE, _FIELD = 0.96, 0.955
_CALLS = ("application_expression", "infix_expression", "cons_expression")
_CLAUSES = ("then_clause", "else_clause")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.expected != "unit":
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    node = within_parentheses(node) if node is not None else None
    return list(_kept(problem, node)) if node is not None and node.kind in _CALLS else ()


def _kept(problem: Problem, node: Node) -> Iterator[Candidate]:
    """The operation says of what it makes a new one by what it is given."""
    opened, closed = ("(", ")") if node.parent is not None and node.parent.kind in _CLAUSES else ("", "")
    for given in node.named_children[1:] if node.kind == "application_expression" else node.named_children:
        if given.kind == "prefix_expression" and given.text.startswith("!"):
            place, sign, weight = given.text[1:], ":=", _REFERENCE
        elif given.kind == "field_get_expression":
            place, sign, weight = given.text, "<-", _FIELD
        else:
            continue
        edits = (TextEdit(node.start, node.start, f"{opened}{place} {sign} "), TextEdit(node.end, node.end, closed))
        title = f"It makes a new value, which `{place}` is to keep: `{place} {sign} ...`"
        yield Candidate(title, problem.edit(*edits), weight)
