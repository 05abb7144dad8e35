"""How what a call gives may be brought to what the function takes: by labels, order and types."""

import heapq
import itertools
from collections.abc import Iterator, Sequence

from attrs import evolve, field, frozen

from lsp_aid.repair.similarity import is_short_for, similarity
from lsp_aid.repair.synonyms import mean_the_same
from lsp_aid.repair.type_shapes import FORMATS, Settled, Type, apart, fits, parameters, unified

_MOST_TRIED = 4000
_MOST_COST = 2.4
_MOST_PLANS = 6

DROPPED, DROPPED_LABEL = 1.2, 0.7
NEW, TURNED, LABELLED, RELABELLED = 0.8, 0.35, 0.3, 0.8
SOME, LISTED, APPLIED, THUNK, GROUPED = 0.4, 0.8, 0.6, 0.8, 0.4
UNKNOWN = 0.1
ELSEWHERE = 0.5
"""Of an argument given for a parameter of any type, where another parameter is of its very type."""
OUTDONE = 0.3
"""Of leaving out an argument with a label, where the function takes one of its type by another that is not given."""
LATER = 0.03
"""What is new, or goes, is more often in front: a context, a level, a configuration."""


@frozen
class Argument:
    """`label` is `~x`, `?x` or empty; `type` is None where it is not known. `of` are the numbers of the call's own
    arguments that it is made of, `part` which part of that one's tuple."""

    label: str
    text: str
    type: Type | None
    of: tuple[int, ...]
    part: int = -1


@frozen
class Value:
    """A text for a new argument, with what makes it unlikely. `is_invented`: nothing in the project says so."""

    text: str
    cost: float
    is_invented: bool = False


@frozen
class Slot:
    """One argument of the new call: `label` before it, `form` with `{}` for the old argument; `value` where it is
    new."""

    label: str
    source: Argument | None = None
    form: str = "{}"
    value: Value | None = None
    parameter: int = 0


@frozen
class Plan:
    slots: tuple[Slot, ...]
    cost: float
    dropped: tuple[int, ...] = ()

    @property
    def values(self) -> tuple[Value, ...]:
        return tuple(slot.value for slot in self.slots if slot.value is not None)


@frozen
class _State:
    cost: float
    slots: tuple[Slot, ...] = ()
    used: frozenset[int] = frozenset()
    settled: Settled = field(factory=dict)


def plans(
    function: Type, arguments: Sequence[Argument], wanted: Type | None, values: Sequence[Sequence[Value]]
) -> list[Plan]:
    """The calls that fit, the likeliest first. `values[i]` are what could be given for parameter i of the function."""
    takes, _ = parameters(function)
    if any(taken.parts[0].head in FORMATS for taken in takes) or not takes:
        return []
    found: list[Plan] = []
    for given, cost in _groupings(takes, arguments):
        found += _aligned(function, given, wanted, values, cost)
    found.sort(key=lambda plan: plan.cost)
    named = [
        plan
        for plan in found
        if plan.dropped and all(n < len(arguments) and _is_name(arguments[n].text) for n in plan.dropped)
    ]
    if named:  # what is handed around goes before what is written for this very call
        found = [plan for plan in found if not plan.dropped or plan in named]
    return found[:_MOST_PLANS]


def _is_name(text: str) -> bool:
    return text.replace(".", "").isidentifier()


def _groupings(takes: Sequence[Type], arguments: Sequence[Argument]) -> Iterator[tuple[list[Argument], float]]:
    """The arguments as they are; with a tuple for several of them; with the parts of one for a tuple."""
    yield list(arguments), 0.0
    for taken in takes:
        size = len(taken.parts[0].parts) if taken.parts[0].head == "*" else 0
        for at in range(len(arguments) - size + 1 if size else 0):
            run = arguments[at : at + size]
            if any(one.label for one in run):
                continue
            types = [one.type or Type("'any") for one in run]
            made = Argument("", "", Type("*", tuple(types)), tuple(i for one in run for i in one.of))
            yield [*arguments[:at], made, *arguments[at + size :]], GROUPED
    for at, one in enumerate(arguments):
        if one.type is not None and one.type.head == "*" and one.text.startswith("(") and not one.label:
            parts = [Argument("", "", type_, one.of, number) for number, type_ in enumerate(one.type.parts)]
            yield [*arguments[:at], *parts, *arguments[at + 1 :]], GROUPED


def _aligned(
    function: Type,
    given: Sequence[Argument],
    wanted: Type | None,
    values: Sequence[Sequence[Value]],
    cost: float,
) -> Iterator[Plan]:
    takes, result = parameters(apart(function, "!"))
    heads = frozenset(taken.parts[0].head for taken in takes if not taken.parts[0].is_variable)
    order = itertools.count()
    queue: list[tuple[float, int, int, _State]] = [(cost, next(order), 0, _State(cost))]
    tried = 0
    while queue and tried < _MOST_TRIED:
        _, _, at, state = heapq.heappop(queue)
        tried += 1
        rest = _rest(takes, result, at)
        finished = _finished(state, given, takes, rest, wanted, is_end=at == len(takes))
        if finished is not None:
            yield finished
        if at < len(takes):
            for following in _steps(takes[at], at, state, given, values, heads):
                if following.cost <= _MOST_COST:
                    heapq.heappush(queue, (following.cost, next(order), at + 1, following))


def _rest(takes: Sequence[Type], result: Type, at: int) -> Type:
    for taken in reversed(takes[at:]):
        result = Type("->", (taken.parts[0], result), taken.label)
    return result


def _finished(
    state: _State, given: Sequence[Argument], takes: Sequence[Type], rest: Type, wanted: Type | None, *, is_end: bool
) -> Plan | None:
    if wanted is not None and unified(rest, wanted, state.settled) is None:
        return None
    if not is_end and (wanted is None or wanted.head != "->"):
        return None  # what is left out is wanted from somebody else, or else it is missing
    left = [number for number in range(len(given)) if number not in state.used]
    new = [slot for slot in state.slots if slot.value is not None]
    if left and any(not slot.label for slot in new):
        return None  # one in the place of another is no repair
    cost = state.cost + sum((DROPPED_LABEL if given[n].label else DROPPED) + LATER * n for n in left)
    free = [one for at, one in enumerate(takes) if one.label and all(slot.parameter != at for slot in state.slots)]
    cost += OUTDONE * sum(any(_may_be_called(given[n], one) for one in free) for n in left)
    bare = [s for s in state.slots if s.source is not None and not (s.label and s.source.label)]
    turned = [given.index(slot.source) for slot in bare if slot.source is not None]
    cost += TURNED * sum(a > b for a, b in itertools.combinations(turned, 2))
    if cost > _MOST_COST:
        return None
    return Plan(_in_order(state.slots, given, bool(turned != sorted(turned))), cost, tuple(left))


def _may_be_called(one: Argument, taken: Type) -> bool:
    """Whether an argument with another label may be of the type of a parameter with one."""
    if not one.label or one.type is None or taken.argument.is_variable:
        return False
    held = one.type.parts[0] if one.type.head == "option" and taken.label.startswith("?") else one.type
    return fits(one.type, taken.argument) or fits(held, taken.argument)


def _in_order(slots: Sequence[Slot], given: Sequence[Argument], is_turned: bool) -> tuple[Slot, ...]:
    """As they were written, where that is no matter: labels may come in any order."""
    if is_turned:
        return tuple(slots)
    old = sorted((slot for slot in slots if slot.source is not None), key=lambda s: _place(s, given))
    placed = list(old)
    for slot in slots:
        if slot.source is None:
            behind = [n for n, other in enumerate(placed) if other.parameter > slot.parameter]
            placed.insert(min(behind, default=len(placed)), slot)
    return tuple(placed)


def _place(slot: Slot, given: Sequence[Argument]) -> int:
    assert slot.source is not None
    return list(given).index(slot.source)


def _steps(
    taken: Type,
    at: int,
    state: _State,
    given: Sequence[Argument],
    values: Sequence[Sequence[Value]],
    heads: frozenset[str],
) -> Iterator[_State]:
    """What may be given for one parameter."""
    is_optional = taken.label.startswith("?")
    same = [n for n, one in enumerate(given) if one.label and one.label[1:] == taken.label[1:] and n not in state.used]
    for number in same or range(len(given)):
        if number in state.used:
            continue
        for form, label, cost, settled in _ways(taken, given[number], state.settled, heads):
            slot = Slot(label, given[number], form, parameter=at)
            used = state.used | {number}
            yield evolve(state, cost=state.cost + cost, slots=(*state.slots, slot), used=used, settled=settled)
    if is_optional:
        yield state
    elif not same:
        for value in values[at]:
            slot = Slot(f"{taken.label}:" if taken.label else "", value=value, parameter=at)
            yield evolve(state, cost=state.cost + NEW + value.cost + LATER * at, slots=(*state.slots, slot))


def _ways(
    taken: Type, one: Argument, settled: Settled, heads: frozenset[str]
) -> Iterator[tuple[str, str, float, Settled]]:
    """The forms in which an argument can be given for a parameter: text, label before it, cost, what it settles."""
    wants, is_optional = taken.parts[0], taken.label.startswith("?")
    name, was = taken.label[1:], one.label[1:]
    cost = 0.0
    if not name:
        label, cost = "", LABELLED if was else 0.0
    elif name == was:
        label = f"~{name}:"
    elif not was:
        label, cost = f"~{name}:", LABELLED + (0.5 if is_optional else 0.0)
    else:
        is_same = mean_the_same(was, name) or is_short_for(was, name) or is_short_for(name, was)
        label, cost = f"~{name}:", RELABELLED - 0.6 * (1.0 if is_same else similarity(was, name))
    if one.label.startswith("?"):
        if not is_optional:
            return
        label = f"?{name}:"
    if one.type is None or one.type.is_variable:
        yield "{}", label, cost + UNKNOWN, settled
        return
    if wants.is_variable and one.type.head in heads:
        cost += ELSEWHERE
    for form, wanted, extra in _forms(wants, label.startswith("?")):
        following = unified(one.type, wanted, settled)
        if following is not None:
            yield form, label, cost + extra, following
            return
    if one.type.head == "option" and is_optional:
        following = unified(one.type.parts[0], wants, settled)
        if following is not None:
            yield "{}", f"?{name}:", cost, following
    elif one.type.head == "->" and one.type.parts[0].head == "unit":
        following = unified(one.type.parts[1], wants, settled)
        if following is not None:
            yield "({} ())", label, cost + APPLIED, following


def _forms(wants: Type, is_passed_on: bool) -> Iterator[tuple[str, Type, float]]:
    if is_passed_on:
        yield "{}", Type("option", (wants,)), 0.0
        return
    yield "{}", wants, 0.0
    if wants.head == "option" and len(wants.parts) == 1:
        yield "(Some {})", wants.parts[0], SOME
    elif wants.head == "list" and len(wants.parts) == 1:
        yield "[ {} ]", wants.parts[0], LISTED
    elif wants.head == "->" and wants.parts[0].head == "unit" and not wants.label:
        yield "(fun () -> {})", wants.parts[1], THUNK
