"""Reads what one run of dune or of the OCaml compiler printed.

The output is a sequence of blocks. A block starts with a head, `File "x.ml", line 3, characters 4-9:`, then has an
excerpt of the source, then the message, whose first line says what it is: `Error:`, `Error (warning 8 [..]):`,
`Warning 53 [..]:`, `Alert deprecated:`. Three more shapes: a block whose message is indented belongs to the one before
it, an `Error:` without a head is about the project as a whole, and a block without any such word is a rule that
failed, with what it printed (a promotion's diff, for one). Where `CI` is set, dune says before each of these which
command it was, and no longer leaves out what two commands said alike. Seen with OCaml 4.08 to 5.3 and dune 3.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from attrs import evolve, field, frozen

from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.text import Position, Range, SourceText

Read = Callable[[str], str | None]

_NUMBER = r"-?\d{1,9}"
_PLACE = (
    rf'File "(?P<path>[^"]*)", lines? (?P<line>{_NUMBER})(?:-(?P<last>{_NUMBER}))?'
    rf"(?:, characters? (?P<start>{_NUMBER})(?:-(?P<end>{_NUMBER}))?)?:"
)
_HEAD = re.compile(rf"{_PLACE}[ \t]*(?P<rest>.*)")
_INNER = re.compile(rf"\s+{_PLACE}[ \t]*(?P<rest>.*)")
_EXCERPT = re.compile(r"\s*\d+ \|.*|[\s^]*|\s*\.\.\.\s*")
_TITLE = re.compile(
    r"(?:Error(?: \((?P<fatal>[^)]*)\))?|(?P<warning>Warning \d+(?: \[[^\]]*\])?)|(?P<alert>Alert [\w'.]+)):"
    r"[ \t]?(?P<rest>.*)"
)
_HINT = re.compile(r"^\s*Hint:\s*(.*?)(?=^-> required by|\Z)", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"\(cd .+ && .*\)(?: [<&>].*)?|/\S+ .* _build/\S+ _build/\S+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BUILD_FOLDER = re.compile(r"_build/(?:\.sandbox/[^/]+/)?[^/.][^/]*/(?=.)")
_MOST_RELATED = 50  # a compiler has a few; a program that prints what looks like them may have any number
_NO_FILES = ("_none_", "_unknown_", "command line")
_DUNE_FILES = re.compile(r"(?:.*/)?(?:dune|dune-project|dune-workspace|dune\.inc|[^/]*\.opam)")


@frozen
class _Block:
    """The lines of one message, without head and excerpt. `head` is None for an `Error:` that has none."""

    head: re.Match[str] | None
    lines: list[str] = field(factory=list)


def parse(output: str | bytes, read: Read) -> tuple[Diagnostic, ...]:
    """The messages in `output`, in order, each once. Text of any other kind is passed over; garbage never raises.

    `read` gives the text of a path as the messages name it (a leading `_build/default/` taken off), None where there
    is none: the compiler counts columns in bytes, and only the text tells how many code points these are.
    """
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    places = _Places(read)
    found: list[Diagnostic] = []
    for block in _blocks(_COLOUR.sub("", text).replace("\r\n", "\n").split("\n")):
        if _is_related(block, found):
            assert block.head is not None  # _is_related holds that
            message = "\n".join(line.strip() for line in block.lines).strip()
            related = Related(*places.of(block.head), message)
            found[-1] = evolve(found[-1], related=(*found[-1].related, related)[:_MOST_RELATED])
        elif (diagnostic := _diagnostic(block, places)) is not None:
            found.append(diagnostic)
    return tuple(dict.fromkeys(found))


def untitled(message: str) -> tuple[str | None, str]:
    """The code and the text of a message that has its title in front: `Error (warning 26 [unused-var]): unused ...`"""
    title = _TITLE.match(message)
    if title is None:
        return None, message
    soft = title["warning"] or title["alert"]
    return (soft[0].lower() + soft[1:] if soft else title["fatal"]), message[title.start("rest") :]


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    block: _Block | None = None
    in_excerpt = False
    for number, line in enumerate(lines):
        head = _HEAD.fullmatch(line)
        if head or (_TITLE.match(line) and (block is None or block.lines)):
            if block is not None:
                yield block
            first = head["rest"] if head else line
            block = _Block(head, [first] if first else [])
            in_excerpt = head is not None and not first
        elif block is None or (in_excerpt and _EXCERPT.fullmatch(line)):
            continue
        elif _COMMAND.fullmatch(line):
            # Of a rule that failed it stands after the head, of everything else before.
            if block.lines:
                yield block
                block = None
        elif not line.strip() and _is_over(block, lines[number + 1] if number + 1 < len(lines) else ""):
            yield block
            block = None
        else:
            in_excerpt = False
            block.lines.append(line)
    if block is not None:
        yield block


def _is_over(block: _Block, following: str) -> bool:
    """Whether an empty line ends the message. What a rule printed has empty lines of its own."""
    if not block.lines or not _TITLE.match(block.lines[0]):
        return False
    return not following.startswith((" ", "Hint:", "-> "))


def _is_related(block: _Block, found: Sequence[Diagnostic]) -> bool:
    """The compiler indents what it says about a second place: `  This '(' might be unmatched`."""
    if block.head is None or not found or found[-1].source != "ocaml" or not block.lines:
        return False
    return block.lines[0].startswith("  ") and not _is_dune_file(_clean(block.head["path"]))


def _diagnostic(block: _Block, places: "_Places") -> Diagnostic | None:
    path, place = places.of(block.head) if block.head else ("", _NOWHERE)
    title = _TITLE.match(block.lines[0]) if block.lines else None
    severity, code, lines = Severity.ERROR, None, block.lines
    if title:
        lines = [title["rest"], *block.lines[1:]]
        soft = title["warning"] or title["alert"]
        severity = Severity.WARNING if soft else Severity.ERROR
        code = soft[0].lower() + soft[1:] if soft else title["fatal"]
    kept, related = _without_places(lines, places)
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
        self._read = read
        self._texts: dict[str, _Bytes | None] = {}

    def of(self, head: re.Match[str]) -> tuple[str, Range]:
        path = _clean(head["path"])
        if path in _NO_FILES:
            return "", _NOWHERE
        if path not in self._texts:
            text = self._read(path)
            self._texts[path] = None if text is None else _Bytes(text)
        first = max(0, int(head["line"]) - 1)
        last = max(first, int(head["last"] or head["line"]) - 1)
        start = max(0, int(head["start"] or 0))
        end = max(0, int(head["end"] or head["start"] or 0))
        if (content := self._texts[path]) is None:
            tail = Position(last, end if last > first else max(start, end))
            return path, Range(Position(first, start), tail)
        if head["start"] is None:
            return path, content.whole_line(first)
        if last > first and content.counts_from_first_line(first, last, end, surely=_is_dune_file(path)):
            end -= content.bytes_before(first, last)
        return path, content.range(first, start, last, end)


class _Bytes:
    """A text that is addressed as the compiler does: lines end at LF, columns count bytes."""

    def __init__(self, text: str) -> None:
        self._source = SourceText(text)
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def whole_line(self, line: int) -> Range:
        if line >= len(self._lines):
            return self._source.range(len(self._source.text), len(self._source.text))
        return self._source.range(self._starts[line], self._starts[line] + len(self._lines[line].rstrip("\r")))

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
