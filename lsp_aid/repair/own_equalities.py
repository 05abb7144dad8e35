"""`=` of a library that compares integers alone, as Base has it.

name = "root"                             String.equal name "root"
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree

_MODULES = {"string": "String", "char": "Char", "float": "Float", "bool": "Bool", "int64": "Int64", "int32": "Int32"}
_OPENS = re.compile(r"\bopen\b|\blet\s*\(\s*=\s*\)")
_OPERATORS = ("=", "<>", "<", ">", "<=", ">=")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.expected != "int":
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    module = _module(message.found)
    comparison = node.enclosing("infix_expression") if node is not None else None
    operator = comparison.field("operator") if comparison is not None else None
    left, right = (comparison.field("left"), comparison.field("right")) if comparison is not None else (None, None)
    if node is None or comparison is None or operator is None or left is None or right is None or not module:
        return ()
    if operator.text not in _OPERATORS or node not in (left, right) or not _OPENS.search(problem.source.text):
        return ()
    whole = f"{module}.({comparison.text})"
    found = [
        Candidate(
            f"`{operator.text}` is for integers here: `{module}.( {operator.text} )`",
            problem.edit(TextEdit(comparison.start, comparison.end, whole)),
            0.75,
        )
    ]
    if operator.text in ("=", "<>"):
        sides = (
            f"({side.text})"
            if side.kind.endswith(("expression",))
            and not side.text.startswith("(")
            and side.kind != "field_get_expression"
            else side.text
            for side in (left, right)
        )
        equal = f"{module}.equal {' '.join(sides)}"
        equal = f"not ({equal})" if operator.text == "<>" else equal
        edit = problem.edit(TextEdit(comparison.start, comparison.end, equal))
        found.append(Candidate(f"`{operator.text}` is for integers here: `{module}.equal`", edit, 0.85))
    return found


def _module(type_: str) -> str:
    """`String` of string, `Color` of `Color.t`."""
    return _MODULES.get(type_) or (type_.removesuffix(".t") if re.fullmatch(r"[A-Z][\w'.]*\.t", type_) else "")
