"""`and*` and its like where there is no such operator: what `binding_operators.py` finds.

let* a = x and* b = y in { a; b }         let+ a = x and+ b = y in { a; b }
let* a = x and* b = y in save a b         let* a = x and+ b = y in save a b
let* a = x and* b = y in save a b         let* a = x in let* b = y in save a b        without any
"""

import re
from collections.abc import Iterator, Sequence, Set

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, moved

_SURE, _LESS, _DOUBTFUL = 0.95, 0.9, 0.5

_Way = tuple[str, list[TextEdit]]


async def joined_bindings(
    problem: Problem, message: messages.UnboundName, syntax: Syntax, node: Node
) -> Sequence[Candidate]:
    """The ways to join what the operator in error was to join: likely where the type checker has nothing against it."""
    definition = node.enclosing("value_definition")
    operator = definition.child("let_operator") if definition is not None else None
    if definition is None or operator is None or not message.name.startswith("and"):
        return ()
    known = {re.sub(r"[()\s]", "", item.name) for item in syntax.declared}
    known |= {re.sub(r"[()\s]", "", one.name) for one in declared_elsewhere(problem) if one.kind == "value"}
    joints = [child for child in definition.children if child.kind == "let_and_operator"]
    whole = definition.parent or definition
    joined = await _checked(problem, whole, list(_joined(operator, joints, known)))
    return joined or await _checked(problem, whole, list(_in_turn(definition, operator, joints, known)))


async def _checked(problem: Problem, whole: Node, ways: Sequence[_Way]) -> list[Candidate]:
    """The ways that take the error away; the likeliest is the first that leaves none in the whole expression."""
    changes = [problem.edit(*edits) for _, edits in ways]
    asked = await AskedTypes.of(problem) if ways else None
    if asked is None:
        return [Candidate(title, change, _LESS) for (title, _), change in zip(ways, changes, strict=True)]
    found: list[Candidate] = []
    reached = await asked.reached([one.files[0].after or "" for one in changes])
    for (title, edits), change, far in zip(ways, changes, reached, strict=True):
        if far > moved(problem.end, edits):
            is_right = far >= moved(whole.end, edits)
            weight = (_LESS if found else _SURE) if is_right else _DOUBTFUL
            found.append(Candidate(title, change, weight))
    return found


def _joined(operator: Node, joints: Sequence[Node], known: Set[str]) -> Iterator[_Way]:
    signs = [name.removeprefix("and") for name in sorted(known) if re.fullmatch(r"and\W+", name)]
    own = operator.text.removeprefix("let")
    for sign in signs:
        edits = [TextEdit(joint.start, joint.end, f"and{sign}") for joint in joints]
        yield f"Join with `and{sign}`", edits
        if sign != own and f"let{sign}" in known:
            first = TextEdit(operator.start, operator.end, f"let{sign}")
            yield f"`let{sign}` and `and{sign}`, for what is not in it yet", [first, *edits]


def _in_turn(definition: Node, operator: Node, joints: Sequence[Node], known: Set[str]) -> Iterator[_Way]:
    """One after the other, where none needs a name that one before it binds."""
    bindings = [child for child in definition.children if child.kind == "let_binding"]
    names: set[str] = set()
    for one in bindings:
        pattern, body = one.field("pattern"), one.field("body")
        if pattern is None or body is None or names & {path.text for path in body.walk("value_path")}:
            return
        names |= {part.text for part in (pattern, *pattern.walk("value_pattern", "value_name"))}
    before = "let*" if operator.text == "let+" and "let*" in known else operator.text
    texts = [*[before] * len(joints), operator.text]
    edits = [TextEdit(place.start, place.end, text) for place, text in zip((operator, *joints), texts, strict=True)]
    edits += [TextEdit(one.end, one.end, " in") for one in bindings[:-1]]
    yield f"One after the other: `{before}`", sorted(edits, key=lambda edit: edit.start)
