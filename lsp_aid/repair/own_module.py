"""A module that names itself: within it, its own values have no prefix.

(in backoff.ml)   let delays n = List.init n Backoff.delay        let delays n = List.init n delay
"""

import posixpath
import re
from collections.abc import Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

_ITSELF = re.compile(r'The module "?[\w.]+"? is an alias for module "?\w+"?, which is the current compilation unit')
_DOT = re.compile(r"\s*\.\s*")
_OPENED = re.compile(r"open!?\s+$")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    path = problem.diagnostic.path
    module = module_of(path)
    message = messages.read(problem.diagnostic)
    is_unbound = isinstance(message, messages.UnboundName) and message.sort == "module" and message.name == module
    if not path.endswith((".ml", ".mli")) or not (is_unbound or _ITSELF.search(problem.diagnostic.flat_message)):
        return ()
    change, often = ChangeSet(), 0
    for own in problem.view.paths():
        if posixpath.splitext(own)[0] == posixpath.splitext(path)[0] and own.endswith((".ml", ".mli")):
            text = text_of(problem.view, own)
            edits = _without(parse(text, own), module) if text is not None else []
            if edits:
                change, often = change.then(problem.edit(*edits, path=own)), often + len(edits)
    if not often:
        return ()
    times = f" ({often} times)" if often > 1 else ""
    return [Candidate(f"A module does not name itself: leave `{module}.` out{times}", change, 0.95)]


def _without(syntax: Syntax, module: str) -> list[TextEdit]:
    """Takes the module's name away wherever a path begins with it, and where it is opened."""
    if any(item.kind == "module" and item.name == module for item in syntax.declared):
        return []
    edits = []
    for node in syntax.walk("module_name"):
        before = syntax.text[: node.start]
        if node.text != module or (before.rstrip().endswith(".") and _is_member(before)):
            continue
        if dot := _DOT.match(syntax.text, node.end):
            edits.append(TextEdit(node.start, dot.end(), ""))
        elif opened := _OPENED.search(before):
            end = node.end
            while end < len(syntax.text) and syntax.text[end] in " ;\r\n":
                end += 1
            edits.append(TextEdit(opened.start(), end, ""))
    return edits


def _is_member(before: str) -> bool:
    """Whether what stands before the dot is another module: `Shop.Backoff`, not `backoff.Backoff.base`."""
    name = re.search(r"([\w']+)\s*\.\s*$", before)
    return name is not None and name[1][:1].isupper()
