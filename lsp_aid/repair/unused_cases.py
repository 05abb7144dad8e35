"""Cases, and alternatives of or-patterns, that can never match."""

from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import take_out
from lsp_aid.repair.places import within_parentheses


def redundant(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    at = tree.node_at(problem.start, problem.end)
    if at is None:
        return
    for node in (at, *at.ancestors()):
        around = node.parent
        if around is None or node.kind == "match_case":
            return
        if around.kind == "or_pattern":
            shown = " ".join(node.text.split())
            yield Candidate(f"Remove the redundant `{shown}`", problem.edit(_without_alternative(node)), 0.9)
            return
        if around.kind == "match_case" and around.field("pattern") == node:
            yield from _whole_case(problem, around)
            return


def unreachable(problem: Problem, tree: Syntax) -> Iterator[Candidate]:
    """A case whose type says that no value comes to it."""
    at = tree.node_at(problem.start, problem.end)
    case = next((node for node in (at, *at.ancestors()) if node.kind == "match_case"), None) if at else None
    if case is not None:
        yield from _whole_case(problem, case)


def without_constructor(tree: Syntax, name: str) -> list[TextEdit] | None:
    """Takes out all cases, and alternatives, that are of this constructor; None where one stands elsewhere."""
    edits: list[TextEdit] = []
    for path in tree.walk("constructor_path"):
        if path.text.rpartition(".")[2] != name:
            continue
        pattern = path.whole()
        if pattern.parent is not None and pattern.parent.kind == "constructor_pattern":
            pattern = pattern.parent
        around = pattern.parent
        if around is not None and around.kind == "or_pattern":
            edits.append(_without_alternative(pattern))
        elif around is not None and around.kind == "match_case" and around.field("pattern") == pattern:
            cases = [child for child in around.parent.children if child.kind == "match_case"] if around.parent else []
            if len(cases) < 2:
                return None
            edits.append(_without_case(around, cases))
        else:
            return None
    return edits


def _without_alternative(node: Node) -> TextEdit:
    assert node.parent is not None  # it stands in an or-pattern
    others = node.parent.named_children
    place = others.index(node)
    if place:
        return TextEdit(others[place - 1].end, node.end, "")
    return TextEdit(node.start, others[1].start, "")


def _whole_case(problem: Problem, case: Node) -> Iterator[Candidate]:
    cases = [child for child in case.parent.children if child.kind == "match_case"] if case.parent else []
    if len(cases) < 2:
        return
    pattern = case.field("pattern")
    shown = pattern.text if pattern else ""
    catch_all = next((n for n, other in enumerate(cases[: cases.index(case)]) if _catches_all(other)), None)
    if catch_all is not None:
        edits = _moved_to_end(cases, catch_all)
        yield Candidate("Move the case that matches everything to the end", problem.edit(*edits), 0.85)
    wider = next((n for n, other in enumerate(cases[: cases.index(case)]) if _is_wider(other, case)), None)
    if catch_all is None and wider is not None:
        turned = [case, *cases[wider : cases.index(case)]]
        edits = [TextEdit(old.start, old.end, new.text) for old, new in zip(cases[wider:], turned, strict=False)]
        title = f"Move the case in front of `{' '.join(cases[wider].named_children[0].text.split())}`, which is wider"
        yield Candidate(title, problem.edit(*edits), 0.92 if _is_work(case) else 0.7)
    is_moved = catch_all is not None or (wider is not None and _is_work(case))
    title = f"Remove the case `{' '.join(shown.split())}`, which never matches"
    yield Candidate(title, problem.edit(_without_case(case, cases)), 0.5 if is_moved else 0.9)


def _without_case(case: Node, cases: list[Node]) -> TextEdit:
    place = cases.index(case)
    bars = [child for child in case.parent.children if child.kind == "|"] if case.parent else []
    before = [bar for bar in bars if bar.end <= case.start]
    if place == 0:
        return TextEdit(case.start, cases[1].start, "")
    edit = take_out(case.syntax.text, before[-1].start, case.end)
    if edit.start < before[-1].start or edit.end > case.end:
        return edit
    # It shares a line with what stands before it, or what ends the matching stands behind it.
    return TextEdit(cases[place - 1].end, case.end, "")


def _catches_all(case: Node) -> bool:
    pattern = case.field("pattern")
    return pattern is not None and _matches_all(pattern) and not case.child("guard")


def _is_work(case: Node) -> bool:
    """Whether what a case gives is made of names: a literal alone is written again in a moment."""
    body = case.field("body")
    return body is not None and any(True for _ in body.walk("value_path", "constructor_path", "tag"))


def _is_wider(one: Node, case: Node) -> bool:
    """Whether a case takes all that the other would, and more, and does something else with it."""
    pattern, other, body, its_body = one.field("pattern"), case.field("pattern"), one.field("body"), case.field("body")
    if pattern is None or other is None or body is None or its_body is None or one.child("guard"):
        return False
    return _covers(pattern, other) and not _covers(other, pattern) and body.text.split() != its_body.text.split()


def _covers(pattern: Node, other: Node) -> bool:
    pattern, other = within_parentheses(pattern), within_parentheses(other)
    if _matches_all(pattern) or pattern.text.split() == other.text.split():
        return True
    if other.kind == "or_pattern":
        return all(_covers(pattern, each) for each in other.named_children)
    if pattern.kind == "or_pattern":
        return any(_covers(each, other) for each in pattern.named_children)
    if pattern.kind in _LISTS and other.kind in _LISTS:
        return _covers_list(pattern, other)
    parts, others = pattern.named_children, other.named_children
    is_alike = pattern.kind == other.kind and pattern.kind in _OF_PARTS and len(parts) == len(others)
    return is_alike and all(_covers(part, its) for part, its in zip(parts, others, strict=True))


def _covers_list(pattern: Node, other: Node) -> bool:
    """`word :: _` and `["done"; id]`: the elements one by one, then what is left of the longer list."""
    (elements, rest), (its, its_rest) = _elements(pattern), _elements(other)
    if len(elements) > len(its) or not all(_covers(one, each) for one, each in zip(elements, its, strict=False)):
        return False
    if rest is not None:
        left_is_same = len(elements) == len(its) and its_rest is not None and rest.text == its_rest.text
        return _matches_all(rest) or left_is_same
    return len(elements) == len(its) and its_rest is None


def _elements(pattern: Node) -> tuple[list[Node], Node | None]:
    """Those of a pattern for lists, and what stands for the rest; None where the list ends with them."""
    pattern = within_parentheses(pattern)
    if pattern.kind == "cons_pattern" and len(pattern.named_children) == 2:
        elements, rest = _elements(pattern.named_children[1])
        return [pattern.named_children[0], *elements], rest
    if pattern.kind in ("list_pattern", "empty_list"):
        return list(pattern.named_children), None
    return [], pattern


_OF_PARTS = ("tuple_pattern", "constructor_pattern", "tag_pattern", "array_pattern")
_LISTS = ("cons_pattern", "list_pattern", "empty_list")


def _matches_all(pattern: Node) -> bool:
    """`_`, a variable, and tuples of them."""
    pattern = within_parentheses(pattern)
    if pattern.kind == "tuple_pattern":
        return all(_matches_all(part) for part in pattern.named_children)
    if pattern.kind == "alias_pattern":
        return _matches_all(pattern.named_children[0])
    return pattern.kind in ("any_pattern", "value_pattern")


def _moved_to_end(cases: list[Node], place: int) -> list[TextEdit]:
    """Each case takes the place of the one before it, from `place` on, and that one goes last."""
    turned = [*cases[place + 1 :], cases[place]]
    return [TextEdit(old.start, old.end, new.text) for old, new in zip(cases[place:], turned, strict=True)]
