"""Optional arguments: without a default where one is needed, given as an option where they are not.

let indent ?width text = String.make width ...      let indent ?(width = 0) text = ...
get ~timeout:(Some 5) url                           get ~timeout:5 url
get ~timeout:None url                               get url
let slow ?timeout url = get ~timeout url            let slow ?timeout url = get ?timeout url
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import parameters

_OPTION = re.compile(r"(?:Some|None)\b")
_DEFAULTS = {"int": "0", "float": "0.", "string": '""', "bool": "false", "unit": "()", "char": "' '"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.expected.endswith(" option"):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None:
        return ()
    if message.name == "constructor" and _OPTION.match(within_parentheses(node).text):
        return list(_given(problem, node))
    if not message.found.endswith(" option"):
        return ()
    handed = await _handed_on(problem, node)
    return [*handed, *_given(problem, node), *_defaults(problem, node, message)]


async def _handed_on(problem: Problem, node: Node) -> Sequence[Candidate]:
    """An option for what is optional there as well: `?` says that, at each call that is given such a value so."""
    argument = node if node.kind == "labeled_argument" else node.enclosing("labeled_argument")
    call = argument.parent if argument is not None else None
    function = call.field("function") if call is not None and call.kind == "application_expression" else None
    if argument is None or call is None or function is None or not argument.text.startswith("~"):
        return ()
    if node not in (argument, argument.child("label_name"), argument.field("expression")):
        return ()
    label = argument.text[1:].partition(":")[0].strip()
    asked = await AskedTypes.of(problem)
    if asked is None:
        return ()
    _, (type_,) = await asked.of_parts(item_around(call), (call.start, call.end), [function.text])
    if type_ is None or f"?{label}" not in [taken.label for taken in parameters(type_)[0]]:
        return ()
    alike = [one for one in _same_argument(call.syntax, function.text, label) if _is_optional(one)]
    starts = sorted({argument.start, *(one.start for one in alike)})
    edits = [TextEdit(start, start + 1, "?") for start in starts]
    times = f" ({len(edits)} times)" if len(edits) > 1 else ""
    return [Candidate(f"It is optional there as well: `?{argument.text[1:]}`{times}", problem.edit(*edits), 0.96)]


def _same_argument(syntax: Syntax, function: str, label: str) -> Iterator[Node]:
    for call in syntax.walk("application_expression"):
        called = call.field("function")
        for one in call.fields("argument") if called is not None and called.text == function else ():
            name = one.child("label_name")
            if one.kind == "labeled_argument" and one.text[0] == "~" and name is not None and name.text == label:
                yield one


def _is_optional(argument: Node) -> bool:
    """Whether it is a parameter of the function around that may be left out and has no default."""
    value = argument.field("expression") or argument.child("label_name")
    binding = lookup(argument.syntax, value.text, argument.start) if value is not None else None
    return binding is not None and binding.kind == "parameter" and binding.binding.text == f"?{binding.name}"


def _given(problem: Problem, node: Node) -> Iterator[Candidate]:
    argument = node if node.kind == "labeled_argument" else node.enclosing("labeled_argument")
    value = argument.text.partition(":")[2].strip() if argument is not None else ""
    if argument is None or not argument.text.startswith("~"):
        return
    label = argument.text[1:].partition(":")[0]
    if value == "None":
        before = problem.source.text[: argument.start]
        start = len(before.rstrip())
        edit = problem.edit(TextEdit(start, argument.end, ""))
        yield Candidate(f"Leave out the optional argument `{label}`", edit, 0.92)
    elif some := re.fullmatch(r"\(\s*Some\s+(.+?)\s*\)", value, re.DOTALL):
        inner = some[1]
        edit = problem.edit(TextEdit(argument.end - len(value), argument.end, inner))
        yield Candidate(f"`~{label}` takes the value itself: `~{label}:{inner}`", edit, 0.93)
        optional = problem.edit(TextEdit(argument.start, argument.start + 1, "?"))
        yield Candidate(f"`?{label}` takes an option", optional, 0.7)


def _defaults(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """The parameter that the value is, with a default of the type that is wanted."""
    name = problem.source.text[problem.start : problem.end]
    default = _DEFAULTS.get(message.expected)
    default = "[]" if message.expected.endswith(" list") else default
    if default is None or not re.fullmatch(r"[a-z_][\w']*", name):
        return
    for around in node.ancestors():
        if around.kind not in ("fun_expression", "let_binding"):
            continue
        for parameter in (child for child in around.children if child.kind == "parameter"):
            if parameter.text == f"?{name}":
                edit = problem.edit(TextEdit(parameter.start, parameter.end, f"?({name} = {default})"))
                yield Candidate(f"Give `?{name}` a default, `{default}`", edit, 0.8, Kind.GUESS)
                value = f"(Option.value {name} ~default:{default})"
                edit = problem.edit(TextEdit(problem.start, problem.end, value))
                yield Candidate(f"Where `{name}` is left out, take `{default}`", edit, 0.5, Kind.GUESS)
                return
