"""Modules of folders below, where `(include_subdirs qualified)` puts each under the name of its folder.

Csv.row                        Format.Csv.row                 for format/csv.ml
(include_subdirs unqualified)  (include_subdirs qualified)    for http/parse.ml and smtp/parse.ml
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Word
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.ocaml.stdlib import MODULES, OTHER_MODULES
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.dune_places import SOURCES, Dunes, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

_FILES_AT_MOST = 400
_TWICE = re.compile(r'Module "(?P<name>\w+)" appears in several directories')
_CALLED, _NOT_CALLED = 0.94, 0.6


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if twice := _TWICE.search(problem.diagnostic.flat_message):
        return list(_made_qualified(problem, read_dunes(problem.view), twice["name"]))
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "module" or message.qualifier:
        return ()
    dunes = read_dunes(problem.view)
    own = dune_stanzas.owner(problem.diagnostic.path, dunes.stanzas)
    if own is None or not _is_qualified(dunes, own):
        return ()
    return list(_under_folders(problem, dunes, own, message.name))


def _is_qualified(dunes: Dunes, stanza: Stanza) -> bool:
    groups = dune_file.stanzas(dunes.texts[stanza.path])
    return any(group.head == "include_subdirs" and group.words[:1] == ("qualified",) for group in groups)


def _made_qualified(problem: Problem, dunes: Dunes, module: str) -> Iterator[Candidate]:
    """Two folders have a module of one name: each is called by its folder as well."""
    dune = problem.diagnostic.path
    own = next((stanza for stanza in dunes.stanzas if stanza.path == dune), None)
    groups = dune_file.stanzas(dunes.texts.get(dune, ""))
    field = next((group for group in groups if group.head == "include_subdirs"), None)
    if own is None or field is None or not isinstance(field.items[-1], Word) or field.words != ("unqualified",):
        return
    files = _files(dunes, own)
    folders = _folders(files)
    change = problem.edit(dune_file.replace_atom(field.items[-1], "qualified"), path=dune)
    change = change.then(_called_by_folder(problem, files, _unambiguous(folders)))
    called = [f"{module_of(_parts(folder)[-1])}.{module}" for folder in folders.get(module, ()) if folder != own.folder]
    texts = [text_of(problem.view, path) or "" for path in files[:_FILES_AT_MOST]]
    is_called = any(re.search(rf"\b{re.escape(path)}\b", text) for path in called for text in texts)
    yield Candidate("Name the modules of the folders below with those", change, _CALLED if is_called else _NOT_CALLED)


def _under_folders(problem: Problem, dunes: Dunes, own: Stanza, module: str) -> Iterator[Candidate]:
    """The folders' names before each module that is further below, in all files of the stanza."""
    files = _files(dunes, own)
    folders = _folders(files)
    if len(folders.get(module, ())) != 1:
        return
    meant = {**_unambiguous(folders), module: folders[module][0]}
    change = _called_by_folder(problem, files, meant)
    shown = _prefix(problem.diagnostic.path, meant[module])
    if shown and problem.diagnostic.path in change.texts:
        title = f"Call `{module}` by its folder's name as well, `{shown}{module}`"
        yield Candidate(title, change, 0.95)


def _files(dunes: Dunes, own: Stanza) -> list[str]:
    return [p for p in dunes.paths if p.endswith(SOURCES) and dune_stanzas.owner(p, dunes.stanzas) == own]


def _folders(files: Sequence[str]) -> dict[str, list[str]]:
    """The folders that have each module."""
    folders: dict[str, list[str]] = {}
    for path in files:
        known = folders.setdefault(module_of(path), [])
        if posixpath.dirname(path) not in known:
            known.append(posixpath.dirname(path))
    return folders


def _unambiguous(folders: Mapping[str, Sequence[str]]) -> dict[str, str]:
    standard = {*MODULES, *OTHER_MODULES}
    return {name: found[0] for name, found in folders.items() if len(found) == 1 and name not in standard}


def _called_by_folder(problem: Problem, files: Sequence[str], meant: Mapping[str, str]) -> ChangeSet:
    paths = [p for p in files if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]
    texts = {path: text for path in paths if (text := text_of(problem.view, path)) is not None}
    return problem.edit_each({path: list(_edits(parse(text, path), meant)) for path, text in texts.items()})


def _edits(syntax: Syntax, meant: Mapping[str, str]) -> Iterator[TextEdit]:
    bound = {item.name for item in syntax.declared if item.kind == "module"}
    for node in syntax.walk("module_name"):
        folder = meant.get(node.text)
        if folder is not None and node.text not in bound and _is_root(node):
            prefix = _prefix(syntax.path, folder)
            if prefix:
                yield TextEdit(node.start, node.start, prefix)


def _is_root(node: Node) -> bool:
    """Whether a path begins there, that no definition gives a name."""
    above = node.parent
    return above is not None and "path" in above.kind and not node.syntax.text[: node.start].rstrip().endswith(".")


def _prefix(path: str, folder: str) -> str:
    """What stands before a module of the folder in that file; nothing where it is of the same folder or above."""
    here, there = _parts(posixpath.dirname(path)), _parts(folder)
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    return "".join(f"{module_of(part)}." for part in there[shared:])


def _parts(folder: str) -> list[str]:
    return [part for part in folder.split("/") if part]
