"""Which modules a stanza has: modules that are not there, left out, without an implementation, or hidden.

(name mian)                 (name main)                  beside main.ml
(names serve clnt)          (names serve probe)          where no other module uses Probe; and ../bin/probe.exe
(modules a gone)            (modules a)
two stanzas in a folder     (modules main), and (modules :standard \\ main)
(private_modules codec)     without it, where another stanza uses the module
(private_modules impl)      (private_modules matcher)   which is there, and no other stanza uses it
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.repair.dune_places import (
    SOURCES,
    Dunes,
    covers,
    described,
    file_name,
    groups_at,
    read_dunes,
    word_at,
    words_of,
)
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import nearest

_PROGRAMS = ("executable", "executables", "test", "tests")
_LISTS = ("modules", "private_modules", "modules_without_implementation", "virtual_modules")
_HIDDEN = re.compile(r'The module "?[\w.]+"? is an alias for module "?(?P<name>\w+)"?, which is missing')
_IMPLEMENTED = "The following modules have an implementation, they cannot be listed as"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.BrokenRule):
        if message.rule == "dune-module-missing":
            return list(_missing(problem, message.names[0]))
        if message.rule == "dune-interface-alone":
            return list(_alone(problem, message.names))
    flat = problem.diagnostic.flat_message
    if hidden := _HIDDEN.search(flat):
        return list(_private(problem, hidden["name"]))
    if flat.startswith(_IMPLEMENTED):
        return list(_implemented(problem))
    if isinstance(message, messages.UnboundName) and message.sort == "module" and not message.qualifier:
        return list(_below(problem, message.name))
    return []


# --- modules that are not there ---


def _missing(problem: Problem, module: str) -> Iterator[Candidate]:
    """A name of a module beside, or, in a list of modules, no name at all."""
    dunes = read_dunes(problem.view)
    path = problem.diagnostic.path
    word = word_at(problem)
    stanza = dunes.stanza_around(path, problem.start)
    if word is None or stanza is None or module_of(word.value) != module_of(module):
        return
    around = [group.head for group in groups_at(problem)]
    there = {name: p for name, p in dunes.modules_beside(stanza).items() if not p.endswith((".mll", ".mly"))}
    if word.value.endswith((".ml", ".mli")) and module_of(word.value) in there:
        stem = word.value.rpartition(".")[0]
        yield _replaced(problem, dunes, stanza, word, stem, 0.95)
        return
    listed = any(head in _LISTS for head in around)
    taken = {module_of(name) for s in dunes.stanzas if s.folder == stanza.folder and s != stanza for name in s.names}
    free = [name for name in there if name not in taken]
    if listed:
        inside = [group for group in groups_at(problem) if group.head in _LISTS][-1]
        free = [name for name in free if name not in map(module_of, inside.words)]
    if not listed:
        free = [name for name in free if name not in map(module_of, stanza.names)]
    ways = {name: 0.95 * alike for name, alike in nearest(module, free, 0.55)}
    if not listed:
        only = free if len(free) == 1 else [name for name in free if name == "Main"]
        ways.update({name: max(0.6, ways.get(name, 0)) for name in only})
    elif not ways and (renamed := _renamed(problem, dunes, stanza, inside, there, free)) is not None:
        ways[renamed] = 0.8
    if not listed and not ways and stanza.kind in _PROGRAMS:  # what others use is no program
        ways.update(dict.fromkeys(starts, 0.85) if len(starts := _unused(problem, there, free)) == 1 else {})
    for name, weight in ways.items():
        yield _replaced(problem, dunes, stanza, word, file_name(name), weight, is_program=not listed)
    if listed:
        title = f"Take the module `{module}`, which is not there, out of `({inside.head} ...)`"
        yield Candidate(title, problem.edit(_without(dunes.texts[path], inside, word)), 0.6)
    below = [p for p in dunes.paths if module_of(p) == module and p.endswith((".ml", ".mli"))]
    if any(p.startswith(f"{stanza.folder}/" if stanza.folder else "") for p in below) and not stanza.recursive:
        yield _with_subfolders(problem, stanza, path, dunes.texts[path])


def _renamed(
    problem: Problem, dunes: Dunes, stanza: Stanza, inside: Group, there: Mapping[str, str], free: Sequence[str]
) -> str | None:
    """The only module that can be meant by a name that is none any more: it is used in the stanza and nowhere else
    where the list hides modules, has the one file that such a list is of, or is the one that others here use."""
    texts = {p: text_of(problem.view, p) or "" for p in dunes.paths if p.endswith(SOURCES)}
    main = stanza.main_module

    def used(module: str, *, inside: bool) -> bool:
        name = re.compile(rf"\b{re.escape(module)}\b")
        return any(
            name.search(text) for p, text in texts.items() if covers(stanza, p) == inside and module_of(p) != module
        )

    match inside.head:
        case "private_modules":
            can = [m for m in free if m != main and used(m, inside=True) and not used(m, inside=False)]
        case "modules_without_implementation" | "virtual_modules":
            can = [m for m in free if there[m].endswith(".mli")]
        case _:
            can = [m for m in free if m == main or used(m, inside=True)]
    return can[0] if len(can) == 1 else None


def _unused(problem: Problem, there: Mapping[str, str], free: Sequence[str]) -> list[str]:
    """The modules that no other of the stanza names."""
    texts = {module: text_of(problem.view, path) or "" for module, path in there.items()}

    def used(module: str) -> bool:
        name = re.compile(rf"\b{re.escape(module)}\b")
        return any(name.search(text) for other, text in texts.items() if other != module)

    return [module for module in free if there[module].endswith(".ml") and not used(module)]


def _replaced(
    problem: Problem, dunes: Dunes, stanza: Stanza, word: Word, name: str, weight: float, *, is_program: bool = False
) -> Candidate:
    """The name, and that of the program where dune files run it or depend on it."""
    edits = {problem.diagnostic.path: [dune_file.replace_atom(word, name)]}
    program = re.compile(rf"(?<![\w./-])(?P<folder>(?:[\w.-]+/)*){re.escape(word.value)}(?=\.(?:exe|bc|bc\.js|so)\b)")
    for path, text in dunes.texts.items() if is_program and stanza.kind in _PROGRAMS else ():
        for use in program.finditer(text):
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), use["folder"]))
            if folder == (stanza.folder or "."):
                edits.setdefault(path, []).append(TextEdit(use.end("folder"), use.end(), name))
    title = f"Replace `{word.value}` by `{name}`, the module that is there"
    return Candidate(title, dunes.editing(edits), weight)


def _without(text: str, group: Group, word: Word) -> TextEdit:
    """Takes a word out of a field, and the field where it would be empty."""
    gone = group if len(group.items) == 2 and group.head != "modules" else word
    return dune_file.remove(text, gone)


def _with_subfolders(problem: Problem, stanza: Stanza, path: str, text: str) -> Candidate:
    where = dune_file.stanzas(text)[0].start
    edit = TextEdit(where, where, "(include_subdirs unqualified)\n\n")
    title = f"Let {described(stanza)} have the modules of the folders below"
    return Candidate(title, problem.edit(edit, path=path), 0.7)


def _implemented(problem: Problem) -> Iterator[Candidate]:
    named = re.findall(r"^- (\w+)", problem.diagnostic.message, re.MULTILINE)
    groups = [group for group in groups_at(problem) if group.head == "modules_without_implementation"]
    if not groups:
        return
    words = [item for item in groups[-1].arguments if isinstance(item, Word) and module_of(item.value) in named]
    text = problem.source.text
    whole = len(words) == len(groups[-1].arguments)
    edits = [dune_file.remove(text, groups[-1])] if whole else [dune_file.remove(text, word) for word in words]
    if edits:
        shown = ", ".join(f"`{word.value}`" for word in words)
        title = f"Take {shown}, which has an implementation, out of `(modules_without_implementation ...)`"
        yield Candidate(title, problem.edit(*edits), 0.95)


# --- modules that lack an implementation, and private ones ---


def _alone(problem: Problem, modules: Sequence[str]) -> Iterator[Candidate]:
    """Interfaces without an implementation: the field that says so, where they hold nothing but types."""
    dunes = read_dunes(problem.view)
    stanza = dunes.stanza_around(problem.diagnostic.path, problem.start)
    if stanza is None:
        return
    there = dunes.modules_beside(stanza)
    only_types = all(
        not re.search(r"^\s*(?:val|external|exception)\b", _signature(problem, there, m), re.MULTILINE) for m in modules
    )
    yield from _generated_otherwise(problem, dunes, stanza, there, modules)
    needs = [(stanza, name) for name in modules]
    title = "Say that " + ", ".join(f"`{module_of(name)}`" for name in modules) + " has no implementation"
    change = dunes.adding(needs, "modules_without_implementation")
    yield Candidate(title, change, 0.93 if only_types else 0.3)


def _generated_otherwise(
    problem: Problem, dunes: Dunes, stanza: Stanza, there: Mapping[str, str], modules: Sequence[str]
) -> Iterator[Candidate]:
    """A rule of the folder makes a module of another name, which has no interface and is used by no other."""
    if len(modules) != 1:
        return
    text, module = dunes.texts[stanza.path], module_of(modules[0])
    written = re.findall(r"^\s*val\s+([\w']+)", _signature(problem, there, module), re.MULTILINE)
    sources = [text_of(problem.view, p) or "" for p in dunes.paths if p.endswith(SOURCES)]
    for rule in (one for one in dune_file.stanzas(text) if one.head == "rule"):
        words = [w for w in words_of(rule) if w.value.endswith(".ml") and "/" not in w.value and "%{" not in w.value]
        targets = {w.value for w in words} - {posixpath.basename(p) for p in dunes.paths}
        made = next(iter(targets), "")
        if len(targets) != 1 or any(re.search(rf"\b{module_of(made)}\b", source) for source in sources):
            continue
        if not written:
            continue  # a module of types alone is none that a rule makes values for
        told = [name for name in written if re.search(rf"\blet {name}\b", text[rule.start : rule.end])]
        edits = [dune_file.replace_atom(w, f"{file_name(module)}.ml") for w in words if w.value == made]
        title = f"Let the rule make `{file_name(module)}.ml`, which has the interface"
        yield Candidate(title, dunes.editing({stanza.path: edits}), 0.95 if len(told) == len(written) else 0.85)


def _signature(problem: Problem, there: Mapping[str, str], module: str) -> str:
    """The text of an interface, without what stands in the module types within it."""
    text = text_of(problem.view, there.get(module_of(module), "")) or ""
    return re.sub(r"\bsig\b.*?\bend\b", "sig end", text, flags=re.DOTALL)


def _private(problem: Problem, unit: str) -> Iterator[Candidate]:
    """Shows to the other stanzas all the private modules of a library that they use."""
    dunes = read_dunes(problem.view)
    module = unit.rpartition("__")[2]
    for stanza in dunes.stanzas:
        field = dune_file.field(stanza.group, "private_modules")
        if stanza.kind != "library" or field is None or not _holds(field, module):
            continue
        main = stanza.main_module
        texts = [
            text_of(problem.view, p) or "" for p in dunes.paths if p.endswith((".ml", ".mli")) and not covers(stanza, p)
        ]
        used = {m for text in texts for m in re.findall(rf"\b{re.escape(main)}\s*\.\s*([A-Z][\w']*)", text)} | {module}
        words = [item for item in field.arguments if isinstance(item, Word) and module_of(item.value) in used]
        text = dunes.texts[stanza.path]
        gone = [field] if len(words) == len(field.arguments) else words
        shown = ", ".join(f"`{module_of(word.value)}`" for word in words)
        title = f"Let other stanzas use {shown} of {described(stanza)}"
        yield Candidate(title, dunes.editing({stanza.path: [dune_file.remove(text, one) for one in gone]}), 0.93)


def _holds(field: Group, module: str) -> bool:
    return any(isinstance(item, Word) and module_of(item.value) == module for item in field.arguments)


# --- modules in folders below ---


def _below(problem: Problem, module: str) -> Iterator[Candidate]:
    """A module of a folder below that no stanza has."""
    dunes = read_dunes(problem.view)
    stanza = dune_stanzas.owner(problem.diagnostic.path, dunes.stanzas)
    if stanza is None or stanza.recursive:
        return
    prefix = f"{stanza.folder}/" if stanza.folder else ""
    files = [p for p in dunes.paths if p.startswith(prefix) and module_of(p) == module and p.endswith((".ml", ".mli"))]
    has_own = {path.rpartition("/")[0] for path in dunes.texts}
    if any(not covers(stanza, p) and p.rpartition("/")[0] not in has_own for p in files):
        yield _with_subfolders(problem, stanza, stanza.path, dunes.texts[stanza.path])
