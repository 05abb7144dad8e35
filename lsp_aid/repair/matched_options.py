"""A field or a variable that is an option now: what the file answers elsewhere where there is none, it answers here.

let owner t = match t.owner with None -> "-" | Some owner -> owner
let due t = Date.to_string t.due              let due t = match t.due with None -> "-" | Some due -> Date.to_string due
Node.touch n.parent                           Option.iter Node.touch n.parent
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import column
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, fits, parameters, read

_LITERALS = ("string", "number", "boolean", "character", "empty_list", "unit", "tag", "constructor_path")
_AROUND = ("application_expression", "parenthesized_expression", "labeled_argument", "field_get_expression")
_FREE = ("let_binding", "fun_expression")
_DEEPEST = 4
_UNIT, _SEEN = 0.85, 0.82


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    node = within_parentheses(node)
    found = Type("")
    if isinstance(message, messages.TypeClash) and message.what != "pattern":
        found, wanted = read(message.found), read(message.expected)
        if found.head != "option" or wanted.head == "option" or not fits(found.parts[0], wanted):
            return ()
    elif isinstance(message, messages.NotARecord):
        found = read(message.type)
    name = _name(node)
    asked = await AskedTypes.of(problem) if found.head == "option" and name else None
    if asked is None:
        return ()
    for whole in _wholes(node):
        made = list(_ways(syntax, whole, node, name, gives_nothing=await _gives_nothing(asked, whole, node)))
        changes = [problem.edit(edit) for edit, _, _ in made]
        reached = await asked.reached([one.files[0].after or "" for one in changes])
        fitting = [
            Candidate(title, change, weight, Kind.GUESS)
            for (edit, title, weight), change, far in zip(made, changes, reached, strict=True)
            if far > problem.end + len(edit.text) - (edit.end - edit.start)
        ]
        if fitting:
            return fitting[:2]
    return ()


def _name(node: Node) -> str:
    """What the value is called that there may be: the field, or the variable itself."""
    if node.kind == "field_get_expression" and (field := node.field("field")) is not None:
        return field.text.rpartition(".")[2]
    return node.text if node.kind == "value_path" and "." not in node.text else ""


def _wholes(node: Node) -> Iterator[Node]:
    """What is made of the value, the least first."""
    inner, depth = node, 0
    while inner.parent is not None and inner.parent.kind in _AROUND and depth < _DEEPEST:
        inner = inner.parent
        if inner.kind == "application_expression" or (inner.kind == "field_get_expression"):
            depth += 1
            yield inner


_Way = tuple[TextEdit, str, float]


async def _gives_nothing(asked: AskedTypes, whole: Node, node: Node) -> bool:
    """Whether what is made of the value is a unit, as what is around or the function itself says."""
    function = whole.field("function")
    applied = [whole.syntax.text[whole.start : whole.fields("argument")[-1].start]] if function is not None else []
    wanted, types = await asked.of_parts(item_around(node), (whole.start, whole.end), applied)
    gives = [parameters(type_) for type_ in types if type_ is not None]
    is_said = any(len(takes) == 1 and result.head == "unit" for takes, result in gives)
    return is_said or (wanted is not None and wanted.head == "unit")


def _ways(syntax: Syntax, whole: Node, node: Node, name: str, *, gives_nothing: bool) -> Iterator[_Way]:
    if gives_nothing:
        if whole.kind == "application_expression" and whole.fields("argument")[-1] == node:
            applied = syntax.text[whole.start : node.start].rstrip()
            applied = applied if len(whole.fields("argument")) == 1 else f"({applied})"
            text = f"Option.iter {applied} {node.text}"
            yield (
                TextEdit(whole.start, whole.end, text),
                "It is an option: `Option.iter`, for where there is one",
                _UNIT,
            )
        yield _matched(whole, node, name, "()", is_first=False)
    for default, is_first in dict(_defaults(syntax)).items():
        yield _matched(whole, node, name, default, is_first=is_first)


def _defaults(syntax: Syntax) -> Iterator[tuple[str, bool]]:
    """What the file has for no value elsewhere, and whether it says that first."""
    for matching in syntax.walk("match_expression", "function_expression"):
        cases = [one for one in matching.named_children if one.kind == "match_case"]
        patterns = [one.field("pattern") for one in cases]
        texts = [pattern.text if pattern is not None else "" for pattern in patterns]
        if len(cases) != 2 or "None" not in texts or not any(text.startswith("Some ") for text in texts):
            continue
        number = texts.index("None")
        body = cases[number].field("body")
        if body is not None and body.kind in _LITERALS and body.text != "None":
            yield body.text, number == 0


def _matched(whole: Node, node: Node, name: str, default: str, *, is_first: bool) -> _Way:
    text = whole.syntax.text
    some = f"Some {name} -> {text[whole.start : node.start]}{name}{text[node.end : whole.end]}"
    none = f"None -> {default}"
    scrutinee = node.text if node.kind in ATOMS else f"({node.text})"
    cases = (none, some) if is_first else (some, none)
    above = whole.parent
    title = f"It is an option: `{default}` where there is none, as elsewhere"
    if above is None or above.kind not in _FREE:
        inside = f"match {scrutinee} with {' | '.join(cases)}"
        is_closed = above is not None and above.kind == "parenthesized_expression"
        return TextEdit(whole.start, whole.end, inside if is_closed else f"({inside})"), title, _SEEN
    indent = " " * (column(text, _line_of(above)) + 2)
    lines = "".join(f"\n{indent}| {case}" for case in cases)
    start = len(text[: whole.start].rstrip())
    return TextEdit(start, whole.end, f"\n{indent}match {scrutinee} with{lines}"), title, _SEEN


def _line_of(node: Node) -> int:
    """Where what a binding belongs to begins."""
    return node.parent.start if node.kind == "let_binding" and node.parent is not None else node.start
