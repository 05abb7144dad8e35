"""The parentheses of a dune file: one that lacks or is too many, and fields that stand in the wrong place.

    (library (name a) (flags (-g) (libraries b)))       (library (name a) (flags (-g)) (libraries b))
    (library (name a)) (libraries b)                    (library (name a) (libraries b))
    executable (name main)                              (executable (name main))
    (library name shop)                                 (library (name shop))

Where parentheses do not match, the layout says what was meant: what starts a line stands within what starts further to
the left.
"""

import itertools
import re
from collections.abc import Collection, Iterator, Sequence

from attrs import define, field

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_words, messages
from lsp_aid.ocaml.dune_file import Group, Node, Word
from lsp_aid.repair.dune_places import is_dune_file, written
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import column, newline, starts_line

_HOLDS_WORDS = frozenset(
    """name names public_name public_names package synopsis libraries modules private_modules flags ocamlc_flags
    ocamlopt_flags link_flags wrapped preprocess pps kind modes optional enabled_if ppx_runtime_libraries targets target
    modules_without_implementation alias mode library_flags""".split()  # noqa: SIM905
)
"""Fields in which no field stands."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;[^\n]*|[()]|[^\s()";]+', re.DOTALL)


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if not is_dune_file(problem.diagnostic.path) or problem.diagnostic.source != "dune":
        return []
    text = problem.source.text
    nodes, faults = dune_file.parse(text)
    if faults:
        return list(_balanced(problem, text))
    moved = [*_moved_out(problem, text, nodes), *_moved_in(problem, text, nodes)]
    return [*moved, *_wrapped(problem, nodes), *_opened(problem, nodes)]


# --- parentheses that do not match ---


@define
class _Layout:
    """Goes over a text as its lines are indented. `edits` make the parentheses follow that."""

    text: str
    edits: list[TextEdit] = field(factory=list)
    open: list[tuple[int, int]] = field(factory=list)  # the column and the offset of each open parenthesis

    def run(self) -> Sequence[TextEdit]:
        tokens = [match for match in _TOKEN.finditer(self.text) if not match[0].startswith(";")]
        for number, token in enumerate(tokens):
            at = token.start()
            if token[0] == "(":
                if starts_line(self.text, at):
                    self._close(column(self.text, at), tokens[number - 1].end() if number else 0)
                self.open.append((column(self.text, at), at))
            elif token[0] == ")":
                following = tokens[number + 1] if number + 1 < len(tokens) else None
                self._end(token, following)
        self._close(0, tokens[-1].end() if tokens else 0)
        return self.edits

    def _close(self, column_of_next: int, after: int) -> None:
        """Closes what starts at this column or further right."""
        while self.open and self.open[-1][0] >= column_of_next:
            self.open.pop()
            self.edits.append(TextEdit(after, after, ")"))

    def _end(self, token: re.Match[str], following: re.Match[str] | None) -> None:
        """A `)`: of the last group that is open, or too many where what follows belongs to that group."""
        if not self.open:
            self.edits.append(TextEdit(token.start(), token.end(), ""))
            return
        if following is not None and following[0] != ")" and starts_line(self.text, following.start()):
            opened = self.open[-1]
            first_of_line = starts_line(self.text, opened[1])
            if first_of_line and opened[0] < column(self.text, following.start()):
                self.edits.append(TextEdit(token.start(), token.end(), ""))
                return
        self.open.pop()


def _balanced(problem: Problem, text: str) -> Iterator[Candidate]:
    """The text with parentheses that match: by its layout, or by what is added or taken away at the end."""
    quotes = list(_closing_quote(problem, text))
    if quotes:
        yield from quotes
        return
    ways = [(_Layout(text).run(), 0.9), (list(_headless(text)), 0.92), (list(_at_the_end(text)), 0.4)]
    seen = set()
    for edits, weight in ways:
        change = problem.edit(*edits) if edits else None
        after = change.files[0].after if change and change.files else None
        if change is None or after is None or after in seen or dune_file.parse(after)[1]:
            continue
        seen.add(after)
        yield Candidate(_told(problem, edits), change, weight / len(edits) ** 0.25)


def _told(problem: Problem, edits: Sequence[TextEdit]) -> str:
    lines = sorted({problem.source.position(edit.start).line + 1 for edit in edits})
    places = ", ".join(map(str, lines))
    where = f"line{'s' * (len(lines) > 1)} {places}"
    if all(set(edit.text) == {")"} for edit in edits):
        return f"Add the missing `)` on {where}"
    if all(edit.text == "(" for edit in edits):
        return f"Add the missing `(` on {where}"
    if all(not edit.text for edit in edits):
        return f"Remove the `)` too many on {where}"
    return f"Put the parentheses right on {where}"


def _headless(text: str) -> Iterator[TextEdit]:
    """A stanza or a field whose `(` lacks: `executable` alone at the start of a line, `name` in a stanza."""
    for node in dune_file.parse(text)[0]:
        if isinstance(node, Word) and node.value in (*dune_words.STANZAS, *dune_words.PROJECT):
            yield TextEdit(node.start, node.start, "(")
        if isinstance(node, Group):
            yield from (TextEdit(word.start, word.start, "(") for word in _bare_fields(node))


def _bare_fields(stanza: Group) -> Iterator[Word]:
    """The words of a stanza that are names of its fields, where a field should stand."""
    fields = dune_words.fields_of(stanza.head)
    for before, item in itertools.pairwise(stanza.items):
        if isinstance(item, Word) and item.value in fields and (isinstance(before, Group) or before.end < item.start):
            yield item


def _at_the_end(text: str) -> Iterator[TextEdit]:
    open_groups = 0
    last = 0
    for token in _TOKEN.finditer(text):
        if token[0] == ")" and not open_groups:
            yield TextEdit(token.start(), token.end(), "")
        elif token[0] in "()":
            open_groups += 1 if token[0] == "(" else -1
        if not token[0].startswith(";"):
            last = token.end()
    if open_groups > 0:
        yield TextEdit(last, last, ")" * open_groups)


def _closing_quote(problem: Problem, text: str) -> Iterator[Candidate]:
    """A string without an end: it ends with its word, or with its line."""
    fault = next((fault for fault in dune_file.parse(text)[1] if fault.message.startswith("this string")), None)
    if fault is None:
        return
    line_end = text.find("\n", fault.offset)
    line = text[fault.offset + 1 : line_end if line_end >= 0 else len(text)]
    for end, weight in ((re.search(r"\)*\s*$", line), 0.9), (re.search(r"[\s()]|$", line), 0.5)):
        at = fault.offset + 1 + (end.start() if end else len(line))
        change = problem.edit(TextEdit(at, at, '"'))
        after = change.files[0].after or ""
        if not dune_file.parse(after)[1]:
            shown = text[fault.offset : at]
            yield Candidate(f'Close the string: `{shown}"`', change, weight)


# --- fields in the wrong place ---


def _stanza_at(nodes: Sequence[Node], offset: int) -> Group | None:
    return next((n for n in nodes if isinstance(n, Group) and n.start <= offset < n.end), None)


def _moved_out(problem: Problem, text: str, nodes: Sequence[Node]) -> Iterator[Candidate]:
    """A field within another field, or a stanza within a stanza, becomes what stands behind that."""
    stanza = _stanza_at(nodes, problem.start)
    if stanza is None:
        return
    fields = dune_words.fields_of(stanza.head)
    for child in stanza.arguments:
        if not isinstance(child, Group):
            continue
        if child.head in dune_words.STANZAS and child.head not in fields and fields and problem.start <= child.end:
            if child.start <= problem.start:
                yield _move(problem, text, child, stanza)
            continue
        if child.head in _HOLDS_WORDS:
            for inner in _within(child, fields):
                if inner.start <= problem.start < inner.end or problem.start <= inner.start < problem.end:
                    yield _move(problem, text, inner, child)


def _within(group: Group, fields: frozenset[str]) -> Iterator[Group]:
    for item in group.arguments:
        if isinstance(item, Group):
            if item.head in fields and item.arguments:
                yield item
            elif item.head in _HOLDS_WORDS:
                yield from _within(item, fields)


def _move(problem: Problem, text: str, moved: Group, behind: Group) -> Candidate:
    taken = dune_file.remove(text, moved)
    indent = newline(text) + " " * column(text, behind.start) if starts_line(text, behind.start) else " "
    shift = column(text, moved.start) - column(text, behind.start)
    lines = text[moved.start : moved.end].split("\n")
    body = "\n".join([lines[0], *(_dedented(line, shift) for line in lines[1:])])
    change = problem.edit(taken, TextEdit(behind.end, behind.end, indent + body))
    return Candidate(f"Move `{written(text, moved)}` out of `({behind.head} ...)`", change, 0.93)


def _dedented(line: str, by: int) -> str:
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(by, spaces) :] if by > 0 else line


def _moved_in(problem: Problem, text: str, nodes: Sequence[Node]) -> Iterator[Candidate]:
    """Fields behind the end of a stanza belong into it."""
    at = next((i for i, n in enumerate(nodes) if n.start <= problem.start < n.end), None)
    if at is None or not at:
        return
    first = at
    while first and not _is_stanza(problem, nodes[first - 1]):
        first -= 1
    last = at
    while last + 1 < len(nodes) and not _is_stanza(problem, nodes[last + 1]):
        last += 1
    stanza = nodes[first - 1] if first else None
    moved = nodes[first : last + 1]
    if not isinstance(stanza, Group) or any(_is_stanza(problem, node) for node in moved):
        return
    if not all(isinstance(node, Group) and node.head in dune_words.fields_of(stanza.head) for node in moved):
        return
    end = moved[-1].end
    change = problem.edit(TextEdit(stanza.end - 1, stanza.end, ""), TextEdit(end, end, ")"))
    shown = ", ".join(f"`{written(text, node)}`" for node in moved)
    yield Candidate(f"Put {shown} into the {stanza.head} above", change, 0.93)


def _is_stanza(problem: Problem, node: Node) -> bool:
    return isinstance(node, Group) and node.head in _stanzas(problem.diagnostic.path)


def _stanzas(path: str) -> Collection[str]:
    return dune_words.PROJECT if path.endswith("dune-project") else dune_words.STANZAS


def _opened(problem: Problem, nodes: Sequence[Node]) -> Iterator[Candidate]:
    """`(library name shop)`: parentheses around fields that have none, up to the next field."""
    message = messages.read(problem.diagnostic)
    stanza = _stanza_at(nodes, problem.start)
    if stanza is None or not isinstance(message, messages.BrokenRule) or message.rule != "dune-syntax":
        return
    known = dune_words.fields_of(stanza.head)
    bare = list(_bare_fields(stanza))
    if not any(word.start <= problem.start < word.end for word in bare):
        return
    edits = []
    for number, word in enumerate(bare):
        until = bare[number + 1].start if number + 1 < len(bare) else stanza.end
        fields = [item for item in stanza.items if isinstance(item, Group) and item.head in known]
        until = min([until, *(field.start for field in fields if field.start > word.start)])
        own = [item for item in stanza.items if word.start <= item.start < until]
        end = own[-1].end
        edits += [TextEdit(word.start, word.start, "("), TextEdit(end, end, ")")]
    shown = ", ".join(f"`{word.value}`" for word in bare)
    yield Candidate(f"Put the fields {shown} into parentheses", problem.edit(*edits), 0.95)


def _wrapped(problem: Problem, nodes: Sequence[Node]) -> Iterator[Candidate]:
    """`library (name a)`: parentheses around a stanza that has none."""
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.BrokenRule) or message.rule != "dune-syntax":
        return
    for number, node in enumerate(nodes):
        if isinstance(node, Word) and node.start <= problem.start < node.end:
            last = number
            while (
                last + 1 < len(nodes)
                and not _is_stanza(problem, nodes[last + 1])
                and isinstance(nodes[last + 1], Group)
            ):
                last += 1
            end = nodes[last].end
            change = problem.edit(TextEdit(node.start, node.start, "("), TextEdit(end, end, ")"))
            yield Candidate(f"Put the stanza `{node.value}` into parentheses", change, 0.9)
