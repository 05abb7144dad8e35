"""Labels of arguments that a function does not take, or that a full application leaves out: part of misspelt names.

greet ~nmae:"Ada"      greet ~name:"Ada"
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.similarity import similarity

_LABEL = re.compile(r"(?:^|-> *)\(?(\??)([a-z_][\w']*):")


def candidates(problem: Problem, message: messages.Message) -> Sequence[Candidate]:
    """Other labels, none or more, by what the message says."""
    if not isinstance(message, messages.WrongLabel | messages.LabelMismatch | messages.LabelsOmitted):
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    match message:
        case messages.WrongLabel():
            return tuple(_wrong(problem, message, syntax, node))
        case messages.LabelMismatch():
            return tuple(_mismatch(problem, message, node))
        case messages.LabelsOmitted():
            return tuple(_omitted(problem, message, node))


def labels_of(type_: str) -> tuple[str, ...]:
    """The labels of a function's arguments, in order: `x` and `y` of `x:int -> ?y:int -> int`."""
    depth, outer = 0, []
    for char in type_:
        depth -= char in ")]"
        outer.append(char if depth == 0 else " ")
        depth += char in "(["
    return tuple(name for _, name in _LABEL.findall("".join(outer)))


def _wrong(problem: Problem, message: messages.WrongLabel, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    argument = node if node.kind == "labeled_argument" else node.enclosing("labeled_argument")
    known = labels_of(message.type)
    if message.label is None:
        for number, label in enumerate(known):
            edit = TextEdit(problem.start, problem.start, f"~{label}:")
            yield Candidate(f"Label the argument `~{label}`", problem.edit(edit), max(0.1, 0.6 - 0.1 * number))
        return
    written = argument.child("label_name") if argument else None
    if argument is None or written is None or written.text != message.label:
        return
    punned = argument.field("expression") is None
    for label in known:
        alike = similarity(message.label, label)
        weight = 0.55 + 0.4 * alike if alike >= 0.5 else (0.5 if len(known) == 1 else 0.25) + 0.2 * alike
        edits = [TextEdit(written.start, written.end, f"{label}:{written.text}" if punned else label)]
        yield Candidate(f"Replace the label `~{message.label}` by `~{label}`", problem.edit(*edits), weight)
    start = written.start if punned else _behind_colon(syntax, written.end)
    edit = TextEdit(argument.start, start, "")
    yield Candidate(f"Remove the label `~{message.label}`", problem.edit(edit), 0.3 if known else 0.7)


def _behind_colon(syntax: Syntax, offset: int) -> int:
    match = re.compile(r"\s*:\s*").match(syntax.text, offset)
    return match.end() if match else offset


def _mismatch(problem: Problem, message: messages.LabelMismatch, node: Node) -> Iterator[Candidate]:
    parameter = next((child for child in node.walk("parameter")), None)
    if parameter is None:
        return
    pattern = parameter.field("pattern")
    if pattern is None:
        return
    variable = problem.source.text[pattern.start : pattern.end]
    wanted = variable if message.wanted is None else f"~{message.wanted}"
    if message.wanted is not None and message.wanted != variable:
        wanted += f":{variable}"
    edit = TextEdit(parameter.start, parameter.end, wanted)
    what = f"Label the parameter `~{message.wanted}`" if message.wanted else f"Remove the label `~{message.given}`"
    yield Candidate(what, problem.edit(edit), 0.8)


def _omitted(problem: Problem, message: messages.LabelsOmitted, node: Node) -> Iterator[Candidate]:
    """Where every argument lacks its label, their order is that of the labels."""
    application = node if node.kind == "application_expression" else node.enclosing("application_expression")
    if application is None:
        return
    bare = [a for a in application.fields("argument") if a.kind != "labeled_argument"]
    if len(bare) != len(message.labels):
        # Labelled parameters mostly stand before the others.
        bare = bare[: len(message.labels)]
    edits = []
    for label, argument in zip(message.labels, bare, strict=False):
        same = argument.text == label
        edits.append(TextEdit(argument.start, argument.start, "~" if same else f"~{label}:"))
    named = ", ".join(f"`~{label}`" for label in message.labels)
    if edits:
        yield Candidate(f"Add the label{'s' if len(edits) > 1 else ''} {named}", problem.edit(*edits), 0.8)
