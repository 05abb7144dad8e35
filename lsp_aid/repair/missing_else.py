"""An `if` without `else` whose branch has a value.

    if x > 0 then 1               if x > 0 then 1 else 0
    if ok then Some x             if ok then Some x else None

What is missing is most often what is nothing of the type; a person has to look.
"""

from collections.abc import Mapping, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.type_shapes import read

_NOTHING: Mapping[str, Sequence[str]] = {
    "int": ("0", "-1", "1"),
    "float": ("0.", "1."),
    "string": ('""',),
    "bool": ("false", "true"),
    "list": ("[]",),
    "option": ("None",),
    "array": ("[||]",),
}
_WHY = "conditional with no else branch"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or _WHY not in (message.because or ""):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    around = node.enclosing("if_expression") if node is not None else None
    if around is None or any(child.kind == "else_clause" for child in around.named_children):
        return ()
    found = []
    nothing = _NOTHING.get(read(message.found).head, ())
    for number, text in enumerate(text for text in nothing if node is None or text != node.text):
        edit = TextEdit(around.end, around.end, f" else {text}")
        found.append(Candidate(f"Add `else {text}`", problem.edit(edit), 0.6 / (1 + number), Kind.GUESS))
    return found
