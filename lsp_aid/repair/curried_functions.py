"""A function of a pair where one of two arguments is expected, and the other way round.

Hashtbl.iter (fun (k, v) -> ...) t        Hashtbl.iter (fun k v -> ...) t
List.iter (fun k v -> ...) pairs          List.iter (fun (k, v) -> ...) pairs
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import tree


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash):
        return ()
    syntax = tree(problem)
    node = syntax.node_at(problem.start, problem.end) if syntax else None
    if node is None:
        return ()
    function = next((n for n in (node, *node.ancestors()) if n.kind in ("fun_expression", "let_binding")), None)
    functions = [function] if function is not None else []
    application = node.enclosing("application_expression")
    if " * " in message.found and application is not None:  # the pairs are blamed, not the function beside them
        functions += [n for a in application.fields("argument") if (n := _literal(a)) is not None]
    return [candidate for function in functions for candidate in _ways(problem, function)]


def _literal(argument: Node) -> Node | None:
    return argument.child("fun_expression") if argument.kind == "parenthesized_expression" else None


def _ways(problem: Problem, function: Node) -> Iterator[Candidate]:
    parameters = [child for child in function.children if child.kind == "parameter"]
    if function.kind == "let_binding" or not parameters:
        return
    patterns = [parameter.field("pattern") for parameter in parameters]
    first = patterns[0]
    if len(parameters) == 1 and first is not None and first.kind == "parenthesized_pattern":
        pair = first.child("tuple_pattern")
        parts = pair.named_children if pair is not None else ()
        if parts and all(part.kind in ("value_pattern", "parenthesized_pattern") for part in parts):
            new = " ".join(part.text for part in parts)
            edit = problem.edit(TextEdit(first.start, first.end, new))
            yield Candidate(f"The function takes its arguments one by one: `fun {new}`", edit, 0.8)
    if len(parameters) > 1 and all(p is not None and not p.text.startswith(("~", "?")) for p in patterns):
        new = f"({', '.join(p.text for p in parameters)})"
        edit = problem.edit(TextEdit(parameters[0].start, parameters[-1].end, new))
        yield Candidate(f"The function takes a tuple: `fun {new}`", edit, 0.7)
