"""Values of a smaller type of variants, or of objects with more methods, where a larger type is expected.

Events.name key                           Events.name (key :> Events.t)
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree

_SMALLER = re.compile(r"The first variant type does not allow|The second object type has no method")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or not _SMALLER.search(message.explanation):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    type_ = message.expected
    if node is None or "->" in type_ or "'" in type_:
        return ()
    text = problem.source.text
    written = text[problem.start : problem.end]
    bare = written[1:-1] if written.startswith("(") and written.endswith(")") else written
    edit = TextEdit(problem.start, problem.end, f"({bare} :> {type_})")
    return [Candidate(f"Every such value is a `{type_}`: `({_short(bare)} :> {type_})`", problem.edit(edit), 0.9)]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."
