"""Calls as the standard library has them, where a module of the same name is open that takes its arguments otherwise.

List.filter (fun x -> x > 1) xs      List.filter xs ~f:(fun x -> x > 1)
List.fold_left ( + ) 0 xs            List.fold xs ~init:0 ~f:( + )
String.concat "," parts              String.concat ~sep:"," parts

The type checker tells the types of both. Where the module has another name for it, that is one of the very type, and of
a name that is alike. All calls of the file are brought to it at once.
"""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages, stdlib
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import EVERYTHING, AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, moved, node_of, opened_at, tree, within_parentheses
from lsp_aid.repair.similarity import words_in_common
from lsp_aid.repair.synonyms import mean_the_same
from lsp_aid.repair.type_shapes import Type, parameters

_READ = (
    messages.TypeClash,
    messages.LabelsOmitted,
    messages.WrongLabel,
    messages.TooManyArguments,
    messages.NotAFunction,
    messages.UnboundName,
)
_FUNCTIONS_AT_MOST = 24
_WEIGHT = 0.95


@frozen
class _Other:
    """What is called instead: its name, and for each argument of the old one its place, its label, and, of a function,
    the labels of what that takes."""

    name: str
    places: tuple[int, ...]
    labels: tuple[str, ...]
    within: tuple[tuple[str, ...], ...]

    @property
    def is_in_order(self) -> bool:
        return list(self.places) == sorted(self.places) and not any(self.labels)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, _READ) else None
    node = node_of(problem, syntax) if syntax is not None else None
    paths = list(_paths(problem, syntax)) if syntax is not None else []
    if syntax is None or node is None or not _is_meant(node, paths):
        return ()
    asked = await AskedTypes.of(problem)
    others = await _others(asked, node, paths) if asked is not None else {}
    if asked is None or not _is_meant(node, [path for path in paths if path.text in others]):
        return ()
    edits = list(_edits(syntax.root, others)) if syntax.root is not None else []
    change = problem.edit(*edits)
    (far,) = await asked.reached([change.files[0].after or ""]) if change else (-1.0,)
    if far < moved(problem.end, edits):
        return ()
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    title = f"`{next(iter(others)).partition('.')[0]}` takes its arguments otherwise than that of `Stdlib`{times}"
    return [Candidate(title, change, _WEIGHT, cures_file=far == EVERYTHING)]


def _paths(problem: Problem, syntax: Syntax) -> Iterator[Node]:
    """The names of functions of the standard library, in modules that may be others here."""
    is_open = bool(opened_at(problem))
    own = {item.name for item in syntax.declared if item.kind == "module"}
    for path in syntax.walk("value_path"):
        module, _, name = path.text.rpartition(".")
        is_known = name in stdlib.MODULES.get(module, ()) and bool(module)
        if is_known and (is_open or module in own or file_of_module(problem, module) is not None):
            yield path


def _is_meant(node: Node, paths: Sequence[Node]) -> bool:
    """Whether the error is in one of the names, or in a call of it."""
    calls = [path.parent for path in paths if path.parent is not None and path.parent.field("function") == path]
    return any(one.start <= node.start and node.end <= one.end for one in (*paths, *calls))


async def _others(asked: AskedTypes, node: Node, paths: Sequence[Node]) -> dict[str, _Other]:
    """What stands for each of the functions that are not the standard library's here."""
    names = list(dict.fromkeys(path.text for path in paths))[:_FUNCTIONS_AT_MOST]
    parts = [text for name in names for text in (name, f"Stdlib.{name}")]
    _, types = await asked.of_parts(item_around(node), (node.start, node.end), parts)
    found: dict[str, _Other] = {}
    for name, here, there in zip(names, types[::2], types[1::2], strict=False):
        module, _, old = name.rpartition(".")
        if there is None:
            continue
        same = _mapped(module, old, there, here) if here is not None else None
        if same is None:
            has = await asked.values(node.start, module)
            alike = [
                other
                for new, type_ in sorted(has, key=lambda one: -words_in_common(one[0], old))
                if new != old
                and (words_in_common(new, old) > 0 or mean_the_same(new, old))
                and (other := _mapped(module, new, there, type_))
            ]
            same = alike[0] if alike else None
        if same is not None and not (same.name == name and same.is_in_order):
            found[name] = same
    return found


# --- which argument is which ---


def _mapped(module: str, name: str, old: Type, new: Type) -> _Other | None:
    """The parameter that each argument is for; None where the two are not of the same type but for labels and order."""
    (takes, gives), (slots, result) = parameters(old), parameters(new)
    takes = [one for one in takes if not one.label.startswith("?")]
    if not takes or any(one.label for one in takes):
        return None
    for places in _placed(module, takes, slots, ()):
        needed = {number for number, slot in enumerate(slots) if not slot.label.startswith("?")}
        pairs = [(one.argument, slots[at].argument) for one, at in zip(takes, places, strict=True)]
        if needed <= set(places) and _are_same(module, [*pairs, (gives, result)]):
            labels = tuple(slots[at].label.lstrip("~?") for at in places)
            within = tuple(tuple(one.label for one in parameters(slots[at].argument)[0]) for at in places)
            return _Other(f"{module}.{name}", places, labels, within)
    return None


def _placed(
    module: str, takes: Sequence[Type], slots: Sequence[Type], places: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    if len(places) == len(takes):
        yield places
        return
    for at, slot in enumerate(slots):
        if at not in places and _are_same(module, [(takes[len(places)].argument, slot.argument)]):
            yield from _placed(module, takes, slots, (*places, at))


def _are_same(module: str, pairs: Sequence[tuple[Type, Type]]) -> bool:
    """Whether the types are the same but for the names of variables, and for labels of functions in them."""
    ours: dict[str, str] = {}
    theirs: dict[str, str] = {}

    def same(old: Type, new: Type) -> bool:
        if old.is_variable or new.is_variable:
            both = old.is_variable and new.is_variable
            return both and ours.setdefault(old.head, new.head) == new.head and _back(old, new)
        own = {"t", module.lower()}  # the module may call its type so
        if old.head != new.head and not {old.head.rpartition(".")[2], new.head.rpartition(".")[2]} <= own:
            return False
        return len(old.parts) == len(new.parts) and all(map(same, old.parts, new.parts))

    def _back(old: Type, new: Type) -> bool:
        return theirs.setdefault(new.head, old.head) == old.head

    return all(same(old, new) for old, new in pairs)


# --- written anew ---


def _edits(node: Node, others: Mapping[str, _Other]) -> Iterator[TextEdit]:
    """The calls in a part of the file, those within others in their texts."""
    function = node.field("function") if node.kind == "application_expression" else None
    other = others.get(function.text) if function is not None else None
    given = node.fields("argument")
    if other is not None and function is not None and all(one.kind != "labeled_argument" for one in given):
        yield TextEdit(node.start, node.end, _written(node, function, given, other, others))
        return
    if node.kind == "value_path" and (alone := others.get(node.text)) is not None and alone.is_in_order:
        yield TextEdit(node.start, node.end, alone.name)
        return
    for child in node.named_children:
        yield from _edits(child, others)


def _written(call: Node, function: Node, given: Sequence[Node], other: _Other, others: Mapping[str, _Other]) -> str:
    """The arguments with their labels, in the order of the function where it gets all: as the lines were broken."""
    text, ends = call.syntax.text, [function.end, *(one.end for one in given)]
    gaps = [text[end : one.start] for end, one in zip(ends, given, strict=False)]
    order = list(range(len(given)))
    if len(given) == len(other.places):
        order.sort(key=lambda number: other.places[number])
    parts = [other.name]
    for gap, number in zip(gaps, order, strict=True):
        label = other.labels[number] if number < len(other.labels) else ""
        within = other.within[number] if number < len(other.within) else ()
        value = _text(given[number], others, within)
        parts.append(f"{gap}{f'~{label}' if label == value else f'~{label}:{value}' if label else value}")
    return "".join(parts)


def _text(node: Node, others: Mapping[str, _Other], labels: Sequence[str] = ()) -> str:
    """The text of an argument; the parameters of a function that is written there get the labels."""
    text, at, made = node.syntax.text, node.start, ""
    for edit in sorted([*_labelled(node, labels), *_edits(node, others)], key=lambda one: one.start):
        made += text[at : edit.start] + edit.text
        at = edit.end
    return made + text[at : node.end]


def _labelled(node: Node, labels: Sequence[str]) -> Iterator[TextEdit]:
    function = within_parentheses(node)
    taken = [child for child in function.named_children if child.kind == "parameter"]
    if function.kind == "fun_expression" and not any(one.text.startswith(("~", "?")) for one in taken):
        for label, one in zip(labels, taken, strict=False):
            if label.startswith("~"):
                yield TextEdit(one.start, one.start, "~" if one.text == label[1:] else f"{label}:")
