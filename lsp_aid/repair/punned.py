"""Edits of a name that stands for two, the field or label and its value: where the value changes, both are written.

{ settings; queue }                       { settings = Lazy.force settings; queue }
connect ~port                             connect ~port:(int_of_string port)
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml.syntax import Node, Syntax, parse

_NAME = re.compile(r"[a-z_][\w']*")
_BEFORE = re.compile(r"(?:[{;]\s*|\bwith\s+|[~?])(?:[a-z_][\w']*)?$")
_NO_VALUE = re.compile(r"[;{}=:]|,(?![^(]*\))|\b(?:with|let|in|fun|match|if)\b")
_LONGEST = 200


def written_out(text: str, path: str, edits: Sequence[TextEdit]) -> list[TextEdit]:
    """The edits; those that give a punned name another value name the field or label before it."""
    near = [e for e in edits if len(e.text) < _LONGEST and _BEFORE.search(text, max(0, e.start - _LONGEST), e.start)]
    if not near or not path.endswith(".ml"):
        return list(edits)
    syntax = parse(text, path)
    made = list(edits)
    for edit in [] if syntax.has_error else near:
        name = _punned(syntax, edit)
        inside = [e for e in made if name is not None and name.start <= e.start and e.end <= name.end]
        if name is None or edit not in inside or _is_next(name, inside):
            continue
        moved = [TextEdit(e.start - name.start, e.end - name.start, e.text) for e in inside]
        value = apply_text_edits(name.text, moved).strip()
        if _is_of(name.text, value):
            first = made.index(inside[0])
            made = [e for e in made if e not in inside]
            made.insert(first, TextEdit(name.start, name.end, _both(name, value)))
    return made


def _punned(syntax: Syntax, edit: TextEdit) -> Node | None:
    """The name, of a field or of a label, that is its value as well."""
    start = edit.start - len(_last_name(syntax.text[max(0, edit.start - _LONGEST) : edit.start]))
    name = _NAME.match(syntax.text, start)
    node = syntax.node_at(start, name.end()) if name is not None else None
    if node is None or name is None:
        return None
    for around in (node, *node.ancestors()):
        if around.kind == "field_expression" and (around.start, around.end) == (start, name.end()):
            return around
        if around.kind == "labeled_argument" and around.end == name.end():
            return around.child("label_name")
    return None


def _is_next(name: Node, edits: Sequence[TextEdit]) -> bool:
    """Whether what is added is another argument, behind a label."""
    is_label = name.kind == "label_name"
    return is_label and all(edit.start == name.end and edit.text[:1].isspace() for edit in edits)


def _is_of(name: str, value: str) -> bool:
    """Whether it is an expression that is made of the value of that name."""
    if _NAME.fullmatch(value) or not re.search(rf"(?<![\w']){re.escape(name)}(?![\w'])", value):
        return False
    return _is_closed(value) or not _NO_VALUE.search(re.sub(r"[~?][\w']+:", "", value))


def _last_name(text: str) -> str:
    found = re.search(r"[a-z_][\w']*$", text)
    return found[0] if found else ""


def _both(name: Node, value: str) -> str:
    if name.kind != "field_expression":
        return f"{name.text}:{value if _is_closed(value) else f'({value})'}"
    return f"{name.text} = {value[1:-1] if _is_closed(value) and ':' not in value else value}"


def _is_closed(value: str) -> bool:
    """Whether it is one expression in parentheses."""
    return value.startswith("(") and value.find(")") == len(value) - 1
