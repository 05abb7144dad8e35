"""Lexers and grammars that no stanza makes a module of.

lexer.mll beside        (ocamllex lexer)
parser.mly beside       (menhir (modules parser)), or (ocamlyacc parser) for what ocamlyacc reads as well
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_stanzas, messages
from lsp_aid.ocaml.dune_file import Group
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.dune_places import file_name, project_file, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import line_end, newline
from lsp_aid.repair.places import text_of

_OF_MENHIR = re.compile(
    r"^\s*%(?:start|token|type)\s*<[^>]*>\s*\w+\s*$.*?^\s*%%.*?\b\w+\s*=\s*\w+"
    r"|%start\s*<|%inline|%public|\$(?:startpos|endpos|loc)|\b(?:separated_)?(?:nonempty_)?list\s*\(|\boption\s*\(",
    re.MULTILINE | re.DOTALL,
)
_MAKERS = ("ocamllex", "ocamlyacc", "menhir")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "module":
        return []
    return list(_made(problem, message.path.partition(".")[0]))


def _made(problem: Problem, module: str) -> Iterator[Candidate]:
    """The stanzas for the lexer or grammar of that module, and for the others of its folder that have none."""
    dunes = read_dunes(problem.view)
    own = dune_stanzas.owner(problem.diagnostic.path, dunes.stanzas)
    if own is None:
        return
    beside = [p for p in dunes.paths if posixpath.dirname(p) == own.folder]
    text = dunes.texts[own.path]
    groups = dune_file.stanzas(text)
    makers = [group for group in groups if group.head in _MAKERS]
    made = {module_of(word) for maker in makers for word in (*maker.words, *dune_file.words(maker, "modules"))}
    lacking = [p for p in beside if p.endswith((".mll", ".mly")) and module_of(p) not in made]
    if module not in map(module_of, lacking):
        return
    new: dict[str, list[str]] = {}
    for path in sorted(lacking, key=lambda p: (not p.endswith(".mll"), p)):
        new.setdefault(_maker(problem, path, makers), []).append(file_name(module_of(path)))
    edits = []
    line = newline(text)
    added = ""
    for head, names in new.items():
        there = next((maker for maker in makers if maker.head == head), None)
        if there is not None:
            edits += [_listed(text, there, name) for name in names]
        else:
            words = " ".join(names)
            added += line + (f"({head} (modules {words})){line}" if head == "menhir" else f"({head} {words}){line}")
    if added:
        behind = makers[-1] if makers and makers[-1].end < own.group.start else own.group
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
