"""A function that is written as an argument and takes something else than it is given.

List.fold_left (fun x acc -> x :: acc) [] xs          fun acc x -> x :: acc
Hashtbl.fold (fun (k, _) acc -> k :: acc) t []        fun k _ acc -> k :: acc
List.map (fun (a, _) -> a) triples                    fun (a, _, _) -> a
List.iteri (fun line -> print_endline line) lines     fun _ line -> print_endline line
M.fold (fun acc _ v -> acc + v) 0 m                   M.fold (fun _ v acc -> acc + v) m 0

The parameters are put in another order, taken apart, put together; `_` is added for what is not used. The type checker
tells which of these fit; the one that changes least is meant.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses

_MOST_PARAMETERS = 4
_MOST_TRIED = 80
_SURE = 0.9
_MOVED, _GROUPED, _ADDED, _LENGTHENED, _CALL = 0.08, 0.15, 0.3, 0.1, 0.2
_READ = (messages.TypeClash, messages.TooManyArguments, messages.NotAFunction)


@frozen
class _Way:
    parameters: str
    cost: float
    title: str


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, _READ):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    call, function = _call(node) if node is not None else (None, None)
    asked = await AskedTypes.of(problem) if function is not None else None
    if call is None or function is None or asked is None:
        return ()
    parameters = [c for c in function.named_children if c.kind == "parameter"]
    if not 1 <= len(parameters) <= _MOST_PARAMETERS or any(p.text.startswith(("~", "?")) for p in parameters):
        return ()
    tried: list[tuple[_Way, str, int]] = []
    of_tuples = isinstance(message, messages.TypeClash) and " * " in message.found and " * " in message.expected
    for way, edits in _tried(function, parameters, call, _LENGTHENED if of_tuples else _ADDED):
        text = apply_text_edits(asked.text, edits)
        tried.append((way, text, call.end + len(text) - len(asked.text)))
    tried = sorted(tried, key=lambda one: one[0].cost)[:_MOST_TRIED]
    reached = await asked.reached([text for _, text, _ in tried])
    whole = len(asked.text)
    return [
        Candidate(way.title, problem.edit(TextEdit(0, whole, text)), _SURE * math.exp(-way.cost))
        for (way, text, end), far in zip(tried, reached, strict=True)
        if far >= end
    ][:3]


def _call(node: Node) -> tuple[Node | None, Node | None]:
    """The call that the error is in, and the function written as its argument: the one in error, or the only one."""
    for around in (node, *node.ancestors()):
        if around.kind in ("let_binding", "sequence_expression"):
            return None, None
        if around.kind != "application_expression":
            continue
        written = [f for a in around.fields("argument") if (f := _function(a)) is not None]
        if len(written) == 1:
            return around, written[0]
    return None, None


def _function(argument: Node) -> Node | None:
    value = argument.field("expression") if argument.kind == "labeled_argument" else argument
    inner = within_parentheses(value) if value is not None else None
    return inner if inner is not None and inner.kind == "fun_expression" else None


def _tried(
    function: Node, parameters: Sequence[Node], call: Node, longer: float
) -> Iterator[tuple[_Way, list[TextEdit]]]:
    start, end = parameters[0].start, parameters[-1].end
    others = [a for a in call.fields("argument") if _function(a) != function]
    turned = len(others) == 2 and not any(a.kind == "labeled_argument" for a in others)
    for way in _ways([p.text for p in parameters], longer):
        edit = TextEdit(start, end, way.parameters)
        if way.cost:
            yield way, [edit]
        if turned:
            swap = [TextEdit(others[0].start, others[0].end, others[1].text)]
            swap.append(TextEdit(others[1].start, others[1].end, others[0].text))
            title = f"{way.title}, and what follows the other way round" if way.cost else "The arguments are turned"
            both = _Way(way.parameters, way.cost + _CALL, title)
            yield both, sorted([*([edit] if way.cost else []), *swap], key=lambda e: e.start)


def _ways(parameters: Sequence[str], lengthened: float) -> Iterator[_Way]:
    """The same parameters in other forms; `lengthened` is the cost of one more part in a tuple."""
    forms: list[tuple[list[str], float]] = [(list(parameters), 0.0)]
    for number, text in enumerate(parameters):
        parts = _parts(text)
        if parts:
            forms.append(([*parameters[:number], *parts, *parameters[number + 1 :]], _GROUPED))
            for at in range(len(parts), -1, -1):
                longer = f"({', '.join([*parts[:at], '_', *parts[at:]])})"
                cost = lengthened + 0.02 * (len(parts) - at)
                forms.append(([*parameters[:number], longer, *parameters[number + 1 :]], cost))
            for at in range(len(parts)):
                if parts[at] == "_" and len(parts) > 2:
                    shorter = f"({', '.join([*parts[:at], *parts[at + 1 :]])})"
                    forms.append(([*parameters[:number], shorter, *parameters[number + 1 :]], _ADDED))
        if number + 1 < len(parameters):
            pair = f"({text}, {parameters[number + 1]})"
            forms.append(([*parameters[:number], pair, *parameters[number + 2 :]], _GROUPED))
        if text == "_" and len(parameters) > 1:
            forms.append(([*parameters[:number], *parameters[number + 1 :]], _ADDED))
    more = range(len(parameters) + 1)
    forms += [([*parameters[:at], "_", *parameters[at:]], _ADDED + 0.01 * at) for at in more]
    for form, cost in forms:
        for order in itertools.permutations(range(len(form))) if len(form) <= _MOST_PARAMETERS else ():
            moved = sum(a > b for a, b in itertools.combinations(order, 2))
            text = " ".join(form[n] for n in order)
            yield _Way(text, cost + _MOVED * min(moved, 2), f"The function takes `{text}`" if moved or cost else "")


def _parts(parameter: str) -> list[str]:
    """The names of a pattern that is a tuple of names."""
    inner = parameter.strip()
    if not (inner.startswith("(") and inner.endswith(")")):
        return []
    parts = [part.strip() for part in inner[1:-1].split(",")]
    return parts if len(parts) > 1 and all(part.isidentifier() for part in parts) else []
