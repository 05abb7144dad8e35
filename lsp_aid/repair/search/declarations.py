"""Declarations of constructors that do not fit how these are used: another name, other arguments, or none at all."""

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.ocaml.syntax import Item
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.search.edit import Edit
from lsp_aid.repair.search.program import Node, Program

_BUILT_IN = frozenset(
    ("Some", "None", "Ok", "Error", "true", "false", "Not_found", "Failure", "Invalid_argument", "Exit")
)
MOST_USES = 40


@frozen
class _Use:
    node: Node
    name: str
    arity: int


def edits(nodes: Sequence[Node], program: Program) -> Iterator[Edit]:
    """Edits of the declarations for what these nodes use."""
    declared = [item for item in program.syntax.declared if item.kind == "constructor"]
    by_name = {item.name: item for item in declared}
    counts = Counter(token.text for token in tokens(program.text))
    seen: set[tuple[str, int]] = set()
    for use in list(_uses(nodes))[:MOST_USES]:
        if (use.name, use.arity) in seen or use.name in _BUILT_IN or "." in use.name:
            continue
        seen.add((use.name, use.arity))
        known = by_name.get(use.name)
        if known is None:
            yield from _renamed(use, [item for item in declared if counts[item.name] == 1])
            yield from _declared(use, declared)
        elif use.arity and len(_arguments(known)) != use.arity:
            yield _declaration(use, known, "declaration arity")


def _uses(nodes: Sequence[Node]) -> Iterator[_Use]:
    for node in nodes:
        if node.kind == "pconstr":
            yield _Use(node, node.operator, _arity(node.kids))
        elif node.kind == "app" and node.kids and node.kids[0].kind == "construct":
            yield _Use(node, node.kids[0].text, _arity(node.kids[1:]))
        elif node.kind == "construct" and node.role != "function":
            yield _Use(node, node.text, 0)


def _arity(given: Sequence[Node]) -> int:
    return len(given[0].kids) if len(given) == 1 and given[0].kind in ("tuple", "ptuple") else len(given)


def _arguments(item: Item) -> list[str]:
    return [child.text for child in item.node.named_children if child.kind != "constructor_name"]


def _renamed(use: _Use, unused: Sequence[Item]) -> Iterator[Edit]:
    """The declaration of a constructor that nobody uses."""
    for item in unused:
        name = next(child for child in item.node.named_children if child.kind == "constructor_name")
        if len(_arguments(item)) == use.arity:
            yield Edit("declare other name", use.node, ((name.start, name.end, use.name),), use.name, (use.name,))
        elif use.arity and _arguments(item):
            yield _declaration(use, item, "declare other name and arity")


def _declaration(use: _Use, item: Item, kind: str) -> Edit:
    old = _arguments(item) or [item.owner]
    types = [*old, *[old[-1]] * use.arity][: use.arity]
    made = f"{use.name} of {' * '.join(types)}"
    return Edit(kind, use.node, ((item.node.start, item.node.end, made),), made, (use.name,))


def _declared(use: _Use, declared: Sequence[Item]) -> Iterator[Edit]:
    """One more constructor at the end of a type."""
    last = {item.owner: item for item in declared}
    for owner, item in last.items():
        of = f" of {' * '.join([owner] * use.arity)}" if use.arity else ""
        made = f"{use.name}{of}"
        yield Edit("declare", use.node, ((item.node.end, item.node.end, f" | {made}"),), made, (use.name,))
