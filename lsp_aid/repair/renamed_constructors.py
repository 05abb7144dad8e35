"""A constructor that its type has by another name now, in all files that use the old one.

type t = Const of int | Neg of t          | Const n -> n
| Lit n -> n   | Neg t -> ...             | Neg t -> ...

It is the only one that the matching lacks, or the only one that nothing uses.
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Item, Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, text_of, tree
from lsp_aid.repair.similarity import similarity
from lsp_aid.repair.synonyms import mean_the_same

_FILES_AT_MOST = 400
_KINDS = ("constructor", "exception")
_ALIKE = 0.7
_ONLY_ONE, _UNUSED, _ONE_OF_MANY = 0.92, 0.85, 0.6


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.sort != "constructor" or syntax is None:
        return ()
    at = syntax.node_at(problem.start, problem.end)
    found = at.walk("constructor_name") if at is not None else ()
    here = next((node for node in found if node.text == message.name and node.start >= problem.start), None)
    if here is None:
        return ()
    files = _files(problem, message.name)
    if any(item.name == message.name for one in files for item in one.declared if item.kind in _KINDS):
        return ()
    uses = [here, *(use for one in files for use in _uses(one, message.name, "") if use != here)]
    use = next((use for use in uses if _named_beside(use)), here)  # the other cases tell the most
    module, known = _constructors(problem, message, use)
    if any(similarity(message.name, item.name) >= _ALIKE for item in known):
        return ()
    return list(_renamed(problem, files, message.name, module, _meant(problem, known, use)))


def _constructors(problem: Problem, message: messages.UnboundName, use: Node) -> tuple[str, list[Item]]:
    """Those of the type that is wanted, with the module it is in: as the message or the other cases have it; or all of
    the module that is named."""
    *qualifier, type_ = (message.of_type or "").strip().split(" ")[-1].split(".")
    beside = _named_beside(use)
    for one in _files(problem, *beside) if not type_ else ():
        for owner in {item.owner for item in one.declared if item.kind == "constructor"}:
            known = [item for item in one.declared if item.kind == "constructor" and item.owner == owner]
            if beside <= {item.name for item in known}:
                return module_of(one.path), known
    named = qualifier[-1] if qualifier else "" if type_ else message.qualifier.rpartition(".")[2]
    path = file_of_module(problem, named) if named else problem.diagnostic.path if type_ else None
    text = text_of(problem.view, path) if path is not None else None
    if path is None or text is None:
        return "", []
    known = [item for item in parse(text, path).declared if item.kind == "constructor"]
    return module_of(path), [item for item in known if item.owner == type_ or not type_]


def _named_beside(use: Node) -> set[str]:
    """The constructors that other cases stand for."""
    case = _case_of(use)
    cases = case.parent.children if case is not None and case.parent is not None else ()
    patterns = [pattern for one in cases if one != case and (pattern := one.field("pattern")) is not None]
    heads = (next(pattern.walk("constructor_name"), None) for one in patterns for pattern in _alternatives(one))
    return {head.text for head in heads if head is not None}


def _alternatives(pattern: Node) -> Iterator[Node]:
    if pattern.kind == "or_pattern":
        for part in pattern.named_children:
            yield from _alternatives(part)
    else:
        yield pattern


def _case_of(use: Node) -> Node | None:
    """The case whose pattern begins with the constructor."""
    case = use.enclosing("match_case")
    pattern = case.field("pattern") if case is not None else None
    starts = [one.start for one in _alternatives(pattern)] if pattern is not None else []
    path = use.parent
    return case if path is not None and path.start in starts else None


def _meant(problem: Problem, known: Sequence[Item], use: Node) -> Iterator[tuple[str, float]]:
    """The constructors of the type that carry as much, and no other case is for, and nothing uses."""
    beside = _named_beside(use)
    fits = [item.name for item in known if item.name not in beside and _carries(item.node) == _is_given(use)]
    paths = [path for one in _files(problem, *fits) for path in one.walk("constructor_path")]
    in_use = {name.text for path in paths for name in path.walk("constructor_name")}
    unused = [name for name in fits if name not in in_use]
    if len(fits) == 1 and beside:
        yield fits[0], _ONLY_ONE
    elif len(unused) == 1:
        yield unused[0], _UNUSED
    else:
        yield from ((name, _ONE_OF_MANY) for name in fits if mean_the_same(name.lower(), use.text.lower()))


def _carries(declaration: Node) -> bool:
    return declaration.child("of") is not None or declaration.child("->") is not None


def _is_given(use: Node) -> bool:
    path = use.parent
    around = path.parent if path is not None else None
    if around is None or path is None:
        return False
    is_head = around.kind == "constructor_pattern" or around.field("function") == path
    return is_head or around.kind == "constructor_application"


def _files(problem: Problem, *names: str) -> list[Syntax]:
    """The files with one of these names in them."""
    paths = [path for path in problem.view.paths() if path.endswith((".ml", ".mli"))][:_FILES_AT_MOST]
    texts = {path: text_of(problem.view, path) or "" for path in paths} if names else {}
    return [parse(text, path) for path, text in texts.items() if any(name in text for name in names)]


def _renamed(
    problem: Problem, files: Sequence[Syntax], old: str, module: str, meant: Iterator[tuple[str, float]]
) -> Iterator[Candidate]:
    uses = [(one, list(_uses(one, old, module))) for one in files]
    often = sum(len(nodes) for _, nodes in uses)
    for new, weight in meant:
        edits = {one.path: [TextEdit(node.start, node.end, new) for node in nodes] for one, nodes in uses}
        shown = f" ({often} times)" if often > 1 else ""
        yield Candidate(f"`{old}` is `{new}` now{shown}", problem.edit_each(edits), weight)


def _uses(syntax: Syntax, name: str, module: str) -> Iterator[Node]:
    """The places with that name alone, or with the module in front; with any where that is empty."""
    for path in syntax.walk("constructor_path"):
        *qualifier, last = path.named_children
        if last.text == name and (not module or not qualifier or qualifier[-1].text.rpartition(".")[2] == module):
            yield last
