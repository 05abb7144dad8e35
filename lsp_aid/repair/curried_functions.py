"""A function of a pair where one of two arguments is expected, and the other way round.

Hashtbl.iter (fun (k, v) -> ...) t        Hashtbl.iter (fun k v -> ...) t
List.iter (fun k v -> ...) pairs          List.iter (fun (k, v) -> ...) pairs
on_key (fun code shift -> ...)            on_key (fun { Event.code; shift } -> ...)       where it is given a record
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.declared_types import fields
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import tree, within_parentheses
from lsp_aid.repair.records_for_arguments import written_record
from lsp_aid.repair.type_shapes import Type, read


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = syntax.node_at(problem.start, problem.end) if syntax else None
    if node is None:
        return ()
    if isinstance(message, messages.BrokenRule) and message.rule == "too-many-parameters" and message.types:
        return list(_taken_together(problem, node, read(message.types[0])))
    if not isinstance(message, messages.TypeClash):
        return ()
    lacks = read(message.expected).head == "->" and read(message.found).head != "->"
    function = next((n for n in (node, *node.ancestors()) if n.kind in ("fun_expression", "let_binding")), None)
    functions = [function] if function is not None else []
    application = node.enclosing("application_expression")
    if " * " in message.found and application is not None:  # the pairs are blamed, not the function beside them
        functions += [n for a in application.fields("argument") if (n := _literal(a)) is not None]
    return [candidate for function in functions for candidate in _ways(problem, function, lacks=lacks)]


def _literal(argument: Node) -> Node | None:
    return argument.child("fun_expression") if argument.kind == "parenthesized_expression" else None


def _taken_together(problem: Problem, node: Node, expected: Type) -> Iterator[Candidate]:
    """The first parameters as a tuple, or as a record: as many as the function is given in one."""
    node = within_parentheses(node)
    function = next((n for n in (node, *node.ancestors()) if n.kind == "fun_expression"), None)
    if function is None or expected.head != "->":
        return
    parameters = [child for child in function.children if child.kind == "parameter"]
    taken = expected.argument
    record = fields(problem, taken.head)
    size = len(taken.parts) if taken.head == "*" else len(record.names) if record is not None else 0
    run = parameters[:size]
    if size > 1 and len(run) == size:
        texts = [parameter.text for parameter in run]
        pairs = list(zip(record.names, texts, strict=True)) if record is not None else []
        text = written_record(record, pairs) if record is not None else f"({', '.join(texts)})"
        change = problem.edit(TextEdit(run[0].start, run[-1].end, text))
        yield Candidate(f"The function is given them in one: `fun {text}`", change, 0.92)


def _ways(problem: Problem, function: Node, *, lacks: bool) -> Iterator[Candidate]:
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
            weight = 0.93 if lacks else 0.8
            yield Candidate(f"The function takes its arguments one by one: `fun {new}`", edit, weight)
    if len(parameters) > 1 and all(p is not None and not p.text.startswith(("~", "?")) for p in patterns):
        new = f"({', '.join(p.text for p in parameters)})"
        edit = problem.edit(TextEdit(parameters[0].start, parameters[-1].end, new))
        yield Candidate(f"The function takes a tuple: `fun {new}`", edit, 0.7)
