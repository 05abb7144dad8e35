"""What is used before it is declared.

type expr = Block of stmt list            type expr = Block of stmt list
type stmt = Expr of expr                  and stmt = Expr of expr

let area r = pi *. r *. r                 let pi = 3.14
let pi = 3.14                             let area r = pi *. r *. r

What is moved takes along what it needs itself of the items between, and what else the use lacks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import EVERYTHING, AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import take_out, with_comment_above
from lsp_aid.repair.places import node_of, tree

_DECLARED = {
    "value": ("value", "external"),
    "type constructor": ("type",),
    "module": ("module",),
    "module type": ("module type",),
    "constructor": ("constructor", "exception"),
    "record field": ("record field",),
}
_PATHS = ("value_path", "type_constructor_path", "constructor_path", "module_path")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort not in _DECLARED or message.of_type:
        return ()
    name = message.path.partition(".")[0] if message.qualifier else message.name
    sorts = ("module",) if message.qualifier else _DECLARED[message.sort]
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    later = [i for i in syntax.declared if i.kind in sorts and i.name == name and i.start >= problem.end]
    for item in later:
        declaring = _top(item.node)
        using = next((n for n in (node, *node.ancestors()) if n.parent == declaring.parent), None)
        if using is None or using.end > declaring.start:
            continue
        found = list(_joined(problem, using, declaring))
        found += [c async for c in _moved(problem, using, declaring)] if not found else []
        return found
    return ()


def _top(node: Node) -> Node:
    """The whole item of a structure that a declaration is part of."""
    for around in (node, *node.ancestors()):
        if around.parent is not None and around.parent.kind in ("compilation_unit", "structure", "signature"):
            return around
    return node


def _between(first: Node, last: Node) -> list[Node]:
    siblings = first.parent.named_children if first.parent is not None else ()
    return [s for s in siblings if first.start <= s.start <= last.start]


def _joined(problem: Problem, using: Node, declaring: Node) -> Iterator[Candidate]:
    """Types that need one another are declared together."""
    run = _between(using, declaring)
    if any(item.kind != "type_definition" for item in run):
        return
    names = [n.text for item in run for b in item.named_children if (n := b.child("type_constructor")) is not None]
    own = [n.text for b in using.named_children if (n := b.child("type_constructor")) is not None]
    if not any(
        use.text in own
        for item in run[1:]
        for use in item.walk("type_constructor")
        if use.parent is not None and use.parent.kind == "type_constructor_path"
    ):
        return
    edits = [TextEdit(w.start, w.end, "and") for item in run[1:] if (w := item.child("type")) is not None]
    yield Candidate(f"Declare {' and '.join(f'`{n}`' for n in names)} together: `and`", problem.edit(*edits), 0.93)


async def _moved(problem: Problem, using: Node, declaring: Node):  # type: ignore[no-untyped-def]
    """The declaration in front of its first use, with all others of below that it or the use needs, in their order."""
    text = problem.source.text
    at = with_comment_above(using)
    items = _needed(using, declaring)
    gap = re.search(r"\n\s*$", text[:at])
    moved = ""
    for item in items:
        start, end = with_comment_above(item), item.end
        is_apart = text[start - 2 : start] == "\n\n" or (gap is not None and gap[0].count("\n") > 1)
        moved += text[start:end] + ("\n\n" if is_apart else "\n")
    after = text
    for item in sorted(items, key=lambda item: -item.start):
        after = apply_text_edits(after, [take_out(after, with_comment_above(item), item.end)])
    after = apply_text_edits(after, [TextEdit(at, at, moved)])
    change = ChangeSet.of([FileChange(problem.diagnostic.path, text, after)])
    if not change:
        return  # it stands there already
    names = " and ".join(f"`{name}`" for name in dict.fromkeys(name for item in items for name in _names(item)[:1]))
    title = f"Declare {names} before {'they are' if len(items) > 1 else 'it is'} used"
    asked = await AskedTypes.of(problem)
    if asked is not None:
        (far,) = await asked.reached([change.files[0].after or ""])
        if far <= problem.start + len(moved.rstrip()):
            return
        yield Candidate(title, change, 0.9 if far == EVERYTHING else 0.75)
    else:
        yield Candidate(title, change, 0.7)


def _needed(using: Node, declaring: Node) -> list[Node]:
    """The items from the use on that have to stand above it, in the order that they need: what it needs itself, and
    what those need."""
    below = [item for item in _between(using, using.parent.named_children[-1]) if item != using] if using.parent else []
    of_name = {name: item for item in reversed(below) for name in _names(item)}
    needed: list[Node] = []
    begun = {using}

    def put(item: Node) -> None:
        begun.add(item)
        for other in sorted(_lacking(item, of_name, using), key=lambda one: one.start):
            if other not in begun:
                put(other)
        needed.append(item)

    for item in sorted({declaring, *_lacking(using, of_name, using)}, key=lambda one: one.start):
        if item not in begun:
            put(item)
    return needed


def _lacking(item: Node, of_name: Mapping[str, Node], using: Node) -> set[Node]:
    """The items of below that an item needs itself."""
    found = set()
    for path in item.walk(*_PATHS):
        name = path.text.partition(".")[0]
        other = of_name.get(name)
        if other is not None and other != item and not _is_bound(path, name, using, item):
            found.add(other)
    return found


def _names(item: Node) -> list[str]:
    return [i.name for i in item.syntax.declared if item.start <= i.start < item.end and _top(i.node) == item]


def _is_bound(path: Node, name: str, using: Node, item: Node) -> bool:
    """Whether the name has a meaning there that stays: one of the item itself, or one from above the use."""
    if path.kind == "value_path":
        binding = lookup(path.syntax, name, path.start)
        return binding is not None and (binding.node.start < using.start or item.start <= binding.node.start < item.end)
    return any(i.name == name and not i.within and i.start < using.start for i in path.syntax.declared)
