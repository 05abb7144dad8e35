"""Functions that are handed over and are given more than they take, or less, than before.

Table.iter (fun row -> ...)         Table.iter (fun _ row -> ...)       where an index comes first now
Table.iter show                     Table.iter (fun _ -> show)
List.map (fun _ x -> x)             List.map (fun x -> x)
Tree.fold (fun x sum -> ...)        Tree.fold (fun sum x -> ...)        where the sum comes first now

All calls of the same function in the file are brought to it.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import bare, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import parameters as parameters_of

_MOST_AROUND = 4
_MOST_PARAMETERS = 5


@frozen
class _Callback:
    """A function that is an argument of a call: its number, or its label."""

    call: Node
    place: str
    function: Node


@frozen
class _Way:
    title: str
    changes: ChangeSet
    weight: float
    start: int
    parameters: int = 0  # so many has the function then; 0 where that does not matter


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash | messages.TooManyArguments | messages.NotAFunction):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    asked = await AskedTypes.of(problem)
    if asked is None:
        return ()
    made: list[_Way] = []
    for callback in _around(node):
        takes = await _taken(asked, callback)
        made += [way for way in _ways(problem, syntax, callback) if takes is None or way.parameters <= takes]
    made += _named(problem, node, message)
    reached = await asked.reached([way.changes.files[0].after or "" for way in made])
    found = [
        Candidate(way.title, way.changes, way.weight)
        for way, far in zip(made, reached, strict=True)
        if far > max(problem.end, way.start)
    ]
    return sorted(found, key=lambda c: -c.weight)[:4]


def _around(node: Node) -> Iterator[_Callback]:
    """The functions around the place that are arguments of calls, the innermost first."""
    number = 0
    for around in (within_parentheses(node), *node.ancestors()):
        if around.kind == "fun_expression" and (callback := _as_argument(around)) is not None:
            yield callback
            number += 1
        if around.kind in ("value_definition", "module_definition") or number == _MOST_AROUND:
            return


async def _taken(asked: AskedTypes, callback: _Callback) -> int | None:
    """How many arguments the function is given by the one that it is handed to; None where that is not known. More of
    them would be part of an answer that may be of any type."""
    call = callback.call
    _, (type_,) = await asked.of_parts(item_around(call), (call.start, call.end), [_name(call) or "()"])
    takes = parameters_of(type_)[0] if type_ is not None else []
    if callback.place.isdigit():
        wanted = [one for one in takes if not one.label][int(callback.place) :]
    else:
        wanted = [one for one in takes if one.label == callback.place]
    given = parameters_of(wanted[0].parts[0])[0] if wanted else []
    return len(given) or None


def _as_argument(function: Node) -> _Callback | None:
    outer = function
    while outer.parent is not None and outer.parent.kind in ("parenthesized_expression", "labeled_argument"):
        outer = outer.parent
    call = outer.parent
    if call is None or call.kind != "application_expression":
        return None
    arguments = call.fields("argument")
    place = next((_place(arguments, n) for n, one in enumerate(arguments) if one == outer), None)
    return _Callback(call, place, function) if place is not None else None


def _place(arguments: Sequence[Node], number: int) -> str:
    label = bare(arguments[number])[0]
    return label or str(sum(1 for one in arguments[:number] if not bare(one)[0]))


def _parameters(function: Node) -> list[Node]:
    return [child for child in function.children if child.kind == "parameter"]


def _alike(syntax: Syntax, callback: _Callback) -> list[_Callback]:
    """The calls of the same function that are handed a function of as many parameters at the same place."""
    name, count = _name(callback.call), len(_parameters(callback.function))
    found = []
    for call in syntax.walk("application_expression"):
        if _name(call) != name:
            continue
        for argument in call.fields("argument"):
            inner = argument.field("expression") if argument.kind == "labeled_argument" else argument
            inner = within_parentheses(inner) if inner is not None else None
            other = _as_argument(inner) if inner is not None and inner.kind == "fun_expression" else None
            if other is not None and other.place == callback.place and len(_parameters(other.function)) == count:
                found.append(other)
    return found


def _name(call: Node) -> str:
    function = call.field("function")
    return function.text if function is not None and function.kind == "value_path" else ""


def _ways(problem: Problem, syntax: Syntax, callback: _Callback) -> Iterator[_Way]:
    parameters = _parameters(callback.function)
    if not parameters or len(parameters) > _MOST_PARAMETERS or not _name(callback.call):
        return
    together = _alike(syntax, callback)
    groups = [together, [callback]] if len(together) > 1 else [[callback]]
    name = _name(callback.call)
    for group in groups:
        often = f" ({len(group)} times)" if len(group) > 1 else ""
        bonus = 0.02 if len(group) > 1 else 0.0
        for place in range(len(parameters) - 1):
            edits = [edit for one in group for edit in _swapped(one.function, place)]
            title = (
                f"`{name}` gives its function the arguments the other way round: `{parameters[place + 1].text}` first"
            )
            yield _Way(f"{title}{often}", problem.edit(*edits), 0.9 - 0.02 * place + bonus, callback.function.start)
        for place in range(len(parameters) + 1):
            edits = [_inserted(one.function, place) for one in group]
            where = "in front" if place == 0 else "at the end" if place == len(parameters) else "between"
            title = f"`{name}` gives its function another argument {where}: `_`{often}"
            weight = 0.88 - 0.03 * place + bonus
            yield _Way(title, problem.edit(*edits), weight, callback.function.start, len(parameters) + 1)
        for place, parameter in enumerate(parameters):
            if len(parameters) > 1 and all(_is_unused(one.function, place) for one in group):
                edits = [_removed(one.function, place) for one in group]
                title = f"`{name}` gives its function no `{parameter.text}`{often}"
                yield _Way(title, problem.edit(*edits), 0.85 + bonus, callback.function.start)


def _swapped(function: Node, place: int) -> Iterator[TextEdit]:
    one, other = _parameters(function)[place : place + 2]
    yield TextEdit(one.start, one.end, other.text)
    yield TextEdit(other.start, other.end, one.text)


def _inserted(function: Node, place: int) -> TextEdit:
    parameters = _parameters(function)
    if place < len(parameters):
        return TextEdit(parameters[place].start, parameters[place].start, "_ ")
    return TextEdit(parameters[-1].end, parameters[-1].end, " _")


def _removed(function: Node, place: int) -> TextEdit:
    parameters = _parameters(function)
    if place + 1 < len(parameters):
        return TextEdit(parameters[place].start, parameters[place + 1].start, "")
    return TextEdit(parameters[place - 1].end, parameters[place].end, "")


def _is_unused(function: Node, place: int) -> bool:
    name = _parameters(function)[place].text
    body = function.field("body")
    if name.startswith("_"):
        return True
    return name.isidentifier() and body is not None and not any(n.text == name for n in body.walk("value_path"))


def _named(problem: Problem, node: Node, message: messages.Message) -> Iterator[_Way]:
    """A function that is handed over by its name."""
    node = within_parentheses(node)
    call = node.parent
    if not isinstance(message, messages.TypeClash) or call is None or node.kind != "value_path":
        return
    if call.kind == "labeled_argument":
        call = call.parent
    if call is None or call.kind != "application_expression" or call.field("function") == node:
        return
    if "->" in message.expected and "->" in message.found:
        edit = TextEdit(node.start, node.end, f"(fun _ -> {node.text})")
        title = f"`{_name(call)}` gives its function another argument in front: `fun _ -> {node.text}`"
        yield _Way(title, problem.edit(edit), 0.75, node.start)
