"""Reads what one run of dune or of the OCaml compiler printed.

The output is a sequence of blocks. A block starts with a head, `File "x.ml", line 3, characters 4-9:`, then has an
excerpt of the source, then the message, whose first line says what it is: `Error:`, `Error (warning 8 [..]):`,
`Warning 53 [..]:`, `Alert deprecated:`. Three more shapes: a block whose message is indented belongs to the one before
it, an `Error:` without a head is about the project as a whole, and a block without any such word is a rule that
failed, with what it printed (a promotion's diff, for one). Where `CI` is set, dune says before each of these which
command it was, and no longer leaves out what two commands said alike. Seen with OCaml 4.08 to 5.3 and dune 3.

What ocamllex, ocamlyacc and menhir say has the same heads; a message about what they generated is placed in the source
that they generated it from. Of conflicts they tell without a head.
"""

import itertools
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence

from attrs import evolve, field, frozen

from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.ocaml import generated, messages
from lsp_aid.ocaml.generated import GRAMMARS, Pointed

Read = Callable[[str], str | None]

_NUMBER = r"-?\d{1,9}"
_PLACE = (
    rf'File "(?P<path>[^"]*)", lines? (?P<line>{_NUMBER})(?:-(?P<last>{_NUMBER}))?'
    rf"(?:, characters? (?P<start>{_NUMBER})(?:-(?P<end>{_NUMBER}))?)?:"
)
_HEAD = re.compile(rf"{_PLACE}[ \t]*(?P<rest>.*)")
_INNER = re.compile(rf"\s+{_PLACE}[ \t]*(?P<rest>.*)")
_GLUED = re.compile(rf".*\S.*?(?P<head>{_PLACE})")
_FIRST_OF_EXCERPT = re.compile(r"\s*\d+ \| ")
_LEX_WARNING = re.compile(r"(?:\S*/)?ocamllex warning:")
"""What it is about follows."""
_CONFLICTS = re.compile(
    r"(?:Warning: )?(?:(?:one|\d+) (?:state|shift/reduce|reduce/reduce|end-of-stream)[ \w/-]*conflicts?\b.*"
    r"|in total, \d+ productions? (?:is|are) never reduced\.|\d+ rules? never reduced)"
)
_OF_YACC = re.compile(r"\S*ocamlyacc: [a-z] - (?P<message>.*)")
_NUMBERED = re.compile(r"\s*\d+ \| ?(.*)")
_DIRECTIVE = re.compile(rf'# ({_NUMBER}) "[^"]*\.ml[ly]"')
_PART = re.compile(r"\$\w+")
_AT_WORD = re.compile(r"[\w']+|\S")
_CARET = re.compile(r"\s*\^")
_GENERATOR = re.compile(r"\b(?:menhir|ocamlyacc)\b.* (?P<path>[^ ]+\.mly)\b")
_EXCERPT = re.compile(r"\s*\d+ \|.*|[\s^]*|\s*\.\.\.\s*")
_TITLE = re.compile(
    r"(?:Error(?: \((?P<fatal>[^)]*)\))?|(?P<warning>Warning \d+(?: \[[^\]]*\])?)|(?P<alert>Alert [\w'.]+)):"
    r"[ \t]?(?P<rest>.*)"
)
_WARNING = re.compile(r"Warning:[ \t]?(?P<rest>.*)")
"""How dune and menhir begin a warning, and any program may begin a line."""
_HINT = re.compile(r"^[^\S\n]*Hint:\s*(.*?)(?=^-> required by|\Z)", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"\(cd .+ && .*\)(?: [<&>].*)?|/\S+ .* _build/\S+ _build/\S+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BUILD_FOLDER = re.compile(r"_build/(?:\.sandbox/[^/]+/)?[^/.][^/]*/(?=.)")
_MOST_MESSAGES = 20_000
"""Nobody reads on from here."""
_MOST_RELATED = 50  # a compiler has a few; a program that prints what looks like them may have any number
_NO_FILES = ("_none_", "_unknown_", "command line")
_DUNE_FILES = re.compile(r"(?:.*/)?(?:dune|dune-project|dune-workspace|dune\.inc|[^/]*\.opam)")


@frozen
class _Block:
    """The lines of one message, without head and excerpt. `head` is None for an `Error:` that has none. `excerpt` is of
    the source. `grammar`: of conflicts, the file that they are in, empty where that is not said. `also`: further heads
    that stand right behind the first."""

    head: re.Match[str] | None
    lines: list[str] = field(factory=list)
    excerpt: list[str] = field(factory=list)
    grammar: str | None = None
    also: list[re.Match[str]] = field(factory=list)


def parse(output: str | bytes, read: Read, command: str = "") -> tuple[Diagnostic, ...]:
    """The messages in `output`, in order, each once. Text of any other kind is passed over; garbage never raises.

    `read` gives the text of a path as the messages name it (a leading `_build/default/` taken off), None where there
    is none: the compiler counts columns in bytes, and only the text tells how many code points these are. `command`
    is what printed the output, where that is known.
    """
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    places = _Places(read)
    found: list[Diagnostic] = []
    lines = _unglued(_COLOUR.sub("", text).replace("\r\n", "\n").split("\n"))
    blocks = list(itertools.islice(_blocks(lines, grammar_of(command)), _MOST_MESSAGES))
    for number, block in enumerate(blocks):
        if block.grammar is not None:
            beside = (places.of(b.head, b.excerpt)[0] for b in blocks[max(0, number - 1) : number + 2] if b.head)
            path = block.grammar or next((path for path in beside if path.endswith(".mly")), "")
            message = "\n".join(block.lines)
            found.append(Diagnostic(path, places.first_line(path), Severity.WARNING, message, source="dune"))
        elif _is_related(block, found):
            assert block.head is not None  # _is_related holds that
            message = "\n".join(line.strip() for line in block.lines).strip()
            related = Related(*places.of(block.head, block.excerpt), message)
            found[-1] = evolve(found[-1], related=(*found[-1].related, related)[:_MOST_RELATED])
        elif (diagnostic := _diagnostic(block, places)) is not None:
            found.append(diagnostic)
    return tuple(dict.fromkeys(found))


def untitled(message: str) -> tuple[str | None, str]:
    """The code and the text of a message that has its title in front: `Error (warning 26 [unused-var]): unused ...`"""
    title = _TITLE.match(message)
    if title is None:
        return None, message
    return _code(title), message[title.start("rest") :]


def grammar_of(command: str) -> str:
    """The grammar that a command makes a parser of, empty for any other command."""
    match = _GENERATOR.search(command)
    return _clean(match["path"]) if match else ""


def _unglued(lines: Sequence[str]) -> list[str]:
    """With every head on a line of its own: before it may stand what a program printed without an end of line."""
    found: list[str] = []
    for line, following in itertools.pairwise([*lines, ""]):
        glued = _FIRST_OF_EXCERPT.match(following) and 'File "' in line and _GLUED.fullmatch(line)
        found += [line[: glued.start("head")], line[glued.start("head") :]] if glued else [line]
    return found


def _blocks(lines: Sequence[str], grammar: str) -> Iterator[_Block]:
    block: _Block | None = None
    in_excerpt = warns = False
    for number, line in enumerate(lines):
        if not line and block is None:
            continue
        head = _HEAD.fullmatch(line) if line.startswith('File "') else None
        if head and block is not None and block.head and not (block.lines or block.excerpt or head["rest"]):
            block.also.append(head)
        elif head or (_TITLE.match(line) and (block is None or block.lines)):
            if block is not None:
                yield block
            first = head["rest"] if head else line
            first, warns = f"Warning: {first}" if warns and head else first, False
            block = _Block(head, [first] if first else [])
            in_excerpt = head is not None and not first
        elif block is not None and in_excerpt and _EXCERPT.fullmatch(line):
            block.excerpt.append(line)
        elif _CONFLICTS.fullmatch(line) and (block is None or _may_be_over(block)):
            if block is not None and block.grammar is None:
                yield block
                block = None
            block = block or _Block(None, grammar=grammar)
            block.lines.append(line.removeprefix("Warning: "))
        elif _LEX_WARNING.fullmatch(line):
            warns = True
        elif _COMMAND.fullmatch(line):
            grammar = grammar_of(line)
            # Of a rule that failed it stands after the head, of everything else before.
            if block is not None and block.lines:
                yield block
                block = None
        elif block is None:
            continue
        elif not line.strip() and _is_over(block, lines[number + 1] if number + 1 < len(lines) else ""):
            yield block
            block = None
        else:
            in_excerpt = False
            block.lines.append(line)
    if block is not None:
        yield block


def _may_be_over(block: _Block) -> bool:
    """Whether a line that is a message by itself is none of the block's. What a rule printed keeps it."""
    if block.grammar is not None or (block.head and _clean(block.head["path"]).endswith(GRAMMARS)):
        return True
    return bool(block.lines) and _TITLE.match(block.lines[0]) is not None


def _is_over(block: _Block, following: str) -> bool:
    """Whether an empty line ends the message. What a rule printed has empty lines of its own."""
    if block.grammar is not None:
        return True
    if not block.lines or not _TITLE.match(block.lines[0]):
        return False
    return not following.startswith((" ", "Hint:", "-> "))


def _is_related(block: _Block, found: Sequence[Diagnostic]) -> bool:
    """The compiler indents what it says about a second place: `  This '(' might be unmatched`."""
    if block.head is None or not found or found[-1].source != "ocaml" or not block.lines:
        return False
    return block.lines[0].startswith("  ") and not _is_dune_file(_clean(block.head["path"]))


def _diagnostic(block: _Block, places: "_Places") -> Diagnostic | None:
    path, place = places.of(block.head, block.excerpt) if block.head else ("", _NOWHERE)
    title = _titled(block, path)
    severity, code, lines = Severity.ERROR, None, _without_empty_end(block.lines)
    if title:
        lines = [title["rest"], *lines[1:]]
        severity = Severity.ERROR if title.re is _TITLE and not _softly(title) else Severity.WARNING
        code = _code(title) if title.re is _TITLE else None
    elif block.lines and (undefined := _OF_YACC.match(block.lines[0])):
        path, place = places.in_grammar(path, undefined["message"]) or (path, place)
        lines = [undefined["message"], *lines[1:]]
    elif path.endswith(GRAMMARS) and len(lines) > 2 and _CARET.fullmatch(lines[-1]):
        start = Position(place.start.line, min(len(lines[-1]) - 1, place.end.column))
        lines, place = lines[:-2], Range(start, place.end)
    if title and code is None and path.endswith((".ml", ".mli")):
        lines = _own(lines)
    if path.endswith(GRAMMARS) and lines:
        place = places.named_in(path, place, lines[0])
    kept, related = _without_places(lines, places)
    related = (*(Related(*places.of(head), "The other place") for head in block.also[:_MOST_RELATED]), *related)
    message = "\n".join(kept).strip()
    if (not message and not title) or message.startswith("Some fatal warnings were triggered"):
        return None
    hint = _HINT.search(message)
    of_dune = title is None or not path or "\n-> required by" in message or _is_dune_file(path)
    return Diagnostic(
        path=path,
        range=place,
        severity=severity,
        message=message,
        source="dune" if of_dune else "ocaml",
        code=code,
        hint=(hint[1].strip() or None) if hint else None,
        related=related,
    )


def _without_empty_end(lines: list[str]) -> list[str]:
    """All but the empty lines at the end; one line at least, if there is any."""
    end = len(lines)
    while end > 1 and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _own(lines: list[str]) -> list[str]:
    """The lines of a compiler's error without what a program printed behind it: the compiler indents all lines but the
    first and those of its hints, and a message that is known is complete without any other."""
    for number, line in enumerate(lines[1:], 1):
        if line.lstrip().startswith(("Hint:", "-> ")):
            break
        if line.strip() and not line.startswith(" "):
            said = Diagnostic("", _NOWHERE, Severity.ERROR, "\n".join(lines[:number]), source="ocaml")
            if not isinstance(messages.read(said), messages.Other):
                return lines[:number]
    return lines


def _titled(block: _Block, path: str) -> re.Match[str] | None:
    if not block.lines:
        return None
    title = _TITLE.match(block.lines[0])
    if title is None and (path.endswith(GRAMMARS) or _is_dune_file(path)):
        return _WARNING.match(block.lines[0])
    return title


def _softly(title: re.Match[str]) -> str | None:
    return title["warning"] or title["alert"]


def _code(title: re.Match[str]) -> str | None:
    soft = _softly(title)
    return soft[0].lower() + soft[1:] if soft else title["fatal"]


def _without_places(lines: Sequence[str], places: "_Places") -> tuple[list[str], tuple[Related, ...]]:
    """Takes lines like `  File "m.mli", line 2, characters 0-11: Expected declaration` out of a message."""
    kept: list[str] = []
    related: list[Related] = []
    for line in lines:
        inner = _INNER.fullmatch(line)
        if inner is None:
            kept.append(line)
        else:
            related.append(Related(*places.of(inner), inner["rest"].strip()))
    return kept, tuple(related)


def _is_dune_file(path: str) -> bool:
    return _DUNE_FILES.fullmatch(path) is not None


def _clean(path: str) -> str:
    path = path.removeprefix("./")
    match = _BUILD_FOLDER.match(path)
    return path[match.end() :] if match else path


_NOWHERE = Range(Position(0, 0), Position(0, 0))


class _Places:
    """Turns the places of heads into ranges; keeps the texts that it read."""

    def __init__(self, read: Read) -> None:
        self._read_anew = read
        self._read_before: dict[str, str | None] = {}
        self._texts: dict[str, _Bytes | None] = {}

    def _read(self, path: str) -> str | None:
        if path not in self._read_before:
            self._read_before[path] = self._read_anew(path)
        return self._read_before[path]

    def of(self, head: re.Match[str], excerpt: Sequence[str] = ()) -> tuple[str, Range]:
        path = _clean(head["path"])
        if posixpath.basename(path) in _NO_FILES:
            return "", _NOWHERE
        first = max(0, int(head["line"]) - 1)
        last = max(first, int(head["last"] or head["line"]) - 1)
        start = max(0, int(head["start"] or 0))
        end = max(0, int(head["end"] or head["start"] or 0))
        if (source := generated.source_of(path, self._read)) is not None:
            pointed = _pointed(excerpt, first, start, end if last == first else None)
            return source, generated.place_in(source, self._read(source) or "", pointed, path)
        if (content := self._content(path)) is None:
            tail = Position(last, end if last > first else max(start, end))
            return path, Range(Position(first, start), tail)
        if head["start"] is None:
            return path, content.whole_line(first)
        if last > first and path.endswith(GRAMMARS) and last >= content.lines:
            return path, content.rest_of_line(first, start)  # it ends in what was generated
        if last > first and content.counts_from_first_line(first, last, end, surely=_is_dune_file(path)):
            end -= content.bytes_before(first, last)
        return path, content.range(first, start, last, end)

    def named_in(self, path: str, place: Range, message: str) -> Range:
        """ocamllex points at the start of a word, ocamlyacc at a whole line in which a word of the message stands."""
        content, part = self._content(path), _PART.match(message)
        if content is None:
            return place
        line = content.line(place.start.line)
        if place.start == place.end:
            word = _AT_WORD.match(line, place.start.column)
            at, end = word.span() if word else (max(0, place.start.column - 1), place.start.column)
            return _on_line(place.start.line, at, end)
        at = line.find(part[0]) if part else -1
        return _on_line(place.start.line, at, at + len(part[0])) if part and at >= 0 else place

    def first_line(self, path: str) -> Range:
        content = self._content(path) if path else None
        return content.whole_line(0) if content else _NOWHERE

    def in_grammar(self, dune: str, message: str) -> tuple[str, Range] | None:
        """Where a symbol stands that ocamlyacc tells of; it names the rule in the dune file alone."""
        found = generated.grammar_with(dune, message, self._read)
        return None if found is None else (found[0], found[1])

    def _content(self, path: str) -> "_Bytes | None":
        if path not in self._texts:
            text = self._read(path)
            self._texts[path] = None if text is None else _Bytes(text)
        return self._texts[path]


def _on_line(line: int, start: int, end: int) -> Range:
    return Range(Position(line, start), Position(line, end))


def _pointed(excerpt: Sequence[str], number: int, start: int, end: int | None) -> Pointed:
    """What the excerpt shows of the first line; `end` is None where the range goes on beyond that."""
    lines = [match[1] for line in excerpt if (match := _NUMBERED.fullmatch(line))]
    for directive, line in itertools.pairwise(lines):
        if match := _DIRECTIVE.fullmatch(directive):
            return Pointed(line.strip(), line, max(0, int(match[1]) - 1), directed=True)
    if not lines:
        return Pointed(number=number)
    return Pointed(_encode(lines[0])[start:end].decode("utf-8", "ignore"), lines[0], number)


class _Bytes:
    """A text that is addressed as the compiler does: lines end at LF, columns count bytes."""

    def __init__(self, text: str) -> None:
        self._source = SourceText(text)
        self._lines = text.split("\n")
        self.lines = len(self._lines)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def whole_line(self, line: int) -> Range:
        if line >= len(self._lines):
            return self._source.range(len(self._source.text), len(self._source.text))
        return self._source.range(self._starts[line], self._starts[line] + len(self._lines[line].rstrip("\r")))

    def line(self, number: int) -> str:
        return self._source.line(number)

    def rest_of_line(self, line: int, start: int) -> Range:
        return Range(self._source.position(self._offset(line, start)), self.whole_line(line).end)

    def range(self, first: int, start: int, last: int, end: int) -> Range:
        from_offset = self._offset(first, start)
        return self._source.range(from_offset, max(from_offset, self._offset(last, end)))

    def counts_from_first_line(self, first: int, last: int, end: int, *, surely: bool) -> bool:
        """Whether the end column of a range counts from the start of its first line, as dune and the compiler before
        5.2 have it, and not from that of its last line. A count less than the lines before the last cannot."""
        if last >= len(self._lines) or end < self.bytes_before(first, last):
            return False
        return surely or end > len(_encode(self._lines[last]))

    def bytes_before(self, first: int, last: int) -> int:
        """How many bytes there are from the start of line `first` to that of line `last`."""
        return sum(len(_encode(line)) + 1 for line in self._lines[first:last])

    def _offset(self, line: int, column: int) -> int:
        if line >= len(self._lines):
            return len(self._source.text)
        return self._starts[line] + len(_encode(self._lines[line])[:column].decode("utf-8", "ignore"))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")
