"""Methods that an object does not have, wherever the file calls them: another method of its class is meant.

w#draw 80                               w#render 80
inherit widget method! draw n = ...     inherit widget method! render n = ...
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of, tree
from lsp_aid.repair.similarity import similarity
from lsp_aid.repair.synonyms import mean_the_same

_FILES_AT_MOST = 400
_MOST = 8
_DEEPEST = 3
_OVERRIDES = re.compile(r"^The method [\"`]?(?P<name>\w+)[\"']? has no previous definition")
_CLASSES = ("class_binding", "class_type_binding", "type_binding")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if syntax is None:
        return ()
    if overrides := _OVERRIDES.match(problem.diagnostic.flat_message):
        return await _overridden(problem, syntax, overrides["name"])
    if not isinstance(message, messages.UnboundName) or message.sort != "method":
        return ()
    if not message.of_type or message.suggestions:
        return ()
    calls = [node for node in syntax.walk("method_invocation") if _method(node) == message.name]
    here = [node for node in calls if node.start <= problem.start < node.end]
    others = [name for name in dict.fromkeys(_methods(problem, syntax, message.of_type)) if name != message.name]
    made: list[tuple[str, ChangeSet, int]] = []
    for name in others[:_MOST]:
        for group in [calls, here] if len(calls) > len(here) else [calls]:
            edits = [edit for node in group for edit in _renamed(node, name)]
            if edits:
                made.append((name, problem.edit(*edits), len(edits)))
    return await _fitting(problem, message.name, made)


async def _overridden(problem: Problem, syntax: Syntax, old: str) -> Sequence[Candidate]:
    """A method of the class that is inherited from, and that this one does not have yet."""
    node = syntax.node_at(problem.start, problem.end)
    around = next((n for n in (node, *node.ancestors()) if n.kind == "object_expression"), None) if node else None
    if around is None:
        return ()
    own = {name.text: name for one in around.walk("method_definition") if (name := one.child("method_name"))}
    calls = [edit for one in around.walk("method_invocation") if _method(one) == old for edit in [one.field("method")]]
    places = [place for place in (own.get(old), *calls) if place is not None]
    inherited = dict.fromkeys(name for one in _inherited(around) for name in _methods(problem, syntax, one))
    others = sorted((name for name in inherited if name not in own), key=lambda name: -similarity(old, name))
    made = [(n, problem.edit(*(TextEdit(p.start, p.end, n) for p in places)), len(places)) for n in others[:_MOST]]
    return await _fitting(problem, old, made)


async def _fitting(problem: Problem, old: str, made: Sequence[tuple[str, ChangeSet, int]]) -> Sequence[Candidate]:
    """The changes with which the type checker comes further."""
    asked = await AskedTypes.of(problem) if made else None
    if asked is None:
        return ()
    texts = [changes.files[0].after or "" for _, changes, _ in made]
    now, *reached = await asked.reached([problem.source.text, *texts])
    # Where a module that the file uses is not built yet, the type checker does not even come to the error.
    is_blind = not problem.start <= now <= problem.end
    fitting = [one for one, far in zip(made, reached, strict=True) if is_blind or far > problem.end]
    names = {name for name, _, _ in fitting}
    return [_candidate(old, name, changes, count, len(names)) for name, changes, count in fitting]


def _candidate(old: str, new: str, changes: ChangeSet, count: int, rivals: int) -> Candidate:
    times = f" ({count} times)" if count > 1 else ""
    weight = 0.9 if mean_the_same(old, new) else max(0.75 / rivals, 0.9 * similarity(old, new))
    return Candidate(f"The method `{old}` is `{new}` now{times}", changes, weight + 0.02 * (count > 1))


def _method(node: Node) -> str:
    method = node.field("method")
    return method.text if method is not None else ""


def _renamed(node: Node, name: str) -> Iterator[TextEdit]:
    method = node.field("method")
    if method is not None:
        yield TextEdit(method.start, method.end, name)


def _inherited(within: Node) -> Iterator[str]:
    """The names of the classes that a class inherits from."""
    for one in within.walk("inheritance_definition", "inheritance_specification"):
        if path := next(iter(one.walk("class_name", "class_type_name")), None):
            yield path.text


def _methods(problem: Problem, syntax: Syntax, type_: str, depth: int = 0) -> Iterator[str]:
    """The methods of the class, or class type, of that name, wherever the project declares it, and inherited ones."""
    last = type_.rpartition(" ")[2].rpartition(".")[2]
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or last not in text:
            continue
        for binding in (syntax if path == syntax.path else ocaml_syntax.parse(text, path)).walk(*_CLASSES):
            named = next(iter(binding.walk("class_name", "class_type_name", "type_constructor")), None)
            if named is None or named.text != last:
                continue
            for method in binding.walk("method_definition", "method_specification", "method_type"):
                name = method.child("method_name")
                if name is not None and method.child("private") is None:
                    yield name.text
            for inherited in _inherited(binding) if depth < _DEEPEST else ():
                yield from _methods(problem, syntax, inherited, depth + 1)
