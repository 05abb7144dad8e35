"""Calls of what is deprecated, where its author writes the call to put in their place.

[@@deprecated "Use Paths.join [a; b] instead of Paths.concat a b."]
Paths.concat root "index"                   Paths.join [ root; "index" ]
"""

import re
from collections.abc import Iterator, Mapping

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import outside_parentheses, within_parentheses

_SAID = re.compile(
    r"\b[Uu]se\s+(?P<new>.+?)(?:,?\s+(?:instead of|rather than|in place of|for)\s+(?P<old>.+?)|,?\s+instead)?[.;!]?\s*$"
)
_QUOTES = (("`", "`"), ("[", "]"), ("'", "'"), ('"', '"'), ("{", "}"))
_ARGUMENT = re.compile(r"[a-z_][\w']*")
_LOOSE = ("let_binding", "let_expression", "match_case", "sequence_expression", "list_expression", "then_clause")
_BETWEEN = ("list_expression", "array_expression", "sequence_expression")
_SURE = 0.95


def as_said(problem: Problem, tree: Syntax, used: Node, path: str, advice: str) -> Iterator[Candidate]:
    """All complete calls in the file, written as the advice has it; `path` names what is to be used."""
    said = _SAID.search(" ".join(advice.split()))
    new = _expression(said["new"]) if said is not None else None
    old = _expression(said["old"]) if said is not None and said["old"] else None
    names = list(dict.fromkeys(_variables(new))) if new is not None else []
    if new is None or not names or new.syntax.has_error or not (old is not None or _is_call(new, path)):
        return
    places: dict[str, int | str] = {name: number for number, name in enumerate(names)}
    if old is not None:
        places = _places(old) if not old.syntax.has_error and _is_call(old, used.text) else {}
    if set(names) - places.keys():
        return
    call = _Call(used.text, path, new, places)
    edits = [TextEdit(n.start, n.end, call.rewritten(n)) for n in tree.walk("application_expression") if call.fits(n)]
    outermost = [e for e in edits if not any(o != e and o.start <= e.start and e.end <= o.end for o in edits)]
    if any(edit.start <= used.start < edit.end for edit in outermost):
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"Call `{path}` for the deprecated `{used.text}`, as it says{often}"
        yield Candidate(title, problem.edit(*outermost), _SURE, Kind.FIX)


def _expression(text: str) -> Node | None:
    for first, last in _QUOTES:
        if text.startswith(first) and text.endswith(last) and first not in text[1:-1]:
            text = text[1:-1]
    text = re.sub(r"\[(?=[^\s|\]])", "[ ", re.sub(r"(?<=[^\s|\[])\]", " ]", text))  # as most write lists
    syntax = parse(f"let _ = {text}", "advice.ml")
    binding = next(iter(syntax.walk("let_binding")), None)
    return binding.field("body") if binding is not None else None


def _is_call(node: Node, path: str) -> bool:
    function = node.field("function") if node.kind == "application_expression" else None
    return function is not None and function.text.rpartition(".")[2] == path.rpartition(".")[2]


def _variables(new: Node) -> Iterator[str]:
    """The names that stand for arguments: what is not called."""
    for path in new.walk("value_path"):
        around = path.parent
        is_called = around is not None and around.field("function") == path
        if _ARGUMENT.fullmatch(path.text) and path != new and not is_called:
            yield path.text


def _places(old: Node) -> dict[str, int | str]:
    """Of each variable of the old call which argument it is: its number among those without labels, or its label."""
    found: dict[str, int | str] = {}
    number = 0
    for argument in old.fields("argument"):
        if argument.kind == "labeled_argument":
            label, value = argument.child("label_name"), argument.field("expression")
            if label is not None:
                found[value.text if value is not None else label.text] = label.text
        else:
            found[argument.text] = number
            number += 1
    return found


class _Call:
    """How a call is written anew."""

    def __init__(self, old: str, path: str, new: Node, places: Mapping[str, int | str]) -> None:
        self._old, self._path, self._new, self._places = old, path, new, places

    def fits(self, call: Node) -> bool:
        """Whether it is a call of the old function that has each argument, and no more."""
        function = call.field("function")
        return (
            function is not None and function.text == self._old and self._given(call).keys() == {*self._places.values()}
        )

    def rewritten(self, call: Node) -> str:
        """The new call, with the arguments of this one; calls in those are written anew as well."""
        given = self._given(call)
        base = self._new.start
        edits = []
        for path in self._new.walk("value_path"):
            place = self._places.get(path.text)
            if place is not None:
                edits.append(TextEdit(path.start - base, path.end - base, self._argument(given[place], path)))
            elif path.parent is not None and path.parent.field("function") == path:
                is_it = path.text.rpartition(".")[2] == self._path.rpartition(".")[2]
                edits.append(TextEdit(path.start - base, path.end - base, self._path if is_it else path.text))
        text = apply_text_edits(self._new.text, edits)
        around = call.parent
        is_loose = self._new.kind in (*ATOMS, "application_expression") or around is None or around.kind in _LOOSE
        return text if is_loose or outside_parentheses(call) != call else f"({text})"

    def _given(self, call: Node) -> dict[int | str, Node | str]:
        given: dict[int | str, Node | str] = {}
        number = 0
        for argument in call.fields("argument"):
            label = argument.child("label_name") if argument.kind == "labeled_argument" else None
            if label is not None:
                given[label.text] = argument.field("expression") or label.text
            else:
                given[number] = argument
                number += 1
        return given

    def _argument(self, given: Node | str, place: Node) -> str:
        if isinstance(given, str):
            return given
        inner = within_parentheses(given)
        calls = [node for node in inner.walk("application_expression") if self.fits(node)]
        outermost = [n for n in calls if not any(o != n and o.start <= n.start and n.end <= o.end for o in calls)]
        edits = [TextEdit(n.start - inner.start, n.end - inner.start, self.rewritten(n)) for n in outermost]
        text = apply_text_edits(inner.text, edits)
        is_between = place.parent is not None and place.parent.kind in _BETWEEN
        kinds = (*ATOMS, "application_expression", "infix_expression") if is_between else ATOMS
        return text if inner.kind in kinds else f"({text})"
