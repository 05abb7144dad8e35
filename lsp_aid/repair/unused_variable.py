"""Variables that are bound and not used: in patterns, parameters and local bindings."""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax, bound_names
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import is_pure, take_out


def variable(problem: Problem, tree: Syntax, name: str) -> Iterator[Candidate]:
    """The ways to be rid of a variable that nothing uses, at the place of the problem."""
    at = tree.node_at(problem.start, problem.end)
    node = next((n for n in at.walk(*_NAMES) if n.text.strip("() ") == name), None) if at else None
    if node is None:
        return
    around = node.parent
    if around is not None and around.kind == "field_path":
        yield from _punned(problem, node)
    elif around is not None and around.kind == "parameter" and around.children[0].kind in ("~", "?"):
        yield from _labelled(problem, around, node)
    elif around is not None and around.kind == "alias_pattern" and around.field("alias") == node:
        yield from _alias(problem, around, node)
    else:
        yield from _self(problem, node)
        yield from _binding(problem, node)
        yield from _plain(problem, node)


_ASKED = re.compile(r"[A-Z]\w*\.(?:length|is_empty|mem|is_some|is_none|equal|compare)(?:\s+[\w.']+)+")
_NAMES = ("value_pattern", "value_name", "field_name", "parenthesized_operator")


def _plain(problem: Problem, node: Node) -> Iterator[Candidate]:
    """`_x` and `_`, in all the alternatives of an or-pattern."""
    outermost = [above for above in node.ancestors() if above.kind == "or_pattern"]
    same = [n for n in bound_names(outermost[-1]) if n.text == node.text] if outermost else [node]
    if node.text[0].isalpha():
        marked = problem.edit(*(TextEdit(n.start, n.start, "_") for n in same))
        yield Candidate(f"Mark `{node.text}` as unused: `_{node.text}`", marked, 0.8)
    if node.kind == "value_pattern":
        ignored = problem.edit(*(TextEdit(n.start, n.end, "_") for n in same))
        yield Candidate(f"Replace the unused `{node.text}` by `_`", ignored, 0.55)


def _punned(problem: Problem, name: Node) -> Iterator[Candidate]:
    """`{ a; b }` is `{ a; _ }` without `b`."""
    part = name.enclosing("field_pattern")
    record = part.parent if part else None
    if part is None or record is None:
        return
    parts = [child for child in record.children if child.kind == "field_pattern"]
    text, place = name.syntax.text, parts.index(part)
    if len(parts) > 1:
        if place + 1 < len(parts):
            edits = [TextEdit(part.start, parts[place + 1].start, "")]
        else:
            edits = [TextEdit(parts[place - 1].end, part.end, "")]
        if not record.child("_"):
            at = parts[-1].end
            edits = [TextEdit(edits[0].start, at, "; _")] if edits[0].end == at else [*edits, TextEdit(at, at, "; _")]
        title = f"Leave the unused field `{name.text}` out of the pattern"
        yield Candidate(title, problem.edit(*edits), 0.85)
    ignored = problem.edit(TextEdit(part.end, part.end, " = _"))
    yield Candidate(f"Ignore the field: `{text[part.start : part.end]} = _`", ignored, 0.7)


def _labelled(problem: Problem, parameter: Node, name: Node) -> Iterator[Candidate]:
    """The label stays, for it is part of the type: `~x` becomes `~x:_`."""
    if parameter.child("label_name", ":") and parameter.children[1].kind != "(":
        yield from _plain(problem, name)
        return
    sign = parameter.children[0].text
    written = parameter.text[len(sign) :]
    inner = written[: name.start - parameter.start - 1] + "_" + written[name.end - parameter.start - 1 :]
    change = problem.edit(TextEdit(parameter.start, parameter.end, f"{sign}{name.text}:{inner}"))
    yield Candidate(f"Ignore the argument: `{sign}{name.text}:_`", change, 0.85)


def _alias(problem: Problem, alias: Node, name: Node) -> Iterator[Candidate]:
    pattern = alias.field("pattern")
    if pattern:
        removed = problem.edit(TextEdit(pattern.end, alias.end, ""))
        yield Candidate(f"Remove the unused `as {name.text}`", removed, 0.85)
    yield from _plain(problem, name)


def _self(problem: Problem, name: Node) -> Iterator[Candidate]:
    """`object (self) ... end` is an object without the name."""
    around = next((node for node in name.ancestors() if node.kind == "object_expression"), None)
    text = name.syntax.text
    if around is None or text[around.start : name.start].split() not in (["object", "("], ["object("]):
        return
    end = text.find(")", name.end) + 1
    if end and not text[name.end : end - 1].strip():
        change = problem.edit(TextEdit(around.start + len("object"), end, ""))
        yield Candidate(f"Remove the unused `({name.text})`", change, 0.85)


def _binding(problem: Problem, name: Node) -> Iterator[Candidate]:
    """Drops `let x = e in`: first choice where `e` is a constant, or made of what is there for it alone, second where
    it is computed of other names, for then it was wanted once, and a last one where it may do something. What is
    quickly asked for again, a length, is first choice, too."""
    binding = name.parent
    definition = binding.parent if binding else None
    expression = definition.parent if definition else None
    if binding is None or binding.kind != "let_binding" or definition is None or expression is None:
        return
    body = expression.field("body")
    bindings = [child for child in definition.children if child.kind == "let_binding"]
    if expression.kind != "let_expression" or body is None or len(bindings) > 1 or not definition.child("let"):
        return
    pure = bool(binding.child("parameter")) or is_pure(binding.field("body"))
    keyword = expression.child("in")
    end = keyword.end if keyword else body.start
    edit = take_out(name.syntax.text, expression.start, end)
    if edit.start == expression.start:
        edit = TextEdit(expression.start, body.start, "")
    title = f"Remove the unused binding of `{name.text}`"
    constant = all(_is_called(path) for path in binding.walk("value_path")) or _is_all_for(binding)
    is_asked = _ASKED.fullmatch(body_of.text) if (body_of := binding.field("body")) is not None else None
    weight = 0.3 if not pure else 0.85 if constant or is_asked or binding.child("parameter") else 0.75
    yield Candidate(title, problem.edit(edit), weight)


def _is_called(path: Node) -> bool:
    return path.parent is not None and path.parent.kind == "application_expression" and path.parent.children[0] == path


def _is_all_for(binding: Node) -> bool:
    """Whether each variable in a definition is local and used nowhere else: that of a measured time, say."""
    inside = {path.text for path in binding.walk("value_path") if "." not in path.text}
    found = [lookup(binding.syntax, name, binding.end - 1) for name in inside]
    if not found or any(one is None or one.kind != "value" or not _is_local(one.binding) for one in found):
        return False
    uses = [path for path in binding.syntax.walk("value_path") if path.text in inside]
    return all(binding.start <= use.start < binding.end for use in uses)


def _is_local(binding: Node) -> bool:
    definition = binding.parent
    return definition is not None and definition.parent is not None and definition.parent.kind == "let_expression"
