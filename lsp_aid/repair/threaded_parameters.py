"""An argument that a call lacks and nothing around has: the function around takes it, for its own callers to give.

let line (name, n) = Text.plural n name      let line ~locale (name, n) = Text.plural ~locale n name
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import Call, bare, read_call
from lsp_aid.repair.changed_calls import READ, applications, lacks, parameter_names
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.held_values import LONE, around_it, held_values, named_defaults, names_around
from lsp_aid.repair.places import moved, node_of, text_of, tree
from lsp_aid.repair.type_shapes import Type, fits, parameters
from lsp_aid.repair.values import COMMON, calls, written_elsewhere

_LABELLED, _PLAIN, _HELD = 0.75, 0.7, 0.3


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, READ) else None
    node = node_of(problem, syntax) if syntax else None
    asked = await AskedTypes.of(problem) if node is not None else None
    if node is None or asked is None:
        return ()
    made: list[tuple[Candidate, int]] = []  # each with where the call ends in its text
    for place in applications(node):
        around = _function_around(place)
        call = await read_call(place, asked) if around is not None else None
        number = _lacking(call) if call is not None else None
        if around is None or call is None or number is None:
            continue
        taken = parameters(call.takes)[0][number]
        name = _name(problem, call, number, taken)
        if name and name not in {n.text for n in around.walk("value_pattern", "value_name", "label_name")}:
            is_held = bool(await held_values(problem, asked, place, taken.argument, name)) or await _is_there(
                problem, asked, call, number, name
            )
            weight = _HELD if is_held else _LABELLED if taken.label else _PLAIN
            made.append(_candidate(problem, call, around, number, taken, name, weight))
    reached = await asked.reached([one.changes.texts.get(problem.diagnostic.path) or "" for one, _ in made])
    return [one for (one, end), far in zip(made, reached, strict=True) if far > end]


def _function_around(place: Node) -> Node | None:
    """The function of the file that a place is in."""
    bindings = [n for n in place.ancestors() if n.kind == "let_binding"]
    if not bindings:
        return None
    body, pattern = bindings[-1].field("body"), bindings[-1].field("pattern")
    is_function = bindings[-1].child("parameter") is not None or (
        body is not None and body.kind in ("fun_expression", "function_expression")
    )
    is_named = pattern is not None and re.fullmatch(r"[a-z_][\w']*", pattern.text) is not None
    return bindings[-1] if is_function and is_named else None


def _lacking(call: Call) -> int | None:
    """The one parameter that the call has nothing for, of those that fit what it has."""
    takes, _ = parameters(call.takes)
    if call.wanted is not None and call.wanted.head == "->":
        return None
    labelled = [n for n, taken in enumerate(takes) if taken.label and lacks(call, taken)]
    plain = [(n, taken) for n, taken in enumerate(takes) if not taken.label]
    given = [one for one in call.arguments if not one.label]
    if len(labelled) == 1 and len(plain) == len(given):
        return labelled[0]
    if labelled or len(plain) != len(given) + 1:
        return None
    for at, (number, _) in enumerate(plain):
        left = [taken for n, taken in plain if n != number]
        pairs = zip(left, given, strict=True)
        if all(one.type is None or fits(one.type, taken.argument) for taken, one in pairs):
            is_sure = at == len(given) or given[at].type is None or not fits(given[at].type, plain[at][1].argument)  # type: ignore[arg-type]
            return number if is_sure else None
    return None


def _name(problem: Problem, call: Call, number: int, taken: Type) -> str:
    if taken.label:
        return taken.label[1:]
    names = parameter_names(problem, call.function.text)
    if number < len(names) and len(names[number]) > 1:
        return names[number]
    module, _, name = taken.argument.head.rpartition(".")
    name = module.rpartition(".")[2].casefold() if name == "t" else name
    return name if taken.argument.head not in COMMON and name.isidentifier() else ""


async def _is_there(problem: Problem, asked: AskedTypes, call: Call, number: int, name: str) -> bool:
    """Whether a value in scope is most likely meant: it is called so, is of the very type, or is given elsewhere."""
    takes, _ = parameters(call.takes)
    wanted, place = takes[number].argument, call.node
    scope = await asked.values(place.start)
    module = call.function.text.rpartition(".")[0]
    beside = [(f"{module}.{other}", of) for other, of in await asked.values(place.start, module)] if module else []
    if named_defaults(wanted, name, [*scope, *beside]):
        return True
    if any(other == name and fits(of, wanted) for other, of in scope):
        return True
    if wanted.head not in COMMON:
        return any(not type_.is_variable and fits(type_, wanted) for _, type_ in scope)
    if any(value.cost < LONE for value in around_it(place, wanted, name, scope)):
        return True
    local = names_around(place)
    names = {other for other, type_ in scope if other in local and fits(type_, wanted)}
    seen = written_elsewhere(problem, call.function.text, [taken.label for taken in takes], names)[number]
    return any(text in names for text in seen)


def _candidate(
    problem: Problem, call: Call, around: Node, number: int, taken: Type, name: str, weight: float
) -> tuple[Candidate, int]:
    pattern = around.field("pattern")
    assert pattern is not None  # the function has a name
    parameter = f"~{name}" if taken.label else name
    shape = [bare(one)[0] for one in call.node.fields("argument")]
    alike = [n for n in calls(around.walk("application_expression"), call.function.text) if _shape(n) == shape]
    before = sum(not other.label for other in parameters(call.takes)[0][:number])
    own = calls(around.walk("application_expression"), pattern.text)  # it calls itself
    edits = [
        TextEdit(pattern.end, pattern.end, f" {parameter}"),
        *(_given(one, parameter, 0 if taken.label else before) for one in alike),
        *(_given(one, parameter, 0) for one in own),
    ]
    changes = problem.edit(*edits)
    changes = changes if (shown := _shown(problem, pattern.text, name, taken)) is None else changes.then(shown)
    title = f"`{pattern.text}` takes `{name}` as well, for `{call.function.text}`"
    return Candidate(title, changes, weight), moved(call.node.end, edits)


def _shape(node: Node) -> list[str]:
    return [bare(one)[0] for one in node.fields("argument")]


def _given(call: Node, parameter: str, before: int) -> TextEdit:
    function, plain = call.field("function"), [one for one in call.fields("argument") if not bare(one)[0]]
    assert function is not None  # it is a call by name
    at = function.end if before == 0 else plain[before - 1].end
    return TextEdit(at, at, f" {parameter}")


def _shown(problem: Problem, function: str, name: str, taken: Type) -> ChangeSet | None:
    """The interface that says so, where it shows the function and the type can be written as it is."""
    path = f"{problem.diagnostic.path}i"
    text = text_of(problem.view, path)
    said = re.search(rf"^\s*val\s+{re.escape(function)}\s*:\s*", text or "", re.MULTILINE)
    if said is None or taken.argument.parts:
        return None
    type_ = f"{name}:{taken.argument.head} -> " if taken.label else f"{taken.argument.head} -> "
    return problem.edit(TextEdit(said.end(), said.end(), type_), path=path)
