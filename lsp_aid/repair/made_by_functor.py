"""A module that is made by a functor now: the file makes one for itself.

Lru.find cache key          module Lru = Lru.Make (String)      above, where Lru has the functor `Make` alone
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, modules_of, text_of, tree

_USUAL = ("String", "Int", "Char", "Float", "Int64")
_SORTS = ("value", "type constructor", "constructor", "record field", "module")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.sort not in _SORTS or syntax is None:
        return ()
    module = message.qualifier
    if not module or problem.diagnostic.path.endswith(".mli"):
        return ()
    found = []
    for functor in _functors(problem, module, message.name):
        asked = await AskedTypes.of(problem)
        known = [*_USUAL, *(path for path, _ in modules_of(problem) if path != module)][:24]
        at = _place(syntax)
        own = module.rpartition(".")[2]
        lines = [f"module {own} = {module}.{functor} ({argument})" for argument in known]
        changes = [problem.edit(TextEdit(at, at, f"{line}\n\n")) for line in lines]
        reached = await asked.reached([c.files[0].after or "" for c in changes]) if asked is not None else []
        for number, (line, change, far) in enumerate(zip(lines, changes, reached, strict=True)):
            if far > problem.end + len(line) + 2:
                found.append(Candidate(f"Make one of it: `{line}`", change, max(0.3, 0.9 - 0.05 * number)))
    return found[:4]


def _functors(problem: Problem, module: str, name: str) -> list[str]:
    """The functors of one parameter whose result has the name."""
    path = file_of_module(problem, module.rpartition(".")[2])
    interface = text_of(problem.view, f"{path}i") if path is not None else None
    text = interface if interface is not None else text_of(problem.view, path) if path is not None else None
    if path is None or text is None:
        return []
    declared = parse(text, f"{path}i" if interface is not None else path).declared
    return [i.name for i in declared if i.kind == "module" and not i.within and _gives(i, declared, name)]


def _gives(item: Item, declared: Sequence[Item], name: str) -> bool:
    takes = len(re.findall(r"\(\s*[A-Z]\w*\s*:", item.node.text.partition("sig")[0].partition("struct")[0]))
    return takes == 1 and any(other.name == name and other.within[:1] == (item.name,) for other in declared)


def _place(syntax: Syntax) -> int:
    """Behind what the file opens, in front of its first item."""
    items: list[Node] = [node for node in syntax.root.named_children if node.kind != "comment"] if syntax.root else []
    return next((node.start for node in items if node.kind != "open_module"), 0)
