"""A sequence is a function that gives its first node; a node alone is none.

| None -> Seq.Nil                         | None -> Seq.empty
Seq.Cons (x, rest)                        fun () -> Seq.Cons (x, rest)
match words with Seq.Nil -> ...           match words () with Seq.Nil -> ...
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import parameters, read

_NODES = re.compile(r"(?:(?:Stdlib\.)?Seq\.)?(?:Nil|Cons)\b")
_SEQUENCES = ("Seq.t", "Stdlib.Seq.t")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None:
        return ()
    if _is_sequence(message.expected) and _NODES.match(within_parentheses(node).text):
        return list(_scrutinee(problem, node) if message.what == "pattern" else _made(problem, node))
    if read(message.found).head.endswith("Seq.node") and _is_sequence(message.expected):
        edit = problem.edit(TextEdit(node.start, node.start, "(fun () -> "), TextEdit(node.end, node.end, ")"))
        return [Candidate("A sequence is a function that gives this: `fun () -> ...`", edit, 0.85)]
    return ()


def _is_sequence(type_: str) -> bool:
    shape = read(type_)
    takes, gives = parameters(shape)
    return shape.head in _SEQUENCES or (len(takes) == 1 and gives.head.endswith("Seq.node"))


def _made(problem: Problem, node: Node) -> Iterator[Candidate]:
    text = within_parentheses(node).text
    prefix = "" if text.startswith(("Nil", "Cons")) else "Seq."
    delayed = problem.edit(TextEdit(node.start, node.end, f"(fun () -> {text})"))
    if re.search(r"\bNil$", text):
        change = problem.edit(
            TextEdit(node.start, node.end, "Seq.empty" if prefix or "open Seq" not in problem.source.text else "empty")
        )
        yield Candidate("The sequence without elements is `Seq.empty`", change, 0.95)
        yield Candidate("A sequence is a function that gives its node: `fun () -> Seq.Nil`", delayed, 0.85)
    else:
        yield Candidate("A sequence is a function that gives its node: `fun () -> ...`", delayed, 0.92)


def _scrutinee(problem: Problem, node: Node) -> Iterator[Candidate]:
    """What is matched, applied."""
    case = node.enclosing("match_case")
    matching = case.parent if case is not None else None
    subject = matching.named_children[0] if matching is not None and matching.kind == "match_expression" else None
    if subject is None:
        return
    edits = [TextEdit(subject.end, subject.end, " ()")]
    if subject.kind not in ("value_path", "parenthesized_expression", "application_expression", "field_get_expression"):
        edits = [TextEdit(subject.start, subject.start, "("), TextEdit(subject.end, subject.end, ") ()")]
    yield Candidate(f"`{subject.text[:30]} ()` is the first node of the sequence", problem.edit(*edits), 0.94)
