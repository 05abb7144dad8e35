"""What its author calls deprecated, and names something to use instead.

    let f = Mapper.old_name                   let f = Mapper.name
    Coord.distance a b                        Point.distance a b

Where the message names nothing, there is no repair.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem

_INSTEAD = re.compile(
    r"\b(?:[Uu]se|[Rr]eplaced by|[Rr]enamed (?:to|as)|[Ss]ee)\s+(?:the (?:new )?(?:function|value|module|type) )?"
    r"[\[`\"'{]*!?(?P<path>(?:[A-Z][\w']*\.)*[A-Za-z_][\w']*)"
)
_PATHS = ("value_path", "type_constructor_path", "constructor_path", "module_path", "value_name", "field_path")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.Alert) or message.category != "deprecated":
        return []
    tree, instead = places.tree(problem), _INSTEAD.search(message.advice)
    at = tree.node_at(problem.start, problem.end) if tree else None
    if instead is None or at is None:
        return []
    node = next((n for n in (at, *at.ancestors()) if n.kind in _PATHS and n.start <= problem.start), at).whole()
    old = _deprecated_part(node.text, message.subject)
    return [
        Candidate(
            f"Use `{path}` for the deprecated `{old}`",
            problem.edit(TextEdit(node.start, node.start + len(old), path)),
            0.85 - 0.05 * number,
            Kind.FIX,
        )
        for number, path in enumerate(dict.fromkeys(_paths(instead["path"], old)))
        if path != old
    ]


def _deprecated_part(written: str, subject: str) -> str:
    """Of `M.N.x` the module that is deprecated, `M.N`; all of it where that is what the path names."""
    parts, name = written.split("."), subject.rpartition(".")[2].rpartition(" ")[2]
    whole = name not in parts or not name[:1].isupper()
    return written if whole else ".".join(parts[: len(parts) - parts[::-1].index(name)])


def _paths(instead: str, written: str) -> Iterator[str]:
    """A name alone is most often one of the same module."""
    qualifier = written.rpartition(".")[0]
    if qualifier and "." not in instead:
        yield f"{qualifier}.{instead}"
    yield instead
