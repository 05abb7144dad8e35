"""Parts that the compiler says can never matter: arguments that nothing takes, wildcards for nothing, what stands
behind an end.

    raise Exit 1                              raise Exit
    raise Exit; 1                             raise Exit
    | Leaf _ -> 0                             | Leaf -> 0
    let f ?(by = 1) = by                      let f ?(by = 1) () = by
    let f x ?(by = 1) = x + by                let f ?(by = 1) x = x + by
    functor (X : S) -> sig end                functor (_ : S) -> sig end

That an argument is too many is a guess, for another function may have been meant; and so is that code is to go.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.unused_cases import unreachable


async def candidates(problem: Problem) -> Sequence[Candidate]:
    number = messages.warning_number(problem.diagnostic)
    ways = _WAYS.get(number) if number is not None else None
    tree = places.tree(problem) if ways else None
    return list(ways(problem, tree)) if ways and tree is not None else []


def _around(problem: Problem, tree: Syntax, *kinds: str) -> Node | None:
    at = tree.node_at(problem.start, problem.end)
    return next((node for node in (at, *at.ancestors()) if node.kind in kinds), None) if at else None


def _unerasable(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    """Without an argument behind it that is no option, who leaves it out cannot say so."""
    around = _around(problem, tree, "let_binding", "fun_expression")
    parameters = [child for child in around.named_children if child.kind == "parameter"] if around else []
    last = next((n for n, child in reversed(list(enumerate(parameters))) if not child.text.startswith(("~", "?"))), -1)
    if 0 <= last < len(parameters) - 1:
        first, taken = parameters[last], parameters[last + 1 :]
        turned = " ".join(child.text for child in (*taken, first))
        change = problem.edit(TextEdit(first.start, taken[-1].end, turned))
        yield Candidate(f"Take `{first.text}` after the optional argument", change, 0.85)
    if parameters:
        change = problem.edit(TextEdit(parameters[-1].end, parameters[-1].end, " ()"))
        yield Candidate("Add `()` behind the optional argument", change, 0.7)


def _extra_argument(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    argument = tree.expression_at(problem.start, problem.end)
    application = argument.parent if argument else None
    if argument is None or application is None or application.kind != "application_expression":
        return
    before = max((c.end for c in application.children if c.end <= argument.start), default=argument.start)
    change = problem.edit(TextEdit(before, argument.end, ""))
    yield Candidate(f"Remove the argument `{argument.text}`, which is not used", change, 0.6, Kind.GUESS)


def _never_reached(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    statement = tree.expression_at(problem.start, problem.end)
    node = statement
    while node is not None and node.parent is not None and node.parent.kind == "sequence_expression":
        node = node.parent
    if statement is not None and node is not None and node.end > statement.end:
        change = problem.edit(TextEdit(statement.end, node.end, ""))
        yield Candidate("Remove what follows, which is never reached", change, 0.6, Kind.GUESS)


def _wildcard(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    pattern = _around(problem, tree, "constructor_pattern")
    name = pattern.child("constructor_path") if pattern else None
    if pattern is not None and name is not None:
        change = problem.edit(TextEdit(name.end, pattern.end, ""))
        yield Candidate(f"Replace `{pattern.text}` by `{name.text}`", change, 0.95)


def _fragile(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    """The text of an exception of the standard library may change."""
    pattern = tree.expression_at(problem.start, problem.end) or tree.node_at(problem.start, problem.end)
    if pattern is not None:
        change = problem.edit(TextEdit(pattern.start, pattern.end, "_"))
        yield Candidate(f"Match on any text, not on `{pattern.text}`", change, 0.8)


def _functor_parameter(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    parameter = _around(problem, tree, "module_parameter")
    name = parameter.child("module_name") if parameter else None
    if name is not None:
        change = problem.edit(TextEdit(name.start, name.end, "_"))
        yield Candidate(f"Replace the unused `{name.text}` by `_`", change, 0.85)


_WAYS: Mapping[int, Callable[[Problem, Syntax], Iterator[Candidate]]] = {
    16: _unerasable,
    20: _extra_argument,
    21: _never_reached,
    28: _wildcard,
    52: _fragile,
    56: unreachable,
    67: _functor_parameter,
}
"""By the number of the warning."""
