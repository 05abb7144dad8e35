"""Formats given to functions that take a text.

failwith "bad port: %s" text              failwith (Printf.sprintf "bad port: %s" text)
print_endline "%d" n                      print_endline (Printf.sprintf "%d" n)
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree

_IGNORED_ARGUMENT = 20
_CONVERSION = re.compile(r"%[-0+ #]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[lnL]?[a-zA-Z]")
_PRINTERS = {"print_string": "Printf.printf", "prerr_string": "Printf.eprintf"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    is_ignored = messages.warning_number(problem.diagnostic) == _IGNORED_ARGUMENT
    if not is_ignored and not isinstance(messages.read(problem.diagnostic), messages.TooManyArguments):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    call = next((n for n in (node, *node.ancestors()) if n.kind == "application_expression"), None) if node else None
    function = call.field("function") if call is not None else None
    if call is None or function is None:
        return ()
    arguments = call.fields("argument")
    at = next((n for n, one in enumerate(arguments) if one.kind == "string" and _holes(one)), None)
    if at is None or len(arguments) - at - 1 != _holes(arguments[at]):
        return ()
    if printer := _PRINTERS.get(function.text):
        edit = TextEdit(function.start, function.end, printer)
        return [Candidate(f"Print by the format: `{printer}`", problem.edit(edit), 0.92)]
    start, end = arguments[at].start, arguments[-1].end
    edits = (TextEdit(start, start, "(Printf.sprintf "), TextEdit(end, end, ")"))
    title = f"Make the text by the format: `Printf.sprintf {arguments[at].text}`"
    return [Candidate(title, problem.edit(*edits), 0.92)]


def _holes(literal: Node) -> int:
    """How many arguments a format takes."""
    return len(_CONVERSION.findall(literal.text.replace("%%", "")))
