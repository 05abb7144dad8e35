"""Quotation marks within a text of a dune file, which end it where they have no backslash; and texts without any.

(echo "let version = "1.4.0"")              (echo "let version = \\"1.4.0\\"")
(system "echo "hi" > out")                  (system "echo \\"hi\\" > out")
(synopsis Plain text accounting)            (synopsis "Plain text accounting")
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_words
from lsp_aid.ocaml.dune_file import Group, Node, Word
from lsp_aid.repair.dune_places import is_dune_file
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

_TEXTS = ("synopsis", "description", "title")
"""The fields that hold one text, of any length."""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    path = problem.diagnostic.path
    text = text_of(problem.view, path) if is_dune_file(path) else None
    if text is None:
        return []
    nodes, _ = dune_file.parse(text)
    bare = [group for group in dune_file.walk(nodes) if isinstance(group, Group) and _is_bare(group)]
    if any(group.start <= problem.start < group.end for group in bare):
        shown = " and ".join(f"`{group.head}`" for group in bare)
        quoted = [_quoted(text, group) for group in bare]
        return [Candidate(f"Put the text of {shown} into quotation marks", problem.edit(*quoted), 0.95)]
    edits = []
    for group in dune_file.walk(nodes):
        if isinstance(group, Group) and group.head in dune_words.ACTIONS:
            edits += list(_escaped(text, group))
    if not edits:
        return []
    return [Candidate('A quotation mark in a text is `\\"`', problem.edit(*edits), 0.95)]


def _is_bare(group: Group) -> bool:
    """Whether it is a text of several words that has no marks around it."""
    return group.head in _TEXTS and len(group.arguments) > 1


def _quoted(text: str, group: Group) -> TextEdit:
    """The text as it stands there, on one line."""
    start, end = group.arguments[0].start, group.arguments[-1].end
    words = " ".join(text[start:end].split()).replace("\\", "\\\\").replace('"', '\\"')
    return TextEdit(start, end, f'"{words}"')


def _escaped(text: str, group: Group) -> Iterator[TextEdit]:
    """The marks between the first and the last of words that touch each other."""
    run: list[Node] = []
    for item in (*group.arguments, None):
        if item is not None and run and run[-1].end == item.start:
            run.append(item)
            continue
        if len(run) > 1 and text[run[0].start] == '"' and text[run[-1].end - 1] == '"':
            for at in range(run[0].start + 1, run[-1].end - 1):
                if text[at] == '"' and text[at - 1] != "\\":
                    yield TextEdit(at, at, "\\")
        run = [item] if isinstance(item, Word) else []
