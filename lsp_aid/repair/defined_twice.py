"""What is defined twice in one structure, type or signature.

    type t = A | B of int            a merge left two of them
    type t = A | B of int

    val pp : t -> t -> int           for `compare`, which the implementation has beside `pp`
    val pp : t -> Dyn.t

Where both say the same, the second one goes; else one of them does, and which is for a person to say. Of two values in
an interface one is most likely another that the implementation has and the interface does not show.
"""

from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Syntax, parse
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.asked_types import fitting
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of, tree

_SAME = 0.9
_FIRST = 0.5
_SECOND = 0.45
_UNUSED_VALUE = 32
_MOST_CHECKED = 24
_PARTS = ("constructor", "record field")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if messages.warning_number(problem.diagnostic) == _UNUSED_VALUE and problem.diagnostic.path.endswith(".mli"):
        return await _of_interface(problem)
    if not isinstance(message, messages.BrokenRule) or message.rule != "defined-twice" or not message.names:
        return ()
    syntax = tree(problem)
    if syntax is None:
        return ()
    return list(_candidates(problem, syntax, message.names[-1]))


def _candidates(problem: Problem, syntax: Syntax, name: str) -> Iterator[Candidate]:
    two = _definitions(syntax, name, problem)
    if two is None:
        return
    text = problem.source.text
    shown = f"`{name}` is defined twice"
    if _words(text, two[0]) == _words(text, two[1]):
        yield Candidate(f"{shown}, alike: the second one goes", problem.edit(_gone(text, two[1])), _SAME)
        return
    for number, (one, weight) in enumerate(zip(two, (_FIRST, _SECOND), strict=True)):
        left = ("second", "first")[number]
        yield Candidate(f"{shown}: the {left} one stays", problem.edit(_gone(text, one)), weight, Kind.GUESS)


async def _of_interface(problem: Problem) -> list[Candidate]:
    """A value of an interface that another one of its name hides."""
    path, interface = problem.diagnostic.path, tree(problem)
    implementation = text_of(problem.view, path.removesuffix("i"))
    if interface is None or implementation is None:
        return []
    values = [item for item in interface.items if item.kind == "value"]
    unused = next((item for item in values if item.node.start <= problem.start < item.node.end), None)
    two = [item for item in values if unused is not None and item.name == unused.name]
    text = problem.source.text
    if len(two) != 2:
        return []
    if _words(text, two[0]) == _words(text, two[1]):
        title = f"`{two[0].name}` is there twice, alike: the second one goes"
        return [Candidate(title, problem.edit(_gone(text, two[1])), _SAME)]
    shown = {item.name for item in values}
    hidden = [item.name for item in parse(implementation, path.removesuffix("i")).items if item.kind == "value"]
    made: list[tuple[str, ChangeSet]] = []
    for name in [name for name in dict.fromkeys(hidden) if name not in shown][:_MOST_CHECKED]:
        for item in two:
            place = item.node.child("value_name")
            if place is not None:
                changes = problem.edit(TextEdit(place.start, place.end, name))
                made.append((f"`{name}` is meant by one of the two `{item.name}`", changes))
    right = await fitting(problem, [changes.texts[path] or "" for _, changes in made])
    found = [one for one, is_right in zip(made, right, strict=True) if is_right]
    return [Candidate(title, changes, _SAME / len(found)) for title, changes in found]


def _definitions(syntax: Syntax, name: str, problem: Problem) -> tuple[Item, Item] | None:
    """The two of this name of which the later one is where the error is, or around it."""
    declared = [item for item in syntax.declared if item.name == name]
    for second in declared:
        place = second.node if second.kind in _PARTS else second.definition
        if not (place.start <= problem.start < place.end or problem.start <= place.start < problem.end):
            continue
        for first in declared:
            alike = (first.kind, first.within, first.owner) == (second.kind, second.within, second.owner)
            is_part = second.kind in _PARTS and first.definition == second.definition
            stand_alone = second.kind not in _PARTS and _is_alone(syntax, first) and _is_alone(syntax, second)
            if alike and first.node.start < second.node.start and (is_part or stand_alone):
                return first, second
    return None


def _is_alone(syntax: Syntax, item: Item) -> bool:
    """Whether its definition has no other part, behind an `and`."""
    return sum(other.definition == item.definition and other.kind not in _PARTS for other in syntax.declared) == 1


def _words(text: str, item: Item) -> list[str]:
    return [token.text for token in tokens(text[item.node.start : item.node.end]) if not token.is_comment]


def _gone(text: str, item: Item) -> TextEdit:
    """A definition with its line, a constructor with its bar, a field with its semicolon."""
    if item.kind not in _PARTS:
        end = item.end
        while end < len(text) and text[end] in " \t\n":
            end += 1
        return TextEdit(item.start, end, "")
    start, end = item.node.start, item.node.end
    sign = "|" if item.kind == "constructor" else ";"
    before = text[:start].rstrip()
    if before.endswith(sign):
        return TextEdit(len(before[:-1].rstrip()), end, "")
    after = text[end:].lstrip()
    return TextEdit(start, len(text) - len(after) + after.startswith(sign), "")
