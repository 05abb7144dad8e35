"""Fields that a record does not have any more, in the records that are made and taken apart elsewhere.

{ Conf.host = "a"; port = 80; debug = false }       { Conf.host = "a"; port = 80 }      where these are all
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import is_pure
from lsp_aid.repair.nested_fields import records
from lsp_aid.repair.places import tree

_PARTS = {"record_expression": "field_expression", "record_pattern": "field_pattern"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.sort != "record field" or syntax is None:
        return ()
    at = syntax.node_at(problem.start, problem.end)
    record = at.enclosing(*_PARTS) if at is not None else None
    return list(_without(problem, syntax, record, message.name)) if record is not None else ()


def _without(problem: Problem, syntax: Syntax, record: Node, name: str) -> Iterator[Candidate]:
    """The record without the field, where the others are all that one of the project's records has."""
    others = {field for field, _ in _named(record)} - {name}
    known = [set(fields) for _, (_, fields) in records(problem, syntax)]
    is_whole = record.kind == "record_pattern" or any(others == fields for fields in known)
    if not others or not is_whole or not any(others <= fields and name not in fields for fields in known):
        return
    same = [node for node in syntax.walk(record.kind) if {field for field, _ in _named(node)} == {*others, name}]
    edits = [edit for node in same for edit in _taken_out(node, name)]
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    if edits:
        yield Candidate(f"Take out the field `{name}`, which the record has no more{times}", problem.edit(*edits), 0.8)


def _named(record: Node) -> Iterator[tuple[str, Node]]:
    for part in record.named_children:
        if part.kind == _PARTS[record.kind]:
            named = next(part.walk("field_name"), None)
            if named is not None:
                yield named.text, part


def _is_used(part: Node, name: str) -> bool:
    """Whether a pattern binds a variable by the field's name that something uses."""
    start, end = item_around(part)
    item = part.syntax.node_at(start, end - 1)
    if part.kind != "field_pattern" or part.field("pattern") is not None or item is None:
        return False
    uses = (use for use in item.walk("value_path") if use.text == name)
    bindings = (lookup(part.syntax, name, use.start) for use in uses)
    return any(binding is not None and part.start <= binding.node.start < part.end for binding in bindings)


def _taken_out(record: Node, name: str) -> Iterator[TextEdit]:
    """Nothing where the value of the field may do something, or is used."""
    parts = list(_named(record))
    place = next((n for n, (field, _) in enumerate(parts) if field == name), None)
    if place is None or len(parts) < 2:
        return
    part = parts[place][1]
    body = part.field("body")
    if (body is not None and not is_pure(body)) or _is_used(part, name):
        return
    if place + 1 < len(parts):
        following = parts[place + 1][1]
        path = next((node for node in part.walk("field_path")), None)
        prefix = path.text.rpartition(".")[0] if path is not None else ""
        keeps = bool(prefix) and place == 0 and "." not in following.text.partition("=")[0]
        yield TextEdit(part.start, following.start, f"{prefix}." if keeps else "")
    else:
        yield TextEdit(parts[place - 1][1].end, part.end, "")
