"""A function with labels that is handed over where one without them is wanted.

List.map to_celsius readings              List.map (fun reading -> to_celsius ~reading) readings
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import type_clash, within_parentheses
from lsp_aid.repair.type_shapes import parameters, read

_NAMES = ("x", "y", "z")
_WEIGHT = 0.93


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None:
        return ()
    message, node = clash
    function = within_parentheses(node)
    takes, wanted = parameters(read(message.found))[0], parameters(read(message.expected))[0]
    if function.kind != "value_path" or any(one.label for one in wanted) or not 0 < len(wanted) <= len(takes):
        return ()
    given = takes[: len(wanted)]
    if not any(one.label.startswith("~") for one in given) or any(one.label.startswith("?") for one in given):
        return ()
    bare = iter(_NAMES)
    names = [one.label[1:] or next(bare, "w") for one in given]
    arguments = [f"~{name}" if one.label else name for one, name in zip(given, names, strict=True)]
    text = f"fun {' '.join(names)} -> {function.text} {' '.join(arguments)}"
    change = problem.edit(TextEdit(node.start, node.end, f"({text})"))
    return [Candidate(f"`{function.text}` takes labels: `{text}`", change, _WEIGHT)]
