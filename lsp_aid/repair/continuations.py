"""Functions that hand their answer to a function now, where they gave it back, and the other way round.

let body = get path in k (trim body)          get path (fun body -> k (trim body))
match get path with Ok b -> ... | ...         get path (function Ok b -> ... | ...)
save path text; k ()                          save path text (fun () -> k ())
get path (fun body -> k (trim body))          let body = get path in k (trim body)          where it gives it back

What is behind in the same block goes into the function. All that the item does with the same function follows.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import bare, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, parameters, read

_WEIGHT = 0.94
_ENDS = (
    *("let_binding", "match_case", "fun_expression", "then_clause", "else_clause", "sequence_expression"),
    "let_expression",
)
_OPEN = ("let_expression", "sequence_expression", "fun_expression")
"""What goes on as far as it can, a sequence in it as well."""
_WITH_CASES = ("match_expression", "function_expression", "try_expression")


@frozen
class _Wait:
    """A call whose answer is used in `around`, and how the function that takes it starts and goes on."""

    around: tuple[int, int]
    call: Node
    opening: str
    rest: tuple[int, int]


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None or not problem.diagnostic.path.endswith(".ml"):
        return ()
    if isinstance(message, messages.TooManyArguments):
        return list(_given_back(problem, syntax, node))
    is_pattern = isinstance(message, messages.TypeClash) and message.what == "pattern"
    if isinstance(message, messages.TypeClash):
        type_ = message.expected if is_pattern else message.found
    elif isinstance(message, messages.NotARecord):
        type_ = message.type
    else:
        return ()
    callback = _callback(read(type_))
    call = _call(node, is_pattern=is_pattern) if callback is not None else None
    asked = await AskedTypes.of(problem) if call is not None else None
    if callback is None or call is None or asked is None:
        return ()
    waits = _all_waits(syntax, call)
    ways = [_handed_on(problem, group, callback) for group in (waits, [w for w in waits if w.call == call]) if group]
    made = [way for number, way in enumerate(ways) if way is not None and way not in ways[:number]]
    reached = await asked.reached([one.changes.texts.get(syntax.path) or "" for one in made])
    return [one for one, far in zip(made, reached, strict=True) if far > problem.end]


def _callback(type_: Type) -> Type | None:
    """The sole arrow that is still wanted, where that takes a function of the answer."""
    takes, answer = parameters(type_)
    if len(takes) != 1 or answer.head == "->":
        return None
    wanted = takes[0].parts[0]
    is_handed = wanted.head == "->" and wanted.parts[1].head != "->" and not takes[0].label.startswith("?")
    return takes[0] if is_handed and (answer in (wanted.parts[1], Type("unit"))) else None


def _call(node: Node, *, is_pattern: bool) -> Node | None:
    """The call that lacks its callback: what is in error, or what the variable in error is bound to."""
    if is_pattern:
        case = node.enclosing("match_case")
        match = case.parent if case is not None and case.parent is not None else None
        place = match.named_children[0] if match is not None and match.kind == "match_expression" else None
    else:
        place = within_parentheses(node)
    if place is None:
        return None
    place = within_parentheses(place)
    if place.kind == "value_path":
        known = lookup(place.syntax, place.text, place.start)
        bound = known.binding if known is not None and known.kind == "value" and not known.arity else None
        if bound is not None and bound.kind == "let_binding" and bound.child("parameter") is None:
            body = bound.field("body")
            place = within_parentheses(body) if body is not None else place
    return place if place.kind in ("application_expression", "value_path") else None


def _shape(call: Node) -> tuple[str, tuple[str, ...]]:
    """The function, and how it is called."""
    function = call.field("function")
    if call.kind != "application_expression" or function is None:
        return call.text, ()
    return function.text, tuple(bare(one)[0] for one in call.fields("argument"))


def _all_waits(syntax: Syntax, call: Node) -> list[_Wait]:
    start, end = item_around(call)
    alike = [n for n in syntax.walk(call.kind) if start <= n.start < end and _shape(n) == _shape(call)]
    return [wait for one in alike if (wait := _wait(syntax, one)) is not None]


def _wait(syntax: Syntax, call: Node) -> _Wait | None:
    outer = outside_parentheses(call)
    above = outer.parent
    if above is None:
        return None
    if above.kind == "let_binding" and above.child("parameter") is None and above.field("body") == outer:
        definition = above.parent
        around = definition.parent if definition is not None else None
        pattern, body = above.field("pattern"), around.field("body") if around is not None else None
        is_plain = definition is not None and sum(c.kind == "let_binding" for c in definition.children) == 1
        if around is None or around.kind != "let_expression" or pattern is None or body is None or not is_plain:
            return None
        given = f"({pattern.text})" if pattern.kind in ("tuple_pattern", "constructor_pattern") else pattern.text
        return _Wait((around.start, around.end), call, f"fun {given} ->", (body.start, body.end))
    if above.kind == "sequence_expression" and above.named_children[-1] != outer:
        rest = next(child for child in above.named_children if child.start >= outer.end)
        return _Wait((outer.start, above.end), call, "fun () ->", (rest.start, above.end))
    if above.kind == "match_expression" and above.named_children[0] == outer:
        case = above.child("match_case")
        if case is None:
            return None
        cases = outer.end + syntax.text[outer.end : case.start].index("with") + len("with")
        return _Wait((above.start, above.end), call, "function", (cases, above.end))
    return _argument(syntax, call, outer)


def _argument(syntax: Syntax, call: Node, outer: Node) -> _Wait | None:
    """In the midst of an expression, which goes into the function as a whole."""
    around = outer
    while around.parent is not None and around.parent.kind not in _ENDS:
        around = around.parent
    name = _usual_name(syntax, call)
    if around == outer or around.parent is None or around.kind in ("value_definition", "match_expression") or not name:
        return None
    place = (around.start, around.end)
    return _Wait(place, call, f"fun {name} ->", place)


def _usual_name(syntax: Syntax, call: Node) -> str:
    """What the file calls that which the function hands on."""
    names: Counter[str] = Counter()
    for other in syntax.walk("application_expression"):
        if _shape(other)[0] != _shape(call)[0]:
            continue
        for function in _functions(other):
            given = [child for child in function.children if child.kind == "parameter"]
            if len(given) == 1 and given[0].text.isidentifier():
                names[given[0].text.lstrip("_")] += 1
    return next((name for name, _ in names.most_common(1)), "")


def _functions(call: Node) -> Iterator[Node]:
    """The functions that a call is given."""
    for argument in call.fields("argument"):
        value = argument.field("expression") if argument.kind == "labeled_argument" else argument
        value = within_parentheses(value) if value is not None else None
        if value is not None and value.kind in ("fun_expression", "function_expression"):
            yield value


def _handed_on(problem: Problem, waits: Sequence[_Wait], callback: Type) -> Candidate | None:
    outer = [w for w in waits if not any(_is_in(w.around, o.around) for o in waits if o != w)]
    edits = [TextEdit(*w.around, _written(w, waits, callback.label)) for w in outer]
    if not edits:
        return None
    times = f" ({len(waits)} times)" if len(waits) > 1 else ""
    title = f"`{_shape(waits[0].call)[0]}` hands its answer to a function: `{waits[0].opening} ...`{times}"
    return Candidate(title, problem.edit(*edits), _WEIGHT)


def _is_in(place: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= place[0] and place[1] <= other[1] and place != other


def _written(wait: _Wait, waits: Sequence[_Wait], label: str) -> str:
    text = wait.call.syntax.text
    start, end = wait.rest
    outer = outside_parentheses(wait.call)
    if start <= outer.start < end:
        name = wait.opening.split()[1]
        rest = f"{text[start : outer.start]}{name}{text[outer.end : end]}"
    else:
        inner = [w for w in waits if w != wait and start <= w.around[0] and w.around[1] <= end]
        inner = [w for w in inner if not any(_is_in(w.around, o.around) for o in inner if o != w)]
        rest, at = "", start
        for one in inner:
            rest += text[at : one.around[0]] + _written(one, waits, label)
            at = one.around[1]
        rest += text[at:end]
    gap = text[outer.end : start] if wait.opening == "fun () ->" else ""
    between = "\n" + gap.rpartition("\n")[2] if "\n" in gap else "" if rest[:1].isspace() else " "
    return f"{wait.call.text} {label}{':' if label else ''}({wait.opening}{between}{rest})"


# --- the other way round ---


def _given_back(problem: Problem, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    """What a function was handed is behind a `let` now."""
    call = node if node.kind == "application_expression" else node.enclosing("application_expression")
    if call is None:
        return
    start, end = item_around(call)
    name = _shape(call)[0]
    alike = [n for n in syntax.walk("application_expression") if start <= n.start < end and _shape(n)[0] == name]
    plain = [edits for one in alike if (edits := list(_direct(syntax, one)))]
    here = list(_direct(syntax, call))
    if here:
        times = f" ({len(plain)} times)" if len(plain) > 1 else ""
        change = problem.edit(*dict.fromkeys(edit for edits in plain for edit in edits))
        yield Candidate(f"`{name}` gives its answer back{times}", change, _WEIGHT)


def _direct(syntax: Syntax, call: Node) -> Iterator[TextEdit]:
    given = call.fields("argument")
    function = next(iter(_functions(call)), None)
    argument = given[-1] if given and function is not None else None
    inside = argument is not None and function is not None and argument.start <= function.start < argument.end
    if function is None or argument is None or not inside or len(list(_functions(call))) != 1:
        return
    above = call.parent
    if above is not None and above.kind == "sequence_expression" and above.named_children[-1] != call:
        return
    head = syntax.text[call.start : argument.start].rstrip()
    opened, closed = ("(", ")") if _takes_too_much(call, function) else ("", "")
    if function.kind == "function_expression":
        case = function.child("match_case")
        if case is None:
            return
        yield TextEdit(call.start, call.start, f"{opened}match ")
        yield TextEdit(call.start + len(head), function.start + len("function"), " with")
        yield TextEdit(function.end, argument.end, closed)
        return
    takes, body = [child for child in function.children if child.kind == "parameter"], function.field("body")
    if len(takes) != 1 or body is None:
        return
    pattern = within_parentheses(takes[0].named_children[0]).text if takes[0].text != "()" else "()"
    is_unit = pattern == "()"
    yield TextEdit(call.start, call.start, opened if is_unit else f"{opened}let {pattern} = ")
    gap = syntax.text[takes[0].end : body.start].replace("->", "", 1).lstrip(" ") or " "
    yield TextEdit(call.start + len(head), body.start, f"{';' if is_unit else ' in'}{gap}")
    yield TextEdit(body.end, argument.end, closed)


def _takes_too_much(call: Node, function: Node) -> bool:
    """Whether what stands for a call would take what is behind it, or leave what is its own, without parentheses."""
    has_cases = next(iter(function.walk(*_WITH_CASES)), None) is not None
    node = call
    while (above := node.parent) is not None and above.kind != "parenthesized_expression":
        if above.kind == "let_binding" and above.field("body") == node:
            return False
        is_last = above.kind in _OPEN and above.named_children[-1] == node
        if not is_last and (has_cases or above.kind != "match_case"):
            return True
        if not has_cases:
            return False
        node = above
    return False
