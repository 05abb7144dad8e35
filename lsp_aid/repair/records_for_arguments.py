"""Functions that take a record now for what were arguments, and the other way round.

Mailer.send ~recipient ~subject:"Hi"        Mailer.send { Mailer.recipient; subject = "Hi" }
Point.make 1 2                              Point.make { Point.x = 1; y = 2 }
Mailer.send { Mailer.recipient; body = b }  Mailer.send ~recipient ~body:b

All calls of the function in the file are brought to it.
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, bare, read_call
from lsp_aid.repair.declared_types import Parts, fields
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.new_fields import NewValue, new_values
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.type_shapes import Type, parameters
from lsp_aid.repair.values import calls

_READ = (
    messages.TypeClash,
    messages.TooManyArguments,
    messages.NotAFunction,
    messages.WrongLabel,
    messages.LabelMismatch,
    messages.UnboundName,
)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    is_other_name = isinstance(message, messages.UnboundName) and message.sort != "record field"
    if not isinstance(message, _READ) or is_other_name:
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    around = next((n for n in (node, *node.ancestors()) if n.kind == "application_expression"), None)
    asked = await AskedTypes.of(problem) if around is not None else None
    call = await read_call(around, asked) if around is not None and asked is not None else None
    if call is None:
        return ()
    takes, _ = parameters(call.takes)
    name = call.function.text
    alike = list(calls(syntax.walk("application_expression"), name))
    found = list(_to_labels(problem, alike, name, takes))
    if isinstance(message, messages.UnboundName):
        return found
    for number, taken in enumerate(takes):
        parts = fields(problem, taken.argument.head)
        if parts is not None and len(parts.names) > 1:
            before = sum(not other.label for other in takes[:number])
            label = taken.label
            found += _to_record(problem, alike, name, parts, (label, before, len([t for t in takes if not t.label])))
    return found


def _to_record(
    problem: Problem, alike: Sequence[Node], name: str, parts: Parts, place: tuple[str, int, int]
) -> Iterator[Candidate]:
    """`place` is the label of the record's parameter, how many without a label are in front of it, and how many
    there are."""
    edits: list[TextEdit] = []
    by_place, is_guess = False, False
    new: dict[str, list[NewValue]] = {}
    for call in alike:
        given = _given(call, parts, place)
        if given is None:
            continue
        values, used = given
        by_place |= not any(bare(one)[0] for one in used)
        for field in parts.names:
            if field in values:
                continue
            if field not in new:
                new[field] = new_values(problem, field, parts.names)
            if not new[field]:
                break
            values[field] = new[field][0].text
            is_guess |= new[field][0].is_guess
        if len(values) < len(parts.names):
            continue
        edits.append(_with_record(call, parts, values, used, place))
    if edits:
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"`{name}` takes a record: `{' '.join(edits[0].text.split())}`{often}"
        yield Candidate(title, problem.edit(*edits), 0.6 if by_place else 0.92, Kind.GUESS if is_guess else Kind.FIX)


def _given(call: Node, parts: Parts, place: tuple[str, int, int]) -> tuple[dict[str, str], list[Node]] | None:
    """The value of each field that the call has as an argument, and those arguments."""
    labelled = {bare(one)[0][1:]: one for one in call.fields("argument") if bare(one)[0].startswith("~")}
    named = {field: labelled[field] for field in parts.names if field in labelled}
    if named:
        return {field: bare(one)[1] for field, one in named.items()}, list(named.values())
    plain = [one for one in call.fields("argument") if not bare(one)[0]]
    run = plain[place[1] : place[1] + len(parts.names)]
    if len(plain) != place[2] - (not place[0]) + len(parts.names) or len(run) < len(parts.names):
        return None
    return {field: _inner(one) for field, one in zip(parts.names, run, strict=True)}, run


def _inner(argument: Node) -> str:
    if argument.kind == "parenthesized_expression" and len(argument.named_children) == 1:
        inside = argument.named_children[0]
        plain = (
            "application_expression",
            "infix_expression",
            "field_get_expression",
            "value_path",
            "prefix_expression",
        )
        return inside.text if inside.kind in plain else argument.text
    return argument.text


def _with_record(
    call: Node, parts: Parts, values: Mapping[str, str], used: Sequence[Node], place: tuple[str, int, int]
) -> TextEdit:
    function = call.field("function")
    assert function is not None  # it is an application
    record = written_record(parts, [(field, values[field]) for field in parts.names])
    texts: list[str] = []
    plain, is_in = 0, False
    for argument in call.fields("argument"):
        if argument in used:
            continue
        has_label = bool(bare(argument)[0])
        if not is_in and not has_label and plain == place[1]:
            texts.append(f"{place[0]}:{record}" if place[0] else record)
            is_in = True
        texts.append(argument.text)
        plain += not has_label
    if not is_in:
        texts.append(f"{place[0]}:{record}" if place[0] else record)
    return TextEdit(call.start, call.end, " ".join([function.text, *texts]))


def written_record(parts: Parts, values: Sequence[tuple[str, str]]) -> str:
    """`{ M.x = 1; y }`: a variable that is called like its field stands alone."""
    made = []
    for number, (field, value) in enumerate(values):
        path = parts.path(field) if number == 0 else field
        made.append(path if value == field else f"{path} = {_outer(value)}")
    return f"{{ {'; '.join(made)} }}"


def _outer(value: str) -> str:
    """A value without the parentheses that it needs as an argument."""
    inside = value[1:-1].strip()
    depth = 0
    for number, char in enumerate(value):
        depth += char in "(["
        depth -= char in ")]"
        if depth == 0 and number < len(value) - 1:
            return value
    is_plain = value.startswith("(") and not any(word in inside for word in (";", ",", "fun", "match", "let", ":", "|"))
    return inside if is_plain and inside else value


def _to_labels(problem: Problem, alike: Sequence[Node], name: str, takes: Sequence[Type]) -> Iterator[Candidate]:
    labels = {taken.label[1:]: taken.label[0] for taken in takes if taken.label}
    edits = []
    for call in alike:
        for argument in call.fields("argument"):
            if argument.kind != "record_expression" or argument.child("with") is not None:
                continue
            values = [_field(part) for part in argument.named_children if part.kind == "field_expression"]
            if values and all(field in labels for field, _ in values):
                texts = [f"~{field}" if value == field else f"~{field}:{value}" for field, value in values]
                edits.append(TextEdit(argument.start, argument.end, " ".join(texts)))
    if edits:
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"`{name}` takes its arguments with labels: `{edits[0].text}`{often}"
        yield Candidate(title, problem.edit(*edits), 0.92)


def _field(part: Node) -> tuple[str, str]:
    name = next(iter(part.walk("field_name")))
    body = part.field("body")
    if body is None:
        return name.text, name.text
    return name.text, body.text if body.kind in ATOMS else f"({body.text})"
