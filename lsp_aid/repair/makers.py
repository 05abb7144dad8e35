"""Values of a type that is private now, or whose shape is hidden: functions of its module make them.

{ Account.iban; owner; balance = 0 }        Account.open_ ~iban ~owner
Money.Cents 250                             Money.of_cents 250
{ account with Account.owner = "Ann" }      Account.with_owner account "Ann"
{ span with Span.stop = 9 }                 Span.make span.start 9
account.owner <- "Ann"                      Account.set_owner account "Ann"

What is written so elsewhere in the file follows.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.changed_calls import parameter_names
from lsp_aid.repair.declared_types import fields
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses
from lsp_aid.repair.records_for_tuples import elements
from lsp_aid.repair.type_shapes import Type, parameters, read

_PRIVATE = re.compile(
    r"Cannot (?:create values of|assign field \"?(?P<field>\w+)\"? of) the private type \"?(?:.*\s)?(?P<type>[\w.]+)\"?"
)
_USUAL = re.compile(r"^(?:make|create|v|init|build|new_?|open_?|of_\w+)$")
_WITHOUT = re.compile(r"^(?:add|incr|scale|neg|sub|map|merge|update|copy|max|min)(?:_|$)")
_RAISES = {"option": "Option.get", "result": "Result.get_ok"}
_LITERALS = (
    "number", "string", "character", "boolean", "empty_list", "constructor_path", "unit", "signed_number", "tag",
)  # fmt: skip
_MOST = 3
_WEIGHT = 0.93


@frozen
class _Maker:
    """A function that gives a value of the type; `raises` makes one of the option or result that it gives. `names`
    are those of its parameters, as far as its definition says them, `fields` all of the record's."""

    path: str
    takes: tuple[Type, ...]
    names: tuple[str, ...]
    fields: tuple[str, ...]
    raises: str = ""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None or problem.diagnostic.path.endswith(".mli"):
        return ()
    head = _type(problem, syntax, node)
    module = head.rpartition(".")[0]
    asked = await AskedTypes.of(problem) if module and module != module_of(problem.diagnostic.path) else None
    if asked is None:
        return ()
    values = await asked.values(node.start, module)
    parts = fields(problem, head)
    makers = list(_makers(problem, values, head, parts.names if parts is not None else ()))
    made: list[Candidate] = []
    for whole in _wholes(node):
        complete = await _completed(asked, whole, parts.names if parts is not None else (), module)
        ways = _ways(whole, makers, values, module, complete)
        for number, (text, weight, is_guess) in enumerate(sorted(ways, key=lambda way: -way[1])[:_MOST]):
            others = list(_others(syntax, whole, makers, text))
            edits = [TextEdit(*_place(whole, text), _closed(whole, text)), *(edit for edit, _ in others)]
            often = f" ({len(edits)} times)" if len(edits) > 1 else ""
            title = f"`{module}` makes its values itself: `{' '.join(text.split())}`{often}"
            kind = Kind.GUESS if is_guess or any(loses for _, loses in others) else Kind.FIX
            made.append(Candidate(title, problem.edit(*edits), weight - 0.02 * number, kind))
        if ways:
            break
    return made


def _type(problem: Problem, syntax: Syntax, node: Node) -> str:
    """The type that is private, or whose fields or constructors its module does not show."""
    if private := _PRIVATE.search(problem.diagnostic.flat_message):
        around = node.enclosing("local_open_expression")
        opened = around.child("module_path") if around is not None and "." not in private["type"] else None
        return f"{opened.text}.{private['type']}" if opened is not None else private["type"]
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.UnboundName) and message.sort == "record field" and not message.of_type:
        record = next((n for n in (node, *node.ancestors()) if n.kind == "record_expression"), None)
        return f"{message.qualifier}.t" if record is not None and message.qualifier else ""
    if isinstance(message, messages.NotARecord):
        return read(message.type).head
    return ""


def _wholes(node: Node) -> Iterator[Node]:
    """What makes the value: the record, the constructor with what it carries, or what sets the field."""
    for around in (within_parentheses(node), *node.ancestors()):
        function = around.field("function") if around.kind == "application_expression" else None
        is_constructor = function is not None and function.kind == "constructor_path"
        if around.kind in ("record_expression", "set_expression", "constructor_path") or is_constructor:
            above = around.parent
            if around.kind != "constructor_path" or above is None or above.field("function") != around:
                yield around


def _makers(
    problem: Problem, values: Sequence[tuple[str, Type]], head: str, shown: tuple[str, ...]
) -> Iterator[_Maker]:
    module = head.rpartition(".")[0]
    for name, type_ in values:
        takes, gives = parameters(type_)
        is_unit = len(takes) == 1 and takes[0].parts[0].head == "unit"
        if not takes or is_unit or any(_is(one.parts[0], head) for one in takes):
            continue
        path = f"{module}.{name}"
        raises = _RAISES.get(gives.head, "")
        if _is(gives.parts[0] if raises else gives, head):
            yield _Maker(path, tuple(takes), tuple(parameter_names(problem, path)), shown, raises)


def _is(type_: Type, head: str) -> bool:
    return type_.head == head or type_.head.endswith(f".{head}") or head.endswith(f".{type_.head}")


# --- what is written instead ---

_Way = tuple[str, float, bool]  # the text, its weight, and whether it is a guess


def _ways(
    whole: Node, makers: Sequence[_Maker], values: Sequence[tuple[str, Type]], module: str, complete: Node | None
) -> list[_Way]:
    if whole.kind == "set_expression":
        return list(_set(whole, values, module))
    if complete is not whole and (writing := list(_updated(whole, values, module))):
        return writing
    given = dict(_fields(complete)) if complete is not None and complete.kind == "record_expression" else {}
    if complete is None or (complete is not whole and not given):
        return []
    found = []
    for maker in makers:
        text = _of_fields(maker, given) if given else _of_constructor(maker, whole)
        if text is not None:
            called, lost = text
            weight = _WEIGHT - 0.06 * lost - (0.3 if maker.raises else 0.0)
            weight -= 0.0 if _USUAL.match(maker.path.rpartition(".")[2]) else 0.04
            found.append((f"{maker.raises} ({called})" if maker.raises else called, weight, bool(maker.raises or lost)))
    return found


async def _completed(asked: AskedTypes, whole: Node, names: Sequence[str], module: str) -> Node | None:
    """What makes a value of another with all fields written out, of what is not set from that other; None where it is
    no name. What makes one of nothing is itself."""
    if whole.kind != "record_expression" or whole.child("with") is None:
        return whole
    base = whole.named_children[0]
    given = {name: value.text for name, value in _fields(whole)}
    if base.kind not in ("value_path", "field_get_expression") or not set(given) <= set(names):
        return None
    left = [name for name in names if name not in given]
    known = (await asked.of_parts(item_around(whole), (whole.start, whole.end), [f"{base.text}.{n}" for n in left]))[1]
    for name, type_ in zip(left, known, strict=True):
        is_known = type_ is not None and not type_.is_variable
        given[name] = f"{base.text}.{name}" if is_known else f"{base.text}.{module}.{name}"
    written = parse("let _ = { " + "; ".join(f"{name} = {given[name]}" for name in names) + " }", whole.syntax.path)
    return next(iter(written.walk("record_expression")), None)


def _fields(record: Node) -> Iterator[tuple[str, Node]]:
    """The fields that a record gives, each with its value, which is the name itself where it stands for both."""
    for part in record.named_children:
        name = next(iter(part.walk("field_name")), None) if part.kind == "field_expression" else None
        if name is not None:
            yield name.text, part.field("body") or name


def _of_fields(maker: _Maker, given: Mapping[str, Node]) -> tuple[str, int] | None:
    """The call with the values of the fields, and how many of them it takes no notice of, which are literals."""
    labelled = [one for one in maker.takes if one.label]
    plain = [one for one in maker.takes if not one.label and one.parts[0].head != "unit"]
    needed = [one.label[1:] for one in labelled if one.label.startswith("~")]
    if any(label not in given for label in needed):
        return None
    by_label = {one.label[1:] for one in labelled}
    left = sorted((name for name in given if name not in by_label), key=_place_in(maker.fields))
    named = [name for name, one in zip(maker.names, maker.takes, strict=False) if one in plain and name in left]
    lost = []
    if len(plain) < len(left) and len(named) == len(plain):  # what is the same for each new one is no argument
        lost = [name for name in left if name not in named and given[name].kind in _LITERALS]
    left = named if len(named) == len(plain) == len(left) - len(lost) else left
    if len(left) != len(plain):
        return None
    texts, names = [maker.path], iter(left)
    for one in maker.takes:
        label = one.label[1:]
        if one.label and label in given:
            texts += _labelled(one, given[label])
        elif not one.label:
            texts.append("()" if one.parts[0].head == "unit" else _atom(given[next(names)]))
    return " ".join(texts), len(lost)


def _labelled(parameter: Type, value: Node) -> list[str]:
    """The argument for a parameter; what may be left out is given by what the option holds, and left out for `None`."""
    label = parameter.label[1:]
    if parameter.label.startswith("?") and parameter.parts[0].head != "option":
        function = value.field("function")
        if value.text == "None":
            return []
        if function is not None and function.text == "Some" and len(value.fields("argument")) == 1:
            value = within_parentheses(value.fields("argument")[0])
    text = _atom(value)
    return [f"~{label}" if text == label else f"~{label}:{text}"]


def _place_in(names: Sequence[str]) -> Callable[[str], int]:
    return lambda name: names.index(name) if name in names else len(names)


def _of_constructor(maker: _Maker, whole: Node) -> tuple[str, int] | None:
    """The call with what the constructor carries; a function that takes the type itself makes none."""
    if any(one.label for one in maker.takes) or _WITHOUT.match(maker.path.rpartition(".")[2]):
        return None
    carried = [one for argument in whole.fields("argument") for one in elements(within_parentheses(argument))]
    if not carried or len(carried) != len(maker.takes):
        return None
    return " ".join((maker.path, *(_atom(one) for one in carried))), 0


def _updated(record: Node, values: Sequence[tuple[str, Type]], module: str) -> Iterator[_Way]:
    """Functions that give the value with another field, one for each that is given."""
    text, weight = _atom(record.named_children[0]), _WEIGHT
    for number, (field, value) in enumerate(_fields(record)):
        found = next(_writers(values, field, ("with_{}", "set_{}", "update_{}", "{}")), None)
        if found is None:
            return
        name, is_first = found
        given = (text, _atom(value)) if is_first else (_atom(value), text)
        text = " ".join((f"{module}.{name}", *(f"({one})" if number and one == text else one for one in given)))
    if text != _atom(record.named_children[0]):
        yield text, weight, False


def _set(whole: Node, values: Sequence[tuple[str, Type]], module: str) -> Iterator[_Way]:
    access, value = whole.named_children[0], whole.named_children[-1]
    record, field = access.field("record"), access.field("field")
    if record is None or field is None:
        return
    name = field.text.rpartition(".")[2]
    for writer, is_first in _writers(values, name, ("set_{}", "{}_set", "update_{}")):
        given = (_atom(record), _atom(value)) if is_first else (_atom(value), _atom(record))
        yield " ".join((f"{module}.{writer}", *given)), _WEIGHT, False


def _writers(values: Sequence[tuple[str, Type]], field: str, forms: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The functions that are called like it and take a value beside one of the type; whether that comes first."""
    known = dict(values)
    for name in (form.format(field) for form in forms):
        takes = parameters(known[name])[0] if name in known else []
        if len(takes) == 2 and not any(one.label for one in takes):
            yield name, takes[0].parts[0].head.rpartition(".")[2] == "t"


def _atom(node: Node) -> str:
    return node.text if node.kind in ATOMS or node.kind == "field_name" else f"({node.text})"


# --- where ---


def _place(whole: Node, text: str) -> tuple[int, int]:
    """The value, with the module that is opened for it alone."""
    around = outside_parentheses(whole).parent
    if around is not None and around.kind == "local_open_expression" and around.text.startswith(text.partition(".")[0]):
        return around.start, around.end
    return whole.start, whole.end


def _closed(whole: Node, text: str) -> str:
    above = whole.parent
    if above is not None and above.kind == "local_open_expression":
        above = above.parent
    is_argument = above is not None and above.kind in ("application_expression", "labeled_argument", "infix_expression")
    return f"({text})" if is_argument else text


def _others(syntax: Syntax, whole: Node, makers: Sequence[_Maker], text: str) -> Iterator[tuple[TextEdit, bool]]:
    """The others of the file that are written with the same fields, or by the same constructor, of that module; each
    with whether one of its fields is lost."""
    maker = next((one for one in makers if text.startswith(f"{one.path} ")), None)
    if maker is None or whole.kind == "set_expression" or whole.child("with") is not None:
        return
    kind = whole.kind
    modules = {_module(whole), maker.path.rpartition(".")[0]} - {""}  # without one it may be the module's own
    for other in syntax.walk(kind):
        is_other = (other.start, other.end) != (whole.start, whole.end) and _module(other) in modules
        if not is_other or _name(other) != _name(whole):
            continue
        given = dict(_fields(other)) if kind == "record_expression" else {}
        made = _of_fields(maker, given) if given else _of_constructor(maker, other)
        if made is not None and other.child("with") is None:
            yield TextEdit(*_place(other, made[0]), _closed(other, made[0])), made[1] > 0


def _module(whole: Node) -> str:
    """The module that a field or the constructor is written with, or that is opened for it alone; else nothing."""
    paths = [part.child("field_path") for part in whole.named_children if part.kind == "field_expression"]
    paths = paths if whole.kind == "record_expression" else [whole.field("function") or whole]
    named = (path.child("module_path") for path in paths if path is not None)
    above = outside_parentheses(whole).parent
    opened = above.child("module_path") if above is not None and above.kind == "local_open_expression" else None
    found = next((module for module in named if module is not None), opened)
    return found.text if found is not None else ""


def _name(whole: Node) -> object:
    """What a record's fields are called, or a constructor, without modules."""
    if whole.kind == "record_expression":
        return frozenset(name for name, _ in _fields(whole))
    return (whole.field("function") or whole).text.rpartition(".")[2]
