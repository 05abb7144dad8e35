"""Records that leave fields out, or name them all and a record besides; or that have commas between them.

    let make name = { name }                  let make name = { name; size = failwith "TODO: size" }
    let name { name } = name                  let name { name; _ } = name
    let next r = { r with x = 1; y = 2 }      let next _r = { x = 1; y = 2 }
    let origin = { x = 0, y = 0 }             let origin = { x = 0; y = 0 }

A field gets the variable of its name, where there is one in scope; or what the project has by default
(`new_fields.py`). Without all that a person has to write the value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import line_start, newline, starts_line
from lsp_aid.repair.new_fields import NewValue, new_values

_USELESS_WITH = 23
_FILLED = 0.6
_GIVEN = re.compile(r"(?:[A-Z]\w*\s*\.\s*)*(?P<name>[a-z_][\w']*)\s*=(?![-+*/=<>|&^@])")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    match message:
        case messages.UndefinedFields() | messages.UnboundFieldsInPattern():
            pass
        case messages.TypeClash() | messages.UnboundName(sort="value"):
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
        case messages.TypeClash() | messages.UnboundName():
            return list(_commas(problem, tree))
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
    yield from _filled(problem, fields, known, parts)
    written = [name if name in known else f'{name} = failwith "TODO: {name}"' for name in fields]
    change = problem.edit(*_placed(problem, parts, fields, written))
    if len(known) == len(fields):
        title = f"Add the field{plural} {shown}, from the variable{plural} of that name"
        yield Candidate(title, change, 0.85)
    else:
        yield Candidate(f"Add the field{plural} {shown}, to be written", change, 0.5, Kind.SKELETON)


def _filled(
    problem: Problem, fields: Sequence[str], known: Sequence[str], parts: Sequence[Node]
) -> Iterator[Candidate]:
    """With what speaks for itself in the fields that no variable is for: the likeliest of each, the second of each."""
    beside = [_name(part) for part in parts]
    lacking = [name for name in fields if name not in known]
    offered: list[list[NewValue]] = []
    for name in lacking:
        offered.append(new_values(problem, name, [*beside, *fields]))
        if not offered[-1]:
            return
    if not offered:
        return
    for number in range(max(map(len, offered))):
        values = dict(zip(lacking, (ways[min(number, len(ways) - 1)] for ways in offered), strict=True))
        yield _with_values(problem, fields, values, parts, _FILLED / (1 + number / 4))


def _with_values(
    problem: Problem, fields: Sequence[str], values: Mapping[str, NewValue], parts: Sequence[Node], weight: float
) -> Candidate:
    written = [f"{name} = {values[name].text}" if name in values else name for name in fields]
    change = problem.edit(*_placed(problem, parts, fields, written))
    shown = ", ".join(f"`{name}`" for name in fields)
    texts = ", ".join(f"`{value.text}`" for value in values.values())
    title = f"Add the field{'s' if len(fields) > 1 else ''} {shown}, as {texts}"
    is_guess = any(value.is_guess for value in values.values())
    return Candidate(title, change, weight, Kind.GUESS if is_guess else Kind.FIX)


def _placed(problem: Problem, parts: Sequence[Node], fields: Sequence[str], written: Sequence[str]) -> list[TextEdit]:
    """Each where the type has its field, if the fields that are there follow the type; else behind the last."""
    syntax, names = parts[0].syntax, [_name(part) for part in parts]
    order = places.declared_together(problem, syntax, "record field", [*names, *fields])
    numbers = [order.index(name) for name in names] if order else []
    follows = bool(order) and numbers == sorted(numbers)
    behind: dict[int, list[str]] = {}
    for _, name, text in sorted((order.index(n) if follows else 0, n, t) for n, t in zip(fields, written, strict=True)):
        at = sum(number < order.index(name) for number in numbers) if follows else len(parts)
        behind.setdefault(at, []).append(text)
    gap = _gap(syntax.text, parts)
    edits = [
        TextEdit(parts[at - 1].end, parts[at - 1].end, "".join(f";{gap}{text}" for text in texts))
        for at, texts in behind.items()
        if at
    ]
    if 0 in behind:  # the module's name goes to the first of all
        start, path = parts[0].start, next(parts[0].walk("field_path"))
        module = path.text.removesuffix(names[0])
        added = module + "".join(f"{text};{gap}" for text in behind[0])
        edits.append(TextEdit(start, start + len(module), added))
    return edits


def _gap(text: str, parts: Sequence[Node]) -> str:
    """What is between the fields of a record behind the semicolon: a space, or a line break and the indentation."""
    last = parts[-1].start
    if len(parts) == 1 or not starts_line(text, last):
        return " "
    return newline(text) + text[line_start(text, last) : last]


def _name(part: Node) -> str:
    return next((name.text for name in part.walk("field_name")), "")


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


def _commas(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    """`{ a = 1, b = 2 }` has a pair in its only field: so have all such records of the file."""
    record = _record(problem, tree, "record_expression")
    if record is None or not any(_tuples(record)):
        return
    known = {item.name for item in tree.declared if item.kind == "record field"}
    known |= {found.name for found in places.declared_elsewhere(problem) if found.kind == "record field"}
    if not any(_commas_of(record, known)):
        return
    edits = [edit for one in tree.walk("record_expression") for edit in _commas_of(one, known)]
    yield Candidate("The fields of a record have semicolons between them", problem.edit(*edits), 0.94)


def _tuples(record: Node) -> Iterator[Node]:
    """Those in its fields that no brackets are around."""
    for values in record.walk("tuple_expression"):
        if next(node for node in values.ancestors() if node.text.startswith(("{", "[", "("))) == record:
            yield values


def _commas_of(record: Node, known: Set[str]) -> Iterator[TextEdit]:
    """Those in front of what gives a field, `x = e` or, beside such, `x`."""
    for values in _tuples(record):
        parts = [part for part in values.named_children[1:] if _field_of(part) in known]
        if not any(part.kind == "value_path" for part in parts) or len({part.kind for part in parts}) > 1:
            commas = [child for child in values.children if child.kind == ","]
            for part in parts:
                comma = max((one for one in commas if one.end <= part.start), key=lambda one: one.start)
                yield TextEdit(comma.start, comma.end, ";")


def _field_of(part: Node) -> str:
    given = _GIVEN.match(part.text)
    return given["name"] if given is not None else part.text if part.kind == "value_path" else ""
