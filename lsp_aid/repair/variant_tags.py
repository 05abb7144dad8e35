"""Tags of polymorphic variants that a type does not have: misspelt, or not added to the type yet.

(c : [ `Red | `Green ]) ... `Blue       (c : [ `Red | `Green | `Blue ])
List.map name [ `Blue ], where `name` has no case for it
type c = [ `Red | `Green of int ]       `Gren 3 is `Green 3
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.case_bodies import Missing, determined, skeleton
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.missing_cases import added_cases
from lsp_aid.repair.places import node_of, text_of, tree
from lsp_aid.repair.similarity import similarity

_REFUSED = re.compile(r"does not allow tag\(s\) (.+?)(?:$|\.$)")
_TAG = re.compile(r"`[\w']+")
_CARRIED = re.compile(r"(`[\w']+)(?: of ([^|\]>]+))?")
_FILES_AT_MOST = 400
_ALIKE = 0.7
_TYPES = "polymorphic_variant_type"


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    refused = _REFUSED.search(problem.diagnostic.flat_message)
    if not isinstance(message, messages.TypeClash) or refused is None:
        return ()
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    tags = _TAG.findall(refused[1])
    closed = message.expected_as or message.expected
    types = list(_types(problem, syntax, node, closed))
    known = list(dict.fromkeys(t for type_ in types for t in _TAG.findall(type_.text))) or _TAG.findall(closed)
    found = list(_misspelt(problem, node, tags, known))
    carried = dict(_CARRIED.findall(message.found))
    written = [f"{tag} of {carried[tag].strip()}" if carried.get(tag) else tag for tag in tags]
    for number, type_ in enumerate(types):
        change = _added(problem, type_, written)
        shown = " and ".join(tags)
        found.append(Candidate(f"Add {shown} to `{' '.join(type_.text.split())}`", change, 0.7 / (1 + number)))
    return [*found, *_cases(problem, syntax, node, tags)]


def _cases(problem: Problem, syntax: Syntax, node: Node, tags: Sequence[str]) -> Iterator[Candidate]:
    """The function that is given the value, or what holds it, has no case for these tags."""
    call = node.enclosing("application_expression")
    for path in (part for part in call.children if part.kind == "value_path") if call is not None else ():
        binding = lookup(syntax, path.text, path.start)
        body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
        matching = body if body is not None and body.kind in ("function_expression", "match_expression") else None
        cases = [child for child in matching.children if child.kind == "match_case"] if matching is not None else []
        if matching is None or path == node or not any(case.text.startswith("`") for case in cases):
            continue
        missing = [Missing(tag, number) for number, tag in enumerate(tags)]
        bodies = [next(iter(determined(one, cases, matching)), None) or skeleton(one) for one in missing]
        change = problem.edit(*added_cases(matching, cases, [(body.pattern, body.text) for body in bodies]))
        kind = Kind.SKELETON if any(body.rule == "skeleton" for body in bodies) else Kind.FIX
        shown = ", ".join(tags)
        yield Candidate(f"Add {shown} to the cases of `{path.text}`", change, 0.9, kind)
        return


def _misspelt(problem: Problem, node: Node, tags: Sequence[str], known: Sequence[str]) -> Iterator[Candidate]:
    for written in node.walk("tag"):
        if written.text not in tags:
            continue
        for other in known:
            alike = similarity(written.text, other)
            if other not in tags and alike >= _ALIKE:
                edit = TextEdit(written.start, written.end, other)
                yield Candidate(f"Replace `{written.text}` by `{other}`", problem.edit(edit), 0.95 * alike)


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
    for path in paths[:_FILES_AT_MOST]:
        text = text_of(problem.view, path)
        if text is None or "`" not in text:
            continue
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
