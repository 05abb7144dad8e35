"""Backslashes that mean nothing in a string, documentation that documents nothing, and `(*)`, which opens a comment.

    let digit = "\\d"                          let digit = "\\\\d"
    let x = (** odd *) 1                      let x = (* odd *) 1
    List.fold_left (*) 1                      List.fold_left ( * ) 1

What the text means stays as it is.
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import ends_line, line_start, newline

_COMMENT_START, _BACKSLASH, _DOCUMENTATION = 1, 14, 50


async def candidates(problem: Problem) -> Sequence[Candidate]:
    number, message = messages.warning_number(problem.diagnostic), messages.read(problem.diagnostic)
    if not problem.diagnostic.path.endswith((".ml", ".mli")):
        return []
    if number == _BACKSLASH:
        return list(_escaped(problem))
    if number == _DOCUMENTATION:
        return [*_apart(problem), *_plain_comment(problem)]
    is_open = isinstance(message, messages.SyntaxProblem) and "omment not terminated" in message.text
    return list(_operator(problem)) if number == _COMMENT_START or is_open else []


def _escaped(problem: Problem) -> Iterator[Candidate]:
    text = problem.source.text
    at = text.find("\\", problem.start, max(problem.end, problem.start + 2))
    if at >= 0:
        shown = text[at : at + 2]
        yield Candidate(f"Write `\\{shown}` for `{shown}`", problem.edit(TextEdit(at, at, "\\")), 0.9)


def _plain_comment(problem: Problem) -> Iterator[Candidate]:
    text = problem.source.text
    if text.startswith("(**", problem.start) and not text.startswith("(**)", problem.start):
        change = problem.edit(TextEdit(problem.start + 2, problem.start + 3, ""))
        yield Candidate("Make it a plain comment: `(*`", change, 0.8)


def _apart(problem: Problem) -> Iterator[Candidate]:
    """Documentation right between two items may be of either: an empty line behind it gives it to the one above."""
    text = problem.source.text
    if "ambiguous" not in problem.diagnostic.flat_message:
        return
    end = text.find("*)", problem.start) + 2
    line = newline(text)
    if end > 1 and ends_line(text, end):
        above = problem.edit(TextEdit(end, end, line))
        yield Candidate("Leave a line empty behind the documentation, which is that of the item above", above, 0.9)
        start = line_start(text, problem.start)
        below = problem.edit(TextEdit(start, start, line))
        yield Candidate("Leave a line empty before the documentation, which is that of the item below", below, 0.85)


def _operator(problem: Problem) -> Iterator[Candidate]:
    if problem.source.text.startswith("(*)", problem.start):
        change = problem.edit(TextEdit(problem.start, problem.start + 3, "( * )"))
        yield Candidate("Write the operator as `( * )`", change, 0.9)
