"""Modules that a stanza's `(modules ...)` leaves out, though the code beside them uses them.

(modules a)        a.ml: Helper.y        (modules a helper)
(modules :standard \\ helper)             (modules :standard)
"""

import posixpath
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import Stanza
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import stanzas_of


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "module":
        return ()
    stanzas = stanzas_of(problem)
    own = dune_stanzas.owner(problem.diagnostic.path, stanzas)
    name = message.path.partition(".")[0]
    if own is None or own.has_module(name):
        return ()
    beside = [p for p in problem.view.paths() if _is_beside(p, own) and dune_stanzas.module_of(p) == name]
    if not beside:
        return ()
    taken = dune_stanzas.owner(beside[0], stanzas)
    return list(_listed(problem, own, posixpath.basename(beside[0]).partition(".")[0], 0.9 if taken is None else 0.3))


def _is_beside(path: str, stanza: Stanza) -> bool:
    return path.endswith((".ml", ".mli", ".mll", ".mly")) and posixpath.dirname(path) == stanza.folder


def _listed(problem: Problem, stanza: Stanza, name: str, weight: float) -> Iterator[Candidate]:
    field = dune_file.field(stanza.group, "modules")
    text = problem.view.read(stanza.path)
    if field is None:
        return
    taken_out = _taken_out(field, text, name)
    shown = f"the {stanza.kind} `{next(iter((*stanza.names, *stanza.public_names)), '')}`"
    if taken_out is not None:
        change = problem.edit(taken_out, path=stanza.path)
        yield Candidate(f"Do not leave the module `{name}` out of {shown}", change, weight)
    elif all(isinstance(word, Word) and word.value != "\\" for word in field.arguments):
        edit = dune_file.add_to_field(text, stanza.group, "modules", name)
        yield Candidate(f"Add the module `{name}` to {shown}", problem.edit(edit, path=stanza.path), weight)


def _taken_out(field: Group, text: str, name: str) -> TextEdit | None:
    """Takes a module out of those that `\\` leaves out, and the `\\` where it was the only one."""
    words = [word for word in field.arguments if isinstance(word, Word)]
    bar = next((n for n, word in enumerate(words) if word.value == "\\"), None)
    if bar is None or len(words) != len(field.arguments):
        return None
    behind = words[bar + 1 :]
    module = dune_stanzas.module_of(name)
    found = next((n for n, word in enumerate(behind) if dune_stanzas.module_of(word.value) == module), None)
    if found is None:
        return None
    first = words[bar] if len(behind) == 1 else behind[found]
    start = len(text[: first.start].rstrip())
    return TextEdit(start, behind[found].end, "")
