"""Several arguments that are one value now, which a function of the project makes of them.

Diary.add 2024 5 1 "May"            Diary.add (Date.make 2024 5 1) "May"
Canvas.move ~x:1 ~y:2 shape         Canvas.move (Point.make ~x:1 ~y:2) shape

All calls of the function in the file are brought to it.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import Call, bare, read_call
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, tree
from lsp_aid.repair.type_shapes import Type, parameters, unified
from lsp_aid.repair.values import calls

_READ = (messages.TypeClash, messages.TooManyArguments, messages.WrongLabel, messages.NotAFunction)
_USUAL = ("make", "create", "v", "of_", "from_", "init", "build")
_MOST = 4


@frozen
class _Maker:
    path: str
    takes: tuple[Type, ...]


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, _READ) else None
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    around = next((n for n in (node, *node.ancestors()) if n.kind == "application_expression"), None)
    asked = await AskedTypes.of(problem) if around is not None else None
    call = await read_call(around, asked) if around is not None and asked is not None else None
    if call is None or asked is None:
        return ()
    alike = list(calls(syntax.walk("application_expression"), call.function.text))
    made = []
    for number, taken in enumerate(parameters(call.takes)[0]):
        before = sum(not other.label for other in parameters(call.takes)[0][:number])
        for maker in await _makers(asked, call, taken.argument):
            size = len(maker.takes)
            if _fits(call, maker, before) and len(call.arguments) >= size:
                edits = [e for one in alike for e in _put(one, maker, before, taken.label)]
                often = f" ({len(edits)} times)" if len(edits) > 1 else ""
                weight = 0.9 if maker.path.rpartition(".")[2].startswith(_USUAL) else 0.7
                title = f"`{call.function.text}` takes a `{taken.argument.head}`: make one with `{maker.path}`{often}"
                made.append(Candidate(title, problem.edit(*edits), weight))
    reached = await asked.reached([one.changes.files[0].after or "" if one.changes else "" for one in made])
    found = [one for one, far in zip(made, reached, strict=True) if one.changes and far > call.node.end]
    return sorted(found, key=lambda one: -one.weight)[:_MOST]


async def _makers(asked: AskedTypes, call: Call, wanted: Type) -> list[_Maker]:
    """The functions of the type's module that make one of several arguments."""
    module, _, name = wanted.head.rpartition(".")
    short = module.rpartition(".")[2]
    if not short or short == "Stdlib":
        return []
    found = []
    for value, type_ in await asked.values(call.node.start, short):
        takes, gives = parameters(type_)
        if len(takes) > 1 and gives.head.rpartition(".")[2] == name and not gives.is_variable:
            found.append(_Maker(f"{short}.{value}", tuple(takes)))
    return found


def _fits(call: Call, maker: _Maker, before: int) -> bool:
    """Whether the call's own arguments are those of the maker."""
    plain = [one for one in call.arguments if not one.label]
    labelled = {one.label: one for one in call.arguments if one.label}
    bare_takes = [taken for taken in maker.takes if not taken.label]
    run = plain[before : before + len(bare_takes)]
    if len(run) < len(bare_takes):
        return False
    named = [taken for taken in maker.takes if taken.label.startswith("~")]
    if any(taken.label not in labelled for taken in named):
        return False
    pairs = [*zip(bare_takes, run, strict=True), *((taken, labelled[taken.label]) for taken in named)]
    return all(one.type is None or unified(one.type, taken.argument, {}) is not None for taken, one in pairs)


def _put(call: Node, maker: _Maker, before: int, label: str) -> Iterator[TextEdit]:
    given = call.fields("argument")
    labels = {taken.label for taken in maker.takes if taken.label.startswith("~")}
    size = sum(not taken.label for taken in maker.takes)
    plain = [one for one in given if not bare(one)[0]]
    run = plain[before : before + size]
    named = [one for one in given if bare(one)[0] in labels]
    used = [one for one in given if one in (*run, *named)]
    if len(run) < size or len(named) < len(labels) or not used:
        return
    made = f"({' '.join([maker.path, *(one.text for one in used)])})"
    made = f"{label}:{made}" if label else made
    texts = [made if one == used[0] else one.text for one in given if one == used[0] or one not in used]
    function = call.field("function")
    assert function is not None  # it is an application
    yield TextEdit(call.start, call.end, " ".join([function.text, *texts]))
