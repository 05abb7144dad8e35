"""Matchings of pairs that leave out a case whose mirror image is there, or all in which the two differ.

    | [], rest -> rest                        | Circle _, _ -> -1
    + rest, [] -> rest                        | _, Circle _ -> 1
    | a :: x, b :: y -> ...                   | Square _, _ -> -1
                                              + _, Square _ -> 1

    | A, A -> true
    | B, B -> true
    + _ -> false

The body is that of the image; a number of a comparison changes its sign, `Less` becomes `Greater`. What only says true
or false is not mirrored: an order tells the two apart.
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, parse
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.missing_cases import added_cases, matching_at

_WORDS = """Less/Greater Less/More Lt/Gt Smaller/Larger Smaller/Bigger Lower/Higher Below/Above Before/After
    Older/Newer Left/Right"""
_TURNED = tuple(tuple(pair.split("/")) for pair in _WORDS.split())
_NUMBER = re.compile(r"\(?(?P<sign>-?)\s*(?P<digits>\d[\d_]*)\)?")
_ANY = ("any_pattern", "value_pattern", "value_name")
_Pair = tuple[Node, Node]


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.MissingCases) or message.extensible:
        return []
    tree = places.tree(problem)
    matching = matching_at(tree, problem.start, problem.end) if tree else None
    examples = [pair for text in message.examples if (pair := _example(text)) is not None]
    if matching is None or tree is None or tree.has_error or not examples or len(examples) < len(message.examples):
        return []
    cases = [child for child in matching.children if child.kind == "match_case"]
    return [*_mirrored(problem, matching, cases, examples), *_different(problem, matching, cases, examples)]


def _example(text: str) -> _Pair | None:
    """The two parts of a pair that the compiler names as not matched."""
    return _pair(next(parse(f"let _ = function {text} -> ()", "example.ml").walk("match_case")).field("pattern"))


def _pair(pattern: Node | None) -> _Pair | None:
    inner = places.within_parentheses(pattern) if pattern is not None else None
    parts = inner.named_children if inner is not None and inner.kind == "tuple_pattern" else ()
    return (parts[0], parts[1]) if len(parts) == 2 else None


# --- the mirror image ---


def _mirrored(
    problem: Problem, matching: Node, cases: Sequence[Node], examples: Sequence[_Pair]
) -> Iterator[Candidate]:
    images = []
    for first, second in examples:
        image = next((n for n, case in enumerate(cases) if _is_image(case, first, second)), None)
        body = cases[image].field("body") if image is not None else None
        text = _turned(body) if body is not None else None
        if image is None or text is None:
            return
        images.append((image, text))
    images = list(dict.fromkeys(images))
    new = [(_swapped(cases[image]), text) for image, text in images]
    bodies = [body for image, _ in images if (body := cases[image].field("body"))]
    weight = min(0.9 if _turned(body) != body.text else 0.75 if _is_constant(body) else 0.85 for body in bodies)
    shown = ", ".join(f"`{pattern}`" for pattern, _ in new)
    title = f"Add the missing case{'s' * (len(new) > 1)} {shown}, as the other way round"
    last = images[0][0] if len(images) == 1 else len(cases) - 1
    swapped = _pair(cases[last].field("pattern"))
    if swapped and any(_overlap(case, swapped[1], swapped[0]) for case in cases[last + 1 :]):
        last = len(cases) - 1
    yield Candidate(title, problem.edit(*added_cases(matching, cases[: last + 1], new)), weight)


def _is_image(case: Node, first: Node, second: Node) -> bool:
    pair = _pair(case.field("pattern"))
    return pair is not None and not case.child("guard") and _covers(pair[0], second) and _covers(pair[1], first)


def _swapped(case: Node) -> str:
    pattern = case.field("pattern")
    pair = _pair(pattern)
    assert pattern is not None  # it is an image
    assert pair is not None
    text = f"{pair[1].text}, {pair[0].text}"
    return f"({text})" if pattern.kind.startswith("parenthesized") else text


def _turned(body: Node) -> str | None:
    """The body for the parts the other way round; None where that cannot be told."""
    text = body.text
    if body.kind == "boolean":
        return None
    if number := _NUMBER.fullmatch(text):
        plain = number["digits"]
        return plain if number["sign"] or not plain.strip("0_") else f"-{plain}"
    path, dot, name = text.rpartition(".")
    for one, other in (pair for turned in _TURNED for pair in (turned, turned[::-1])):
        if re.fullmatch(rf"`?{one}", name):
            return f"{path}{dot}{name.replace(one, other)}"
        if re.match(rf"`?{one}\b", text):
            return text.replace(one, other, 1)
    return text


def _is_constant(body: Node) -> bool:
    return body.kind in ("constructor_path", "tag", "number", "string", "empty_list", "unit")


# --- the two differ ---


def _different(
    problem: Problem, matching: Node, cases: Sequence[Node], examples: Sequence[_Pair]
) -> Iterator[Candidate]:
    """A predicate that has a case for each constructor on both sides at once."""
    pairs = [_pair(case.field("pattern")) for case in cases]
    bodies = [body for case in cases if (body := case.field("body"))]
    heads = [(_head(pair[0]), _head(pair[1])) for pair in pairs if pair is not None]
    apart = [(_head(first), _head(second)) for first, second in examples]
    if len(heads) < max(2, len(cases)) or any(one != other or not one for one, other in heads):
        return
    says = any(_is_predicate(body) for body in bodies) and not any(body.text == "false" for body in bodies)
    if says and all(one != other for one, other in apart):
        change = problem.edit(*added_cases(matching, cases, [("_", "false")]))
        yield Candidate("Add the missing case `_`: what differs is not equal", change, 0.88)


def _is_predicate(body: Node) -> bool:
    operator = body.field("operator") if body.kind == "infix_expression" else None
    return body.text == "true" or (operator is not None and operator.text in ("&&", "=", "=="))


def _head(pattern: Node) -> str:
    """The constructor of a pattern, without its module; empty where it is none."""
    inner = places.within_parentheses(pattern)
    match inner.kind:
        case "constructor_path" | "constructor_pattern":
            path = next(inner.walk("constructor_path"))
            return path.text.rpartition(".")[2]
        case "tag" | "tag_pattern":
            return next(inner.walk("tag")).text
        case "cons_pattern":
            return "::"
        case "empty_list" | "boolean":
            return inner.text
    return ""


# --- patterns ---


def _covers(pattern: Node, example: Node) -> bool:
    """Whether all that is like the example matches the pattern; no where that cannot be told."""
    pattern, example = places.within_parentheses(pattern), places.within_parentheses(example)
    if pattern.kind in _ANY:
        return True
    if pattern.kind in ("alias_pattern", "typed_pattern"):
        return _covers(pattern.named_children[0], example)
    if pattern.kind == "or_pattern":
        return any(_covers(child, example) for child in pattern.named_children)
    if pattern.kind == "tuple_pattern" and example.kind == "tuple_pattern":
        return all(map(_covers, pattern.named_children, example.named_children))
    return bool(_head(pattern)) and _head(pattern) == _head(example) and _parts_match(pattern)


def _parts_match(pattern: Node) -> bool:
    """Whether what a constructor carries is not looked at."""
    carried = [child for child in pattern.named_children if child.kind not in ("constructor_path", "tag")]
    inner = [places.within_parentheses(child) for child in carried]
    parts = [part for one in inner for part in (one.named_children if one.kind == "tuple_pattern" else (one,))]
    return pattern.kind in ("constructor_path", "tag", "empty_list", "boolean") or all(p.kind in _ANY for p in parts)


def _overlap(case: Node, first: Node, second: Node) -> bool:
    """Whether a case may match what matches these two; yes where that cannot be told."""
    pair = _pair(case.field("pattern"))
    if pair is None:
        return True
    heads = ((_head(mine), _head(theirs)) for mine, theirs in zip(pair, (first, second), strict=True))
    return not any(mine and theirs and mine != theirs for mine, theirs in heads)
