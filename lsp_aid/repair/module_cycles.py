"""Modules of one library that need each other, where one of them only opens the other, or gives it a name, in vain.

open Order (and nothing of it)              without it
module O = Order (and no O)                 without it
"""

import itertools
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.DependencyCycle):
        return []
    cycle = [_module(step) for step in message.steps]
    pairs = [(user, used) for user, used in itertools.pairwise(cycle) if user and used and user != used]
    found: list[Candidate] = []
    for user, used in dict.fromkeys(pairs):
        for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and module_of(p) == user]:
            text = text_of(problem.view, path)
            if text is not None:
                found += _vain(problem, parse(text, path), used)
    return found


def _module(step: str) -> str:
    """The module that a step is about: `Order` of `.project.objs/project__Order.impl.all-deps`."""
    name = step.rpartition("/")[2].split(".")[0]
    short = name.rpartition("__")[2]
    return short[:1].upper() + short[1:]


def _vain(problem: Problem, syntax: Syntax, used: str) -> Iterator[Candidate]:
    """The open, or the other name, where it alone names the module."""
    names = [node for node in syntax.walk("module_name") if node.text == used and not _is_member(node)]
    openings = [around for node in names if (around := _opening(node)) is not None]
    if not names or len(openings) != len(names):
        return
    edits = [TextEdit(node.start, _end(syntax.text, node.end), "") for node in openings]
    shown = " ".join(openings[0].text.split())
    title = f"Remove `{shown}`, which makes the cycle and is not needed"
    yield Candidate(title, problem.edit(*edits, path=syntax.path), 0.9)


def _is_member(node: Node) -> bool:
    return node.syntax.text[: node.start].rstrip().endswith(".")


def _opening(node: Node) -> Node | None:
    """The item that only opens the module, or only gives it another name that nothing uses."""
    item = node.enclosing("open_module", "module_definition")
    if item is None:
        return None
    if item.kind == "open_module":
        return item if item.text.split() in (["open", node.text], ["open!", node.text]) else None
    binding = item.child("module_binding")
    own = binding.child("module_name") if binding is not None else None
    body = binding.field("body") if binding is not None else None
    if own is None or body is None or body.text != node.text or own == node:
        return None
    uses = [other for other in node.syntax.walk("module_name") if other.text == own.text and other != own]
    return item if not uses else None


def _end(text: str, offset: int) -> int:
    """Behind the line's end, and behind the empty line below it."""
    while offset < len(text) and text[offset] in "\r\n; ":
        offset += 1
    return offset
