"""Variables that are not used because something else stands where they were meant.

let render ?(sep = ",") rows = String.concat "," rows       String.concat sep rows
let a = add "x" request in let b = add "y" request in b     let b = add "y" a
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import tree, within_parentheses

_LITERALS = ("string", "number", "character", "quoted_string", "boolean")
_TRIVIAL = frozenset(('""', "0", "1", "true", "false", "[]"))


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnusedName) or message.sort != "variable":
        return []
    syntax = tree(problem)
    at = syntax.node_at(problem.start, problem.end) if syntax else None
    if syntax is None or at is None:
        return []
    return [*_literal(problem, syntax, at, message.name), *_chain(problem, at, message.name)]


def _literal(problem: Problem, syntax: Syntax, at: Node, name: str) -> Iterator[Candidate]:
    """A literal of the body that is what the variable stands for: its default, or what it is bound to."""
    parameter = at.enclosing("parameter") or (at if at.kind == "parameter" else None)
    binding = at.enclosing("let_binding")
    if parameter is not None:
        given = [node for node in parameter.walk(*_LITERALS) if parameter.text.startswith("?")]
        around = parameter.parent
        body = around.field("body") if around is not None else None
    elif binding is not None and binding.field("pattern") == at and binding.field("body") is not None:
        value = binding.field("body")
        given = [value] if value is not None and value.kind in _LITERALS else []
        definition = binding.parent
        expression = definition.parent if definition is not None else None
        is_local = expression is not None and expression.kind == "let_expression"
        body = expression.field("body") if expression is not None and is_local else None
    else:
        return
    if body is None or len(given) != 1 or given[0].text in _TRIVIAL:
        return
    same = [node for node in body.walk(given[0].kind) if node.text == given[0].text and not _is_pattern(node)]
    if same:
        edits = [TextEdit(node.start, node.end, name) for node in same]
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        yield Candidate(f"Use `{name}` for `{given[0].text}`{times}", problem.edit(*edits), 0.9)


def _is_pattern(node: Node) -> bool:
    return node.parent is not None and ("pattern" in node.parent.kind or node.parent.kind == "match_case")


def _chain(problem: Problem, at: Node, name: str) -> Iterator[Candidate]:
    """A step of a chain that the next step passes over: both are calls whose last argument is the same variable."""
    binding = at.enclosing("let_binding")
    definition = binding.parent if binding is not None else None
    expression = definition.parent if definition is not None else None
    step = _last_argument(binding.field("body")) if binding is not None else None
    if step is None or expression is None or expression.kind != "let_expression":
        return
    following = expression.field("body")
    if following is None or following.kind != "let_expression":
        return
    calls = [node for node in following.walk("application_expression") if _follows(node, step)]
    if len(calls) == 1 and (meant := _last_argument(calls[0])) is not None:
        change = problem.edit(TextEdit(meant.start, meant.end, name))
        yield Candidate(f"Go on with `{name}`, not with `{meant.text}`", change, 0.85)


def _last_argument(node: Node | None) -> Node | None:
    """The variable that a call ends with."""
    node = within_parentheses(node) if node is not None else None
    arguments = node.fields("argument") if node is not None and node.kind == "application_expression" else []
    return arguments[-1] if len(arguments) > 1 and arguments[-1].kind == "value_path" else None


def _follows(call: Node, step: Node) -> bool:
    """Whether the call is the next step: what it gives is bound to a name, by a function of the same module."""
    last, before = _last_argument(call), step.parent
    bound = call.parent is not None and call.parent.kind == "let_binding"
    if last is None or last.text != step.text or before is None or not bound:
        return False
    functions = [node.field("function") for node in (call, before)]
    modules = [function.text.rpartition(".")[0] for function in functions if function is not None]
    return len(modules) == 2 and modules[0] == modules[1]
