"""A text, a character or a number where a variant is wanted now, one of whose constructors says it.

Logger.log "info" "%s" path                 Logger.log Level.Info "%s" path
{ title; priority = 2 }                     { title; priority = Priority.High }
match task.state with "done" -> ...         match task.state with State.Done -> ...

What a constant means is what the functions of the type's module say that make one of the other, or else the name of a
constructor. All that the file gives to the same argument or field, or asks for in the same match, are brought to it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import literal_type
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.calls_in_code import bare
from lsp_aid.repair.declared_types import Parts, constructors
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import (
    file_of_module,
    opened_at,
    outside_parentheses,
    shortened,
    text_of,
    type_clash,
    within_parentheses,
)
from lsp_aid.repair.records_for_tuples import elements
from lsp_aid.repair.synonyms import mean_the_same
from lsp_aid.repair.type_shapes import read
from lsp_aid.repair.values import calls

_TYPES = ("string", "char", "int")
_LITERALS = ("string", "character", "number")
_SHORTEST = 3  # of a name that stands for a longer one, "warn" for `Warning`
_SAID, _NAMED, _LIKE = 0.94, 0.92, 0.8


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None or clash[0].found not in _TYPES:
        return ()
    message, node = clash
    syntax = node.syntax
    literal = within_parentheses(node)
    head = read(message.expected).head
    parts = constructors(problem, head) if literal.kind in _LITERALS else None
    if parts is None:
        return ()
    said = _said(problem, head, parts)
    own = _meaning(literal, said, parts)
    if own is None:
        return ()
    opens = opened_at(problem)
    edits = []
    for place in [literal, *(one for one in _alike(syntax, literal) if one != literal)]:
        meant = own if place == literal else _meaning(place, said, parts)
        if meant is not None and literal_type(place) == message.found:
            edits.append(TextEdit(place.start, place.end, shortened(parts.path(meant[0]), opens)))
    often = f" ({len(edits)} times)" if len(edits) > 1 else ""
    title = f"{' '.join(literal.text.split())} is the constructor `{edits[0].text}` now{often}"
    return [Candidate(title, problem.edit(*edits), own[1])]


# --- what a constant means ---


def _said(problem: Problem, head: str, parts: Parts) -> Mapping[str, str]:
    """The constructor of each constant that the module of the type names beside it: in a case, or in a pair."""
    module = head.replace("__", ".").rpartition(".")[0].rpartition(".")[2]
    file = problem.diagnostic.path
    if module and module != module_of(file):
        file = file_of_module(problem, module) or ""
    text = text_of(problem.view, file) if file else None
    found: dict[str, set[str]] = {}
    for node in parse(text, file).walk("match_case", "tuple_expression") if text is not None else ():
        literals = {one.text for one in _outside_calls(node) if one.kind in _LITERALS}
        named = {one.text.rpartition(".")[2] for one in _outside_calls(node) if one.kind == "constructor_path"}
        named &= set(parts.names)
        if len(named) == 1:
            for one in literals:
                found.setdefault(one, set()).update(named)
    return {literal: next(iter(names)) for literal, names in found.items() if len(names) == 1}


def _outside_calls(node: Node) -> Iterator[Node]:
    """What is in a node, without what functions are given there."""
    yield node
    function = node.field("function") if node.kind == "application_expression" else None
    if function is None or function.kind == "constructor_path":
        for child in node.named_children:
            yield from _outside_calls(child)


def _meaning(literal: Node, said: Mapping[str, str], parts: Parts) -> tuple[str, float] | None:
    """The constructor that a constant is, and how likely."""
    if literal.text in said:
        return said[literal.text], _SAID
    text = _folded(literal.text[1:-1]) if literal.kind == "string" else ""
    if not text:
        return None
    named = [name for name in parts.names if _folded(name) == text]
    if len(named) == 1:
        return named[0], _NAMED
    like = [name for name in parts.names if _are_alike(_folded(name), text)]
    return (like[0], _LIKE) if len(like) == 1 else None


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _are_alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return (len(shorter) >= _SHORTEST and longer.startswith(shorter)) or mean_the_same(one, other)


# --- where ---


def _alike(syntax: Syntax, literal: Node) -> Iterator[Node]:
    """The constants that are in the same place elsewhere."""
    outer = outside_parentheses(literal, "labeled_argument")
    above = outer.parent
    if above is None:
        return
    case = literal.enclosing("match_case")
    if case is not None and case.named_children[0].start <= literal.start < case.named_children[0].end:
        yield from _patterns(literal, case)
    elif above.kind == "application_expression" and (function := above.field("function")) is not None:
        place = _place(above, outer)
        for call in calls(syntax.walk("application_expression"), function.text):
            yield from (_value(one) for one in call.fields("argument") if _place(call, one) == place)
    elif above.kind == "field_expression":
        name = _field(above)
        for field in syntax.walk("field_expression"):
            body = field.field("body")
            if body is not None and _field(field) == name:
                yield within_parentheses(body)
    elif above.kind == "list_expression":
        yield from (within_parentheses(one) for one in above.named_children)


def _place(call: Node, argument: Node) -> str:
    """The label of an argument, or its number among those that have none."""
    label = bare(argument)[0]
    plain = [one for one in call.fields("argument") if not bare(one)[0]]
    return label or str(plain.index(argument))


def _value(argument: Node) -> Node:
    return within_parentheses(argument.field("expression") or argument)


def _field(node: Node) -> str:
    named = next(iter(node.walk("field_name")), None)
    return named.text if named is not None else ""


def _patterns(literal: Node, case: Node) -> Iterator[Node]:
    """Those of all cases that stand where this one does: alone, or as the same part of a tuple or constructor."""
    where = next((place for place, one in _parts(case.named_children[0]) if one == literal), None)
    for other in case.parent.named_children if case.parent is not None else ():
        if other.kind == "match_case":
            alike = (one for place, one in _parts(other.named_children[0]) if place == where)
            yield from (one for one in alike if one.kind in _LITERALS)


def _parts(pattern: Node, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """What a pattern is made of, each with the parts of tuples and the constructors around it."""
    pattern = within_parentheses(pattern)
    if pattern.kind == "tuple_pattern":
        for number, part in enumerate(elements(pattern)):
            yield from _parts(part, (*place, str(number)))
    elif pattern.kind == "constructor_pattern":
        yield from _parts(pattern.named_children[-1], (*place, pattern.named_children[0].text))
    elif pattern.kind in ("or_pattern", "alias_pattern"):
        for part in pattern.named_children:
            yield from _parts(part, place)
    else:
        yield place, pattern
