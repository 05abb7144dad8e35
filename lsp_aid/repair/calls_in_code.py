"""Calls as they are written: read with the types of all that they give, and written anew by a plan."""

import re
from collections.abc import Mapping, Sequence

from attrs import evolve, frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.call_plans import Argument, Plan, Slot
from lsp_aid.repair.declared_types import ABBREVIATED
from lsp_aid.repair.type_shapes import Type, read

_MOST_ARGUMENTS = 8
_DEEPEST = 12
ATOMS = (
    "value_path", "parenthesized_expression", "constructor_path", "number", "string", "character", "boolean", "unit",
    "empty_list", "list_expression", "array_expression", "record_expression", "field_get_expression", "tag",
    "prefix_expression", "quoted_string", "array_get_expression", "string_get_expression", "local_open_expression",
)  # fmt: skip


@frozen
class Call:
    """A call, with the types of what it gives; `takes` is that of the function, `wanted` what its context wants.

    A function that is handed on by its name is one that gives nothing.
    """

    node: Node
    function: Node
    takes: Type
    wanted: Type | None
    arguments: tuple[Argument, ...]


async def read_call(node: Node, asked: AskedTypes) -> Call | None:
    """The call that an application, or the name of a function, is; None where its function has no name or no type."""
    function, given = function_of(node), node.fields("argument")
    if function is None or function.kind != "value_path" or len(given) > _MOST_ARGUMENTS:
        return None
    item = item_around(node)
    pairs = [bare(one) for one in given]
    wanted, (takes, *types) = await asked.of_parts(
        item, (node.start, node.end), [function.text, *(t for _, t in pairs)]
    )
    if takes is None:
        return None
    short = abbreviations(node.syntax)
    arguments = tuple(
        Argument(label, text, expanded(type_, short) if type_ is not None else None, (number,))
        for number, ((label, text), type_) in enumerate(zip(pairs, types, strict=True))
    )
    return Call(node, function, expanded(takes, short), expanded(wanted, short) if wanted else None, arguments)


def function_of(node: Node) -> Node | None:
    return node if node.kind == "value_path" else node.field("function")


def abbreviations(syntax: Syntax) -> dict[str, Type]:
    """What types of the file without parameters stand for."""
    found = {}
    for item in syntax.items:
        body = item.node.field("body") if item.kind == "type" else None
        if body is not None and body.kind in ABBREVIATED and "'" not in item.node.text:
            found[item.name] = read(body.text)
    return found


def expanded(type_: Type, short: Mapping[str, Type], depth: int = 0) -> Type:
    """The type, with what those in `short` stand for."""
    if not type_.parts and type_.head in short and depth < _DEEPEST:
        return expanded(evolve(short[type_.head], label=type_.label), short, depth + 1)
    return evolve(type_, parts=tuple(expanded(part, short, depth + 1) for part in type_.parts))


def item_around(node: Node) -> tuple[int, int]:
    """Where the item of the file is that a node is in."""
    last = node
    for around in node.ancestors():
        if around.parent is None:
            break
        last = around
    return last.start, last.end


def bare(argument: Node) -> tuple[str, str]:
    """The label of an argument, and the expression that is given for it."""
    if argument.kind != "labeled_argument":
        return "", argument.text
    name, value = argument.child("label_name"), argument.field("expression")
    label = f"{argument.text[0]}{name.text}" if name is not None else ""
    return label, value.text if value is not None else label[1:]


# --- written anew ---


def rewritten(places: Sequence[Node], plan: Plan) -> list[TextEdit]:
    """The calls as the plan has them, those within others in their texts."""
    inside = {(node.start, node.end): node for node in places}
    outer = [n for n in places if not any((a.start, a.end) in inside for a in n.ancestors())]
    return [TextEdit(node.start, node.end, _rewritten(node, plan, inside)) for node in outer]


def _rewritten(node: Node, plan: Plan, inside: Mapping[tuple[int, int], Node]) -> str:
    function = function_of(node)
    assert function is not None  # it is a call
    text = written(function.text, plan, node, inside)
    above = node.parent
    is_argument = above is not None and above.kind in ("application_expression", "labeled_argument")
    return f"({text})" if node == function and is_argument and plan.slots else text


def written(name: str, plan: Plan, node: Node, inside: Mapping[tuple[int, int], Node] | None = None) -> str:
    arguments = node.fields("argument")
    texts = [_inner(argument, plan, inside or {}) for argument in arguments]
    return " ".join([name, *(_slot(slot, arguments, texts) for slot in plan.slots)])


def _inner(argument: Node, plan: Plan, inside: Mapping[tuple[int, int], Node]) -> str:
    """The text of an argument, without its label, with the calls in it rewritten."""
    value = argument.field("expression") if argument.kind == "labeled_argument" else argument
    if value is None:
        return bare(argument)[1]
    text, at, made = value.syntax.text, value.start, ""
    for child in value.walk("application_expression"):
        if (child.start, child.end) in inside and child.start >= at:
            made += text[at : child.start] + _rewritten(child, plan, inside)
            at = child.end
    return made + text[at : value.end]


def _slot(slot: Slot, arguments: Sequence[Node], texts: Sequence[str]) -> str:
    if slot.value is not None:
        is_plain = re.fullmatch(r"[\w.']+|'.*'|\"[^\"]*\"|\(.*\)|\[.*\]", slot.value.text) is not None
        return _labelled(slot.label, slot.value.text if is_plain else f"({slot.value.text})")
    source = slot.source
    assert source is not None
    if len(source.of) > 1:
        return _labelled(slot.label, f"({', '.join(texts[number] for number in source.of)})")
    text = texts[source.of[0]]
    if source.part >= 0:
        return _labelled(slot.label, _part(arguments[source.of[0]], source.part))
    given = arguments[source.of[0]]
    kind = (given.field("expression") or given).kind if given.kind == "labeled_argument" else given.kind
    if slot.form != "{}" and kind not in ATOMS and not slot.form.startswith("(fun"):
        text = f"({text})"
    return _labelled(slot.label, slot.form.format(text))


def _part(argument: Node, number: int) -> str:
    inner = argument.field("expression") if argument.kind == "parenthesized_expression" else argument
    parts = _elements(inner) if inner is not None else []
    if number >= len(parts):
        return argument.text
    return parts[number].text if parts[number].kind in ATOMS else f"({parts[number].text})"


def _elements(node: Node) -> list[Node]:
    """The parts of a tuple, which the grammar has as pairs."""
    if node.kind != "tuple_expression":
        return [node]
    return [part for child in node.named_children for part in _elements(child)]


def _labelled(label: str, text: str) -> str:
    return f"{label[:-1]}" if label and label[1:-1] == text else f"{label}{text}"
