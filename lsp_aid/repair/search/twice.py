"""A type that is defined twice, as happens to those who try things out in a toplevel: the definitions become one."""

import re
from collections import Counter
from collections.abc import Sequence

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.ocaml.syntax import Item
from lsp_aid.repair.search.program import Program

_END = re.compile(r"\s*;;")
_EXTENDS = re.compile(r"[^=]*\+=")
"""`type t += A`, which defines no type."""


def once(text: str) -> tuple[str, str] | None:
    """The text with each type defined once, and what was done; None where there is no other.

    The first of two variant types gets the constructors that only the second one has; of others the second one stays.
    """
    program = Program.of(text)
    types = [item for item in program.syntax.items if item.kind == "type" and not _EXTENDS.match(item.node.text)]
    parts = Counter(item.start for item in types)
    seen: dict[str, Item] = {}
    edits: list[TextEdit] = []
    names: list[str] = []
    for item in types:
        first = seen.setdefault(item.path, item)
        if first is item or item.path in names or parts[first.start] + parts[item.start] > 2:
            continue
        names.append(item.path)
        known, more = (_constructors(program, one) for one in (first, item))
        if known and more:
            named, end = {one.name for one in known}, max(one.node.end for one in known)
            added = "".join(f" | {one.node.text}" for one in more if one.name not in named)
            edits += [TextEdit(end, end, added), _gone(text, item)]
        else:
            edits.append(_gone(text, first))
    if not edits:
        return None
    return apply_text_edits(text, edits), f"{', '.join(f'`{name}`' for name in names)} is defined twice"


def _constructors(program: Program, item: Item) -> Sequence[Item]:
    inside = (one for one in program.syntax.declared if one.kind == "constructor")
    return [one for one in inside if item.start <= one.node.start and one.node.end <= item.end]


def _gone(text: str, item: Item) -> TextEdit:
    end = _END.match(text, item.end)
    return TextEdit(item.start, end.end() if end else item.end, "")
