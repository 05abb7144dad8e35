"""Type errors of a module: small edits of it, tried by the hundred with the type checker alone.

Any clash of types, wrong number of arguments, ...: see `repair/search`. What it finds is right for the module; the
build tells whether it is for the others. In a project, what the families that read the message propose comes first, and
nothing that a person wrote is thrown away to have peace.
"""

import time
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.search.edit import Edit
from lsp_aid.repair.search.engine import propose
from lsp_aid.repair.search.losses import throws_away
from lsp_aid.repair.search.oracle import TyperOracle

SECONDS = 4.0
LONGEST = 200_000
_LOOKED_AT = 30
_TOP = 5
_WEIGHT = 0.3
"""Of one edit: less than what reads the message gives, so that this is what is left where that does not help."""

_READ = (
    messages.TypeClash,
    messages.TooManyArguments,
    messages.NotAFunction,
    messages.ConstructorArity,
    messages.WrongLabel,
    messages.LabelMismatch,
)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """The likeliest edits first, each of which removes all type errors of the file."""
    path = problem.diagnostic.path
    if problem.typing is None or not path.endswith(".ml") or not isinstance(messages.read(problem.diagnostic), _READ):
        return ()
    text = problem.view.read(path)
    flags = await problem.typing.flags_for(path) if len(text) <= LONGEST else None
    if flags is None:
        return ()
    oracle = TyperOracle(problem.typing.typer, path, flags, time.monotonic() + SECONDS)
    found = await propose(text, oracle, top=_LOOKED_AT)
    honest = [one for one in found if not throws_away(one.edit)][:_TOP]
    return [
        Candidate(one.title, problem.edit(TextEdit(0, len(text), one.text)), _weight(one.edit) / (1 + number))
        for number, one in enumerate(honest)
    ]


def _weight(edit: Edit) -> float:
    """Several edits are as unlikely as several steps of the other families; the same one everywhere is one."""
    return float(_WEIGHT ** max(1, len({part.kind for part in edit.parts})))
