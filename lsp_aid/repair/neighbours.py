"""Another function of the same module, which takes what is given and gives what is wanted.

    List.map words lines : string list        List.concat_map words lines
    Option.bind o (fun x -> x + 1)            Option.map (fun x -> x + 1) o
    match Hashtbl.find t k with Some ...      match Hashtbl.find_opt t k with Some ...

Among those that fit, one of a like name, or one that is known to be taken for the other, is meant.
"""

import math
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.call_plans import plans
from lsp_aid.repair.calls_in_code import Call, read_call, written
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.similarity import similarity

_READ = (messages.TypeClash, messages.TooManyArguments)
_TAKEN_FOR = (
    ("map", "concat_map", "iter", "filter_map", "mapi", "flat_map"),
    ("bind", "map", "join", "flat_map"),
    ("concat", "append", "cons", "flatten"),
    ("filter", "exists", "for_all", "find", "find_opt", "partition", "filter_map"),
    ("fold", "fold_left", "fold_right", "iter"),
    ("find", "find_opt", "find_all", "mem", "assoc", "assoc_opt"),
    ("assoc", "assoc_opt", "mem_assoc", "mem"),
    ("get", "value", "get_ok", "get_exn", "value_exn"),
    ("hd", "tl", "hd_opt", "last"),
    ("add", "replace", "union", "singleton"),
    ("length", "size", "cardinal"),
    ("to_list", "to_seq", "elements", "bindings"),
)
_ENDINGS = ("_opt", "_exn", "_ok", "i", "'", "_map", "2", "_left", "_right")
_MATCHES = ("match_expression", "try_expression")
_MOST_AROUND = 3
_MOST_TRIED = 12
_LEAST = 0.45
_SURE = 0.86


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    of_another_type = isinstance(message, messages.UnboundName) and message.sort == "constructor" and message.of_type
    if not isinstance(message, _READ) and not of_another_type:
        return ()
    in_pattern = of_another_type or (isinstance(message, messages.TypeClash) and message.what == "pattern")
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    asked = await AskedTypes.of(problem) if node is not None else None
    if node is None or asked is None:
        return ()
    found: list[Candidate] = []
    for place in _scrutinee(node) if in_pattern else _around(node):
        call = await read_call(place, asked)
        if call is not None:
            found += await _of_call(problem, asked, call)
    return found


def _around(node: Node) -> Iterator[Node]:
    """The calls of a module's functions that the place is in, through functions that they are given."""
    number = 0
    node = within_parentheses(node)
    for around in (node, *node.ancestors()):
        if around.kind in ("let_binding", "value_definition"):
            return
        function = around.field("function") if around.kind == "application_expression" else None
        if function is not None and "." in function.text:
            yield around
            number += 1
        if number == _MOST_AROUND:
            return


def _scrutinee(node: Node) -> Iterator[Node]:
    """The call whose result the patterns do not fit."""
    case = node.enclosing("match_case")
    match = case.parent if case is not None else None
    call = match.named_children[0] if match is not None and match.kind in _MATCHES else None
    if call is not None and within_parentheses(call).kind == "application_expression":
        yield within_parentheses(call)


async def _of_call(problem: Problem, asked: AskedTypes, call: Call) -> list[Candidate]:
    module, _, name = call.function.text.rpartition(".")
    others = [(other, type_) for other, type_ in await asked.values(call.node.start, module) if other != name]
    ranked = sorted(((_likeness(name, other), other, type_) for other, type_ in others), key=lambda t: (-t[0], t[1]))
    made: list[tuple[float, str, ChangeSet, str]] = []
    for likeness, other, type_ in [one for one in ranked if one[0] >= _LEAST][:_MOST_TRIED]:
        for plan in plans(type_, call.arguments, call.wanted, [()] * _MOST_TRIED)[:1]:
            if not plan.dropped and not plan.values:
                text = written(f"{module}.{other}", plan, call.node)
                edit = TextEdit(call.node.start, call.node.end, text)
                weight = _SURE * likeness * math.exp(-0.2 * plan.cost)
                made.append((weight, other, problem.edit(edit), text))
    reached = await asked.reached([changes.files[0].after or "" for _, _, changes, _ in made])
    found = []
    for (weight, other, changes, text), far in zip(made, reached, strict=True):
        if far > call.node.start + len(text):
            title = f"`{module}.{other}` fits here, `{module}.{name}` does not"
            found.append(Candidate(title, changes, weight))
    return found


def _likeness(name: str, other: str) -> float:
    """From 0 to 1: how likely one function is taken for another by their names."""
    for ending in _ENDINGS:
        if name == other + ending or other == name + ending:
            return 1.0
    for number, group in enumerate(_TAKEN_FOR):
        if name in group and other in group:
            return 0.95 - 0.03 * abs(group.index(name) - group.index(other)) - 0.001 * number
    return 0.7 * similarity(name, other)
