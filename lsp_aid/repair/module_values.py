"""Modules that are given as values.

describe Memory                           describe (module Memory)
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem

_MODULE = re.compile(r"[A-Z][\w']*(?:\.[A-Z][\w']*)*$")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash | messages.UnboundName):
        return ()
    text = problem.source.text
    start, end = problem.start, problem.end
    written = text[start:end]
    if written.startswith("(") and written.endswith(")"):
        start, end = start + 1, end - 1
        written = text[start:end]
    if isinstance(message, messages.TypeClash) and not message.expected.startswith("(module "):
        return ()
    if isinstance(message, messages.UnboundName) and (message.sort != "constructor" or message.of_type):
        return ()
    if not _MODULE.match(written):
        return ()
    if text[:start].rstrip().endswith("(") and text[end:].lstrip().startswith(")"):
        edit = TextEdit(start, start, "module ")
    else:
        edit = TextEdit(start, end, f"(module {written})")
    weight = 0.93 if isinstance(message, messages.TypeClash) else 0.3
    return [Candidate(f"A module as a value is `(module {written})`", problem.edit(edit), weight)]
