"""A function for each element that gives an option, a list or a result, where one layer is wanted.

List.map int_of_string_opt words        List.filter_map int_of_string_opt words       where an int list is wanted
List.map words_of lines                 List.concat_map words_of lines
Option.map find key                     Option.bind key find
id |> check |> Option.map find          id |> check |> Option.map find |> Option.join
match Hashtbl.find t k with             match Hashtbl.find_opt t k with
| Some v -> ... | None -> ...           | Some v -> ... | None -> ...
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import stdlib
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, type_clash, within_parentheses
from lsp_aid.repair.type_shapes import Type, read, unified

_INSTEAD = {
    ("list", "option"): ("List.map", "List.filter_map"),
    ("list", "list"): ("List.map", "List.concat_map"),
    ("Seq.t", "option"): ("Seq.map", "Seq.filter_map"),
    ("Seq.t", "Seq.t"): ("Seq.map", "Seq.concat_map"),
    ("option", "option"): ("Option.map", "Option.bind"),
    ("result", "result"): ("Result.map", "Result.bind"),
}
_LIKELY, _FOUND = 0.93, 0.94
_DEEPEST = 4
_OPTION = re.compile(r"(?:None|Some)\b")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None:
        return ()
    message, node = clash
    syntax = node.syntax
    made = [*_layers(problem, node, read(message.found), read(message.expected)), *_looked_up(problem, syntax, node)]
    asked = await AskedTypes.of(problem) if made else None
    if asked is None:
        return ()
    reached = await asked.reached([changes.texts.get(problem.diagnostic.path) or "" for _, changes, _ in made])
    return [
        Candidate(title, changes, weight)
        for (title, changes, weight), far in zip(made, reached, strict=True)
        if far > problem.end or 0 <= far < problem.start
    ]


def _layers(problem: Problem, node: Node, given: Type, wanted: Type) -> Iterator[tuple[str, ChangeSet, float]]:
    matched = _matched(node) if given.head in ("option", "result") and given.head != wanted.head else None
    if matched is not None:  # what it is taken out of has one layer more
        node, given, wanted = matched, Type(given.head, (given,)), Type(given.head, (wanted,))
    outer = given.head.removeprefix("Stdlib.")
    if outer != wanted.head.removeprefix("Stdlib.") or not given.parts or not wanted.parts:
        return
    inner = given.parts[0]
    old, new = _INSTEAD.get((outer, inner.head.removeprefix("Stdlib.")), ("", ""))
    if not old or unified(inner.parts[0], wanted.parts[0], {}) is None:
        return
    for call in _made_by(node, old):
        edits = list(_bound(call, new)) if new.endswith(".bind") else [_renamed(call, new)]
        if edits:
            title = f"`{old}` gives one layer more than is wanted: `{new}`"
            yield title, problem.edit(*edits), _LIKELY
            return


def _matched(node: Node) -> Node | None:
    """What is matched with `Some x` or `Ok x`, of such a name."""
    node = within_parentheses(node)
    binding = lookup(node.syntax, node.text, node.start) if node.kind == "value_path" and "." not in node.text else None
    pattern = binding.node.parent if binding is not None and binding.kind == "variable" else None
    match = binding.binding.enclosing("match_expression") if binding is not None and pattern is not None else None
    if match is None or pattern is None or not re.fullmatch(r"(?:Some|Ok)\s+\w+", pattern.text):
        return None
    return match.named_children[0]


def _renamed(call: Node, new: str) -> TextEdit:
    function = call.field("function") or call
    return TextEdit(function.start, function.end, new)


def _bound(call: Node, new: str) -> Iterator[TextEdit]:
    """`bind` takes the value first; in a pipe that is what is before."""
    arguments = call.fields("argument")
    if len(arguments) == 2:
        function, value = arguments
        yield _renamed(call, new)
        yield TextEdit(function.start, function.end, value.text)
        yield TextEdit(value.start, value.end, function.text)
        return
    above = call.parent
    if len(arguments) == 1 and above is not None and above.kind == "infix_expression":
        value, operator = above.named_children[0], above.child("rel_operator")
        if operator is None or operator.text != "|>" or above.named_children[-1] != call:
            return
        if re.search(rf"\|>\s*Fun\.flip\s+{re.escape(new)}\b", call.syntax.text):  # as the file has it elsewhere
            function = call.field("function") or call
            yield TextEdit(function.start, function.end, f"Fun.flip {new}")
            return
        if value.kind == "infix_expression":
            gap = call.syntax.text[value.end : call.start]
            yield TextEdit(call.end, call.end, f"{gap}{new.removesuffix('bind')}join")
            return
        text = value.text if value.kind in ATOMS else f"({value.text})"
        yield TextEdit(above.start, above.end, f"{new} {text} {arguments[0].text}")


def _made_by(node: Node, function: str) -> Iterator[Node]:
    """The call that a value comes from: the value itself, what a name stands for, what a function of the file gives."""
    for _ in range(_DEEPEST):
        node = within_parentheses(node)
        while node.kind in ("let_expression", "sequence_expression", "parenthesized_expression"):
            node = (node.field("body") if node.kind == "let_expression" else None) or node.named_children[-1]
        if node.kind == "infix_expression" and (node.child("rel_operator") or node).text == "|>":
            last = node.named_children[-1]
            if (last.field("function") or last).text == function:
                yield last
                return
        called = node.field("function") if node.kind == "application_expression" else node
        if called is None or called.kind != "value_path":
            return
        if called.text == function and called != node:
            yield node
            return
        binding = lookup(node.syntax, called.text, node.start) if "." not in called.text else None
        given = len(node.fields("argument")) if called != node else 0
        body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
        if binding is None or body is None or binding.arity != given:
            return
        node = body


def _looked_up(problem: Problem, syntax: Syntax, node: Node) -> Iterator[tuple[str, ChangeSet, float]]:
    """What is matched as an option is looked up by a function that raises, and there is one that gives an option."""
    start, end = item_around(node)
    for match in syntax.walk("match_expression"):
        call = match.named_children[0]
        function = call.field("function") if call.kind == "application_expression" else None
        patterns = [case.field("pattern") for case in match.named_children if case.kind == "match_case"]
        if function is None or not start <= match.start < end or not patterns:
            continue
        if all(one is not None and _OPTION.match(one.text) for one in patterns) and _has_option(problem, function.text):
            edit = TextEdit(function.end, function.end, "_opt")
            yield f"`{function.text}_opt` gives an option", problem.edit(edit), _FOUND


def _has_option(problem: Problem, function: str) -> bool:
    module, _, name = function.rpartition(".")
    other = f"{name}_opt"
    known = other in stdlib.MODULES.get(module, ())
    return known or any(one.path == f"{function}_opt" for one in declared_elsewhere(problem))
