"""What stands in the same place elsewhere in the file is brought to its type by a function that is left out here.

let* id = int_of_string_opt raw |> or_invalid "id" raw in
let* mode = Mode.of_string raw in               let* mode = Mode.of_string raw |> or_invalid "mode" raw in

{ width = cm (get "width"); depth = get "depth" }    { width = cm (get "width"); depth = cm (get "depth") }
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses

_WORD = re.compile(r"[A-Za-z][a-z0-9]*")
_MOST = 12
_IN_ITEM, _IN_FILE, _ELSEWHERE = 0.95, 0.88, 0.85
_IN_ANOTHER_CALL = 0.45
"""Of what another function of the file gives to the same one."""
_SHORT = 0.02
"""By so much the next one is less likely than the one before it."""


@frozen
class _Role:
    """Where an expression stands, `kind`, and the name that it gets there: of a variable, a field, a label."""

    kind: str
    name: str = ""


@frozen
class _Sibling:
    """A value that a function brings to its type: `value |> function`, or `function value` where not `is_piped`."""

    value: Node
    function: Node
    is_piped: bool
    role: _Role
    start: int


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) and message.what != "pattern" else None
    node = node_of(problem, syntax) if syntax else None
    node = within_parentheses(node) if node is not None else None
    role = _role(node) if node is not None else None
    if syntax is None or node is None or role is None:
        return ()
    item = item_around(node)
    made: dict[str, tuple[float, str, ChangeSet]] = {}
    for sibling in sorted(_siblings(syntax), key=lambda one: (-_alike(one.value, node), abs(one.start - node.start))):
        within = item[0] <= sibling.start < item[1]
        alike = sibling.role.kind == role.kind
        if _same(sibling.value, node) or not (alike or (within and sibling.is_piped)):
            continue
        text = _adapted(sibling, node, role)
        weight = _weight(role, within=within) if alike else _ELSEWHERE
        known = made.get(text)
        if known is None or known[0] < weight:
            made[text] = weight, text, problem.edit(TextEdit(node.start, node.end, text))
    asked = await AskedTypes.of(problem) if made else None
    if asked is None:
        return ()
    tried = list(made.values())[:_MOST]
    reached = await asked.reached([changes.texts.get(problem.diagnostic.path) or "" for _, _, changes in tried])
    found = [
        Candidate(f"As elsewhere in the file: `{' '.join(text.split())}`", changes, weight)
        for (weight, text, changes), far in zip(tried, reached, strict=True)
        if far > problem.end + len(text) - (problem.end - problem.start)
    ]
    found.sort(key=lambda one: -one.weight)
    return [Candidate(c.title, c.changes, c.weight - _SHORT * number) for number, c in enumerate(found)]


def _weight(role: _Role, *, within: bool) -> float:
    if within:
        return _IN_ITEM
    return _IN_FILE if role.kind.startswith(("let", "field")) else _IN_ANOTHER_CALL


def _same(one: Node, other: Node) -> bool:
    return one.start <= other.start < one.end or other.start <= one.start < other.end


def _alike(one: Node, other: Node) -> float:
    """How much two values are alike: what is given to their functions, and the words of their names."""
    kinds = [[part.kind for part in value.named_children] for value in (one, other)]
    words = [set(_WORD.findall(_called(value) or value.text)) for value in (one, other)]
    return (kinds[0] == kinds[1]) + len(words[0] & words[1]) / max(1, len(words[0] | words[1]))


def _role(node: Node) -> _Role | None:
    """None where nothing can be said of the place."""
    inner = outside_parentheses(node)
    above = inner.parent
    if above is None:
        return None
    if above.kind == "let_binding" and above.field("body") == inner and above.child("parameter") is None:
        pattern = above.field("pattern") or above.named_children[0]
        operator = above.parent.child("let_operator") if above.parent is not None else None
        return _Role(f"let {operator.text if operator is not None else ''}", pattern.text)
    if above.kind == "field_expression":
        return _Role("field", above.named_children[0].text.rpartition(".")[2])
    if above.kind == "labeled_argument":
        label = above.child("label_name")
        return _Role(f"label {_called(above.parent)}", label.text if label is not None else "")
    if above.kind == "application_expression" and inner in above.fields("argument"):
        return _Role(f"argument {above.fields('argument').index(inner)} {_called(above)}")
    if above.kind in ("list_expression", "array_expression"):
        return _Role(above.kind)
    return None


def _called(call: Node | None) -> str:
    function = call.field("function") if call is not None else None
    return function.text if function is not None else ""


def _siblings(syntax: Syntax) -> Iterator[_Sibling]:
    for node in syntax.walk("infix_expression", "application_expression"):
        role = _role(node)
        parts = node.named_children
        if role is None:
            continue
        if node.kind == "infix_expression":
            operator = node.child("rel_operator")
            if operator is not None and operator.text == "|>" and len(parts) == 3:
                yield _Sibling(parts[0], parts[2], True, role, node.start)
        elif not any(one.kind == "labeled_argument" for one in node.fields("argument")[-1:]):
            value = within_parentheses(node.fields("argument")[-1])
            if value.kind not in ("fun_expression", "function_expression"):
                yield _Sibling(value, node, False, role, node.start)


def _adapted(sibling: _Sibling, node: Node, role: _Role) -> str:
    """The expression with what the sibling has around it."""
    function = _like(sibling, node, role)
    if sibling.is_piped:
        text = f"{node.text} |> {function}"
        above = node.parent
        is_free = above is None or above.kind in ("let_binding", "field_expression", "parenthesized_expression")
        return text if is_free else f"({text})"
    given = node.text if node.kind in ATOMS else f"({node.text})"
    text = f"{function} {given}"
    is_free = node.parent is None or not node.parent.kind.startswith(("application", "labeled"))
    return text if is_free else f"({text})"


def _like(sibling: _Sibling, node: Node, role: _Role) -> str:
    """The function, with the name that the value gets here in its texts, and with what is given to the call here."""
    function = sibling.function
    end = function.end if sibling.is_piped else function.fields("argument")[-1].start
    theirs, ours = _given(sibling.value), _given(node)
    instead = {their: our for their, our in zip(reversed(theirs), reversed(ours), strict=False) if their != our}
    edits = []
    for part in function.walk("string", "value_path"):
        if part.end > end:
            continue
        new = instead.get(part.text) if part.kind == "value_path" else _named(part.text, sibling.role.name, role.name)
        if new is not None and part != function.field("function"):
            edits.append(TextEdit(part.start - function.start, part.end - function.start, new))
    return apply_text_edits(function.text[: end - function.start], edits).rstrip()


def _given(node: Node) -> list[str]:
    """The names that a call is given."""
    arguments = node.fields("argument") if node.kind == "application_expression" else ()
    return [one.text if one.kind == "value_path" else "" for one in arguments]


def _named(text: str, theirs: str, ours: str) -> str | None:
    """A text that is their name with ours; None where it is another one."""
    for blank in ("_", "-", " ", ""):
        if theirs and ours and text[1:-1].casefold() == theirs.replace("_", blank).casefold():
            return f'"{ours.replace("_", blank)}"'
    return None
