"""A `bool` where a variant of two constructors is wanted now, which say what is meant.

Sorting.by ~descending:true key         Sorting.by ~order:Sorting.Descending key
Log.init ~colour:false                  Log.init ~colour:Log.Never
Log.init ~colour:is_terminal            Log.init ~colour:(if is_terminal then Log.Always else Log.Never)

All calls of the function in the file are brought to it.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import bare, item_around
from lsp_aid.repair.declared_types import Parts, constructors
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import parameters, read
from lsp_aid.repair.values import calls

_YES = frozenset("on enabled enable yes true always active all allow allowed with open public full strict".split())  # noqa: SIM905
_NO = frozenset("off disabled disable no false never inactive none deny denied without closed private not".split())  # noqa: SIM905
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if isinstance(message, messages.WrongLabel) and message.label:
        return await _relabelled(problem, syntax, node, message)
    wanted = ""
    if isinstance(message, messages.TypeClash) and message.found == "bool":
        wanted = message.expected
    elif isinstance(message, messages.UnboundName) and message.path in ("true", "false"):
        wanted = message.of_type or ""
    parts = constructors(problem, read(wanted).head) if wanted else None
    return list(_same_place(problem, syntax, node, parts)) if parts is not None and len(parts.names) == 2 else ()


async def _relabelled(
    problem: Problem, syntax: Syntax, node: Node, message: messages.WrongLabel
) -> Sequence[Candidate]:
    """The label is another one, too: that of the parameter whose type is a variant of two."""
    call = next((n for n in (node, *node.ancestors()) if n.kind == "application_expression"), None)
    function = call.field("function") if call is not None else None
    if call is None or function is None or message.label is None:
        return ()
    given = {bare(one)[0][1:] for one in call.fields("argument")}
    found: list[Candidate] = []
    for taken in parameters(read(message.type))[0]:
        label = taken.label[1:]
        parts = constructors(problem, taken.argument.head) if label and label not in given else None
        if parts is None or len(parts.names) != 2:
            continue
        places = [
            one
            for other in calls(syntax.walk("application_expression"), function.text)
            for one in other.fields("argument")
            if bare(one)[0] == f"~{message.label}"
        ]
        asked = await AskedTypes.of(problem)
        if asked is None:
            return ()
        value = bare(places[0])[1] if places else "true"
        _, types = await asked.of_parts(item_around(call), (call.start, call.end), [value])
        if types and types[0] is not None and types[0].head == "bool":
            found += _rewritten(problem, places, parts, message.label, label)
    return found


def _same_place(problem: Problem, syntax: Syntax, node: Node, parts: Parts) -> Iterator[Candidate]:
    node = within_parentheses(node)
    argument = node
    while argument.parent is not None and argument.parent.kind in ("parenthesized_expression", "labeled_argument"):
        argument = argument.parent
    around = argument.parent
    label = bare(argument)[0][1:]
    function = around.field("function") if around is not None and around.kind == "application_expression" else None
    hint = label
    if not hint and around is not None:
        named = function or next(iter(around.walk("field_name", "value_name")), None)
        hint = named.text if named is not None else ""
    places = [argument if label else node]
    if label and function is not None:
        places = [
            one
            for call in calls(syntax.walk("application_expression"), function.text)
            for one in call.fields("argument")
            if bare(one)[0] == f"~{label}"
        ] or places
    yield from _rewritten(problem, places, parts, hint, label)


def _rewritten(problem: Problem, places: Sequence[Node], parts: Parts, hint: str, label: str) -> Iterator[Candidate]:
    for number, (yes, no, is_sure) in enumerate(_meanings(hint, parts.names)):
        edits = []
        for place in places:
            text = bare(place)[1] if place.kind == "labeled_argument" else place.text
            text = text.removeprefix("(").removesuffix(")") if text.strip("() ") in ("true", "false") else text
            if text in ("true", "false"):
                value = parts.path(yes if text == "true" else no)
            else:
                value = f"(if {text} then {parts.path(yes)} else {parts.path(no)})"
            edits.append(TextEdit(place.start, place.end, f"~{label}:{value}" if label else value))
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"It is no flag now: `{edits[0].text}`{often}"
        kind = Kind.FIX if is_sure else Kind.GUESS
        yield Candidate(title, problem.edit(*edits), 0.9 if is_sure else 0.5 - 0.1 * number, kind)


def _meanings(hint: str, names: Sequence[str]) -> list[tuple[str, str, bool]]:
    """Which constructor `true` is, and which `false`; whether something says so."""
    one, other = names
    said = _likeness(hint, one) - _likeness(hint, other)
    if said == 0:
        said = _yes(one) - _yes(other)
    if said == 0:
        return [(one, other, False), (other, one, False)]
    return [(one, other, True) if said > 0 else (other, one, True)]


def _likeness(hint: str, name: str) -> float:
    """How far two names agree in their words; a word that says no turns it."""
    theirs, ours = ([word.lower() for word in _WORDS.findall(text)] for text in (name, hint))
    common = sum(a[:4] == b[:4] and min(len(a), len(b)) > 2 for a in theirs for b in ours)
    turned = bool(_NO & {*theirs}) != bool(_NO & {*ours})
    return float(-common if turned else common)


def _yes(name: str) -> int:
    words = {word.lower() for word in _WORDS.findall(name)}
    return bool(words & _YES) - bool(words & _NO)
