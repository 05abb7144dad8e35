"""The s-expressions of `dune` and `dune-project` files, with positions: read tolerantly, edited in place.

Read as dune reads them: `;` starts a comment, there is no other (`#|` and `#;` went with jbuilder), a quoted string
ends an atom, and lines that start with `"\\|` or `"\\>` make up a block string. Offsets are in code points of the
text. An edit keeps the layout that it finds.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from lsp_aid.domain.text import TextEdit

_NEXT = re.compile(r"(?:[ \t\r\n\f]+|;[^\n]*)*+(?P<next>[()\"]|(?P<atom>(?:%\{[^{}\s\"();]*\}|[^ \t\r\n\f();\"])+)|\Z)")
"""White space and comments, then what stands behind them."""
_BLOCK = re.compile(r"\"\\[|>][^\n]*(?:\n[ \t]*\"\\[|>][^\n]*)*")
_BLOCK_LINE = re.compile(r"[ \t]*\"\\([|>]) ?([^\r\n]*)\r?\n?")
_ESCAPE = re.compile(
    r"\\(?:\r?\n[ \t]*|x(?P<hex>[0-9a-fA-F]{2})|(?P<dec>[0-9]{3})|(?P<char>[\\\"'ntbr%{ ])|(?P<other>.?))", re.DOTALL
)
_ESCAPED = {"n": "\n", "t": "\t", "b": "\b", "r": "\r"}
_PLAIN = re.compile(r"[^\x00-\x20\x7f-\U0010ffff();\"\\%]+")


@frozen
class Word:
    """An atom or a string, at `[start, end)`. `value` is without quotes and escapes."""

    start: int
    end: int
    value: str
    quoted: bool = False


@frozen
class Group:
    """What stands between two parentheses, those included in `[start, end)`."""

    start: int
    end: int
    items: tuple["Node", ...]

    @property
    def head(self) -> str:
        """The first word; empty where the group does not start with one."""
        return self.items[0].value if self.items and isinstance(self.items[0], Word) else ""

    @property
    def arguments(self) -> tuple["Node", ...]:
        return self.items[1:]

    @property
    def words(self) -> tuple[str, ...]:
        """The words behind the head, without those of groups within."""
        return tuple(item.value for item in self.arguments if isinstance(item, Word))


Node = Word | Group


MAX_DEPTH = 200
"""Groups nested deeper are no groups: nobody writes them, and whoever walks the nodes may recurse."""
MAX_FAULTS = 100
MAX_TEXT = 500_000
"""Characters; longer files are generated, and nobody edits them."""


@frozen
class Fault:
    """Why a text is no sequence of s-expressions, at `offset`."""

    offset: int
    message: str


def parse(text: str) -> tuple[tuple[Node, ...], tuple[Fault, ...]]:
    """All nodes of the text, and what is wrong with it, the first `MAX_FAULTS` of that. An open group ends with the
    text, a stray `)` is skipped, and of a text longer than `MAX_TEXT` nothing is read."""
    if len(text) > MAX_TEXT:
        return (), (Fault(0, f"the file has more than {MAX_TEXT} characters"),)
    faults: list[Fault] = []
    open_at: list[int] = []
    levels: list[list[Node]] = [[]]
    too_deep = 0
    at, size = 0, len(text)
    find = _NEXT.match
    while at < size and (found := find(text, at)):
        at = found.end()
        start, kind = found.start("next"), found["next"]
        if found["atom"]:
            levels[-1].append(Word(start, at, kind))
        elif kind == "(" and len(open_at) == MAX_DEPTH:
            _note(faults, start, f"this `(` is nested more than {MAX_DEPTH} deep")
            too_deep += 1
        elif kind == ")" and too_deep:
            too_deep -= 1
        elif kind == "(":
            open_at.append(start)
            levels.append([])
        elif kind == ")" and open_at:
            group = Group(open_at.pop(), at, tuple(levels.pop()))
            levels[-1].append(group)
        elif kind == ")":
            _note(faults, start, "this `)` closes nothing")
        elif kind:
            word = _string(text, start, faults)
            levels[-1].append(word)
            at = word.end
    while open_at:
        _note(faults, open_at[-1], "this `(` is not closed")
        group = Group(open_at.pop(), size, tuple(levels.pop()))
        levels[-1].append(group)
    return tuple(levels[0]), tuple(faults)


def _note(faults: list[Fault], offset: int, message: str) -> None:
    if len(faults) < MAX_FAULTS:
        faults.append(Fault(offset, message))


def _string(text: str, at: int, faults: list[Fault]) -> Word:
    """The string, or the block string, that begins at a quote."""
    if block := _BLOCK.match(text, at):
        return Word(at, block.end(), _block_value(block.group()), quoted=True)
    end = at + 1
    while end < len(text) and text[end] != '"':
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        _note(faults, at, "this string is not closed")
        return Word(at, len(text), _unescape(text[at + 1 :]), quoted=True)
    return Word(at, end + 1, _unescape(text[at + 1 : end]), quoted=True)


def _block_value(raw: str) -> str:
    value = ""
    for line in _BLOCK_LINE.finditer(raw):
        kind, content = line.groups()
        value += (_unescape(content) if kind == "|" else content) + "\n"
    return value


def _unescape(raw: str) -> str:
    def plain(match: re.Match[str]) -> str:
        if match["hex"]:
            return chr(int(match["hex"], 16))
        if match["dec"]:
            return chr(min(int(match["dec"]), 255))
        if match["char"]:
            return _ESCAPED.get(match["char"], match["char"])
        return match.group() if match["other"] is not None else ""

    return _ESCAPE.sub(plain, raw)


def quote(value: str) -> str:
    """The word as it is written in a dune file: bare where that is possible."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("%{", "\\%{")
    for letter, char in _ESCAPED.items():
        escaped = escaped.replace(char, "\\" + letter)
    return f'"{escaped}"'


def stanzas(text: str) -> tuple[Group, ...]:
    """The groups at the top of the text."""
    return tuple(node for node in parse(text)[0] if isinstance(node, Group))


def field(group: Group, name: str) -> Group | None:
    """The first field of that name: `(libraries ...)` in a `(library ...)`."""
    return next((item for item in group.items if isinstance(item, Group) and item.head == name), None)


def words(group: Group, name: str) -> tuple[str, ...]:
    """The words of a field; none where it is missing."""
    found = field(group, name)
    return found.words if found else ()


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """All nodes, outer ones first, in the order of the text."""
    for node in nodes:
        yield node
        if isinstance(node, Group):
            yield from walk(node.items)


def around(nodes: Sequence[Node], offset: int) -> tuple[Group, ...]:
    """The groups that hold the place, the outermost first."""
    for node in nodes:
        if isinstance(node, Group) and node.start <= offset < node.end:
            return (node, *around(node.items, offset))
    return ()


def add_to_field(text: str, stanza: Group, name: str, value: str) -> TextEdit:
    """Adds a word to a field, as the last one, in the field's layout; with the field itself where it is missing.

    A library or a module gets its place where the words are in order and no comment is in front of that.
    """
    found = field(stanza, name)
    if found is None:
        return add_field(text, stanza, f"({name} {quote(value)})")
    items = list(found.arguments)
    removed_from = next((i for i, item in enumerate(items) if isinstance(item, Word) and item.value == "\\"), None)
    if removed_from is not None:  # what stands behind `\` is taken away
        items = items[:removed_from]
    if not items:
        after = found.items[0].end
        return TextEdit(after, after, f" {quote(value)}")
    last, behind = items[-1], _behind(text, found, items, value)
    if behind is not None:
        is_own_line = _one_to_a_line(text, found, items)
        gap = _newline(text) + " " * _column(text, behind.start) if is_own_line else " "
        return TextEdit(behind.start, behind.start, quote(value) + gap)
    if not _one_to_a_line(text, found, items):
        return TextEdit(last.end, last.end, f" {quote(value)}")
    at = _line_comment_end(text, last.end)
    return TextEdit(at, at, _newline(text) + " " * _column(text, last.start) + quote(value))


_UNORDERED = frozenset({"libraries", "modules"})  # the order of their words means nothing


def _behind(text: str, found: Group, items: Sequence[Node], value: str) -> Word | None:
    """The word that a new one stands in front of where two or more are in the order of the alphabet. A comment before
    it is about it, most likely: there is no place between the two."""
    words = [item for item in items if isinstance(item, Word) and item.value[:1].isalpha()]
    values = [word.value for word in words]
    if found.head not in _UNORDERED or not 1 < len(words) == len(items) or values != sorted(values):
        return None
    number = next((number for number, other in enumerate(values) if other > value), None)
    if number is None:
        return None
    before = words[number - 1] if number else found.items[0]
    return words[number] if ";" not in text[before.end : words[number].start] else None


_FIRST = frozenset(
    {"name", "names", "public_name", "public_names", "package", "synopsis", "modules", "wrapped"}
)  # the fields that a stanza usually starts with


def add_field(text: str, stanza: Group, written: str) -> TextEdit:
    """Adds a field, as it is to be written, behind those that a stanza usually starts with, in the stanza's layout."""
    before = [item for item in stanza.items if isinstance(item, Group) and item.head in _FIRST] or stanza.items[:1]
    if not before:
        return TextEdit(stanza.start + 1, stanza.start + 1, written)
    at = before[-1].end
    if "\n" not in text[stanza.start : stanza.end]:
        return TextEdit(at, at, f" {written}")
    starts_line = [item for item in stanza.arguments if _starts_line(text, item.start)]
    column = _column(text, starts_line[0].start) if starts_line else _column(text, stanza.start) + 1
    at = _line_comment_end(text, at)
    return TextEdit(at, at, _newline(text) + " " * column + written)


def remove_from_field(text: str, stanza: Group, name: str, value: str) -> TextEdit | None:
    """Removes a word from a field, and the field where nothing else is in it. None where the word is not there."""
    found = field(stanza, name)
    if found is None:
        return None
    word = next((item for item in found.arguments if isinstance(item, Word) and item.value == value), None)
    if word is None:
        return None
    return remove(text, found if len(found.items) == 2 else word)


def remove(text: str, gone: Node) -> TextEdit:
    """Removes a node with the white space before it."""
    start = gone.start
    while start > 0 and text[start - 1] in " \t\r\n":
        start -= 1
    if text.rfind(";", text.rfind("\n", 0, start) + 1, start) >= 0:  # behind a comment the line break has to stay
        start = gone.start
    return TextEdit(start, gone.end, "")


def replace_atom(word: Word, value: str) -> TextEdit:
    """Writes another word in the place of this one."""
    return TextEdit(word.start, word.end, quote(value))


def _one_to_a_line(text: str, found: Group, items: Sequence[Node]) -> bool:
    """Whether each item has a line of its own; the first one may stand beside the field's name."""
    if "\n" not in text[found.start : items[-1].start]:
        return False
    return all(_starts_line(text, item.start) for item in items[1:])


def _starts_line(text: str, offset: int) -> bool:
    return not text[text.rfind("\n", 0, offset) + 1 : offset].strip()


def _column(text: str, offset: int) -> int:
    return offset - text.rfind("\n", 0, offset) - 1


def _line_comment_end(text: str, offset: int) -> int:
    """The end of the comment that follows on the same line; `offset` where none does."""
    comment = re.compile(r"[ \t]*;[^\r\n]*").match(text, offset)
    return comment.end() if comment else offset


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
