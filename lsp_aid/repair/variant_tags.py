"""Tags of polymorphic variants that a type does not have: misspelt, or not added to the type yet.

(c : [ `Red | `Green ]) ... `Blue       (c : [ `Red | `Green | `Blue ])
List.map name [ `Blue ], where `name` has no case for it
type c = [ `Red | `Green of int ]       `Gren 3 is `Green 3
type c = [ `Red | `Green ]              `Grn is `Green in all files, where no type has it
`Green, which carries something now     `Green _ in all patterns with such tags
"""

import re
from collections.abc import Collection, Iterator, Sequence

from attrs import evolve

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.case_bodies import Missing, determined, skeleton
from lsp_aid.repair.constructor_arity import carrying
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.missing_cases import added_cases
from lsp_aid.repair.places import node_of, text_of, tree
from lsp_aid.repair.similarity import is_short_for, similarity
from lsp_aid.repair.synonyms import mean_the_same

_REFUSED = re.compile(r"does not allow tag\(s\) (.+?)(?:$|\.$)")
_TAG = re.compile(r"`[\w']+")
_INCOMPATIBLE = re.compile(r"Types for tag \"?(`[\w']+)\"? are incompatible")
_CARRIED = re.compile(r"(`[\w']+)(?: of ([^|\]>]+))?")
_FILES_AT_MOST = 400
_ALIKE = 0.7
_SHORT = 0.93
_TOGETHER = 0.02
_INSTEAD = 0.93
_TYPES = "polymorphic_variant_type"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    refused = _REFUSED.search(problem.diagnostic.flat_message)
    if not isinstance(message, messages.TypeClash):
        return ()
    if refused is None:
        return list(_carrying(problem, message))
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    tags = _TAG.findall(refused[1])
    closed = message.expected_as or message.expected
    types = list(_types(problem, syntax, node, closed))
    known = list(dict.fromkeys(t for type_ in types for t in _TAG.findall(type_.text))) or _TAG.findall(closed)
    found = list(_misspelt(problem, node, tags, known))
    if not found and "`" not in message.found:  # the value is of a type that has them, what takes it has others
        own = {tag for type_ in _types(problem, syntax, node, message.found) for tag in _TAG.findall(type_.text)}
        matching, _ = _matching(syntax, node) or (None, "")
        taken = [one.text for one in matching.walk("tag")] if matching is not None else _TAG.findall(closed)
        unknown = list(dict.fromkeys(tag for tag in taken if tag not in own)) if own else []
        if len(unknown) == len(tags):
            found = [evolve(one, weight=max(one.weight, _INSTEAD)) for one in _renamed(problem, unknown, tags)]
    carried = dict(_CARRIED.findall(message.found))
    written = [f"{tag} of {carried[tag].strip()}" if carried.get(tag) else tag for tag in tags]
    for number, type_ in enumerate(types):
        change = _added(problem, type_, written)
        shown = " and ".join(tags)
        found.append(Candidate(f"Add {shown} to `{' '.join(type_.text.split())}`", change, 0.7 / (1 + number)))
    return [*found, *_cases(problem, syntax, node, tags)]


def _carrying(problem: Problem, message: messages.TypeClash) -> Iterator[Candidate]:
    """A tag that carries something, or nothing any more, in all patterns of such tags that the project has."""
    said = _INCOMPATIBLE.search(problem.diagnostic.flat_message)
    given, wanted = (dict(_CARRIED.findall(of)) for of in (message.found, message.expected_as or message.expected))
    tag = said[1] if said is not None else ""
    if message.what == "pattern":
        given, wanted = wanted, given
    if not tag or tag not in given or tag not in wanted or bool(given[tag]) == bool(wanted[tag]):
        return
    edits: dict[str, list[TextEdit]] = {}
    count = 0
    for path in [p for p in problem.view.paths() if p.endswith(".ml")][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or tag not in text:
            continue
        places = list(_in_patterns(ocaml_syntax.parse(text, path), tag, {*given, *wanted}))
        made = [edit for place in places for edit in _carried_by(place, carries=bool(given[tag]))]
        if made:
            edits[path] = made
            count += len(places)
    if edits:
        shown = f"{tag} carries something: {tag} _" if given[tag] else f"{tag} carries nothing now"
        title = f"{shown}{f' ({count} times)' if count > 1 else ''}"
        yield Candidate(title, problem.edit_each(edits), 0.92)


def _carried_by(place: Node, *, carries: bool) -> Iterator[TextEdit]:
    above = place.parent
    has_value = above is not None and above.kind == "tag_pattern" and above.named_children[0] == place
    if carries and not has_value:
        yield from carrying(place, " _")
    elif above is not None and has_value and not carries and above.named_children[-1].text == "_":
        yield TextEdit(place.end, above.end, "")


def _in_patterns(syntax: Syntax, tag: str, tags: Collection[str]) -> Iterator[Node]:
    """The places of a tag in the patterns of matches that have no other tags than these."""
    for case in syntax.walk("match_case"):
        beside = [c for c in case.parent.named_children if c.kind == "match_case"] if case.parent is not None else []
        patterns = [pattern for one in beside if (pattern := one.field("pattern")) is not None]
        if {node.text for pattern in patterns for node in pattern.walk("tag")} <= set(tags):
            pattern = case.field("pattern")
            yield from (node for node in (pattern.walk("tag") if pattern is not None else ()) if node.text == tag)


def _cases(problem: Problem, syntax: Syntax, node: Node, tags: Sequence[str]) -> Iterator[Candidate]:
    """The function that is given the value, or what holds it, has no case for these tags."""
    matching, name = _matching(syntax, node) or (None, "")
    if matching is None:
        return
    cases = [child for child in matching.children if child.kind == "match_case"]
    missing = [Missing(tag, number) for number, tag in enumerate(tags)]
    bodies = [next(iter(determined(one, cases, matching)), None) or skeleton(one) for one in missing]
    change = problem.edit(*added_cases(matching, cases, [(body.pattern, body.text) for body in bodies]))
    kind = Kind.SKELETON if any(body.rule == "skeleton" for body in bodies) else Kind.FIX
    yield Candidate(f"Add {', '.join(tags)} to the cases of `{name}`", change, 0.9, kind)


def _matching(syntax: Syntax, node: Node) -> tuple[Node, str] | None:
    """The cases of tags of a function that is called with the value, and its name."""
    call = node.enclosing("application_expression")
    for path in (part for part in call.children if part.kind == "value_path") if call is not None else ():
        binding = lookup(syntax, path.text, path.start)
        body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
        matching = body if body is not None and body.kind in ("function_expression", "match_expression") else None
        cases = [child for child in matching.children if child.kind == "match_case"] if matching is not None else []
        if matching is not None and path != node and any(case.text.startswith("`") for case in cases):
            return matching, path.text
    return None


def _misspelt(problem: Problem, node: Node, tags: Sequence[str], known: Sequence[str]) -> Iterator[Candidate]:
    """The tag by itself; wherever the project has it, where it is in none of its types."""
    written = [one for one in node.walk("tag") if one.text in tags]
    left = _left(node, tags, known)
    others = left or [tag for tag in known if tag not in tags]
    yield from _renamed(problem, list(dict.fromkeys(one.text for one in written)), others, is_left=bool(left))
    for one in written:
        for other in others:
            alike = similarity(one.text, other)
            if alike >= _ALIKE:
                edit = TextEdit(one.start, one.end, other)
                yield Candidate(f"Replace `{one.text}` by `{other}`", problem.edit(edit), 0.95 * alike)


def _left(node: Node, tags: Sequence[str], known: Sequence[str]) -> list[str]:
    """The only tag of the type that the cases beside do not have."""
    case = node.enclosing("match_case")
    beside = case.parent.children if case is not None and case.parent is not None else ()
    patterns = [pattern for one in beside if one.kind == "match_case" and (pattern := one.field("pattern"))]
    taken = {one.text for pattern in patterns for one in pattern.walk("tag")}
    left = [tag for tag in known if tag not in taken]
    return left if len(left) == 1 and len(tags) == 1 else []


def _renamed(
    problem: Problem, tags: Sequence[str], known: Sequence[str], *, is_left: bool = False
) -> Iterator[Candidate]:
    """Tags that no type of the project has, each as the one of the known that it is like: in all files.

    `is_left`: the only known one is what the cases lack, however little it is like the tag.
    """
    places: dict[str, list[Node]] = {}
    typed: set[str] = set()
    for path in [p for p in problem.view.paths() if p.endswith((".ml", ".mli"))][:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or "`" not in text:
            continue
        syntax = ocaml_syntax.parse(text, path)
        typed.update(tag for type_ in syntax.walk(_TYPES) for tag in _TAG.findall(type_.text))
        for one in syntax.walk("tag"):
            places.setdefault(one.text, []).append(one)
    for tag in tags:
        used = places.get(tag, [])
        other, alike = max(((one, _likeness(tag, one)) for one in known), key=lambda pair: pair[1], default=("", 0.0))
        alike = max(alike, _SHORT) if is_left else alike
        if tag in typed or not used or alike < _ALIKE:
            continue
        edits: dict[str, list[TextEdit]] = {}
        for one in used:
            edits.setdefault(one.syntax.path, []).append(TextEdit(one.start, one.end, other))
        times = f" ({len(used)} times)" if len(used) > 1 else ""
        yield Candidate(f"Replace `{tag}` by `{other}`{times}", problem.edit_each(edits), 0.95 * alike + _TOGETHER)


def _likeness(tag: str, other: str) -> float:
    names = tag[1:].casefold(), other[1:].casefold()
    return max(similarity(tag, other), _SHORT if is_short_for(*names) or mean_the_same(*names) else 0.0)


def _types(problem: Problem, syntax: Syntax, node: Node, closed: str) -> Iterator[Node]:
    """The type as it is written: the nearest with these very tags, or the declaration of that name."""
    tags = set(_TAG.findall(closed))
    if tags:
        written = [type_ for type_ in syntax.walk(_TYPES) if set(_TAG.findall(type_.text)) == tags]
        yield from sorted(written, key=lambda type_: abs(type_.start - node.start))
        if written:
            return
    name = re.split(r"[\s.]", closed.strip())[-1]
    own = problem.diagnostic.path
    paths = [own, *(p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and p != own)]
    qualifier = re.search(r"([A-Z]\w*?)\.[\w']+$", closed.strip().replace("__", "."))  # most modules have a type `t`
    module = qualifier[1] if qualifier is not None else module_of(own)
    named = [path for path in paths if not tags and module_of(path) == module]
    found = [body for path in named for body in _declared_as(problem, path, name, tags)]
    yield from found or [body for path in paths[:_FILES_AT_MOST] for body in _declared_as(problem, path, name, tags)]


def _declared_as(problem: Problem, path: str, name: str, tags: Collection[str]) -> Iterator[Node]:
    text = text_of(problem.view, path)
    if text is not None and "`" in text:
        for item in ocaml_syntax.parse(text, path).declared:
            body = item.node.field("body") if item.kind == "type" else None
            if body is None or body.kind != _TYPES:
                continue
            if item.name == name if not tags else set(_TAG.findall(body.text)) == tags:
                yield body


def _added(problem: Problem, type_: Node, tags: Sequence[str]) -> ChangeSet:
    """The tags at the end, in this file and, where a type of that name is in the interface too, there."""
    changes = problem.edit(_edit(type_, tags), path=type_.syntax.path)
    item = type_.enclosing("type_binding")
    name = item.child("type_constructor") if item is not None else None
    path = type_.syntax.path
    beside = path[:-1] if path.endswith(".mli") else f"{path}i"
    text = text_of(problem.view, beside) if name is not None else None
    for other in ocaml_syntax.parse(text, beside).declared if text is not None else ():
        body = other.node.field("body") if other.kind == "type" else None
        if name is not None and other.name == name.text and body is not None and body.kind == _TYPES:
            changes = changes.then(problem.edit(_edit(body, tags), path=beside))
    return changes


def _edit(type_: Node, tags: Sequence[str]) -> TextEdit:
    last = type_.named_children[-1] if type_.named_children else None
    at = last.end if last is not None else type_.end - 1
    text, lines = type_.text, type_.text.count("\n")
    gap = " | "
    if lines >= len(type_.named_children) - 1 and lines and last is not None:  # one to a line
        before = type_.syntax.text[: last.start]
        bar = before.rfind("|")
        line = before.rfind("\n") + 1
        gap = "\n" + " " * (bar - line if bar >= line else len(before) - line) + "| "
    return TextEdit(at, at, "".join(f"{gap}{tag}" for tag in tags)) if text else TextEdit(at, at, "")
