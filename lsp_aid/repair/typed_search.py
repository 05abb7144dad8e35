"""Type errors of a module: small edits of it, tried by the hundred with the type checker alone.

Any clash of types, wrong number of arguments, ...: see `repair/search`. What it finds is right for the module; the
build tells whether it is for the others. In a project, what the families that read the message propose comes first, and
nothing that a person wrote is thrown away to have peace.
"""

import re
import time
from collections.abc import Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.domain.typed import CompilerFlags, Told, Variant
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.search.edit import Edit
from lsp_aid.repair.search.engine import propose
from lsp_aid.repair.search.losses import is_guess, is_meant
from lsp_aid.repair.search.oracle import TyperOracle

SECONDS = 3.0
PATIENCE = 6.0
"""As long is searched where nothing is found."""
LONGEST = 200_000
_LOOKED_AT = 80
_TOP = 5
_WEIGHT = 0.3
"""Of one edit: less than what reads the message gives, so that this is what is left where that does not help."""
_GUESSED = 0.3
_PRINTS = re.compile(r"[\w.]*printf\b")
_NO_REPAIR = re.compile(r"keep argument|drop \w+ argument|comma|operator \S+|x>x :: _|pattern>constant|\w+\.\*")
"""What merely has the right type: an application taken apart, an argument that goes, another function or constant."""
_ALONE = CompilerFlags(("-w", "-a"))

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
    message = messages.read(problem.diagnostic)
    in_pattern = isinstance(message, messages.UnboundName) and bool(message.of_type)
    if problem.typing is None or not path.endswith(".ml") or not (in_pattern or isinstance(message, _READ)):
        return ()
    text = problem.view.read(path)
    if len(text) > LONGEST:
        return ()
    flags = await problem.typing.flags_for(path)
    now = time.monotonic()
    oracle = TyperOracle(problem.typing.typer, path, flags or _ALONE, now + SECONDS, now + PATIENCE)
    if flags is None and not await _is_complete(text, oracle, problem):
        return ()
    proposed = await propose(text, oracle, top=_LOOKED_AT, keep=_is_meant)
    honest = [(one, one.edit) for one in proposed if one.edit is not None]
    honest.sort(key=lambda pair: -_weight(pair[1]))
    del honest[_TOP:]
    return [
        Candidate(
            one.title,
            problem.edit(TextEdit(0, len(text), one.text)),
            _weight(edit) / (1 + number),
            Kind.GUESS if is_guess(edit) else Kind.FIX,
        )
        for number, (one, edit) in enumerate(honest)
    ]


async def _is_complete(text: str, oracle: TyperOracle, problem: Problem) -> bool:
    """Whether a module whose flags are not known, since dune may not be asked, has by itself the error that it has."""
    (answer,) = await oracle.judge("", [Variant(text)], "", told=Told.ALL)
    return not answer.ok and answer.message.split()[:4] == problem.diagnostic.message.split()[:4]


def _is_meant(edit: Edit) -> bool:
    parts = edit.parts or (edit,)
    is_printed = any(_PRINTS.match(part.node.text) and part.kind.startswith(("swap", "nest")) for part in parts)
    return is_meant(edit) and not is_printed and not any(_NO_REPAIR.fullmatch(part.kind) for part in parts)


def _weight(edit: Edit) -> float:
    """Several edits are as unlikely as several steps of the other families; the same one everywhere is one."""
    weight = _WEIGHT ** max(1, len({part.kind for part in edit.parts}))
    return float(weight * (_GUESSED if is_guess(edit) else 1))
