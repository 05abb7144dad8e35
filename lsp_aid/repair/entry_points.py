"""The function that a program starts with, which nothing calls.

let main () = ...       let main () = ...   let () = main ()
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_stanzas, messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Item, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import newline
from lsp_aid.repair.places import stanzas_of, tree

_STARTS = frozenset("main run start entry entry_point program cli go run_tests tests suite".split())  # noqa: SIM905
_PROGRAMS = ("executable", "executables", "test", "tests")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnusedName) or message.sort != "value" or message.name not in _STARTS:
        return []
    syntax = tree(problem)
    return list(_called(problem, syntax, message.name)) if syntax is not None and _is_main(problem) else []


def _is_main(problem: Problem) -> bool:
    """Whether the file is the one that a program is named after."""
    path = problem.diagnostic.path
    own = dune_stanzas.owner(path, stanzas_of(problem))
    named = own is not None and own.kind in _PROGRAMS and module_of(path) in map(module_of, own.names)
    return named and posixpath.splitext(path)[1] == ".ml"


def _called(problem: Problem, syntax: Syntax, name: str) -> Iterator[Candidate]:
    """A call at the end, where the file does nothing by itself so far."""
    items = [item for item in syntax.items if item.kind == "value" and item.name == name]
    top = syntax.root.named_children if syntax.root is not None else ()
    if not items or any(_does_something(node.text) for node in top):
        return
    call = _call(items[-1])
    if call is not None:
        text, line = syntax.text, newline(syntax.text)
        end = len(text.rstrip())
        added = f"{line}{line}let () = {call}" + ("" if text[end:].startswith(("\n", "\r")) else line)
        yield Candidate(f"Call `{name}` when the program starts", problem.edit(TextEdit(end, end, added)), 0.95)


def _does_something(definition: str) -> bool:
    return re.match(r"let\s+(?:\(\)|_)\s*(?::[^=]*)?=|;;", definition) is not None


def _call(item: Item) -> str | None:
    parameters = [child.text for child in item.node.children if child.kind == "parameter"]
    body = item.node.field("body")
    if not parameters and body is not None and re.match(r"fun\s+(?:\(\)|_)\s*->", body.text):
        parameters = ["()"]
    if len(parameters) == 1 and re.fullmatch(r"\(\s*\)|\(\(\)\s*:\s*unit\)|_", parameters[0]):
        return f"{item.name} ()"
    return None
