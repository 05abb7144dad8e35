"""Virtual libraries and what implements them.

a program with the virtual library alone    (libraries clock clock_unix)
(library (name clock_unix)) beside it       (implements clock)
(implements clock), which is not virtual    (virtual_modules clock) in the library `clock`
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.repair.dune_places import Dunes, described, file_name, read_dunes
from lsp_aid.repair.family import Candidate, Problem

_NONE = re.compile(r'No implementation found for virtual library "(?P<name>[^"]+)"')
_USER = re.compile(r"required by \S+ [^\n]*? in (?P<path>\S+?):(?P<line>\d+)")
_NOT_VIRTUAL = re.compile(r'Library "(?P<name>[^"]+)" is not virtual')
_FOR_TESTS = re.compile(r"test|mock|fake|dummy|stub|null")
_TESTS = ("test", "tests")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if problem.diagnostic.source != "dune":
        return []
    flat = problem.diagnostic.flat_message
    if found := _NONE.search(flat):
        return list(_implementations(problem, found["name"]))
    if found := _NOT_VIRTUAL.search(flat):
        return list(_made_virtual(problem, found["name"]))
    return []


def _of_name(dunes: Dunes, name: str) -> Stanza | None:
    return next((s for s in dunes.stanzas if s.kind == "library" and name in (*s.names, *s.public_names)), None)


def _implementations(problem: Problem, name: str) -> Iterator[Candidate]:
    """One of the libraries that implement it, for the program; or the field that says that one does."""
    dunes = read_dunes(problem.view)
    virtual = _of_name(dunes, name)
    user = _user(problem, dunes)
    if virtual is None or user is None:
        return
    called = {*virtual.names, *virtual.public_names}
    for_tests = user.kind in _TESTS
    for library in dunes.stanzas:
        if library.kind != "library" or not called & set(dune_file.words(library.group, "implements")):
            continue
        other = next(iter((*library.names, *library.public_names)), "")
        fits = _is_for_tests(dunes, library) == for_tests
        title = f"Add {described(library)}, which implements `{name}`, to {described(user)}"
        yield Candidate(title, dunes.adding([(user, other)]), 0.93 if fits else 0.8)
    wanted = {module_of(word) for word in dune_file.words(virtual.group, "virtual_modules")}
    for library in dunes.stanzas:
        may = library.kind == "library" and library != virtual and not dune_file.field(library.group, "implements")
        if may and wanted and wanted <= set(dunes.modules_beside(library)):
            edit = dune_file.add_field(dunes.texts[library.path], library.group, f"(implements {name})")
            title = f"Say that {described(library)} implements `{name}`"
            is_used = bool({*library.names, *library.public_names} & set(user.libraries))
            yield Candidate(title, problem.edit(edit, path=library.path), 0.95 if is_used else 0.7)


def _is_for_tests(dunes: Dunes, library: Stanza) -> bool:
    """Whether the name says so, or tests alone use it."""
    names = {*library.names, *library.public_names}
    users = {stanza.kind for stanza in dunes.stanzas if names & set(stanza.libraries)}
    return any(_FOR_TESTS.search(name) for name in names) or bool(users & set(_TESTS) and users <= {*_TESTS, "library"})


def _user(problem: Problem, dunes: Dunes) -> Stanza | None:
    """The program that lacks an implementation: dune names the line of its stanza's name."""
    for said in _USER.finditer(problem.diagnostic.message):
        text = dunes.texts.get(said["path"])
        if text is None:
            continue
        starts = [0, *(match.end() for match in re.finditer("\n", text))]
        line = int(said["line"])
        if line <= len(starts):
            start = starts[line - 1]
            end = starts[line] if line < len(starts) else len(text)
            on_line = [s for s in dunes.stanzas if s.path == said["path"] and _meets(s, start, end)]
            if on_line:
                return on_line[-1]
    return None


def _meets(stanza: Stanza, start: int, end: int) -> bool:
    return stanza.group.start < end and start < stanza.group.end


def _made_virtual(problem: Problem, name: str) -> Iterator[Candidate]:
    """The interfaces of the library that lack an implementation are what is implemented elsewhere."""
    dunes = read_dunes(problem.view)
    library = _of_name(dunes, name)
    if library is None:
        return
    own = [p for p in dunes.paths if dune_stanzas.owner(p, dunes.stanzas) == library]
    with_code = {module_of(p) for p in own if not p.endswith(".mli")}
    alone = sorted({module_of(p) for p in own if p.endswith(".mli")} - with_code)
    if alone:
        edit = _virtual(dunes, library, alone)
        shown = ", ".join(f"`{module}`" for module in alone)
        title = f"Say that {shown} of {described(library)} {'are' if len(alone) > 1 else 'is'} virtual"
        yield Candidate(title, problem.edit(edit, path=library.path), 0.95)
    elif problem.diagnostic.path in dunes.texts:
        text = dunes.texts[problem.diagnostic.path]
        user = dunes.stanza_around(problem.diagnostic.path, problem.start)
        field = dune_file.field(user.group, "implements") if user else None
        if field is not None:
            title = f"Do not implement `{name}`, which is not virtual, but use it"
            edits = [dune_file.remove(text, field)]
            if user is not None and name not in user.libraries:
                edits.append(dune_file.add_to_field(text, user.group, "libraries", name))
            yield Candidate(title, problem.edit(*edits), 0.6)


def _virtual(dunes: Dunes, library: Stanza, modules: Sequence[str]) -> TextEdit:
    words = " ".join(map(file_name, modules))
    return dune_file.add_field(dunes.texts[library.path], library.group, f"(virtual_modules {words})")
