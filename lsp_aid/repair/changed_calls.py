"""Calls that do not give what the function takes: too little, too much, in another order, without labels.

    Log.write "starting"              Log.write "info" "starting"
    Store.get "a" 0 t                 Store.get ~key:"a" ~default:0 t
    Point.make 1 2                    Point.make (1, 2)
    List.map xs (fun x -> x + 1)      List.map (fun x -> x + 1) xs

The type checker tells what the function takes and what each argument is. Every call in the file that is like the one
in error is brought to it in the same way. What a new argument is may be seen elsewhere in the project (`values.py`).
"""

import math
import re
from collections.abc import Iterator, Sequence

from attrs import evolve

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.call_plans import Plan, Value, plans
from lsp_aid.repair.calls_in_code import Call, bare, expanded, read_call, rewritten, written
from lsp_aid.repair.declared_types import stood_for
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.held_values import around_it, held_values, named_defaults, names_around
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import declared_elsewhere, file_of_module, moved, node_of, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, parameters, read
from lsp_aid.repair.values import INVENTED, calls, values, written_elsewhere

READ = (
    messages.TypeClash,
    messages.TooManyArguments,
    messages.NotAFunction,
    messages.WrongLabel,
    messages.LabelMismatch,
    messages.PartialApplication,
    messages.LabelsOmitted,
)
_MOST_AROUND = 3
_MOST = 5
_SURE = 0.9
_HANDED = {"|>": "right", "@@": "left"}
_BOUNDS = ("let_binding", "match_case", "fun_expression", "sequence_expression", "let_expression", "match_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, READ):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    places = [*applications(node), *_handed_on(node), *_compared(node, message)] if node is not None else []
    asked = await AskedTypes.of(problem) if places else None
    if syntax is None or node is None or asked is None:
        return ()
    found: list[Candidate] = []
    for place in places:
        call = await read_call(place, asked)
        is_handed_on = call is not None and call.node == call.function
        if call is not None and not (is_handed_on and (call.wanted is None or call.wanted.head != "->")):
            found += await of_call(problem, syntax, asked, _spelt_out(problem, call, node, message))
    return found


def _spelt_out(problem: Problem, call: Call, node: Node, message: messages.Message) -> Call:
    """The call, with what the type of the argument in error stands for: `item list` for `t`; and with the tuples that
    the function takes by a name of the project: `int * int` for `Grid.pos`."""
    takes = call.takes
    named = {taken.argument.head: stood_for(problem, taken.argument) for taken in parameters(takes)[0]}
    short = {name: type_ for name, type_ in named.items() if type_ is not None and type_.head == "*"}
    call = evolve(call, takes=expanded(takes, short)) if short else call
    if not isinstance(message, messages.TypeClash) or not message.found_as:
        return call
    stands_for = read(message.found_as)
    arguments = [evolve(one, type=stands_for) if one.text == node.text else one for one in call.arguments]
    return evolve(call, arguments=tuple(arguments))


def applications(node: Node) -> Iterator[Node]:
    """The calls that the place is in, the innermost first, up to what is a piece of code by itself."""
    number = 0
    node = within_parentheses(node)
    for around in (node, *node.ancestors()):
        if around.kind in _BOUNDS and around != node:
            return
        if around.kind == "application_expression":
            yield around
            number += 1
        if number == _MOST_AROUND:
            return


def _handed_on(node: Node) -> Iterator[Node]:
    """A function that is given by its name, and what `|>` and `@@` apply."""
    inner = within_parentheses(node)
    sign = inner.field("operator") if inner.kind == "infix_expression" else None
    operand = inner.field(_HANDED[sign.text]) if sign is not None and sign.text in _HANDED else None
    operand = within_parentheses(operand) if operand is not None else None
    if operand is not None and operand.kind in ("value_path", "application_expression"):
        yield operand
    above = inner.parent
    if inner.kind == "value_path" and above is not None and above.field("function") != inner:
        yield inner
    if above is not None and above.kind == "application_expression":  # what is handed on with it
        yield from (one for one in above.fields("argument") if one.kind == "value_path" and one != inner)


def _compared(node: Node, message: messages.Message) -> Iterator[Node]:
    """A call that is compared with what is in error."""
    if isinstance(message, messages.TypeClash):
        yield from (
            one for one, _, _ in clashing(node, message) if one.kind == "application_expression" and one != node
        )


async def of_call(problem: Problem, syntax: Syntax, asked: AskedTypes, call: Call) -> list[Candidate]:
    """The ways to bring a call of the problem's file, and those that are like it, to what the function takes."""
    takes, _ = parameters(call.takes)
    offered = await _values(problem, asked, call, takes)
    made: dict[ChangeSet, tuple[Plan, list[TextEdit]]] = {}
    shape = [one.label for one in call.arguments]
    alike = [node for node in calls(syntax.walk("application_expression"), call.function.text) if _shape(node) == shape]
    for plan in plans(call.takes, call.arguments, call.wanted, offered):
        for places in [alike, [call.node]] if len(alike) > 1 else [[call.node]]:
            edits = rewritten(places, plan)
            changes = problem.edit(*edits)
            if changes:
                made.setdefault(changes, (plan, edits))
    texts = [changes.files[0].after or "" for changes in made]
    reached = await asked.reached(texts)
    found: list[Candidate] = []
    end = max(call.node.end, problem.end)
    for (changes, (plan, edits)), far in zip(made.items(), reached, strict=True):
        if far >= moved(end, edits):
            found.append(_candidate(call, plan, changes, len(edits)))
    found.sort(key=lambda c: -c.weight)
    return found[:_MOST]


def _shape(node: Node) -> list[str]:
    return [bare(one)[0] for one in node.fields("argument")]


def _candidate(call: Call, plan: Plan, changes: ChangeSet, count: int) -> Candidate:
    invented = any(value.is_invented for value in plan.values)
    times = f" ({count} times)" if count > 1 else ""
    weight = _SURE * math.exp(-0.3 * plan.cost) + 0.005 * min(count - 1, 2)
    title = f"{_told(call, plan)}: `{' '.join(written(call.function.text, plan, call.node).split())}`{times}"
    return Candidate(title, changes, min(0.95, weight), Kind.GUESS if invented or plan.dropped else Kind.FIX)


def _told(call: Call, plan: Plan) -> str:
    name = call.function.text
    if plan.dropped:
        return f"`{name}` takes less"
    if plan.values:
        shown = ", ".join(f"`{value.text}`" for value in plan.values)
        return f"`{name}` takes {shown} as well"
    if any(slot.source is not None and len(slot.source.of) > 1 for slot in plan.slots):
        return f"`{name}` takes a tuple"
    if any(slot.source is not None and slot.source.part >= 0 for slot in plan.slots):
        return f"`{name}` takes its arguments one by one"
    labels = {slot.label for slot in plan.slots if slot.source is not None and slot.source.label != slot.label[:-1]}
    if labels:
        return f"`{name}` takes its arguments with labels" if labels != {""} else f"`{name}` takes no label"
    if any(slot.form != "{}" for slot in plan.slots):
        return f"`{name}` takes something else"
    return f"`{name}` takes its arguments the other way round"


async def _values(problem: Problem, asked: AskedTypes, call: Call, takes: Sequence[Type]) -> list[list[Value]]:
    """What may be given for each parameter that the call has nothing for."""
    labels = [taken.label for taken in takes]
    scope = await asked.values(call.node.start)
    local = names_around(call.node)
    seen = written_elsewhere(problem, call.function.text, labels, {name for name, _ in scope if name in local})
    own = call.function.text.rpartition(".")[0]
    for module in {own, *(taken.parts[0].head.rpartition(".")[0] for taken in takes)} - {"", "Stdlib"}:
        scope += [(f"{module}.{name}", type_) for name, type_ in await asked.values(call.node.start, module)]
    names = parameter_names(problem, call.function.text)
    beside = [(one.text, one.type) for one in call.arguments if one.type is not None]
    found = []
    for number, taken in enumerate(takes):
        name = taken.label[1:] or (names[number] if number < len(names) <= len(takes) else "")
        wanted = taken.parts[0]
        others = [other for n, other in enumerate(takes) if n != number]
        held = await held_values(problem, asked, call.node, wanted, name) if lacks(call, taken) else []
        offered = [
            *held,
            *named_defaults(wanted, name, scope),
            *around_it(call.node, wanted, name, scope),
            *values(wanted, name, seen[number], scope, beside),
        ]
        found.append([*offered, *_of_its_kind(wanted, others)])
    return found


def lacks(call: Call, taken: Type) -> bool:
    """Whether the call may have nothing for a parameter: none of its label, or fewer than there are without one."""
    if taken.label:
        return not taken.label.startswith("?") and all(one.label[1:] != taken.label[1:] for one in call.arguments)
    needed = sum(not other.label for other in parameters(call.takes)[0])
    return sum(not one.label for one in call.arguments) < needed


def _of_its_kind(wanted: Type, others: Sequence[Type]) -> list[Value]:
    """`compare` for what compares; for what a function beside goes on from, what is nothing of each type."""
    takes, gives = parameters(wanted)
    if len(takes) == 2 and takes[0].parts[0] == takes[1].parts[0] and gives.head in ("int", "bool"):
        name = "compare" if gives.head == "int" else "( = )"
        return [Value(name, 0.3)]
    functions = [other.parts[0] for other in others if other.parts[0].head == "->"]
    if wanted.is_variable and any(wanted in (gives, *gives.parts) for gives in (parameters(f)[1] for f in functions)):
        return [Value(text, INVENTED + 0.02 * n) for n, text in enumerate(("0", "0.", '""', "[]", "true", "None"))]
    return []


def parameter_names(problem: Problem, path: str) -> list[str]:
    """How the definition of a function of the project calls what it takes."""
    module, _, name = path.rpartition(".")
    syntax = tree(problem)
    if not module and syntax is not None and all(item.name != name for item in syntax.items):
        around = (one.path for one in declared_elsewhere(problem) if one.kind == "value" and one.short == name)
        module = next(around, "").rpartition(".")[0]
    file = file_of_module(problem, module.rpartition(".")[2]) if module else problem.diagnostic.path
    text = text_of(problem.view, file) if file else None
    if file is None or text is None:
        return []
    item = next((i for i in ocaml_syntax.parse(text, file).items if i.name == name and i.kind == "value"), None)
    parts = [child for child in item.node.named_children if child.kind == "parameter"] if item else []
    return [re.sub(r"[^\w'].*", "", part.text.lstrip("~?( ")) for part in parts]
