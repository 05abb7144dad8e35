"""Functions that are made by applying another, whose types stay weak for that: they take their argument themselves.

let id_all = List.map (fun x -> x)            let id_all xs = List.map (fun x -> x) xs
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, text_of, tree
from lsp_aid.repair.type_shapes import Type, parameters, read

_WEAK = "'_weak"
_NOT_GENERAL = "contains the non-generalizable type variable"
_NAMES = {"list": "xs", "array": "a", "string": "s", "int": "n", "option": "o", "->": "f", "unit": "()"}
_WEIGHT = 0.88


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.SignatureMismatch):
        path = problem.diagnostic.path
        ml = path[:-1] if path.endswith(".mli") else path
        text = text_of(problem.view, ml)
        weak = [e for e in message.entries if isinstance(e, messages.Mismatch) and _WEAK in e.given]
        if text is None or not weak:
            return ()
        return [c for entry in weak for c in _named(problem, parse(text, ml), entry.name, entry.given)]
    if _NOT_GENERAL in problem.diagnostic.flat_message:
        syntax = tree(problem)
        node = node_of(problem, syntax) if syntax else None
        shown = problem.diagnostic.flat_message.partition(",")[2].partition(", contains")[0]
        if syntax is not None and node is not None:
            return list(_expanded(problem, node.enclosing("let_binding") or node, shown.strip(" \"`'")))
    return ()


def _named(problem: Problem, syntax: Syntax, name: str, given: str) -> Iterator[Candidate]:
    item = next((i for i in syntax.items if i.name == name and i.kind == "value"), None)
    if item is not None:
        yield from _expanded(problem, item.node, given.partition(":")[2])


def _expanded(problem: Problem, binding: Node, type_: str) -> Iterator[Candidate]:
    name, body = binding.child("value_name"), binding.field("body")
    takes, _ = parameters(read(type_))
    if name is None or body is None or not takes or binding.child("parameter") is not None or takes[0].label:
        return
    taken = _called(takes[0].parts[0], binding)
    is_application = body.kind in ("application_expression", "value_path", "parenthesized_expression")
    opening, closing = ("", "") if is_application else ("(", ")")
    edits = [
        TextEdit(name.end, name.end, f" {taken}"),
        TextEdit(body.start, body.start, opening),
        TextEdit(body.end, body.end, f"{closing} {taken}"),
    ]
    title = f"Have `{name.text}` take its argument itself: `let {name.text} {taken} = ...`"
    yield Candidate(title, problem.edit(*[e for e in edits if e.text], path=binding.syntax.path), _WEIGHT)


def _called(type_: Type, binding: Node) -> str:
    """A name for a parameter that nothing in the body means."""
    used = {node.text for node in binding.walk("value_name")}
    names = [_NAMES.get(type_.head, "x"), "x", "y", "arg"]
    return next((name for name in names if name not in used), "arg")
