"""Modules that two stanzas of a folder claim: each is given to one of them.

(library (name a)) (executable (name main))         (modules :standard \\ main), (modules main)
two programs that share a module                    one (executables (names a b))
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.repair.dune_places import Dunes, described, file_name, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

_PLACE = re.compile(r"^- (?P<path>.*?):(?P<line>\d+)\s*$", re.MULTILINE)
_USES = re.compile(r"\b[A-Z][\w']*")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.BrokenRule) and message.rule == "dune-module-shared":
        return list(_shared(problem))
    return []


def _shared(problem: Problem) -> Iterator[Candidate]:
    """Gives each module of a folder to one stanza: to the program its own, to the library all others."""
    dunes = read_dunes(problem.view)
    places = {(m["path"].removeprefix("./"), int(m["line"])) for m in _PLACE.finditer(problem.diagnostic.message)}
    sharing = [s for s in dunes.stanzas if (s.path, _line(dunes.texts[s.path], s.group.start)) in places]
    beside = [s for s in dunes.stanzas if sharing and s.folder == sharing[0].folder]
    if len(sharing) < 2:
        return
    there = dunes.modules_beside(sharing[0])
    owners = _owners(problem, beside, there, dunes)
    for spelled, weight in ((False, 0.93), (True, 0.85)):
        edits = _dividing(dunes, beside, owners, spelled=spelled)
        if edits:
            titles = ", ".join(described(s) for s in sharing)
            title = f"Say which modules are those of {titles}"
            yield Candidate(title, dunes.editing(edits), weight)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _owners(problem: Problem, stanzas: Sequence[Stanza], there: Mapping[str, str], dunes: Dunes) -> dict[str, Stanza]:
    """Which stanza each module goes to. One with a list of its modules keeps them, but for what is another's name."""
    owners: dict[str, Stanza] = {}
    uses = {name: set(_USES.findall(text_of(problem.view, path) or "")) & set(there) for name, path in there.items()}
    by_need = sorted(stanzas, key=lambda s: s.kind == "library")
    for stanza in by_need:
        owners.update({module_of(name): stanza for name in stanza.names if module_of(name) in there})
    for stanza in stanzas:
        field = dune_file.field(stanza.group, "modules")
        if field is not None:
            owners.update({n: owners.get(n, stanza) for n in there if n not in owners and _names(field, n)})
    libraries = [s for s in stanzas if s.kind == "library" and dune_file.field(s.group, "modules") is None]
    reached = {id(s): _reached(s, uses, owners) for s in stanzas}
    for name in there:
        if name in owners:
            continue
        needing = [s for s in stanzas if name in reached[id(s)] and dune_file.field(s.group, "modules") is None]
        of_library = [s for s in needing if s.kind == "library"]
        main = {module_of(n) for library in libraries for n in library.names}
        alone = [s for s in needing if s.kind != "library" and uses[name] & main]
        owner = next(iter(alone or of_library or libraries or needing), None)
        if owner is None:
            owner = next((s for s in stanzas if dune_file.field(s.group, "modules") is None), None)
        if owner is not None:
            owners[name] = owner
    return owners


def _names(field: Group, module: str) -> bool:
    """Whether the list names the module itself, not by `:standard`."""
    return ":standard" not in field.words and module in map(module_of, field.words)


def _reached(stanza: Stanza, uses: Mapping[str, set[str]], owners: Mapping[str, Stanza]) -> set[str]:
    """The modules that those named by the stanza use, and those that these use, up to modules of other stanzas."""
    found: set[str] = set()
    waiting = [module_of(name) for name in stanza.names]
    while waiting:
        name = waiting.pop()
        if name not in found and owners.get(name, stanza) == stanza:
            found.add(name)
            waiting += uses.get(name, ())
    return found


def _dividing(
    dunes: Dunes, stanzas: Sequence[Stanza], owners: Mapping[str, Stanza], *, spelled: bool
) -> dict[str, list[TextEdit]]:
    """The `(modules ...)` of each stanza whose own is not what it should have. One without takes `:standard` less the
    modules of the others, unless that is to be spelled out."""
    edits: dict[str, list[TextEdit]] = {}
    free = [s for s in stanzas if dune_file.field(s.group, "modules") is None]
    libraries = [s for s in free if s.kind == "library"]
    rest = libraries[0] if len(libraries) == 1 and not spelled else None
    for stanza in stanzas:
        text = dunes.texts[stanza.path]
        own = _own_first(stanza, (name for name, owner in owners.items() if owner == stanza))
        others = sorted(name for name, owner in owners.items() if owner != stanza)
        field = dune_file.field(stanza.group, "modules")
        if field is not None:
            gone = [w for w in field.arguments if isinstance(w, Word) and module_of(w.value) in others]
            if ":standard" in field.words or ":standard \\" in text[field.start : field.end]:
                continue
            edits.setdefault(stanza.path, []).extend(dune_file.remove(text, word) for word in gone)
        elif others:
            if stanza == rest and len(own) > 1:
                listed = ":standard \\ " + " ".join(map(file_name, others))
            else:
                listed = " ".join(map(file_name, own))
            added = dune_file.add_field(text, stanza.group, f"(modules {listed})" if listed else "(modules)")
            edits.setdefault(stanza.path, []).append(added)
    return {path: some for path, some in edits.items() if some}


def _own_first(stanza: Stanza, modules: Iterable[str]) -> list[str]:
    """The modules that a stanza is named after, then the others."""
    named = [module_of(name) for name in stanza.names]
    return sorted(modules, key=lambda name: (name not in named, name))
