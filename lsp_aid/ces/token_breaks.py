"""Slips of one token in real sources, most of which break the build: what fingers and memory do, and merges.

Each maker takes a path, its text and chance, and gives the text with the slip; None where there is nothing of its kind.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from lsp_aid.ocaml.syntax import parse
from lsp_aid.ocaml.tokens import Token, tokens

Maker = Callable[[str, str, Random], str | None]

_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_OPERATORS = (
    ("+", "-", "*", "/", "+.", "-.", "*.", "/.", "^", "@", "::", "mod"),
    ("=", "<>", "==", "!=", "<", ">", "<=", ">=", ":="),
    ("&&", "||", "&", "not", "@@", "|>"),
    (";", ",", "::", "|"),
    ("->", "=", "<-", ":=", ":"),
    (".", "#", "!", "~", "?"),
)
"""Operators and signs that are taken for one another."""
_KEYWORDS = (
    ("let", "and", "in", "type", "val", "module"),
    ("if", "when", "match", "while"),
    ("then", "do", "else", "with", "->"),
    ("match", "try", "function", "fun"),
    ("fun", "function"),
    ("of", "with", "=", ":"),
    ("begin", "do", "struct", "("),
    ("end", "done", ")"),
    ("open", "include"),
    ("module", "open", "type"),
    ("sig", "struct"),
    ("struct", "sig"),
    ("val", "let", "external"),
    ("type", "let", "module"),
    ("in", ";", "and"),
    ("and", "let", "type"),
    ("with", "in", "of", "->"),
    ("true", "false", "True"),
    ("false", "true", "False"),
    ("when", "if", "->"),
    ("else", "then", ";"),
)
"""A keyword, and what is written in its place."""
_LITERAL = re.compile(r"[0-9\"']")
_FORGOTTEN = ("rec", "in", "then", "of", "with", "else", "begin", "end", "do", "done", "->", "=", "|", ";", "(", ")")


def misspelt(name: str, chance: Random) -> str:
    """The name with a letter less, more, or other than it should be, or with two swapped."""
    at = chance.randrange(1, max(2, len(name)))
    kind = chance.randrange(5) if len(name) > 2 else 3
    if kind == 0:
        return name[:at] + name[at + 1 :]
    if kind == 1 and name[at : at + 2] != name[at : at + 2][::-1]:
        return name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    if kind == 2:
        row = next((row for row in _KEYBOARD if name[at].lower() in row), "xy")
        near = row.find(name[at].lower())
        other = row[near - 1] if near else row[1]
        return name[:at] + other + name[at + 1 :]
    return name[:at] + name[at - 1].lower() + name[at:]


def _replaced(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _code(text: str) -> Sequence[Token]:
    return [token for token in tokens(text) if not token.is_comment]


def _misspelling(*kinds: str) -> Maker:
    def make(path: str, text: str, chance: Random) -> str | None:
        nodes = [node for node in parse(text, path).walk(*kinds) if len(node.text) > 1]
        if not nodes:
            return None
        node = chance.choice(nodes)
        return _replaced(text, node.start, node.end, misspelt(node.text, chance))

    return make


def _other(*kinds: str) -> Maker:
    """Another name of the same kind, from the same file."""

    def make(path: str, text: str, chance: Random) -> str | None:
        nodes = list(parse(text, path).walk(*kinds))
        names = sorted({node.text for node in nodes})
        if len(names) < 2:
            return None
        node = chance.choice(nodes)
        return _replaced(text, node.start, node.end, chance.choice([n for n in names if n != node.text]))

    return make


def _deleted(_: str, text: str, chance: Random) -> str | None:
    code = _code(text)
    if not code:
        return None
    token = chance.choice(code)
    return _replaced(text, token.start, token.end, "")


def _doubled(_: str, text: str, chance: Random) -> str | None:
    code = _code(text)
    if not code:
        return None
    token = chance.choice(code)
    return _replaced(text, token.end, token.end, f" {token.text}")


def _swapped(_: str, text: str, chance: Random) -> str | None:
    code = _code(text)
    at = chance.randrange(max(1, len(code) - 1))
    first, second = code[at : at + 2] if len(code) > 1 else (None, None)
    if first is None or second is None or first.text == second.text:
        return None
    between = text[first.end : second.start] or " "
    swapped = f"{second.text}{between}{first.text} "
    return _replaced(
        text, first.start, second.end, swapped if text[second.end : second.end + 1].strip() else swapped[:-1]
    )


def _exchanged(groups: Mapping[str, Sequence[str]]) -> Maker:
    """One of these tokens for another that is taken for it."""

    def make(_: str, text: str, chance: Random) -> str | None:
        found = [token for token in _code(text) if token.text in groups]
        if not found:
            return None
        word = chance.choice(sorted({token.text for token in found}))  # rare ones are tried as often as common ones
        token = chance.choice([token for token in found if token.text == word])
        return _replaced(text, token.start, token.end, _spaced(text, token, chance.choice(groups[word])))

    return make


def _spaced(text: str, token: Token, new: str) -> str:
    """The new token, apart from what is next to it where it would run into that."""
    before, behind = text[token.start - 1 : token.start], text[token.end : token.end + 1]
    if new.isalnum():
        return f"{' ' * before.isalnum()}{new}{' ' * behind.isalnum()}"
    return new


def _operators() -> Iterator[tuple[str, Sequence[str]]]:
    for word in sorted({word for group in _OPERATORS for word in group}):
        yield word, tuple(other for group in _OPERATORS if word in group for other in group if other != word)


def _keywords() -> Mapping[str, Sequence[str]]:
    made: dict[str, tuple[str, ...]] = {}
    for word, *others in _KEYWORDS:
        made[word] = (*made.get(word, ()), *others)
    return made


def _literal(_: str, text: str, chance: Random) -> str | None:
    """A literal of another kind."""
    found = [token for token in _code(text) if _LITERAL.match(token.text) and len(token.text) < 60]
    found = [token for token in found if token.text[0] != "'" or len(token.text) > 2]
    if not found:
        return None
    token = chance.choice(found)
    word = token.text
    if word[0].isdigit():
        new = chance.choice([f'"{word}"', f"{word}.", f"'{word[0]}'"] if "." not in word else [word.split(".")[0]])
    elif word[0] == '"':
        is_word = word[1:-1].replace("_", "").isalnum()
        new = chance.choice([f"'{word[1]}'" if len(word) == 3 and is_word else "0", word[1:-1] if is_word else "0"])
    else:
        new = f'"{word[1:-1]}"'
    return _replaced(text, token.start, token.end, new)


def _forgotten(_: str, text: str, chance: Random) -> str | None:
    """Without a word or sign that is easily forgotten."""
    found = [token for token in _code(text) if token.text in _FORGOTTEN]
    if not found:
        return None
    word = chance.choice(sorted({token.text for token in found}))
    token = chance.choice([token for token in found if token.text == word])
    return _replaced(text, token.start, token.end, "")


def _label(path: str, text: str, chance: Random) -> str | None:
    """Another label, `?` for `~`, or no label."""
    syntax = parse(text, path)
    found = [node for node in syntax.walk("label_name") if text[node.start - 1 : node.start] in ("~", "?")]
    if not found:
        return None
    node = chance.choice(found)
    sign = text[node.start - 1]
    names = sorted({other.text for other in found} - {node.text})
    match chance.randrange(3):
        case 0 if names:
            return _replaced(text, node.start, node.end, chance.choice(names))
        case 1:
            return _replaced(text, node.start - 1, node.start, "?" if sign == "~" else "~")
        case _:
            return _replaced(text, node.start, node.end, misspelt(node.text, chance))


MAKERS: Mapping[str, Maker] = {
    "misspelt value": _misspelling("value_name"),
    "another value": _other("value_name"),
    "deleted token": _deleted,
    "misspelt constructor": _misspelling("constructor_name"),
    "another operator": _exchanged(dict(_operators())),
    "doubled token": _doubled,
    "another constructor": _other("constructor_name"),
    "forgotten token": _forgotten,
    "misspelt module": _misspelling("module_name"),
    "swapped tokens": _swapped,
    "another literal": _literal,
    "misspelt field": _misspelling("field_name"),
    "another keyword": _exchanged(_keywords()),
    "another type": _other("type_constructor"),
    "another label": _label,
    "misspelt type": _misspelling("type_constructor"),
    "another field": _other("field_name"),
    "another module": _other("module_name"),
}
"""By the names of their kinds. What they make is told apart from what was there by one token, or by two that have
changed places."""
