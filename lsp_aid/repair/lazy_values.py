"""Values of another module that are lazy now, wherever the file uses them.

Settings.default.sender                       (Lazy.force Settings.default).sender
let s = Option.value s ~default:M.default     let s = Option.value s ~default:(Lazy.force M.default)
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_LAZY = ("lazy_t", "Lazy.t", "Stdlib.Lazy.t", "CamlinternalLazy.t")
_TIGHT = ("application_expression", "labeled_argument", "field_get_expression", "prefix_expression", "infix_expression")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    found, expected = (message.found, message.expected) if isinstance(message, messages.TypeClash) else ("", "")
    if isinstance(message, messages.NotARecord):
        found = message.type
    if read(found or "unit").head not in _LAZY or read(expected or "unit").head in _LAZY:
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    asked = await AskedTypes.of(problem) if node is not None else None
    if syntax is None or node is None or asked is None:
        return ()
    path = await _source(syntax, asked, within_parentheses(node))
    return list(_forced(problem, syntax, path)) if path else ()


async def _source(syntax: Syntax, asked: AskedTypes, node: Node) -> str:
    """The path of the lazy value: the node itself, or what the variable that it is was bound to."""
    if node.kind == "value_path" and "." in node.text:
        return node.text
    if not node.text.isidentifier():
        return ""
    binding = lookup(syntax, node.text, node.start)
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    for path in body.walk("value_path") if body is not None else ():
        module, _, name = path.text.rpartition(".")
        if module and any(n == name and t.head in _LAZY for n, t in await asked.values(node.start, module)):
            return path.text
    return ""


def _forced(problem: Problem, syntax: Syntax, path: str) -> Iterator[Candidate]:
    edits = [_force(use) for use in syntax.walk("value_path") if use.text == path and not _is_forced(use)]
    if edits:
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        yield Candidate(f"`{path}` is lazy now: `Lazy.force {path}`{often}", problem.edit(*edits), 0.95)


def _is_forced(use: Node) -> bool:
    call = use.enclosing("application_expression")
    function = call.field("function") if call is not None else None
    return function is not None and function.text in ("Lazy.force", "Lazy.is_val", "Lazy.map")


def _force(use: Node) -> TextEdit:
    above = use.parent
    text = f"Lazy.force {use.text}"
    is_tight = above is not None and above.kind in _TIGHT
    return TextEdit(use.start, use.end, f"({text})" if is_tight else text)
