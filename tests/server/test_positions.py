"""Positions in every encoding, against models of the protocol that share nothing with what they test."""

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.server.capabilities import ClientFeatures
from lsp_aid.server.from_lsp import change_of
from lsp_aid.server.to_lsp import Target, workspace_edit
from lsp_aid.workspace.documents import Document
from lsp_aid.workspace.encoding import Encoding

CODECS = {Encoding.UTF8: ("utf-8", 1), Encoding.UTF16: ("utf-16-le", 2), Encoding.UTF32: ("utf-32-le", 4)}

WORDS = (
    "let",
    "x",
    "=",
    "(* é *)",
    '"😀"',
    "e\u0301",
    "語",
    "👩‍👩‍👧",
    "🇩🇪",
    "\u202e",
    "\u200d",
    "\ufeff",
    "1",
    "in",
    "__",
)
LAYOUT = (" ", "  ", "\t", "\f", "\v", "\u2028", "\u2029", "\x85", "\n", "\r\n", "\r", "\n\n", "\r\r\n")
texts = st.lists(st.sampled_from(WORDS) | st.sampled_from(LAYOUT), max_size=30).map("".join)
encodings = st.sampled_from(Encoding)


class Editor:
    """A text as the protocol sees it: lines of code units, which end at CRLF, LF or CR and nowhere else."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.codec, self.size = CODECS[encoding]
        self.units = text.encode(self.codec)

    @property
    def text(self) -> str:
        return self.units.decode(self.codec)

    def lines(self) -> list[tuple[int, int]]:
        """Of each line the offsets, in bytes, of its start and of its end, the line end apart."""
        found, start, at = [], 0, 0
        cr, lf = "\r".encode(self.codec), "\n".encode(self.codec)
        while at < len(self.units):
            unit = self.units[at : at + self.size]
            end = at
            at += self.size
            if unit == cr and self.units[at : at + self.size] == lf:
                at += self.size
            elif unit not in (cr, lf):
                continue
            found.append((start, end))
            start = at
        return [*found, (start, len(self.units))]

    def offset(self, place: types.Position) -> int:
        lines = self.lines()
        if place.line >= len(lines):
            return len(self.units)
        start, end = lines[place.line]
        return min(end, start + place.character * self.size)

    def places(self) -> list[types.Position]:
        """Every place between two characters."""
        found = []
        for number, (start, end) in enumerate(self.lines()):
            line = self.units[start:end].decode(self.codec)
            widths = (len(line[:n].encode(self.codec)) // self.size for n in range(len(line) + 1))
            found += [types.Position(number, width) for width in widths]
        return found

    def replace(self, place: types.Range, text: str) -> None:
        start, end = self.offset(place.start), self.offset(place.end)
        self.units = self.units[:start] + text.encode(self.codec) + self.units[end:]

    def apply(self, edits: Sequence[types.TextEdit]) -> None:
        """All edits at places of the text before; none overlap, and insertions at one place stay in order."""
        spans = [(self.offset(e.range.start), self.offset(e.range.end), e.new_text.encode(self.codec)) for e in edits]
        after, at = b"", 0
        for start, end, new in sorted(spans, key=lambda span: span[:2]):
            assert at <= start <= end, "two edits overlap"
            after += self.units[at:start] + new
            at = end
        self.units = after + self.units[at:]


@given(texts, encodings, st.data())
def test_documents_follow_what_is_typed(text: str, encoding: Encoding, data: st.DataObject) -> None:
    editor = Editor(text, encoding)
    document = Document.opened("file:///p/a.ml", Path("/p/a.ml"), "ocaml", 1, text)
    for version in range(2, 2 + data.draw(st.integers(1, 6))):
        places = editor.places()
        one, two = (data.draw(st.integers(0, len(places) - 1)) for _ in range(2))
        place = types.Range(places[min(one, two)], places[max(one, two)])
        new = data.draw(texts)
        event = types.TextDocumentContentChangePartial(range=place, text=new)
        editor.replace(place, new)
        document.change([change_of(event)], version, encoding)
        assert document.text == editor.text


@given(texts, texts, encodings)
def test_an_edit_of_ours_makes_the_text_that_was_meant(before: str, after: str, encoding: Encoding) -> None:
    editor = Editor(before, encoding)
    for operation in _edit(before, after, encoding).document_changes or ():
        assert isinstance(operation, types.TextDocumentEdit)
        assert operation.text_document.version == 7
        editor.apply([edit for edit in operation.edits if isinstance(edit, types.TextEdit)])
    assert editor.text == after


@given(texts, encodings, st.data())
def test_a_small_change_leaves_the_rest_alone(text: str, encoding: Encoding, data: st.DataObject) -> None:
    """What is edited lies within the lines that differ, so that marks and folds elsewhere stay."""
    at = data.draw(st.integers(0, len(text)))
    new = f"{text[:at]}new{text[at:]}"
    edits = [
        edit
        for operation in _edit(text, new, encoding).document_changes or ()
        if isinstance(operation, types.TextDocumentEdit)
        for edit in operation.edits
    ]
    first = Editor(text[:at], encoding).lines()
    last = len(first) - 1
    for edit in edits:
        assert isinstance(edit, types.TextEdit)
        assert abs(edit.range.start.line - last) <= 1
        assert abs(edit.range.end.line - last) <= 1


def _edit(before: str, after: str, encoding: Encoding) -> types.WorkspaceEdit:
    can = ClientFeatures(encoding=encoding, versions=True, creates=True, deletes=True)
    changes = ChangeSet.of([FileChange("a.ml", before, after)])
    return workspace_edit(changes, can, lambda path: Target(f"file:///p/{path}", 7))
