"""Calls within a `try` that answer with a result or an option now: what `exceptions_and_results.py` finds.

try show (get k) with Missing m -> fail m                 match get k with Ok v -> show v | Error m -> fail m
try let v = get k in show v with Not_found -> 0           match get k with Some v -> show v | None -> 0

The call has to be the first thing that is done within the `try`, and always. Nothing catches what the rest raises then:
it is a guess where that may be the same exception. The error may be elsewhere: a function that is given to the one with
the `try` may be of another type, say.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import is_pure
from lsp_aid.repair.places import declared_elsewhere, file_of_module, moved, text_of, within_parentheses
from lsp_aid.repair.taken_out import bound_names
from lsp_aid.repair.type_shapes import Type, parameters

_WEIGHT = 0.93
_CALLS_AT_MOST = 12
_FILES_AT_MOST = 100
_PARTS = {"option": ("Some", "None"), "result": ("Ok", "Error")}
_APPLIED = ("parenthesized_expression", "application_expression", "labeled_argument", "field_get_expression")
_FIRST = ("match_expression", "if_expression")
_LAZY = ("&&", "||", "&", "or")
_QUIET = frozenset(
    {"+", "-", "*", "+.", "-.", "*.", "/.", "^", "@", "&&", "||", "=", "<>", "<", ">", "<=", ">=", "==", "!="}
)


@frozen
class _Tried:
    """A call within the body of a `try` whose only case is `pattern -> value`."""

    around: Node
    body: Node
    call: Node
    pattern: Node
    value: Node


async def tried_calls(problem: Problem, syntax: Syntax, node: Node) -> Sequence[Candidate]:
    """All of these in the file, those around the error first."""
    tries = sorted(syntax.walk("try_expression"), key=lambda n: not n.start <= node.start < n.end)
    places = [place for one in tries for place in _calls(one)][:_CALLS_AT_MOST]
    asked = await AskedTypes.of(problem) if places else None
    if asked is None:
        return ()
    made: list[tuple[TextEdit, str]] = []
    kind = Kind.FIX
    for tried in places:
        if any(edit.start <= tried.around.start < edit.end for edit, _ in made):
            continue
        type_ = await _answer(asked, tried)
        names = _PARTS.get(type_.head.removeprefix("Stdlib.")) if type_ is not None else None
        if names is not None and type_ is not None:
            text = _matched(problem, syntax, tried, names, type_)
            made.append((TextEdit(tried.around.start, tried.around.end, text), names[1]))
            kind = Kind.GUESS if _may_still_raise(problem, tried) else kind
    if not made:
        return ()
    edits = [edit for edit, _ in made]
    changes = problem.edit(*edits)
    reached = await asked.reached([changes.texts.get(syntax.path) or ""])
    end = moved(problem.end, [edit for edit in edits if edit.end <= problem.start])
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    title = f"It answers with `{made[0][1]}` now, and does not raise{times}"
    return [Candidate(title, changes, _WEIGHT, kind)] if reached[0] > end else ()


def _calls(around: Node) -> Iterator[_Tried]:
    """The calls of other modules' functions in the body that come first, and whose answer goes on there."""
    cases = [child for child in around.named_children if child.kind == "match_case"]
    pattern, value = (cases[0].field("pattern"), cases[0].field("body")) if len(cases) == 1 else (None, None)
    body = around.named_children[0]
    if pattern is None or value is None or cases[0].child("guard") is not None:
        return
    for call in body.walk("application_expression"):
        function = call.field("function")
        is_named = function is not None and function.kind == "value_path" and "." in function.text
        if is_named and call != within_parentheses(body) and _comes_first(call, body):
            yield _Tried(around, body, call, pattern, value)


def _comes_first(call: Node, body: Node) -> bool:
    """Whether the body evaluates the call always, and nothing that may do something in front of it."""
    inner = call
    while inner != body:
        above = inner.parent
        if above is None:
            return False
        beside = [one for one in above.named_children if one != inner]
        if above.kind == "let_binding":
            definition = above.parent
            sole = definition is not None and len(definition.named_children) == 1 and above.field("body") == inner
            around = definition.parent if definition is not None else None
            if not sole or above.child("parameter") is not None or around is None or around.kind != "let_expression":
                return False
            above = around
        elif above.kind == "infix_expression":
            operator = above.field("operator")
            if (
                operator is None
                or operator.text in _LAZY
                or not all(_is_idle(one) for one in beside if one != operator)
            ):
                return False
        elif above.kind in _FIRST:
            if above.named_children[0] != inner:
                return False
        elif above.kind not in _APPLIED or not all(_is_idle(one) for one in beside):
            return False
        inner = above
    return True


def _is_idle(part: Node) -> bool:
    """Whether it does nothing that has to come before something else."""
    if part.kind == "labeled_argument":
        value = part.field("expression")
        return value is None or is_pure(value)
    return part.kind in ("label_name", "field_path") or is_pure(part)


def _may_still_raise(problem: Problem, tried: _Tried) -> bool:
    """Whether what is left of the body calls something, and somebody may raise what the `try` is for."""
    for part in tried.body.walk("application_expression", "infix_expression", "array_get_expression"):
        if tried.call.start <= part.start and part.end <= tried.call.end:
            continue
        function, operator = part.field("function"), part.field("operator")
        if function is not None and function.kind == "constructor_path":
            continue
        if operator is None or operator.text not in _QUIET:
            return _is_raised(problem, tried.pattern)
    return False


def _is_raised(problem: Problem, pattern: Node) -> bool:
    """Whether anybody may raise an exception of the pattern: not where the project defines it and never makes one."""
    name = re.match(r"(?:[A-Z][\w']*\.)*(?P<name>[A-Z][\w']*)\b(?!\.)", within_parentheses(pattern).text)
    if name is None or pattern.kind not in ("constructor_path", "constructor_pattern"):
        return True
    is_own = False
    for path in [path for path in problem.view.paths() if path.endswith((".ml", ".mli", ".mll", ".mly"))]:
        text = text_of(problem.view, path)
        if text is None or name["name"] not in text:
            continue
        uses = [use for use in parse(text, path).walk("constructor_name") if use.text == name["name"]]
        is_own = is_own or any(_is_defined(use) for use in uses)
        if not path.endswith((".ml", ".mli")) or any(not (_is_defined(use) or _is_pattern(use)) for use in uses):
            return True
    return not is_own


def _is_defined(use: Node) -> bool:
    return use.enclosing("exception_definition") is not None


def _is_pattern(use: Node) -> bool:
    """Whether it stands in the pattern of a case."""
    inner, case = use, use.parent
    while case is not None and case.kind != "match_case":
        inner, case = case, case.parent
    return case is not None and case.field("pattern") == inner


async def _answer(asked: AskedTypes, tried: _Tried) -> Type | None:
    """What a full call of the function gives."""
    function = tried.call.field("function")
    if function is None:
        return None
    _, (type_,) = await asked.of_parts(item_around(tried.call), (tried.call.start, tried.call.end), [function.text])
    takes, answer = parameters(type_) if type_ is not None else ([], Type(""))
    return answer if len(takes) == len(tried.call.fields("argument")) else None


def _matched(problem: Problem, syntax: Syntax, tried: _Tried, names: tuple[str, str], type_: Type) -> str:
    text = syntax.text
    call, body = tried.call, tried.body
    outer = call
    while outer.parent is not None and outer.parent.kind == "parenthesized_expression":
        outer = outer.parent
    name = _bound_to(outer, body)
    if name is not None:  # `let v = get k in ...`, with nothing in front
        definition = body.field("body")
        rest = definition.text if definition is not None else body.text
    else:
        name = _usual(problem, syntax, call, names[0], type_)
        rest = f"{text[body.start : outer.start]}{name}{text[outer.end : body.end]}"
    start = text.rfind("\n", 0, tried.around.start) + 1
    line = text[start : tried.around.start]
    gap = f"\n{line if not line.strip() else ' ' * (len(line) - len(line.lstrip()) + 2)}"
    given = f"({name})" if "," in name and not name.startswith("(") else name
    rest = f"({rest})" if rest.startswith(("match ", "try ", "function ")) else rest
    arrow = text[tried.pattern.end : tried.value.start]
    bad = f"{answered(problem, names[1], tried.pattern, type_)}{arrow}{tried.value.text}"
    if "\n" not in tried.around.text:
        return f"match {call.text} with {names[0]} {given} -> {rest} | {bad}"
    return f"match {call.text} with{gap}| {names[0]} {given} -> {rest}{gap}| {bad}"


def _bound_to(outer: Node, body: Node) -> str | None:
    """The pattern, where the body is nothing but a `let` of the call and what is behind it."""
    bound = outer.parent
    pattern = bound.field("pattern") if bound is not None and bound.kind == "let_binding" else None
    definition = bound.parent if bound is not None else None
    if bound is None or pattern is None or definition is None or definition.parent != body:
        return None
    return pattern.text if definition.named_children == (bound,) and bound.field("body") == outer else None


def answered(problem: Problem, name: str, raised: Node, type_: Type | None = None) -> str:
    """`None`; `Error` with what the exception carried, with the exception itself where it is a constructor of the error
    of the result `type_` now."""
    if name == "None":
        return name
    text = raised.text.removeprefix("exception ").strip()
    if type_ is not None and len(type_.parts) == 2 and _is_constructor(problem, raised, type_.parts[1]):
        is_constant = re.fullmatch(r"\(.*\)|[\w.']+", text, re.DOTALL)
        return f"{name} {text}" if is_constant else f"{name} ({text})"
    carried = re.match(r"[A-Z][\w.']*\s+(?P<value>\S.*)$", text, re.DOTALL)
    return f"{name} {carried['value'] if carried else '_'}"


def _is_constructor(problem: Problem, raised: Node, error: Type) -> bool:
    """Whether the exception's name is one of a constructor of this type."""
    constructor = next(raised.walk("constructor_path"), None)
    name, owner = constructor.text.rpartition(".")[2] if constructor is not None else "", error.head.rpartition(".")[2]
    own = ((item.kind, item.name, item.owner) for item in raised.syntax.declared)
    theirs = ((one.kind, one.name, one.owner) for one in declared_elsewhere(problem))
    return ("constructor", name, owner) in {*own, *theirs}


def _usual(problem: Problem, syntax: Syntax, call: Node, good: str, type_: Type) -> str:
    """What the project calls that which the function gives; else what its module calls such a value, or its name."""
    function = call.field("function")
    called = function.text if function is not None else ""
    last = called.rpartition(".")[2]
    names: Counter[str] = Counter()
    paths = [syntax.path, *(p for p in problem.view.paths() if p.endswith(".ml") and p != syntax.path)]
    for path in paths[:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is not None and last in text:
            other = parse(text, path)
            names.update([*_matched_names(other, last, good), *bound_names(other, last)])
    module = type_.parts[0].head.rpartition(".")[0].rpartition(".")[2] if type_.parts else ""
    path_ = file_of_module(problem, module) if module and not names else None
    text = text_of(problem.view, path_) if path_ is not None else None
    if text is not None:
        names.update(re.findall(r"\b(?:let \w+|fun) \(?([a-z])(?: : t\))? (?:=|->)", text))
        names.update([] if names else [module.lower().removesuffix("s")])
    return next((name for name, _ in names.most_common(1)), "value")


def _matched_names(syntax: Syntax, function: str, good: str) -> Iterator[str]:
    for match in syntax.walk("match_expression"):
        scrutinee = within_parentheses(match.named_children[0])
        other = scrutinee.field("function") if scrutinee.kind == "application_expression" else None
        if other is not None and other.text.rpartition(".")[2] == function:
            found = re.search(rf"\b{good} ([a-z]\w*)\b", match.text)
            yield from [found[1]] if found else []
