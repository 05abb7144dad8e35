"""A plain value at the end of a chain, where one of the chain's own type is wanted.

let* n = count t in n + 1               let* n = count t in Task.return (n + 1)
count t >>= fun n -> n + 1              count t >>= fun n -> Task.return (n + 1)
"""

import re
from collections.abc import AsyncIterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.branch_ends import ends
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import moved, node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, read

_NAMES = ("return", "pure", "ret", "ok", "succeed", "resolve", "unit", "const", "now", "of_value", "value", "lift")
_KNOWN = ("option", "result", "list", "array")
_CALLED = re.compile(rf"\b((?:[A-Z][\w']*\.)+(?:{'|'.join(_NAMES)}))\b")
_MOST = 3
_WEIGHT = 0.91


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.what == "pattern":
        return ()
    given, wanted = read(message.found), read(message.expected)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None or not wanted.parts or wanted.head in _KNOWN or given.head in (wanted.head, "->"):
        return ()
    asked = await AskedTypes.of(problem) if _ends_chain(node) else None
    if asked is None:
        return ()
    inner = within_parentheses(node)
    value = inner.text if inner.kind in ATOMS else f"({inner.text})"
    names = [name async for name in _makers(asked, problem, wanted)][:_MOST]
    edits = [TextEdit(node.start, node.end, f"{name} {value}") for name in names]
    made = [(name, problem.edit(edit)) for name, edit in zip(names, edits, strict=True)]
    reached = await asked.reached([changes.texts.get(problem.diagnostic.path) or "" for _, changes in made])
    return [
        Candidate(f"The chain ends in `{name} ...`", changes, _WEIGHT / (1 + number))
        for number, ((name, changes), edit, far) in enumerate(zip(made, edits, reached, strict=True))
        if far > moved(problem.end, [edit])
    ]


def _ends_chain(node: Node) -> bool:
    """Whether it is a result of what follows `let*`, or of a function that `>>=` or `bind` calls."""
    place = within_parentheses(node)
    for around in node.ancestors():
        definition = around.child("value_definition") if around.kind == "let_expression" else None
        operator = definition.child("let_operator") if definition is not None else None
        is_chain = operator is not None and operator.text.startswith("let*")
        if around.kind == "fun_expression" and around.parent is not None:
            call = around.parent.parent if around.parent.kind == "parenthesized_expression" else around.parent
            sign = call.child("rel_operator") if call is not None else None
            function = call.field("function") if call is not None else None
            is_chain = sign is not None and sign.text == ">>="
            is_chain = is_chain or (function is not None and function.text.rpartition(".")[2] == "bind")
        if is_chain and any((end.start, end.end) == (place.start, place.end) for end in ends(around)):
            return True
    return False


async def _makers(asked: AskedTypes, problem: Problem, wanted: Type) -> AsyncIterator[str]:
    """The functions in scope, and of the type's module, that make one of any value; by their usual names."""
    module, _, type_ = wanted.head.rpartition(".")
    known = [(name, name) for name, made in await asked.values(problem.start) if _makes(made, type_)]
    if wanted.head == "->":  # of parsers, of what carries a state: the typer tells whether it is one
        known += [(path.rpartition(".")[2], path) for path in dict.fromkeys(_CALLED.findall(problem.source.text))]
    elif module:
        inside = await asked.values(problem.start, within=module)
        known += [(name, f"{module}.{name}") for name, made in inside if _makes(made, type_)]
    text = problem.source.text
    known.sort(key=lambda one: (_NAMES.index(one[0]), f"{one[1]} " not in text) if one[0] in _NAMES else (99, False))
    for name, path in known:
        if name in _NAMES or (type_ != "->" and len(wanted.parts) == 1 and path != name and name.isidentifier()):
            yield path


def _makes(function: Type, type_: str) -> bool:
    """Whether its type is `'a -> 'a t`; where the type is an arrow, it is one of any value to an arrow."""
    if function.head != "->" or function.label or not function.parts[0].is_variable:
        return False
    if type_ == "->":
        return True
    return function.parts[1].head.rpartition(".")[2] == type_ and function.parts[0] in function.parts[1].parts
