"""A module of the project that goes by another name now, wherever the file names it.

open Strings, Strings.trim s      open Text_util, Text_util.trim s      where that has all that is asked of `Strings`
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, file_of_module, is_member, tree
from lsp_aid.repair.similarity import words_in_common

_PATHS = {
    "value_path": ("value", "external"),
    "type_constructor_path": ("type",),
    "constructor_path": ("constructor", "exception"),
    "field_path": ("record field",),
    "module_path": ("module",),
    "extended_module_path": ("module",),
}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "module" or message.qualifier:
        return ()
    syntax = tree(problem)
    if syntax is None or file_of_module(problem, message.name) is not None:  # it is there, and not built
        return ()
    return list(_renamed(problem, syntax, message.name))


def _renamed(problem: Problem, syntax: Syntax, old: str) -> Iterator[Candidate]:
    """The modules that have all that the file asks of the one that is gone."""
    places = [node for node in syntax.walk("module_name") if node.text == old and not is_member(node)]
    asked = {(kind, name) for node in places for kind, name in _asked(node)}
    has: dict[str, set[tuple[str, str]]] = {}
    for one in declared_elsewhere(problem):
        module = one.short.rpartition(".")[0]
        kinds = next((kinds[0] for kinds in _PATHS.values() if one.kind in kinds), "")
        has.setdefault(module, set()).add((kinds, one.name))
    fitting = [module for module, names in has.items() if asked and asked <= names]
    fitting.sort(key=lambda module: -words_in_common(module, old))
    for number, module in enumerate(fitting[:3]):
        edits = [TextEdit(node.start, node.end, module) for node in places]
        often = f" ({len(edits)} times)" if len(edits) > 1 else ""
        weight = 0.93 if len(asked) > 1 or words_in_common(module, old) > 0 else 0.7
        title = f"`{module}` has all that is asked of `{old}`{often}"
        yield Candidate(title, problem.edit(*edits), (weight - 0.1 * number) / len(fitting) ** 0.5)


def _asked(node: Node) -> Iterator[tuple[str, str]]:
    """The name right behind the module, with its kind."""
    path = node.parent
    above = path.parent if path is not None and path.kind.endswith("module_path") else None
    if above is not None and above.kind in _PATHS and above.text.startswith(f"{node.text}."):
        rest = above.text.removeprefix(f"{node.text}.").lstrip()
        if "." not in rest:
            yield _PATHS[above.kind][0], rest.strip("() ")
