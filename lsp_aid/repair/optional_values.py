"""Optional arguments: without a default where one is needed, given as an option where they are not.

let indent ?width text = String.make width ...      let indent ?(width = 0) text = ...
get ~timeout:(Some 5) url                           get ~timeout:5 url
get ~timeout:None url                               get url
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree

_DEFAULTS = {"int": "0", "float": "0.", "string": '""', "bool": "false", "unit": "()", "char": "' '"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or not message.found.endswith(" option"):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None or message.expected.endswith(" option"):
        return ()
    return [*_given(problem, node), *_defaults(problem, node, message)]


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
