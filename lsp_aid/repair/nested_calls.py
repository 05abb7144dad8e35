"""A call given as an argument without parentheses.

print_endline string_of_int n             print_endline (string_of_int n)
max f 1 2                                 max (f 1) 2
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree

_FUNCTIONS = ("value_path", "constructor_path", "field_get_expression")
_MOST_ARGUMENTS = 6


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """Those under which the whole call is right."""
    message = messages.read(problem.diagnostic)
    is_function_given = isinstance(message, messages.TypeClash) and "->" in f"{message.found} {message.expected}"
    if not is_function_given and not isinstance(message, messages.TooManyArguments):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    calls = [n for n in (node, *node.ancestors()) if n.kind == "application_expression"] if node is not None else []
    made = [one for call in calls[:1] for one in _nested(problem, call)]
    asked = await AskedTypes.of(problem) if made else None
    if asked is None:
        return ()
    reached = await asked.reached([change.files[0].after or "" for _, change in made])
    fitting = [one for one, far in zip(made, reached, strict=True) if far > calls[0].end + 2]
    title = "It is a call of its own: `{}`"
    most = {text: _weight(calls[0], text) for text, _ in fitting}
    return [Candidate(title.format(t), change, most[t] - 0.1 * n) for n, (t, change) in enumerate(fitting[:3])]


def _weight(call: Node, text: str) -> float:
    """Little where what would be called is a parameter, which any use makes a function."""
    name = text[1:].split(maxsplit=1)[0]
    binding = lookup(call.syntax, name, call.start) if "." not in name else None
    return 0.5 if binding is not None and binding.kind != "value" else 0.92


def _nested(problem: Problem, call: Node) -> Iterator[tuple[str, ChangeSet]]:
    """Each run of arguments that begins with a function, those up to the end first."""
    arguments = call.fields("argument")
    if len(arguments) > _MOST_ARGUMENTS:
        return
    for size in range(len(arguments), 1, -1):
        for start in range(len(arguments) - size, -1, -1):
            first, last = arguments[start], arguments[start + size - 1]
            if first.kind in _FUNCTIONS:
                text = f"({call.syntax.text[first.start : last.end]})"
                yield text, problem.edit(TextEdit(first.start, last.end, text))
