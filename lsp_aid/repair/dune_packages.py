"""Packages: what is installed belongs to one, and a `dune-project` declares it.

(public_name slugs)         (package (name slugs)) in the dune-project
(public_name webkitt.html)  (public_name webkit.html)
a program with two packages (package webkit)
(libraries core)            (public_name shop.core) for the private library of a public one
an empty package            (allow_empty)
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, messages
from lsp_aid.ocaml.dune_file import Group
from lsp_aid.ocaml.dune_stanzas import Stanza
from lsp_aid.repair.dune_places import (
    described,
    groups_at,
    is_dune_file,
    project_file,
    read_dunes,
    word_at,
    words_of,
)
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import newline
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import nearest, similarity

_EMPTY = re.compile(r"The package (?P<name>\S+) does not have any user defined stanzas attached to it\.")
_PACKAGE = re.compile(r'part of package "?(?P<name>[^"\s,]+)"?')
_FILE = re.compile(r"\.(?:mli?|exe|bc)$")
_BAD_NAME = re.compile(r"Hint: (?P<name>\S+) would be a correct \S+ name")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if empty := _EMPTY.search(problem.diagnostic.flat_message):
        return list(_empty(problem, empty["name"]))
    if not isinstance(message, messages.BrokenRule) or not is_dune_file(problem.diagnostic.path):
        return []
    if message.rule == "dune-package-missing":
        return list(_missing(problem, message))
    if message.rule == "dune-package-unclear":
        return list(_unclear(problem))
    if message.rule == "dune-private-library":
        return list(_private(problem, message.names[0]))
    if message.rule == "dune-bad-name":
        return list(_bad_name(problem, message.names[0]))
    return []


def packages(problem: Problem, project: str | None) -> list[str]:
    """The packages that the project declares, in its `dune-project` or by a file of opam's."""
    text = text_of(problem.view, project) if project else None
    found = [name for g in dune_file.stanzas(text or "") if g.head == "package" for name in dune_file.words(g, "name")]
    folder = posixpath.dirname(project or "")
    beside = [p for p in problem.view.paths() if p.endswith(".opam") and posixpath.dirname(p) == folder]
    return list(dict.fromkeys([*found, *(posixpath.basename(p).removesuffix(".opam") for p in beside)]))


def _missing(problem: Problem, message: messages.BrokenRule) -> Iterator[Candidate]:
    """The name of a package that there is; a package of that name; or nothing that is to be installed."""
    word = word_at(problem)
    around = groups_at(problem)
    project = project_file(problem.view, problem.diagnostic.path)
    known = packages(problem, project)
    name, _, rest = (word.value if word else "").partition(".")
    meant = list(message.names[:1]) or [m["name"] for m in _PACKAGE.finditer(problem.diagnostic.flat_message)]
    if word is not None and meant and meant[0] == name:
        ways = {other: 0.95 - 0.02 * number for number, other in enumerate(message.suggestions) if other in known}
        for other, alike in nearest(name, known, 0.6):
            ways.setdefault(other, 0.93 * alike)
        if len(known) == 1:
            ways.setdefault(known[0], 0.6)
        for other, weight in ways.items():
            value = f"{other}.{rest}" if rest else other
            edit = dune_file.replace_atom(word, value)
            yield Candidate(f"Replace `{word.value}` by `{value}`, a package that there is", problem.edit(edit), weight)
    package = meant[0] if meant else _folder_name(problem, around)
    if project is not None and package and package not in known:
        text = problem.view.read(project)
        yield _declared(problem, project, text, package, 0.4 if known else 0.9)
    public = next((group for group in around if group.head in ("public_name", "public_names")), None)
    if public is not None:
        edit = dune_file.remove(problem.source.text, public)
        yield Candidate("Do not install it: remove its public name", problem.edit(edit), 0.45)


def _folder_name(problem: Problem, around: Sequence[Group]) -> str:
    """A name for a package where the message has none: that of the project, or of the program that is installed."""
    project = project_file(problem.view, problem.diagnostic.path)
    for group in dune_file.stanzas(text_of(problem.view, project or "") or ""):
        if group.head == "name" and group.words:
            return group.words[0]
    public = [word for group in around for word in dune_file.words(group, "public_name")]
    return public[0] if public else ""


def _declared(problem: Problem, project: str, text: str, package: str, weight: float) -> Candidate:
    line = newline(text)
    end = "" if text.endswith("\n") or not text else line
    added = f"{end}(package{line} (name {package})){line}"
    change = problem.edit(TextEdit(len(text), len(text), added), path=project)
    return Candidate(f"Declare the package `{package}` in the dune-project", change, weight)


def _unclear(problem: Problem) -> Iterator[Candidate]:
    """Several packages: the one that is called like what is installed comes first."""
    around = groups_at(problem)
    if not around:
        return
    stanza = around[0]
    named = [*dune_file.words(stanza, "public_name"), *dune_file.words(stanza, "public_names"), _folder(problem)]
    known = packages(problem, project_file(problem.view, problem.diagnostic.path))
    alike = {name: max((similarity(name, other) for other in named if other), default=0.0) for name in known}
    for number, name in enumerate(sorted(known, key=lambda one: -alike[one])):
        edit = dune_file.add_field(problem.source.text, stanza, f"(package {name})")
        title = f"Say that this is of the package `{name}`"
        yield Candidate(title, problem.edit(edit), (0.9 if alike[name] > 0.5 else 0.6) - 0.05 * number)


def _folder(problem: Problem) -> str:
    return posixpath.basename(posixpath.dirname(problem.diagnostic.path))


def _private(problem: Problem, name: str) -> Iterator[Candidate]:
    """A library that a public one needs has to be public as well, as a part of the same package."""
    dunes = read_dunes(problem.view)
    user = dunes.stanza_around(problem.diagnostic.path, problem.start)
    needed = next((s for s in dunes.stanzas if s.kind == "library" and name in s.names), None)
    if user is None or needed is None or not user.public_names:
        return
    package = user.public_names[0].partition(".")[0]
    short = name.removeprefix(f"{package}_") or name
    text = dunes.texts[needed.path]
    edit = dune_file.add_field(text, needed.group, f"(public_name {package}.{short})")
    title = f"Make {described(needed)} public, as `{package}.{short}`"
    yield Candidate(title, problem.edit(edit, path=needed.path), 0.9)
    edit = dune_file.add_field(text, needed.group, f"(package {package})")
    title = f"Install {described(needed)} with the package `{package}`, for its own use"
    yield Candidate(title, problem.edit(edit, path=needed.path), 0.6)


def _bad_name(problem: Problem, name: str) -> Iterator[Candidate]:
    """The name that dune says would be right, wherever the library is called so."""
    hint = _BAD_NAME.search(problem.diagnostic.flat_message)
    right = hint["name"] if hint else re.sub(r"\W", "_", name)
    right = _FILE.sub("", name) if _FILE.search(name) else right
    if right == name or not right:
        return
    dunes = read_dunes(problem.view)
    edits: dict[str, list[TextEdit]] = {}
    word = word_at(problem)
    if word is not None and problem.diagnostic.path in dunes.texts:
        edits[problem.diagnostic.path] = [dune_file.replace_atom(word, right)]
    for stanza in dunes.stanzas:
        edits.setdefault(stanza.path, []).extend(_used(stanza, name, right))
    changed = {path: some for path, some in edits.items() if some}
    yield Candidate(f"Call it `{right}`", dunes.editing(changed), 0.95)


def _used(stanza: Stanza, name: str, right: str) -> Iterator[TextEdit]:
    libraries = dune_file.field(stanza.group, "libraries")
    for word in words_of(libraries) if libraries is not None else ():
        if word.value == name:
            yield dune_file.replace_atom(word, right)


def _empty(problem: Problem, package: str) -> Iterator[Candidate]:
    """A package with nothing in it: that is meant, or the one library of the project belongs into it."""
    for path in problem.view.paths():
        if posixpath.basename(path) != "dune-project":
            continue
        text = text_of(problem.view, path) or ""
        group = next(
            (g for g in dune_file.stanzas(text) if g.head == "package" and package in dune_file.words(g, "name")), None
        )
        if group is None:
            continue
        yield from _public(problem, posixpath.dirname(path), package)
        edit = dune_file.add_field(text, group, "(allow_empty)")
        title = f"Say that the package `{package}` may be empty"
        yield Candidate(title, problem.edit(edit, path=path), 0.7)


def _public(problem: Problem, folder: str, package: str) -> Iterator[Candidate]:
    """The public name of the only library that bears the package's name."""
    dunes = read_dunes(problem.view)
    plain = package.replace("-", "_")
    prefix = f"{folder}/" if folder else ""
    for stanza in dunes.stanzas:
        of_that_name = stanza.kind == "library" and stanza.names == (plain,) and not stanza.public_names
        if of_that_name and stanza.path.startswith(prefix):
            edit = dune_file.add_field(dunes.texts[stanza.path], stanza.group, f"(public_name {package})")
            title = f"Make {described(stanza)} that of the package `{package}`"
            yield Candidate(title, problem.edit(edit, path=stanza.path), 0.85)
