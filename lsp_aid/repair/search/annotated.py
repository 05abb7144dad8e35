"""Functions written with the types that they usually have, so that the compiler blames what does not fit these.

Annotations are there for the search alone. They stand beside the changes of an edit in each text that is judged, and
never in a text that is proposed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from lsp_aid.repair.search.habits import Habits
from lsp_aid.repair.search.outlines import split_type
from lsp_aid.repair.search.program import Node, Program

Change = tuple[int, int, str]

_CLOSES, _INSERTED, _RESULT, _OPENS, _REPLACED = range(5)
"""What comes first at one place."""
_TYPE_NAME = re.compile(r"(?<!['\w.])[a-z_]\w*(?![\w'])")
_BUILT_IN = frozenset(("int", "float", "string", "bool", "unit", "char", "list", "option", "array", "ref", "exn"))


@frozen
class Annotation:
    """A text to insert; `rank` is its place among all that is inserted there."""

    at: int
    text: str
    rank: int


def annotations(habits: Habits, roots: Sequence[Node], program: Program) -> tuple[Annotation, ...]:
    """What gives the functions that items define their usual types."""
    declared = {item.name for item in program.syntax.items if item.kind == "type"}
    made: list[Annotation] = []
    for binding in (kid for root in roots for kid in root.all_of("binding")):
        type_ = habits.usual(binding.kids[0].text) if binding.kids and binding.kids[0].kind == "pvar" else ""
        if type_ and all(name in _BUILT_IN or name in declared for name in _TYPE_NAME.findall(type_)):
            made += _of_binding(binding, type_)
    return tuple(made)


def _of_binding(binding: Node, type_: str) -> Iterator[Annotation]:
    parameters = binding.all_of("parameter")
    kind, parts = split_type(type_)
    if kind != "function":
        parts = [type_]
    if len(parts) <= len(parameters):
        return
    for parameter, taken in zip(parameters, parts, strict=False):
        yield Annotation(parameter.outer_start, "(", _OPENS)
        yield Annotation(parameter.outer_end, f" : {taken})", _CLOSES)
    given = " -> ".join(f"({part})" for part in parts[len(parameters) :])
    at = parameters[-1].outer_end if parameters else binding.kids[0].outer_end
    yield Annotation(at, f" : {given}", _RESULT)


def beside(changes: Iterable[Change], annotated: Sequence[Annotation]) -> list[Change]:
    """Changes in their order, with the annotations between them; without these where they are in the way."""
    made = list(changes)
    if any(first < one.at < last for first, last, _ in made for one in annotated):
        return made
    rows = [((one.at, one.rank), (one.at, one.at, one.text)) for one in annotated]
    rows += [((first, _INSERTED if first == last else _REPLACED), (first, last, new)) for first, last, new in made]
    ordered = [change for _, change in sorted(rows, key=lambda row: row[0])]
    return made if any(second[0] < first[1] for first, second in pairwise(ordered)) else ordered
