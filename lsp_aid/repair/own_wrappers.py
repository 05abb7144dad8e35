"""A call where a function of the file makes the same call and brings what it gives to the type that is wanted.

let require src key = match Source.lookup src key with Some v -> Ok v | None -> Error (Missing key)
let* file = Source.lookup src "file" in ...       let* file = require src "file" in ...
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import bare, item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree, within_parentheses

_MOST = 4
_WEIGHT = 0.96


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) and message.what != "pattern" else None
    node = node_of(problem, syntax) if syntax else None
    node = within_parentheses(node) if node is not None else None
    if syntax is None or node is None or node.kind != "application_expression":
        return ()
    made = [
        (name, problem.edit(TextEdit(node.start, node.end, text)), len(text) - (node.end - node.start))
        for name, text in dict(_instead(syntax, node)).items()
    ][:_MOST]
    asked = await AskedTypes.of(problem) if made else None
    if asked is None:
        return ()
    reached = await asked.reached([changes.texts.get(problem.diagnostic.path) or "" for _, changes, _ in made])
    function = node.field("function") or node
    return [
        Candidate(f"`{name}` is what the file has around `{function.text}`", changes, _WEIGHT / (1 + number / 4))
        for number, ((name, changes, longer), far) in enumerate(zip(made, reached, strict=True))
        if far > problem.end + longer
    ]


def _instead(syntax: Syntax, node: Node) -> Iterator[tuple[str, str]]:
    """Names of functions above that make this call, each with the call of it; the nearest first."""
    function = node.field("function")
    start, _ = item_around(node)
    for item in reversed(syntax.items):
        if item.kind != "value" or item.within or item.end > start or item.node.kind != "let_binding":
            continue
        body = item.node.field("body")
        for call in body.walk("application_expression") if body is not None else ():
            called = call.field("function")
            if called is not None and function is not None and called.text == function.text:
                text = _called(item, call, node)
                if text is not None:
                    yield item.name, text


def _called(item: Item, call: Node, node: Node) -> str | None:
    """The function called with what the node is given; None where that does not say all of its arguments."""
    theirs, ours = (sorted((bare(one) for one in c.fields("argument")), key=lambda pair: pair[0]) for c in (call, node))
    if [label for label, _ in theirs] != [label for label, _ in ours]:
        return None
    parameters = [child.text for child in item.node.children if child.kind == "parameter"]
    names = [parameter.removeprefix("~") for parameter in parameters]
    given = {their: our for (_, their), (_, our) in zip(theirs, ours, strict=True) if their in names}
    same = all(their in names or their == our for (_, their), (_, our) in zip(theirs, ours, strict=True))
    if not names or not same or set(given) != set(names):
        return None
    written = []
    for parameter, name in zip(parameters, names, strict=True):
        labelled = parameter if given[name] == name else f"{parameter}:{given[name]}"
        written.append(labelled if parameter.startswith("~") else given[name])
    return " ".join((item.name, *written))
