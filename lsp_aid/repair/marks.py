"""A sign or a bracket that says what something is meant as.

a.(i) := 0                        a.(i) <- 0
t.n <- t.n + 1                    of `{ n : int }`: `{ mutable n : int }`
pad ~width:w s                    pad ?width:w s, where w is an option
Hashtbl.length t; ...             ignore (Hashtbl.length t); ...
| A -> match y with ...           | A -> (match y with ...)
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, text_of, tree, within_parentheses

FILES_AT_MOST = 200
_ELEMENTS = ("array_get_expression", "string_get_expression", "bigarray_get_expression")
_ACTS = re.compile(
    r"(?:pop|take|dequeue|shift|advance|next|skip|consume|remove|delete|drop|push|insert|register|subscribe|spawn|create"
    r"|fork|send|write|read|input|flush|exec|run|start|system|command|force|swap|exchange|fetch_and|incr|bump)(?:_\w+)?$"
)
_MODULES = {"Pervasives": "Stdlib", "Sort": "List"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None:
        return ()
    found: list[Candidate] = []
    if isinstance(message, messages.TypeClash):
        found += _assigned(problem, node, message)
        found += _optional(problem, node, message)
        found += _dropped(problem, node, message)
        found += _nested(problem, node)
    elif (
        problem.diagnostic.flat_message.startswith("The record field")
        and "is not mutable" in problem.diagnostic.message
    ):
        found += _mutable(problem, node)
    elif isinstance(message, messages.UnboundName) and message.of_type:
        found += _nested(problem, node)
    elif isinstance(message, messages.UnboundName) and message.name in _MODULES and message.sort == "module":
        written = problem.source.text[problem.start : problem.end]
        if written.startswith(message.name):
            end = problem.start + len(message.name)
            new = _MODULES[message.name]
            edit = problem.edit(TextEdit(problem.start, end, new))
            found.append(Candidate(f"`{message.name}` is `{new}` today", edit, 0.9))
    return found


def _assigned(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """`:=` is for references, `<-` for fields and elements."""
    if not message.expected.endswith(" ref"):
        return
    around = next((n for n in (node, *node.ancestors()) if n.kind == "infix_expression"), None)
    operator = around.field("operator") if around else None
    left = around.field("left") if around else None
    if operator is None or left is None or operator.text != ":=":
        return
    if left.kind == "field_get_expression" or left.kind in _ELEMENTS:
        edit = problem.edit(TextEdit(operator.start, operator.end, "<-"))
        what = "a field" if left.kind == "field_get_expression" else "an element"
        yield Candidate(f"`{left.text}` is {what}, so `<-` and not `:=`", edit, 0.93)


def _optional(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """What may be there or not is handed on with `?`."""
    argument = node if node.kind == "labeled_argument" else node.parent
    if argument is None or argument.kind != "labeled_argument" or not message.found.endswith(" option"):
        return
    if message.found.removesuffix(" option") == message.expected and argument.text.startswith("~"):
        edit = problem.edit(TextEdit(argument.start, argument.start + 1, "?"))
        yield Candidate(f"`{node.text}` is an option: `?{argument.text[1:]}`", edit, 0.9)


def _dropped(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """What a call returns beside what it does, in a sequence or where there is nothing else to do."""
    because = message.because or ""
    is_branch = "conditional with no else" in because
    if message.expected != "unit" or message.partial or not (is_branch or "sequence" in because or "loop" in because):
        return
    call = within_parentheses(node)
    function = call.field("function") if call.kind == "application_expression" else None
    if function is None or " -> " in message.found:
        return
    acts = _ACTS.match(function.text.rpartition(".")[2]) is not None
    if acts or not is_branch:
        edits = problem.edit(TextEdit(node.start, node.start, "ignore ("), TextEdit(node.end, node.end, ")"))
        yield Candidate("Drop what it returns, which is not unit", edits, 0.95 if acts else 0.6)


def _nested(problem: Problem, node: Node) -> Iterator[Candidate]:
    """Cases that belong to the `match` around."""
    arm = next((n for n in (node, *node.ancestors()) if n.kind == "match_case"), None)
    inner = arm.parent if arm is not None else None
    if arm is None or inner is None or inner.kind not in ("match_expression", "try_expression", "function_expression"):
        return
    cases = [child for child in inner.named_children if child.kind == "match_case"]
    number = next((i for i, case in enumerate(cases) if case.start == arm.start), 0)
    above = inner.parent
    if number == 0 or above is None or above.kind != "match_case":
        return
    edits = (TextEdit(inner.start, inner.start, "("), TextEdit(cases[number - 1].end, cases[number - 1].end, ")"))
    yield Candidate("Put the inner `match` in parentheses", problem.edit(*edits), 0.9)


def _mutable(problem: Problem, node: Node) -> Iterator[Candidate]:
    """The field that is assigned is declared as one that never changes."""
    assigned = next((n for n in (node, *node.ancestors()) if n.kind == "set_expression"), node)
    field = next(iter(assigned.walk("field_name")), None)
    if field is None:
        return
    own = problem.diagnostic.path
    paths = [own, *(p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and p != own)][:FILES_AT_MOST]
    changes = ChangeSet()
    for path in paths:
        text = text_of(problem.view, path)
        if text is None or field.text not in text:
            continue
        for item in parse(text, path).declared:
            if item.kind == "record field" and item.name == field.text and not item.node.text.startswith("mutable"):
                edit = TextEdit(item.node.start, item.node.start, "mutable ")
                changes = changes.then(problem.edit(edit, path=path))
                break
        if path == own and changes:
            break
    if changes:
        yield Candidate(f"Declare the field `{field.text}` as mutable", changes, 0.85)
