"""A function that compares what it takes with literals of another type than it is given.

let is_digit c = c >= "0" && c <= "9"             let is_digit c = c >= '0' && c <= '9'
String.for_all is_digit s                         String.for_all is_digit s
"""

from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import literal_type, lookup
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.conversions import literal_as
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.type_shapes import parameters, read

_LITERALS = ("string", "character", "number", "signed_number")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """The literals of the function's definition, written in the type that the context gives to the function."""
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) else None
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None or node.kind != "value_path" or not isinstance(message, messages.TypeClash):
        return ()
    binding = lookup(syntax, node.text, node.start)
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    takes, wanted = parameters(read(message.found))[0], parameters(read(message.expected))[0]
    pairs = [
        (one.parts[0].head, other.parts[0].head)
        for one, other in zip(takes, wanted, strict=False)
        if one.parts[0] != other.parts[0]
    ]
    if binding is None or body is None or len(pairs) != 1:
        return ()
    old, new = pairs[0]
    literals = [one for one in body.walk(*_LITERALS) if literal_type(one) == old]
    texts = [literal_as(one, new) for one in literals]
    edits = [TextEdit(o.start, o.end, t) for o, t in zip(literals, texts, strict=True) if t is not None]
    asked = await AskedTypes.of(problem) if edits and len(edits) == len(literals) else None
    if asked is None:
        return ()
    change = problem.edit(*edits)
    (far,) = await asked.reached([change.files[0].after or ""])
    shown = f"`{edits[0].text}`" if len(edits) == 1 else f"`{edits[0].text}` and the others"
    moved = sum(len(edit.text) - (edit.end - edit.start) for edit in edits)
    return [Candidate(f"`{node.text}` is given a {new}: {shown}", change, 0.88)] if far > problem.start + moved else ()
