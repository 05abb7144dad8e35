"""References of another module that are read and set by functions now.

!Log.level, Log.level := v        Log.level (), Log.set_level v
!Log.level, Log.level := v        Log.get_level (), Log.set_level v         where there is no `level`
"""

import itertools
from collections.abc import Collection, Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_TIGHT = ("application_expression", "labeled_argument", "prefix_expression", "field_get_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    cell = within_parentheses(node)
    is_function = (
        isinstance(message, messages.TypeClash)
        and read(message.expected).head in ("ref", "Stdlib.ref")
        and read(message.found).head == "->"
    )
    is_gone = isinstance(message, messages.UnboundName) and message.sort == "value" and bool(message.qualifier)
    if cell.kind != "value_path" or "." not in cell.text or not (is_function or is_gone):
        return ()
    module, _, name = cell.text.rpartition(".")
    known = [d for d in declared_elsewhere(problem) if d.kind == "value"]
    values = {d.name for d in known if f"{module}.{d.name}" in (d.path, d.short)}
    return list(_rewritten(problem, syntax, module, name, values))


def _rewritten(
    problem: Problem, syntax: Syntax, module: str, name: str, values: Collection[str]
) -> Iterator[Candidate]:
    getter = next((one for one in (name, f"get_{name}", f"{name}_get", "get") if one in values), None)
    setter = next((one for one in (f"set_{name}", f"{name}_set", f"with_{name}", "set") if one in values), None)
    edits = []
    for use in syntax.walk("value_path"):
        above = use.parent
        if use.text != f"{module}.{name}" or above is None:
            continue
        if above.kind == "prefix_expression" and above.text.startswith("!") and getter:
            call = f"{module}.{getter} ()"
            is_tight = above.parent is not None and above.parent.kind in _TIGHT
            edits.append(TextEdit(above.start, above.end, f"({call})" if is_tight else call))
        elif above.kind == "infix_expression" and _operator(above) == ":=" and above.field("left") == use and setter:
            value = above.field("right")
            if value is None:
                return
            text = value.text if value.kind in ATOMS else f"({value.text})"
            edits += [TextEdit(above.start, value.start, f"{module}.{setter} "), TextEdit(value.start, value.end, text)]
        else:
            return
    # A value may itself read the reference that it is put into: the inner change is made first, by itself.
    if edits and all(a.end <= b.start for a, b in itertools.pairwise(edits)):
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"`{module}.{name}` is read and set by functions now{often}"
        yield Candidate(title, problem.edit(*edits), 0.93)


def _operator(node: Node) -> str:
    operator = node.field("operator")
    return operator.text if operator is not None else ""
