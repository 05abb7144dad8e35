"""Lists whose elements, or values whose whole, are of another basic type; errors that are no exceptions.

String.concat ", " xs, of ints             String.concat ", " (List.map string_of_int xs)
print_endline xs, of a list of strings     print_endline (String.concat ", " xs)
raise "negative"                           failwith "negative"
Some x + 1                                 Some (x + 1)
rev xs :: x                                rev xs @ [ x ]
"Hello " @ name                            "Hello " ^ name
let* x = a in x + 1                        let* x = a in Some (x + 1)
"""

from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.conversions import CONVERSIONS, LOSSY
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import type_clash, within_parentheses
from lsp_aid.repair.type_shapes import Type, read, unified

_RESULTS = (
    "match_case",
    "let_binding",
    "let_expression",
    "then_clause",
    "else_clause",
    "sequence_expression",
    "fun_expression",
)
_MAPS: Mapping[str, str] = {
    "list": "List.map", "array": "Array.map", "option": "Option.map", "Seq.t": "Seq.map", "result": "Result.map",
}  # fmt: skip


async def candidates(problem: Problem) -> Sequence[Candidate]:
    clash = type_clash(problem)
    if clash is None or clash[0].what == "pattern":
        return ()
    message, node = clash
    given, wanted = read(message.found), read(message.expected)
    found = [*_mapped(problem, node, given, wanted), *_joined(problem, node, given, wanted)]
    found += [*_failing(problem, node, message), *_within_constructor(problem, node, given, wanted)]
    found += [*_appended(problem, node, given), *_texts(problem, node, given, wanted)]
    found += _given_back(problem, node, given, wanted)
    asked = await AskedTypes.of(problem) if found else None
    if asked is None:
        return found
    reached = await asked.reached([one.changes.files[0].after or "" for one in found])
    return [one for one, far in zip(found, reached, strict=True) if far > problem.start]


def _mapped(problem: Problem, node: Node, given: Type, wanted: Type) -> Iterator[Candidate]:
    if given.head != wanted.head or given.head not in _MAPS or not given.parts or not wanted.parts:
        return
    function = CONVERSIONS.get((given.parts[0].head, wanted.parts[0].head))
    if (
        function is None
        or given.parts[1:] != wanted.parts[1:]
        or node.kind.endswith(("list_expression", "fun_expression"))
    ):
        return
    text = f"{_MAPS[given.head]} {function if ' ' not in function else f'({function})'} {_atom(node)}"
    kind = Kind.GUESS if function in LOSSY else Kind.FIX
    yield Candidate(f"Convert each with `{function}`", problem.edit(_in_place(node, text)), 0.72, kind)


def _joined(problem: Problem, node: Node, given: Type, wanted: Type) -> Iterator[Candidate]:
    if given.head == "list" and wanted.head == "string" and given.parts[0].head == "string":
        edit = _in_place(node, f'String.concat ", " {_atom(node)}')
        yield Candidate('Join the texts: `String.concat ", "`', problem.edit(edit), 0.62, Kind.GUESS)


def _failing(problem: Problem, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """`raise` of a text."""
    call = node.enclosing("application_expression")
    function = call.field("function") if call is not None else None
    if message.found != "string" or message.expected != "exn" or function is None:
        return
    if function.text in ("raise", "raise_notrace"):
        edit = TextEdit(function.start, function.end, "failwith")
        yield Candidate("`failwith` raises a text", problem.edit(edit), 0.9)
        edit = TextEdit(node.start, node.end, f"(Failure {node.text})")
        yield Candidate("A text is raised as a `Failure`", problem.edit(edit), 0.7)


def _within_constructor(problem: Problem, node: Node, given: Type, wanted: Type) -> Iterator[Candidate]:
    """An operator binds less than a constructor: `Some x + 1`."""
    above = node.parent
    operator = above.field("operator") if above is not None and above.kind == "infix_expression" else None
    constructor = node.field("function") if node.kind == "application_expression" else None
    constructor = node.named_children[0] if node.kind == "constructor_application" else constructor
    if above is None or operator is None or above.field("left") != node or constructor is None:
        return
    inner = node.fields("argument") or node.named_children[1:]
    if constructor.kind != "constructor_path" or len(inner) != 1 or inner[0].text.startswith("("):
        return
    edits = (TextEdit(inner[0].start, inner[0].start, "("), TextEdit(above.end, above.end, ")"))
    yield Candidate(f"`{constructor.text}` is of the whole: `{constructor.text} (...)`", problem.edit(*edits), 0.93)


def _appended(problem: Problem, node: Node, given: Type) -> Iterator[Candidate]:
    """A list in front of an element."""
    cons = node if node.kind == "cons_expression" else node.parent
    if cons is None or cons.kind != "cons_expression" or given.head != "list":
        return
    left, operator, right = cons.named_children[0], cons.child("::"), cons.named_children[-1]
    if (
        operator is None
        or left == right
        or left.kind not in ("application_expression", "value_path", "parenthesized_expression")
    ):
        return
    if right.kind in ("value_path", "number", "string", "parenthesized_expression", "field_get_expression"):
        edits = (TextEdit(operator.start, operator.end, "@"), TextEdit(right.start, right.end, f"[ {right.text} ]"))
        yield Candidate("An element is appended with `@ [ ... ]`", problem.edit(*edits), 0.72)


def _texts(problem: Problem, node: Node, given: Type, wanted: Type) -> Iterator[Candidate]:
    """`@` joins lists, `^` joins texts."""
    above = node.parent
    operator = above.field("operator") if above is not None and above.kind == "infix_expression" else None
    if operator is None or operator.text not in ("@", "^"):
        return
    if operator.text == "@" and given.head == "string" and wanted.head == "list":
        yield Candidate("`^` joins texts", problem.edit(TextEdit(operator.start, operator.end, "^")), 0.9)
    elif operator.text == "^" and given.head == "list" and wanted.head == "string":
        yield Candidate("`@` joins lists", problem.edit(TextEdit(operator.start, operator.end, "@")), 0.88)


def _given_back(problem: Problem, node: Node, given: Type, wanted: Type) -> Iterator[Candidate]:
    """The result of a function that gives an option or a result."""
    constructor = {"option": "Some", "result": "Ok"}.get(wanted.head)
    kind = node.parent.kind if node.parent is not None else ""
    if constructor is None or given.head in (wanted.head, "unit", "->") or kind not in _RESULTS or not wanted.parts:
        return
    if wanted.parts[0].is_variable or unified(given, wanted.parts[0], {}) is not None:
        edit = TextEdit(node.start, node.end, f"{constructor} {_atom(node)}")
        around = node.enclosing("application_expression") if kind == "fun_expression" else None
        function = around.field("function") if around is not None else None
        is_mapped = function is not None and function.text.endswith("bind")  # `map` may be meant
        weight = 0.7 if is_mapped else 0.8
        yield Candidate(f"The result is `{constructor} ...`", problem.edit(edit), weight)


def _atom(node: Node) -> str:
    inner = within_parentheses(node)
    return inner.text if inner.kind in ATOMS else f"({inner.text})"


def _in_place(node: Node, text: str) -> TextEdit:
    kind = node.parent.kind if node.parent is not None else ""
    is_tight = kind in ("application_expression", "labeled_argument", "infix_expression", "cons_expression")
    return TextEdit(node.start, node.end, f"({text})" if is_tight else text)
