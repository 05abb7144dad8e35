"""Branches that give a value as it is beside others that give an option or a result.

| Ok a, Ok b -> a + b                     | Ok a, Ok b -> Ok (a + b)
| Error e, _ | _, Error e -> Error e      | Error e, _ | _, Error e -> Error e

if b = 0 then None else a / b             if b = 0 then None else Some (a / b)

| Ask -> fun k -> continue k 1            | Ask -> Some (fun k -> continue k 1)
| _ -> None                               | _ -> None

| [] -> []                                | [] -> Ok []
| x :: xs -> let* ... in Ok (y :: ys)     | x :: xs -> let* ... in Ok (y :: ys)
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node
from lsp_aid.repair.branch_ends import ends
from lsp_aid.repair.calls_in_code import ATOMS
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import node_of, outside_parentheses, tree, within_parentheses
from lsp_aid.repair.type_shapes import read

_WRAPS = {"option": "Some", "result": "Ok"}
_GIVES = {"option": re.compile(r"(?:Some|None)\b"), "result": re.compile(r"(?:Ok|Error)\b")}
_NEVER = re.compile(r"(?:raise|raise_notrace|failwith|invalid_arg|exit|assert)\b")
_BRANCHED = ("match_expression", "function_expression", "if_expression", "try_expression")
_BRANCHES = ("match_case", "then_clause", "else_clause")
_FUNCTIONS = ("fun_expression", "function_expression")
_WEIGHT = 0.91


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.TypeClash) or message.what == "pattern":
        return ()
    given, wanted = (read(type_).head.removeprefix("Stdlib.") for type_ in (message.found, message.expected))
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if node is None or given == wanted:
        return ()
    if wanted in _WRAPS and message.name == "function":
        inside = read(message.expected).parts[0]
        return _functions(problem, node, wanted) if inside.head == "->" or inside.is_variable else ()
    if wanted in _WRAPS:
        body = _calls_itself(node)
        return _all_wrapped(problem, body, wanted) if body is not None else ()
    if given not in _WRAPS or not any(_GIVES[given].match(_plain(end)) for end in (node, *ends(node))):
        return ()
    outermost = None
    for around in node.ancestors():
        if around.kind in _BRANCHED and any(_overlap(node, end) for end in ends(around)):
            outermost = around
        elif around.kind in ("let_binding", "application_expression"):
            break
    return _all_wrapped(problem, outermost, given) if outermost is not None else ()


def _functions(problem: Problem, node: Node, head: str) -> Sequence[Candidate]:
    """A function where one in an option is expected, and those in the branches beside it."""
    place = outside_parentheses(node)
    above = place.parent
    if within_parentheses(node).kind not in _FUNCTIONS or above is None:
        return ()
    places = [place]
    if above.kind in _BRANCHES and above.parent is not None:
        beside = [one.named_children[-1] for one in above.parent.named_children if one.kind in _BRANCHES]
        places = [one for one in beside if within_parentheses(one).kind in _FUNCTIONS]
    edits = [edit for one in places for edit in _wrapped(one, _WRAPS[head])]
    times = f" ({len(places)} times)" if len(places) > 1 else ""
    return [Candidate(f"The function is given in `{_WRAPS[head]}`{times}", problem.edit(*edits), _WEIGHT)]


def _overlap(one: Node, other: Node) -> bool:
    return one.start < other.end and other.start < one.end


def _calls_itself(node: Node) -> Node | None:
    """The body of the function that a call within it calls, and that takes as much as it gives."""
    call = within_parentheses(node)
    function = call.field("function") if call.kind == "application_expression" else None
    for around in node.ancestors() if function is not None else ():
        pattern = around.field("pattern") if around.kind == "let_binding" else None
        if function is not None and pattern is not None and pattern.text == function.text:
            return around.field("body")
    return None


def _all_wrapped(problem: Problem, outermost: Node, head: str) -> Sequence[Candidate]:
    """Where some of the branches give what is wanted, the others do as well."""
    results = [_plain(end) for end in ends(outermost)]
    if not any(_GIVES[head].match(text) for text in results):
        return ()
    bare = [end for end in ends(outermost) if not _GIVES[head].match(_plain(end)) and not _NEVER.match(_plain(end))]
    edits = [edit for end in bare for edit in _wrapped(end, _WRAPS[head])]
    if not edits:
        return ()
    title = f"The other branch{'es give' * (len(bare) > 1) or ' gives'} `{_WRAPS[head]} ...` as well"
    return [Candidate(title, problem.edit(*edits), _WEIGHT)]


def _plain(node: Node) -> str:
    return within_parentheses(node).text


def _wrapped(end: Node, constructor: str) -> Sequence[TextEdit]:
    opened, closed = ("", "") if end.kind in ATOMS or end.text.startswith("(") else ("(", ")")
    return TextEdit(end.start, end.start, f"{constructor} {opened}"), TextEdit(end.end, end.end, closed)
