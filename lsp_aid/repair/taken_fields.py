"""A record where one of its fields is meant: what gave a value gives more than that now.

let mean = Stat.of_list xs in mean *. 2.      let mean = (Stat.of_list xs).mean in mean *. 2.
limit < Stat.of_list xs                       limit < (Stat.of_list xs).mean
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.nested_fields import found_record, records
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import type_clash, within_parentheses
from lsp_aid.repair.type_shapes import Type, fits, read

_NAMED, _ONLY, _OTHER, _OTHERWISE = 0.9, 0.75, 0.5, 0.06
_MOST = 4
_TAKEN = ("value_path", "application_expression", "field_get_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None or clash[0].what == "pattern":
        return ()
    message, node = clash
    syntax = node.syntax
    known = dict(records(problem, syntax))
    own = module_of(problem.diagnostic.path)
    made: list[tuple[Candidate, float]] = []
    for place, found, wanted in clashing(node, message):
        record = found_record(known, found.head.replace("__", "."), own)
        if record is None or wanted.is_variable or wanted.head in ("->", "*") or place.kind not in _TAKEN:
            continue
        module, fields = record
        taken = _given(place)
        for name, weight in _fitting(fields, wanted, _words(place, taken)):
            for path, likely in _paths(problem, name, "" if module == own else module):
                text = taken.text if taken.kind in ("value_path", "field_get_expression") else f"({taken.text})"
                outer = _around(taken)
                edit = TextEdit(outer.start, outer.end, f"{text}.{path}")
                title = f"It is a record, of which `{name}` is meant: `{text}.{path}`"
                moved = len(edit.text) - (edit.end - edit.start) if edit.start < problem.end else 0
                made.append((Candidate(title, problem.edit(edit), weight - likely), problem.start + moved))
    asked = await AskedTypes.of(problem) if made else None
    if asked is None:
        return ()
    reached = await asked.reached([one.changes.texts.get(problem.diagnostic.path) or "" for one, _ in made])
    found_ = [one for (one, at), far in zip(made, reached, strict=True) if far > at]
    return sorted(found_, key=lambda one: -one.weight)[:_MOST]


def _given(place: Node) -> Node:
    """What gives the record: the call that the variable in error is bound to, or what is in error itself."""
    if place.kind != "value_path" or "." in place.text:
        return place
    binding = lookup(place.syntax, place.text, place.start)
    if binding is None or binding.kind != "value" or binding.arity or binding.node.text != place.text:
        return place
    body = binding.binding.field("body")
    body = within_parentheses(body) if body is not None else None
    return body if body is not None and body.kind == "application_expression" else place


def _around(node: Node) -> Node:
    while node.parent is not None and node.parent.kind == "parenthesized_expression":
        node = node.parent
    return node


def _fitting(fields: Mapping[str, str], wanted: Type, words: set[str]) -> Iterator[tuple[str, float]]:
    alike = [name for name, type_ in fields.items() if fits(read(type_), wanted)]
    for name in alike:
        said = set(name.split("_")) & words
        yield name, _NAMED if said else _ONLY if len(alike) == 1 else _OTHER


def _words(place: Node, taken: Node) -> set[str]:
    """The words of the variable's name, or of the function's and of what is named around it."""
    function = taken.field("function") if taken.kind == "application_expression" else None
    around = place.enclosing("labeled_argument", "field_expression")
    texts = [place.text if place.kind == "value_path" else "", function.text if function is not None else ""]
    name = next(iter(around.walk("label_name", "field_name")), None) if around is not None else None
    texts += [name.text] if name is not None else []
    return {word for text in texts for word in re.split(r"[^a-z0-9]+", text.casefold())} - {""}


def _paths(problem: Problem, name: str, module: str) -> Iterator[tuple[str, float]]:
    """The field with its module or without it, as the file has it elsewhere first."""
    if not module:
        yield name, 0.0
        return
    is_qualified = re.search(rf"\.{re.escape(module)}\.[a-z_]", problem.source.text) is not None
    paths = (f"{module}.{name}", name) if is_qualified else (name, f"{module}.{name}")
    yield from zip(paths, (0.0, _OTHERWISE), strict=True)
