"""Arguments without the label that the function has for them, of a call that may not be complete.

words |> List.filter (fun w -> w <> "")        words |> List.filter ~f:(fun w -> w <> "")
text |> String.split ','                       text |> String.split ~on:','

All calls in the file that are written so are brought to it. A label stands in front where other calls have it there.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import EVERYTHING, AskedTypes
from lsp_aid.repair.calls_in_code import bare, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, fits, parameters
from lsp_aid.repair.values import calls

_MOST_ARGUMENTS, _MOST_LABELS, _MOST_TRIED = 4, 4, 16
_FILES_AT_MOST = 400
_RIGHT, _LIKELY, _BEFORE, _LESS = 0.96, 0.95, 0.93, 0.04
_FUNCTIONS = ("fun_expression", "function_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.UnboundName | messages.SyntaxProblem):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    call = _call(node) if node is not None else None
    function = call.field("function") if call is not None else None
    asked = await AskedTypes.of(problem) if call is not None else None
    if syntax is None or call is None or function is None or asked is None:
        return ()
    plain = [one for one in call.fields("argument") if one.kind != "labeled_argument"]
    texts = [function.text, *(one.text for one in plain)]
    wanted, (takes, *types) = await asked.of_parts(item_around(call), (call.start, call.end), texts)
    if takes is None or not 0 < len(plain) <= _MOST_ARGUMENTS:
        return ()
    given = {bare(one)[0].lstrip("~?") for one in call.fields("argument")}
    missing = {
        one.label[1:]: one.parts[0]
        for one in parameters(takes)[0]
        if one.label.startswith("~") and one.label[1:] not in given
    }
    if not 0 < len(missing) <= _MOST_LABELS:
        return ()
    positional = [one.parts[0] for one in parameters(takes)[0] if not one.label]
    is_whole = wanted is not None and not wanted.is_variable and wanted.head != "->"
    if is_whole and parameters(takes)[1].head != "->" and len(plain) < len(missing) + len(positional):
        return ()  # it lacks more than labels
    made: dict[ChangeSet, str] = {}
    in_order = _in_order(parameters(takes)[0], given) if isinstance(message, messages.LabelsOmitted) else ()
    assigned = list(_assignments(plain, types, missing, positional, in_order))
    front = _in_front(problem, function.text, missing) if any("" in labels for labels in assigned) else set()
    for labels in assigned:
        shown = " ".join(f"~{label}:{one.text}" for label, one in zip(labels, plain, strict=True) if label)
        for places in (_alike(syntax, call), [call]):
            change = problem.edit(*(edit for one in places for edit in _labelled(one, labels, front)))
            made.setdefault(change, " ".join(shown.split()) + (f" ({len(places)} times)" if len(places) > 1 else ""))
    return await _further(problem, asked, call, made)


def _call(node: Node) -> Node | None:
    """The call that what is in error is, or is an argument or the function of."""
    inner = within_parentheses(node)
    for around in (inner, *itertools.islice(node.ancestors(), 2)):
        if around.kind == "application_expression":
            return around
    return None


def _assignments(
    plain: Sequence[Node],
    types: Sequence[Type | None],
    missing: Mapping[str, Type],
    positional: Sequence[Type],
    in_order: Sequence[str],
) -> Iterator[tuple[str, ...]]:
    """A label for each argument, empty for none; the fewest first. Of as many it is `in_order` where that is known."""
    found: list[tuple[str, ...]] = []
    for labels in itertools.product(("", *missing), repeat=len(plain)):
        used = [label for label in labels if label]
        rest = [n for n, label in enumerate(labels) if not label]
        if not used or len(set(used)) < len(used) or len(rest) > len(positional):
            continue
        wanted = [missing[label] if label else positional[rest.index(n)] for n, label in enumerate(labels)]
        if all(_may_be(*one) for one in zip(plain, types, wanted, strict=True)):
            found.append(labels)
    named = {labels: sum(label == one.text for label, one in zip(labels, plain, strict=True)) for labels in found}
    found.sort(key=lambda labels: (sum(bool(label) for label in labels), -named[labels], labels != in_order))
    yield from found[: _MOST_TRIED // 2]


def _in_order(takes: Sequence[Type], given: Collection[str]) -> tuple[str, ...]:
    """The labels by place: so the compiler takes a full application without any of them."""
    left = [one.label for one in takes if one.label[:1] != "?" and one.label not in {f"~{name}" for name in given}]
    return tuple(label[1:] for label in left)


def _may_be(argument: Node, type_: Type | None, wanted: Type) -> bool:
    if within_parentheses(argument).kind in _FUNCTIONS and not wanted.is_variable:
        return wanted.head == "->"
    return type_ is None or fits(type_, wanted)


def _alike(syntax: Syntax, call: Node) -> list[Node]:
    """The calls of the function that give as much, with the same labels."""
    shape = _shape(call)
    return [one for one in syntax.walk("application_expression") if _shape(one) == shape]


def _shape(call: Node) -> tuple[str, ...]:
    function = call.field("function")
    return (function.text if function is not None else "", *(bare(one)[0] for one in call.fields("argument")))


def _in_front(problem: Problem, function: str, missing: Collection[str]) -> set[str]:
    """The labels that all other calls of the function with them have in front of what has none."""
    module, _, name = function.rpartition(".")
    found: dict[str, set[bool]] = {}
    for path in [p for p in problem.view.paths() if p.endswith(".ml")][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        is_own = path == problem.diagnostic.path
        if text is None or name not in text or not (is_own or module in text):
            continue
        for call in calls(parse(text, path).walk("application_expression"), function, is_own=is_own):
            given = [bare(one)[0].lstrip("~?") for one in call.fields("argument")]
            plain = given.index("") if "" in given else None
            for number, label in enumerate(given if plain is not None else ()):
                found.setdefault(label, set()).add(plain is not None and number < plain)
    return {label for label in missing if found.get(label) == {True}}


def _labelled(call: Node, labels: Sequence[str], front: Collection[str]) -> Iterator[TextEdit]:
    given = call.fields("argument")
    plain = [one for one in given if one.kind != "labeled_argument"]
    first = next((one for label, one in zip(labels, plain, strict=True) if not label), None)
    for label, one in zip(labels, plain, strict=True):
        if not label:
            continue
        text = "~" if one.text == label else f"~{label}:"
        if first is None or label not in front or one.start < first.start:
            yield TextEdit(one.start, one.start, text)
        else:
            yield TextEdit(first.start, first.start, f"{text}{one.text} ")
            yield TextEdit(given[given.index(one) - 1].end, one.end, "")


async def _further(
    problem: Problem, asked: AskedTypes, call: Node, made: Mapping[ChangeSet, str]
) -> Sequence[Candidate]:
    """Those with which the call is right, those first with which nothing is left. What is before a call may be typed
    after it."""
    tried = list(made.items())[:_MOST_TRIED]
    reached = await asked.reached([changes.texts.get(problem.diagnostic.path) or "" for changes, _ in tried])
    found: list[Candidate] = []
    for (changes, shown), far in zip(tried, reached, strict=True):
        if far > call.end or 0 <= far < call.start:
            weight = _RIGHT if far == EVERYTHING else _LIKELY if far > call.end else _BEFORE
            weight -= _LESS * len(found)
            found.append(Candidate(f"Label the arguments: `{shown}`", changes, weight))
    return found
