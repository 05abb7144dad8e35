"""Flags of compilers in dune files: options that there are not, and modules that they open.

-strict-sequance        -strict-sequence
"-w -27"                -w -27
(link_flags -lm)        (link_flags -cclib -lm)
-open Prelude           (libraries prelude), whose module it is
"""

import itertools
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Word
from lsp_aid.ocaml.dune_stanzas import Stanza
from lsp_aid.repair.dune_places import described, project_file, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.missing_library import called
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import nearest

_OPTIONS = tuple(
    f"-{name}"
    for name in """absname annot bin-annot bin-annot-occurrences cclib ccopt color compact config dllib dllpath dtypes
    error-style for-pack function-sections g H I inline inline-max-depth inline-max-unroll intf-suffix keep-docs
    keep-locs labels linkall linscan make-runtime no-absname no-alias-deps no-app-funct no-check-prims
    no-keep-docs no-keep-locs no-principal no-rectypes no-strict-formats no-strict-sequence no-unboxed-types noassert
    noautolink nodynlink nolabels nopervasives nostdlib O2 O3 opaque open output-complete-exe output-complete-obj
    output-obj p pack plugin pp ppx principal rectypes remove-unused-arguments runtime-variant rounds S safe-string
    save-ir-after shared short-paths stop-after strict-formats strict-sequence thread unboxed-types unbox-closures
    unsafe use-runtime v verbose version w warn-error warn-help where custom with-runtime without-runtime""".split()  # noqa: SIM905
)
"""The options of `ocamlc` and `ocamlopt`."""
_UNKNOWN = re.compile(r"ocaml\S*: unknown option '(?P<option>[^']+)'")
_FIELDS = ("flags", "ocamlc_flags", "ocamlopt_flags", "link_flags", "library_flags")
_DIRECT = re.compile(r"\(\s*implicit_transitive_deps\s+false")
_CLOSE = 0.65


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if unknown := _UNKNOWN.search(problem.diagnostic.flat_message):
        return list(_options(problem, unknown["option"]))
    if isinstance(message, messages.UnboundName) and message.sort == "module" and not problem.diagnostic.path:
        return list(_opened(problem, message.path))
    return []


def _flags(group: dune_file.Group) -> Iterator[Word]:
    """The words of the fields that hold flags, wherever they stand."""
    for node in dune_file.walk([group]):
        if isinstance(node, dune_file.Group) and node.head in _FIELDS:
            yield from (word for word in dune_file.walk(node.arguments) if isinstance(word, Word))


def _options(problem: Problem, option: str) -> Iterator[Candidate]:
    dunes = read_dunes(problem.view)
    for path, text in dunes.texts.items():
        words = [word for stanza in dune_file.stanzas(text) for word in _flags(stanza) if word.value == option]
        for value, weight, title in _instead(option) if words else ():
            edits = [TextEdit(word.start, word.end, value) for word in words]
            yield Candidate(title, problem.edit(*edits, path=path), weight)


def _instead(option: str) -> Iterator[tuple[str, float, str]]:
    if " " in option.strip():
        value = " ".join(map(dune_file.quote, option.split()))
        yield value, 0.95, f"Give `{value}` as several flags: a string is one"
        return
    for other, alike in nearest(option, _OPTIONS, _CLOSE)[:3]:
        yield other, 0.95 * alike, f"Replace the option `{option}` by `{other}`"
    if option.startswith(("-l", "-L", "-Wl,")):
        kind = "-cclib" if option.startswith("-l") else "-ccopt"
        yield f"{kind} {option}", 0.93, f"Hand `{option}` to the linker, with `{kind}`"
    elif option.startswith(("-W", "-f", "-m", "-D", "-std")):
        yield f"-ccopt {option}", 0.6, f"Hand `{option}` to the C compiler, with `-ccopt`"


def _opened(problem: Problem, module: str) -> Iterator[Candidate]:
    """The library of a module that the flags of a stanza open; else a module of a name alike."""
    dunes = read_dunes(problem.view)
    head = module.partition(".")[0]
    needs = []
    for stanza in dunes.stanzas:
        words = list(_flags(stanza.group))
        pairs = itertools.pairwise(words)
        opened = [word for option, word in pairs if option.value == "-open" and word.value.split(".")[0] == head]
        if not opened:
            continue
        library = _offering(dunes.stanzas, dunes.paths, head, stanza)
        if library is not None:
            if not _reaches(problem, stanza, library, dunes.stanzas):
                needs.append((stanza, called(library, dunes.stanzas)))
            continue
        offered = {m for s in dunes.stanzas if s.kind == "library" for m in _modules(s, dunes.paths, dunes.stanzas)}
        for other, alike in nearest(head, offered, _CLOSE)[:2]:
            edits = [TextEdit(word.start, word.start + len(head), other) for word in opened]
            yield Candidate(f"Open `{other}`, not `{head}`", problem.edit(*edits, path=stanza.path), 0.95 * alike)
    if needs:
        shown = ", ".join(f"`{library}` to {described(user)}" for user, library in needs)
        yield Candidate(f"Add the library {shown}", dunes.adding(needs), 0.95)


def _reaches(problem: Problem, user: Stanza, library: Stanza, stanzas: Sequence[Stanza]) -> bool:
    """Whether the stanza has the library, by itself or through those that it has."""
    project = project_file(problem.view, user.path)
    if project is not None and _DIRECT.search(text_of(problem.view, project) or ""):
        return not {*user.libraries}.isdisjoint(_names(library))
    seen: set[str] = set()
    left = list(user.libraries)
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += [n for s in stanzas if s.kind == "library" and name in _names(s) for n in s.libraries]
    return bool(seen.intersection(_names(library)))


def _names(library: Stanza) -> tuple[str, ...]:
    return (*library.names, *library.public_names)


def _modules(library: Stanza, paths: Sequence[str], stanzas: Sequence[Stanza]) -> frozenset[str]:
    return dune_stanzas.offered_modules(library, paths, stanzas)


def _offering(stanzas: Sequence[Stanza], paths: Sequence[str], module: str, user: Stanza) -> Stanza | None:
    libraries = (s for s in stanzas if s.kind == "library" and s != user)
    return next((s for s in libraries if module in _modules(s, paths, stanzas)), None)
