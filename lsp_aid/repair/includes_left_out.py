"""Modules that extend one of the same name, and lack what takes that in.

module String = struct                    module String = struct
  let words s = split_on_char ' ' s         include String
end
                                            let words s = split_on_char ' ' s
                                          end

Within it the names of the other are missing, and behind it, and in whatever opens the module around it, `String.trim`.
A set beside a map is made of the same: `include Set.Make (Int)`.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages, stdlib
from lsp_aid.ocaml.syntax import Item, Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import column, newline
from lsp_aid.repair.places import declared_elsewhere, file_of_module, opened_at, text_of, tree

_SORTS = ("value", "type constructor", "constructor", "module", "module type")
_KNOWN, _LIKELY = 0.94, 0.7
_MADE = re.compile(r"\b(?:Map|Set)\.Make\s*(?P<of>\(\s*[\w.']+\s*\))")
_OF_STRUCTURES, _OF_SIGNATURES = "include {}", "include module type of struct include {} end"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.sort not in _SORTS or syntax is None:
        return ()
    found: list[Candidate] = []
    for path, module in _modules(problem, syntax, message.qualifier):
        if made := _made(problem, path, module):
            found.append(made)
            continue
        known = _is_known(problem, module.name, message.name)
        edits = dict(_edits(problem, path, module)) if known or module.name in stdlib.OTHER_MODULES else {}
        if edits:
            change = problem.edit_each(edits)
            title = f"Take what `{module.name}` has into the module of that name: `include {module.name}`"
            found.append(Candidate(title, change, _KNOWN if known else _LIKELY))
    return found[:1]


def _made(problem: Problem, path: str, module: Item) -> Candidate | None:
    """`include Set.Make (Id)` in a module `Set`, where the file makes a map of that."""
    text = text_of(problem.view, path) or ""
    beside = _MADE.search(text) if module.name in ("Map", "Set") else None
    written = f"include {module.name}.Make {beside['of']}" if beside is not None else ""
    structures = [node for node in module.node.children if node.kind == "structure"]
    edits = [edit for node in structures for edit in _in_front(node, module.name, written)] if written else []
    if not edits:
        return None
    return Candidate(
        f"Make `{module.name}` of what the other is made of: `{written}`", problem.edit(*edits, path=path), _KNOWN
    )


def _modules(problem: Problem, syntax: Syntax, qualifier: str) -> Iterator[tuple[str, Item]]:
    """The module around the error, or that of the name in front of it: of the file, or of one that it opens."""
    here = [item for item in syntax.declared if item.kind == "module" and not item.within]
    if not qualifier:
        yield from ((problem.diagnostic.path, m) for m in here if m.start <= problem.start < m.end)
        return
    if above := [m for m in here if m.name == qualifier and m.end <= problem.start]:
        yield problem.diagnostic.path, above[-1]
        return
    for module in opened_at(problem):
        path = file_of_module(problem, module.rpartition(".")[2])
        text = text_of(problem.view, path) if path is not None else None
        if path is not None and text is not None:
            theirs = (item for item in parse(text, path).declared if item.kind == "module" and not item.within)
            yield from ((path, item) for item in theirs if item.name == qualifier)


def _is_known(problem: Problem, module: str, name: str) -> bool:
    """Whether the module that is not within another has that name."""
    if name in stdlib.MODULES.get(module, ()):
        return True
    return any(found.path.split(".")[-2:] == [module, name] for found in declared_elsewhere(problem))


def _edits(problem: Problem, path: str, module: Item) -> Iterator[tuple[str, list[TextEdit]]]:
    """What is put in front of the module's items, in its signature and in the interface of its file, too."""
    yield path, [edit for node in module.node.children for edit in _in_front(node, module.name)]
    interface = text_of(problem.view, f"{path}i") if path.endswith(".ml") else None
    if interface is not None:
        promised = parse(interface, f"{path}i").declared
        same = [item for item in promised if item.kind == "module" and item.path == module.path]
        yield f"{path}i", [edit for one in same for node in one.node.children for edit in _in_front(node, module.name)]


def _in_front(node: Node, module: str, written: str = "") -> Iterator[TextEdit]:
    written = written or {"structure": _OF_STRUCTURES, "signature": _OF_SIGNATURES}.get(node.kind, "")
    if not written or len(node.children) < 3 or any(_is_taken_in(child, module) for child in node.children):
        return
    first, text = node.children[1], node.syntax.text
    gap, line = text[node.children[0].end : first.start], newline(text)
    apart = f"{line}{line}{' ' * column(text, first.start)}" if "\n" in gap else " "
    yield TextEdit(first.start, first.start, written.format(module) + apart)


def _is_taken_in(child: Node, module: str) -> bool:
    return child.kind.startswith("include") and module in re.split(r"[\s(.]+", child.text)
