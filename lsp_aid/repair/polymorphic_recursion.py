"""A function with a type `(type a)` of its own that calls itself at another type.

let rec eval (type a) (e : a t) : a = ... eval test ...
let rec eval : type a. a t -> a = fun e -> ... eval test ...
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    clashes = isinstance(message, messages.TypeClash) or "escape" in problem.diagnostic.message
    syntax = tree(problem) if clashes else None
    node = node_of(problem, syntax) if syntax else None
    if node is None:
        return ()
    bindings = [n for n in (node, *node.ancestors()) if n.kind == "let_binding" and n.child("abstract_type")]
    edits = [edit for binding in bindings[-1:] for edit in _group(binding)]
    if not edits:
        return ()
    name = bindings[-1].children[0].text
    title = f"`{name}` calls itself at other types: say that it is for every type"
    return [Candidate(title, problem.edit(*edits), 0.9)]


def _group(binding: Node) -> list[TextEdit]:
    """All functions that are defined together, where one can be given such a type."""
    definition = binding.parent
    together = [child for child in definition.children if child.kind == "let_binding"] if definition else []
    if definition is None or not any(child.text == "rec" for child in definition.children):
        return []
    return [edit for child in together if (edit := _annotated(child)) is not None]


def _annotated(binding: Node) -> TextEdit | None:
    name, body = binding.child("value_name"), binding.field("body")
    variables = [
        variable.text
        for child in binding.children
        if child.kind == "abstract_type"
        for variable in child.walk("type_constructor")
    ]
    parameters = [child for child in binding.children if child.kind == "parameter"]
    children = list(binding.named_children)
    result = children[-2] if len(children) > 1 else None
    if name is None or body is None or not variables or result is None or result.kind in ("parameter", "abstract_type"):
        return None
    types, patterns = [], []
    for parameter in parameters:
        typed = parameter.child("typed_pattern")
        parts = typed.named_children if typed is not None else ()
        if len(parts) != 2 or parameter.text.startswith(("~", "?")):
            return None
        types.append(f"({parts[1].text})" if parts[1].kind == "function_type" else parts[1].text)
        patterns.append(parts[0].text)
    whole = " -> ".join((*types, result.text))
    opened = f" fun {' '.join(patterns)} ->" if patterns else ""
    equals = binding.syntax.text.rfind("=", result.end, body.start)
    new = f" : type {' '.join(variables)}. {whole} ={opened}"
    return TextEdit(name.end, equals + 1, new) if equals >= 0 else None
