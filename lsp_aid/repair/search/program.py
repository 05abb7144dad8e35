"""A module as the search sees it: its items, and of one item the expressions and patterns without parentheses."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from attrs import define, field, frozen

from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Node as Raw
from lsp_aid.ocaml.syntax import Syntax
from lsp_aid.ocaml.tokens import tokens

MOST_NODES = 1500
"""A larger item is searched in part: the nodes that come first."""

_EXPRESSIONS = {
    "value_path": "var",
    "number": "const",
    "string": "const",
    "character": "const",
    "boolean": "const",
    "unit": "const",
    "empty_list": "const",
    "constructor_path": "construct",
    "application_expression": "app",
    "infix_expression": "infix",
    "cons_expression": "infix",
    "sign_expression": "prefix",
    "prefix_expression": "prefix",
    "tuple_expression": "tuple",
    "list_expression": "list",
    "if_expression": "if",
    "match_expression": "match",
    "try_expression": "try",
    "function_expression": "function",
    "fun_expression": "fun",
    "let_expression": "let",
    "sequence_expression": "seq",
    "typed_expression": "typed",
    "field_get_expression": "field",
    "record_expression": "record",
}
_PATTERNS = {
    "value_pattern": "pvar",
    "value_name": "pvar",
    "any_pattern": "pany",
    "tuple_pattern": "ptuple",
    "cons_pattern": "pcons",
    "list_pattern": "plist",
    "constructor_pattern": "pconstr",
    "constructor_path": "pconstr",
    "alias_pattern": "palias",
    "typed_pattern": "ptyped",
    "or_pattern": "por",
    "number": "pconst",
    "string": "pconst",
    "character": "pconst",
    "boolean": "pconst",
    "unit": "pconst",
    "empty_list": "pconst",
    "signed_number": "pconst",
}
_PARENTHESES = ("parenthesized_expression", "parenthesized_pattern")
_OPERATORS = "_operator"


@define(eq=False, slots=True)
class Node:
    """An expression or pattern, `[start, end)` without its parentheses; `[outer_start, outer_end)` with them.

    `role` is what it is to its parent: `function`, `argument`, `left`, `right`, `condition`, `then`, `else`, `value`
    (of a binding), `body`, `scrutinee`, `case` (an arm's result), `guard`, `element`, `pattern`, `parameter`, ...
    `operator` is that of an infix or prefix expression.
    """

    program: "Program" = field(repr=False)
    kind: str
    start: int
    end: int
    outer_start: int
    outer_end: int
    role: str
    parent: "Node | None" = field(repr=False)
    kids: "list[Node]" = field(factory=list, repr=False)
    operator: str = ""
    operator_at: tuple[int, int] = (0, 0)
    raw_kind: str = ""
    names: tuple[tuple[str, int], ...] = ()
    """Names that are in scope in it and not in its parent, with where they are bound."""
    index: int = 0
    depth: int = 0
    recursive: bool = False
    text: str = field(init=False, repr=False)
    is_pattern: bool = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:  # both are asked for so often that working them out anew would show
        self.text = self.program.text[self.start : self.end]
        self.is_pattern = self.kind.startswith("p") and self.kind != "prefix"

    @property
    def outer(self) -> str:
        """The text with its parentheses."""
        return self.program.text[self.outer_start : self.outer_end]

    @property
    def has_parentheses(self) -> bool:
        return self.outer_start < self.start

    @property
    def size(self) -> int:
        """How many tokens it has."""
        return self.program.count(self.start, self.end)

    def walk(self) -> "Iterator[Node]":
        yield self
        for kid in self.kids:
            yield from kid.walk()

    def ancestors(self) -> "Iterator[Node]":
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def by_role(self, role: str) -> "Node | None":
        return next((kid for kid in self.kids if kid.role == role), None)

    def all_of(self, role: str) -> "list[Node]":
        return [kid for kid in self.kids if kid.role == role]


@frozen
class ItemSpan:
    """One item of the module's structure, with what separates it from the next."""

    start: int
    end: int
    kind: str


@define(eq=False, slots=False)
class Program:
    """A module's text and tree."""

    text: str
    syntax: Syntax

    @classmethod
    def of(cls, text: str, path: str = "program.ml") -> "Program":
        return cls(text, ocaml_syntax.parse(text, path))

    @cached_property
    def items(self) -> tuple[ItemSpan, ...]:
        """The items in order; each begins where its `let`, `type`, ... begins."""
        root = self.syntax.root
        if root is None:
            return ()
        return tuple(
            ItemSpan(child.start, child.end, child.kind)
            for child in root.children
            if child.kind not in ("comment", ";;", "shebang")
        )

    def item_at(self, offset: int) -> ItemSpan | None:
        """The item that an offset is in, or else the last one before it."""
        before = [item for item in self.items if item.start <= offset]
        return before[-1] if before else (self.items[0] if self.items else None)

    @cached_property
    def _tokens(self) -> tuple[int, ...]:
        return tuple(token.start for token in tokens(self.text) if not token.is_comment)

    def count(self, start: int, end: int) -> int:
        """How many tokens begin in `[start, end)`."""
        return bisect_left(self._tokens, end) - bisect_left(self._tokens, start)

    @cached_property
    def toplevel(self) -> tuple[tuple[str, int, int], ...]:
        """The values that items define: name, where its definition ends, how many parameters are written."""
        found = []
        for item in self.syntax.items:
            if item.kind in ("value", "external"):
                arity = sum(child.kind == "parameter" for child in item.node.named_children)
                found.append((item.name, item.end, arity))
        return tuple(found)

    @cached_property
    def constructors(self) -> dict[str, int]:
        """The constructors that the module declares, and how many arguments each takes."""
        found: dict[str, int] = {}
        for item in self.syntax.declared:
            if item.kind == "constructor":
                arguments = [c for c in item.node.named_children if c.kind != "constructor_name"]
                found[item.name] = len(arguments)
        return found

    def first_constants(self, function: str) -> list[str]:
        """The constants that the function is given first elsewhere, those that are given most often first."""
        used = re.findall(rf"(?<![\w'.]){re.escape(function)} +(\"[^\"\\\n]*\"|\d[\w.]*)", self.text)
        return [constant for constant, _ in Counter(used).most_common(3)]

    @cached_property
    def constructor_owner(self) -> dict[str, str]:
        return {item.name: item.owner for item in self.syntax.declared if item.kind == "constructor"}

    def tree(self, item: ItemSpan) -> Node:
        """The item's expressions and patterns; its root has kind `item` and is not one of them."""
        return _Reader(self).item(item)


class _Reader:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.count = 0

    def item(self, item: ItemSpan) -> Node:
        root = self.program.syntax.root
        assert root is not None
        top = self._make("item", item.start, item.end, "", None)
        for child in root.children:
            if child.start == item.start and child.end == item.end:
                self._definition(child, top)
        return top

    def _make(self, kind: str, start: int, end: int, role: str, parent: Node | None) -> Node:
        node = Node(self.program, kind, start, end, start, end, role, parent)
        node.index = self.count
        node.depth = parent.depth + 1 if parent is not None else 0
        self.count += 1
        if parent is not None:
            parent.kids.append(node)
        return node

    def _definition(self, raw: Raw, above: Node) -> None:
        """`let` and its bindings, as bindings of the node above."""
        if raw.kind == "value_definition":
            recursive = raw.child("rec") is not None
            for binding in raw.named_children:
                if binding.kind == "let_binding":
                    self._binding(binding, above, recursive)
        elif raw.kind == "expression_item":
            for child in raw.named_children:
                self.expression(child, "body", above)
        else:
            for binding in raw.walk("let_binding"):
                if binding.enclosing("let_binding") is None and raw.kind in ("module_definition", "ERROR"):
                    self._binding(binding, above, recursive=False)

    def _binding(self, raw: Raw, above: Node, recursive: bool) -> None:
        node = self._make("binding", raw.start, raw.end, "binding", above)
        node.recursive = recursive
        pattern, body = raw.field("pattern"), raw.field("body")
        children = raw.named_children
        if pattern is None and children:
            pattern = children[0]
        if pattern is not None:
            self.pattern(pattern, "pattern", node)
        for child in children:
            if child.kind == "parameter":
                self._parameter(child, node)
        if body is None and len(children) > 1 and children[-1].kind != "parameter":
            body = children[-1]
        if body is not None:
            self.expression(body, "value", node)
        self._scope(node)

    def _scope(self, node: Node) -> None:
        """Marks the names that the node's parameters bring to its body, and a binding's own name where it is `rec`."""
        names = [n for kid in node.kids if kid.role == "parameter" for n in pattern_names(kid)]
        if node.kind == "binding" and node.recursive:
            names += [n for kid in node.kids if kid.role == "pattern" for n in pattern_names(kid)]
        if node.kind == "arm":
            names += [n for kid in node.kids if kid.role == "pattern" for n in pattern_names(kid)]
        node.names = tuple(names)

    def _parameter(self, raw: Raw, above: Node) -> None:
        for child in raw.named_children:
            if child.kind != "label_name":
                self.pattern(child, "parameter", above)

    def pattern(self, raw: Raw, role: str, parent: Node) -> None:
        outer = raw
        while raw.kind == "parenthesized_pattern" and raw.named_children:
            raw = raw.named_children[0]
        node = self._make(_PATTERNS.get(raw.kind, "pother"), raw.start, raw.end, role, parent)
        node.raw_kind = raw.kind
        node.outer_start, node.outer_end = outer.start, outer.end
        if self.count > MOST_NODES or node.kind in ("pvar", "pany", "pconst", "pother"):
            return
        children = raw.named_children
        if node.kind == "pconstr":
            node.operator = children[0].text if children else raw.text
            children = children[1:]
            if raw.kind == "constructor_path":
                node.operator, children = raw.text, ()
        if node.kind == "ptyped":
            children = children[:1]
        for child in children:
            self.pattern(child, "sub", node)

    def expression(self, raw: Raw, role: str, parent: Node) -> None:
        outer = raw
        while raw.kind == "parenthesized_expression" and raw.named_children:
            inner = raw.named_children
            if len(inner) != 1:
                break
            raw = inner[0]
        node = self._make(_EXPRESSIONS.get(raw.kind, "other"), raw.start, raw.end, role, parent)
        node.raw_kind = raw.kind
        node.outer_start, node.outer_end = outer.start, outer.end
        if self.count > MOST_NODES:
            return
        read = getattr(self, f"_{node.kind}", None)
        if read is not None:
            read(raw, node)
        elif node.kind not in ("var", "const", "construct"):
            self._others(raw, node)

    def _others(self, raw: Raw, node: Node) -> None:
        for child in raw.named_children:
            if child.kind in _EXPRESSIONS or child.kind in _PARENTHESES or child.kind.endswith("_expression"):
                self.expression(child, "part", node)
            elif child.kind == "do_clause":
                self._others(child, node)

    def _app(self, raw: Raw, node: Node) -> None:
        for number, child in enumerate(raw.named_children):
            if child.kind == "labeled_argument":
                made = self._make("labeled", child.start, child.end, "argument", node)
                inner = [c for c in child.named_children if c.kind != "label_name"]
                if inner:
                    self.expression(inner[0], "labeled", made)
            else:
                self.expression(child, "argument" if number else "function", node)

    def _infix(self, raw: Raw, node: Node) -> None:
        operands = [c for c in raw.named_children if not c.kind.endswith(_OPERATORS)]
        operator = next((c for c in raw.children if c.kind.endswith(_OPERATORS) or not c.is_named), None)
        if operator is not None:
            node.operator, node.operator_at = operator.text, (operator.start, operator.end)
        for role, child in zip(("left", "right"), operands, strict=False):
            self.expression(child, role, node)

    def _prefix(self, raw: Raw, node: Node) -> None:
        for child in raw.named_children:
            if child.kind.endswith(_OPERATORS):
                node.operator, node.operator_at = child.text, (child.start, child.end)
            else:
                self.expression(child, "operand", node)

    def _tuple(self, raw: Raw, node: Node) -> None:
        for child in raw.named_children:
            self.expression(child, "element", node)

    _list = _tuple
    _seq = _tuple

    def _if(self, raw: Raw, node: Node) -> None:
        role = "condition"
        for child in raw.named_children:
            if child.kind in ("then_clause", "else_clause"):
                role = child.kind.removesuffix("_clause")
                for inner in child.named_children:
                    self.expression(inner, role, node)
            else:
                self.expression(child, role, node)

    def _match(self, raw: Raw, node: Node) -> None:
        for child in raw.named_children:
            if child.kind == "match_case":
                self._arm(child, node)
            else:
                self.expression(child, "scrutinee", node)

    _try = _match

    def _function(self, raw: Raw, node: Node) -> None:
        for child in raw.named_children:
            if child.kind == "match_case":
                self._arm(child, node)

    def _arm(self, raw: Raw, above: Node) -> None:
        node = self._make("arm", raw.start, raw.end, "arm", above)
        role = "pattern"
        for child in raw.named_children:
            if role == "pattern":
                self.pattern(child, role, node)
                role = "case"
            elif child.kind == "guard":
                for inner in child.named_children:
                    self.expression(inner, "guard", node)
            else:
                self.expression(child, "case", node)
        self._scope(node)

    def _fun(self, raw: Raw, node: Node) -> None:
        for child in raw.named_children:
            if child.kind == "parameter":
                self._parameter(child, node)
            elif child.kind in _EXPRESSIONS or child.kind in _PARENTHESES or child.kind.endswith("_expression"):
                self.expression(child, "body", node)
        self._scope(node)

    def _let(self, raw: Raw, node: Node) -> None:
        names: list[tuple[str, int]] = []
        for child in raw.named_children:
            if child.kind == "value_definition":
                self._definition(child, node)
                names = [n for b in node.kids for p in b.all_of("pattern") for n in pattern_names(p)]
            elif child.kind in _EXPRESSIONS or child.kind in _PARENTHESES or child.kind.endswith("_expression"):
                before = len(node.kids)
                self.expression(child, "body", node)
                for kid in node.kids[before:]:
                    kid.names = (*kid.names, *names)

    def _typed(self, raw: Raw, node: Node) -> None:
        if raw.named_children:
            self.expression(raw.named_children[0], "typed", node)

    def _field(self, raw: Raw, node: Node) -> None:
        if raw.named_children:
            self.expression(raw.named_children[0], "record", node)

    def _record(self, raw: Raw, node: Node) -> None:
        for child in raw.named_children:
            if child.kind == "field_expression":
                for inner in child.named_children:
                    if inner.kind != "field_path":
                        self.expression(inner, "field", node)
            elif child.kind in _EXPRESSIONS or child.kind in _PARENTHESES:
                self.expression(child, "record", node)


def pattern_names(pattern: Node) -> Iterator[tuple[str, int]]:
    """The names that a pattern binds, with where."""
    for node in pattern.walk():
        if node.kind == "pvar" and not node.text.startswith("("):
            yield node.text, node.start


def visible(node: Node) -> list[tuple[str, int]]:
    """The local names in scope at a node, the nearest first, each once, with where it is bound."""
    found: dict[str, int] = {}
    at: Node | None = node
    while at is not None:
        for name, where in at.names:
            # The names of a binding or an arm are seen in its value, not in its own patterns.
            found.setdefault(name, where)
        at = at.parent
    return list(found.items())
