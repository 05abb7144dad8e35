"""Patterns of another type than what is matched: an option where it is a result today, and the other way round; a text
where it is a variant.

    match decode x with Some n -> ... | None -> ...       match decode x with Ok n -> ... | Error _ -> ...
    Log.write "info" text                                 Log.write Level.Info text
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, node_of, tree
from lsp_aid.repair.type_shapes import read

_CONSTRUCTORS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("option", "result"): {"Some": "Ok", "None": "Error _"},
    ("result", "option"): {"Ok": "Some", "Error": "None"},
    ("option", "list"): {"None": "[]"},
    ("list", "option"): {"[]": "None"},
}
_OF = {"option": {"Some", "None"}, "result": {"Ok", "Error"}, "list": {"[]", "::"}}
_WEIGHT = 0.88


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.UnboundName) and message.sort == "constructor" and message.of_type:
        known = next((type_ for type_, names in _OF.items() if message.name in names), "")
        pair = (known, read(message.of_type).head)
    elif isinstance(message, messages.TypeClash):
        pair = (read(message.found).head, read(message.expected).head)
    else:
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if node.kind == "string" and isinstance(message, messages.TypeClash):
        return list(_constructor(problem, syntax, node, message.expected))
    turned = _CONSTRUCTORS.get(pair)
    case = node.enclosing("match_case") if turned else None
    if turned is None or case is None or case.parent is None:
        return ()
    edits = [edit for each in case.parent.named_children for edit in _turned(each, turned)]
    patterns = [p for each in case.parent.named_children if (p := each.field("pattern")) is not None]
    left = {path.text for p in patterns for path in p.walk("constructor_path")} & _OF.get(pair[0], set()) - set(turned)
    if not edits or left:
        return ()
    title = f"Match it as {'an' if pair[1] == 'option' else 'a'} {pair[1]}, which it is"
    return [Candidate(title, problem.edit(*edits), _WEIGHT)]


def _turned(case: Node, names: Mapping[str, str]) -> Iterator[TextEdit]:
    pattern = case.field("pattern") if case.kind == "match_case" else None
    for node in pattern.walk("constructor_path", "empty_list") if pattern is not None else ():
        new = names.get(node.text)
        if new is None:
            continue
        around = node.parent
        if " " not in new and node.text == "Error" and around is not None and around.kind == "constructor_pattern":
            yield TextEdit(around.start, around.end, new)  # what the error was is not there any more
        else:
            yield TextEdit(node.start, node.end, new)


def _constructor(problem: Problem, syntax: Syntax, node: Node, expected: str) -> Iterator[Candidate]:
    """The constructor of the type that is called as the text says."""
    module, _, name = expected.strip().rpartition(".")
    said = _plain(node.text.strip('"'))
    own = (
        [(i.name, i.name) for i in syntax.declared if i.kind == "constructor" and i.owner == name] if not module else []
    )
    others = [(d.name, d.path) for d in declared_elsewhere(problem) if d.kind == "constructor" and d.owner == name]
    for constructor, path in (*own, *(pair for pair in others if pair[1].startswith(module) or not module)):
        if _plain(constructor) == said:
            qualifier = path.rpartition(".")[0]
            shown = f"{qualifier}.{constructor}" if qualifier else constructor
            title = f"`{node.text}` is `{shown}` today"
            yield Candidate(title, problem.edit(TextEdit(node.start, node.end, shown)), _WEIGHT)


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()
