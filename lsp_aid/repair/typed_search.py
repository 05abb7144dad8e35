"""Type errors of a module: small edits of it, tried by the hundred with the type checker alone.

Any clash of types, wrong number of arguments, ...: see `repair/search`. What it finds is right for the module; the
build tells whether it is for the others.
"""

import time
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.search.engine import propose
from lsp_aid.repair.search.oracle import TyperOracle

SECONDS = 4.0
LONGEST = 200_000
_TOP = 5
_WEIGHT = 0.5
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
    found = await propose(text, oracle, top=_TOP)
    return [
        Candidate(one.title, problem.edit(TextEdit(0, len(text), one.text)), _WEIGHT / (1 + number))
        for number, one in enumerate(found)
    ]
