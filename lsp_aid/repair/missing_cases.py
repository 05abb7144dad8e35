"""Matchings that leave cases out: the missing ones are added where the type has them, in the layout of the others; at
the end where the others do not follow the type.

A generated body is a *fix* only where something determines it; that it type-checks is not enough. It is determined
where
- the other bodies are one text but for what their own constructor is called and carries (`Red -> "red"`,
  `Int n -> show_int n`), two of them at least, so the new one is that text for the new constructor;
- the other bodies are the numbers of a series, in the order of the type;
- the other bodies are the same constant, two of them at least; not for booleans, since a predicate tells cases apart;
- it is the empty case that the others lead down to: `None` among `Some ..`, `Error e` among `Ok ..`, `[]` of a list
  that is rebuilt, or the neutral element of the operator by which a list is folded;
- a value in scope is there for it by its name: `default`;
- the comment above names it together with the others of one body, and with no more: `(* delivered or lost *)`.
Where the matching is made for its effects, a case that does nothing is a *guess*. Any other case gets
`failwith "TODO: C"` and is offered as a *skeleton*. How the bodies are found: `case_bodies`.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.case_bodies import Body, Missing, determined, skeleton
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import line_start, newline, starts_line

_MATCHINGS = ("match_expression", "function_expression", "try_expression")
_LITERAL = re.compile(
    r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\[^']+)'|(?<![\w'])-?\d[\w.]*(?:[eE][+-]\d+)?|\*extension\*|<abstr>"
)
_VARIABLE = re.compile(r"(?<![\w'`.])(?!(?:true|false|lazy|exception)\b)[a-z][\w']*(?!\w)(?!\s*=)")
_COMMENT_TO_END = re.compile(r"[ \t]*\(\*(?:[^*\n]|\*(?!\)))*\*\)(?=[ \t]*\r?$)", re.MULTILINE)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.MissingCases):
        return []
    tree = places.tree(problem)
    matching = matching_at(tree, problem.start, problem.end) if tree else None
    if tree is None or matching is None or tree.has_error:
        return []
    cases = [child for child in matching.children if child.kind == "match_case"]
    patterns = ("_",) if message.extensible else message.examples or ("_",)
    missing = list(dict.fromkeys(_written(pattern, cases) for pattern in patterns))
    found = [Missing(pattern, number) for number, pattern in enumerate(missing)]
    heads = [head for case in cases for head in _heads(case)]
    names = [*heads, *(case.constructor for case in found)]
    order = tuple(places.declared_together(problem, tree, "constructor", names)) if heads else ()
    return list(_candidates(problem, matching, cases, [evolve(case, order=order) for case in found]))


def matching_at(tree: Syntax, start: int, end: int) -> Node | None:
    """The matching that the range covers, parentheses around it aside."""
    around = tree.expression_at(start, end)
    while around is not None and around.kind in ("parenthesized_expression", "expression_item"):
        around = next(iter(around.named_children), None)
    if around is None or around.kind not in _MATCHINGS or not around.child("match_case"):
        return None
    return around


def _written(example: str, cases: Sequence[Node]) -> str:
    """The compiler's example as a person would write it among the cases."""
    pattern = re.sub(r"\s*::\s*", " :: ", _VARIABLE.sub("_", _LITERAL.sub("_", example)))
    kinds = {theirs.kind for case in cases if (theirs := case.field("pattern"))}
    if "tuple_pattern" in kinds and pattern.startswith("(") and _one_group(pattern):
        pattern = pattern[1:-1].strip()
    prefixes = {_module_prefix(case) for case in cases} - {None}
    if len(prefixes) == 1 and re.match(r"[A-Z]", pattern):
        pattern = f"{prefixes.pop()}{pattern}"
    return pattern


def _one_group(pattern: str) -> bool:
    """Whether the first parenthesis is closed by the last character."""
    depth = 0
    for place, char in enumerate(pattern):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return place == len(pattern) - 1
    return False


def _module_prefix(case: Node) -> str | None:
    """`M.` of a case `M.C x`; empty where the constructor stands alone, None where the case names none."""
    pattern = case.field("pattern")
    path = next(pattern.walk("constructor_path"), None) if pattern else None
    if pattern is None or path is None or path.start != pattern.start:
        return None
    return path.text.rpartition(".")[0] + "." if "." in path.text else ""


def _candidates(
    problem: Problem, matching: Node, cases: Sequence[Node], missing: Sequence[Missing]
) -> Iterator[Candidate]:
    offers = [determined(case, cases, matching) for case in missing]
    shown = ", ".join(f"`{case.pattern}`" for case in missing)
    plural = "s" if len(missing) > 1 else ""
    for rule in dict.fromkeys(body.rule for bodies in offers for body in bodies):
        chosen = [next((body for body in bodies if body.rule == rule), None) for bodies in offers]
        bodies = [body for body in chosen if body is not None]
        if len(bodies) == len(missing):
            change = problem.edit(*_placed(matching, cases, missing, bodies))
            title = f"Add the missing case{plural} {shown}"
            yield Candidate(title, change, min(body.weight for body in bodies), _kind(bodies))
    mixed = [bodies[0] if bodies else skeleton(case) for bodies, case in zip(offers, missing, strict=True)]
    if any(offers) and not all(offers):
        change = problem.edit(*_placed(matching, cases, missing, mixed))
        yield Candidate(f"Add the missing case{plural} {shown}, some to be written", change, 0.6, Kind.SKELETON)
    written = [skeleton(case) for case in missing]
    change = problem.edit(*_placed(matching, cases, missing, written))
    yield Candidate(f"Add the missing case{plural} {shown}, to be written", change, 0.5, Kind.SKELETON)


def _kind(bodies: Sequence[Body]) -> Kind:
    """Doing nothing type-checks among effects whatever was meant."""
    if any("TODO" in body.text for body in bodies):
        return Kind.SKELETON
    return Kind.GUESS if any(body.rule == "nothing" for body in bodies) else Kind.FIX


# --- where the cases go ---


def _placed(
    matching: Node, cases: Sequence[Node], missing: Sequence[Missing], bodies: Sequence[Body]
) -> list[TextEdit]:
    """Each where the type has its constructor, if the cases that are there follow the type; else behind the last."""
    heads = [_heads(case) for case in cases]
    order = missing[0].order if all(heads) else ()
    numbers = [order.index(head) for head in itertools.chain(*heads)] if order else []
    follows = len(cases) > 1 and numbers == sorted(numbers)
    behind: dict[int, list[tuple[str, str]]] = {}
    for case, body in zip(missing, bodies, strict=True):
        at = len(cases)
        if order and follows:
            at = sum(order.index(first) < order.index(case.constructor) for first, *_ in heads)
        behind.setdefault(at - 1, []).append((body.pattern, body.text))
    if -1 in behind:
        return [*_in_front(matching, cases, behind.pop(-1)), *_behind(matching, cases, behind)]
    return _behind(matching, cases, behind)


def _behind(matching: Node, cases: Sequence[Node], new: Mapping[int, Sequence[tuple[str, str]]]) -> list[TextEdit]:
    return [edit for at, some in new.items() for edit in added_cases(matching, cases[: at + 1], some)]


def _in_front(matching: Node, cases: Sequence[Node], new: Sequence[tuple[str, str]]) -> list[TextEdit]:
    lead = _lead(matching, cases)
    added = "".join(f"{pattern} -> {body}{lead}| " for pattern, body in new)
    return [TextEdit(cases[0].start, cases[0].start, added)]


def _heads(case: Node) -> list[str]:
    """The constructors of a case and its alternatives, without their modules; none where one is something else."""
    open_, found = [case.field("pattern")], []
    while open_:
        pattern = open_.pop(0)
        if pattern is not None and pattern.kind == "or_pattern":
            open_[:0] = pattern.named_children
            continue
        path = next(pattern.walk("constructor_path"), None) if pattern is not None else None
        if path is None or pattern is None or path.start != pattern.start:
            return []
        found.append(path.text.rpartition(".")[2])
    return found


def added_cases(matching: Node, cases: Sequence[Node], new: Sequence[tuple[str, str]]) -> list[TextEdit]:
    """Puts cases, each a pattern and a body, behind the last of `cases`."""
    text, last = matching.syntax.text, cases[-1]
    lead = _lead(matching, cases)
    added = "".join(f"{lead}| {pattern} -> {body}" for pattern, body in new)
    comment = _COMMENT_TO_END.match(text, last.end) if lead != " " else None
    at = comment.end() if comment else last.end
    edits = []
    if swallowing := _open_at_end(last):
        edits.append(TextEdit(swallowing.start, swallowing.start, "("))
        if at == last.end:
            added = ")" + added
        else:
            edits.append(TextEdit(last.end, last.end, ")"))
    return [*edits, TextEdit(at, at, added)]


def _open_at_end(case: Node) -> Node | None:
    """The matching at the end of a body that would take in the cases behind it."""
    body = case.field("body")
    if body is None:
        return None
    return next((node for node in body.walk(*_MATCHINGS) if node.end == body.end), None)


def _lead(matching: Node, cases: Sequence[Node]) -> str:
    """What stands before the bar of a new case: a line break and the indentation of the others, or a space."""
    text = matching.syntax.text
    bars = [child for child in matching.children if child.kind == "|"]
    if bars and starts_line(text, bars[-1].start):
        return newline(text) + text[line_start(text, bars[-1].start) : bars[-1].start]
    if not bars and starts_line(text, cases[0].start):
        indentation = text[line_start(text, cases[0].start) : cases[0].start]
        return newline(text) + indentation.removesuffix("  ")
    return " "
