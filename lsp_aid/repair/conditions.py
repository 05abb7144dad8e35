"""Conditions that are no booleans, and booleans where numbers are added up.

if n land 1 then ...                  if n land 1 <> 0 then ...
if List.assoc_opt k t then ...        if List.assoc_opt k t <> None then ...
n + p x, of a bool                    n + Bool.to_int (p x)
"""

from collections.abc import Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import type_clash
from lsp_aid.repair.type_shapes import read

_NOTHING: Mapping[str, str] = {
    "int": "0",
    "float": "0.",
    "string": '""',
    "list": "[]",
    "option": "None",
    "array": "[||]",
}
_PLAIN = ("application_expression", "infix_expression", "field_get_expression", *ATOMS)
_CONDITIONS = ("if-statement", "while-loop", "when-guard", "assertion")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None:
        return ()
    message, node = clash
    if (message.found, message.expected) == ("bool", "int"):
        return [_as_number(problem, node)]
    nothing = _NOTHING.get(read(message.found).head)
    if message.expected != "bool" or nothing is None or node.kind not in _PLAIN:
        return ()
    is_condition = any(word in (message.because or "") for word in _CONDITIONS) or _in_logic(node)
    if not is_condition or node.text.endswith("_opt") or _is_word(node):
        return ()
    text = f"{node.text} <> {nothing}"
    is_argument = node.parent is not None and node.parent.kind in ("application_expression", "prefix_expression")
    edit = TextEdit(node.start, node.end, f"({text})" if is_argument else text)
    return [Candidate(f"A condition is a bool: `<> {nothing}`", problem.edit(edit), 0.75)]


def _is_word(node: Node) -> bool:
    """An `=` that is missing is likelier where a literal stands."""
    return node.kind in ("number", "string", "empty_list", "list_expression", "infix_expression") and "=" in node.text


def _in_logic(node: Node) -> bool:
    operator = node.parent.field("operator") if node.parent is not None else None
    return operator is not None and operator.text in ("&&", "||")


def _as_number(problem: Problem, node: Node) -> Candidate:
    text = node.text if node.kind in ATOMS or node.text.startswith("(") else f"({node.text})"
    is_argument = node.parent is not None and node.parent.kind == "application_expression"
    new = f"Bool.to_int {text}"
    edit = TextEdit(node.start, node.end, f"({new})" if is_argument else new)
    return Candidate("Count it as 0 or 1: `Bool.to_int`", problem.edit(edit), 0.6)
