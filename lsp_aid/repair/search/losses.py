"""What an edit throws away of what its author wrote."""

from collections import Counter

from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.search.edit import Edit

MOST_LOST = 1
"""A name, an operator, a literal may go: an argument too many, a conversion. More is no repair."""

_LAYOUT = frozenset(("(", ")", "begin", "end", ";;", ",", ";", "->", "fun", "in", "rec", "[", "]"))
"""Tokens that say how the others are put together."""

_ANYTHING = ("small>", "large>", "constant>")
_CONSTANTS = ("name>int", "name>float", "name>string", "name>bool", "name>unit", "name>pair", "name>[]", "name>None")


def throws_away(edit: Edit) -> bool:
    """Whether an edit, or one of its parts, drops code, or puts something else in the place of what was computed."""
    return any(
        part.kind.startswith((*_ANYTHING, *_CONSTANTS)) or lost(part) > MOST_LOST for part in edit.parts or (edit,)
    )


def lost(edit: Edit) -> int:
    """How many names, literals and operators are gone without another in their place."""
    old: Counter[str] = Counter()
    new: Counter[str] = Counter()
    for start, end, text in edit.changes:
        old.update(_words(edit.node.program.text[start:end]))
        new.update(_words(text))
    return (old - new).total() - (new - old).total()


def _words(text: str) -> list[str]:
    return [token.text for token in tokens(text) if not token.is_comment and token.text not in _LAYOUT]
