"""Comments of other languages in a dune file: `#`, `//`, `--` and `(* ... *)` are `;` there."""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.repair.dune_places import is_dune_file
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import line_end

_LINE = re.compile(r"^[ \t]*(?P<mark>\#+|//+|--+)(?=[ \t\w]|$)[^\n]*$", re.MULTILINE)
_BEHIND = re.compile(r"(?<=[)\w])[ \t]+(?P<mark>\#+|//+|--+)[ \t][^\n()]*$", re.MULTILINE)
_BLOCK = re.compile(r"\(\*(?P<inside>.*?)\*\)", re.DOTALL)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if not is_dune_file(problem.diagnostic.path) or problem.diagnostic.source != "dune":
        return []
    text = problem.source.text
    found = [*_LINE.finditer(text), *_BEHIND.finditer(text), *_BLOCK.finditer(text)]
    if not any(comment.start() <= problem.start <= line_end(text, comment.end()) for comment in found):
        return []
    edits = [edit for comment in found for edit in _rewritten(text, comment)]
    return [Candidate("Start comments with `;`, as dune has them", problem.edit(*edits), 0.97)]


def _rewritten(text: str, comment: re.Match[str]) -> Iterator[TextEdit]:
    groups = comment.groupdict()
    if "mark" in groups:
        yield TextEdit(comment.start("mark"), comment.end("mark"), ";")
        return
    lines = [line.strip() for line in groups["inside"].strip().split("\n")]
    behind = text[comment.end() : line_end(text, comment.end())]
    indent = " " * (comment.start() - text.rfind("\n", 0, comment.start()) - 1)
    written = f"\n{indent}".join(f"; {line}".rstrip() for line in lines)
    yield TextEdit(comment.start(), comment.end(), written + (f"\n{indent}" if behind.strip() else ""))
