"""What its author calls deprecated, and names something to use instead.

    let f = Mapper.old_name                   let f = Mapper.name
    Coord.distance a b                        Point.distance a b
    Exposure.up e 1. ... Exposure.up e 2.     Exposure.add e ~stops:1. ... Exposure.add e ~stops:2.

Arguments get the labels that they have there; where the message has a whole call, `deprecated_calls` follows it. Where
the message names nothing, there is no repair.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair import places
from lsp_aid.repair.deprecated_calls import as_said
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.type_shapes import parameters, read
from lsp_aid.repair.values import calls

_INSTEAD = re.compile(
    r"\b(?:[Uu]se|[Rr]eplaced by|[Rr]enamed (?:to|as)|[Ss]ee)\s+(?:the (?:new )?(?:function|value|module|type) )?"
    r"[\[`\"'{]*!?(?P<path>(?:[A-Z][\w']*\.)*[A-Za-z_][\w']*)"
)
_PATHS = ("value_path", "type_constructor_path", "constructor_path", "module_path", "value_name", "field_path")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.Alert) or message.category != "deprecated":
        return []
    tree, instead = places.tree(problem), _INSTEAD.search(message.advice)
    at = tree.node_at(problem.start, problem.end) if tree else None
    if tree is None or instead is None or at is None:
        return []
    node = next((n for n in (at, *at.ancestors()) if n.kind in _PATHS and n.start <= problem.start), at).whole()
    old = _deprecated_part(node.text, message.subject)
    new = list(dict.fromkeys(_paths(instead["path"], old)))
    renamed = [
        Candidate(
            f"Use `{path}` for the deprecated `{old}`",
            problem.edit(TextEdit(node.start, node.start + len(old), path)),
            0.85 - 0.05 * number,
            Kind.FIX,
        )
        for number, path in enumerate(new)
        if path != old
    ]
    said = as_said(problem, tree, node, new[0], message.advice)
    return [*said, *_labelled(problem, tree, node, new[0]), *renamed]


def _labelled(problem: Problem, tree: Syntax, node: Node, path: str) -> Iterator[Candidate]:
    """All calls in the file, with the labels that the new function has where the old one has none."""
    file = places.file_of_module(problem, path.rpartition(".")[0].rpartition(".")[2])
    text = places.text_of(problem.view, f"{file}i") if file is not None else None
    types = {i.name: i.node.child("function_type") for i in parse(text or "", f"{file}i").items if i.kind == "value"}
    old, new = types.get(node.text.rpartition(".")[2]), types.get(path.rpartition(".")[2])
    if old is None or new is None:
        return
    before, after = parameters(read(old.text))[0], parameters(read(new.text))[0]
    plain = [one.parts[0] for one in before] == [one.parts[0] for one in after] and not any(o.label for o in before)
    labels = [one.label for one in after]
    if not plain or not any(labels) or any(label.startswith("?") for label in labels):
        return
    edits, count = [], 0
    for call in calls(tree.walk("application_expression"), node.text):
        function, given = call.field("function"), call.fields("argument")
        if function is None or len(given) > len(labels) or any(one.kind == "labeled_argument" for one in given):
            return
        count += 1
        edits.append(TextEdit(function.start, function.end, path))
        for label, one in zip(labels, given, strict=False):
            if label:
                edits.append(TextEdit(one.start, one.start, "~" if one.text == label[1:] else f"{label}:"))
    if edits:
        shown = f"Use `{path}` for the deprecated `{node.text}`, with its labels" + (f" ({count} times)" * (count > 1))
        yield Candidate(shown, problem.edit(*edits), 0.9, Kind.FIX)


def _deprecated_part(written: str, subject: str) -> str:
    """Of `M.N.x` the module that is deprecated, `M.N`; all of it where that is what the path names."""
    parts, name = written.split("."), subject.rpartition(".")[2].rpartition(" ")[2]
    whole = name not in parts or not name[:1].isupper()
    return written if whole else ".".join(parts[: len(parts) - parts[::-1].index(name)])


def _paths(instead: str, written: str) -> Iterator[str]:
    """A name alone is most often one of the same module."""
    qualifier = written.rpartition(".")[0]
    if qualifier and "." not in instead:
        yield f"{qualifier}.{instead}"
    yield instead
