"""Functions that give a function now, since a call that they end with lacks an argument.

let show t = Money.show t.sum          let show t = Money.show ~coin:t.coin t.sum
let print t = print_string (show t)    let print t = print_string (show t)
let () = assert (show t = "1")         let () = assert (show t = "1")

Nothing is wrong where that call is: the error is where what it gives is used, in another file maybe, or an interface.
"""

import itertools
from collections.abc import Iterator, Sequence

from attrs import evolve

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import Range, SourceText
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.branch_ends import ends
from lsp_aid.repair.calls_in_code import Call, function_of, item_around, read_call
from lsp_aid.repair.changed_calls import lacks, of_call
from lsp_aid.repair.combine import combine
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import file_of_module, node_of, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, parameters, read

_SURER = 0.15  # than the calls in error: it is no function that is meant
_MOST_AROUND = 12
_PIPED = {"|>": "right", "@@": "left"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if syntax is None:
        return ()
    if isinstance(message, messages.SignatureMismatch):
        return await _promised(problem, syntax, message)
    node = node_of(problem, syntax) if isinstance(message, messages.TypeClash | messages.NotARecord) else None
    if node is not None and isinstance(message, messages.NotARecord):
        return await _read(problem, syntax, node, read(message.type))
    if node is None or not isinstance(message, messages.TypeClash):
        return ()
    found, wanted = read(message.found), read(message.expected)
    labels = _labels(found) ^ _labels(wanted)
    seen: set[str] = set()
    for function in _suspects(node, message, is_labelled=bool(labels)):
        made = await _finished(problem, syntax, function, labels, seen)
        if made:
            return [_surer(one) if one.kind is Kind.FIX else one for one in made]
    return ()


async def _read(problem: Problem, syntax: Syntax, node: Node, found: Type) -> list[Candidate]:
    """What a field is read of: a variable that is bound to a call which lacks an argument."""
    if found.head != "->" or node.kind != "value_path":
        return []
    made = await _finished(problem, syntax, node, _labels(found), set())
    return [_surer(one) if one.kind is Kind.FIX else one for one in made]


def _labels(type_: Type) -> set[str]:
    """The labels of what is not optional, anywhere in a type."""
    own = {type_.label[1:]} if type_.label.startswith("~") else set()
    return own.union(*(_labels(part) for part in type_.parts))


def _suspects(node: Node, message: messages.TypeClash, *, is_labelled: bool) -> Iterator[Node]:
    """The functions that may give a function: of what is in error, or is compared with it; where a label tells of what
    is lacking any that is around, the nearest first."""
    for one, found, wanted in clashing(node, message):
        function = function_of(within_parentheses(one))
        is_path = function is not None and function.kind == "value_path"
        if function is not None and is_path and len(parameters(found)[0]) > len(parameters(wanted)[0]):
            yield function
    around = node.syntax.node_at(*item_around(node)) if is_labelled else None
    paths = list(around.walk("value_path")) if around is not None else []
    paths.sort(key=lambda path: max(path.start - node.end, node.start - path.end, 0))
    yield from itertools.islice({path.text: path for path in reversed(paths)}.values(), _MOST_AROUND)


async def _finished(
    problem: Problem, syntax: Syntax, function: Node, labels: set[str], seen: set[str]
) -> list[Candidate]:
    """The ways to give a call in a function's definition what it lacks: one of the labels, or where there is none what
    the last call does. First where that is a call of another such function. What a branch beside it wants is nothing
    to go by: it lacks the same."""
    if function.text in seen or len(seen) > _MOST_AROUND:
        return []
    seen.add(function.text)
    binding = _definition(problem, syntax, function)
    if binding is None:
        return []
    calls = list(_labelled(binding) if labels else _last(binding))
    for call in calls[:_MOST_AROUND]:
        start = SourceText(binding.syntax.text).position(call.start)
        error = evolve(problem.diagnostic, path=binding.syntax.path, range=Range(start, start))
        there = evolve(problem, diagnostic=error)
        asked = await AskedTypes.of(there)
        taking = await read_call(call, asked) if asked is not None else None
        if taking is None or asked is None or not (labels & _labels(taking.takes) if labels else _lacks(taking)):
            continue
        found = await _finished(there, binding.syntax, taking.function, labels, seen)
        if not found and (not labels or any(one.label[1:] in labels and lacks(taking, one) for one in _takes(taking))):
            wanted = taking.wanted if taking.wanted is None or not labels & _labels(taking.wanted) else None
            found = await of_call(there, binding.syntax, asked, evolve(taking, wanted=wanted))
        if found:
            return found
    return []


async def _promised(problem: Problem, syntax: Syntax, message: messages.SignatureMismatch) -> list[Candidate]:
    """All definitions that do not give what the interface says, each with the likeliest way."""
    found: list[Candidate] = []
    for entry in (one for one in message.entries if isinstance(one, messages.Mismatch) and one.sort == "value"):
        given, wanted = (read(said.partition(" : ")[2]) for said in (entry.given, entry.wanted))
        labels = _labels(given) ^ _labels(wanted)
        item = next((i for i in reversed(syntax.items) if i.kind == "value" and i.name == entry.name), None)
        pattern = item.node.field("pattern") if item is not None and labels else None
        found += (await _finished(problem, syntax, pattern, labels, set()))[:1] if pattern is not None else []
    if not found:
        return []
    changes = combine([one.changes for one in found]).changes
    return [_surer(evolve(found[0], changes=changes, weight=min(one.weight for one in found)))]


def _surer(one: Candidate) -> Candidate:
    return evolve(one, weight=min(1.0, one.weight + _SURER))


def _lacks(call: Call) -> bool:
    """Whether the call gives less than the function takes."""
    above = call.node.parent
    sign = above.field("operator") if above is not None and above.kind == "infix_expression" else None
    is_handed = sign is not None and above is not None and above.field(_PIPED.get(sign.text, "")) == call.node
    needed = sum(not taken.label.startswith("?") for taken in _takes(call))
    return needed > len(call.arguments) + is_handed


def _takes(call: Call) -> list[Type]:
    return parameters(call.takes)[0]


def _definition(problem: Problem, syntax: Syntax, function: Node) -> Node | None:
    """Where a function is defined, in the file or in another of the project."""
    module, _, name = function.text.rpartition(".")
    if not module and function.kind == "value_path":
        binding = lookup(syntax, name, function.start)
        return binding.binding if binding is not None and binding.kind == "value" else None
    file = file_of_module(problem, module.rpartition(".")[2]) if module else None
    text = text_of(problem.view, file) if file is not None else None
    there = parse(text, file) if file is not None and text is not None else syntax
    item = next((i for i in reversed(there.items) if i.kind == "value" and i.name == name), None)
    return item.node if item is not None and (not module or there is not syntax) else None


def _labelled(binding: Node) -> Iterator[Node]:
    """All calls in a definition, and the functions that it hands on by name: of branches the first says what the
    others have to be."""
    for node in binding.walk("application_expression", "value_path"):
        above = node.parent
        if node.kind == "application_expression" or (above is not None and above.field("function") != node):
            yield node


def _last(binding: Node) -> Iterator[Node]:
    """The calls that a definition may end with; of a pipe what is applied last."""
    body = binding.field("body")
    for end in ends(body) if body is not None else ():
        last: Node | None = end
        while last is not None and last.kind in ("infix_expression", "parenthesized_expression"):
            sign = last.field("operator")
            inner = last.named_children[0] if sign is None else last.field(_PIPED.get(sign.text, ""))
            last = within_parentheses(inner) if inner is not None else None
        if last is not None and last.kind == "application_expression":
            yield last
