"""Cells and tables at the top of a module, whose types only other modules make known.

let handlers = ref []       let handlers : (Event.t -> unit) list ref = ref []      where a user publishes them

The type checker tells what a value is where the module stands in front of the file that uses it.
"""

import re
from collections.abc import Sequence

from attrs import evolve

from lsp_aid.domain.text import SourceText, TextEdit
from lsp_aid.errors import ToolchainError
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.modules_not_built import used_modules
from lsp_aid.repair.places import node_of, text_of, tree

_NOT_GENERAL = "contains the non-generalizable type variable"
_CLOSED = " end\n"  # of the module that holds those of a library
_LIBRARY = re.compile(r"^module (\w+) = struct include \1 ", re.MULTILINE)
_USERS_AT_MOST = 3
_FILES_AT_MOST = 400


async def candidates(problem: Problem) -> Sequence[Candidate]:
    syntax = tree(problem) if _NOT_GENERAL in problem.diagnostic.flat_message else None
    node = node_of(problem, syntax) if syntax else None
    binding = (node.enclosing("let_binding") or node) if node is not None else None
    name, body = (binding.child("value_name"), binding.field("body")) if binding is not None else (None, None)
    if name is None or body is None or binding is None or binding.child("parameter") or ":" in _between(name, body):
        return ()
    found = []
    for user in _users(problem):
        type_ = await _type_in(problem, name, user)
        if type_ and type_ not in found:
            found.append(type_)
    return [
        Candidate(
            f"Say what `{name.text}` is, as `{module_of(problem.diagnostic.path)}` is used: `{type_}`",
            problem.edit(TextEdit(name.end, name.end, f" : {type_}")),
            0.9 - 0.1 * number,
        )
        for number, type_ in enumerate(found)
    ]


def _between(name: Node, body: Node) -> str:
    return name.syntax.text[name.end : body.start]


def _users(problem: Problem) -> list[str]:
    named = re.compile(rf"\b{module_of(problem.diagnostic.path)}\b")
    paths = [p for p in problem.view.paths() if p.endswith(".ml") and p != problem.diagnostic.path][:_FILES_AT_MOST]
    return [p for p in paths if named.search(text_of(problem.view, p) or "")][:_USERS_AT_MOST]


async def _type_in(problem: Problem, name: Node, user: str) -> str:
    """The type of the value where the file uses its module; empty where that does not make it known."""
    there = evolve(problem, diagnostic=evolve(problem.diagnostic, path=user))
    own, text = name.syntax.text, text_of(problem.view, user)
    head = _behind_others(used_modules(there), module_of(problem.diagnostic.path), own)
    asked = await AskedTypes.of(there) if head else None
    if asked is None or text is None:
        return ""
    before, _, _ = head.partition(_definition(module_of(problem.diagnostic.path), own))
    libraries = _LIBRARY.findall(before) if head.endswith(_CLOSED) else []
    path = f"{libraries[-1]}." if libraries else ""
    whole = f"{head}{text}\nlet _ = {path}{module_of(problem.diagnostic.path)}.{name.text}"
    at = SourceText(whole).position(len(whole) - 1)
    try:
        types = await asked.typer.type_at(user, whole, at, asked.flags)
    except ToolchainError:
        return ""
    type_ = " ".join(types[0].type.split()) if types else ""
    return re.sub(rf"(?<![\w.]){re.escape(path)}", "", type_) if "'" not in type_ else ""


def _behind_others(head: str, module: str, text: str) -> str:
    """The modules with this one behind those that do not use it: its values can be of their types then only."""
    definition = _definition(module, text)
    before, found, behind = head.partition(definition)
    if not found:
        return ""
    is_last = behind.endswith(_CLOSED) or re.search(rf"\b{module}\b", behind)
    return head if is_last else f"{before}{behind}{definition}"


def _definition(module: str, text: str) -> str:
    return f"module {module} = struct {text}\nend\n"
