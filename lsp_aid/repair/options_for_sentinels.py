"""Values that stood for nothing, `""` or `-1`, where the type is an option now.

{ name; phone = "" }                                      { name; phone = None }
List.filter (fun c -> c.phone <> "") contacts             List.filter (fun c -> c.phone <> None) contacts
match c.phone with "" -> base | p -> p :: base            match c.phone with None -> base | Some p -> p :: base
if c.phone = "" then base else c.phone :: base            match c.phone with None -> base | Some phone -> phone :: base
if c.phone = "" then "-" else c.phone                     Option.value c.phone ~default:"-"
if c.phone = "" then None else Some c.phone               c.phone
if c.phone <> "" then call c.phone                        Option.iter call c.phone

A zero stands for nothing where the project compares the field with it. Other literals of the field follow: `Some "x"`.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.scope import literal_type
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import bare
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import moved, of_some, outside_parentheses, text_of, type_clash, within_parentheses
from lsp_aid.repair.type_shapes import fits, read
from lsp_aid.repair.values import calls

_LITERALS = ("string", "number", "sign_expression", "signed_number", "empty_list")
_NOTHING = ('""', "-1", "-1.", "[]")
_ZEROS = ("0", "0.")
_EQUAL = {"=": True, "==": True, "<>": False, "!=": False}
_FREE = ("let_binding", "parenthesized_expression", "fun_expression", "let_expression", "value_definition")
_FILES_AT_MOST = 400
_SURE, _ALONE = 0.96, 0.9


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None:
        return ()
    message, node = clash
    found, wanted = read(message.found), read(message.expected)
    literal = within_parentheses(node)
    if wanted.head != "option" or literal.kind not in _LITERALS or not fits(found, wanted.parts[0]):
        return ()
    ways = [way for way in _ways(problem, literal, is_pattern=message.what == "pattern") if way[0]]
    asked = await AskedTypes.of(problem) if ways else None
    changes = [problem.edit(*edits) for edits, _, _ in ways]
    reached = await asked.reached([one.files[0].after or "" for one in changes]) if asked is not None else []
    return [
        Candidate(f"It is an option now: {shown}", change, weight)
        for (edits, shown, weight), change, far in zip(ways, changes, reached, strict=True)
        if far > moved(problem.end, edits)
    ]


_Way = tuple[list[TextEdit], str, float]


def _ways(problem: Problem, literal: Node, *, is_pattern: bool) -> Iterator[_Way]:
    if is_pattern:
        case = literal.enclosing("match_case")
        matching = case.parent if case is not None else None
        scrutinee = matching.named_children[0] if matching is not None else None
        name = _field(scrutinee) if scrutinee is not None and scrutinee.kind != "match_case" else ""
        edits = list(_cases(problem, matching, name)) if matching is not None else []
        if edits and matching is not None and scrutinee is not None and _is_the_same(matching):
            whole = outside_parentheses(matching)
            edits = [TextEdit(whole.start, whole.end, scrutinee.text)]
        yield edits, "`None` and `Some` for what there was", _SURE
        return
    outer = outside_parentheses(literal)
    above = outer.parent
    if above is None:
        return
    if above.kind == "field_expression" and above.field("body") == outer:
        yield from _given(problem, literal, above)
    elif above.kind == "infix_expression":
        yield from _compared(problem, outer, above)
    elif above.kind in ("application_expression", "labeled_argument"):
        yield from _handed(problem, literal, outer)


def _is_nothing(problem: Problem, literal: Node, field: str) -> bool:
    text = "".join(literal.text.split())
    if text not in _ZEROS or not field:
        return text in _NOTHING
    compared = re.compile(rf"\.{re.escape(field)}\s*(?:=|<>|!=|==|>)\s*{re.escape(text)}(?![\w.])")
    paths = [path for path in problem.view.paths() if path.endswith(".ml")][:_FILES_AT_MOST]
    return any(compared.search(text_of(problem.view, path) or "") for path in paths)


def _field(node: Node) -> str:
    """The name of the field that is taken, or of the variable."""
    node = within_parentheses(node)
    field = node.field("field") if node.kind == "field_get_expression" else node
    return field.text.rpartition(".")[2] if field is not None and field.kind in ("field_path", "value_path") else ""


# --- given ---


def _given(problem: Problem, literal: Node, setting: Node) -> Iterator[_Way]:
    """The literals that the file gives for the field: all of them, and this one."""
    name, of = _named(setting), literal_type(literal)
    same: list[tuple[Node, Node]] = []
    for other in literal.syntax.walk("field_expression"):
        body = other.field("body")
        inner = within_parentheses(body) if body is not None else None
        if body is not None and inner is not None and _named(other) == name and inner.kind in _LITERALS:
            same += [(body, inner)] if literal_type(inner) == of else []
    own = [pair for pair in same if pair[1] == literal]
    for pairs, weight in ((same, _SURE), (own, _ALONE)) if len(same) > 1 else ((own, _SURE),):
        texts = [_option(problem, inner, name) for _, inner in pairs]
        edits = [TextEdit(body.start, body.end, text) for (body, _), text in zip(pairs, texts, strict=True)]
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        yield edits, f"`{_option(problem, literal, name)}` for `{literal.text}`{times}", weight


def _named(setting: Node) -> str:
    path = setting.child("field_path")
    return path.text.rpartition(".")[2] if path is not None else ""


def _option(problem: Problem, literal: Node, field: str) -> str:
    if _is_nothing(problem, literal, field):
        return "None"
    return f"Some ({literal.text})" if literal.text.startswith("-") else f"Some {literal.text}"


def _handed(problem: Problem, literal: Node, outer: Node) -> Iterator[_Way]:
    """The literals that calls of the function in the file have at the same place, or for the same label."""
    argument = outside_parentheses(outer, "labeled_argument")
    call = argument.parent
    function = call.field("function") if call is not None and call.kind == "application_expression" else None
    if call is None or function is None:
        return
    label, place = bare(argument)[0], call.fields("argument").index(argument)
    edits, shown = [], []
    for other in calls(literal.syntax.walk("application_expression"), function.text):
        for number, one in enumerate(other.fields("argument")):
            value = one.field("expression") if one.kind == "labeled_argument" else one
            inner = within_parentheses(value) if value is not None else literal
            is_same = bare(one)[0] == label and (bool(label) or number == place) and inner.kind in _LITERALS
            if is_same and value is not None and literal_type(inner) == literal_type(literal):
                text = _option(problem, inner, label[1:])
                edits.append(TextEdit(value.start, value.end, text if text == "None" else f"({text})"))
                shown.append(text)
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    title = f"`{_option(problem, literal, label[1:])}` for `{literal.text}`{times}"
    yield edits, title, _SURE if "None" in shown else _ALONE


# --- compared ---


def _compared(problem: Problem, outer: Node, comparison: Node) -> Iterator[_Way]:
    sign, value = comparison.field("operator"), comparison.field("left")
    literal = within_parentheses(outer)
    if sign is None or value is None or value == outer or not _is_nothing(problem, literal, _field(value)):
        return
    equal = _EQUAL.get(sign.text)
    if equal is None and (sign.text != ">" or literal.text not in _ZEROS):
        return
    condition = outside_parentheses(comparison)
    choice = condition.parent
    chosen: list[_Way] = []
    if choice is not None and choice.kind == "if_expression" and choice.named_children[0] == condition:
        chosen = list(_matched(choice, value, is_nothing_first=bool(equal)))
    elif choice is not None and choice.kind == "infix_expression" and equal is not None:
        chosen = list(_joined(choice, condition, value, is_nothing=equal))
    if chosen:
        yield from chosen
        return
    text = "None" if equal is not None else "<> None"
    start = outer.start if equal is not None else sign.start
    yield [TextEdit(start, outer.end, text)], f"`{text}`", _SURE


def _matched(choice: Node, value: Node, *, is_nothing_first: bool) -> Iterator[_Way]:
    """A matching for a condition whose other branch uses the value; none where it does not."""
    clauses = [one.named_children[-1] for one in choice.named_children if one.kind in ("then_clause", "else_clause")]
    if not clauses or not _field(value):
        return
    if len(clauses) == 2:
        nothing, some = clauses if is_nothing_first else reversed(clauses)
        yield from _made(choice, value, within_parentheses(nothing).text, some, is_nothing_first=is_nothing_first)
    elif not is_nothing_first:
        yield from _made(choice, value, "()", clauses[0], is_nothing_first=False)


def _joined(choice: Node, condition: Node, value: Node, *, is_nothing: bool) -> Iterator[_Way]:
    """A matching for `x <> "" && f x` and for `x = "" || f x`; none where it is not joined so."""
    sign, rest = choice.field("operator"), choice.field("right")
    answers = {"&&": "false", "||": "true"}
    if sign is None or rest is None or choice.field("left") != condition or not _field(value):
        return
    if sign.text in answers and is_nothing == (sign.text == "||"):
        yield from _made(choice, value, answers[sign.text], rest, is_nothing_first=is_nothing)


def _made(choice: Node, value: Node, nothing: str, some: Node, *, is_nothing_first: bool) -> Iterator[_Way]:
    """A matching in the place of a choice, and what says the same in short; none where what is for a value does not
    use it."""
    uses, text, name = _uses(some, value.text), some.text, _field(value)
    for use in reversed(uses):
        text = text[: use.start - some.start] + name + text[use.end - some.start :]
    if not uses:
        return
    some = within_parentheses(some)
    short = _short(value, nothing, some, uses)
    if short == value.text:
        whole = outside_parentheses(choice)
        yield [TextEdit(whole.start, whole.end, short)], f"`{short}`", _SURE
        return
    if short:
        yield [TextEdit(choice.start, choice.end, short)], f"`{short}`", _SURE
    cases = (f"None -> {nothing}", f"Some {name} -> {text}")
    made = f"match {value.text} with {' | '.join(cases if is_nothing_first else reversed(cases))}"
    is_free = choice.parent is not None and choice.parent.kind in _FREE
    edit = TextEdit(choice.start, choice.end, made if is_free else f"({made})")
    yield [edit], f"match `{value.text}`", _ALONE if short else _SURE


def _short(value: Node, nothing: str, some: Node, uses: Sequence[Node]) -> str:
    """What stands for a matching: the option itself, its value or a default, a function of its value; else nothing."""
    if len(uses) > 1:
        return ""
    if some == uses[0]:
        return f"Option.value {value.text} ~default:{nothing}" if re.fullmatch(r'"[^"]*"|[\w.]+|\[\]', nothing) else ""
    if nothing == "()":
        applied = _applied(some, uses[0])
        return f"Option.iter {applied} {value.text}" if applied else ""
    held = of_some(some)
    if nothing != "None" or held is None:
        return ""
    if held == uses[0]:
        return value.text
    applied = _applied(held, uses[0])
    return f"Option.map {applied} {value.text}" if applied else ""


def _applied(call: Node, last: Node) -> str:
    """The function in `f x` and in `f y x`, the latter in parentheses, for the last argument; else nothing."""
    arguments = call.fields("argument")
    if call.kind != "application_expression" or not arguments or arguments[-1] != last:
        return ""
    text = call.syntax.text[call.start : last.start].rstrip()
    return text if len(arguments) == 1 else f"({text})"


def _uses(node: Node, text: str) -> list[Node]:
    return [use for use in node.walk("field_get_expression", "value_path") if use.text == text]


# --- matched ---


def _cases(problem: Problem, matching: Node, name: str) -> Iterator[TextEdit]:
    """The cases of a matching; none where one has another form, or where nothing says which was for no value."""
    cases = [child for child in matching.named_children if child.kind == "match_case"]
    patterns = [within_parentheses(one) for case in cases if (one := case.field("pattern")) is not None]
    parts = [part for pattern in patterns for part in _alternatives(pattern)]
    literals = [part for part in parts if part.kind in _LITERALS]
    others = [part for part in parts if part.kind not in _LITERALS]
    is_told = any(_is_nothing(problem, one, name) for one in literals)
    if any(one.kind not in ("value_pattern", "any_pattern") for one in others) or not (
        is_told or all(one.kind == "any_pattern" for one in others)
    ):
        return
    value = within_parentheses(matching.named_children[0])
    for case, pattern in zip(cases, patterns, strict=True):
        body = case.field("body")
        uses = _uses(body, value.text) if body is not None and is_told and value.kind == "field_get_expression" else []
        if pattern.kind == "any_pattern" and uses:
            yield TextEdit(pattern.start, pattern.end, f"Some {name}")
            yield from (TextEdit(use.start, use.end, name) for use in uses)
        elif pattern.kind == "value_pattern":
            yield TextEdit(pattern.start, pattern.start, "Some ")
        elif pattern.kind != "any_pattern":
            texts = dict.fromkeys(_option(problem, part, name) for part in _alternatives(pattern))
            yield TextEdit(pattern.start, pattern.end, " | ".join(texts))


def _is_the_same(matching: Node) -> bool:
    """Whether it answers `None` for nothing, and `Some` of any other value: just what it matches."""
    value, *cases = matching.named_children
    parts = [(within_parentheses(p), b) for case in cases if (p := case.field("pattern")) and (b := case.field("body"))]
    if len(parts) != len(cases) or len(parts) != 2 or any(case.child("guard") for case in cases):
        return False
    (nothing, no_answer), (other, answer) = parts
    held = of_some(answer)
    name = value.text if other.kind == "any_pattern" else other.text
    return nothing.kind in _LITERALS and no_answer.text == "None" and held is not None and held.text == name


def _alternatives(pattern: Node) -> Iterator[Node]:
    if pattern.kind == "or_pattern":
        for part in pattern.named_children:
            yield from _alternatives(within_parentheses(part))
    else:
        yield pattern
