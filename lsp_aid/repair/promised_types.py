"""An implementation that is not of the type that its interface promises, where it is easily brought to it; or that its
calls have for it, where it takes a reference only since it forgets to read one.

val encode : string -> string             let encode s = let b = Bytes.create 9 in ...; Bytes.to_string b
tries 4                                   let tries most = let n = ref 0 in while !n < most do ... done

The type is written beside the definition, and what the other families have to say of the error that the compiler finds
then is what may be done. The interface is what others rely on, so that this comes before changing it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

from attrs import evolve, frozen

from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.text import TextEdit
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import (
    containers,
    conversion_functions,
    elements,
    flattened,
    float_definitions,
    missing_else,
    numeric_types,
    optional_values,
    other_forms,
    printers,
    references,
    statements,
    wrapped_branches,
)
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.definitions_follow import parameter_of
from lsp_aid.repair.family import Candidate, Family, Problem
from lsp_aid.repair.interface_types import type_of
from lsp_aid.repair.places import node_of, tree

_FAMILIES: tuple[Family, ...] = (
    numeric_types,
    containers,
    other_forms,
    conversion_functions,
    elements,
    flattened,
    float_definitions,
    missing_else,
    optional_values,
    printers,
    references,
    statements,
    wrapped_branches,
)
_MOST_ENTRIES = 4
_SHARE = 0.97
"""How likely a repair of a promised type is, against that of the same error in a text that has the type."""
_LEAST = 0.7


@frozen
class _Annotated:
    """The text with types written beside a definition: `added` are the insertions, in their order."""

    text: str
    added: tuple[TextEdit, ...]

    def back(self, edits: Sequence[TextEdit]) -> list[TextEdit] | None:
        """Edits of it as those of the text without the types; None where they touch these."""
        found = []
        for edit in edits:
            shift = 0
            for one in self.added:
                start, end = one.start + shift, one.start + shift + len(one.text)
                if edit.start < end and start < edit.end:
                    return None
                if end > edit.start:
                    break
                shift += len(one.text)
            found.append(TextEdit(edit.start - shift, edit.end - shift, edit.text))
        return found


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.TypeClash) and message.expected == f"{message.found} ref":
        return await _taken(problem, message)
    syntax = tree(problem) if isinstance(message, messages.SignatureMismatch) else None
    asked = await AskedTypes.of(problem) if syntax is not None else None
    if syntax is None or asked is None or not isinstance(message, messages.SignatureMismatch):
        return ()
    values = [entry for entry in message.entries if isinstance(entry, messages.Mismatch) and entry.sort == "value"]
    found: list[Candidate] = []
    for entry in [one for one in values if not one.within][:_MOST_ENTRIES]:
        annotated = _with_type(syntax, entry)
        error = await _first_error(asked, annotated.text) if annotated is not None else None
        if annotated is not None and error is not None:
            found += [one async for one in _of_error(problem, annotated, error, _FAMILIES)]
    return found


async def _taken(problem: Problem, message: messages.TypeClash) -> list[Candidate]:
    """What is to do in the definition of the function for its parameter to be what it is given here."""
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    parameter = parameter_of(problem, syntax, node, message) if syntax is not None and node is not None else None
    if parameter is None:
        return []
    item, written, _ = parameter
    there = evolve(problem, diagnostic=evolve(problem.diagnostic, path=item.node.syntax.path))
    asked = await AskedTypes.of(there)
    added = _typed(written, message.found)
    if asked is None or not added:
        return []
    annotated = _annotated(item.node.syntax.text, added)
    error = await _first_error(asked, annotated.text)
    if error is None:
        return []
    return [one async for one in _of_error(there, annotated, error, (references,))]


def _with_type(syntax: Syntax, entry: messages.Mismatch) -> _Annotated | None:
    """None where the definition has another form, or a type of its own already."""
    item = next((i for i in reversed(syntax.items) if i.kind == "value" and i.name == entry.name), None)
    type_ = type_of(entry.wanted)
    body = item.node.field("body") if item is not None else None
    if item is None or type_ is None or body is None or item.node.kind != "let_binding":
        return None
    added = []
    last = item.node.named_children[0]
    for parameter in (child for child in item.node.children if child.kind == "parameter"):
        if type_ is None or type_.kind != "function_type":
            return None
        taken, type_ = type_.named_children
        type_of_it = taken.field("type") if taken.kind == "labeled_argument_type" else taken
        added += _typed(parameter, type_of_it.text) if type_of_it is not None else []
        last = parameter
    if syntax.text[last.end : body.start].strip() != "=":
        return None
    added.append(TextEdit(last.end, last.end, f" : {type_.text}"))
    return _annotated(syntax.text, added)


def _typed(parameter: Node, type_: str) -> list[TextEdit]:
    """The type written beside a parameter that is a name, with a label or without one."""
    start = parameter.start + parameter.text.startswith("~")
    if not parameter.text.removeprefix("~").isidentifier():
        return []
    return [TextEdit(start, start, "("), TextEdit(parameter.end, parameter.end, f" : {type_})")]


def _annotated(before: str, added: Sequence[TextEdit]) -> _Annotated:
    text, at = "", 0
    for edit in added:
        text, at = text + before[at : edit.start] + edit.text, edit.start
    return _Annotated(text + before[at:], tuple(added))


async def _first_error(asked: AskedTypes, text: str) -> Diagnostic | None:
    async with aclosing(asked.typer.check_many(asked.path, [text], asked.flags)) as answers:
        async for answer in answers:
            errors = answer.build.errors if answer is not None else ()
            return next((one for one in errors if isinstance(messages.read(one), messages.TypeClash)), None)
    return None


async def _of_error(
    problem: Problem, annotated: _Annotated, error: Diagnostic, families: Sequence[Family]
) -> AsyncIterator[Candidate]:
    """What the families say of the error, done to the text without the types."""
    path = problem.diagnostic.path
    before = problem.view.read(path)
    change = ChangeSet.of([FileChange(path, before, annotated.text)])
    there = Problem(Overlay(problem.view, change), evolve(error, path=path), [error], _no_build, problem.typing)
    for family in families:
        for one in await family.candidates(there):
            after = one.changes.texts.get(path)
            if after is None or len(one.changes.files) > 1 or one.weight < _LEAST:
                continue
            edits = annotated.back(minimal_edits(annotated.text, after))
            if edits:
                yield evolve(one, changes=problem.edit(*edits), weight=_SHARE * one.weight)


async def _no_build(changes: ChangeSet) -> BuildResult | None:
    """Nothing is built of a text that nobody wrote."""
    return None
