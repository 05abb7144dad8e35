"""Constructors that carry a record today, with names for what was a tuple.

Event.Key (13, false)                     Event.Key { code = 13; shift = false }
| Event.Key (code, _) -> code             | Event.Key { code; _ } -> code
| Run (prog, _) -> prog                   | Run { prog; _ } -> prog             where there are more parts today
Error.Missing key                         Error.Missing { bucket = t.name; key }      of the only string in `t`

The record itself, which cannot leave its case, for a field of it:
| Column c -> c.gap * length c            | Column c -> c.gap * length c.children
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import in_scope, lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.nested_fields import Fields, fields_of, records
from lsp_aid.repair.places import node_of, text_of, tree, within_parentheses
from lsp_aid.repair.records_for_tuples import alike_fields
from lsp_aid.repair.type_shapes import Type

_PATTERN, _EXPRESSION = "constructor_pattern", "application_expression"
_NAMES = ("value_pattern", "alias_pattern", "any_pattern")
_EMPTY = {"option": "None", "list": "[]"}
_FILES_AT_MOST = 400
_WEIGHT = 0.9
_SAID = (
    "expects an inlined record argument",
    "a pattern was expected which matches values of type",
    "the type of the inlined record could escape",
)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if not any(said in problem.diagnostic.flat_message for said in _SAID):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    node = within_parentheses(node) if node else None
    around = next((n for n in (node, *node.ancestors()) if n.kind in (_PATTERN, _EXPRESSION)), None) if node else None
    if syntax is not None and node is not None and _SAID[-1] in problem.diagnostic.flat_message:
        binder = _binder(syntax, node)
        if binder is not None and (left_out := await _left_out(problem, syntax, node, binder)):
            return left_out
        around = binder or around
    name = _name(around) if around is not None else ""
    fields = _fields(problem, name.rpartition(".")[2]) if name else []
    if syntax is None or around is None or not fields:
        return ()
    edits = []
    for each in syntax.walk(_PATTERN, _EXPRESSION):
        parts = _parts(each) if _name(each) == name else []
        if len(parts) == len(fields) or [part.text for part in parts] == ["_"]:
            edits += list(_named(each, name, [field for field, _ in fields], parts))
        elif len(parts) == 1 and each.kind == _EXPRESSION:
            filled = await _filled(problem, syntax, each, fields)
            edits += filled or list(_shorter(syntax, each, name, fields, parts))
        elif 0 < len(parts) < len(fields) and (len(parts) > 1 or parts[0].kind not in _NAMES):
            edits += list(_shorter(syntax, each, name, fields, parts))
    if not edits:
        return ()
    return [Candidate(f"`{name}` carries a record: `{edits[0].text}`", problem.edit(*edits), _WEIGHT)]


def _binder(syntax: Syntax, node: Node) -> Node | None:
    """The pattern of the constructor whose record a variable is."""
    binding = lookup(syntax, node.text, node.start)
    return binding.node.enclosing(_PATTERN) if binding is not None else None


async def _left_out(problem: Problem, syntax: Syntax, node: Node, binder: Node) -> list[Candidate]:
    """The field of that name, or one that has the type which is wanted there, is read from the record."""
    fields = [field for field, _ in _fields(problem, _name(binder).rpartition(".")[2])]
    binding = lookup(syntax, node.text, node.start)
    if len(fields) < 2 or binding is None or binder.named_children[-1].text != node.text:
        return []
    bare = [use for use in syntax.walk("value_path") if use.text == node.text and not _is_read(use)]
    bare = [use for use in bare if lookup(syntax, use.text, use.start) == binding]
    named = [field for field in fields if field == node.text]
    asked = None if named else await AskedTypes.of(problem)
    if not named and (asked is None or len(bare) > 1):
        return []
    found = [
        (field, problem.edit(*(TextEdit(use.end, use.end, f".{field}") for use in bare))) for field in named or fields
    ]
    if asked is not None:
        reached = await asked.reached([changes.texts.get(problem.diagnostic.path) or "" for _, changes in found])
        found = [one for one, far in zip(found, reached, strict=True) if far > problem.end]
    return [
        Candidate(f"The record cannot leave its case: `{node.text}.{field}`", changes, _WEIGHT / (1 + number))
        for number, (field, changes) in enumerate(found)
    ]


def _is_read(use: Node) -> bool:
    return use.parent is not None and use.parent.kind == "field_get_expression" and use.parent.start == use.start


def _name(node: Node) -> str:
    first = node.field("function") if node.kind == _EXPRESSION else node.named_children[0]
    return first.text if first is not None and first.kind == "constructor_path" else ""


def _parts(node: Node) -> list[Node]:
    given = node.fields("argument") if node.kind == _EXPRESSION else node.named_children[1:]
    return _elements(given[0]) if len(given) == 1 else []


def _elements(node: Node) -> list[Node]:
    if node.kind.startswith("parenthesized_") and node.named_children:
        return _elements(node.named_children[0])
    if node.kind not in ("tuple_expression", "tuple_pattern"):
        return [node]
    return [part for child in node.named_children for part in _elements(child)]


def _named(node: Node, name: str, fields: Sequence[str], parts: Sequence[Node]) -> Iterator[TextEdit]:
    if len(parts) != len(fields):
        return
    is_pattern = node.kind == _PATTERN
    pairs = list(zip(fields, parts, strict=True))
    kept = [(field, part.text) for field, part in pairs if not (is_pattern and part.text == "_")]
    written = [field if field == text else f"{field} = {text}" for field, text in kept]
    if len(kept) < len(pairs):
        written.append("_")
    body = f"{{ {'; '.join(written)} }}" if kept else "_"
    yield TextEdit(node.start, node.end, f"{name} {body}")


def _shorter(
    syntax: Syntax, node: Node, name: str, fields: Sequence[tuple[str, str]], parts: Sequence[Node]
) -> Iterator[TextEdit]:
    """Where the record says more than the tuple did: its first fields, or those that are called as the parts are.
    A value has the variable of its name for each of the others, or nothing, where its type has such."""
    names = [field for field, _ in fields]
    named = dict(alike_fields([part.text for part in parts], names))
    if len(named) < sum(part.text != "_" for part in parts):
        named = dict(zip(names, (part.text for part in parts), strict=False))
    scope = {b.name for b in in_scope(syntax, node.start) if b.kind in ("parameter", "variable", "value")}
    if node.kind == _EXPRESSION:
        for field, type_ in fields:
            empty = _EMPTY.get(type_.rpartition(" ")[2])
            if (text := named.get(field) or (field if field in scope else empty)) is None:
                return
            named[field] = text
    kept = [(field, named[field]) for field in names if named.get(field, "_") != "_"]
    written = [field if field == text else f"{field} = {text}" for field, text in kept]
    if len(kept) < len(fields):
        written.append("_")
    yield TextEdit(node.start, node.end, f"{name} {{ {'; '.join(written)} }}" if kept else f"{name} _")


async def _filled(problem: Problem, syntax: Syntax, node: Node, fields: Sequence[tuple[str, str]]) -> list[TextEdit]:
    """The argument for the field of its name; for each other one the variable of its name, or the only field of its
    type in a record that is at hand. Nothing where one of them is not known."""
    [part] = _parts(node)
    own = next((field for field, _ in fields if field == part.text.rpartition(".")[2]), None)
    asked = await AskedTypes.of(problem) if own is not None else None
    if asked is None:
        return []
    scope = {b.name for b in in_scope(syntax, node.start) if b.kind in ("parameter", "variable", "value")}
    local = [b.name for b in in_scope(syntax, node.start) if b.kind in ("parameter", "variable")]
    typed = [(name, type_) for name, type_ in await asked.values(node.start) if name in local]
    declared = dict(records(problem, syntax))
    written = []
    for field, type_ in fields:
        if field == own:
            text: str | None = part.text
        else:
            text = field if field in scope else _read_from(problem, field, type_, typed, declared)
        if text is None:
            return []
        written.append(field if field == text else f"{field} = {text}")
    return [TextEdit(part.start, part.end, f"{{ {'; '.join(written)} }}")]


def _read_from(
    problem: Problem,
    field: str,
    wanted: str,
    typed: Sequence[tuple[str, Type]],
    declared: Mapping[str, tuple[str, Fields]],
) -> str | None:
    """A field of a record: one that is called as the field that lacks, else the only one of its type."""
    found: dict[bool, list[str]] = {True: [], False: []}
    for name, type_ in typed:
        module = type_.head.rpartition(".")[0].rpartition(".")[2] or module_of(problem.diagnostic.path)
        record = declared.get(f"{module}.{type_.head.rpartition('.')[2]}")
        for other, of in record[1].items() if record is not None else ():
            if of == wanted:
                prefix = "" if module == module_of(problem.diagnostic.path) else f"{module}."
                found[other == field].append(f"{name}.{prefix}{other}")
    best = found[True] or found[False]
    return best[0] if len(best) == 1 else None


def _fields(problem: Problem, constructor: str) -> list[tuple[str, str]]:
    """The fields of the record that a constructor of the project carries, each with its type."""
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is not None and constructor in text:
            found = _declared(ocaml_syntax.parse(text, path), constructor)
            if found:
                return found
    return []


def _declared(syntax: Syntax, constructor: str) -> list[tuple[str, str]]:
    for item in syntax.walk("constructor_declaration"):
        name, record = item.child("constructor_name"), item.child("record_declaration")
        if name is not None and record is not None and name.text == constructor:
            return list(fields_of(record))
    return []
