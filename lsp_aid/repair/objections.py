"""Candidates that the type checker objects to before anything is built with them.

A name that is not bound may be meant in eight modules; what it stands for fits the place in one of them. Asking costs
milliseconds where a build costs a tenth of a second, and the search below a wrong candidate costs seconds.
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.errors import AidError
from lsp_aid.ocaml import messages
from lsp_aid.repair.asked_types import AskedTypes, fitting
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import moved, node_of, outside_parentheses, tree

_MOST = 12
"""So many texts of an interface are looked at."""


async def objected(problem: Problem, candidates: Sequence[Candidate]) -> list[bool]:
    """Whether, with each candidate, the place in error is still one, or the candidate's own text is; of an interface,
    whether the implementation does not fit it.

    False where that cannot be told: for a warning, for an implementation that is no text of OCaml, and for what changes
    other files too, which the type checker knows as they were built. Errors elsewhere in an implementation are no
    objection: they may have been hidden.
    """
    found = [False] * len(candidates)
    if messages.warning_number(problem.diagnostic) is not None:
        return found
    path = problem.diagnostic.path
    alone = [number for number, one in enumerate(candidates) if set(one.changes.texts) == {path}]
    texts = [candidates[number].changes.texts[path] or "" for number in alone]
    if not texts:
        return found
    try:
        of_file = _of_interface(problem, texts) if path.endswith(".mli") else _of_implementation(problem, texts)
        for number, is_wrong in zip(alone, await of_file, strict=True):
            found[number] = is_wrong
    except AidError:  # nothing is known then
        return [False] * len(candidates)
    return found


async def _of_implementation(problem: Problem, texts: Sequence[str]) -> list[bool]:
    is_syntax = isinstance(messages.read(problem.diagnostic), messages.SyntaxProblem)
    asked = await AskedTypes.of(problem) if not is_syntax else None
    if asked is None:
        return [False] * len(texts)
    end, found = _end(problem), []
    for text, far in zip(texts, await asked.reached(texts), strict=True):
        edits = minimal_edits(asked.text, text)
        places = [(problem.start, end), *((edit.start, edit.end) for edit in edits)]
        found.append(any(_holds(far, first, last, edits) for first, last in places))
    return found


async def _of_interface(problem: Problem, texts: Sequence[str]) -> list[bool]:
    unit = problem.diagnostic.path.removesuffix("i")
    is_in_error = any(error.is_error and error.path == unit for error in problem.errors)
    found = await fitting(problem, texts[:_MOST]) if not is_in_error else []
    return [*(is_right is False for is_right in found), *[False] * (len(texts) - len(found))]


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
