"""Statements that run into one another, that should be the other branch, or whose failure is to be handed on.

print_endline "one"                       print_endline "one";
print_endline "two"                       print_endline "two"

if b = 0 then a;                          if b = 0 then a
gcd b (a mod b)                           else gcd b (a mod b)

check n;          with let* = Result.bind       let* () = check n in
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import column, line_start, starts_line
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.type_shapes import read

_ELSE = "conditional with no else branch"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    found: list[Candidate] = []
    if isinstance(message, messages.TooManyArguments | messages.NotAFunction | messages.TypeClash):
        found += _run_together(problem, node)
    if isinstance(message, messages.TypeClash):
        found += _other_branch(problem, node, message)
        found += await _early_value(problem, node)
        found += _handed_on(problem, syntax, node, message)
    return found


def _run_together(problem: Problem, node: Node) -> Iterator[Candidate]:
    """Arguments that stand at the start of a line as far left as the line of the call itself are statements; in a
    pipeline, its next steps; at the left margin, items of their own."""
    text = node.syntax.text
    for call in (node, *node.ancestors()):
        if call.kind == "application_expression":
            line = text[line_start(text, call.start) : call.start]
            indent = len(line) - len(line.lstrip())
            arguments = call.fields("argument")
            starts = [a for a in arguments if starts_line(text, a.start) and column(text, a.start) <= indent]
            if starts and all(a.kind in _BEGIN for a in starts):
                yield from _parted(problem, call, starts, line.strip())
                return
        if call.kind == "match_case":
            return


def _parted(problem: Problem, call: Node, starts: Sequence[Node], line: str) -> Iterator[Candidate]:
    text = call.syntax.text
    times = f" ({len(starts)} times)" if len(starts) > 1 else ""
    if column(text, starts[0].start) == 0:
        change = problem.edit(*(TextEdit(one.start, one.start, "let () = ") for one in starts))
        yield Candidate(f"What is done at the top is `let () = ...`{times}", change, 0.95)
    elif line in ("|>", ">>=", ">>|", ">|=", "@@", "^", "@", "&&", "||"):
        change = problem.edit(*(TextEdit(one.start, one.start, f"{line} ") for one in starts))
        yield Candidate(f"Add `{line}` before the next step{times}", change, 0.95)
    elif not line:
        ends = [max(a.end for a in (call.children[0], *call.fields("argument")) if a.end <= b.start) for b in starts]
        change = problem.edit(*(TextEdit(end, end, ";") for end in ends))
        yield Candidate(f"Add `;` between the statements{times}", change, 0.95)


_BEGIN = ("value_path", "parenthesized_expression", "field_get_expression", "prefix_expression", "constructor_path")


def _other_branch(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """`if c then a; b` whose `a` has a value."""
    around = node.enclosing("if_expression") if _ELSE in (message.because or "") else None
    if around is None or any(child.kind == "else_clause" for child in around.children):
        return
    for change in _with_else(problem, around):
        yield Candidate("What follows is the other branch: `else`", change, 0.93)


async def _early_value(problem: Problem, node: Node) -> list[Candidate]:
    """`if c then a; b` whose `a` is taken for a `unit`: the clash is found later, where `a` is used otherwise."""
    item = next(
        (n for n in node.ancestors() if n.kind == "value_definition" and n.enclosing("let_binding") is None), None
    )
    found = []
    for branch in item.walk("if_expression") if item is not None else ():
        then = branch.child("then_clause")
        value = then.named_children[0] if then is not None and then.named_children else None
        if value is None or value.kind not in _VALUES or branch.child("else_clause") is not None:
            continue
        title = "What follows is the other branch: `else`"
        found += [Candidate(title, change, 0.93) for change in _with_else(problem, branch)]
    asked = await AskedTypes.of(problem) if found else None
    reached = await asked.reached([c.changes.files[0].after or "" for c in found]) if asked is not None else []
    return [one for one, far in zip(found, reached, strict=False) if far > problem.start + len(" else ")]


_VALUES = (
    "value_path", "number", "string", "constructor_path", "boolean", "field_get_expression", "list_expression",
    "empty_list", "tuple_expression",
)  # fmt: skip


def _with_else(problem: Problem, branch: Node) -> Iterator[ChangeSet]:
    """`else` for the `;` behind an `if` in a sequence."""
    sequence = branch.parent
    if sequence is None or sequence.kind != "sequence_expression":
        return
    semicolon = next((c for c in sequence.children if c.kind == ";" and c.start >= branch.end), None)
    following = next((c for c in sequence.named_children if c.start >= branch.end), None)
    if semicolon is not None and following is not None:
        edits = (TextEdit(semicolon.start, semicolon.end, ""), TextEdit(following.start, following.start, "else "))
        yield problem.edit(*edits)


def _handed_on(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """What a statement of type `(unit, e) result`, `unit option`, ... says is bound by the `let*` that is in use."""
    found = read(message.found)
    if message.expected != "unit" or not found.parts or found.parts[0].head != "unit":
        return
    statement = next((n for n in (node, *node.ancestors()) if _is_statement(n)), None)
    sequence = statement.parent if statement is not None else None
    operators = {operator.text for operator in syntax.walk("let_operator")}
    operators |= {re.sub(r"[()\s]", "", name.text) for name in syntax.walk("let_operator_name", "value_name")}
    operator = next((o for o in ("let*", "let**", "let+", "let%bind") if o in operators), None)
    if statement is None or sequence is None or operator is None or operator == "let+":
        return
    semicolon = next((c for c in sequence.children if c.kind == ";" and c.start >= statement.end), None)
    if semicolon is None or (node.start, node.end) != (statement.start, statement.end):
        return
    edits = (
        TextEdit(statement.start, statement.start, f"{operator} () = "),
        TextEdit(semicolon.start, semicolon.end, " in"),
    )
    yield Candidate(f"Hand on what it says: `{operator} () = ... in`", problem.edit(*edits), 0.96)


def _is_statement(node: Node) -> bool:
    return node.parent is not None and node.parent.kind == "sequence_expression"
