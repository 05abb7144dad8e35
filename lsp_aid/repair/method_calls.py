"""A method is called with `#`.

queue.push 1                              queue#push 1
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import tree
from lsp_aid.repair.type_shapes import read

_NO_OBJECTS = """-> * int float string char bool unit bytes exn option list array result ref lazy_t Lazy.t Seq.t
    Hashtbl.t"""


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    is_asked = isinstance(message, messages.NotARecord) and not _is_known(message.type)
    is_field = isinstance(message, messages.UnboundName) and message.sort == "record field" and not message.of_type
    syntax = tree(problem) if is_asked or is_field else None
    node = syntax.node_at(problem.start, problem.end) if syntax else None
    access = next((n for n in (node, *node.ancestors()) if n.kind == "field_get_expression"), None) if node else None
    record, name = (access.field("record"), access.field("field")) if access else (None, None)
    if syntax is None or access is None or record is None or name is None:
        return ()
    if is_field and name.text not in {method.text for method in syntax.walk("method_name")}:
        return ()
    same = [
        other
        for other in access.syntax.walk("field_get_expression")
        if (of := other.field("record")) is not None and of.text == record.text
    ]
    found = []
    for nodes in (same, [access]) if len(same) > 1 else ([access],):
        edits = []
        for other in nodes:
            of = other.field("record")
            dot = other.syntax.text.find(".", of.end if of else other.start)
            edits.append(TextEdit(dot, dot + 1, "#"))
        title = f"`{name.text}` is a method: `{record.text}#{name.text}`"
        found.append(Candidate(title, problem.edit(*edits), 0.9))
    return found


def _is_known(type_: str) -> bool:
    """Whether it is a type of which everybody knows that it has no methods."""
    return read(type_).head.removeprefix("Stdlib.") in _NO_OBJECTS.split()
