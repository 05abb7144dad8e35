"""Candidates that the type checker objects to before anything is built with them.

A name that is not bound may be meant in eight modules; what it stands for fits the place in one of them. Asking costs
milliseconds where a build costs a tenth of a second, and the search below a wrong candidate costs seconds.
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.errors import AidError
from lsp_aid.ocaml import messages
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import moved, node_of, outside_parentheses, tree


async def objected(problem: Problem, candidates: Sequence[Candidate]) -> list[bool]:
    """Whether, with each candidate, the place in error is still one, or the candidate's own text is.

    False where that cannot be told: for a warning, for what is no text of OCaml, and for what changes other files too,
    which the type checker knows as they were built. Errors elsewhere are no objection: they may have been hidden.
    """
    nothing = [False] * len(candidates)
    if messages.warning_number(problem.diagnostic) is not None:
        return nothing
    if isinstance(messages.read(problem.diagnostic), messages.SyntaxProblem):
        return nothing
    path = problem.diagnostic.path
    alone = [number for number, one in enumerate(candidates) if set(one.changes.texts) == {path}]
    asked = await AskedTypes.of(problem) if alone else None
    if asked is None:
        return nothing
    texts = [candidates[number].changes.texts[path] or "" for number in alone]
    try:
        reached = await asked.reached(texts)
    except AidError:
        return nothing
    end = _end(problem)
    found = nothing
    for number, text, far in zip(alone, texts, reached, strict=True):
        edits = minimal_edits(asked.text, text)
        places = [(problem.start, end), *((edit.start, edit.end) for edit in edits)]
        found[number] = any(_holds(far, start, end, edits) for start, end in places)
    return found


def _end(problem: Problem) -> int:
    """The end of what is in error; of a function that is called, that of the call: its arguments have to fit."""
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax is not None else None
    call = outside_parentheses(node).parent if node is not None else None
    is_called = call is not None and call.kind == "application_expression" and call.field("function") == node
    return call.end if call is not None and is_called else problem.end


def _holds(far: float, start: int, end: int, edits: Sequence[TextEdit]) -> bool:
    """Whether an offset in the text as edited is in what `[start, end)` of the text before has become."""
    shift = sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.start < start >= edit.end)
    return far == start + shift or start + shift <= far < moved(end, edits)
