"""`let*` and its like: forgotten, too much, or not in scope.

let b = number b in Ok (a + b)            let* b = number b in Ok (a + b)
let b = number b in ..., twice            let* b = number b in ..., twice
let* n = List.length xs in Some n         let n = List.length xs in Some n
let* x = get () in ...                    let open Syntax in let* x = get () in ...
let%bind x = get () in ...                let* x = get () in ...          without the preprocessor
match get () with Some x -> ...           let* found = get () in match found with Some x -> ...
if ready x then ...                       let* value = ready x in if value then ...
let* a = x and* b = y in { a; b }         let+ a = x and+ b = y in { a; b }      without an `and*`
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import opened
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.joined_bindings import joined_bindings
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import declared_elsewhere, node_of, tree
from lsp_aid.repair.taken_out import operators_of, taken_out
from lsp_aid.repair.type_shapes import read

_OPERATOR = re.compile(r"(?:let|and)[-+*/|&^$@<>=!%:.]+$")
MOST = 4
_TOGETHER = 0.02
_EXTENSION = re.compile(r"\b(?P<word>let|and)%(?P<name>[\w.]+)")
_OPERATORS = {"bind": "*", "map": "+", "lwt": "*", "lwt.try": "*"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if isinstance(message, messages.BrokenRule) and message.rule == "extension-node":
        return list(_of_preprocessor(problem, syntax, message.names[0]))
    if isinstance(message, messages.UnboundName) and _OPERATOR.match(message.name):
        return [*_opened(problem, message, syntax, node), *await joined_bindings(problem, message, syntax, node)]
    if isinstance(message, messages.NotARecord | messages.NotAFunction):
        return list(_forgotten(problem, syntax, node)) if read(message.type).parts else ()
    if isinstance(message, messages.UnboundName) and message.of_type:
        return await taken_out(problem, syntax, node, message.of_type, is_named=True)
    if isinstance(message, messages.TypeClash):
        if message.what == "pattern":
            return await taken_out(problem, syntax, node, message.expected)
        known = [one for one, found, _ in clashing(node, message) if one == node or found.parts]
        forgotten = [way for one in known for way in _forgotten(problem, syntax, one)]
        return [
            *forgotten,
            *_superfluous(problem, node, message),
            *await taken_out(problem, syntax, node, message.found),
        ]
    return ()


def _of_preprocessor(problem: Problem, syntax: Syntax, name: str) -> Iterator[Candidate]:
    """All `let%bind` of the file as `let*`, what is joined to them with `and` as well."""
    text = problem.source.text
    sign = _OPERATORS.get(name)
    found = [m for m in _EXTENSION.finditer(text) if _OPERATORS.get(m["name"])]
    if sign is None or not found:
        return
    edits = [TextEdit(m.start(), m.end(), f"{m['word']}{_OPERATORS[m['name']]}") for m in found]
    for match in found:
        inside = syntax.node_at(match.start(), match.end())
        around = inside if inside is None or inside.kind == "value_definition" else inside.enclosing("value_definition")
        words = [child for child in around.children if child.kind == "and"] if around is not None else []
        edits += [TextEdit(word.start, word.end, f"and{_OPERATORS[match['name']]}") for word in words]
    written = {node.text for node in syntax.walk("let_operator")}
    declared = {re.sub(r"[()\s]", "", d.name) for d in declared_elsewhere(problem)}
    is_there = f"let{sign}" in {*written, *declared, *(re.sub(r"[()\s]", "", i.name) for i in syntax.declared)}
    title = f"`let%{name}` is of a preprocessor: `let{sign}`"
    yield Candidate(title, problem.edit(*dict.fromkeys(edits)), 0.93 if is_there else 0.3)


def _forgotten(problem: Problem, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    """The variable in error is bound by a plain `let` beside those of an operator."""
    name = node.text
    if not re.fullmatch(r"[a-z_][\w']*", name):
        return
    operators = operators_of(syntax)
    for around in (n for n in node.ancestors() if n.kind == "let_expression"):
        definition = around.child("value_definition")
        bound = definition.child("let_binding") if definition is not None else None
        if definition is None or bound is None or definition.child("let_operator") is not None:
            continue
        pattern = bound.field("pattern")
        if pattern is not None and pattern.text == name and not bound.child("parameter"):
            for operator in sorted(operators, key=lambda text: text != "let*")[:2]:
                weight = 0.94 if operator == "let*" else 0.5
                edit = problem.edit(TextEdit(definition.start, definition.start + 3, operator))
                yield Candidate(f"`{name}` is what `{operator}` takes out of it", edit, weight)
                alike = _of_same_call(syntax, bound)
                if len(alike) > 1:
                    edit = problem.edit(*(TextEdit(one.start, one.start + 3, operator) for one in alike))
                    title = f"`{operator}` takes out what `{_called(bound)}` gives ({len(alike)} times)"
                    yield Candidate(title, edit, weight + _TOGETHER)
            return


def _of_same_call(syntax: Syntax, bound: Node) -> list[Node]:
    """The plain `let`s that bind what the same function gives, in definitions with such operators: its result is of
    another type than it was, and one of them that is left is no error where its value is only passed on."""
    name = _called(bound)
    lets = []
    for around in syntax.walk("let_expression") if name else ():
        definition = around.child("value_definition")
        binding = definition.child("let_binding") if definition is not None else None
        whole = [n for n in around.ancestors() if n.kind == "value_definition"]
        if definition is None or binding is None or definition.child("let_operator") or binding.child("parameter"):
            continue
        if _called(binding) == name and whole and next(whole[-1].walk("let_operator"), None) is not None:
            lets.append(definition)
    return lets


def _called(bound: Node) -> str:
    body = bound.field("body")
    function = body.field("function") if body is not None and body.kind == "application_expression" else None
    return function.text if function is not None else ""


def _superfluous(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """What is bound with an operator is a plain value."""
    bound = node if node.kind == "let_binding" else node.enclosing("let_binding")
    definition = bound.parent if bound is not None else None
    operator = definition.child("let_operator") if definition is not None else None
    body = bound.field("body") if bound is not None else None
    if operator is None or body is None or (body.start, body.end) != (problem.start, problem.end):
        return
    if re.search(r" (?:option|result|list|t)$", message.expected) and not message.found.endswith(message.expected[-6:]):
        edit = problem.edit(TextEdit(operator.start, operator.end, "let"))
        yield Candidate(f"This is a plain value: `let`, not `{operator.text}`", edit, 0.85)


def _opened(problem: Problem, message: messages.UnboundName, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    """Opens the module of the project that defines the operator, in the function or in the file."""
    modules = [
        ".".join(item.within)
        for item in syntax.declared
        if item.within and re.sub(r"[()\s]", "", item.name) == message.name and item.end < problem.start
    ]
    modules += [
        d.path.rpartition(".")[0]
        for d in declared_elsewhere(problem)
        if re.sub(r"[()\s]", "", d.name) == message.name and d.kind == "value"
    ]
    known = set(opened(syntax, problem.start))
    lets = [n for n in (node, *node.ancestors()) if n.kind == "let_expression"]
    outermost = lets[-1] if lets else None
    text = problem.source.text
    for number, module in enumerate([m for m in dict.fromkeys(modules) if m not in known][:MOST]):
        weight = 0.85 / (1 + number / 4)
        if outermost is not None:
            line = text.rfind("\n", 0, outermost.start) + 1
            before = text[line : outermost.start]
            blank = f"\n{before}" if not before.strip() else " "
            edit = problem.edit(TextEdit(outermost.start, outermost.start, f"let open {module} in{blank}"))
            yield Candidate(f"`{message.name}` is in `{module}`: open it here", edit, weight)
        edit = problem.edit(TextEdit(0, 0, f"open {module}\n\n"))
        yield Candidate(f"`{message.name}` is in `{module}`: open it", edit, 0.8 * weight)
