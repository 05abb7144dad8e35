"""Tuples that are records now.

| Some (first, last) -> ...             | Some { Span.first; last } -> ...
let first, last = Span.of_list l        let { Span.first; last } = Span.of_list l
Span.widen (1, 3)                       Span.widen { Span.first = 1; last = 3 }
fst span                                span.Span.first
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.declared_types import Parts, fields
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, text_of, tree, within_parentheses
from lsp_aid.repair.records_for_arguments import written_record
from lsp_aid.repair.similarity import similarity
from lsp_aid.repair.synonyms import mean_the_same
from lsp_aid.repair.type_shapes import read

_ALIKE = 0.5
_FILES_AT_MOST = 400
_HALVES = ("fst", "snd", "Stdlib.fst", "Stdlib.snd")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None:
        return ()
    found, expected = read(message.found), read(message.expected)
    if found.head == "*":
        parts = fields(problem, expected.head)
        return list(_named(problem, within_parentheses(node), parts, is_known=True)) if parts is not None else ()
    if expected.head == "*":
        parts = fields(problem, found.head)
        if parts is None:
            return ()
        binding = node.enclosing("let_binding")
        pattern = binding.field("pattern") if binding is not None and binding.field("body") == node else None
        if pattern is not None:
            return list(_named(problem, within_parentheses(pattern), parts))
        return list(_half(problem, node, parts))
    return ()


def _named(problem: Problem, node: Node, parts: Parts, *, is_known: bool = False) -> Iterator[Candidate]:
    """The tuple with a field's name before each of its parts; what is called like its field stands for it. `is_known`:
    the compiler knows there of which type it is."""
    if node.kind not in ("tuple_pattern", "tuple_expression"):
        return
    texts = [one.text for one in elements(node)]
    is_pattern = node.kind == "tuple_pattern"
    is_sure = True
    named = dict(_matched(texts, parts.names)) if len(texts) == len(parts.names) else {}
    if is_pattern and len(texts) < len(parts.names):  # the record says more than the tuple did
        named = dict(alike_fields(texts, parts.names))
        is_sure = bool(named)
        named = named or dict(zip(parts.names, texts, strict=False))
    if not named:
        return
    values = [(field, named.get(field, "_")) for field in parts.names]
    kept = [(field, text) for field, text in values if not (is_pattern and text == "_")]
    text = written_record(parts, kept) if kept else "_"
    if 0 < len(kept) < len(values):
        text = f"{text[:-2]}; _ }}"
    outer = node
    while outer.parent is not None and outer.parent.kind.startswith("parenthesized_"):
        outer = outer.parent
    weight = 0.92 if is_sure else 0.6
    ways = [(text, weight)]
    if is_known and parts.module and _is_without_module(problem, parts):
        ways.insert(0, (text.replace(f"{parts.module}.", "", 1), weight + 0.02))
    for written, likely in ways:
        change = problem.edit(TextEdit(outer.start, outer.end, written))
        yield Candidate(f"It is a record now: `{' '.join(written.split())}`", change, likely)


def _is_without_module(problem: Problem, parts: Parts) -> bool:
    """Whether other modules of the project always write the fields by their names alone, as the types tell which."""
    module, names = parts.module.rpartition(".")[2], "|".join(parts.names)
    bare, named = re.compile(rf"(?<![\w'])[a-z_][\w']*\.(?:{names})\b"), re.compile(rf"\b{module}\.(?:{names})\b")
    texts = [text_of(problem.view, path) or "" for path in problem.view.paths() if path.endswith(".ml")][
        :_FILES_AT_MOST
    ]
    texts = [text for text in texts if re.search(rf"\b{module}\.", text)]
    return any(bare.search(text) for text in texts) and not any(named.search(text) for text in texts)


def _matched(texts: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Which part is which field: those of its name, the others in their order."""
    left = [text for text in texts if text not in names]
    for name in names:
        yield name, name if name in texts else left.pop(0)


def alike_fields(texts: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Which field each part of a shorter tuple is, by names that are alike; none where one is like none."""
    left = list(names)
    pairs = []
    for text in (text for text in texts if text != "_"):
        likely = max(left, key=lambda name: _likeness(name, text), default="")
        if not likely or _likeness(likely, text) < _ALIKE:
            return
        left.remove(likely)
        pairs.append((likely, text))
    yield from pairs


def _likeness(field: str, name: str) -> float:
    if field.startswith(name) or name.startswith(field) or mean_the_same(field, name):
        return 0.9 if field != name else 1.0
    return similarity(field, name)


def elements(node: Node) -> list[Node]:
    """The parts of a tuple, which the grammar has as pairs."""
    if node.kind not in ("tuple_expression", "tuple_pattern"):
        return [node]
    return [part for child in node.named_children for part in elements(child)]


def _half(problem: Problem, node: Node, parts: Parts) -> Iterator[Candidate]:
    call = outside_parentheses(node).parent
    function = call.field("function") if call is not None and call.kind == "application_expression" else None
    if call is None or function is None or function.text not in _HALVES or len(parts.names) < 2:
        return
    value = within_parentheses(node)
    text = value.text if value.kind in ATOMS else f"({value.text})"
    written = f"{text}.{parts.path(parts.names[function.text.endswith('snd')])}"
    outer = call
    if call.parent is not None and call.parent.kind == "parenthesized_expression":
        outer = call.parent
    change = problem.edit(TextEdit(outer.start, outer.end, written))
    yield Candidate(f"It is a record now: `{written}`", change, 0.92 if len(parts.names) == 2 else 0.6)
