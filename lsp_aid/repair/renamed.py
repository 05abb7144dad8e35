"""What one of the project's modules has and what goes by another name now, wherever the file uses it.

    let a t = Store.find "a" t        let a t = Store.lookup "a" t
    let b t = Store.find "b" t        let b t = Store.lookup "b" t

What the module defines today, and the file does not use yet, may be it: the build tells whether its type fits.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, text_of
from lsp_aid.repair.similarity import similarity
from lsp_aid.repair.synonyms import mean_the_same

MOST = 6
_FILES_AT_MOST = 400
_RARE = ("module type", "type constructor")
"""Of these a module has few: where there is one alone, it is the one."""
_KINDS = {
    "value": ("value", "external"),
    "constructor": ("constructor", "exception"),
    "type constructor": ("type",),
    "module": ("module",),
    "module type": ("module type",),
}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    kinds = _KINDS.get(message.sort) if isinstance(message, messages.UnboundName) else None
    if not isinstance(message, messages.UnboundName) or kinds is None or not message.qualifier:
        return ()
    text = text_of(problem.view, problem.diagnostic.path)
    if text is None or (problem.diagnostic.path.endswith(".mli") and message.sort == "value"):
        return ()
    old = f"{message.qualifier}.{message.name}"
    places = [match.start() for match in re.finditer(rf"(?<![\w'.]){re.escape(old)}(?![\w'])", text)]
    known = [d for d in declared_elsewhere(problem) if d.kind in kinds]
    names = [d.name for d in known if f"{message.qualifier}.{d.name}" in (d.path, d.short)]
    fresh = [name for name in dict.fromkeys(names) if f"{message.qualifier}.{name}" not in text]
    fresh.sort(key=lambda name: (not mean_the_same(name, message.name), -similarity(name, message.name)))
    found = _of_parameter(problem, message, places) if message.sort == "value" and not names else []
    if message.sort == "type constructor":
        found += _in_module(problem, message, places)
    for number, name in enumerate(fresh[:MOST]):
        new = f"{message.qualifier}.{name}"
        edits = [TextEdit(place, place + len(old), new) for place in places]
        if edits:
            often = f" ({len(edits)} times)" if len(edits) > 1 else ""
            title = f"`{old}` may be `{new}` now{often}"
            is_meant = mean_the_same(name, message.name) or (len(fresh) == 1 and message.sort in _RARE)
            weight = 0.7 if is_meant else 0.4 / (1 + number / 2)
            found.append(Candidate(title, problem.edit(*edits), weight, Kind.FIX if is_meant else Kind.GUESS))
    return found


def _in_module(problem: Problem, message: messages.UnboundName, places: Sequence[int]) -> list[Candidate]:
    """The type `t` of a module within that is called like the type."""
    old = f"{message.qualifier}.{message.name}"
    new = f"{message.qualifier}.{message.name.capitalize()}.t"
    if not any(new in (d.path, d.short) and d.kind == "type" for d in declared_elsewhere(problem)):
        return []
    edits = [TextEdit(place, place + len(old), new) for place in places]
    return [Candidate(f"`{old}` is `{new}` now", problem.edit(*edits), 0.9)]


def _of_parameter(problem: Problem, message: messages.UnboundName, places: Sequence[int]) -> list[Candidate]:
    """What the module type of a functor's parameter has, and that means the same."""
    old = f"{message.qualifier}.{message.name}"
    found = []
    for name in dict.fromkeys(_of_signature(problem, message.qualifier)):
        if name == message.name or not mean_the_same(name, message.name):
            continue
        new = f"{message.qualifier}.{name}"
        edits = [TextEdit(place, place + len(old), new) for place in places]
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        found.append(Candidate(f"`{old}` is `{new}` now{often}", problem.edit(*edits), 0.93))
    return found[:MOST]


def _of_signature(problem: Problem, parameter: str) -> Iterator[str]:
    """The values that the parameter of a functor has by its module type."""
    said = re.search(rf"\(\s*{re.escape(parameter)}\s*:\s*(?P<type>[\w'.]+)", problem.source.text)
    if said is None:
        return
    *module, name = said["type"].split(".")
    own = problem.diagnostic.path
    paths = [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]
    for path in [p for p in paths if module_of(p) == module[-1]] if module else [own]:
        syntax = parse(text_of(problem.view, path) or "", path)
        for item in syntax.declared:
            if item.kind == "module type" and item.name == name:
                named = (node.child("value_name") for node in item.node.walk("value_specification"))
                yield from (node.text for node in named if node is not None)
