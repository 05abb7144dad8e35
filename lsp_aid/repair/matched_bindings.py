"""What a variable is bound to comes as an option or a result now: the code behind is for where there is one.

let key, v = parse line in (key, v) :: env     match parse line with Some (key, v) -> (key, v) :: env | None -> env
let n = number s in Ok (n + 1)                 match number s with Ok n -> Ok (n + 1) | Error e -> Error e

Where there is none, what is around gives what it can: the same for an option and a result, nothing, or what it was
given.
"""

from collections.abc import Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.scope import in_scope, lookup
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.operands import clashing
from lsp_aid.repair.places import moved, node_of, outside_parentheses, tree, within_parentheses
from lsp_aid.repair.type_shapes import Type, fits, read
from lsp_aid.repair.values import COMMON

_PARTS = {"option": ("Some", "None"), "result": ("Ok", "Error")}
_PASSED_ON, _GIVEN, _NOTHING = 0.85, 0.7, 0.5
_EMPTY = {"list": "[]", "unit": "()", "bool": "false"}
_FREE = ("let_binding", "fun_expression", "parenthesized_expression", "value_definition")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None:
        return ()
    if isinstance(message, messages.NotARecord | messages.NotAFunction):
        places = [(within_parentheses(node), read(message.type))]
    elif isinstance(message, messages.TypeClash) and message.what != "pattern":
        places = [(place, found) for place, found, wanted in clashing(node, message) if wanted.head != found.head]
    else:
        return ()
    for place, found in places:
        head = found.head.removeprefix("Stdlib.")
        binding = _binding(place) if head in _PARTS and found.parts else None
        around = binding.enclosing("let_expression") if binding is not None else None
        asked = await AskedTypes.of(problem) if around is not None else None
        if binding is not None and around is not None and asked is not None:
            return await _matched(problem, asked, binding, around, head)
    return ()


def _binding(place: Node) -> Node | None:
    """The plain local `let` whose value is in error, or that binds the variable which is."""
    above = outside_parentheses(place).parent
    if above is None or above.kind != "let_binding":
        known = lookup(place.syntax, place.text, place.start) if place.kind == "value_path" else None
        above = known.binding if known is not None and known.kind == "value" and not known.arity else None
    definition = above.parent if above is not None and above.kind == "let_binding" else None
    around = definition.parent if definition is not None else None
    if definition is None or around is None or around.kind != "let_expression" or definition.child("let_operator"):
        return None
    bindings = [child for child in definition.named_children if child.kind == "let_binding"]
    return above if len(bindings) == 1 and above is not None and above.child("parameter") is None else None


async def _matched(problem: Problem, asked: AskedTypes, binding: Node, around: Node, head: str) -> Sequence[Candidate]:
    pattern, value, body = binding.field("pattern"), binding.field("body"), around.field("body")
    if pattern is None or value is None or body is None:
        return ()
    given = f"({pattern.text})" if pattern.kind == "tuple_pattern" else pattern.text
    behind = f"fun {given} -> {body.text}"
    wanted, (made,) = await asked.of_parts(item_around(around), (around.start, around.end), [behind])
    if (wanted is None or wanted.is_variable) and made is not None and made.head == "->":
        wanted = made.parts[1]
    if wanted is None:
        return ()
    some, none = _PARTS[head]
    gap = f"\n{' ' * _column(around)}"
    is_free = around.parent is not None and around.parent.kind in _FREE
    found: list[tuple[Candidate, TextEdit]] = []
    for case, instead, weight in await _otherwise(asked, around, behind, wanted, none):
        text = f"match {value.text} with{gap}| {some} {given} -> {body.text}{gap}| {case} -> {instead}"
        edit = TextEdit(around.start, around.end, text if is_free else f"({text})")
        # An error that is not passed on is lost: a person has to look.
        is_lost = case == "Error _" or weight < _GIVEN
        kind = Kind.GUESS if is_lost else Kind.FIX
        found.append((Candidate(f"Where there is none, that is `{instead}`", problem.edit(edit), weight, kind), edit))
    reached = await asked.reached([one.changes.texts.get(problem.diagnostic.path) or "" for one, _ in found])
    return [one for (one, edit), far in zip(found, reached, strict=True) if far > moved(around.end, [edit])]


def _column(node: Node) -> int:
    """Where the cases of a match in the place of a node are to stand."""
    line = node.syntax.text[node.syntax.text.rfind("\n", 0, node.start) + 1 : node.start]
    indent = len(line) - len(line.lstrip())
    return indent if not line.strip() else indent + 2


async def _otherwise(
    asked: AskedTypes, around: Node, behind: str, wanted: Type, none: str
) -> list[tuple[str, str, float]]:
    """The other case, what it gives, and how likely."""
    dropped = "None" if none == "None" else "Error _"
    kind = wanted.head.removeprefix("Stdlib.")
    if kind == "option":
        return [(dropped, "None", _PASSED_ON)]
    if kind == "result":
        return [("Error e", "Error e", _PASSED_ON)] if none == "Error" else []
    found = []
    if kind not in COMMON or _is_folded(around):
        found += [(dropped, name, _GIVEN) for name in await _parameters(asked, around, behind, wanted)]
    if kind in _EMPTY:
        found.append((dropped, _EMPTY[kind], _NOTHING))
    return found


def _is_folded(around: Node) -> bool:
    """Whether the function around is given to a fold: what it was given goes on."""
    function = around.enclosing("fun_expression")
    call = function.enclosing("application_expression") if function is not None else None
    called = call.field("function") if call is not None else None
    return called is not None and "fold" in called.text


async def _parameters(asked: AskedTypes, around: Node, behind: str, wanted: Type) -> list[str]:
    """The parameter of the function around that is of the very type that it gives."""
    item = item_around(around)
    names = [b.name for b in in_scope(around.syntax, around.start) if b.kind == "parameter" and b.node.start >= item[0]]
    if not names:
        return []
    used = [f"Stdlib.fst ({name}, {behind})" for name in names]
    _, types = await asked.of_parts(item, (around.start, around.end), used)
    pairs = zip(names, types, strict=True)
    return [name for name, type_ in pairs if type_ is not None and not type_.is_variable and fits(type_, wanted)][:1]
