"""A type that is of its own now, whose module has the functions that those of the former type are called by.

String.length user.id                     Id.length user.id
List.map String.length user.ids           List.map Id.length user.ids
paths |> List.map Filename.basename       paths |> List.map Path.basename
string_of_int order.id                    Id.to_string order.id
let key : Hash.t = Digest.string text     let key : Hash.t = Hash.string text
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import as_written, moved, type_clash
from lsp_aid.repair.type_shapes import Type, read

_CALLS = ("application_expression", "infix_expression")
_SHOWS = ("string_of_int", "string_of_float", "string_of_bool")
_DEEPEST = 3
_WEIGHT = 0.92


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None or clash[0].what == "pattern":
        return ()
    message, node = clash
    found, expected = (read(as_written(problem, type_)) for type_ in (message.found, message.expected))
    owners = {type_.head.rpartition(".")[0]: None for pair in _apart(found, expected) for type_ in pair}
    asked = await AskedTypes.of(problem) if any(owners) else None
    if asked is None:
        return ()
    for owner in filter(None, owners):
        names = {name for name, _ in await asked.values(node.start, owner)}
        for around in _arounds(node):
            edits = [TextEdit(one.start, one.end, to) for one in _paths(around) if (to := _own(one, owner, names))]
            if not edits:
                continue
            changes = problem.edit(*edits)
            (far,) = await asked.reached([changes.files[0].after or ""])
            if far > moved(problem.end, edits):
                times = f" (and {len(edits) - 1} more)" if len(edits) > 1 else ""
                title = f"`{owner}` has a function of its own for that: `{edits[0].text}`{times}"
                return [Candidate(title, changes, _WEIGHT)]
    return ()


def _apart(found: Type, expected: Type) -> Iterator[tuple[Type, Type]]:
    """The types in which two types differ."""
    if found.is_variable or expected.is_variable:
        return
    if found.head != expected.head or len(found.parts) != len(expected.parts):
        yield found, expected
        return
    for one, other in zip(found.parts, expected.parts, strict=True):
        yield from _apart(one, other)


def _arounds(node: Node) -> Iterator[Node]:
    """What is applied to the value, the innermost first."""
    calls = [one for one in (node, *node.ancestors()) if one.kind in _CALLS]
    yield from calls[:_DEEPEST]


def _paths(around: Node) -> Iterator[Node]:
    """The names of values within."""
    yield from (one for one in (around, *around.walk("value_path")) if one.kind == "value_path")


def _own(path: Node, owner: str, names: set[str]) -> str:
    """The function of the module that is called as this one of another module; empty where there is none."""
    module, _, name = path.text.rpartition(".")
    if path.text in _SHOWS:
        module, name = "Stdlib", "to_string"
    if not module or module == owner or name not in names:
        return ""
    return f"{owner}.{name}"
