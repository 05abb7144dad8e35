"""Diffs made by mutation of real sources: for the audit, of which about half build, and breaks for the repairs.

The same sources, seed and number make the same diff.
"""

import posixpath
import random
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from attrs import define, field, frozen

from lsp_aid.ces import token_breaks
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.ocaml.syntax import Node, parse

_TRIES = 60
_NUMBER = re.compile(r"\d+")
_OPERATORS = ("+", "-", "*", "/", "+.", "*.", "&&", "||", "=", "<>", "<", ">", "==", "^", "@", "::", "|>", ";")
_LIKE = {
    "+": "-",
    "-": "+",
    "*": "+",
    "<": ">",
    ">": "<=",
    "=": "<>",
    "<>": "=",
    "&&": "||",
    "||": "&&",
    "==": "!=",
    "+.": "-.",
}
_ITEMS = ("value_definition", "type_definition", "module_definition", "open_module", "exception_definition", "external")
_PARTS = ("match_case", "field_expression", "labeled_argument", "constructor_declaration", "field_declaration")


class Edit(NamedTuple):
    """Replace `[start, end)` of a file by `text`."""

    start: int
    end: int
    text: str


@frozen
class Mutant:
    """One diff. `kind` is how it was made."""

    number: int
    kind: str
    changes: ChangeSet


@define
class Mutator:
    """Makes diffs of the files of a project, by path, of the `kinds` in turn, which are the audit's by themselves."""

    files: Mapping[str, str]
    seed: int = 0
    kinds: Sequence[str] = field(factory=lambda: KINDS)
    _sources: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        folders = {posixpath.dirname(path) for path in self.files if posixpath.basename(path) == "dune"}
        self._sources = sorted(
            path for path in self.files if path.endswith((".ml", ".mli")) and posixpath.dirname(path) in folders
        )

    def mutant(self, number: int) -> Mutant:
        """The diff of that number. Raises ValueError for sources of which none can be made."""
        chance = random.Random(f"{self.seed}:{number}")  # noqa: S311 - it has to be the same again
        for _ in range(_TRIES):
            kind = self.kinds[number % len(self.kinds)] if chance.random() < 0.9 else chance.choice(self.kinds)
            texts = _MAKERS[kind](self, chance)
            changes = ChangeSet.of(
                FileChange(path, self.files.get(path), text) for path, text in sorted((texts or {}).items())
            )
            if changes:
                return Mutant(number, kind, changes)
        raise ValueError("nothing can be changed in these sources")

    def pick(self, chance: random.Random, *suffixes: str) -> str:
        """The path of a source. Raises IndexError where there is none."""
        return chance.choice([path for path in self._sources if path.endswith(suffixes or (".ml", ".mli"))])


Made = Mapping[str, str | None] | None


def _edited(text: str, edits: Sequence[Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _some(nodes: Sequence[Node], chance: random.Random) -> Node | None:
    return chance.choice(nodes) if nodes else None


def _in_one(
    make: Callable[[str, str, random.Random], str | None], *suffixes: str
) -> Callable[[Mutator, random.Random], Made]:
    """A maker that changes one file."""

    def maker(of: Mutator, chance: random.Random) -> Made:
        path = of.pick(chance, *suffixes)
        text = make(path, of.files[path], chance)
        return None if text is None else {path: text}

    return maker


def _identifier(path: str, text: str, chance: random.Random) -> str | None:
    names = list(parse(text, path).walk("value_name", "type_constructor", "constructor_name", "module_name"))
    node = _some(names, chance)
    if node is None:
        return None
    others = [other.text for other in names if other.kind == node.kind and other.text != node.text]
    name = chance.choice([*others, node.text[:-1] or "x", f"{node.text}'"]) if others else f"{node.text}'"
    return _edited(text, [Edit(node.start, node.end, name)])


def _literal(path: str, text: str, chance: random.Random) -> str | None:
    node = _some([*parse(text, path).walk("number", "string", "character", "boolean")], chance)
    if node is None:
        return None
    match node.kind:
        case "number":
            new = chance.choice([_NUMBER.sub("7", node.text, count=1), "42", "1.5", '"7"'])
        case "string":
            new = chance.choice(['"changed"', '""', "0", node.text[:-1] + ' "'])
        case "character":
            new = chance.choice(["'x'", '"x"'])
        case _:
            new = "false" if node.text == "true" else "true"
    return _edited(text, [Edit(node.start, node.end, new)])


def _operator(path: str, text: str, chance: random.Random) -> str | None:
    found = [
        child
        for node in parse(text, path).walk("infix_expression")
        if (child := node.field("operator")) is not None and child.text in _OPERATORS
    ]
    node = _some(found, chance)
    if node is None:
        return None
    new = _LIKE.get(node.text) if chance.random() < 0.7 else None
    return _edited(text, [Edit(node.start, node.end, new or chance.choice(_OPERATORS))])


def _deletion(path: str, text: str, chance: random.Random) -> str | None:
    kinds = _ITEMS if chance.random() < 0.4 else (*_PARTS, "value_specification", "sequence_expression")
    node = _some([*parse(text, path).walk(*kinds)], chance)
    if node is None:
        return None
    if node.kind == "sequence_expression" and len(node.named_children) == 2:
        return _edited(text, [Edit(node.start, node.named_children[1].start, "")])
    start = node.start
    if node.kind == "match_case":
        before = text.rfind("|", 0, start)
        start = before if before >= 0 and not text[before + 1 : start].strip() else start
    return _edited(text, [Edit(start, node.end, "")])


def _swap(path: str, text: str, chance: random.Random) -> str | None:
    syntax = parse(text, path)
    pairs: list[tuple[Node, Node]] = []
    for node in syntax.walk("application_expression"):
        arguments = node.fields("argument")
        pairs += pairwise(arguments)
    for node in syntax.walk("infix_expression"):
        left, right = node.field("left"), node.field("right")
        if left is not None and right is not None:
            pairs.append((left, right))
    items = list(syntax.walk(*_ITEMS))
    pairs += [(a, b) for a, b in pairwise(items) if a.end <= b.start]
    if not pairs:
        return None
    first, second = chance.choice(pairs)
    return _edited(text, [Edit(first.start, first.end, second.text), Edit(second.start, second.end, first.text)])


def _signature(path: str, text: str, chance: random.Random) -> str | None:
    if path.endswith(".mli"):
        values = [*parse(text, path).walk("value_specification")]
        node = _some(values, chance)
        if node is None:
            return None
        match chance.randrange(5):
            case 0:
                return _edited(text, [Edit(node.start, node.end, "")])
            case 1:
                return _edited(text, [Edit(node.end, node.end, ' [@@deprecated "by the audit"]')])
            case 2:
                return text.rstrip() + "\n\nval added_by_the_audit : int\n"
            case 3:
                return _edited(text, [Edit(node.start, node.end, re.sub(r":.*", ": int", node.text, flags=re.DOTALL))])
            case _:
                return re.sub(r"\bint\b", "string", text, count=1)
    bindings = [d for d in parse(text, path).walk("value_definition") if d.parent and not d.parent.parent]
    node = _some(bindings, chance)
    if node is None or chance.random() < 0.4:
        return text.rstrip() + "\n\nlet added_by_the_audit x = x + 1\n"
    name = next(iter(node.walk("value_name")), None)
    if name is None:
        return None
    new = f"{name.text}_renamed" if chance.random() < 0.5 else f"{name.text} ?(_extra = 0)"
    return _edited(text, [Edit(name.start, name.end, new)])


def _cycle(of: Mutator, chance: random.Random) -> Made:
    """A module comes to name a neighbour, which may already name it."""
    path = of.pick(chance, ".ml")
    folder = posixpath.dirname(path)
    others = [p for p in of._sources if posixpath.dirname(p) == folder and p.endswith(".ml") and p != path]
    if not others:
        return None
    stem = posixpath.basename(chance.choice(others))[:-3]
    module = stem[:1].upper() + stem[1:]
    text = of.files[path]
    if f"{path}i" in of.files or chance.random() < 0.5:
        return {path: f"{text.rstrip()}\n\nlet () = let module Audited = {module} in ()\n"}
    return {path: f"{text.rstrip()}\n\nmodule Audited = {module}\n"}


def _dune_file(of: Mutator, chance: random.Random) -> Made:
    files = sorted(path for path in of.files if posixpath.basename(path) == "dune")
    if not files:
        return None
    path = chance.choice(files)
    text = of.files[path]
    match chance.randrange(7):
        case 0:
            return {path: f"; changed by the audit\n{text}"}
        case 1:
            return {path: re.sub(r"\(libraries\b", "(libraries nowhere", text, count=1)}
        case 2:
            return {path: re.sub(r"\(libraries\s+\S+", "(libraries", text, count=1)}
        case 3:
            return {path: text + "\n(rule (with-stdout-to audit.txt (echo audit)))\n"}
        case 4:
            return {path: text + "\n(env (_ (flags (:standard -w -a))))\n"}
        case 5:
            return {path: text + "\n(library (name audited) (modules))\n"}
        case _:
            return {path: re.sub(r"\)(\s*)$", r"\1", text)}


def _new_file(of: Mutator, chance: random.Random) -> Made:
    path = of.pick(chance, ".ml")
    folder = posixpath.dirname(path)
    at = f"{folder}/" if folder else ""
    module = posixpath.basename(path)[:-3]
    module = module[:1].upper() + module[1:]
    match chance.randrange(4):
        case 0:
            return {f"{at}audit_new.ml": "let answer = 42\n"}
        case 1:
            return {f"{at}audit_new.ml": f"module M = {module}\n"}
        case 2:
            return {f"{at}audit_new.ml": 'let answer : int = "42"\n'}
        case _:
            return None if f"{path}i" in of.files else {f"{path}i": ""}


def _multi_file(of: Mutator, chance: random.Random) -> Made:
    if chance.random() < 0.5:
        return _renamed(of, chance)
    made: dict[str, str | None] = {}
    for _ in range(chance.choice((2, 2, 3))):
        kind = chance.choice(("identifier", "literal", "operator", "comment", "signature", "comment", "literal"))
        made = {**(_MAKERS[kind](of, chance) or {}), **made}
    return made if len(made) > 1 else None


def _renamed(of: Mutator, chance: random.Random) -> Made:
    """A top-level value gets another name, wherever that stands in the project."""
    path = of.pick(chance, ".ml")
    names = [item.name for item in parse(of.files[path], path).items if item.kind == "value" and len(item.name) > 5]
    if not names:
        return None
    word = re.compile(rf"(?<![\w'~?]){re.escape(chance.choice(names))}(?![\w'])")
    new = {p: word.sub("renamed_by_the_audit", of.files[p]) for p in of._sources}
    return {p: text for p, text in new.items() if text != of.files[p]}


def _comment(path: str, text: str, chance: random.Random) -> str | None:
    items = list(parse(text, path).walk(*_ITEMS, "value_specification"))
    node = _some(items, chance)
    new = chance.choice(["(* audited *)\n", "\n\n", "(** Audited. *)\n"])
    at = node.start if node else 0
    return _edited(text, [Edit(at, at, new)])


def _harmless(path: str, text: str, chance: random.Random) -> str | None:
    """What builds though the code is another."""
    syntax = parse(text, path)
    numbers = [node for node in syntax.walk("number") if node.text.isdigit() and len(node.text) < 4]
    operators = [
        child
        for node in syntax.walk("infix_expression")
        if (child := node.field("operator")) is not None and child.text in ("+", "-", "<", ">", "&&", "||", "=", "<>")
    ]
    strings = [node for node in syntax.walk("string_content") if node.text.isalpha()]
    node = _some([*numbers, *operators, *strings], chance)
    if node is None:
        return f"{text.rstrip()}\n\nlet () = ignore 0\n" if path.endswith(".ml") else None
    new = str(int(node.text) + 1) if node.kind == "number" else _LIKE.get(node.text, "changed")
    return _edited(text, [Edit(node.start, node.end, new)])


def _parenthesised(path: str, text: str, chance: random.Random) -> str | None:
    node = _some([*parse(text, path).walk("application_expression", "infix_expression")], chance)
    return None if node is None else _edited(text, [Edit(node.start, node.end, f"({node.text})")])


def _attribute(path: str, text: str, chance: random.Random) -> str | None:
    items = [*parse(text, path).walk("value_specification", "value_definition")]
    node = _some(items, chance)
    if node is None:
        return None
    new = chance.choice(['[@@deprecated "audit"]', '[@@ocaml.warning "-32"]', '[@@alert audit "audit"]', "[@@inline]"])
    return _edited(text, [Edit(node.end, node.end, f" {new}")])


_MAKERS: Mapping[str, Callable[[Mutator, random.Random], Made]] = {
    "identifier": _in_one(_identifier),
    "literal": _in_one(_literal),
    "operator": _in_one(_operator, ".ml"),
    "deletion": _in_one(_deletion),
    "swap": _in_one(_swap, ".ml"),
    "signature": _in_one(_signature),
    "cycle": _cycle,
    "dune file": _dune_file,
    "new file": _new_file,
    "multi-file": _multi_file,
    "comment": _in_one(_comment),
    "harmless": _in_one(_harmless, ".ml"),
    "parentheses": _in_one(_parenthesised, ".ml"),
    "attribute": _in_one(_attribute),
    **{kind: _in_one(make) for kind, make in token_breaks.MAKERS.items()},
}
KINDS: Sequence[str] = (
    *("identifier", "harmless", "literal", "comment", "operator", "deletion", "parentheses", "swap", "signature"),
    *("cycle", "harmless", "dune file", "new file", "multi-file", "comment", "attribute", "harmless", "multi-file"),
)
"""In turn: about half of what they make builds."""
SINGLE_TOKENS = tuple(token_breaks.MAKERS)
"""Slips of one token: most of what they make does not build."""
