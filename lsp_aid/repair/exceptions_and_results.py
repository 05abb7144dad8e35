"""Functions that raise now where they answered with a result or an option, and the other way round.

match get k with Ok v -> v | Error _ -> ""          match get k with v -> v | exception Missing _ -> ""
match find k with Some v -> v | None -> 0           match find k with v -> v | exception Not_found -> 0
Result.value (get k) ~default:""                    try get k with Missing _ -> ""
try find k with Not_found -> 0                      Option.value (find k) ~default:0, or a match
match get k with v -> v | exception Missing _ -> 0  match get k with Ok v -> v | Error _ -> 0
try Some (find k) with Not_found -> None            find k
try show (get k) with Missing m -> fail m           match get k with Ok v -> show v | Error m -> fail m
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, bare, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import indent, newline
from lsp_aid.repair.places import (
    declared_elsewhere,
    file_of_module,
    node_of,
    of_some,
    text_of,
    tree,
    within_parentheses,
)
from lsp_aid.repair.tried_calls import answered, tried_calls
from lsp_aid.repair.type_shapes import Type, heads, read, unified

_PARTS = {"option": ("Some", "None"), "result": ("Ok", "Error")}
_LOOSE = ("or_pattern", "alias_pattern", "tuple_pattern", "constructor_pattern", "tag_pattern", "cons_pattern")
_RAISES = re.compile(r"\b(?:raise|raise_notrace)\s+\(?\s*(?P<name>[A-Z][\w.']*)(?P<carries>\s+[\w\"(])?")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    read_here = messages.TypeClash | messages.NotARecord | messages.UnboundName
    is_read = isinstance(message, read_here) or _is_no_exception(message)
    syntax = tree(problem) if is_read else None
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if isinstance(message, messages.NotARecord):
        return await tried_calls(problem, syntax, node) if read(message.type).head in _PARTS else ()
    if isinstance(message, messages.UnboundName):  # a constructor of what it gave is sought among those of the option
        names, around = _PARTS.get(message.of_type or ""), node.enclosing("match_expression")
        return list(_match(problem, around, names)) if names is not None and around is not None else ()
    if not isinstance(message, messages.TypeClash):  # the exception is a constructor of another type now
        around = node.enclosing("match_expression", "try_expression")
        asked = await AskedTypes.of(problem) if around is not None else None
        return await _answered(problem, asked, around, None) if around is not None and asked is not None else ()
    found: list[Candidate] = []
    head = read(message.found).head.removeprefix("Stdlib.")
    if message.what == "pattern" and head in _PARTS and read(message.expected).head != head:
        match = node.enclosing("match_expression")
        found += _raised(problem, match, _PARTS[head]) if match is not None else ()
    if read(message.expected).head.removeprefix("Stdlib.") in _PARTS and head not in _PARTS:
        found += _with_default(problem, node)
    around = next((n for n in (node, *node.ancestors()) if n.kind in ("try_expression", "match_expression")), None)
    asked = await AskedTypes.of(problem) if around is not None else None
    if around is not None and asked is not None:
        found += await _answered(problem, asked, around, message)
    if message.what != "pattern" and {"result", "option"} & {
        *heads(read(message.found)),
        *heads(read(message.expected)),
    }:
        found += await tried_calls(problem, syntax, node)
    return found


def _is_no_exception(message: messages.Message) -> bool:
    """Whether a constructor is of some other type where an exception is expected."""
    if not isinstance(message, messages.BrokenRule) or message.rule != "of-another-type":
        return False
    return message.types[1:] == ("exn",)


# --- from a result to an exception ---


def _raised(problem: Problem, match: Node, names: tuple[str, str]) -> Iterator[Candidate]:
    cases = [child for child in match.named_children if child.kind == "match_case"]
    good, bad = (_case(cases, name) for name in names)
    scrutinee = match.named_children[0]
    if good is None or bad is None or len(cases) != 2:
        return
    carried = _carried(good)
    edits = [TextEdit(good.start, good.end, carried or "_")]
    call = scrutinee.field("function") if scrutinee.kind == "application_expression" else scrutinee
    raised = list(_exceptions(problem, call.text if call is not None else ""))
    of_error = _carried(bad)
    for number, (name, has_value) in enumerate(raised[:3]):
        value = f" {of_error or '_'}" if has_value else ""
        change = problem.edit(*edits, TextEdit(bad.start, bad.end, f"exception {name}{value}"))
        title = f"It raises `{name}` now: `exception {name}{value}`"
        yield Candidate(title, change, 0.9 - 0.1 * number)


def _with_default(problem: Problem, node: Node) -> Iterator[Candidate]:
    """`Option.value` and `Result.value` of what raises now."""
    call = node.enclosing("application_expression")
    function = call.field("function") if call is not None else None
    if call is None or function is None or function.text not in ("Option.value", "Result.value"):
        return
    given = [(bare(one), one) for one in call.fields("argument")]
    default = next((text for (label, text), _ in given if label == "~default"), None)
    value = next((one for (label, _), one in given if not label), None)
    if default is None or value is None:
        return
    body = within_parentheses(value)
    called = body.field("function") if body.kind == "application_expression" else body
    above = call.parent
    is_argument = above is not None and above.kind in ("application_expression", "labeled_argument", "infix_expression")
    for number, (name, has_value) in enumerate(list(_exceptions(problem, called.text if called else ""))[:3]):
        text = f"try {body.text} with {name}{' _' if has_value else ''} -> {default}"
        edit = TextEdit(call.start, call.end, f"({text})" if is_argument else text)
        title = f"It raises `{name}` now: `{' '.join(text.split())}`"
        yield Candidate(title, problem.edit(edit), 0.9 - 0.1 * number)


def _case(cases: Sequence[Node], constructor: str) -> Node | None:
    patterns = (case.field("pattern") for case in cases)
    return next((p for p in patterns if p is not None and re.match(rf"{constructor}\b", p.text)), None)


def _carried(pattern: Node) -> str:
    return within_parentheses(pattern.named_children[-1]).text if pattern.kind == "constructor_pattern" else ""


def _exceptions(problem: Problem, function: str) -> Iterator[tuple[str, bool]]:
    """What the module of the function raises, most likely first, and whether it carries something."""
    module, _, name = function.rpartition(".")
    if any(f"{function}_opt" in (one.path, one.short) for one in declared_elsewhere(problem)):
        return  # that is the one to be called
    path = file_of_module(problem, module.rpartition(".")[2]) if module else problem.diagnostic.path
    text = text_of(problem.view, path) if path is not None else None
    if path is None or text is None:
        return
    syntax = parse(text, path)
    prefix = f"{module}." if module else ""
    own = {item.name: item for item in syntax.items if item.kind == "exception"}
    body = next((item.node.text for item in syntax.items if item.name == name), "")
    seen: dict[str, bool] = {}
    for part in (body, text):
        for match in _RAISES.finditer(part):
            raised = match["name"]
            seen.setdefault(f"{prefix}{raised}" if raised in own else raised, bool(match["carries"]))
        if re.search(r"\bfailwith\b", part):
            seen.setdefault("Failure", True)
        if re.search(r"\binvalid_arg\b", part):
            seen.setdefault("Invalid_argument", True)
    for raised, item in own.items():
        seen.setdefault(f"{prefix}{raised}", " of " in item.node.text)
    seen.setdefault("Not_found", False)
    yield from seen.items()


# --- from an exception to an option or a result ---


async def _answered(
    problem: Problem, asked: AskedTypes, around: Node, message: messages.TypeClash | None
) -> Sequence[Candidate]:
    body = around.named_children[0]
    cases = [child for child in around.named_children if child.kind == "match_case"]
    _, (type_,) = await asked.of_parts(item_around(around), (around.start, around.end), [body.text])
    names = _PARTS.get(type_.head.removeprefix("Stdlib.")) if type_ is not None else None
    if names is None or type_ is None:
        return ()
    if around.kind == "match_expression":
        return list(_match(problem, around, names, type_))
    if names[1] == "None" and type_.parts[0].head == type_.head and (edit := _itself(around)):
        return [Candidate(f"It answers with `None` now: `{edit.text}`", problem.edit(edit), 0.95)]
    return list(_try(problem, around, body, cases, type_, message))


def _match(problem: Problem, around: Node, names: tuple[str, str], type_: Type | None = None) -> Iterator[Candidate]:
    """`exception Not_found` is `None` now, and what was given is in `Some`: here, and wherever the file calls it."""
    edits = _matched(problem, around, names, type_)
    if not edits:
        return
    called = around.named_children[0].field("function")
    for other in around.syntax.walk("match_expression", "try_expression") if called is not None else ():
        tried = other.named_children[0]
        function = (of_some(tried) or tried).field("function")
        if function is not None and called is not None and function.text == called.text:
            more = _matched(problem, other, names, type_)
            edits += more if not any(a.start < b.end and b.start < a.end for a in edits for b in more) else []
    yield Candidate(f"It answers with `{names[1]}` now", problem.edit(*edits), 0.92)


def _matched(problem: Problem, around: Node, names: tuple[str, str], type_: Type | None) -> list[TextEdit]:
    if names[1] == "None" and (whole := _itself(around)):
        return [whole]
    cases = [child for child in around.named_children if child.kind == "match_case"]
    patterns = [pattern for case in cases if (pattern := case.field("pattern")) is not None]
    raised = [pattern for pattern in patterns if pattern.text.startswith("exception ")]
    plain = [pattern for pattern in patterns if pattern not in raised]
    bads = [answered(problem, names[1], one, type_) for one in raised]
    if (
        not raised
        or len(set(bads)) != len(bads)
        or not plain
        or any(pattern.text.startswith(names) for pattern in plain)
    ):
        return []
    edits = [TextEdit(pattern.start, pattern.end, f"{names[0]} {_argument(pattern)}") for pattern in plain]
    return [*edits, *(TextEdit(one.start, one.end, bad) for one, bad in zip(raised, bads, strict=True))]


def _itself(around: Node) -> TextEdit | None:
    """The call alone, for what made an option of a call that raised: `try Some (find k) with Not_found -> None`."""
    body, *cases = around.named_children
    pairs = [(p, within_parentheses(b)) for case in cases if (p := case.field("pattern")) and (b := case.field("body"))]
    if around.kind == "try_expression":
        call = of_some(body)
        is_none = len(pairs) == len(cases) == 1 and pairs[0][1].text == "None"
    else:
        raised = [answer for pattern, answer in pairs if pattern.text.startswith("exception ")]
        given = [(pattern.text, of_some(answer)) for pattern, answer in pairs if answer not in raised]
        is_none = len(pairs) == len(cases) == 2 and [answer.text for answer in raised] == ["None"]
        is_given = len(given) == 1 and given[0][1] is not None and given[0][1].text == given[0][0]
        call = body if is_given else None
    return TextEdit(around.start, around.end, call.text) if call is not None and is_none else None


def _argument(pattern: Node) -> str:
    return f"({pattern.text})" if pattern.kind in _LOOSE else pattern.text


def _try(
    problem: Problem, around: Node, body: Node, cases: Sequence[Node], type_: Type, message: messages.TypeClash | None
) -> Iterator[Candidate]:
    pairs = [(p, b) for case in cases if (p := case.field("pattern")) and (b := case.field("body"))]
    bads = [answered(problem, _PARTS[type_.head.removeprefix("Stdlib.")][1], pattern, type_) for pattern, _ in pairs]
    if not pairs or len(set(bads)) != len(cases):
        return
    value = pairs[0][1]
    if message is not None:
        wanted = read(message.found if value.start <= problem.start < value.end else message.expected)
        if unified(type_.parts[0], wanted, {}) is None:
            return
    module = {"option": "Option", "result": "Result"}[type_.head.removeprefix("Stdlib.")]
    names = _PARTS[type_.head.removeprefix("Stdlib.")]
    given = body.text if body.kind in ATOMS else f"({body.text})"
    default = value.text if value.kind in ATOMS else f"({value.text})"
    outer = around.parent
    is_argument = outer is not None and outer.kind in ("application_expression", "labeled_argument", "infix_expression")
    plain = f"{module}.value {given} ~default:{default}"
    good = f"{names[0]} {(name := _held(around, value))} -> {name}"
    cased = _cased(around, body, good, [(bad, answer) for bad, (_, answer) in zip(bads, pairs, strict=True)])
    simple = value.kind in ATOMS and value.kind != "parenthesized_expression"
    ways = ((plain, 0.92 if simple else 0.6), (cased, 0.85))
    for text, weight in ways if len(pairs) == 1 else ways[1:]:
        edit = TextEdit(around.start, around.end, f"({text})" if is_argument else text)
        title = f"It answers with `{names[1]}` now, and does not raise: `{' '.join(text.split())}`"
        yield Candidate(title, problem.edit(edit), weight)


def _held(around: Node, value: Node) -> str:
    """What the code calls the value: as what the handler ends with, or what is bound to the whole."""
    while value.kind in ("let_expression", "sequence_expression") and value.named_children:
        value = value.named_children[-1]
    binding = around.parent if around.parent is not None and around.parent.kind == "let_binding" else None
    bound = binding.child("value_name") if binding is not None and not binding.child("parameter") else None
    named = value if value.kind == "value_path" else bound
    return named.text if named is not None and re.fullmatch(r"[a-z_][\w']*", named.text) else "value"


def _cased(around: Node, body: Node, good: str, others: Sequence[tuple[str, Node]]) -> str:
    """The `match` in one line, or in lines of its own where the handler has some."""
    text = around.syntax.text
    if "\n" not in text[body.end : others[-1][1].end]:
        return f"match {body.text} with {good}{''.join(f' | {bad} -> {value.text}' for bad, value in others)}"
    line = newline(text) + indent(text, around.start)
    gaps = [re.search(r"\s*$", text[: value.start]) for _, value in others]
    bads = (f"{bad} ->{gap[0] if gap else ' '}{value.text}" for gap, (bad, value) in zip(gaps, others, strict=True))
    return f"match {body.text} with{line}| {good}{''.join(f'{line}| {bad}' for bad in bads)}"
