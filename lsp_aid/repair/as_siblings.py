"""What stands in the same place elsewhere in the file is brought to its type by a function that is left out here.

let* id = int_of_string_opt raw |> or_invalid "id" raw in
let* mode = Mode.of_string raw in               let* mode = Mode.of_string raw |> or_invalid "mode" raw in

{ width = cm (get "width"); depth = get "depth" }    { width = cm (get "width"); depth = cm (get "depth") }

host = Option.value (get t "host") ~default:usual.host;
port = int t "port"                       port = Option.value (int t "port") ~default:usual.port
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
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
    """A value that is brought to its type by what is around it: a pipe, a call, or a match of what it is."""

    value: Node
    whole: Node
    role: _Role

    @property
    def is_piped(self) -> bool:
        return self.whole.kind == "infix_expression"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) and message.what != "pattern" else None
    node = node_of(problem, syntax) if syntax else None
    node = _bound(within_parentheses(node)) if node is not None else None
    role = _role(node) if node is not None else None
    if syntax is None or node is None or role is None:
        return ()
    item = item_around(node)
    made: dict[str, tuple[float, str, ChangeSet]] = {}
    for sibling in sorted(
        _siblings(syntax), key=lambda one: (-_alike(one.value, node), abs(one.whole.start - node.start))
    ):
        within = item[0] <= sibling.whole.start < item[1]
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


def _bound(node: Node) -> Node:
    """What a variable of the same item is bound to, where that is a call."""
    binding = lookup(node.syntax, node.text, node.start) if node.kind in ("value_path", "field_expression") else None
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    is_inner = body is not None and item_around(body) == item_around(node)
    is_call = body is not None and binding is not None and not binding.arity and body.kind == "application_expression"
    return body if body is not None and is_inner and is_call else node


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
    for node in syntax.walk("infix_expression", "application_expression", "match_expression"):
        role = _role(node)
        value = _value(node) if role is not None else None
        if role is not None and value is not None and value.kind not in ("fun_expression", "function_expression"):
            yield _Sibling(within_parentheses(value), node, role)


def _value(node: Node) -> Node | None:
    """What goes through a pipe, the last argument of a call, or the only one without a label, or what is matched."""
    parts = node.named_children
    if node.kind == "match_expression":
        return parts[0] if parts[0].kind != "match_case" else None
    if node.kind == "infix_expression":
        operator = node.child("rel_operator")
        return parts[0] if operator is not None and operator.text == "|>" and len(parts) == 3 else None
    given = node.fields("argument")
    plain = [one for one in given if one.kind != "labeled_argument"]
    if not plain or (plain[-1] != given[-1] and len(plain) > 1):
        return None
    return plain[-1]


def _adapted(sibling: _Sibling, node: Node, role: _Role) -> str:
    """The expression with what the sibling has around it."""
    whole, value = sibling.whole, sibling.value
    is_tight = whole.kind == "application_expression"
    outer = outside_parentheses(value) if is_tight else value
    given = node.text if node.kind in ATOMS or not is_tight else f"({node.text})"
    edits = [
        TextEdit(edit.start - whole.start, edit.end - whole.start, edit.text)
        for edit in _named_here(sibling, node, role)
    ]
    edits.append(TextEdit(outer.start - whole.start, outer.end - whole.start, given))
    text = apply_text_edits(whole.text, edits)
    above = node.parent
    if above is None or above.kind in ("let_binding", "parenthesized_expression"):
        return text
    is_free = is_tight or (sibling.is_piped and above.kind == "field_expression")
    is_free = is_free and not above.kind.startswith(("application", "labeled"))
    return text if is_free else f"({text})"


def _named_here(sibling: _Sibling, node: Node, role: _Role) -> Iterator[TextEdit]:
    """What is around the sibling's value, with the name that the value gets here, and what the call here is given."""
    theirs, ours = _given(sibling.value), _given(node)
    instead = {their: our for their, our in zip(reversed(theirs), reversed(ours), strict=False) if their != our}
    called = sibling.whole.field("function")
    for part in sibling.whole.walk("string", "value_path", "field_path"):
        if sibling.value.start <= part.start < sibling.value.end or part == called:
            continue
        if part.kind == "string":
            new = _named(part.text, sibling.role.name, role.name)
        else:
            new = instead.get(part.text) if part.kind == "value_path" else None
            new = new or _renamed(part.text, sibling.role.name, role.name)
        if new is not None:
            yield TextEdit(part.start, part.end, new)


def _renamed(path: str, theirs: str, ours: str) -> str | None:
    """A name that is theirs, or has it as a part, with ours: `default_host` of a host, where ours is a port."""
    module, dot, name = path.rpartition(".")
    new = re.sub(rf"(?<![a-zA-Z0-9']){re.escape(theirs)}(?![a-zA-Z0-9'])", ours, name) if theirs and ours else name
    return f"{module}{dot}{new}" if new != name else None


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
