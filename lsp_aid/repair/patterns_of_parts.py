"""Patterns of what is a part of something else now: a constructor that is in a record, or in a pair.

    | Token.Rparen :: rest        | { Token.kind = Rparen; _ } :: rest        of type t = { kind : kind; line : int }
    | Rparen :: rest              | (Rparen, _) :: rest                       of type t = kind * int
    match next with Plus -> ...   match next.kind with Plus -> ...
    if next = Plus                if next.kind = Plus

Every such pattern of the same match follows.
"""

from collections.abc import Collection, Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.nested_fields import found_record, records
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import file_of_module, node_of, opened_at, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, read

_FILES_AT_MOST = 400
_WEIGHT = 0.93
_SOLE = ("or_pattern", "parenthesized_pattern")


@frozen
class _Whole:
    """What holds the part with these constructors: the field of a record, or a place in a tuple of `size`."""

    names: Collection[str]
    field: str = ""
    place: int = 0
    size: int = 1


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None or not isinstance(message, messages.TypeClash):
        return ()
    if message.what != "pattern":
        return list(_compared(problem, syntax, node, message))
    case = node.enclosing("match_case")
    match = case.parent if case is not None else None
    name = _name(within_parentheses(node))
    if match is None or not name:
        return ()
    found: list[Candidate] = []
    for whole in _wholes(problem, syntax, read(message.expected_as or message.expected), name):
        found += _rewritten(problem, match, whole)
    return found


def _name(node: Node) -> str:
    """The constructor that a pattern or an expression starts with, without its module."""
    inner = node.named_children[0] if node.kind in ("constructor_pattern", "application_expression") else node
    return inner.text.rpartition(".")[2] if inner.kind == "constructor_path" else ""


def _wholes(problem: Problem, syntax: Syntax, type_: Type, name: str) -> Iterator[_Whole]:
    """What of the type can hold the constructor."""
    variants = dict(_variants(problem, syntax, name))
    type_ = _stands_for(problem, syntax, type_)
    if type_.head == "*":
        for place, part in enumerate(type_.parts):
            names = next((names for of, names in variants.items() if _is_same(part.head, of)), None)
            if names is not None:
                yield _Whole(names, "", place, len(type_.parts))
        return
    known = dict(records(problem, syntax))
    heads = [type_.head, *(f"{module}.{type_.head}" for module in opened_at(problem))]
    made = (found_record(known, head, module_of(syntax.path)) for head in heads)
    record = next((one for one in made if one is not None), None)
    module, fields = record if record is not None else ("", {})
    for field, of in fields.items():
        names = variants.get(of if "." in of else f"{module}.{of}")
        if names is not None:
            yield _Whole(names, field, 0, len(fields))


def _stands_for(problem: Problem, syntax: Syntax, type_: Type) -> Type:
    """The tuple that a type is a name of, here or in another module; else the type itself."""
    module, _, name = type_.head.rpartition(".")
    path = file_of_module(problem, module.rpartition(".")[2].rpartition("__")[2]) if module else syntax.path
    text = text_of(problem.view, path) if path is not None else None
    for item in parse(text, path).items if text is not None and path is not None else ():
        body = item.node.field("body") if item.kind == "type" and item.name == name else None
        if body is not None and body.kind == "tuple_type":
            return read(" ".join(body.text.split()))
    return type_


def _is_same(written: str, of: str) -> bool:
    """Whether a type that is printed is `Module.type`."""
    return ".".join(written.replace("__", ".").split(".")[-2:]) in (of, of.rpartition(".")[2])


def _variants(problem: Problem, syntax: Syntax, name: str) -> Iterator[tuple[str, Collection[str]]]:
    """The types of the project, as `Module.type`, that have the constructor, each with all of its constructors."""
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = syntax.text if path == syntax.path else text_of(problem.view, path)
        if text is None or name not in text:
            continue
        declared = [item for item in parse(text, path).declared if item.kind == "constructor"]
        for owner in {item.owner for item in declared if item.name == name}:
            yield f"{module_of(path)}.{owner}", {item.name for item in declared if item.owner == owner}


# --- patterns ---


def _rewritten(problem: Problem, match: Node, whole: _Whole) -> Iterator[Candidate]:
    cases = [p for case in match.named_children if (p := case.field("pattern")) is not None]
    places = list(dict.fromkeys(place for pattern in cases for place in _places(pattern, whole)))
    scrutinee = match.named_children[0] if match.kind == "match_expression" else None
    all_alone = all(pattern in places or pattern.kind in ("any_pattern", "value_pattern") for pattern in cases)
    if scrutinee is not None and scrutinee.kind in ATOMS and all_alone and (taken := _taken(scrutinee, whole)):
        edit = TextEdit(scrutinee.start, scrutinee.end, taken)
        yield Candidate(f"What is matched is in it: `{taken}`", problem.edit(edit), _WEIGHT)
    if places:
        edits = [TextEdit(place.start, place.end, _pattern(place, whole)) for place in places]
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"It is a part of something now: `{edits[0].text}`{times}"
        yield Candidate(title, problem.edit(*edits), _WEIGHT - 0.03)


def _places(pattern: Node, whole: _Whole) -> Iterator[Node]:
    """The outermost patterns that are of constructors of the part alone, and not within such a record yet."""
    if all(_name(one) in whole.names for one in _alternatives(pattern)):
        yield pattern
        return
    if pattern.kind in ("record_pattern", "constructor_path", "constructor_pattern"):
        return
    for child in pattern.named_children:
        yield from _places(child, whole)


def _alternatives(pattern: Node) -> Iterator[Node]:
    if pattern.kind not in _SOLE:
        yield pattern
        return
    for child in pattern.named_children:
        yield from _alternatives(child)


def _pattern(place: Node, whole: _Whole) -> str:
    inner = within_parentheses(place)
    if not whole.field:
        parts = ["_"] * whole.size
        parts[whole.place] = inner.text if inner.kind != "or_pattern" else f"({inner.text})"
        return f"({', '.join(parts)})"
    first = next(inner.walk("constructor_path"))
    module = first.text.rpartition(".")[0]
    text = inner.text
    for path in reversed(list(inner.walk("constructor_path"))):
        if module and path.text.startswith(f"{module}.") and path.text.rpartition(".")[2] in whole.names:
            at = path.start - inner.start
            text = text[:at] + text[at + len(module) + 1 :]
    field = f"{module}.{whole.field}" if module else whole.field
    return f"{{ {field} = {text}{'; _' if whole.size > 1 else ''} }}"


def _taken(value: Node, whole: _Whole) -> str:
    if whole.field:
        return f"{value.text}.{whole.field}"
    return f"{('fst', 'snd')[whole.place]} {value.text}" if whole.size == 2 else ""


# --- comparisons ---


def _compared(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """The operand before a comparison holds what it is compared with."""
    name = _name(within_parentheses(node))
    places = list(clashing(node, message))[1:] if name else []
    for place, found, _ in places:
        for whole in _wholes(problem, syntax, found, name):
            taken = _taken(place, whole) if place.kind in ATOMS else ""
            if taken:
                edit = TextEdit(place.start, place.end, taken)
                yield Candidate(f"What is compared is in it: `{taken}`", problem.edit(edit), _WEIGHT)
