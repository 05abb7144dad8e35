"""Matchings whose cases are all there, which the compiler cannot know: the last one is for all that is left.

    | c when c > 0 -> "gain"                  | c when c > 0 -> "gain"
    | c when c < 0 -> "loss"                  | c when c < 0 -> "loss"
    | c when c = 0 -> "even"                  | _ -> "even"

    match compare a b with                    match compare a b with
    | 0 -> Same | -1 -> Less | 1 -> More      | 0 -> Same | -1 -> Less | _ -> More

Nothing is added: a case that failed would never be reached.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, bound_names
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.missing_cases import matching_at

_SURE = 0.93
_COMPARISON = re.compile(r"(?:[\w'.]*\.)?(?:compare|compare_\w+|\w+_compare)")
_RELATIONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "=", "==": "=", "<>": "<>", "!=": "<>"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.MissingCases):
        return []
    tree = places.tree(problem)
    matching = matching_at(tree, problem.start, problem.end) if tree else None
    if matching is None:
        return []
    cases = [child for child in matching.children if child.kind == "match_case"]
    return [*_guarded(problem, cases), *_numbers(problem, matching, cases)]


def _guarded(problem: Problem, cases: Sequence[Node]) -> Iterator[Candidate]:
    """Of the cases for one pattern the last, where its guard is what the guards before it leave."""
    groups: dict[str, list[Node]] = {}
    for case in cases:
        pattern = case.field("pattern")
        if pattern is not None:
            groups.setdefault(pattern.text, []).append(case)
    edits = []
    for group in groups.values():
        guards = [guard.named_children[0] for case in group if (guard := case.child("guard"))]
        if len(guards) == len(group) > 1 and _is_rest(guards[-1], guards[:-1]):
            edits.append(_without_guard(group[-1]))
    if edits:
        yield Candidate("The last case is for all that is left: it needs no guard", problem.edit(*edits), _SURE)


def _is_rest(last: Node, before: Sequence[Node]) -> bool:
    if any(_is_negation(last, other) for other in before):
        return True
    relation = _relation(last)
    if relation is None:
        return False
    left, covered, right = relation
    for other in map(_relation, before):
        if other is not None and (other[0], other[2]) == (left, right):
            covered += other[1]
    return set(covered) == set("<=>")


def _is_negation(one: Node, other: Node) -> bool:
    texts = [" ".join(places.within_parentheses(node).text.split()) for node in (one, other)]
    plain = [re.sub(r"^not \(?(.*?)\)?$", r"\1", text) for text in texts]
    return texts[0] != texts[1] and plain[0] == plain[1]


def _relation(guard: Node) -> tuple[str, str, str] | None:
    """The two sides of a comparison, in the order of their texts, and the signs for which it holds."""
    guard = places.within_parentheses(guard)
    left, operator, right = (guard.field(name) for name in ("left", "operator", "right"))
    if guard.kind != "infix_expression" or left is None or operator is None or right is None:
        return None
    sign = _RELATIONS.get(operator.text)
    if sign is None:
        return None
    if left.text > right.text:
        return right.text, _TURNED.get(sign, sign), left.text
    return left.text, sign, right.text


def _without_guard(case: Node) -> TextEdit:
    """`_` for a variable that only the guard needs."""
    pattern, guard, body = case.field("pattern"), case.child("guard"), case.field("body")
    assert pattern is not None
    assert guard is not None
    names = [name.text for name in bound_names(pattern)]
    used = {path.text for path in body.walk("value_path")} if body is not None else set()
    text = pattern.text
    for name in names:
        if name not in used:
            text = re.sub(rf"(?<![\w'.]){re.escape(name)}(?![\w'])", "_", text)
    return TextEdit(pattern.start, guard.end, text)


def _numbers(problem: Problem, matching: Node, cases: Sequence[Node]) -> Iterator[Candidate]:
    """All numbers that a comparison, or a rest, can be."""
    scrutinee = matching.named_children[0] if matching.kind == "match_expression" else None
    patterns = [case.field("pattern") for case in cases]
    if scrutinee is None or any(case.child("guard") for case in cases):
        return
    numbers = [_number(pattern) for pattern in patterns if pattern is not None]
    known = [number for number in numbers if number is not None]
    last = patterns[-1]
    if last is None or len(known) < len(cases):
        return
    scrutinee = places.within_parentheses(scrutinee)
    if (_is_comparison(scrutinee) and {(n > 0) - (n < 0) for n in known} == {-1, 0, 1}) or sorted(known) == list(
        range(_rests(scrutinee))
    ):
        change = problem.edit(TextEdit(last.start, last.end, "_"))
        yield Candidate(f"All others are as `{last.text}`: `_`", change, _SURE)


def _number(pattern: Node) -> int | None:
    text = pattern.text.strip("() ").replace(" ", "")
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def _is_comparison(node: Node) -> bool:
    function = node.field("function") if node.kind == "application_expression" else None
    return function is not None and _COMPARISON.fullmatch(function.text) is not None


def _rests(node: Node) -> int:
    """By how much a number is divided for its rest; 0 where it is not."""
    operator, right = node.field("operator"), node.field("right")
    if node.kind != "infix_expression" or operator is None or right is None or not right.text.isdecimal():
        return 0
    return {"mod": int(right.text), "land": int(right.text) + 1}.get(operator.text, 0)
