"""Constructors that carry a tuple now, where they had a record.

Event.Click { x = 10; y = 20 }         Event.Click (10, 20)
| Event.Click { x; _ } -> x            | Event.Click (x, _) -> x

The order is that of the fields where they are all written.
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, text_of, tree, within_parentheses
from lsp_aid.repair.records_for_tuples import elements

_KINDS = ("constructor_pattern", "application_expression")
_RECORDS = ("record_pattern", "record_expression")
_FIELDS = ("field_pattern", "field_expression")
_OPEN = (
    "if_expression", "match_expression", "fun_expression", "function_expression", "let_expression", "try_expression",
    "or_pattern", "alias_pattern", "set_expression",
)  # fmt: skip
_FILES_AT_MOST = 400
_LIKELY = 0.95


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.ConstructorArity):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    around = next((n for n in (node, *node.ancestors()) if n.kind in _KINDS), None) if node is not None else None
    if syntax is None or around is None or _record(around) is None:
        return ()
    name = _name(around)
    order = _order(problem, name, message.expected)
    edits = [edit for one, record in _uses(syntax, name) if (edit := _tuple(record, order)) is not None]
    if not edits or not order:
        return ()
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    title = f"`{name}` carries a tuple: `{name} {edits[0].text}`{times}"
    return [Candidate(title, problem.edit(*edits), _LIKELY)]


def _name(node: Node) -> str:
    first = node.field("function") if node.kind == "application_expression" else node.named_children[0]
    return first.text.rpartition(".")[2] if first is not None and first.kind == "constructor_path" else ""


def _record(node: Node) -> Node | None:
    given = within_parentheses(node.named_children[-1])
    return given if len(node.named_children) == 2 and given.kind in _RECORDS else None


def _uses(syntax: Syntax, name: str) -> Iterator[tuple[Node, Node]]:
    """Where the constructor stands before a record."""
    for one in syntax.walk(*_KINDS):
        record = _record(one) if _name(one) == name else None
        if record is not None:
            yield one, record


def _fields(record: Node) -> Mapping[str, Node | None]:
    """What each field is; None where its name says it all."""
    found: dict[str, Node | None] = {}
    for one in record.named_children:
        path = one.child("field_path")
        if one.kind in _FIELDS and path is not None:
            value = one.named_children[-1]
            found[path.text.rpartition(".")[2]] = None if value == path else value
    return found


def _order(problem: Problem, name: str, size: int) -> Sequence[str]:
    """The fields in their order: as the project names the parts of the tuple, or as it writes them."""
    listed: list[tuple[str, ...]] = []
    named: list[tuple[str, ...]] = []
    for path in [p for p in problem.view.paths() if p.endswith(".ml")][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or name not in text:
            continue
        syntax = ocaml_syntax.parse(text, path)
        listed += [names for _, record in _uses(syntax, name) if len(names := tuple(_fields(record))) == size]
        given = [one.named_children[-1] for one in syntax.walk(*_KINDS) if _name(one) == name]
        named += [tuple(part.text for part in elements(within_parentheses(one))) for one in given]
    if not listed:
        return ()
    return next((names for names in named if sorted(names) == sorted(listed[0])), listed[0])


def _tuple(record: Node, order: Sequence[str]) -> TextEdit | None:
    fields = _fields(record)
    if not set(fields) <= set(order):
        return None
    is_pattern = record.kind == "record_pattern"
    if not is_pattern and len(fields) != len(order):
        return None
    parts = []
    for name in order:
        value = fields.get(name)
        text = value.text if value is not None else name if name in fields else "_"
        parts.append(f"({text})" if value is not None and value.kind in _OPEN else text)
    outer = record.parent if record.parent is not None and record.parent.kind.startswith("parenthesized") else record
    return TextEdit(outer.start, outer.end, f"({', '.join(parts)})")
