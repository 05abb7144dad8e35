"""Records that leave fields out, or name them all and a record besides.

    let make name = { name }                  let make name = { name; size = failwith "TODO: size" }
    let name { name } = name                  let name { name; _ } = name
    let next r = { r with x = 1; y = 2 }      let next _r = { x = 1; y = 2 }

A field gets the variable of its name, where there is one in scope; or what is nothing of its type, or what other
records have there. Without all that a person has to write the value.
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.new_fields import new_value

_USELESS_WITH = 23


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    match message:
        case messages.UndefinedFields() | messages.UnboundFieldsInPattern():
            pass
        case messages.CompilerWarning() if message.number == _USELESS_WITH:
            pass
        case _:
            return []
    tree = places.tree(problem)
    if tree is None:
        return []
    match message:
        case messages.UndefinedFields():
            return list(_completed(problem, tree, message.fields))
        case messages.UnboundFieldsInPattern():
            return list(_open_pattern(problem, tree))
    return list(_without_with(problem, tree))


def _record(problem: Problem, tree: Syntax, kind: str) -> Node | None:
    at = tree.node_at(problem.start, problem.end)
    return next((node for node in (at, *at.ancestors()) if node.kind == kind), None) if at else None


def _completed(problem: Problem, tree: Syntax, fields: Sequence[str]) -> Iterator[Candidate]:
    record = _record(problem, tree, "record_expression")
    parts = [child for child in record.named_children if child.kind == "field_expression"] if record else []
    if not parts:
        return
    known = [name for name in fields if lookup(tree, name, parts[0].start) is not None]
    shown = ", ".join(f"`{name}`" for name in fields)
    plural = "s" if len(fields) > 1 else ""
    given = {name: new_value(problem, name) for name in fields if name not in known}
    if given and all(value is not None for value in given.values()):
        texts = {name: value[0] for name, value in given.items() if value is not None}
        written = [f"{name} = {texts[name]}" if name in texts else name for name in fields]
        edit = TextEdit(parts[-1].end, parts[-1].end, "".join(f"; {field}" for field in written))
        is_guess = any(value is not None and value[1] for value in given.values())
        values = ", ".join(f"`{text}`" for text in texts.values())
        title = f"Add the field{plural} {shown}, as {values}"
        yield Candidate(title, problem.edit(edit), 0.6, Kind.GUESS if is_guess else Kind.FIX)
    written = [name if name in known else f'{name} = failwith "TODO: {name}"' for name in fields]
    edit = TextEdit(parts[-1].end, parts[-1].end, "".join(f"; {field}" for field in written))
    if len(known) == len(fields):
        title = f"Add the field{plural} {shown}, from the variable{plural} of that name"
        yield Candidate(title, problem.edit(edit), 0.85)
    else:
        yield Candidate(f"Add the field{plural} {shown}, to be written", problem.edit(edit), 0.5, Kind.SKELETON)


def _open_pattern(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    pattern = _record(problem, tree, "record_pattern")
    parts = [child for child in pattern.children if child.kind == "field_pattern"] if pattern else []
    if pattern is not None and parts:
        separator = next((c for c in pattern.children if c.kind == ";" and c.start >= parts[-1].end), None)
        at = separator.end if separator else parts[-1].end
        change = problem.edit(TextEdit(at, at, " _" if separator else "; _"))
        yield Candidate("Leave the other fields out of the pattern: `; _`", change, 0.9)


def _without_with(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    record = _record(problem, tree, "record_expression")
    keyword = record.child("with") if record else None
    copied = record.field("record") if record else None
    if record is None or keyword is None or copied is None:
        return
    first = next(child for child in record.children if child.start >= keyword.end)
    change = problem.edit(TextEdit(copied.start, first.start, ""))
    yield Candidate(f"Remove `{copied.text} with`: all fields are there", change, 0.9)
