"""Foreign sources: C code that no stanza lists, and the fields that dune had for it before 2.0.

undefined reference to `crc_sum'    (foreign_stubs (language c) (names crc_stubs))      which has it
(c_names crc_stubs)                 (foreign_stubs (language c) (names crc_stubs))
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas
from lsp_aid.ocaml.dune_file import Group
from lsp_aid.ocaml.dune_stanzas import Stanza
from lsp_aid.repair.dune_places import Dunes, described, groups_at, is_dune_file, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

_UNDEFINED = re.compile(r"undefined reference to [`'\"](?P<name>\w+)['\"]|\"_?(?P<mac>\w+)\", referenced from")
_DELETED = re.compile(r"'(?:c|cxx)_(?:names|flags)' was deleted in version")
_LANGUAGES = {".c": "c", ".cpp": "cxx", ".cxx": "cxx", ".cc": "cxx"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if problem.diagnostic.source != "dune":
        return []
    if is_dune_file(problem.diagnostic.path) and _DELETED.search(problem.diagnostic.flat_message):
        return list(_of_old(problem))
    missing = {m["name"] or m["mac"] for m in _UNDEFINED.finditer(problem.diagnostic.message)}
    return list(_unlisted(problem, missing)) if missing else []


def _of_old(problem: Problem) -> Iterator[Candidate]:
    text = problem.source.text
    around = groups_at(problem)
    if len(around) < 2:
        return
    stanza = around[-2]
    edits = []
    for prefix, language in (("c", "c"), ("cxx", "cxx")):
        names = dune_file.field(stanza, f"{prefix}_names")
        flags = dune_file.field(stanza, f"{prefix}_flags")
        if names is None:
            continue
        inside = f"(language {language}) (names {_inside(text, names)})"
        if flags is not None:
            inside += f" (flags {_inside(text, flags)})"
            edits.append(dune_file.remove(text, flags))
        edits.append(TextEdit(names.start, names.end, f"(foreign_stubs {inside})"))
    if edits:
        title = "List the foreign sources in `(foreign_stubs ...)`, as dune has it since 2.0"
        yield Candidate(title, problem.edit(*edits), 0.96)


def _inside(text: str, group: Group) -> str:
    return text[group.items[1].start : group.items[-1].end] if len(group.items) > 1 else ""


def _unlisted(problem: Problem, missing: set[str]) -> Iterator[Candidate]:
    """The foreign sources that define what is missing, for the stanza that declares it."""
    dunes = read_dunes(problem.view)
    defined = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(missing)))})\s*\(")
    sources = [p for p in dunes.paths if posixpath.splitext(p)[1] in _LANGUAGES]
    needs: dict[str, list[tuple[Stanza, str]]] = {}
    for path in sources:
        if not defined.search(text_of(problem.view, path) or ""):
            continue
        user = _declaring(problem, dunes, posixpath.dirname(path), missing)
        name, suffix = posixpath.splitext(posixpath.basename(path))
        if user is not None and name not in _listed(user):
            needs.setdefault(_LANGUAGES[suffix], []).append((user, name))
    if not needs:
        return
    texts: dict[str, list[TextEdit]] = {}
    shown = []
    for language, found in needs.items():
        for user in dict.fromkeys(user for user, _ in found):
            names = [name for other, name in found if other == user]
            texts.setdefault(user.path, []).extend(_added(dunes.texts[user.path], user, language, names))
            shown.append(f"{', '.join(f'`{name}`' for name in names)} to {described(user)}")
    yield Candidate(f"Add the foreign sources {' and '.join(shown)}", dunes.editing(texts), 0.95)


def _declaring(problem: Problem, dunes: Dunes, folder: str, missing: set[str]) -> Stanza | None:
    """The stanza of the folder whose modules declare one of the names as external; else the only one."""
    here = [stanza for stanza in dunes.stanzas if stanza.folder == folder]
    declared = re.compile(rf"\"(?:{'|'.join(map(re.escape, sorted(missing)))})\"")
    for path in dunes.paths:
        if path.endswith((".ml", ".mli")) and posixpath.dirname(path) == folder:
            owner = dune_stanzas.owner(path, dunes.stanzas)
            if owner in here and declared.search(text_of(problem.view, path) or ""):
                return owner
    return here[0] if len(here) == 1 else None


def _listed(stanza: Stanza) -> set[str]:
    fields = [item for item in stanza.group.items if isinstance(item, Group) and item.head == "foreign_stubs"]
    return {name for field in fields for name in dune_file.words(field, "names")}


def _added(text: str, stanza: Stanza, language: str, names: Sequence[str]) -> Iterator[TextEdit]:
    fields = [item for item in stanza.group.items if isinstance(item, Group) and item.head == "foreign_stubs"]
    same = next((field for field in fields if dune_file.words(field, "language") == (language,)), None)
    if same is None:
        words = " ".join(names)
        yield dune_file.add_field(text, stanza.group, f"(foreign_stubs (language {language}) (names {words}))")
        return
    for name in names:
        yield dune_file.add_to_field(text, same, "names", name)
