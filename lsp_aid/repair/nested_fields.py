"""Fields that are in a record within the record now, or are no more.

config.host             config.http.host        where the field `http` is of a record that has `host`
config.http.host        config.host             where there is no `http`
{ name; host; port }    { name; http = { host; port } }
{ c with host }         { c with http = { c.http with host } }
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of, tree

_FILES_AT_MOST = 400
_PARTS = ("field_expression", "field_pattern")
_MIXED = re.compile(r"\bbut is mixed here with fields of type\b")
_QUALIFIER = re.compile(r"(?:[A-Z][\w']*\s*\.\s*)*")

Fields = Mapping[str, str]
"""The fields of a record, each with its type as it is written."""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    is_field = isinstance(message, messages.UnboundName) and message.sort == "record field"
    unbound = message if isinstance(message, messages.UnboundName) else None
    mixed = _MIXED.search(problem.diagnostic.flat_message)
    if syntax is None or not (is_field or mixed):
        return ()
    at = syntax.node_at(problem.start, problem.end)
    part = at.enclosing(*_PARTS) if at is not None and at.kind not in _PARTS else at
    name = part.named_children[0] if part is not None else None
    if part is not None and part.parent is not None and name is not None and name.start <= problem.start < name.end:
        return list(_within(problem, syntax, unbound, part.parent))
    if not isinstance(message, messages.UnboundName) or not message.of_type:
        return ()
    access = at.enclosing("field_get_expression") if at is not None and at.kind != "field_get_expression" else at
    record = access.field("record") if access is not None else None
    if access is None or record is None:
        return ()
    return [*_nested(problem, syntax, message, record), *_outwards(problem, syntax, message, access)]


def _nested(problem: Problem, syntax: Syntax, message: messages.UnboundName, record: Node) -> Iterator[Candidate]:
    """All fields of the inner record that the file takes from that record, then the one in error alone."""
    known = dict(records(problem, syntax))
    outer = found_record(known, message.of_type or "", module_of(problem.diagnostic.path))
    if outer is None:
        return
    own, fields = outer
    within = [
        (name, inner[1]) for name, type_ in fields.items() if (inner := found_record(known, type_, own)) is not None
    ]
    fitting = [(name, inner) for name, inner in within if message.name in inner]
    for name, held in fitting:
        moved = set(held) - set(fields)
        places = [node for node in syntax.walk("field_get_expression") if _field(node) in moved]
        same = [node for node in places if (of := node.field("record")) is not None and of.text == record.text]
        here = [node for node in same if node.start <= problem.start < node.end and _field(node) == message.name]
        for nodes, weight in ((same, 0.93), (here, 0.7)):
            edits = [TextEdit(at, at, f".{name}") for node in nodes for at in _end(node)]
            if edits:
                times = f" ({len(edits)} times)" if len(edits) > 1 else ""
                title = f"`{message.name}` is in the record `{name}` now: `{record.text}.{name}.{message.name}`{times}"
                yield Candidate(title, problem.edit(*edits), weight / len(fitting) ** 0.5)


def _within(
    problem: Problem, syntax: Syntax, message: messages.UnboundName | None, record: Node
) -> Iterator[Candidate]:
    """The fields of a record that is made or matched which are in one of its fields now, together in that. No message:
    they are of both types."""
    parts = {_named(part): part for part in record.named_children if part.kind in _PARTS}
    known = dict(records(problem, syntax))
    of_type = message.of_type if message is not None else None
    outer = found_record(known, of_type, module_of(problem.diagnostic.path)) if of_type else None
    module = ((message.qualifier if message is not None else None) or "").rpartition(".")[2]
    for own, fields in [outer] if outer is not None else known.values():
        moved = [name for name in parts if name not in fields]
        is_told = 0 < len(moved) < len(parts) if message is None else message.name in moved
        if not is_told or (module and outer is None and own != module):
            continue
        for name, type_ in fields.items():
            inner = found_record(known, type_, own)
            if inner is None or name in parts or not set(moved) <= set(inner[1]):
                continue
            for qualifier, weight in (("", 0.93), (f"{inner[0]}.", 0.85)):
                text = _inner(record, name, [parts[one] for one in moved], qualifier, len(inner[1]))
                edits = list(_gathered(record, [parts[one] for one in moved], text))
                title = f"`{moved[0]}` is in the record `{name}` now: `{' '.join(text.split())}`"
                yield Candidate(title, problem.edit(*edits), weight)


def _named(part: Node) -> str:
    """The field that a part of a record is about."""
    return re.split(r"[\s=:]", part.text[_qualified(part) :], maxsplit=1)[0]


def _qualified(part: Node) -> int:
    match = _QUALIFIER.match(part.text)
    return match.end() if match is not None else 0


def _inner(record: Node, name: str, moved: Sequence[Node], qualifier: str, number: int) -> str:
    """The field `name` with the moved ones in it, of `number` that it has."""
    held = "; ".join(part.text[_qualified(part) :] for part in moved)
    base = record.named_children[0]
    is_pattern = record.kind == "record_pattern"
    if len(moved) < number and not is_pattern and base.kind not in _PARTS:
        return f"{name} = {{ {base.text}.{name} with {qualifier}{held} }}"
    return f"{name} = {{ {qualifier}{held}{'; _' if is_pattern and len(moved) < number else ''} }}"


def _gathered(record: Node, moved: Sequence[Node], text: str) -> Iterator[TextEdit]:
    """The text for the first of the moved, nothing for the others."""
    parts = [part for part in record.named_children if part.kind in _PARTS]
    first = moved[0]
    yield TextEdit(first.start, first.end, first.text[: _qualified(first)] + text)
    for before, part in pairwise(parts):
        if part in moved[1:]:
            yield TextEdit(before.end, part.end, "")


def _field(node: Node) -> str:
    """The field that is taken, without the module that it may be written with."""
    field = node.field("field")
    return field.text.rpartition(".")[2] if field is not None else ""


def _end(node: Node) -> Iterator[int]:
    record = node.field("record")
    if record is not None:
        yield record.end


def records(problem: Problem, syntax: Syntax) -> Iterator[tuple[str, tuple[str, Fields]]]:
    """The records that the project declares, by `Module.type`, each with its module."""
    paths = [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]
    for path in paths:
        text = text_of(problem.view, path)
        if text is None or "{" not in text:
            continue
        module = module_of(path)
        for item in (syntax if path == syntax.path else ocaml_syntax.parse(text, path)).declared:
            body = item.node.field("body") if item.kind == "type" else None
            if body is not None and body.kind == "record_declaration":
                yield f"{module}.{item.path}", (module, dict(fields_of(body)))


def fields_of(record: Node) -> Iterator[tuple[str, str]]:
    """The fields that a record's declaration has, each with its type as it is written."""
    for field in record.walk("field_declaration"):
        said = re.match(r"(?:mutable\s+)?([\w']+)\s*:\s*(.*)", field.text, re.DOTALL)
        if said:
            yield said[1], " ".join(said[2].split())


def found_record(known: Mapping[str, tuple[str, Fields]], type_: str, module: str) -> tuple[str, Fields] | None:
    """The record of a type that is written in a module, with the module that declares it."""
    name = type_.rpartition(" ")[2]
    last = ".".join(name.split(".")[-2:])
    return known.get(f"{module}.{name}") or known.get(last) or known.get(name)


# --- out of a record within ---


def _outwards(problem: Problem, syntax: Syntax, message: messages.UnboundName, access: Node) -> Iterator[Candidate]:
    """All fields that the file takes from the record that is gone, which are in the outer one."""
    outer = found_record(dict(records(problem, syntax)), message.of_type or "", module_of(problem.diagnostic.path))
    fields = outer[1] if outer is not None else {}
    places = [
        node
        for node in syntax.walk("field_get_expression")
        if (inner := node.field("record")) is not None and inner.text == access.text and _field(node) in fields
    ]
    if any(node.field("record") == access for node in places):
        kept, gone = len(_held(access)), len(access.text)
        edits = [TextEdit(node.start + kept, node.start + gone, "") for node in places]
        title = f"What was in the record `{message.name}` is in `{_held(access)}` now"
        yield Candidate(title, problem.edit(*edits), 0.93)


def _held(access: Node) -> str:
    record = access.field("record")
    return record.text if record is not None else ""
