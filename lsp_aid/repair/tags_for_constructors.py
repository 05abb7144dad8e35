"""Constructors of a type that is one of polymorphic variants now, and the other way round.

Align.Left      `Left           where the module Align has that tag, and no such constructor
`Left           Align.Left      where an Align.t is wanted, and that has the constructor
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.repair.declared_types import constructors
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, text_of, tree
from lsp_aid.repair.type_shapes import read

_TAG = re.compile(r"`([A-Za-z][\w']*)")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if isinstance(message, messages.TypeClash) and syntax is not None and "`" in message.found + message.expected:
        found = list(_constructors(problem, syntax, message))
        if found:
            return found
    is_constructor = isinstance(message, messages.UnboundName) and message.sort == "constructor"
    should_not = isinstance(message, messages.TypeClash) and message.name == "constructor"
    if syntax is None or not (is_constructor or should_not):
        return ()
    start = problem.source.text[problem.start : problem.end]
    written = re.match(r"((?:[A-Z][\w']*\.)*)([A-Z][\w']*)", start)
    return list(_tags(problem, syntax, written[1].rstrip("."), written[2])) if written else ()


def _constructors(problem: Problem, syntax: ocaml_syntax.Syntax, message: messages.TypeClash) -> Iterator[Candidate]:
    """The constructors in the place of all tags of the file that are called like one of the type."""
    for type_ in (message.expected, message.found):
        parts = constructors(problem, read(type_).head) if "`" not in type_ else None
        if parts is None:
            continue
        tags = [node for node in syntax.walk("tag") if node.text[1:] in parts.names]
        told = set(_TAG.findall(message.found + message.expected))
        if tags and told <= set(parts.names):
            edits = [TextEdit(node.start, node.end, parts.path(node.text[1:])) for node in tags]
            often = f" ({len(edits)} times)" if len(edits) > 1 else ""
            title = f"`{tags[0].text}` is the constructor `{edits[0].text}` now{often}"
            yield Candidate(title, problem.edit(*edits), 0.94)


def _tags(problem: Problem, syntax: ocaml_syntax.Syntax, module: str, name: str) -> Iterator[Candidate]:
    """The tags in the place of all constructors of the module that the file names and that it has as tags alone."""
    file = file_of_module(problem, module.rpartition(".")[2]) if module else problem.diagnostic.path
    text = text_of(problem.view, file) if file else None
    if file is None or text is None:
        return
    declared = {item.name for item in ocaml_syntax.parse(text, file).declared if item.kind in ("constructor", "module")}
    tags = {match[1] for match in _TAG.finditer(text)} - declared
    paths = [node for node in syntax.walk("constructor_path") if node.text.rpartition(".")[0] == module]
    edits = [
        TextEdit(node.start, node.end, f"`{node.text.rpartition('.')[2]}")
        for node in paths
        if node.text.rpartition(".")[2] in tags
    ]
    if name in tags and edits:
        shown = f"{module}.{name}" if module else name
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"`{shown}` is a polymorphic variant now, written with a backtick{times}"
        yield Candidate(title, problem.edit(*edits), 0.93)
