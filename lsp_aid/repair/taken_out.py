"""What is used as a plain value, and has to be taken out of its chain first: what `binding_operators.py` finds.

match read key with Some x -> ...       let* found = read key in match found with Some x -> ...
write key x; return key                 Task.bind (write key x) (fun () -> return key)
if exists key then ...                  let* is_there = exists key in if is_there then ...
return (size (read key))                let* found = read key in return (size found)

Without such operators in the file it is what the file does, `>>=`, or `bind` of the type's module.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import moved, outside_parentheses, text_of, within_parentheses
from lsp_aid.repair.type_shapes import read

_FILES_AT_MOST = 100
_WEIGHT = 0.96
_KNOWN = ("list", "array", "option", "ref", "Seq.t", "lazy_t", "->", "*")
_BLOCKS = (
    *("let_expression", "match_case", "fun_expression", "then_clause", "else_clause", "sequence_expression"),
    "let_binding",
)


@frozen
class _Use:
    """A call in the expression `around`, which is to go behind it; `name` is for what it gives."""

    call: Node
    around: tuple[int, int]
    name: str


def operators_of(syntax: Syntax) -> set[str]:
    """The `let*` and its like that a file uses or defines."""
    operators = {operator.text for operator in syntax.walk("let_operator")}
    operators |= {"".join(node.text.strip("()").split()) for node in syntax.walk("parenthesized_operator")}
    return {operator for operator in operators if operator.startswith("let")}


async def taken_out(
    problem: Problem, syntax: Syntax, node: Node, type_: str, *, is_named: bool = False
) -> Sequence[Candidate]:
    """The ways to go on with what a call of that type gives; `is_named`: only the type's name is known."""
    held = read(type_)
    if not (held.parts or is_named) or held.head.removeprefix("Stdlib.") in _KNOWN:
        return ()
    use = _use(problem, syntax, node)
    asked = await AskedTypes.of(problem) if use is not None else None
    if use is None or asked is None:
        return ()
    ways = list(_ways(syntax, use, held.head.rpartition(".")[0]))
    made = [(title, problem.edit(*edits)) for title, edits in ways]
    reached = await asked.reached([changes.texts.get(syntax.path) or "" for _, changes in made])
    further = [far - moved(problem.end, edits) for far, (_, edits) in zip(reached, ways, strict=True)]
    found = [one for one, gained in zip(made, further, strict=True) if gained == max(further) > 0]
    return [Candidate(title, changes, _WEIGHT - 0.3 * number) for number, (title, changes) in enumerate(found)]


def _use(problem: Problem, syntax: Syntax, node: Node) -> _Use | None:
    case = node.enclosing("match_case")
    match = case.parent if case is not None else None
    pattern = case.field("pattern") if case is not None else None
    if match is not None and pattern is not None and pattern.start <= node.start < pattern.end:
        if match.kind != "match_expression":
            return None
        call = match.named_children[0]
        return _Use(call, (match.start, match.end), _name(problem, syntax, call)) if _is_call(call) else None
    outer = outside_parentheses(node)
    if not _is_call(within_parentheses(node)) or outer.parent is None:
        return None
    if outer.parent.kind == "sequence_expression" and outer.parent.named_children[-1] != outer:
        return _Use(outer, (outer.start, outer.parent.end), "()")
    around = outer
    while around.parent is not None and around.parent.kind not in _BLOCKS:
        around = around.parent
    if around == outer or around.parent is None or around.kind in ("value_definition", "match_case"):
        return None
    return _Use(outer, (around.start, around.end), _name(problem, syntax, within_parentheses(node)))


def _is_call(node: Node) -> bool:
    return within_parentheses(node).kind == "application_expression"


def _name(problem: Problem, syntax: Syntax, call: Node) -> str:
    """What is called so where the same function is bound; else what it most likely is."""
    function = within_parentheses(call).field("function")
    if function is None:
        return "value"
    last = function.text.rpartition(".")[2]
    paths = [syntax.path, *(p for p in problem.view.paths() if p.endswith(".ml") and p != syntax.path)]
    for path in paths[:_FILES_AT_MOST]:
        text = syntax.text if path == syntax.path else text_of(problem.view, path)
        names = Counter(bound_names(parse(text, path), last)) if text is not None and last in text else Counter()
        if names:
            return names.most_common(1)[0][0]
    return "found" if last.startswith(("find", "get", "read", "lookup", "load", "fetch")) else "value"


def bound_names(syntax: Syntax, function: str) -> Iterator[str]:
    """What a file binds the answers of a function to, by a definition or behind `>>=`."""
    for binding in syntax.walk("let_binding"):
        pattern, value = binding.field("pattern"), binding.field("body")
        if pattern is not None and _is_of(value, function) and binding.child("parameter") is None:
            yield from _plain(pattern.text)
    for chain in syntax.walk("infix_expression"):
        step = within_parentheses(chain.named_children[-1])
        parameter = step.child("parameter") if step.kind == "fun_expression" else None
        if parameter is not None and _is_of(chain.named_children[0], function):
            yield from _plain(parameter.text)


def _is_of(value: Node | None, function: str) -> bool:
    called = value.field("function") if value is not None and value.kind == "application_expression" else None
    return called is not None and called.text.rpartition(".")[2] == function


def _plain(name: str) -> Iterator[str]:
    if name.isidentifier() and name != "_":
        yield name


def _ways(syntax: Syntax, use: _Use, module: str) -> Iterator[tuple[str, list[TextEdit]]]:
    start, end = use.around
    operators = sorted(operators_of(syntax), key=lambda text: text != "let*")
    call = within_parentheses(use.call) if use.call.kind == "parenthesized_expression" else use.call
    gap = f"\n{' ' * _column(syntax, start)}" if "\n" in syntax.text[start:end] else " "
    behind = use.call.end
    if use.name == "()":
        if not operators and module:
            edits = [
                TextEdit(start, start, f"{module}.bind ("),
                TextEdit(behind, syntax.text.index(";", behind) + 1, ") (fun () ->"),
                TextEdit(end, end, ")"),
            ]
            yield f"`{module}.bind` waits for it", edits
        return
    taken = TextEdit(use.call.start, use.call.end, use.name)
    for operator in operators[:2]:
        head = TextEdit(start, start, f"{operator} {use.name} = {call.text} in{gap}")
        yield f"`{use.name}` is what `{operator}` takes out of it", [head, taken]
    if not operators:
        is_chained = any(node.text == ">>=" for node in syntax.walk("rel_operator"))
        given = call.text if is_chained else f"{module}.bind ({call.text})"
        opening = f"{given} >>= fun {use.name} ->{gap}" if is_chained else f"{given} (fun {use.name} ->{gap}"
        if is_chained or module:
            edits = [TextEdit(start, start, opening), taken]
            edits += [] if is_chained else [TextEdit(end, end, ")")]
            yield f"`{use.name}` is what is in it", edits


def _column(syntax: Syntax, at: int) -> int:
    line = syntax.text[syntax.text.rfind("\n", 0, at) + 1 : at]
    return len(line) if not line.strip() else len(line) - len(line.lstrip()) + 2
