"""The documents that an editor has open, exactly as it holds them.

An edit costs the lines that it touches, not the length of the document. Lines end at LF, CRLF or CR and nowhere else.
"""

import re
from collections.abc import Iterator, Sequence
from os.path import commonprefix
from pathlib import Path

from attrs import define, field, frozen

from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.edits.line_diff import Span, line_diff
from lsp_aid.workspace import lines
from lsp_aid.workspace.encoding import Encoding
from lsp_aid.workspace.lines import split_lines

_SURROGATE = re.compile("[\ud800-\udfff]")

_BY_SUFFIX = {".ml": "ocaml", ".mli": "ocaml.interface", ".mll": "ocaml.ocamllex", ".mly": "ocaml.menhir"}
_DUNE_FILES = ("dune", "dune-project", "dune-workspace", "dune.inc")
_LANGUAGES = frozenset((*_BY_SUFFIX.values(), "dune"))
_LEFT_ALONE = frozenset(("reason", "rescript"))


def language_of(path: Path, language_id: str) -> str | None:
    """The language of a document, None for one that is none of ours. The file's name tells more than the editor's
    name for the language: several editors call every file of OCaml's `ocaml`, or have names of their own."""
    if language_id in _LEFT_ALONE or path.suffix in (".re", ".rei", ".res"):
        return None
    if path.name in _DUNE_FILES:
        return "dune"
    return _BY_SUFFIX.get(path.suffix) or (language_id if language_id in _LANGUAGES else None)


@frozen
class Units:
    """A place as the editor gives it: `units` into line `line`, both from 0, in the encoding agreed on."""

    line: int
    units: int


@frozen
class Change:
    """Replace what is between `start` and `end` by `text`; the whole document where both are None."""

    text: str
    start: Units | None = None
    end: Units | None = None


@frozen
class Edited:
    """What a change did: `range` of the text before is gone, and what stands there now ends at `end`."""

    range: Range
    end: Position

    def moved(self, place: Range) -> Range | None:
        """Where a place of the text before is now; None if the change touched it."""
        if place.end < self.range.start:
            return place
        if self.range.end < place.start:
            return Range(self._after(place.start), self._after(place.end))
        return None

    def _after(self, position: Position) -> Position:
        line = position.line - self.range.end.line + self.end.line
        if position.line != self.range.end.line:
            return Position(line, position.column)
        return Position(line, position.column - self.range.end.column + self.end.column)


def _whole_characters(text: str) -> str:
    """JSON can hold half a character, which no file can: it becomes a replacement character of the same width."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@define(eq=False)
class Document:
    """An open document. `path` is absolute, links resolved; `uri` is spelt as the editor spells it."""

    uri: str
    path: Path
    language: str | None
    version: int
    _lines: list[str] = field(repr=False)
    _source: SourceText | None = field(default=None, repr=False)

    @classmethod
    def opened(cls, uri: str, path: Path, language_id: str, version: int, text: str) -> "Document":
        return cls(uri, path, language_of(path, language_id), version, split_lines(_whole_characters(text)))

    @property
    def text(self) -> str:
        return self.source.text

    @property
    def source(self) -> SourceText:
        if self._source is None:
            self._source = SourceText("".join(self._lines))
        return self._source

    def line(self, number: int) -> str:
        """Line `number`, from 0, without its end; empty beyond the last."""
        return lines.without_end(self._lines[number]) if 0 <= number < len(self._lines) else ""

    def position(self, place: Units, coding: Encoding) -> Position:
        """The place in code points. One beyond its line or the document is drawn back to the end of it."""
        return Position(*lines.place(self._lines, place.line, place.units, coding))

    def change(self, changes: Sequence[Change], version: int, coding: Encoding) -> list[Edited]:
        """Makes the changes, each of the text that the one before left."""
        self.version = version
        edited = []
        for change in changes:
            text = _whole_characters(change.text)
            if change.start is None or change.end is None:
                edited += self._replace_all(text)
            else:
                start, end = self.position(change.start, coding), self.position(change.end, coding)
                edited.append(self._replace(min(start, end), max(start, end), text))
        return edited

    def _replace_all(self, text: str) -> list[Edited]:
        """Replaces what differs, the last first, so that what is known of the rest stays known."""
        new = split_lines(text)
        spans = line_diff(self._lines, new)
        if len(spans) > 1:
            return [self._replace_lines(span, new) for span in reversed(spans)]
        old = self.text
        first = len(commonprefix((old, text)))
        same = len(commonprefix((old[first:][::-1], text[first:][::-1])))
        start, end = self.source.position(first), self.source.position(len(old) - same)
        return [self._replace(start, end, text[first : len(text) - same])]

    def _replace_lines(self, span: Span, new: Sequence[str]) -> Edited:
        is_last = span.end == len(self._lines)
        end = Position(span.end - 1, len(self._lines[-1])) if is_last else Position(span.end, 0)
        return self._replace(Position(span.start, 0), end, "".join(new[span.new_start : span.new_end]))

    def _replace(self, start: Position, end: Position, text: str) -> Edited:
        self._source = None
        lines.replace(self._lines, (start.line, start.column), (end.line, end.column), text)
        return Edited(Range(start, end), _end_of(start, text))


def _end_of(start: Position, text: str) -> Position:
    added = split_lines(text)
    if len(added) == 1:
        return Position(start.line, start.column + len(text))
    return Position(start.line + len(added) - 1, len(added[-1]))


@define
class Documents:
    """All that are open, by path."""

    _by_path: dict[Path, Document] = field(factory=dict)

    def open(self, document: Document) -> None:
        self._by_path[document.path] = document

    def close(self, path: Path) -> Document | None:
        return self._by_path.pop(path, None)

    def at(self, path: Path) -> Document | None:
        return self._by_path.get(path)

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._by_path.values()))

    def below(self, root: Path) -> dict[str, Document]:
        """Those in a folder, by their path relative to it, with `/`."""
        return {d.path.relative_to(root).as_posix(): d for d in self if d.path.is_relative_to(root)}
