"""A definition that uses itself, or its neighbour, without the keyword `rec`.

let fact n = if n = 0 then 1 else n * fact (n - 1)
let rec fact n = if n = 0 then 1 else n * fact (n - 1)
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, bound_names
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """The definitions around an unbound name that would bind it if they were recursive."""
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "value" or message.qualifier:
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    return (*_around(problem, message, node), *_neighbours(problem, message.name, node))


def _around(problem: Problem, message: messages.UnboundName, node: Node) -> Iterator[Candidate]:
    """`let f x = ... f ...`, also where another `and` of the same `let` defines the name."""
    for definition in node.ancestors():
        if definition.kind != "value_definition" or definition.child("rec"):
            continue
        bindings = [child for child in definition.named_children if child.kind == "let_binding"]
        named = [binding for binding in bindings if message.name in _names(binding)]
        keyword = definition.child("let")
        if not named or keyword is None:
            continue
        hinted = message.rec_line == problem.source.position(definition.start).line + 1
        weight = 0.97 if hinted else 0.9
        if not _is_function(named[0]):
            weight = 0.15  # `let x = x + 1` cannot be recursive; the outer x is merely not there
        edit = _insert_rec(definition)
        if edit:
            yield Candidate(f"Add `rec` to the definition of `{message.name}`", problem.edit(edit), weight)


def _insert_rec(definition: Node) -> TextEdit | None:
    """`rec` goes before the first binding: behind `let`, `let%ext` and `let[@attr]` alike."""
    binding = definition.child("let_binding")
    return TextEdit(binding.start, binding.start, "rec ") if binding else None


def _neighbours(problem: Problem, name: str, node: Node) -> Iterator[Candidate]:
    """`let f x = ... g ...` directly before `let g x = ... f ...`: both become one recursive definition."""
    around = [n for n in node.ancestors() if n.kind == "value_definition"]
    for definition in around:
        following = _next(definition)
        if following is None or following.kind != "value_definition":
            continue
        binding = definition.child("let_binding")
        other = following.child("let_binding")
        if binding is None or other is None or name not in _names(other):
            continue
        if not (_is_function(binding) and _is_function(other)):
            continue
        keyword = _keyword(following)
        if keyword is None or not any(_mentions(other, used) for used in _names(binding)):
            continue
        edits = [TextEdit(*keyword, "and")]
        if definition.child("rec") is None and (insert := _insert_rec(definition)):
            edits.append(insert)
        yield Candidate(f"Define `{name}` together with `{_first_name(binding)}`", problem.edit(*edits), 0.8)


def _keyword(definition: Node) -> tuple[int, int] | None:
    """The extent of `let` or `let rec`; None where something else stands between it and the binding."""
    first, rec = definition.child("let"), definition.child("rec")
    binding = definition.child("let_binding")
    if first is None or binding is None:
        return None
    end = (rec or first).end
    between = definition.syntax.text[end : binding.start]
    return None if between.strip() else (first.start, end)


def _next(definition: Node) -> Node | None:
    parent = definition.parent
    siblings = parent.named_children if parent else ()
    return next((s for s in siblings if s.start >= definition.end), None)


def _names(binding: Node) -> tuple[str, ...]:
    pattern = binding.field("pattern")
    return tuple(name.text for name in bound_names(pattern)) if pattern else ()


def _first_name(binding: Node) -> str:
    return next(iter(_names(binding)), "")


def _is_function(binding: Node) -> bool:
    body = binding.field("body")
    has_parameter = any(child.kind == "parameter" for child in binding.named_children)
    return has_parameter or (body is not None and _is_lambda(body))


def _is_lambda(body: Node) -> bool:
    inner = body.field("expression") if body.kind == "parenthesized_expression" else None
    return body.kind in ("fun_expression", "function_expression") or (inner is not None and _is_lambda(inner))


def _mentions(node: Node, name: str) -> bool:
    if not re.fullmatch(r"[\w']+", name):
        return False
    return any(n.text == name for n in node.walk("value_name"))
