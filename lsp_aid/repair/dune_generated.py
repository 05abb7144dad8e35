"""Lexers and grammars that no stanza makes a module of.

lexer.mll beside        (ocamllex lexer)
parser.mly beside       (menhir (modules parser)), or (ocamlyacc parser) for what ocamlyacc reads as well
(ocamlyacc grammar)     (ocamlyacc parser)      where there is no grammar.mly any more
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.dune_places import Dunes, file_name, project_file, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import line_end, newline
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import similarity

_OF_MENHIR = re.compile(
    r"^\s*%(?:start|token|type)\s*<[^>]*>\s*\w+\s*$.*?^\s*%%.*?\b\w+\s*=\s*\w+"
    r"|%start\s*<|%inline|%public|\$(?:startpos|endpos|loc)|\b(?:separated_)?(?:nonempty_)?list\s*\(|\boption\s*\(",
    re.MULTILINE | re.DOTALL,
)
_MAKERS = {"ocamllex": ".mll", "ocamlyacc": ".mly", "menhir": ".mly"}
_NO_SOURCE = re.compile(r"No rule found for (?P<file>\S+\.ml[ly])\b")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if lacking := _NO_SOURCE.search(problem.diagnostic.flat_message):
        return list(_renamed(problem, posixpath.dirname(lacking["file"])))
    if not isinstance(message, messages.UnboundName) or message.sort != "module":
        return []
    return list(_made(problem, message.path.partition(".")[0]))


@frozen
class _Folder:
    """What makes modules of lexers and grammars in a folder: the stanzas of its dune file, the words in them that have
    no file, and the files that no stanza has."""

    text: str
    makers: Sequence[Group]
    stale: Sequence[tuple[Group, Word]]
    lacking: Sequence[str]


def _folder(dunes: Dunes, path: str) -> _Folder:
    folder = posixpath.dirname(path)
    beside = {p for p in dunes.paths if posixpath.dirname(p) == folder}
    text = dunes.texts[path]
    makers = [group for group in dune_file.stanzas(text) if group.head in _MAKERS]
    said = [(maker, word) for maker in makers for word in _named(maker)]
    made = {module_of(word.value) for _, word in said}
    stale = [(m, w) for m, w in said if posixpath.join(folder, w.value + _MAKERS[m.head]) not in beside]
    lacking = [p for p in sorted(beside) if p.endswith((".mll", ".mly")) and module_of(p) not in made]
    return _Folder(text, makers, stale, lacking)


def _named(maker: Group) -> list[Word]:
    field = dune_file.field(maker, "modules") or maker
    return [item for item in field.arguments if isinstance(item, Word)]


def _renamed(problem: Problem, folder: str) -> Iterator[Candidate]:
    """A stanza names a file by a name that it has no more."""
    dunes = read_dunes(problem.view)
    path = posixpath.join(folder, "dune")
    if path not in dunes.texts:
        return
    there = _folder(dunes, path)
    pairs = _replacements(there)
    if not pairs:
        return
    shown = ", ".join(f"`{posixpath.basename(file)}`" for _, file in pairs)
    edits = [dune_file.replace_atom(word, file_name(module_of(file))) for word, file in pairs]
    yield Candidate(f"Make modules of {shown}, which are there", problem.edit(*edits, path=path), 0.95)


def _replacements(there: _Folder) -> list[tuple[Word, str]]:
    """The words without a file, each with the file that it most likely means: the only one of its kind, or the one
    most like it by name."""
    left = list(there.lacking)
    found = []
    for maker, word in there.stale:
        ours = [p for p in left if p.endswith(_MAKERS[maker.head])]
        if ours:
            best = max(ours, key=lambda p: similarity(module_of(word.value), module_of(p)))
            left.remove(best)
            found.append((word, best))
    return found


def _made(problem: Problem, module: str) -> Iterator[Candidate]:
    """The stanzas for the lexer or grammar of that module, and for the others of its folder that have none."""
    dunes = read_dunes(problem.view)
    own = dune_stanzas.owner(problem.diagnostic.path, dunes.stanzas)
    if own is None:
        return
    there = _folder(dunes, own.path)
    text, makers, lacking = there.text, there.makers, there.lacking
    if module not in map(module_of, lacking):
        return
    is_renamed = any(_NO_SOURCE.search(error.flat_message) for error in problem.errors)
    if is_renamed and module in {module_of(p) for _, p in _replacements(there)}:
        yield from _renamed(problem, own.folder)
        return
    new: dict[str, list[str]] = {}
    for path in sorted(lacking, key=lambda p: (not p.endswith(".mll"), p)):
        new.setdefault(_maker(problem, path, makers), []).append(file_name(module_of(path)))
    edits = []
    line = newline(text)
    added = ""
    for head, names in new.items():
        maker = next((one for one in makers if one.head == head), None)
        if maker is not None:
            edits += [_listed(text, maker, name) for name in names]
        else:
            words = " ".join(names)
            added += line + (f"({head} (modules {words})){line}" if head == "menhir" else f"({head} {words}){line}")
    if added:
        behind = makers[-1] if makers else own.group
        at = line_end(text, behind.end)
        edits.append(TextEdit(at, at, ("" if text[:at].endswith("\n") else line) + added))
    shown = ", ".join(f"`{posixpath.basename(path)}`" for path in lacking)
    yield Candidate(f"Make modules of {shown}", problem.edit(*edits, path=own.path), 0.95)


def _listed(text: str, maker: Group, name: str) -> TextEdit:
    if dune_file.field(maker, "modules") is not None:
        return dune_file.add_to_field(text, maker, "modules", name)
    end = maker.items[-1].end
    return TextEdit(end, end, f" {name}")


def _maker(problem: Problem, path: str, makers: Sequence[Group]) -> str:
    if path.endswith(".mll"):
        return "ocamllex"
    used = {maker.head for maker in makers} & {"menhir", "ocamlyacc"}
    if len(used) == 1:
        return used.pop()
    project = project_file(problem.view, path)
    groups = dune_file.stanzas(text_of(problem.view, project) or "") if project else ()
    is_enabled = any(group.head == "using" and group.words[:1] == ("menhir",) for group in groups)
    return "menhir" if is_enabled or _OF_MENHIR.search(text_of(problem.view, path) or "") else "ocamlyacc"
