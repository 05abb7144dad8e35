"""Lists that are sets now, or maps that were lists of pairs.

List.mem name recipe.names            Names.mem name recipe.names
List.length recipe.names              Names.cardinal recipe.names
String.concat ", " recipe.names       String.concat ", " (Names.elements recipe.names)
List.assoc_opt key t.prices           Prices.find_opt key t.prices      of a map

All that the file does with the same field or variable is brought to it.
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, text_of, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_LIKELY, _ALONE = 0.95, 0.9
_FILES_AT_MOST = 400
_OF_SET: Mapping[str, str] = {
    "mem": "mem",
    "length": "cardinal",
    "exists": "exists",
    "for_all": "for_all",
    "iter": "iter",
    "filter": "filter",
    "partition": "partition",
    "is_empty": "is_empty",
}
_OF_MAP: Mapping[str, str] = {
    "assoc": "find",
    "assoc_opt": "find_opt",
    "mem_assoc": "mem",
    "remove_assoc": "remove",
    "length": "cardinal",
    "is_empty": "is_empty",
}
_PLACES = ("field_get_expression", "value_path")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or read(message.expected).head != "list":
        return ()
    module, _, name = read(message.found).head.replace("__", ".").rpartition(".")
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax and module and name == "t" else None
    if syntax is None or node is None or within_parentheses(node).kind not in _PLACES:
        return ()
    functor = _functor(problem, module.rpartition(".")[2])
    if not functor:
        return ()
    return list(_brought(problem, syntax, within_parentheses(node), module, functor))


def _functor(problem: Problem, module: str) -> str:
    """`Set` or `Map`, where the project makes the module by that; empty where it does not."""
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or module not in text:
            continue
        for definition in ocaml_syntax.parse(text, path).walk("module_binding", "module_declaration"):
            words = " ".join(definition.text.split())
            for functor in ("Set", "Map"):
                if words.removeprefix("module ").startswith((f"{module} = {functor}.Make", f"{module} : {functor}.S")):
                    return functor
    return ""


def _brought(problem: Problem, syntax: Syntax, node: Node, module: str, functor: str) -> Iterator[Candidate]:
    """First all that is done with such a value; what takes a list otherwise gets the elements."""
    edits = []
    binding = lookup(syntax, node.text, node.start)
    for other in syntax.walk(node.kind):
        if _called(other) != _called(node) or lookup(syntax, other.text, other.start) != binding:
            continue
        if (edit := _edit(other, module, functor)) is not None:
            edits.append(edit)
    here = _edit(node, module, functor)
    if here is not None:
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"`{node.text}` is a {functor.lower()}: `{here.text}`{times}"
        yield Candidate(title, problem.edit(*edits), _LIKELY)
        if len(edits) > 1:
            yield Candidate(f"`{node.text}` is a {functor.lower()}: `{here.text}`", problem.edit(here), _ALONE)
        return
    function = f"{module}.{'elements' if functor == 'Set' else 'bindings'}"
    outer = node.parent if node.parent is not None and node.parent.kind == "parenthesized_expression" else node
    text = node.text if node.kind in ATOMS else f"({node.text})"
    change = problem.edit(TextEdit(outer.start, outer.end, f"({function} {text})"))
    yield Candidate(f"`{node.text}` is a {functor.lower()}: `{function}` gives a list", change, _LIKELY)


def _called(node: Node) -> str:
    """The field, or the variable."""
    path = node.field("field") if node.kind == "field_get_expression" else node
    return path.text.rpartition(".")[2] if path is not None else ""


def _edit(node: Node, module: str, functor: str) -> TextEdit | None:
    """The function of the module for the one of lists that a value is given to."""
    argument = node
    while argument.parent is not None and argument.parent.kind == "parenthesized_expression":
        argument = argument.parent
    call = argument.parent
    function = call.field("function") if call is not None and call.kind == "application_expression" else None
    if call is None or function is None or not function.text.startswith("List.") or call.named_children[-1] != argument:
        return None
    meant = (_OF_SET if functor == "Set" else _OF_MAP).get(function.text.removeprefix("List."))
    return TextEdit(function.start, function.end, f"{module}.{meant}") if meant is not None else None
