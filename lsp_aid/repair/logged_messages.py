"""Messages of a log that takes a function, so that what is not shown costs nothing.

Log.info "listening on %d" port           Log.info (fun m -> m "listening on %d" port)
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree

_TAKES_FUNCTION = re.compile(r"\bmsgf\b|^\(\(.*format\d?\b.* -> ")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.TooManyArguments):
        type_ = message.type
    elif isinstance(message, messages.TypeClash):
        type_ = message.expected
    else:
        return ()
    syntax = tree(problem) if _TAKES_FUNCTION.search(type_) else None
    node = node_of(problem, syntax) if syntax else None
    around = [n for n in (node, *node.ancestors()) if n.kind == "application_expression"] if node is not None else []
    call = next((n for n in around if _is_plain(n)), None)
    function = call.field("function") if call is not None else None
    if syntax is None or call is None or function is None:
        return ()
    module = function.text.rpartition(".")[0]
    alike = [
        other
        for other in syntax.walk("application_expression")
        if _is_plain(other) and (of := other.field("function")) is not None and of.text.rpartition(".")[0] == module
    ]
    found = []
    for calls in (alike, [call]) if len(alike) > 1 else ([call],):
        edits = [edit for one in calls for edit in _wrapped(one)]
        often = f" ({len(calls)} times)" if len(calls) > 1 else ""
        found.append(
            Candidate(f"`{function.text}` takes a function: `fun m -> m ...`{often}", problem.edit(*edits), 0.93)
        )
    return found


def _is_plain(call: Node) -> bool:
    """Whether it is given a text as its first argument."""
    arguments = call.fields("argument")
    return bool(arguments) and arguments[0].kind == "string"


def _wrapped(call: Node) -> tuple[TextEdit, ...]:
    arguments = call.fields("argument")
    start, end = arguments[0].start, arguments[-1].end
    return TextEdit(start, start, "(fun m -> m "), TextEdit(end, end, ")")
