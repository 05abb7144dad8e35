"""Where a definition or a declaration goes: in the order of the module's other file, in the layout of its own."""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair.layout import newline, with_comment_above


def inserted(tree: Syntax, text: str, name: str, order: Syntax, kind: str = "value") -> TextEdit:
    """Inserts `text`, which declares `name`, into `tree`, behind what precedes it in `order`."""
    before, after = _neighbours(tree, name, kind, order)
    end_of_line = newline(tree.text)
    if before is not None:
        at = _end_with_doc(before)
        gap = end_of_line * (2 if _is_spaced(tree, before.definition, at) else 1)
        return TextEdit(at, at, gap + text)
    if after is not None:
        at = with_comment_above(after.definition)
        gap = end_of_line * (2 if _is_spaced(tree, after.definition, _end_with_doc(after)) else 1)
        return TextEdit(at, at, text + gap)
    if kind != "value" and tree.root is not None:
        first = next((n for n in tree.root.named_children if not n.kind.startswith("open_module")), None)
        if first is not None:
            at = with_comment_above(first)
            return TextEdit(at, at, text + end_of_line * 2)
    at = len(tree.text)
    lead = "" if not tree.text.strip() else end_of_line if tree.text.endswith("\n") else end_of_line * 2
    return TextEdit(at, at, lead + text + end_of_line)


def _neighbours(tree: Syntax, name: str, kind: str, order: Syntax) -> tuple[Item | None, Item | None]:
    """What `tree` declares next to the name: the nearest before it in `order`, and the nearest behind it."""
    here = {(item.kind, item.name): item for item in tree.items}
    there: Sequence[Item] = order.items
    places = [n for n, item in enumerate(there) if item.name == name]
    place = next((n for n in places if there[n].kind == kind), next(iter(places), len(there)))

    def found(items: Sequence[Item]) -> Item | None:
        keys = ((item.kind if item.kind != "external" else "value", item.name) for item in items)
        return next((here[key] for key in keys if key in here), None)

    return found(there[place - 1 :: -1] if place else ()), found(there[place + 1 :])


def _end_with_doc(item: Item) -> int:
    """The end of the definition, with the documentation that stands right below it."""
    node = item.definition
    siblings = node.parent.children if node.parent else ()
    below = next((sibling for sibling in siblings if sibling.start >= node.end), None)
    text = node.syntax.text
    if below is None or below.kind != "comment" or text[node.end : below.start].count("\n") > 1:
        return node.end
    follower = next((sibling for sibling in siblings if sibling.start >= below.end), None)
    on_same_line = "\n" not in text[node.end : below.start]
    apart = follower is None or text[below.end : follower.start].count("\n") > 1
    return below.end if on_same_line or apart else node.end


def _is_spaced(tree: Syntax, node: Node, end: int) -> bool:
    """Whether empty lines stand between the definitions around this one, or documentation that asks for them."""
    siblings = node.parent.children if node.parent else ()
    below = next((sibling for sibling in siblings if sibling.start >= end), None)
    if below is not None:
        return tree.text[end : below.start].count("\n") > 1
    start = with_comment_above(node)
    above = [sibling for sibling in siblings if sibling.end <= start]
    return end != node.end or (bool(above) and tree.text[above[-1].end : start].count("\n") > 1)
