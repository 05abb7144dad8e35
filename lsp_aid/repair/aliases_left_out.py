"""Aliases of modules that a file lacks, where what it means is within another module of the project.

let f (env : int Map.t) = ...          module Map = Names.Map, in front; as other files have such
                                       int Names.Map.t, where it is used once and no other file has one
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages, stdlib
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import below_opens
from lsp_aid.repair.places import declared_elsewhere, file_of_module, is_member, text_of, tree

_SORTS = ("value", "type constructor", "constructor", "record field", "module", "module type")
_FILES_AT_MOST = 400
_LIKELY, _LESS, _MANY = 0.95, 0.85, 3


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.sort not in _SORTS or syntax is None:
        return ()
    module = message.path.partition(".")[0]
    is_module = message.sort == "module" and message.path == module
    if not (message.qualifier or is_module) or file_of_module(problem, module) is not None:
        return ()
    if any(item.kind == "module" and item.name == module for item in syntax.declared):
        return ()
    uses = [n for n in syntax.walk("module_name") if n.text == module and not is_member(n)]
    declared = list(declared_elsewhere(problem))
    paths = [d for d in declared if d.kind == "module" and d.name == module and d.short != module]
    known = {d.path for d in declared}
    if module in stdlib.MODULES:  # another of that name is meant only if it has what is asked for
        paths = [d for d in paths if f"{d.path}.{message.name}" in known]
    found: list[Candidate] = []
    for number, path in enumerate(dict.fromkeys(d.short for d in paths)):
        found += [*_brought(problem, syntax, uses, path, 0.1 * number)]
    return found[:4]


def _brought(problem: Problem, syntax: Syntax, uses: Sequence[Node], path: str, less: float) -> Iterator[Candidate]:
    """The alias, and the whole path wherever the module is named; that first which other files do."""
    outer, _, module = path.rpartition(".")
    has_aliases, has_paths = _others(problem, outer.rpartition(".")[2])
    aliased = len(uses) >= (_MANY if not has_aliases else 2) and has_aliases >= has_paths
    alias = problem.edit(below_opens(syntax, f"module {module} = {path}", aliases=True))
    edits = [TextEdit(node.start, node.end, path) for node in uses]
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    yield Candidate(f"Say what it is here: `module {module} = {path}`", alias, (_LIKELY if aliased else _LESS) - less)
    if edits:
        whole = problem.edit(*edits)
        yield Candidate(f"`{module}` is `{path}`{times}", whole, (_LESS if aliased else _LIKELY) - less)


def _others(problem: Problem, outer: str) -> tuple[int, int]:
    """How many other files have aliases of modules in `outer`, and how many only name such by their paths."""
    aliases = re.compile(rf"^module\s+(\w+)\s*=\s*(?:[A-Z]\w*\.)*{outer}\.[A-Z]\w*\s*$", re.MULTILINE)
    named = re.compile(rf"(?<![\w'.]){outer}\.[A-Z]\w*\.")
    has_aliases, has_paths = 0, 0
    paths = [p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and p != problem.diagnostic.path]
    for path in paths[:_FILES_AT_MOST]:
        text = text_of(problem.view, path) or ""
        is_aliased = aliases.search(text) is not None
        has_aliases += is_aliased
        has_paths += not is_aliased and named.search(text) is not None
    return has_aliases, has_paths
