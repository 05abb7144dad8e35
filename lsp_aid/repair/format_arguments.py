"""Formats of a function's own: what it prints is of another type, or one of its parameters is not printed at all.

let line n = sprintf "%s" n               let line n = sprintf "%d" n           with `line 3` elsewhere
let warn file line = printf "%s:%d" file  let warn file line = printf "%s:%d" file line
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair import conversions
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, node_of, text_of, tree

_PRINTERS = re.compile(r"(?:^|\.)(?:[a-z]*printf|failwithf)$")
_TAKES = re.compile(r"%[-+0 #]*(\*|\d*)(?:\.(\*|\d+))?(l?[diuxXo]|L[diuxXo]|n[diuxXo]|[sScCfFeEgGhHbBat])")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if isinstance(message, messages.UnusedName) and message.sort == "variable":
        binding = node if node.kind == "let_binding" else node.enclosing("let_binding")
        return list(_not_printed(problem, problem.diagnostic.path, binding)) if binding is not None else ()
    if not isinstance(message, messages.TypeClash):
        return ()
    found = _called(problem, syntax, node)
    own = next((n for n in node.ancestors() if n.kind == "let_binding"), None)
    if found is None:
        return list(_not_printed(problem, problem.diagnostic.path, own)) if own is not None else ()
    file, binding, number = found
    return [*_not_printed(problem, file, binding), *_printed(problem, file, binding, number, message.found)]


def _called(problem: Problem, syntax: Syntax, node: Node) -> tuple[str, Node, int] | None:
    """The definition of the function that is given the value in error, and as which of its arguments."""
    above = node.parent
    function = above.field("function") if above is not None and above.kind == "application_expression" else None
    if above is None or function is None or function.kind != "value_path":
        return None
    arguments = above.fields("argument")
    if node not in arguments or any(argument.kind == "labeled_argument" for argument in arguments):
        return None
    within, _, name = function.text.rpartition(".")
    file: str | None = problem.diagnostic.path
    if within:
        file = file_of_module(problem, within.rpartition(".")[2])
        text = text_of(problem.view, file) if file is not None else None
        if text is None or file is None:
            return None
        syntax = parse(text, file)
    for item in syntax.declared:
        if item.name == name and item.kind == "value" and item.node.kind == "let_binding" and file is not None:
            return file, item.node, arguments.index(node)
    return None


def _parameters(binding: Node) -> list[str]:
    names = []
    for parameter in (child for child in binding.children if child.kind == "parameter"):
        variable = next(iter(parameter.walk("value_pattern", "value_name")), None)
        names.append(variable.text if variable is not None else "_")
    return names


def _printed(problem: Problem, file: str, binding: Node, number: int, found: str) -> Iterator[Candidate]:
    """The parameter is printed, and does nothing else."""
    names = _parameters(binding)
    body = binding.field("body")
    if number >= len(names) or body is None:
        return
    uses = [use for use in body.walk("value_path") if use.text == names[number]]
    edits = [edit for use in uses for edit in conversions.format_edits(use, found)]
    if edits and len(edits) == len(uses):
        title = f"`{names[number]}` is of type {found}: print it with `{edits[0].text}`"
        yield Candidate(title, problem.edit(*edits, path=file), 0.95)


def _not_printed(problem: Problem, file: str, binding: Node) -> Iterator[Candidate]:
    """A format of the function has more conversions than values, and as many parameters are nowhere used."""
    names = _parameters(binding)
    body = binding.field("body")
    if body is None:
        return
    used = {use.text for use in body.walk("value_path")}
    unused = [name for name in names if name not in used and not name.startswith("_")]
    for call in body.walk("application_expression"):
        function = call.field("function")
        arguments = call.fields("argument")
        place = next((n for n, a in enumerate(arguments) if a.kind == "string"), None)
        if function is None or place is None or not _PRINTERS.search(function.text):
            continue
        given = [argument.text for argument in arguments[place + 1 :]]
        wanted = sum(1 + match[0].count("*") for match in _TAKES.finditer(arguments[place].text.replace("%%", "")))
        if not unused or wanted - len(given) != len(unused):
            continue
        edits = list(_inserted(names, unused, arguments[place], arguments[place + 1 :]))
        shown = ", ".join(f"`{name}`" for name in unused)
        yield Candidate(f"Print {shown} as well, which the format asks for", problem.edit(*edits, path=file), 0.95)


def _inserted(names: Sequence[str], unused: Sequence[str], format_: Node, given: Sequence[Node]) -> Iterator[TextEdit]:
    """Each behind what stands before it among the parameters."""
    for name in unused:
        before = [argument for argument in given if argument.text in names[: names.index(name)]]
        after = before[-1] if before else format_
        yield TextEdit(after.end, after.end, f" {name}")
