"""Libraries that a dune file lacks or misspells.

Three errors lead here: dune knows no library of a name; a module is unbound that some library offers; and, since OCaml
5 finds `Unix` and `Str` while it compiles, a program that cannot be linked without their library. The library is added
to the stanza that builds the module that needs it.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.text import apply_text_edits
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import Stanza
from lsp_aid.repair.dune_places import (
    SOURCES,
    Dunes,
    described,
    groups_at,
    module_of_listed,
    read_dunes,
    words_of,
    written,
)
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import similarity

_COMPILER = (
    "Ast_helper Ast_iterator Ast_mapper Asttypes Builtin_attributes Clflags Cmi_format Cmt_format Compmisc Config Env"
    " Ident Lexer Location Longident Parse Parser Parsetree Path Pprintast Printast Printtyp Syntaxerr Typedtree"
    " Typemod Types Warnings"
)
_OF_DISTRIBUTION: Mapping[str, str] = {
    "Unix": "unix",
    "UnixLabels": "unix",
    "Str": "str",
    "Thread": "threads.posix",
    "Event": "threads.posix",
    "Mutex": "threads.posix",
    "Condition": "threads.posix",
    "Dynlink": "dynlink",
    "Runtime_events": "runtime_events",
    "Toploop": "compiler-libs.toplevel",
    "Topdirs": "compiler-libs.toplevel",
    **dict.fromkeys(_COMPILER.split(), "compiler-libs.common"),
}
_WELL_KNOWN: Mapping[str, str] = {
    "Alcotest": "alcotest",
    "Async": "async",
    "Base": "base",
    "Cmdliner": "cmdliner",
    "Core": "core",
    "Fmt": "fmt",
    "Lwt": "lwt",
    "Lwt_main": "lwt.unix",
    "Lwt_unix": "lwt.unix",
    "MenhirLib": "menhirLib",
    "OUnit2": "ounit2",
    "QCheck": "qcheck-core",
    "Re": "re",
    "Stdio": "stdio",
    "Yojson": "yojson",
    "Z": "zarith",
}
_LIBRARIES = sorted({*_OF_DISTRIBUTION.values(), "threads", "compiler-libs"})
_EMPTY = ("compiler-libs",)
"""Names of libraries that have no modules: a part of them is meant."""
_PREPROCESSED = re.compile(r"\[@@?@?\s*\w|\[%|\w%\w|\{%")
_CLOSE = 0.7
_FIELDS = (
    "libraries",
    "implements",
    "default_implementation",
    "ppx_runtime_libraries",
    "preprocess",
    "pps",
    "staged_pps",
)
"""Where libraries are named."""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    match message:
        case messages.LibraryNotFound(name=name):
            return list(_misspelt(problem, read_dunes(problem.view), name))
        case messages.UnboundName(sort="module") if not message.qualifier:
            return list(_unlisted(problem, read_dunes(problem.view), message.name))
        case messages.NotLinked():
            return _not_linked(read_dunes(problem.view), message.references)
    return []


def _misspelt(problem: Problem, dunes: Dunes, name: str) -> Iterator[Candidate]:
    path = problem.diagnostic.path
    stanza = dunes.stanza_around(path, problem.start) if path in dunes.texts else None
    found = next((group for group in groups_at(problem) if group.head in _FIELDS), None) if stanza else None
    if stanza is None or found is None:
        return
    word = _word_at(found, problem.start, name)
    known = {*dunes.library_names, *(lib for s in dunes.stanzas for lib in s.libraries)}
    if found.head == "libraries":
        known.update(_LIBRARIES)
    for other in known - {name, *stanza.libraries, *stanza.names, *stanza.public_names}:
        closeness = similarity(_plain(name), _plain(other))
        if word and closeness >= _CLOSE:
            title = f"Replace the library `{name}` by `{other}`"
            yield Candidate(title, problem.edit(dune_file.replace_atom(word, other)), 0.95 * closeness)
    yield from _of_folder(problem, dunes, word, name)
    if found.head == "preprocess" and not _is_preprocessed(problem, dunes, stanza):
        edit = dune_file.remove(dunes.texts[path], found)
        yield Candidate(f"Remove `{written(dunes.texts[path], found)}`: no module needs it", problem.edit(edit), 0.9)
    removal = dune_file.remove_from_field(dunes.texts[path], stanza.group, "libraries", name)
    if removal and found.head == "libraries":
        library = module_of_listed(dunes, problem, name)
        why = f": it is a module of {described(library)}" if library is not None else ""
        yield Candidate(f"Remove the library `{name}`{why}", problem.edit(removal), 0.95 if library else 0.2)


def _is_preprocessed(problem: Problem, dunes: Dunes, stanza: Stanza) -> bool:
    """Whether a module of the stanza has anything that a preprocessor reads."""
    own = [p for p in dunes.paths if p.endswith(SOURCES) and dune_stanzas.owner(p, dunes.stanzas) == stanza]
    return any(_PREPROCESSED.search(text_of(problem.view, path) or "") for path in own)


def _of_folder(problem: Problem, dunes: Dunes, word: Word | None, name: str) -> Iterator[Candidate]:
    """The library in the folder of that name: called by its own, or so named where another library has that name."""
    for library in dunes.stanzas:
        if library.kind != "library" or posixpath.basename(library.folder) != name or not library.names or not word:
            continue
        own = library.names[0]
        if sum(own in other.names for other in dunes.stanzas if other.kind == "library") > 1:
            named = dune_file.field(library.group, "name")
            if named is not None and isinstance(named.items[1], Word):
                change = problem.edit(dune_file.replace_atom(named.items[1], name), path=library.path)
                yield Candidate(f"Call the library in `{library.folder}` `{name}`: `{own}` is another's", change, 0.95)
        else:
            title = f"Replace `{name}`, the folder, by `{own}`, the library in it"
            yield Candidate(title, problem.edit(dune_file.replace_atom(word, own)), 0.93)


def _word_at(group: Group, offset: int, name: str) -> Word | None:
    found = (node for node in dune_file.walk(group.arguments) if isinstance(node, Word) and node.value == name)
    return next((word for word in found if word.start <= offset < word.end), None)


def _plain(name: str) -> str:
    return name.replace("-", "_").replace(".", "_")


def _unlisted(problem: Problem, dunes: Dunes, module: str) -> Iterator[Candidate]:
    stanza = dune_stanzas.owner(problem.diagnostic.path, dunes.stanzas)
    if stanza is None:
        return
    for library, weight in offering(module, stanza, dunes):
        change = _adding(dunes, [(stanza, library)])
        yield Candidate(f"Add the library `{library}` to {described(stanza)}", change, weight)


def _adding(dunes: Dunes, needs: Sequence[tuple[Stanza, str]]) -> ChangeSet:
    """The change that adds the libraries, each in the place of the one without modules that it is a part of."""
    change = dunes.adding(needs)
    for stanza, library in needs:
        whole = library.rpartition(".")[0]
        if whole in _EMPTY and whole in stanza.libraries:
            text = change.texts[stanza.path] or ""
            number = [one for one in dunes.stanzas if one.path == stanza.path].index(stanza)
            now = dune_stanzas.read({stanza.path: text})[number]
            field = dune_file.field(now.group, "libraries")
            words = [w for w in words_of(field) if w.value in (whole, library)] if field else []
            if len(words) == 2:
                edits = [dune_file.replace_atom(words[0], library), dune_file.remove(text, words[1])]
                after = FileChange(stanza.path, text, apply_text_edits(text, edits))
                change = change.then(ChangeSet.of([after]))
    return change


def offering(module: str, user: Stanza, dunes: Dunes) -> Iterator[tuple[str, float]]:
    """The libraries that offer the module and that the stanza does not list, each with how likely it is meant."""
    weights: dict[str, float] = {}
    for stanza in dunes.stanzas:
        is_other_library = stanza.kind == "library" and stanza != user
        if is_other_library and module in dune_stanzas.offered_modules(stanza, dunes.paths, dunes.stanzas):
            weights.setdefault(called(stanza, dunes.stanzas), 0.9)
        for library in stanza.libraries:
            if dune_stanzas.module_of(library) == module:
                weights.setdefault(library, 0.8)
    in_project = any(dune_stanzas.module_of(path) == module for path in dunes.paths if path.endswith(SOURCES))
    for table, weight in ((_OF_DISTRIBUTION, 0.9), (_WELL_KNOWN, 0.6)):
        if module in table and not in_project:
            weights.setdefault(table[module], weight)
    taken = {*user.libraries, *user.names, *user.public_names}
    yield from ((library, weight) for library, weight in weights.items() if library not in taken)


def called(library: Stanza, stanzas: Sequence[Stanza]) -> str:
    """The name by which the other stanzas call the library, or those like it: the public one where they do, or where it
    has no other."""
    used = {name for stanza in stanzas for name in stanza.libraries}
    others = [one for one in stanzas if one.kind == "library"]
    if not used.intersection((*library.names, *library.public_names)):
        publicly = any(used.intersection(one.public_names) - {*one.names} for one in others)
        is_public = publicly and not any(used.intersection(one.names) for one in others)
    else:
        is_public = bool(used.intersection(library.public_names))
    names = (*library.public_names, *library.names) if is_public else (*library.names, *library.public_names)
    return names[0]


def _not_linked(dunes: Dunes, references: Sequence[messages.Reference]) -> list[Candidate]:
    needs: list[tuple[Stanza, str]] = []
    for reference in references:
        for path in reference.objects:
            user = _linked_from(path, dunes.stanzas)
            if user is None:
                continue
            offered = sorted(offering(reference.module, user, dunes), key=lambda pair: -pair[1])
            needs += [(user, library) for library, _ in offered[:1]]
    if not needs:
        return []
    title = "Add " + ", ".join(f"the library `{lib}` to {described(user)}" for user, lib in dict.fromkeys(needs))
    return [Candidate(title, _adding(dunes, needs), 0.9)]


def _linked_from(path: str, stanzas: Sequence[Stanza]) -> Stanza | None:
    """The stanza behind `lib/stopwatch.cmxa` or `bin/.main.eobjs/native/dune__exe__Main.cmx`."""
    folder, _, name = path.rpartition("/")
    stem, kind = posixpath.splitext(name)
    folder = f"{folder}/".removeprefix("_build/default/").strip("/")
    if kind in (".cmxa", ".cma"):
        return next((s for s in stanzas if s.folder == folder and stem in s.names), None)
    folder = f"/{folder}".partition("/.")[0].strip("/") if "/." in f"/{folder}" else ""
    module = stem.rpartition("__")[2]
    return dune_stanzas.owner(posixpath.join(folder, module + ".ml"), stanzas)
