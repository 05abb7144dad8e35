"""OCaml source as a tree, also while it is broken: the only home of tree-sitter.

The tree is of the text alone, without types. All offsets are code points of the text, as everywhere in lsp-aid.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from importlib import resources
from itertools import accumulate
from pathlib import Path, PurePosixPath

import tree_sitter
import tree_sitter_ocaml
from attrs import define, field, frozen

_GRAMMARS = {".ml": "ocaml", ".mli": "ocaml_interface"}


@frozen
class Node:
    """A node of the tree. `start` and `end` are offsets in code points; `kind` is the grammar's name for it.

    Two nodes are equal where they are the same node of the same tree.
    """

    syntax: "Syntax" = field(eq=False, repr=False)
    raw: tree_sitter.Node = field(repr=False)

    @property
    def kind(self) -> str:
        return self.raw.type

    @property
    def is_named(self) -> bool:
        """False for keywords, operators in fixed places and punctuation."""
        return self.raw.is_named

    @property
    def start(self) -> int:
        return self.syntax.offsets.code_points(self.raw.start_byte)

    @property
    def end(self) -> int:
        return self.syntax.offsets.code_points(self.raw.end_byte)

    @property
    def text(self) -> str:
        return self.syntax.text[self.start : self.end]

    @property
    def parent(self) -> "Node | None":
        return self._wrap(self.raw.parent)

    @property
    def children(self) -> "tuple[Node, ...]":
        """All children, keywords and punctuation included; comments as well."""
        return tuple(Node(self.syntax, child) for child in self.raw.children)

    @property
    def named_children(self) -> "tuple[Node, ...]":
        """The named children without comments."""
        return tuple(Node(self.syntax, child) for child in self.raw.named_children if child.type != "comment")

    def field(self, name: str) -> "Node | None":
        """The child in the grammar's field of that name: `body`, `pattern`, `function`, `left`, `operator`, ..."""
        return self._wrap(self.raw.child_by_field_name(name))

    def fields(self, name: str) -> "tuple[Node, ...]":
        """All children in that field: the `argument`s of an application."""
        return tuple(Node(self.syntax, child) for child in self.raw.children_by_field_name(name))

    def child(self, *kinds: str) -> "Node | None":
        """The first child of one of these kinds."""
        return next((child for child in self.children if child.kind in kinds), None)

    def ancestors(self) -> "Iterator[Node]":
        """The nodes around this one, the nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def enclosing(self, *kinds: str) -> "Node | None":
        """The nearest node around this one that is of one of these kinds."""
        return next((node for node in self.ancestors() if node.kind in kinds), None)

    def walk(self, *kinds: str) -> "Iterator[Node]":
        """This node and all below it, in the order of the text; only those of these kinds where any are named."""
        stack = [self.raw]
        while stack:
            raw = stack.pop()
            if not kinds or raw.type in kinds:
                yield Node(self.syntax, raw)
            stack.extend(reversed(raw.children))

    def whole(self) -> "Node":
        """The outermost node with the same extent: the path `x` instead of its last name."""
        node = self
        while (above := node.parent) is not None and above.raw.byte_range == node.raw.byte_range and above.parent:
            node = above
        return node

    def _wrap(self, raw: "tree_sitter.Node | None") -> "Node | None":
        return None if raw is None else Node(self.syntax, raw)


@frozen
class Item:
    """Something that a file or a module in it declares.

    `kind`: value, external, type, constructor, record field, exception, module, module type, class, class type, method.
    `start` and `end` are those of the whole definition, from its `let` or `type`, the parts joined by `and` included.
    `node` is the part that declares this name, `definition` the whole. `within` are the modules around it.
    """

    name: str
    kind: str
    node: Node
    definition: Node
    within: tuple[str, ...] = ()
    owner: str = ""  # the type that a constructor or field is of

    @property
    def start(self) -> int:
        return self.definition.start

    @property
    def end(self) -> int:
        return self.definition.end

    @property
    def path(self) -> str:
        return ".".join((*self.within, self.name))


@frozen
class AidComment:
    """A comment that asks for a change. `prompt` is on one line."""

    start: int
    end: int
    prompt: str


@define(frozen=True, slots=False, eq=False)
class Syntax:
    """A text and its tree. `root` is None where there is no grammar for the file; then nothing is found in it."""

    path: str
    text: str
    _tree: tree_sitter.Tree | None

    @cached_property
    def offsets(self) -> "_Offsets":
        return _Offsets(self.text)

    @property
    def root(self) -> Node | None:
        return None if self._tree is None else Node(self, self._tree.root_node)

    @property
    def is_interface(self) -> bool:
        return _grammar(self.path) == "ocaml_interface"

    @property
    def has_error(self) -> bool:
        """Whether the text does not parse."""
        return self._tree is not None and self._tree.root_node.has_error

    @cached_property
    def errors(self) -> tuple[tuple[int, int], ...]:
        """Where the text does not parse: what was skipped, and, without extent, what is missing."""
        if not self.has_error:
            return ()
        return tuple((node.start, node.end) for node in self.matches("problems"))

    def node_at(self, start: int, end: int | None = None) -> Node | None:
        """The smallest named node around `[start, end)`."""
        if self._tree is None:
            return None
        first = self.offsets.bytes(start)
        last = self.offsets.bytes(start if end is None else end)
        raw = self._tree.root_node.named_descendant_for_byte_range(first, last)
        return None if raw is None else Node(self, raw)

    def expression_at(self, start: int, end: int) -> Node | None:
        """The outermost node with exactly this extent, None where there is none: what a message points at."""
        node = self.node_at(start, end)
        if node is None or (node.start, node.end) != (start, end):
            return None
        return node.whole()

    def ancestors(self, offset: int) -> Iterator[Node]:
        """The nodes around an offset, the smallest first."""
        node = self.node_at(offset)
        if node is not None:
            yield node
            yield from node.ancestors()

    def enclosing(self, offset: int, *kinds: str) -> Node | None:
        """The smallest node around the offset that is of one of these kinds."""
        return next((node for node in self.ancestors(offset) if node.kind in kinds), None)

    def walk(self, *kinds: str) -> Iterator[Node]:
        """All nodes, or those of these kinds, in the order of the text."""
        if self.root is not None:
            yield from self.root.walk(*kinds)

    def matches(self, query: str) -> tuple[Node, ...]:
        """The nodes that a query of `grammars/` captures, in the order of the text."""
        if self._tree is None:
            return ()
        found = tree_sitter.QueryCursor(_query(_grammar(self.path), query)).captures(self._tree.root_node)
        nodes = {raw.id: raw for group in found.values() for raw in group}
        return tuple(Node(self, raw) for raw in sorted(nodes.values(), key=lambda n: (n.start_byte, -n.end_byte)))

    @cached_property
    def declared(self) -> tuple[Item, ...]:
        """All that the file declares outside of expressions, in modules within it too, constructors and fields too."""
        return () if self.root is None else tuple(_items(self.root, ()))

    @property
    def items(self) -> tuple[Item, ...]:
        """What the file itself declares, without what is in its modules or types."""
        return tuple(item for item in self.declared if not item.within and not item.owner)


def parse(text: str, path: str) -> Syntax:
    """The tree of a text, by the extension of `path`: `.ml` or `.mli`; any other has no tree. Never fails."""
    grammar = _grammar(path)
    return Syntax(path, text, _parser(grammar).parse(_encode(text)) if grammar else None)


def parses(path: str, text: str) -> bool:
    """Whether the text is OCaml without an error of syntax; True for files that are not OCaml."""
    return not parse(text, path).has_error


def aid_comments(text: str, path: str) -> tuple[AidComment, ...]:
    """The comments `(* AID: what should happen *)`, in order. What stands in strings is none."""
    if "AID:" not in text:
        return ()
    return tuple(
        AidComment(node.start, node.end, _prompt(node.text)) for node in parse(text, path).matches("aid_comments")
    )


def _prompt(comment: str) -> str:
    body = comment.removesuffix("*)").partition("AID:")[2].rstrip("*")
    lines = (re.sub(r"^\s*\*+\s", "", line).strip() for line in body.splitlines())
    return " ".join(line for line in lines if line)


def _grammar(path: str) -> str:
    return _GRAMMARS.get(PurePosixPath(path).suffix, "")


@cache
def _language(grammar: str) -> tree_sitter.Language:
    made = {"ocaml": tree_sitter_ocaml.language_ocaml, "ocaml_interface": tree_sitter_ocaml.language_ocaml_interface}
    return tree_sitter.Language(made[grammar]())


def _parser(grammar: str) -> tree_sitter.Parser:
    # A parser is not safe to share between threads, and cheap to make.
    return tree_sitter.Parser(_language(grammar))


@cache
def _query(grammar: str, name: str) -> tree_sitter.Query:
    packaged = resources.files("lsp_aid") / "grammars" / grammar / f"{name}.scm"
    source = packaged if packaged.is_file() else Path(__file__).parents[2] / "grammars" / grammar / f"{name}.scm"
    return tree_sitter.Query(_language(grammar), source.read_text(encoding="utf-8"))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a lone surrogate becomes one `?`: one byte, one code point


class _Offsets:
    """Bytes of the UTF-8 text against code points."""

    def __init__(self, text: str) -> None:
        self._ascii = text.isascii()
        self._starts: Sequence[int] = ()
        if not self._ascii:
            self._starts = list(accumulate((len(_encode(char)) for char in text), initial=0))

    def code_points(self, byte: int) -> int:
        return byte if self._ascii else bisect_right(self._starts, byte) - 1

    def bytes(self, code_point: int) -> int:
        return code_point if self._ascii else self._starts[max(0, min(code_point, len(self._starts) - 1))]


# --- what is declared ---

_DEFINITIONS = {
    "value_definition": ("let_binding", "value"),
    "type_definition": ("type_binding", "type"),
    "module_definition": ("module_binding", "module"),
    "class_definition": ("class_binding", "class"),
    "class_type_definition": ("class_type_binding", "class type"),
}
_SINGLE = {
    "external": "external",
    "value_specification": "value",
    "exception_definition": "exception",
    "module_type_definition": "module type",
}
_NAMES = (
    "value_name",
    "type_constructor",
    "module_name",
    "class_name",
    "class_type_name",
    "module_type_name",
    "constructor_name",
    "field_name",
    "method_name",
)


def _items(node: Node, within: tuple[str, ...]) -> Iterator[Item]:
    for child in node.named_children:
        if child.kind in _DEFINITIONS:
            part, kind = _DEFINITIONS[child.kind]
            for binding in child.named_children:
                if binding.kind == part:
                    yield from _bound(binding, kind, child, within)
        elif child.kind in _SINGLE:
            kind = _SINGLE[child.kind]
            name = _name(child.child("constructor_declaration") or child)
            if name:
                yield Item(name, kind, child, child, within)
        elif child.kind == "ERROR":
            yield from _items(child, within)


def _bound(binding: Node, kind: str, definition: Node, within: tuple[str, ...]) -> Iterator[Item]:
    if kind == "value":
        pattern = binding.field("pattern")
        names = (_bare(node) for node in bound_names(pattern)) if pattern else iter(())
        yield from (Item(name, kind, binding, definition, within) for name in names)
        return
    name = _name(binding)
    if not name:
        return
    yield Item(name, kind, binding, definition, within)
    if kind == "type":
        yield from _parts(binding, name, definition, within)
    elif kind == "module":
        for body in binding.walk("structure", "signature"):
            if body.enclosing("structure", "signature") == binding.enclosing("structure", "signature"):
                yield from _items(body, (*within, name))


def _parts(binding: Node, owner: str, definition: Node, within: tuple[str, ...]) -> Iterator[Item]:
    for part in binding.walk("constructor_declaration", "field_declaration"):
        kind = "constructor" if part.kind == "constructor_declaration" else "record field"
        name = _name(part)
        if name:
            yield Item(name, kind, part, definition, within, owner)


def _name(node: Node) -> str:
    found = node.field("name") or node.child(*_NAMES, "parenthesized_operator")
    return _bare(found) if found else ""


def _bare(node: Node) -> str:
    """The name without the parentheses of an operator."""
    return node.text.strip("() \t\r\n") if node.kind == "parenthesized_operator" else node.text


_PATTERN_NAMES = ("value_pattern", "value_name", "parenthesized_operator")


def bound_names(pattern: Node) -> Iterator[Node]:
    """The nodes of the names that a pattern or a parameter binds, in the order of the text."""
    if pattern.kind in _PATTERN_NAMES:
        yield pattern
        return
    if pattern.kind in ("type_constructor_path", "constructor_path", "field_path", "module_path"):
        return
    default = pattern.field("default")
    annotation = pattern.field("type")
    children = [child for child in pattern.named_children if child not in (default, annotation)]
    if pattern.kind == "field_pattern" and pattern.field("pattern") is None:
        punned = pattern.child("field_path")
        named = punned.child("field_name") if punned else None
        if named:
            yield named
    for child in children:
        yield from bound_names(child)
