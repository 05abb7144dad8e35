"""Aliases of modules that are not there, and constraints that say nothing.

module Text = Text_util                   module Text = Text_utils
type 'a t = A : int t constraint 'a = _   type 'a t = A : int t
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import take_out
from lsp_aid.repair.places import modules_of, tree
from lsp_aid.repair.similarity import similarity

_NO_INTERFACE, _CONSTRAINT = 49, 62
_ALIKE = 0.5
_MOST = 3


async def candidates(problem: Problem) -> Sequence[Candidate]:
    number = messages.warning_number(problem.diagnostic)
    syntax = tree(problem) if number in (_NO_INTERFACE, _CONSTRAINT) else None
    if syntax is None:
        return ()
    return list(_alias(problem) if number == _NO_INTERFACE else _constraint(problem, syntax))


def _alias(problem: Problem) -> Iterator[Candidate]:
    said = re.search(r"for module [\"`]?([\w'.]+)", problem.diagnostic.flat_message)
    text = problem.source.text
    name = said[1] if said else ""
    at = text.rfind(name, problem.start, max(problem.end, text.find("\n", problem.start))) if name else -1
    if at < 0:
        return
    alike = {other: similarity(name, other) for other, _ in modules_of(problem) if other != name}
    for other in sorted(alike, key=lambda o: -alike[o])[:_MOST]:
        if alike[other] >= _ALIKE:
            edit = TextEdit(at, at + len(name), other)
            yield Candidate(f"Replace `{name}` by `{other}`", problem.edit(edit), 0.95 * alike[other])


def _constraint(problem: Problem, syntax: Syntax) -> Iterator[Candidate]:
    for node in syntax.walk("type_constraint"):
        around = node.enclosing("type_definition")
        if around is not None and around.start <= problem.start < around.end:
            edit = take_out(syntax.text, node.start, node.end)
            yield Candidate(f"Remove `{node.text}`, which says nothing here", problem.edit(edit), 0.85)
            return
