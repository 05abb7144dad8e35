"""Two things that are compared, of which one is taken as it is and of the other a part, or what a function makes of it.

if String.length w > best then w else best    if String.length w > String.length best then w else best
List.sort (fun a b -> compare a.age b) people List.sort (fun a b -> compare a.age b.age) people
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses

_SIGNS = ("<", ">", "<=", ">=", "=", "<>", "==", "!=")
_COMPARES = re.compile(r"(?:[\w'.]*\.)?(?:compare|equal|min|max|compare_\w+|\w+_compare)")
_MADE = ("application_expression", "field_get_expression", "prefix_expression", "method_invocation")
_WEIGHT = 0.9


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) else None
    node = node_of(problem, syntax) if syntax else None
    if node is None:
        return ()
    named = {path.text for path in node.walk("value_path")}
    start, end = item_around(node)
    item = node.syntax.node_at(start, end - 1)
    call = node.enclosing("application_expression")
    found: list[Candidate] = []
    for left, right in _compared(item) if item is not None else ():
        for made, plain in ((left, right), (right, left)):
            is_near = plain.text in named or (call is not None and call.start < plain.start < call.end)
            if plain.kind == "value_path" and is_near and (edit := _alike(made, plain)) is not None:
                title = f"Compare with `{edit.text}`, as the other side does, not with `{plain.text}`"
                found.append(Candidate(title, problem.edit(edit), _WEIGHT))
    asked = await AskedTypes.of(problem) if found else None
    if asked is None:
        return found
    reached = await asked.reached([one.changes.files[0].after or "" for one in found])
    return [one for one, far in zip(found, reached, strict=True) if far > problem.end]


def _compared(item: Node) -> Iterator[tuple[Node, Node]]:
    for node in item.walk("infix_expression", "application_expression"):
        if node.kind == "infix_expression":
            operator, left, right = node.field("operator"), node.field("left"), node.field("right")
            if operator is not None and operator.text in _SIGNS and left is not None and right is not None:
                yield within_parentheses(left), within_parentheses(right)
        else:
            function, given = node.field("function"), node.fields("argument")
            if function is not None and _COMPARES.fullmatch(function.text) and len(given) == 2:
                yield within_parentheses(given[0]), within_parentheses(given[1])


def _alike(made: Node, plain: Node) -> TextEdit | None:
    """What is made of one local variable, made of the other one."""
    if made.kind not in _MADE:
        return None
    local = [
        path
        for path in made.walk("value_path")
        if "." not in path.text
        and (binding := lookup(path.syntax, path.text, path.start)) is not None
        and binding.kind in ("parameter", "variable", "value")
        and not binding.arity
    ]
    if len(local) != 1 or local[0].text == plain.text:
        return None
    at = local[0].start - made.start
    text = f"{made.text[:at]}{plain.text}{made.text[at + len(local[0].text) :]}"
    above = plain.parent
    is_argument = above is not None and above.kind == "application_expression"
    tight = is_argument and made.kind == "application_expression"
    return TextEdit(plain.start, plain.end, f"({text})" if tight else text)
