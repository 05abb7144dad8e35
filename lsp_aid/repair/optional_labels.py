"""`?` where the function's argument is not optional.

connect ?host:"localhost" ()              connect ~host:"localhost" ()
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import tree

_NOT_OPTIONAL = 43


async def candidates(problem: Problem) -> Sequence[Candidate]:
    syntax = tree(problem) if messages.warning_number(problem.diagnostic) == _NOT_OPTIONAL else None
    for argument in syntax.walk("labeled_argument") if syntax is not None else ():
        if argument.start <= problem.start < argument.end and argument.text.startswith("?"):
            edit = TextEdit(argument.start, argument.start + 1, "~")
            name = argument.child("label_name")
            shown = name.text if name is not None else argument.text
            return [Candidate(f"`{shown}` is not optional: `~{shown}`", problem.edit(edit), 0.95)]
    return ()
