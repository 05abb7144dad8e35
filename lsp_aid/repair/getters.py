"""Fields that are read by functions, and functions that are fields now.

Contact.name c, where that is gone          c.Contact.name          of type Contact.t = { name : string; ... }
Contact.with_name c "x", where it is gone   { c with Contact.name = "x" }
List.map Contact.name cs                    List.map (fun contact -> contact.Contact.name) cs

All uses of the same function in the file are brought to it.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS, bare
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import Declared, declared_elsewhere, node_of, tree
from lsp_aid.repair.synonyms import mean_the_same

_READS = re.compile(r"^(?:get_|the_)?(?P<name>\w+?)(?:_of)?$")
_WRITES = re.compile(r"^(?:with_|set_|update_)(?P<name>\w+)$")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if not isinstance(message, messages.UnboundName) or message.sort != "value" or not message.qualifier:
        return ()
    if syntax is None or node_of(problem, syntax) is None or problem.diagnostic.path.endswith(".mli"):
        return ()
    fields = [
        one
        for one in declared_elsewhere(problem)
        if one.kind == "record field" and one.path.rpartition(".")[0] == message.qualifier
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
