"""An edit of a program, and how pieces of programs are put together so that they parse as they are meant."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from attrs import define, field, frozen

from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.search.program import Node, Program, visible

LEAST_KEPT = 0.72
"""Of a program's tokens, that much stays."""
ATOM, APPLIED, INFIX, OPEN = 3, 2, 1, 0
"""How tightly a piece holds together: a name or what is in brackets; an application; an infix expression; the rest."""

_LEVELS = {
    "var": ATOM,
    "const": ATOM,
    "construct": ATOM,
    "list": ATOM,
    "field": ATOM,
    "record": ATOM,
    "typed": ATOM,
    "labeled": ATOM,
    "app": APPLIED,
    "prefix": APPLIED,
    "infix": INFIX,
    "pvar": ATOM,
    "pany": ATOM,
    "pconst": ATOM,
    "plist": ATOM,
    "ptyped": ATOM,
    "pcons": INFIX,
}
_NEEDED = {
    "function": ATOM,
    "argument": ATOM,
    "labeled": ATOM,
    "operand": ATOM,
    "record": ATOM,
    "parameter": ATOM,
    "left": APPLIED,
    "right": APPLIED,
    "element": INFIX,
    "sub": ATOM,
    "then": INFIX,
    "else": INFIX,
}


class Piece(NamedTuple):  # there are many, and these are the cheapest to make
    text: str
    level: int = ATOM

    def at_least(self, level: int) -> str:
        """Its text, in parentheses where it does not hold together so tightly."""
        return self.text if self.level >= level else f"({self.text})"


def piece(node: Node) -> Piece:
    """A node's text as it is, without its parentheses."""
    level = _LEVELS.get(node.kind, OPEN)
    if node.kind == "const" and node.text.startswith("-"):
        level = APPLIED
    if node.kind == "pconstr":
        level = APPLIED if node.kids else ATOM
    return Piece(node.text, level)


def applied(function: Piece, *arguments: Piece) -> Piece:
    return Piece(" ".join([function.at_least(ATOM), *(a.at_least(ATOM) for a in arguments)]), APPLIED)


def infix(left: Piece, operator: str, right: Piece) -> Piece:
    return Piece(f"{left.at_least(APPLIED)} {operator} {right.at_least(APPLIED)}", INFIX)


def tupled(parts: Sequence[Piece]) -> Piece:
    return Piece(f"({', '.join(p.at_least(INFIX) for p in parts)})", ATOM)


def listed(parts: Sequence[Piece]) -> Piece:
    return Piece(f"[{'; '.join(p.at_least(INFIX) for p in parts)}]", ATOM)


@define(eq=False, slots=True)
class Edit:
    """Replacements `(start, end, text)` of a program's text, in their order, none overlapping.

    `kind` names the pattern of the edit; `node` is where it is made. `after` is what the node becomes, for people;
    `added` are the names that come in.
    """

    kind: str
    node: Node
    changes: tuple[tuple[int, int, str], ...]
    after: str = ""
    added: tuple[str, ...] = ()
    parts: "tuple[Edit, ...]" = ()
    noted: dict[str, float] | None = None
    """Its features with regard to a fault that is not the program's whole one."""
    _exchanged: tuple[Counter[str], Counter[str]] | None = None

    @property
    def exchanged(self) -> tuple[Counter[str], Counter[str]]:
        """The tokens that go and those that come, without those that do both."""
        if self._exchanged is None:
            old: Counter[str] = Counter()
            new: Counter[str] = Counter()
            if self.changes:
                for start, end, text in self.changes:
                    old.update(words(self.node.program.text[start:end]))
                    new.update(words(text))
            else:  # steps, each of which is of the text that the one before it has left
                for part in self.parts:
                    old.update(part.exchanged[0])
                    new.update(part.exchanged[1])
            self._exchanged = (old - new, new - old)
        return self._exchanged

    def with_features(self, noted: dict[str, float]) -> "Edit":
        """The same edit, for the fault that it has these features with regard to."""
        return Edit(self.kind, self.node, self.changes, self.after, self.added, self.parts, noted, self._exchanged)

    def apply(self, text: str, start: int, end: int) -> str:
        """`text[start:end]` with the edit made."""
        pieces: list[str] = []
        at = start
        for first, last, new in self.changes:
            pieces += (text[at:first], new)
            at = last
        pieces.append(text[at:end])
        return "".join(pieces)


@lru_cache(1 << 14)
def words(text: str) -> tuple[str, ...]:
    """The tokens of a piece of code."""
    return tuple(token.text for token in tokens(text) if not token.is_comment)


_FUNCTION = re.compile(r"fun ([\w' ]+) -> (.*)", re.DOTALL)
"""What is written `let f x = ...` where it is bound to a name."""


def replace(node: Node, new: Piece, kind: str, added: tuple[str, ...] = ()) -> Edit:
    """The edit that puts a piece in the place of a node."""
    function = _FUNCTION.fullmatch(new.text) if node.role == "value" else None
    if function is not None and node.parent is not None and node.parent.kids[0].kind == "pvar":
        left = node.parent.kids[node.parent.kids.index(node) - 1]
        change = (left.outer_end, node.outer_end, f" {function[1]} = {function[2]}")
        return Edit(kind, node, (change,), new.text, added)
    needed = _NEEDED.get(node.role, OPEN)
    if node.role == "case" and new.level == OPEN and new.text.startswith(("match", "function", "try")):
        needed = ATOM
    if node.has_parentheses and new.level < ATOM:
        change = (node.start, node.end, new.text)
    else:
        text = new.at_least(needed)
        before = node.program.text[node.outer_start - 1 : node.outer_start]
        if before.isalnum() and text[:1].isalnum():
            text = f" {text}"
        change = (node.outer_start, node.outer_end, text)
    return Edit(kind, node, (change,), new.text, added)


@frozen(slots=False)
class Place:
    """A node, with what is in scope there."""

    node: Node
    program: Program = field(repr=False)

    @cached_property
    def locals(self) -> tuple[str, ...]:
        """Local names, the nearest first."""
        return tuple(name for name, _ in visible(self.node) if name.isidentifier() or "'" in name)[:14]

    @cached_property
    def globals(self) -> tuple[tuple[str, int], ...]:
        """The values of the module that are defined above, the nearest first, with how many parameters they have."""
        found: dict[str, int] = {}
        for name, end, arity in reversed(self.program.toplevel):
            if end <= self.node.start and name not in self.locals:
                found.setdefault(name, arity)
        return tuple(found.items())[:12]

    @cached_property
    def functions(self) -> dict[str, list[Node]]:
        """The functions that are defined around the node, and their parameters."""
        found: dict[str, list[Node]] = {}
        for above in self.node.ancestors():
            for binding in (above, *above.all_of("binding")):
                if binding.kind == "binding" and binding.start < self.node.start:
                    name = binding.kids[0].text if binding.kids else ""
                    if parameters := binding.all_of("parameter"):
                        found.setdefault(name, parameters)
        return found

    @property
    def names(self) -> Iterator[tuple[str, str]]:
        """Names in scope with where they come from: `local` or `global`."""
        yield from ((name, "local") for name in self.locals)
        yield from ((name, "global") for name, _ in self.globals)


def kept_share(before: str, *edits: Edit) -> float:
    """How much of a text's tokens is left after edits."""
    gone: Counter[str] = Counter()
    for edit in edits:
        old, new = edit.exchanged
        gone.update(old)
        gone.subtract(new)
    return 1 - (+gone).total() / max(1, len(words(before)))


def keeps_enough(before: str, edit: Edit) -> bool:
    """Whether an edit throws away little enough of a text."""
    return kept_share(before, edit) >= LEAST_KEPT
