"""Cycles that one edit takes away for sure: a library that needs itself, that calls itself by its outer name, or that
lists another one which its code does not name.

(library (name shop) (libraries shop))      without it
(library (name model) (libraries store))    without it, where no module of `model` names `Store`
Shop.Price in the library `shop` itself     Price
"""

import itertools
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Word
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import parse
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.dune_places import SOURCES, described, read_dunes, words_of
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

_ITSELF = re.compile(r'Dependency cycle between: library "(?P<name>[^"]+)" in \S+(?: -> library "(?P=name)" in \S+)*$')
_LIBRARY = re.compile(r'library "([^"]+)" in \S+')
_OUTSIDE = re.compile(r"Module (?P<module>\w+) in directory (?P<folder>\S+) depends on (?P<main>\w+)\.")
_DOT = re.compile(r"\s*\.\s*")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.DependencyCycle):
        found = _ITSELF.match(problem.diagnostic.flat_message.partition(" -> required by")[0])
        return list(_itself(problem, found["name"])) if found else list(_needless(problem))
    if outside := _OUTSIDE.search(problem.diagnostic.flat_message):
        return list(_inside(problem, outside["main"], outside["folder"]))
    return []


def _itself(problem: Problem, name: str) -> Iterator[Candidate]:
    dunes = read_dunes(problem.view)
    for stanza in dunes.stanzas:
        libraries = dune_file.field(stanza.group, "libraries")
        own = (*stanza.names, *stanza.public_names)
        if stanza.kind != "library" or name not in own or libraries is None:
            continue
        words: list[Word] = [word for word in words_of(libraries) if word.value in own]
        text = dunes.texts[stanza.path]
        gone = [libraries] if len(words) + 1 == len(libraries.items) else words
        if words:
            change = problem.edit(*(dune_file.remove(text, one) for one in gone), path=stanza.path)
            yield Candidate(f"Take {described(stanza)} out of its own libraries", change, 0.97)


def _needless(problem: Problem) -> Iterator[Candidate]:
    """The library of the cycle that lists the next one and does not name a module of it, where there is one alone."""
    said = problem.diagnostic.flat_message.partition(" -> required by")[0]
    cycle = _LIBRARY.findall(said)
    if len(cycle) < 3 or len(cycle) != said.count(" -> ") + 1:
        return
    dunes = read_dunes(problem.view)
    by_name = {name: s for s in dunes.stanzas if s.kind == "library" for name in (*s.names, *s.public_names)}
    found = []
    for user, used in itertools.pairwise(by_name.get(name) for name in cycle):
        if user is None or used is None:
            return
        modules = dune_stanzas.offered_modules(used, dunes.paths, dunes.stanzas)
        naming = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(modules)))})\b")
        own = [p for p in dunes.paths if p.endswith(SOURCES) and dune_stanzas.owner(p, dunes.stanzas) == user]
        flags = dunes.texts[user.path][user.group.start : user.group.end]
        if modules and not any(naming.search(_code(problem, p)) for p in own) and "-open" not in flags:
            found.append((user, used))
    for user, used in found if len(found) == 1 else ():
        libraries = dune_file.field(user.group, "libraries")
        names = (*used.names, *used.public_names)
        words = [word for word in words_of(libraries) if word.value in names] if libraries is not None else []
        if libraries is None or not words:
            continue
        gone = [libraries] if len(words) + 1 == len(libraries.items) else words
        edits = [dune_file.remove(dunes.texts[user.path], one) for one in gone]
        title = f"Take {described(used)} out of {described(user)}, which does not use it"
        yield Candidate(title, problem.edit(*edits, path=user.path), 0.95)


def _code(problem: Problem, path: str) -> str:
    """The text of a file; what comments and strings of OCaml's name, it does not use."""
    text = text_of(problem.view, path) or ""
    if not path.endswith((".ml", ".mli")):
        return text
    return " ".join(token.text for token in tokens(text) if not token.is_comment and token.text[:1] != '"')


def _inside(problem: Problem, main: str, folder: str) -> Iterator[Candidate]:
    """Within a library its modules have their own names: the library's, and opening it, goes."""
    dunes = read_dunes(problem.view)
    library = next(
        (
            s
            for s in dunes.stanzas
            if s.kind == "library" and main in map(module_of, s.names) and f"{folder}/".endswith(f"/{s.folder}/")
        ),
        None,
    )
    library = library or next(
        (s for s in dunes.stanzas if s.kind == "library" and main in map(module_of, s.names)), None
    )
    if library is None:
        return
    change = ChangeSet()
    for path in dunes.paths:
        is_own = path.endswith((".ml", ".mli")) and dune_stanzas.owner(path, dunes.stanzas) == library
        text = text_of(problem.view, path) if is_own and module_of(path) != main else None
        edits = list(_freed(text, path, main)) if text is not None else []
        if edits:
            change = change.then(problem.edit(*edits, path=path))
    if change:
        yield Candidate(f"Within {described(library)}, leave `{main}.` out", change, 0.95)


def _freed(text: str, path: str, main: str) -> Iterator[TextEdit]:
    syntax = parse(text, path)
    for node in syntax.walk("module_name"):
        if node.text != main or text[: node.start].rstrip().endswith("."):
            continue
        opening = node.enclosing("open_module")
        if opening is not None and opening.text.split() == ["open", main]:
            end = opening.end
            while end < len(text) and text[end] in "\r\n;":
                end += 1
            yield TextEdit(opening.start, end, "")
        elif dot := _DOT.match(text, node.end):
            yield TextEdit(node.start, dot.end(), "")
