"""Opens that hide a name which is used behind them, where the compiler warns of it: the opened module's is meant.

open Saturating.Infix                     open! Saturating.Infix
let open Vector in a + b                  let open! Vector in a + b
fst (Vector.(a + b, c))                   fst ((let open! Vector in a + b, c))
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem

_NUMBERS = (44, 45)
_FREE = ("let_binding", "fun_expression", "match_case")
"""What ends with its last expression: `let ... in` needs no parentheses there."""
_LIKELY = 0.9


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if messages.warning_number(problem.diagnostic) not in _NUMBERS:
        return []
    tree = places.tree(problem)
    at = tree.node_at(problem.start, problem.end) if tree else None
    return [] if at is None else list(_on_purpose(problem, at))


def _on_purpose(problem: Problem, at: Node) -> Iterator[Candidate]:
    text = problem.source.text
    if text.startswith("open", problem.start) and not text.startswith("open!", problem.start):
        end = problem.start + len("open")
        title = f"Say that it hides what is there: `open!{text[end : problem.end].rstrip()}`"
        yield Candidate(title, problem.edit(TextEdit(end, end, "!")), _LIKELY)
        return
    local = next((node for node in at.ancestors() if node.kind == "local_open_expression"), None)
    if local is None or local.start != problem.start:
        return
    module = text[problem.start : problem.end]
    body = text[problem.end : local.end].lstrip(" \t\r\n.")
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1].strip()
    written = f"let open! {module} in {body}"
    parent = local.parent
    is_last = parent is not None and parent.kind in _FREE and parent.end == local.end
    edit = TextEdit(local.start, local.end, written if is_last else f"({written})")
    yield Candidate(f"Say that it hides what is there: `let open! {module} in ...`", problem.edit(edit), _LIKELY)
