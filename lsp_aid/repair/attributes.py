"""Attributes that have no effect where they stand or for what they say, or that stand there twice: they go.

    let f x = (x [@inline]) + 1               let f x = x + 1
    let f x = 1 [@@inline] [@@inline]         let f x = 1 [@@inline]
    let f x = 1 [@@inline maybe]              let f x = 1
    let f x = 1 [@@inline allways]            let f x = 1 [@@inline always]
    type id = Id of int                       type id = Id of int [@@unboxed], where an external takes it

What they were to do, they did not do.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.similarity import nearest

_PAYLOAD, _TAILCALL, _MISPLACED, _DUPLICATED, _INLINED, _UNBOXED = 47, 51, 53, 54, 55, 61
_WHY = {
    _PAYLOAD: "which says nothing that the compiler knows, and so has no effect",
    _TAILCALL: "since the call is none",
    _MISPLACED: "which has no effect here",
    _DUPLICATED: "which is there already",
    _INLINED: "since what is called is not known",
}
_ALIKE = 0.6
_ATOMS = ("value_path", "constructor_path", "number", "string")
_KINDS = ("attribute", "item_attribute", "floating_attribute")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    number = messages.warning_number(problem.diagnostic)
    tree = places.tree(problem) if number in (*_WHY, _UNBOXED) else None
    if tree is not None and number == _UNBOXED:
        return list(_represented(problem, tree))
    attribute = _attribute(problem, tree) if tree else None
    if tree is None or attribute is None or number is None:
        return []
    change = problem.edit(*_without(tree, attribute))
    found = [Candidate(f"Remove `{attribute.text}`, {_WHY[number]}", change, 0.8)]
    return [*(_misspelt(problem, attribute) if number == _PAYLOAD else ()), *found]


def _misspelt(problem: Problem, attribute: Node) -> Iterator[Candidate]:
    """`[@@inline allways]`: the message says which words there are."""
    known = re.findall(r"'(\w+)'", problem.diagnostic.flat_message.partition("must be")[2])
    written = re.search(r"(\w+)\s*\]$", attribute.text)
    if written is None:
        return
    for other, alike in nearest(written[1], known, _ALIKE):
        edit = TextEdit(attribute.start + written.start(1), attribute.start + written.end(1), other)
        yield Candidate(f"Replace `{written[1]}` by `{other}`", problem.edit(edit), 0.85 + 0.1 * alike)


def _represented(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    """How a type of one constructor or field is represented, where an external takes it."""
    said = re.search(r"uses type [\"`]?([\w']+)", problem.diagnostic.flat_message)
    item = next((i for i in tree.items if said and i.kind == "type" and i.name == said[1]), None)
    if item is None:
        return
    for number, word in enumerate(("unboxed", "boxed")):
        edit = TextEdit(item.node.end, item.node.end, f" [@@{word}]")
        yield Candidate(f"Say that `{item.name}` is {word}", problem.edit(edit), 0.8 - 0.3 * number)


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
