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
from lsp_aid.repair.places import is_member, text_of

_OF_TYPES = ("type", "constructor", "record field", "exception")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.DependencyCycle):
        return []
    found: list[Candidate] = []
    for user, used in neighbours(message):
        for path in sources_of(problem, user):
            text = text_of(problem.view, path)
            if text is not None:
                found += _vain(problem, parse(text, path), used)
    return found


def neighbours(message: messages.DependencyCycle) -> list[tuple[str, str]]:
    """The modules next to each other in the cycle, in both orders: which one needs the other, dune tells in either."""
    steps = message.steps
    last = next(
        (n for n, step in enumerate(steps) if step in steps[:n]), -1
    )  # what leads to it, or needs it, is no part
    cycle = [_module(step) for step in steps[steps.index(steps[last]) : last + 1]] if last > 0 else []
    pairs = [(one, other) for one, other in itertools.pairwise(cycle) if one and other and one != other]
    return list(dict.fromkeys(pair for one, other in pairs for pair in ((one, other), (other, one))))


def sources_of(problem: Problem, module: str) -> list[str]:
    """The files of a module."""
    return [p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and module_of(p) == module]


def _module(step: str) -> str:
    """The module that a step is about: `Order` of `.project.objs/project__Order.impl.all-deps`."""
    name = step.rpartition("/")[2].split(".")[0]
    short = name.rpartition("__")[2]
    return short[:1].upper() + short[1:]


def _vain(problem: Problem, syntax: Syntax, used: str) -> Iterator[Candidate]:
    """The open, or the other name, where it alone names the module."""
    names = [node for node in syntax.walk("module_name") if node.text == used and not is_member(node)]
    openings = [around for node in names if (around := _opening(node)) is not None]
    if not names or len(openings) != len(names):
        return
    if any(node.kind == "open_module" for node in openings) and _is_needed(problem, syntax, used):
        return
    edits = [TextEdit(node.start, _end(syntax.text, node.end), "") for node in openings]
    shown = " ".join(openings[0].text.split())
    title = f"Remove `{shown}`, which makes the cycle and is not needed"
    yield Candidate(title, problem.edit(*edits, path=syntax.path), 0.9)


def _is_needed(problem: Problem, syntax: Syntax, used: str) -> bool:
    """Whether the file names a type, constructor or field that only the module declares."""
    own = {item.name for item in syntax.declared if item.kind in _OF_TYPES}
    named = {n.text for n in syntax.walk("type_constructor_path", "constructor_path", "field_path")}
    for path in sources_of(problem, used):
        declared = parse(text_of(problem.view, path) or "", path).declared
        if any(i.kind in _OF_TYPES and not i.within and i.name in named - own for i in declared):
            return True
    return False


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
