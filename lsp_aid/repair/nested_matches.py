"""Cases of a match that were taken into the match of the case above, since that stands without parentheses.

    match a with                              match a with
    | Some x ->                               | Some x ->
      match b with                              (match b with
      | Some y -> x + y                         | Some y -> x + y
      | None -> x                               | None -> x)
    | None -> 0                               | None -> 0

Which case was meant for which match is seen by how far they stand to the right.
"""

import itertools
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import column, starts_line
from lsp_aid.repair.places import node_of, tree

_MATCHES = ("match_expression", "try_expression", "function_expression")
_DEEPEST = 6
_UNUSED_CASE, _NOT_EXHAUSTIVE = 11, 8


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    is_read = isinstance(message, messages.TypeClash | messages.UnboundName | messages.ConstructorArity)
    is_read = is_read or (isinstance(message, messages.BrokenRule) and message.rule == "of-another-type")
    if not is_read and messages.warning_number(problem.diagnostic) not in (_UNUSED_CASE, _NOT_EXHAUSTIVE):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    outermost = None
    for around in (node, *node.ancestors()):
        if around.kind in _MATCHES:
            outermost = around
    if outermost is None:
        return ()
    text, count = _nested(syntax, outermost.start)
    if not count:
        return ()
    title = "Put the inner `match` in parentheses" if count == 1 else f"Put the {count} inner matches in parentheses"
    return [Candidate(title, problem.edit(TextEdit(0, len(syntax.text), text)), 0.97)]


def _nested(syntax: Syntax, start: int) -> tuple[str, int]:
    """The text with the matches in the one that starts there in parentheses, and how many are."""
    for number in range(_DEEPEST):
        at = syntax.node_at(start, start + 1)
        outer = next((n for n in (at, *at.ancestors()) if n.kind in _MATCHES), None) if at is not None else None
        edits = next(_parentheses(outer), None) if outer is not None else None
        if edits is None:
            return syntax.text, number
        syntax = parse(apply_text_edits(syntax.text, edits), syntax.path)
    return syntax.text, _DEEPEST


def _parentheses(outer: Node) -> Iterator[tuple[TextEdit, TextEdit]]:
    """Around each match in this one that took a case which stands further to the left than its own."""
    text = outer.syntax.text
    for inner in outer.walk(*_MATCHES):
        case = inner.enclosing("match_case")
        if case is None or case.start < outer.start or case.end != inner.end:
            continue
        cases = [child for child in inner.named_children if child.kind == "match_case"]
        if len(cases) < 2 or not starts_line(text, first := _bar(cases[0])) or not starts_line(text, _bar(case)):
            continue
        for before, other in itertools.pairwise(cases):
            bar = _bar(other)
            if starts_line(text, bar) and column(text, bar) < column(text, first):
                yield TextEdit(inner.start, inner.start, "("), TextEdit(before.end, before.end, ")")
                break


def _bar(case: Node) -> int:
    """Where the case starts, with the `|` before it."""
    before = case.syntax.text[: case.start].rstrip()
    return len(before) - 1 if before.endswith("|") else case.start
