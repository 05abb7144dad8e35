"""Functions that give a function now, since the call that they end with lacks an argument.

let show t = Money.show t.sum          let show t = Money.show ~coin:t.coin t.sum
let print t = print_string (show t)    let print t = print_string (show t)

Nothing is wrong where that call is: the error is where what it gives is used, in another file maybe.
"""

from collections.abc import Iterator, Sequence

from attrs import evolve

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import Range, SourceText
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import Call, function_of, read_call
from lsp_aid.repair.changed_calls import of_call
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, node_of, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import parameters
from lsp_aid.repair.unit_argument import arrows

_INNER = ("sequence_expression", "let_expression", "parenthesized_expression")
_SURER = 0.15  # than the calls in error: it is no function that is meant


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or len(arrows(message.found)) <= len(arrows(message.expected)):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    function = function_of(within_parentheses(node)) if node is not None else None
    if syntax is None or function is None or function.kind != "value_path":
        return ()
    found: list[Candidate] = []
    for there, where, call in _endings(problem, syntax, function):
        asked = await AskedTypes.of(there)
        read = await read_call(call, asked) if asked is not None else None
        if read is not None and asked is not None and _lacks(read):
            found += await of_call(there, where, asked, read)
    return [evolve(one, weight=one.weight + _SURER) if one.kind is Kind.FIX else one for one in found]


def _lacks(call: Call) -> bool:
    """Whether the call gives less than the function takes."""
    return sum(not taken.label.startswith("?") for taken in parameters(call.takes)[0]) > len(call.arguments)


def _endings(problem: Problem, syntax: Syntax, function: Node) -> Iterator[tuple[Problem, Syntax, Node]]:
    """The call that the definition of a function ends with, and the file that it is in, as a problem there."""
    module, _, name = function.text.rpartition(".")
    if not module:
        binding = lookup(syntax, name, function.start)
        call = _last(binding.binding) if binding is not None and binding.kind == "value" else None
        if call is not None:
            yield problem, syntax, call
        return
    path = file_of_module(problem, module.rpartition(".")[2])
    text = text_of(problem.view, path) if path is not None else None
    if path is None or text is None:
        return
    there = parse(text, path)
    item = next((i for i in reversed(there.items) if i.kind == "value" and i.name == name), None)
    call = _last(item.node) if item is not None else None
    if call is not None:
        start = SourceText(text).position(call.start)
        error = evolve(problem.diagnostic, path=path, range=Range(start, start))
        yield evolve(problem, diagnostic=error), there, call


def _last(binding: Node) -> Node | None:
    body = binding.field("body")
    while body is not None and body.kind in _INNER:
        body = body.field("body") if body.kind == "let_expression" else body.named_children[-1]
    return body if body is not None and body.kind == "application_expression" else None
