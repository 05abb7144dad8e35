"""A library that goes by another name now, in the dune files and in the code of all that use it.

(libraries storage), Storage.Table      (libraries kv_store), Kv_store.Table      where that has the module Table
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.dune_places import SOURCES, Dunes, module_of_listed, read_dunes, words_of
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

_FILES_AT_MOST = 400


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.LibraryNotFound) or "." in message.name:
        return []
    dunes = read_dunes(problem.view)
    if message.name in dunes.library_names or module_of_listed(dunes, problem, message.name):
        return []
    return list(_renamed(problem, dunes, message.name))


def _renamed(problem: Problem, dunes: Dunes, old: str) -> Iterator[Candidate]:
    """The libraries that have all the modules that are asked of the one that is gone."""
    users = [stanza for stanza in dunes.stanzas if old in stanza.libraries]
    before = module_of(old.replace("-", "_"))
    code = list(_code(problem, dunes, users))
    asked = {name for syntax in code for name in _members(syntax, before)}
    for library in dunes.stanzas:
        if library.kind != "library" or library in users or not library.names or not library.is_wrapped:
            continue
        theirs = {module_of(p) for p in dunes.paths if p.endswith(SOURCES) and _is_of(dunes, p, library)}
        new = library.names[0]
        if asked <= theirs and (asked or any(_roots(syntax, before) for syntax in code)):
            change = _change(problem, dunes, users, code, (old, new), (before, module_of(new)))
            weight = 0.93 if asked else 0.5
            yield Candidate(f"The library `{old}` is called `{new}`: use it by that name", change, weight)


def _is_of(dunes: Dunes, path: str, library: Stanza) -> bool:
    return dune_stanzas.owner(path, dunes.stanzas) == library


def _code(problem: Problem, dunes: Dunes, users: Sequence[Stanza]) -> Iterator[Syntax]:
    """The OCaml files of those who use the library."""
    own = [p for p in dunes.paths if p.endswith((".ml", ".mli")) and dune_stanzas.owner(p, dunes.stanzas) in users]
    for path in own[:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is not None:
            yield parse(text, path)


def _roots(syntax: Syntax, module: str) -> list[Node]:
    """The places where the module stands at the head of a path."""
    heads = (node for node in syntax.walk("module_name") if node.text == module)
    return [node for node in heads if not syntax.text[: node.start].rstrip().endswith(".")]


def _members(syntax: Syntax, module: str) -> Iterator[str]:
    for node in _roots(syntax, module):
        behind = syntax.text[node.end :].lstrip()
        name = behind[1:].lstrip() if behind.startswith(".") else ""
        if name[:1].isupper():
            yield name[: next((n for n, char in enumerate(name) if not (char.isalnum() or char in "_'")), len(name))]


def _change(
    problem: Problem,
    dunes: Dunes,
    users: Sequence[Stanza],
    code: Sequence[Syntax],
    libraries: tuple[str, str],
    modules: tuple[str, str],
) -> ChangeSet:
    edits: dict[str, list[TextEdit]] = {}
    for user in users:
        field = dune_file.field(user.group, "libraries")
        for word in words_of(field) if field is not None else ():
            if word.value == libraries[0]:
                edits.setdefault(user.path, []).append(dune_file.replace_atom(word, libraries[1]))
    change = dunes.editing(edits)
    for syntax in code:
        places = _roots(syntax, modules[0])
        if places:
            made = (TextEdit(node.start, node.end, modules[1]) for node in places)
            change = change.then(problem.edit(*made, path=syntax.path))
    return change
