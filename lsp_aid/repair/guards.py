"""Guards that are tested for the first of several patterns that match, though another one may be meant.

    | (x, 0) | (0, x) when x > 1 -> x         | (x, 0) when x > 1 -> x
                                              | (0, x) when x > 1 -> x

Of (0, 2), say, the guard sees only the first `x`. Cases apart have it tested for each, which is a guess: it is another
program.
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem

_AMBIGUOUS = 57
_MOST_LINES = 4
"""What is longer is not written twice."""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    tree = places.tree(problem) if messages.warning_number(problem.diagnostic) == _AMBIGUOUS else None
    at = tree.node_at(problem.start, problem.end) if tree else None
    case = next((node for node in (at, *at.ancestors()) if node.kind == "match_case"), None) if at else None
    pattern = case.field("pattern") if case else None
    written = pattern
    pattern = places.within_parentheses(pattern) if pattern is not None else None
    if tree is None or case is None or pattern is None or written is None or pattern.kind != "or_pattern":
        return []
    rest = tree.text[written.end : case.end]
    line = tree.text[tree.text.rfind("\n", 0, case.start) + 1 : case.start]
    if rest.count("\n") >= _MOST_LINES:
        return []
    indent = line[: len(line) - len(line.lstrip())]
    gap = " | " if line.strip(" \t|") else f"\n{indent}| "
    apart = gap.join(f"{each.text}{rest}" for each in _alternatives(pattern))
    change = problem.edit(TextEdit(case.start, case.end, apart))
    return [Candidate("Test the guard for each pattern, in a case of its own", change, 0.7, Kind.GUESS)]


def _alternatives(pattern: Node) -> Iterator[Node]:
    for each in pattern.named_children:
        inner = places.within_parentheses(each)
        if inner.kind == "or_pattern":
            yield from _alternatives(inner)
        else:
            yield each
