"""Fields that are read by functions, and functions that are fields now.

Contact.name c, where that is gone          c.Contact.name          of type Contact.t = { name : string; ... }
Contact.with_name c "x", where it is gone   { c with Contact.name = "x" }
List.map Contact.name cs                    List.map (fun contact -> contact.Contact.name) cs
c.Contact.name, where that is gone          Contact.name c          or what the module itself reads it with

All uses of the same function in the file are brought to it.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.calls_in_code import ATOMS, bare
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.nested_fields import records
from lsp_aid.repair.places import Declared, declared_elsewhere, file_of_module, node_of, text_of, tree
from lsp_aid.repair.synonyms import mean_the_same
from lsp_aid.repair.type_shapes import read

_READS = re.compile(r"^(?:get_|the_)?(?P<name>\w+?)(?:_of)?$")
_RECORDS = ("field_get_expression", "record_expression", "record_pattern")
_TYPE = r"[A-Z][\w'.]*\.[a-z_][\w']*"
_WRITES = re.compile(r"^(?:with_|set_|update_)(?P<name>\w+)$")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if syntax is None or node_of(problem, syntax) is None or problem.diagnostic.path.endswith(".mli"):
        return ()
    if isinstance(message, messages.NotARecord):
        return list(_called(problem, syntax, read(message.type).head.rpartition(".")[0]))
    if isinstance(message, messages.UnboundName) and message.sort == "record field" and not message.of_type:
        module = message.qualifier or _hiding(problem, syntax)
        return list(_called(problem, syntax, module)) if module else ()
    if not isinstance(message, messages.UnboundName) or not message.qualifier:
        return ()
    if message.sort != "value":
        return ()
    fields = [
        one
        for one in declared_elsewhere(problem)
        if one.kind == "record field"
        and message.qualifier in (one.path.rpartition(".")[0], one.short.rpartition(".")[0])
    ]
    found: list[Candidate] = []
    for names, is_read in ((_READS.match(message.name), True), (_WRITES.match(message.name), False)):
        if names is None:
            continue
        for field in fields:
            alike = 0.92 if field.name in (names["name"], message.name) else 0.0
            alike = alike or (0.5 if mean_the_same(field.name, names["name"]) else 0.0)
            if alike:
                found += _rewritten(problem, syntax, message, field, alike, is_read=is_read)
    return found


def _hiding(problem: Problem, syntax: Syntax) -> str:
    """The module of the type that the record is said to be of, by an annotation or as a field of another record."""
    at = syntax.node_at(problem.start, problem.end)
    access = next((n for n in (at, *at.ancestors()) if n.kind == "field_get_expression"), None) if at else None
    record = access.field("record") if access is not None else None
    if record is None:
        return ""
    if record.kind == "field_get_expression" and (field := record.field("field")) is not None:
        return _of_field(problem, syntax, field.text)
    binding = lookup(syntax, record.text, record.start) if record.kind == "value_path" else None
    return binding.type.rpartition(".")[0] if binding is not None and re.fullmatch(_TYPE, binding.type) else ""


def _of_field(problem: Problem, syntax: Syntax, path: str) -> str:
    """The module that the type of a field is in, where all records that have the field say the same; those of the file
    go before others."""
    module, _, name = path.rpartition(".")
    own = module_of(problem.diagnostic.path)
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for _, (around, fields) in records(problem, syntax):
        if name in fields and module.rpartition(".")[2] in ("", around):
            type_ = fields[name]
            is_here = around == own
            said[is_here].add(type_ if is_here or "." in type_ else f"{around}.{type_}")
    types = said[True] or said[False]
    type_ = types.pop() if len(types) == 1 else ""
    if not re.fullmatch(_TYPE, type_):
        return ""
    known = (d for d in declared_elsewhere(problem) if d.kind == "type" and f".{d.path}".endswith(f".{type_}"))
    return next((d.short for d in known), type_).rpartition(".")[0]


def _called(problem: Problem, syntax: Syntax, module: str) -> Iterator[Candidate]:
    """Functions of the module in the place of its fields, all that the file reads of that module's values."""
    known = [d for d in declared_elsewhere(problem) if d.kind == "value"]
    values = {d.name for d in known if f"{module}.{d.name}" in (d.path, d.short)}
    at = syntax.node_at(problem.start, problem.end)
    here = next((n for n in (at, *at.ancestors()) if n.kind in _RECORDS), None) if at is not None else None
    if not module or here is None:
        return
    if here.kind != "field_get_expression":
        return
    readers = {**_readers(problem, module, values), **{name: name for name in values}}
    of = here.field("record")
    edits: list[TextEdit] = []
    for access in syntax.walk("field_get_expression"):
        record, field = access.field("record"), access.field("field")
        path = field.text if field is not None else ""
        is_same = record is not None and of is not None and record.text == of.text and of.kind in ATOMS
        is_same = is_same and access.enclosing("value_definition") == here.enclosing("value_definition")
        is_named = path.rpartition(".")[0] == module or access == here or is_same
        name = readers.get(path.rpartition(".")[2])
        if record is None or not is_named or name is None or _is_within(access, edits):
            continue
        text = record.text if record.kind in ATOMS else f"({record.text})"
        above = access.parent
        is_argument = above is not None and above.kind in ("application_expression", "labeled_argument", *_RECORDS)
        call = f"{module}.{name} {text}"
        edits.append(TextEdit(access.start, access.end, f"({call})" if is_argument else call))
    if edits:
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        yield Candidate(
            f"`{module}` has functions for its fields: `{edits[0].text}`{often}", problem.edit(*edits), 0.92
        )


def _readers(problem: Problem, module: str, values: Collection[str]) -> dict[str, str]:
    """The functions that the module itself defines as reading one field: `let balance t = t.cents`."""
    path = file_of_module(problem, module.rpartition(".")[2])
    text = text_of(problem.view, path) if path is not None else None
    found: dict[str, str] = {}
    for item in parse(text, path).items if text is not None and path is not None else ():
        body = item.node.field("body") if item.kind == "value" and item.name in values else None
        field = body.field("field") if body is not None and body.kind == "field_get_expression" else None
        if body is not None and field is not None and sum(c.kind == "parameter" for c in item.node.children) == 1:
            record = body.field("record")
            if record is not None and record.kind == "value_path":
                found.setdefault(field.text, item.name)
    return found


def _is_within(node: Node, edits: Sequence[TextEdit]) -> bool:
    return any(edit.start <= node.start < edit.end for edit in edits)


def _rewritten(
    problem: Problem, syntax: Syntax, message: messages.UnboundName, field: Declared, weight: float, *, is_read: bool
) -> Iterator[Candidate]:
    path = f"{message.qualifier}.{message.name}"
    edits: list[TextEdit] = []
    for use in syntax.walk("value_path"):
        if use.text == path and not any(edit.start <= use.start < edit.end for edit in edits):
            edit = _read(use, field) if is_read else _written(use, field)
            if edit is not None:
                edits.append(edit)
    if edits:
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"`{field.name}` is a field: `{' '.join(edits[0].text.split())}`{often}"
        yield Candidate(title, problem.edit(*edits), weight)


def _read(use: Node, field: Declared) -> TextEdit | None:
    above = use.parent
    if above is None:
        return None
    if above.kind == "application_expression" and above.field("function") == use:
        given = above.fields("argument")
        if len(given) != 1 or bare(given[0])[0]:
            return None
        record = given[0]
        text = record.text if record.kind in ATOMS else f"({record.text})"
        around = above.parent
        outer = around if around is not None and around.kind == "parenthesized_expression" else above
        return TextEdit(outer.start, outer.end, f"{text}.{field.path}")
    operator = above.field("operator") if above.kind == "infix_expression" else None
    if operator is not None and operator.text == "|>" and above.field("right") == use:
        left = above.field("left")
        if left is not None and left.kind in ATOMS:
            return TextEdit(above.start, above.end, f"{left.text}.{field.path}")
    name = field.path.split(".")[-2].lower() if field.owner == "t" else field.owner
    return TextEdit(use.start, use.end, f"(fun {name} -> {name}.{field.path})")


def _written(use: Node, field: Declared) -> TextEdit | None:
    """`with_name c v`, or `with_name v c`: the record is the variable, where one alone is."""
    above = use.parent
    if above is None or above.kind != "application_expression" or above.field("function") != use:
        return None
    given = above.fields("argument")
    if len(given) != 2:
        return None
    variables = [one for one in given if one.kind == "value_path"]
    labelled = [one for one in given if bare(one)[0]]
    record = next((one for one in given if one not in labelled), given[0]) if len(labelled) == 1 else None
    record = record or (variables[0] if len(variables) == 1 else given[0])
    value = next(one for one in given if one != record)
    text = bare(value)[1]
    around = above.parent
    outer = around if around is not None and around.kind == "parenthesized_expression" else above
    return TextEdit(outer.start, outer.end, f"{{ {record.text} with {field.path} = {text} }}")
