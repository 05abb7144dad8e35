"""A value of a type that is abstract now, given or taken in another shape: the definition follows, not each use of it.

let label width = sprintf "%.1f" width        let label width = sprintf "%.1f" (Metres.to_float width)
label plot.width                              label plot.width
let owner s = int_of_string_opt s             let owner s = Option.map User_id.of_int (int_of_string_opt s)
{ name; owner = owner field }                 { name; owner = owner field }

let volume = step + 1 in                      let volume = Percent.clamp (step + 1) in
{ t with volume }                             { t with volume }

Where the module of the type has a function for that.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Item, Node, Syntax, bound_names, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.branch_ends import ends
from lsp_aid.repair.calls_in_code import ATOMS, bare
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.other_forms import functions
from lsp_aid.repair.places import (
    file_of_module,
    outside_parentheses,
    text_of,
    type_clash,
    within_parentheses,
)
from lsp_aid.repair.type_shapes import Type, read

_MAPS = {"option": ("Option.map", "Some"), "result": ("Result.map", "Ok"), "list": ("List.map", ""), "": ("", "")}
_NOTHING = re.compile(r"^(?:None|\[\s*\]|Error\b.*|raise\b.*|failwith\b.*|invalid_arg\b.*|assert false)$", re.DOTALL)
_USUAL = re.compile(r"\.(?:of|to)_\w+$")
_PARAMETER, _ANY_PARAMETER, _RESULT = 0.9, 0.65, 0.9
_VARIABLE, _LONE_VARIABLE = 0.9, 0.8


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None or clash[0].what == "pattern":
        return ()
    message, node = clash
    syntax = node.syntax
    given, wanted = read(message.found), read(message.expected)
    around, pair = "", (given, wanted)
    if given.head == wanted.head and given.head in _MAPS and len(given.parts) == len(wanted.parts):
        around, pair = given.head, (given.parts[0], wanted.parts[0])
    is_own = [re.search(r"\.\w+$", one.head) is not None and not one.parts for one in pair]
    asked = await AskedTypes.of(problem) if any(is_own) else None
    if asked is None or is_own[0] == is_own[1]:
        return ()
    forms = [form.text.removesuffix(" {}") for form in await functions(asked, node, *pair)]
    usual = [one for one in forms if _USUAL.search(one)]
    if len(forms) != 1 and len(usual) != 1:
        return ()
    form = forms[0] if len(forms) == 1 else usual[0]
    changes: ChangeSet | None
    variable = _variable(problem, within_parentheses(node), around, form)
    if variable is not None:
        changes, weight = variable
        what = "gives"
    elif is_own[1]:
        changes = _result(problem, syntax, within_parentheses(node), around, form, (given, wanted))
        weight, what = _RESULT, "gives"
    else:
        parameter = parameter_of(problem, syntax, node, message) if not around else None
        others = await functions(asked, node, pair[1], pair[0]) if parameter is not None else ()
        back = [other.text.removesuffix(" {}") for other in others]
        changes = _taken(problem, parameter, form, back, message) if parameter is not None else None
        is_likely = parameter is not None and _is_about(parameter, node, pair[0].head.rpartition(".")[0])
        weight, what = (_PARAMETER if is_likely else _ANY_PARAMETER), "takes"
    if changes is None:
        return ()
    own = changes.texts.get(problem.diagnostic.path)
    if own is not None:
        (far,) = await asked.reached([own])
        if far <= problem.end + len(own) - len(syntax.text):
            return ()
    title = f"What is defined {what} `{pair[is_own[1]].head}` now: `{form}`"
    return [Candidate(title, changes, weight)]


# --- what it gives ---


def _variable(problem: Problem, node: Node, around: str, function: str) -> tuple[ChangeSet, float] | None:
    """What a local variable is bound to, made a value of the type, where all that uses it is what is in error, or
    stands for a field or a label as well."""
    name = node.text
    binding = lookup(node.syntax, name, node.start) if name.isidentifier() else None
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    above = binding.binding.enclosing("value_definition") if binding is not None else None
    is_local = above is not None and above.parent is not None and above.parent.kind == "let_expression"
    if binding is None or body is None or binding.arity or not is_local or binding.node.parent != binding.binding:
        return None
    uses = {
        (use.start, use.end)
        for use in node.syntax.walk("value_path", "field_expression", "label_name")
        if use.text == name and lookup(node.syntax, name, use.start) == binding
    }
    if len(uses) != 1:
        return None
    is_punned = node.kind in ("field_expression", "label_name", "labeled_argument")
    edits = [edit for end in ends(body) for edit in _converted(end, around, function)]
    return (problem.edit(*edits), _VARIABLE if is_punned else _LONE_VARIABLE) if edits else None


def _result(
    problem: Problem, syntax: Syntax, node: Node, around: str, function: str, types: tuple[Type, Type]
) -> ChangeSet | None:
    """All that a function of the file may end with, made a value of the type; where nothing else uses the function."""
    called = node.field("function") if node.kind == "application_expression" else None
    name = called.text if called is not None else ""
    item = next((i for i in syntax.items if i.kind == "value" and i.name == name and not i.within), None)
    body = item.node.field("body") if item is not None else None
    uses = [use for use in syntax.walk("value_path") if use.text == name]
    if item is None or body is None or item.end > node.start or len(uses) > 1:
        return None
    edits = [edit for end in ends(body) for edit in _converted(end, around, function)]
    return _with_interface(problem, item, edits, types[0], types[1]) if edits else None


def _converted(end: Node, around: str, function: str) -> Iterator[TextEdit]:
    end = within_parentheses(end)
    text = end.text
    mapped, constructor = _MAPS[around]
    if _NOTHING.match(text):
        return
    called = end.field("function") if end.kind == "application_expression" else None
    if called is not None and constructor and called.text == constructor:
        value = end.fields("argument")[0]
        inner = value.text if value.kind in ATOMS else f"({value.text})"
        yield TextEdit(value.start, value.end, f"({function} {inner})")
        return
    applied = f"{mapped} {function}".strip()
    operator = end.child("rel_operator") if end.kind == "infix_expression" else None
    if operator is not None and operator.text == "|>":
        yield TextEdit(end.end, end.end, f" |> {applied}")
    elif end.kind in ATOMS:
        yield TextEdit(end.start, end.start, f"{applied} ")
    else:
        yield TextEdit(end.start, end.end, f"{applied} ({text})")


# --- what it takes ---

_Parameter = tuple[Item, Node, str]


def parameter_of(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> _Parameter | None:
    """The definition of the function that is given the value, the parameter that it is given for, and its name."""
    argument = outside_parentheses(node, "labeled_argument")
    call = argument.parent
    function = call.field("function") if call is not None and call.kind == "application_expression" else None
    if call is None or function is None or function.kind != "value_path":
        return None
    module, _, name = function.text.rpartition(".")
    own = syntax
    if module:
        file = file_of_module(problem, module.rpartition(".")[2])
        text = text_of(problem.view, file) if file is not None else None
        if file is None or text is None:
            return None
        own = parse(text, file)
    item = next((i for i in reversed(own.items) if i.kind == "value" and i.name == name and not i.within), None)
    if item is None:
        return None
    label = bare(argument)[0][1:]
    parameters = [one for one in item.node.children if one.kind == "parameter"]
    if not label:
        plain = [one for one in call.fields("argument") if not bare(one)[0]]
        parameters = [one for one in parameters if one.text[:1] not in "~?"][plain.index(argument) :]
    for one in parameters:
        names = [n.text for n in bound_names(one)]
        is_simple = len(names) == 1 and not one.text.startswith("?")
        is_named = is_simple and (not label or re.match(rf"~\(?\s*{re.escape(label)}\b", one.text) is not None)
        if is_named and re.fullmatch(
            rf"~?\(?\s*{re.escape(names[0])}\s*(:\s*{re.escape(message.expected)}\s*\))?", one.text
        ):
            return item, one, names[0]
        if not label:
            return None
    return None


def _is_about(parameter: _Parameter, given: Node, module: str) -> bool:
    """Whether the function deals with values of the module anyway, or calls its own by the name of what is given."""
    item, _, name = parameter
    return f"{module}." in item.node.text or re.search(rf"(?<![\w']){re.escape(name)}$", given.text) is not None


def _taken(
    problem: Problem, parameter: _Parameter, function: str, back: Sequence[str], message: messages.TypeClash
) -> ChangeSet | None:
    """The parameter as it was, made of what it is now, wherever the function uses it."""
    item, node, name = parameter
    body = item.node.field("body")
    edits: list[TextEdit] = []
    for use in body.walk("value_path", "labeled_argument") if body is not None else ():
        if use.kind == "labeled_argument":
            if use.text in (f"~{name}", f"?{name}"):
                edits.append(TextEdit(use.start, use.end, f"{use.text}:({function} {name})"))
        elif use.text == name:
            above = use.parent
            called = above.field("function") if above is not None and above.kind == "application_expression" else None
            if above is not None and called is not None and called.text in back and len(above.fields("argument")) == 1:
                edits.append(TextEdit(above.start, above.end, name))
                continue
            is_free = above is None or above.kind in ("infix_expression", "let_binding", "match_expression")
            is_free = is_free or (above is not None and above.kind == "parenthesized_expression")
            text = f"{function} {name}"
            edits.append(TextEdit(use.start, use.end, text if is_free else f"({text})"))
    if not edits:
        return None
    annotated = node.walk("type_constructor_path", "constructed_type")
    edits += [TextEdit(o.start, o.end, message.found) for o in annotated if o.text == message.expected]
    return _with_interface(problem, item, edits, read(message.expected), read(message.found))


def _with_interface(problem: Problem, item: Item, edits: Sequence[TextEdit], old: Type, new: Type) -> ChangeSet | None:
    """With what the interface says of it, where that names the type once; None where it is not sure which it is."""
    path = item.node.syntax.path
    changes = problem.edit(*edits, path=path)
    interface = text_of(problem.view, f"{path}i")
    items = parse(interface, f"{path}i").items if interface is not None else ()
    shown = next((i for i in items if i.kind == "value" and i.name == item.name), None)
    written = shown.node.field("type") if shown is not None else None
    if written is None:
        return changes
    was, now = _written(old), _written(new)
    places = list(re.finditer(rf"(?<![\w.']){re.escape(was)}(?![\w.'])", written.text))
    if len(places) != 1:
        return None
    at = written.start + places[0].start()
    return changes.then(problem.edit(TextEdit(at, at + len(was), now), path=f"{path}i"))


def _written(type_: Type) -> str:
    return f"{_written(type_.parts[0])} {type_.head}" if len(type_.parts) == 1 else type_.head
