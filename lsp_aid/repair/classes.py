"""Classes whose parts take the place of inherited ones, that name an ancestor and do not use it, or call methods that
they leave to others without saying so.

    inherit shape method area = 1.            inherit shape method! area = 1.
    inherit shape as super                    inherit shape
    method twice = 2. *. self#area            method virtual area : _  method twice = 2. *. self#area
    method private changed n = ...            method changed n = ..., where it is public anyway

Each only says what is so already.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem

_METHOD, _INSTANCE_VARIABLE, _PUBLIC, _UNDECLARED, _ANCESTOR = 7, 13, 15, 17, 36
_MADE_PUBLIC = re.compile(r"made public implicitly: (.+?)\.$")
_PARTS = {
    _METHOD: ("method_definition", "method_name", "method"),
    _INSTANCE_VARIABLE: ("instance_variable_definition", "instance_variable_name", "val"),
}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    number = messages.warning_number(problem.diagnostic)
    tree = places.tree(problem) if number in (*_PARTS, _PUBLIC, _UNDECLARED, _ANCESTOR) else None
    if tree is None or number is None:
        return []
    message = messages.read(problem.diagnostic)
    if number in _PARTS and isinstance(message, messages.CompilerWarning) and message.names:
        return list(_overriding(problem, tree, number, message.names[0]))
    if number == _PUBLIC:
        return list(_made_public(problem, tree))
    return list(_undeclared(problem, tree) if number == _UNDECLARED else _without_alias(problem, tree))


def _overriding(problem: Problem, tree: Syntax, number: int, name: str) -> Iterator[Candidate]:
    kind, named, keyword = _PARTS[number]
    found = [node for node in tree.walk(kind) if problem.start <= node.start < problem.end or _spans(node, problem)]
    for node in found:
        its_name, word = node.child(named), node.child(keyword)
        if its_name is not None and its_name.text == name and word is not None:
            change = problem.edit(TextEdit(word.end, word.end, "!"))
            yield Candidate(f"Say that `{name}` overrides: `{keyword}!`", change, 0.9)
            return


def _spans(node: Node, problem: Problem) -> bool:
    return node.start <= problem.start and problem.end <= node.end


def _made_public(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    said = _MADE_PUBLIC.search(problem.diagnostic.flat_message)
    names = said[1].split() if said else []
    edits = []
    for node in tree.walk("method_definition"):
        name, word = node.child("method_name"), node.child("private")
        if name is not None and word is not None and name.text in names and _spans_or_within(node, problem):
            edits.append(TextEdit(word.start, name.start, ""))
    if edits:
        shown = " and ".join(f"`{name}`" for name in names)
        yield Candidate(f"Say that {shown} is public, as it is used", problem.edit(*edits), 0.88)


def _spans_or_within(node: Node, problem: Problem) -> bool:
    return _spans(node, problem) or problem.start <= node.start < problem.end


def _undeclared(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    """The compiler finds the type by itself, as it has to without the declaration."""
    at = tree.node_at(problem.start, problem.end)
    invocation = (
        next((node for node in (at, *at.ancestors()) if node.kind == "method_invocation"), None) if at else None
    )
    name = invocation.child("method_name") if invocation else None
    if invocation is None or name is None:
        return
    within = (invocation, *invocation.ancestors())
    part = next((node for node in within if node.parent and node.parent.kind == "object_expression"), None)
    if part is not None:
        line = tree.text[tree.text.rfind("\n", 0, part.start) + 1 : part.start]
        gap = " " if line.strip() else f"\n{line}"
        type_ = _open_type(problem, name.text)
        change = problem.edit(TextEdit(part.start, part.start, f"method virtual {name.text} : {type_}{gap}"))
        yield Candidate(f"Declare the virtual method `{name.text}`", change, 0.9)


def _open_type(problem: Problem, name: str) -> str:
    """`_`; or, where the compiler says that nothing tells what the method gives, its type with `unit` for that."""
    for error in problem.errors:
        said = re.search(rf"virtual {re.escape(name)} : (.+?)(?= (?:method|val|end)\b)", error.flat_message)
        if error.path == problem.diagnostic.path and "unbound" in error.flat_message and said:
            return re.sub(r"'\w+$", "unit", said[1])
    return "_"


def _without_alias(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    around = tree.enclosing(problem.start, "inheritance_definition")
    if around is None:
        at = tree.node_at(problem.start, problem.end)
        around = at if at is not None and at.kind == "inheritance_definition" else None
    alias = around.field("alias") if around else None
    if around is None or alias is None:
        return
    before = re.search(r"\s+as\s+$", tree.text[around.start : alias.start])
    if before:
        change = problem.edit(TextEdit(around.start + before.start(), alias.end, ""))
        yield Candidate(f"Remove the unused `as {alias.text}`", change, 0.9)
