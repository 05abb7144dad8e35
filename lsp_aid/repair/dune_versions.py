"""Versions of the dune language and of its extensions: too old for what is used, unknown, or not said at all.

(lang dune 3.0)     (lang dune 3.7)     where a field is only available since 3.7
(lang dune 3.71)    (lang dune 3.17)
(menhir ...)        (using menhir 2.1) in the dune-project
(alias (name runtest) (action ...))     (rule (alias runtest) (action ...))
"""

import posixpath
import re
from collections.abc import AsyncIterator, Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.repair.dune_places import groups_at, is_dune_file, project_file, word_at
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import newline
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import similarity

_SINCE = re.compile(r"is only available since version (?P<version>[\d.]+) of (?P<what>the dune language|.*? extension)")
_UNSUPPORTED = re.compile(r"^Version (?P<version>[\d.]+) of the (?P<what>.*?) is not supported")
_USING = re.compile(r"You must enable it using \(using (?P<name>\S+) (?P<version>[\d.]+)\)")
_SUPPORTED = re.compile(r"^- (?P<first>\d+\.\d+)(?: to (?P<last>\d+\.\d+))?", re.MULTILINE)
_NOT_A_VERSION = re.compile(
    r"Atom of the form NNN\.NNN expected|Invalid version\. Version must be two numbers|part is ignored here"
)
_NO_LANGUAGE = re.compile(r"Invalid first line, expected: \(lang <lang> <version>\)")
_ALIAS = re.compile(
    r"'action' was deleted in version [\d.]+ of the dune language\. Use a rule stanza with the alias field"
)
_USUAL = "3.0"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    flat = problem.diagnostic.flat_message
    path = problem.diagnostic.path
    if not is_dune_file(path):
        return []
    if since := _SINCE.search(flat):
        return list(_raised(problem, since["version"], since["what"]))
    if using := _USING.search(flat):
        return list(_enabled(problem, using["name"], using["version"]))
    if _UNSUPPORTED.search(flat):
        return list(_supported(problem))
    if _NOT_A_VERSION.search(flat):
        return list(_dotted(problem))
    if _NO_LANGUAGE.search(flat):
        return [candidate async for candidate in _first_line(problem)]
    if _ALIAS.search(flat):
        return list(_rule(problem))
    return []


def _raised(problem: Problem, version: str, what: str) -> Iterator[Candidate]:
    """The version that has what is used."""
    path = problem.diagnostic.path
    project = path if path.endswith("dune-workspace") else project_file(problem.view, path)
    text = text_of(problem.view, project) if project else None
    if project is None or text is None:
        return
    name = what.removesuffix(" extension").rpartition(" ")[2] if what.endswith("extension") else ""
    for group in dune_file.stanzas(text):
        wanted = group.head == "using" and group.words[:1] == (name,) if name else group.head == "lang"
        if wanted and len(group.words) == 2 and isinstance(group.items[2], Word):
            edit = dune_file.replace_atom(group.items[2], version)
            change = problem.edit(edit, path=project)
            yield Candidate(f"Use version {version} of {what}: {group.words[1]} lacks this", change, 0.95)


def _enabled(problem: Problem, name: str, version: str) -> Iterator[Candidate]:
    project = project_file(problem.view, problem.diagnostic.path)
    text = text_of(problem.view, project) if project else None
    if project is None or text is None:
        return
    groups = dune_file.stanzas(text)
    behind = next((g for g in reversed(groups) if g.head in ("lang", "using")), None)
    at = behind.end if behind else len(text)
    edit = TextEdit(at, at, f"{newline(text)}(using {name} {version})")
    yield Candidate(f"Enable {name} in the dune-project", problem.edit(edit, path=project), 0.95)


def _supported(problem: Problem) -> Iterator[Candidate]:
    """The versions that dune lists: the newest, and those that are written alike."""
    word = word_at(problem)
    if word is None:
        return
    found = list(_listed(problem.diagnostic.message))
    if not found:
        return
    newest = max(found, key=_number)
    swapped = [
        version for version in found if sorted(version) == sorted(word.value) and len(version) == len(word.value)
    ]
    too_new = _number(word.value) > _number(newest)
    ways = {newest: 0.93 if too_new else 0.6}
    ways.update(dict.fromkeys(swapped, 0.95))
    nearest = sorted(found, key=lambda version: (-similarity(version, word.value), -_number(version)[1]))[:2]
    for version in nearest:
        ways.setdefault(version, 0.5)
    for version, weight in ways.items():
        edit = dune_file.replace_atom(word, version)
        title = f"Use version {version}" + (", the newest that this dune knows" if version == newest else "")
        yield Candidate(title, problem.edit(edit), weight)


def _listed(message: str) -> Iterator[str]:
    for match in _SUPPORTED.finditer(message):
        major, first = _number(match["first"])
        last = _number(match["last"])[1] if match["last"] else first
        yield from (f"{major}.{minor}" for minor in range(first, last + 1))


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major or 0), int(re.match(r"\d*", minor)[0] or 0)  # type: ignore[index]  # matches anything


def _dotted(problem: Problem) -> Iterator[Candidate]:
    """`3` is `3.0`, `3.17.2` is `3.17`, `v3.17` is `3.17`."""
    word = word_at(problem)
    number = re.search(r"(\d+)(?:[.,_-](\d+))?", word.value) if word else None
    if word is None or number is None:
        return
    version = f"{number[1]}.{number[2] or 0}"
    if version != word.value or word.quoted:
        edit = TextEdit(word.start, word.end, version)
        yield Candidate(f"Write the version as `{version}`", problem.edit(edit), 0.95)


async def _first_line(problem: Problem) -> AsyncIterator[Candidate]:
    """`(lang dune ...)` comes first: moved up from where it is, or written with the version that others have."""
    text = problem.source.text
    line = newline(text)
    groups = dune_file.stanzas(text)
    lang = next((g for g in groups if g.head == "lang"), None)
    if lang is not None:
        words = " ".join(text[lang.start : lang.end].split())
        if lang.start > 0:
            edits = [dune_file.remove(text, lang), TextEdit(0, 0, words + line)]
            yield Candidate(f"Move `{words}` to the first line", problem.edit(*edits), 0.95)
        return
    bare = re.match(r"\s*lang\s+dune\s+(\d+\.\d+)[ \t]*$", text, re.MULTILINE)
    if bare:
        edit = TextEdit(0, bare.end(), f"(lang dune {bare[1]})")
        yield Candidate(f"Write `(lang dune {bare[1]})` in parentheses", problem.edit(edit), 0.95)
        return
    versions = list(_of_others(problem)) or await _known(problem)
    version = max(versions, key=_number) if versions else _USUAL
    edit = TextEdit(0, 0, f"(lang dune {version}){line}")
    yield Candidate(f"Say on the first line that this is dune's language {version}", problem.edit(edit), 0.9)


async def _known(problem: Problem) -> list[str]:
    """The versions that this dune has: it lists them where a project wants another."""
    build = await problem.probe(problem.edit(TextEdit(0, 0, "(lang dune 99.0)\n")))
    return [version for error in build.errors for version in _listed(error.message)] if build else []


def _of_others(problem: Problem) -> Iterator[str]:
    for path in problem.view.paths():
        if posixpath.basename(path) in ("dune-project", "dune-workspace"):
            for group in dune_file.stanzas(text_of(problem.view, path) or ""):
                if group.head == "lang" and len(group.words) == 2 and re.fullmatch(r"\d+\.\d+", group.words[1]):
                    yield group.words[1]


def _rule(problem: Problem) -> Iterator[Candidate]:
    """An alias with an action was a stanza of its own before dune 2.0."""
    around = groups_at(problem)
    if not around or around[0].head != "alias":
        return
    stanza = around[0]
    name = dune_file.field(stanza, "name")
    if name is None or not isinstance(name.items[0], Word):
        return
    head: Group | Word = name.items[0]
    edits = [
        TextEdit(stanza.items[0].start, stanza.items[0].end, "rule"),
        TextEdit(head.start, head.end, "alias"),
    ]
    yield Candidate("Make it a rule of the alias, as dune has it since 2.0", problem.edit(*edits), 0.95)
