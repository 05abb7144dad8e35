"""What a place that names a module asks of it."""

from collections.abc import Iterator

from attrs import frozen

from lsp_aid.ocaml.syntax import Node

KINDS = {
    "value_path": ("value", "external"),
    "type_constructor_path": ("type",),
    "constructor_path": ("constructor", "exception"),
    "field_path": ("record field",),
    "module_path": ("module",),
    "extended_module_path": ("module",),
}
"""The kinds of what a path may name, as `Item` has them. The first stands for all of them in what is asked."""


@frozen
class Use:
    """A place that names the module: what it asks of it, and what it may ask where it opens it."""

    node: Node
    asked: frozenset[tuple[str, str]]
    open: Node | None = None
    may_ask: frozenset[tuple[str, str]] = frozenset()


def kind_of(kind: str) -> str:
    """The kind that stands for this one in what is asked; empty where none can be asked for."""
    return next((kinds[0] for kinds in KINDS.values() if kind in kinds), "")


def use_of(node: Node) -> Use:
    """What is asked of a module whose name stands there, the last of a path: behind its dot, or by the name it gets."""
    path = node.parent
    above = path.parent if path is not None else None
    if above is None or above.kind in KINDS:
        return Use(node, frozenset(_asked(node)))
    if above.kind == "module_binding" and (name := above.child("module_name")) is not None:
        same = [one for one in node.syntax.walk("module_name") if one.text == name.text and one.start > node.end]
        return Use(node, frozenset(asked for one in same for asked in _asked(one)))
    if above.kind in ("open_module", "include_module", "local_open_expression", "local_open_pattern"):
        room = above if above.kind.startswith("local") else node.syntax.root
        declared = {item.name for item in node.syntax.declared}
        names = (one for one in (room.walk(*KINDS) if room is not None else ()) if "." not in one.text)
        may_ask = {(KINDS[one.kind][0], one.text) for one in names if one.text not in declared}
        return Use(node, frozenset(), above, frozenset(may_ask))
    return Use(node, frozenset())


def _asked(node: Node) -> Iterator[tuple[str, str]]:
    """The name right behind the module, with its kind."""
    path = node.parent
    above = path.parent if path is not None and path.kind.endswith("module_path") else None
    if path is not None and above is not None and above.kind in KINDS and path.children[-1] == node:
        rest = node.syntax.text[node.end : above.end].strip().removeprefix(".").lstrip()
        if "." not in rest:
            yield KINDS[above.kind][0], rest.strip("() ")
