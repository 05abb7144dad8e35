"""Folders that a dune file keeps from dune, though a library in them is used.

(dirs lib bin)                  (dirs lib bin core)
(data_only_dirs vendor core)    (data_only_dirs vendor)
"""

import posixpath
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.repair.dune_places import read_dunes
from lsp_aid.repair.family import Candidate, Problem

_KEEPS_OUT = ("data_only_dirs", "ignored_subdirs")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.LibraryNotFound):
        return []
    dunes = read_dunes(problem.view)
    found = (s for s in dunes.stanzas if s.kind == "library" and message.name in (*s.names, *s.public_names))
    return [candidate for library in found for candidate in _let_in(problem, library.folder)]


def _let_in(problem: Problem, folder: str) -> Iterator[Candidate]:
    """Each folder above may have a dune file that says which of its folders dune looks into."""
    texts = read_dunes(problem.view).texts
    below = folder
    while below:
        above, name = posixpath.split(below)
        path = posixpath.join(above, "dune")
        text = texts.get(path, "")
        edits = [edit for group in dune_file.stanzas(text) for edit in _edits(text, group, name)]
        if edits:
            yield Candidate(f"Have dune look into the folder `{below}`", problem.edit(*edits, path=path), 0.96)
        below = above


def _edits(text: str, group: Group, name: str) -> Iterator[TextEdit]:
    words = [item for item in group.arguments if isinstance(item, Word)]
    listed = [word.value for word in words]
    if group.head == "dirs":
        if "\\" in listed:
            bar = listed.index("\\")
            yield from _removed(text, group, [word for word in words[bar + 1 :] if word.value == name])
        elif words and name not in listed and ":standard" not in listed and "*" not in listed:
            yield TextEdit(words[-1].end, words[-1].end, f" {dune_file.quote(name)}")
    elif group.head in _KEEPS_OUT:
        yield from _removed(text, group, [word for word in words if word.value == name])


def _removed(text: str, group: Group, gone: Sequence[Word]) -> Iterator[TextEdit]:
    """The words go, and a stanza that would be left with nothing; one with `\\\\` keeps what stands before it."""
    rest = [item for item in group.arguments if item not in gone]
    if gone and not rest:
        end = group.end
        while end < len(text) and text[end] in "\r\n":
            end += 1
        yield TextEdit(group.start, end, "")
        return
    for word in gone:
        yield dune_file.remove(text, word)
    if gone and isinstance(rest[-1], Word) and rest[-1].value == "\\":
        yield dune_file.remove(text, rest[-1])
