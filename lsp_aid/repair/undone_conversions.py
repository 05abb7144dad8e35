"""A value converted to what it is of by now: the conversion is left out.

Unix.bind sock (ADDR_INET (Unix.inet_addr_of_string e.host, e.port))     Unix.bind sock (ADDR_INET (e.host, e.port))
job.url |> Uri.of_string |> Uri.host                                     job.url |> Uri.host
Graph.make (List.map Id.of_int t.ids)                                    Graph.make t.ids
match Date.of_string t.due with Some due -> late due | None -> false     let due = t.due in late due
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import outside_parentheses, type_clash, within_parentheses
from lsp_aid.repair.type_shapes import Type, parameters, read, unified

_CONVERTS = re.compile(r"(?:^|[._])(?:of|to|from|parse|make|create|v)(?:_|$)|_(?:of|to)_")
_MAPS = ("Option.map", "Result.map", "List.map", "Array.map", "Seq.map", "Fun.compose")
_GIVEN = {"option": "Some", "result": "Ok"}
_MISSING = re.compile(r"None|Error\s+[a-z_][\w']*|_")
_DEEPEST = 3
_WEIGHT, _MATCHED = 0.93, 0.9


@frozen
class _Conversion:
    """`whole` is `value` converted by the function `name`; `text` is all that is applied to it."""

    whole: Node
    value: Node
    name: str
    text: str


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None or clash[0].what == "pattern":
        return ()
    message, node = clash
    given = read(message.found)
    if given.head == "->":
        return list(_stage(problem, within_parentheses(node), given, read(message.expected)))
    if given.is_variable:
        return ()
    around = list(_around(node))
    asked = await AskedTypes.of(problem) if around else None
    if asked is None:
        return ()
    for conversion in around:
        place = (conversion.whole.start, conversion.whole.end)
        _, (type_,) = await asked.of_parts(item_around(node), place, [conversion.text])
        takes, gives = parameters(type_) if type_ is not None else ([], Type("'a"))
        if len(takes) != 1 or gives.is_variable:
            continue
        text = node.text
        edit, weight = TextEdit(*_place(conversion.whole, node), text), _WEIGHT
        if unified(gives, given, {}) is None:
            fitting = gives.head in _GIVEN and unified(gives.parts[0], given, {}) is not None
            bound = _bound(conversion.whole, node, _GIVEN[gives.head]) if fitting else None
            if bound is None:
                continue
            edit, weight = bound, _MATCHED
        changes = problem.edit(edit)
        (far,) = await asked.reached([changes.files[0].after or ""])
        if far > edit.start:
            title = f"`{' '.join(text.split())}` is what `{conversion.name}` gives already"
            return [Candidate(title, changes, weight)]
    return ()


def _stage(problem: Problem, node: Node, has: Type, wants: Type) -> Iterator[Candidate]:
    """A function that a value goes through, where the value is of the type that it gives."""
    above = node.parent
    operator = above.child("rel_operator") if above is not None and above.kind == "infix_expression" else None
    left = above.field("left") if above is not None else None
    takes, gives = parameters(has)
    if above is None or left is None or left == node or operator is None or operator.text != "|>":
        return
    if len(takes) != 1 or wants.head != "->" or gives.is_variable or unified(gives, wants.parts[0], {}) != {}:
        return
    function = node.field("function") or node
    name = _name(function, node.fields("argument"))
    if _CONVERTS.search(name):
        title = f"`{' '.join(left.text.split())}` is what `{name}` gives already"
        yield Candidate(title, problem.edit(TextEdit(left.end, node.end, "")), _WEIGHT)


def _around(node: Node) -> Iterator[_Conversion]:
    """The conversions of a value, the innermost first. What else is done with it is not left out."""
    inner, depth = node, 0
    while depth < _DEEPEST:
        inner = outside_parentheses(inner)
        found = _converted(inner)
        if found is None or not _CONVERTS.search(found.name):
            return
        yield found
        inner, depth = found.whole, depth + 1


def _place(whole: Node, value: Node) -> tuple[int, int]:
    """Where the conversion is, with the parentheses that the value does not need."""
    while value.kind in ATOMS and whole.parent is not None and whole.parent.kind == "parenthesized_expression":
        if whole.syntax.text[: whole.parent.start][-1:].strip() not in ("", "(", "[", ":", ",", ";"):
            break
        whole = whole.parent
    return whole.start, whole.end


def _converted(value: Node) -> _Conversion | None:
    above = value.parent
    if above is None:
        return None
    text = above.syntax.text
    if above.kind == "application_expression":
        arguments, function = above.fields("argument"), above.field("function")
        if function is None or not arguments or arguments[-1] != value:
            return None
        applied = text[above.start : arguments[-2].end if len(arguments) > 1 else function.end]
        return _Conversion(above, value, _name(function, arguments[:-1]), applied)
    operator = above.child("rel_operator", "concat_operator") if above.kind == "infix_expression" else None
    left, right = above.field("left"), above.field("right")
    if operator is None or left is None or right is None:
        return None
    other = right if operator.text == "|>" and left == value else left if operator.text == "@@" else None
    if other is None or other == value:
        return None
    function = other.field("function") if other.kind == "application_expression" else other
    return _Conversion(above, value, _name(function or other, other.fields("argument")), other.text)


def _name(function: Node, arguments: Sequence[Node]) -> str:
    """What converts one: the function itself, or the one that is mapped over all."""
    if not arguments:
        return function.text
    return within_parentheses(arguments[0]).text if function.text in _MAPS and len(arguments) == 1 else ""


def _bound(whole: Node, value: Node, constructor: str) -> TextEdit | None:
    """What was matched, as it is of that type without a doubt: bound to the name of the only case that is left.

    None where another case is lost with it that would be for some values still.
    """
    around = outside_parentheses(whole).parent
    if around is None or around.kind != "match_expression":
        return None
    found: list[tuple[str, Node]] = []
    for case in (one for one in around.named_children if one.kind == "match_case"):
        pattern, body = case.field("pattern"), case.field("body")
        if pattern is None or body is None or case.child("guard") is not None:
            return None
        given = within_parentheses(pattern).text
        if named := re.fullmatch(rf"{constructor}\s+(?P<name>[a-z_][\w']*)", given):
            found.append((named["name"], body))
        elif not _MISSING.fullmatch(given):
            return None
    if len(found) != 1:
        return None
    name, body = found[0]
    return TextEdit(around.start, around.end, f"let {name} = {value.text} in {body.text}")
