"""What a value holds where the value itself is given: the other way is a function of its module, or a member of it.

price + 1, of type Money.t                Money.to_cents price + 1
id + 1, of type Id.t, private int         (id :> int) + 1
pay 100, where Money.t is wanted          pay (Money.of_cents 100)
next x + 1, of type int * bool            fst (next x) + 1
get t "a" + 1, of type int option         Option.get (get t "a") + 1        (a guess, for it may raise)
if check s, of type (unit, string) result if Result.is_ok (check s)         not (check s): Result.is_error (check s)
{ tags = "docs" }, of type string list    { tags = [ "docs" ] }
"""

import re
from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS, read_call
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, parameters, read, unified

_DEFAULTS = {"int": "0", "string": '""', "float": "0.", "bool": "false", "list": "[]"}
_MOST = 5
_COLLECTED = {
    "list": ("[{}]", "a list now"),
    "array": ("[| {} |]", "an array now"),
    "option": ("Some {}", "optional"),
}
_BASIC = frozenset(("int", "string", "float", "char", "bool", "bytes", "int32", "int64", "nativeint", "list", "array"))
_KNOWN = ("option", "result", "ref", "->", "*", "exn", "lazy_t")  # they are no types that another one is privately
_OF_A_CALL_THAT_LACKS = 0.6
_NEEDS_NONE = (
    "let_binding", "parenthesized_expression", "match_case", "then_clause", "else_clause", "let_expression",
    "typed_expression", "field_expression", "set_expression", "list_expression", "array_expression", "tuple_expression",
    "sequence_expression", "if_expression", "match_expression",
)  # fmt: skip


@frozen
class Form:
    """`text` with `{}` for what is there."""

    text: str
    weight: float
    title: str
    kind: Kind = Kind.FIX


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.what == "pattern" or not message.found:
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    asked = await AskedTypes.of(problem) if node is not None else None
    if node is None or asked is None:
        return ()
    node = within_parentheses(node)
    given, wanted = read(message.found), read(message.expected)
    made: list[tuple[Form, ChangeSet, int]] = []
    forms = [
        *_members(given, wanted),
        *_collected(node, given, wanted),
        *await functions(asked, node, given, wanted),
        *_seen_through(message, given, wanted),
    ]
    share = _OF_A_CALL_THAT_LACKS if forms and await _lacks(asked, node) else 1.0
    for form in forms:
        form = evolve(form, weight=form.weight * share)
        made.append((form, problem.edit(_edit(node, form)), node.start))
    made += _tests(problem, node, given, wanted)
    made += await _elements(problem, asked, node, given, wanted)
    reached = await asked.reached([changes.files[0].after or "" for _, changes, _ in made if changes])
    found = [
        Candidate(form.title, changes, form.weight, form.kind)
        for (form, changes, start), far in zip(made, reached, strict=False)
        if far > max(start, problem.start)
    ]
    return sorted(found, key=lambda c: -c.weight)[:_MOST]


def _members(given: Type, wanted: Type) -> Iterator[Form]:
    if given.head == "*" and len(given.parts) == 2:
        for part, function in zip(given.parts, ("fst", "snd"), strict=True):
            if unified(part, wanted, {}) is not None and not part.is_variable:
                which = "first" if function == "fst" else "second"
                yield Form(f"{function} {{}}", 0.8, f"It is a pair: take its {which} part, `{function}`")
    elif given.head == "option" and wanted.head != "option" and unified(given.parts[0], wanted, {}) is not None:
        title = "It is an option: take its value, `Option.get`, which raises where there is none"
        yield Form("Option.get {}", 0.62, title, Kind.GUESS)
        if default := _DEFAULTS.get(wanted.head):
            title = f"It is an option: `Option.value ~default:{default}`"
            yield Form(f"Option.value {{}} ~default:{default}", 0.5, title, Kind.GUESS)
    elif given.head == "result" and wanted.head != "result" and unified(given.parts[0], wanted, {}) is not None:
        title = "It is a result: take its value, `Result.get_ok`, which raises where it is an error"
        yield Form("Result.get_ok {}", 0.62, title, Kind.GUESS)


def _collected(node: Node, given: Type, wanted: Type) -> Iterator[Form]:
    """One in a field that holds several now, or none."""
    above = node.parent
    one = _COLLECTED.get(wanted.head)
    is_field = above is not None and above.kind == "field_expression"
    if one is None or not is_field or given.head in (wanted.head, "->") or given.is_variable:
        return
    if unified(given, wanted.parts[0], {}) is not None:
        form, what = one
        form = form.replace("[", "[ ").replace("]", " ]") if "[ " in node.syntax.text and "[|" not in form else form
        yield Form(form, 0.85, f"It is {what}: `{form.format('...')}`")


_TESTS = {
    "option": ("Option.is_some", "Option.is_none"),
    "result": ("Result.is_ok", "Result.is_error"),
    "Either.t": ("Either.is_left", "Either.is_right"),
}


def _tests(problem: Problem, node: Node, given: Type, wanted: Type) -> Iterator[tuple[Form, ChangeSet, int]]:
    """Whether there is a value, where the answer was a `bool`; under `not`, whether there is none."""
    tests = _TESTS.get(given.head.removeprefix("Stdlib.")) if wanted.head == "bool" else None
    if tests is None:
        return
    form = Form(f"{tests[0]} {{}}", 0.85, f"It is a {given.head} now: `{tests[0]}`")
    outer = outside_parentheses(node)
    above = outer.parent
    function = above.field("function") if above is not None and above.kind == "application_expression" else None
    if above is not None and function is not None and function.text == "not":
        text = node.text if node.kind in ATOMS else f"({node.text})"
        is_free = above.parent is None or above.parent.kind in _NEEDS_NONE or above.parent.kind.startswith("infix")
        written = f"{tests[1]} {text}"
        opposite = Form("", 0.9, f"It is a {given.head} now: `{tests[1]}`")
        edit = TextEdit(above.start, above.end, written if is_free else f"({written})")
        yield opposite, problem.edit(edit), above.start
    yield form, problem.edit(_edit(node, form)), node.start


def _seen_through(message: messages.TypeClash, given: Type, wanted: Type) -> Iterator[Form]:
    """A private type is seen as what it is made of; what is lazy is computed."""
    if given.head in ("lazy_t", "Lazy.t", "CamlinternalLazy.t") and unified(given.parts[0], wanted, {}) is not None:
        yield Form("Lazy.force {}", 0.85, "It is lazy: compute it, `Lazy.force`")
    elif (
        wanted.head in _BASIC
        and given.head not in (*_BASIC, *_KNOWN)
        and re.fullmatch(r"[\w.]+(?: \w+)?", message.expected)
    ):
        title = f"It is a private `{message.expected}`: see it as that"
        yield Form(f"({{}} :> {message.expected})", 0.75, title)


async def _lacks(asked: AskedTypes, node: Node) -> bool:
    """Whether the call that this is an argument of gives less than its function takes: it wants an argument more."""
    outer = outside_parentheses(node, "labeled_argument").parent
    call = await read_call(outer, asked) if outer is not None and outer.kind == "application_expression" else None
    if call is None or (call.wanted is not None and call.wanted.head == "->"):
        return False
    takes, _ = parameters(call.takes)
    needed = sum(not taken.label.startswith("?") for taken in takes)
    return needed > sum(not one.label.startswith("?") for one in call.arguments)


async def functions(asked: AskedTypes, node: Node, given: Type, wanted: Type) -> list[Form]:
    """The functions of either type's module that make one of the other."""
    modules = {type_.head.rpartition(".")[0]: None for type_ in (given, wanted)}
    found = []
    for module in [m for m in modules if m and m != "Stdlib"]:
        fitting = []
        for name, type_ in await asked.values(node.start, module):
            takes, gives = parameters(type_)
            if len(takes) != 1 or takes[0].label or takes[0].parts[0].is_variable or gives.is_variable:
                continue
            settled = unified(takes[0].parts[0], given, {})
            if settled is not None and unified(gives, wanted, settled) is not None:
                fitting.append(name)
        for number, name in enumerate(fitting[:3]):
            weight = (0.85 if len(fitting) == 1 else 0.7) - 0.1 * number
            path = f"{module}.{name}"
            found.append(Form(f"{path} {{}}", weight, f"Convert with `{path}`"))
    return found


def _edit(node: Node, form: Form) -> TextEdit:
    is_enclosed = form.text.startswith("[")
    is_punned = node.kind == "field_expression"
    text = node.text if node.kind in ATOMS or is_enclosed or is_punned else f"({node.text})"
    made = form.text.replace("{}", text)
    if is_enclosed:
        node = outside_parentheses(node)
    if is_enclosed or (made.startswith("(") and form.text.endswith(")")):
        return TextEdit(node.start, node.end, made)
    parent = node.parent
    is_free = is_punned or parent is None or parent.kind in _NEEDS_NONE or parent.kind.startswith("infix")
    return TextEdit(node.start, node.end, made if is_free else f"({made})")


async def _elements(
    problem: Problem, asked: AskedTypes, node: Node, given: Type, wanted: Type
) -> list[tuple[Form, ChangeSet, int]]:
    """Where the elements differ and a function beside is given them: the parameter of that is converted."""
    if given.head != wanted.head or len(given.parts) != len(wanted.parts) or not given.parts or given.head == "*":
        return []
    pairs = [(g, w) for g, w in zip(given.parts, wanted.parts, strict=True) if unified(g, w, {}) is None]
    call = node.parent
    if len(pairs) != 1 or call is None or call.kind != "application_expression":
        return []
    forms = [*_members(*pairs[0]), *await functions(asked, node, *pairs[0])]
    beside = [within_parentheses(a.field("expression") or a) for a in call.fields("argument") if a != node]
    found = []
    for function in [f for f in beside if f.kind == "fun_expression"]:
        names = [p.text for p in function.named_children if p.kind == "parameter" and p.text.isidentifier()]
        body = function.named_children[-1]
        for name in reversed(names):
            uses = [use for use in body.walk("value_path") if use.text == name]
            for form in forms if uses else []:
                change = problem.edit(*(_edit(use, form) for use in uses))
                found.append((form, change, function.start))
    return found
