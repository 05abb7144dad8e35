"""Functions that are one now, which is told by a constructor what to do.

Log.info "started"                    Log.write Log.Info "started"
List.iter Log.warn texts              List.iter (Log.write Log.Warn) texts
Log.error "no answer"                 Log.write ~level:Log.Error "no answer"
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import Declared, declared_elsewhere, tree
from lsp_aid.repair.type_shapes import Type, parameters

_LIKELY = 0.95
_ARGUMENTS = ("application_expression", "labeled_argument")
_SHORTEST = 3


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "value" or not message.qualifier:
        return ()
    module = message.qualifier
    declared = [one for one in declared_elsewhere(problem) if f"{module}.{one.name}" in (one.path, one.short)]
    meant = _meant(message.name, declared)
    asked = await AskedTypes.of(problem) if meant is not None else None
    if meant is None or asked is None:
        return ()
    values = {one.name for one in declared if one.kind in ("value", "external")}
    found: list[Candidate] = []
    for name, type_ in await asked.values(0, within=module):
        label = _taken(type_, meant.owner)
        if name in values and label is not None:
            found += _called(problem, f"{module}.{name}", label, declared)
    return found


def _meant(name: str, declared: Sequence[Declared]) -> Declared | None:
    """The constructor that a function was called like: `Warning` of `warn`."""
    words = [word for word in name.lower().split("_") if len(word) >= _SHORTEST] or [name]
    constructors = [one for one in declared if one.kind == "constructor"]
    alike = (one for one in constructors if one.name.lower() in (name, *words))
    begun = (one for one in constructors if any(one.name.lower().startswith(w) for w in words if len(w) >= _SHORTEST))
    return next(alike, next(begun, None))


def _taken(type_: Type, owner: str) -> str | None:
    """The label under which a function takes the type, empty where that is first and has none; None where it takes
    it in another place, or not at all."""
    for number, one in enumerate(parameters(type_)[0]):
        if one.argument.head.rpartition(".")[2] == owner and not one.argument.parts:
            return one.label if one.label or number == 0 else None
    return None


def _called(problem: Problem, function: str, label: str, declared: Sequence[Declared]) -> Iterator[Candidate]:
    syntax = tree(problem)
    module = function.rpartition(".")[0]
    values = {one.name for one in declared if one.kind in ("value", "external")}
    edits: list[TextEdit] = []
    for path in syntax.walk("value_path") if syntax is not None else ():
        before, _, name = path.text.rpartition(".")
        meant = _meant(name, declared) if before == module and name not in values else None
        if meant is not None:
            given = f"~{label[1:]}:{meant.path}" if label else meant.path
            edits.append(TextEdit(path.start, path.end, _written(path, f"{function} {given}")))
    if edits:
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        yield Candidate(f"It is `{edits[0].text.strip('()')}` now{times}", problem.edit(*edits), _LIKELY)


def _written(path: Node, text: str) -> str:
    above = path.parent
    is_argument = above is not None and above.kind in _ARGUMENTS and above.field("function") != path
    return f"({text})" if is_argument else text
