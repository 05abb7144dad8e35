"""Attributes that have no effect where they stand or for what they say, or that stand there twice: they go.

    let f x = (x [@inline]) + 1               let f x = x + 1
    let f x = 1 [@@inline] [@@inline]         let f x = 1 [@@inline]
    let f x = 1 [@@inline maybe]              let f x = 1

What they were to do, they did not do.
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem

_PAYLOAD, _TAILCALL, _MISPLACED, _DUPLICATED = 47, 51, 53, 54
_WHY = {
    _PAYLOAD: "which says nothing that the compiler knows, and so has no effect",
    _TAILCALL: "since the call is none",
    _MISPLACED: "which has no effect here",
    _DUPLICATED: "which is there already",
}
_ATOMS = ("value_path", "constructor_path", "number", "string")
_KINDS = ("attribute", "item_attribute", "floating_attribute")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    number = messages.warning_number(problem.diagnostic)
    tree = places.tree(problem) if number in _WHY else None
    attribute = _attribute(problem, tree) if tree else None
    if tree is None or attribute is None or number is None:
        return []
    change = problem.edit(*_without(tree, attribute))
    return [Candidate(f"Remove `{attribute.text}`, {_WHY[number]}", change, 0.8)]


def _attribute(problem: Problem, tree: Syntax) -> Node | None:
    """The attribute that the message points at, or that the application has which it points at."""
    found = list(tree.walk(*_KINDS))
    at = [node for node in found if node.start <= problem.start and problem.end <= node.end]
    return next(iter(at or [node for node in found if problem.start <= node.start and node.end <= problem.end]), None)


def _without(tree: Syntax, attribute: Node) -> list[TextEdit]:
    around = attribute.parent
    inner = around.named_children if around is not None and around.kind == "parenthesized_expression" else ()
    if around is not None and len(inner) == 2 and inner[0].kind in _ATOMS:  # the parentheses were for the attribute
        return [TextEdit(around.start, around.end, inner[0].text)]
    start = attribute.start - (tree.text[attribute.start - 1 : attribute.start] == " ")
    return [TextEdit(start, attribute.end, "")]
