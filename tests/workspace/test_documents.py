"""Documents as editors send them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.text import Position, Range
from lsp_aid.workspace.documents import Change, Document, Documents, Units, language_of
from lsp_aid.workspace.encoding import Encoding, column, units

CODECS = {Encoding.UTF8: ("utf-8", 1), Encoding.UTF16: ("utf-16-le", 2), Encoding.UTF32: ("utf-32-le", 4)}


def opened(text: str) -> Document:
    return Document.opened("file:///p/a.ml", Path("/p/a.ml"), "ocaml", 1, text)


def changed(text: str, *changes: Change, coding: Encoding = Encoding.UTF16) -> str:
    document = opened(text)
    document.change(changes, 2, coding)
    return document.text


def insertion(line: int, at: int, text: str) -> Change:
    return Change(text, Units(line, at), Units(line, at))


def test_a_change_counts_utf16_units() -> None:
    assert changed('let s = "😀é" in s', Change("x", Units(0, 9), Units(0, 12))) == 'let s = "x" in s'


def test_a_change_counts_utf8_bytes() -> None:
    assert changed('"😀é"', Change("x", Units(0, 1), Units(0, 7)), coding=Encoding.UTF8) == '"x"'


def test_a_place_inside_a_surrogate_pair_is_drawn_back_to_before_it() -> None:
    assert changed("a😀b", insertion(0, 2, "x")) == "ax😀b"


def test_a_place_beyond_its_line_is_its_end() -> None:
    assert changed("a\r\nb", insertion(0, 99, "x")) == "ax\r\nb"


def test_a_place_beyond_the_document_is_its_end() -> None:
    assert changed("a\nb", insertion(99, 0, "x")) == "a\nbx"


def test_crlf_is_kept() -> None:
    assert changed("a\r\nb\r\n", Change("", Units(0, 1), Units(1, 0))) == "ab\r\n"


def test_a_form_feed_and_a_line_separator_end_no_line() -> None:
    assert changed("a\fb\u2028c\nd", insertion(1, 0, "x")) == "a\fb\u2028c\nxd"


def test_a_line_feed_typed_behind_a_carriage_return_makes_one_line_end() -> None:
    assert changed("a\rb\nc", insertion(1, 0, "\n"), insertion(1, 0, "x")) == "a\r\nxb\nc"


def test_changes_of_one_message_build_on_each_other() -> None:
    assert changed("", insertion(0, 0, "ab\n"), insertion(1, 0, "c"), insertion(0, 1, "-")) == "a-b\nc"


def test_a_change_without_a_range_replaces_all() -> None:
    assert changed("a\nb", Change("c")) == "c"


def test_half_a_character_becomes_one_that_a_file_can_hold() -> None:
    assert changed("ab", insertion(0, 1, "\ud83d")) == "a\ufffdb"


@pytest.mark.parametrize(
    ("name", "identifier", "language"),
    [
        ("a.ml", "ocaml", "ocaml"),
        ("a.mli", "ocaml", "ocaml.interface"),
        ("a.mli", "ocamlinterface", "ocaml.interface"),
        ("a.mll", "ocaml.ocamllex", "ocaml.ocamllex"),
        ("a.mly", "menhir", "ocaml.menhir"),
        ("dune", "dune", "dune"),
        ("dune-project", "lisp", "dune"),
        ("scratch", "ocaml", "ocaml"),
        ("a.re", "reason", None),
        ("a.ml", "reason", None),
        ("a.py", "python", None),
    ],
)
def test_the_language_is_told_by_name_then_by_identifier(name: str, identifier: str, language: str | None) -> None:
    assert language_of(Path("/p", name), identifier) == language


def test_documents_are_found_below_their_root_alone() -> None:
    documents = Documents()
    documents.open(opened("x"))
    assert list(documents.below(Path("/p"))) == ["a.ml"]
    assert not documents.below(Path("/q"))


class TestEdited:
    """What an edit does to places elsewhere in the text."""

    @staticmethod
    def moved(place: Range, change: Change, text: str = "aa\nbb bb\ncc\n") -> Range | None:
        (edited,) = opened(text).change([change], 2, Encoding.UTF16)
        return edited.moved(place)

    def test_a_place_above_stays(self) -> None:
        place = Range(Position(0, 0), Position(0, 2))
        assert self.moved(place, insertion(1, 0, "x\n")) == place

    def test_a_place_below_moves_with_its_line(self) -> None:
        assert self.moved(Range(Position(2, 0), Position(2, 2)), insertion(0, 1, "\n\n")) == Range(
            Position(4, 0), Position(4, 2)
        )

    def test_a_place_behind_on_the_line_moves_along_it(self) -> None:
        place = Range(Position(1, 3), Position(1, 5))
        assert self.moved(place, Change("x", Units(1, 0), Units(1, 2))) == Range(Position(1, 2), Position(1, 4))
        assert self.moved(place, insertion(1, 1, "\nx")) == Range(Position(2, 3), Position(2, 5))

    def test_a_new_text_touches_only_what_differs(self) -> None:
        place = Range(Position(2, 0), Position(2, 2))
        assert self.moved(place, Change("aa\n\nbb b\ncc\n")) == Range(Position(3, 0), Position(3, 2))

    def test_a_new_text_that_differs_in_several_places_leaves_what_is_between(self) -> None:
        document = opened("a\nb\nkept here\nc\nd")
        place: Range | None = Range(Position(2, 5), Position(2, 9))
        for edited in document.change([Change("a\nnew\nb\nkept here\nc\nd\ne")], 2, Encoding.UTF16):
            place = edited.moved(place) if place else None
        assert document.text == "a\nnew\nb\nkept here\nc\nd\ne"
        assert place == Range(Position(3, 5), Position(3, 9))

    def test_a_place_that_is_touched_is_gone(self) -> None:
        assert self.moved(Range(Position(1, 0), Position(1, 2)), insertion(1, 2, "x")) is None


characters = st.sampled_from([*"ab \t\n\r", "\r\n", "é", "語", "😀", "\f", "\u2028", "\ufeff"])
texts = st.lists(characters, max_size=25).map("".join)


def model(text: str, change: Change, coding: Encoding) -> str:
    """The same on the whole text, by counting in the encoded form."""
    if change.start is None or change.end is None:
        return change.text
    codec, size = CODECS[coding]
    document = opened(text)

    def offset(place: Units) -> int:
        lines = [line + end for line, end in _lines(text)]
        if place.line >= len(lines):
            return len(text)
        line = _lines(text)[place.line][0]
        fits = [i for i in range(len(line) + 1) if len(line[:i].encode(codec)) // size <= place.units]
        return sum(map(len, lines[: place.line])) + fits[-1]

    assert document.text == text
    start, end = sorted((offset(change.start), offset(change.end)))
    return text[:start] + change.text + text[end:]


def _lines(text: str) -> list[tuple[str, str]]:
    normal = text.replace("\r\n", "\x00").replace("\r", "\x01").replace("\n", "\x02")
    lines, current = [], ""
    for character in normal:
        if character in "\x00\x01\x02":
            lines.append((current, {"\x00": "\r\n", "\x01": "\r", "\x02": "\n"}[character]))
            current = ""
        else:
            current += character
    return [*lines, (current, "")]


places = st.builds(Units, st.integers(0, 8), st.integers(0, 20))


changes_of_a_part = st.builds(Change, texts, places, places)
changes_of_all = st.builds(Change, texts)


@given(texts, st.lists(changes_of_a_part | changes_of_all, max_size=6), st.sampled_from(Encoding))
def test_incremental_changes_leave_what_whole_text_editing_leaves(
    text: str, changes: list[Change], coding: Encoding
) -> None:
    document = opened(text)
    for version, change in enumerate(changes, 2):
        expected = model(document.text, change, coding)
        document.change([change], version, coding)
        assert document.text == expected


@given(st.text(alphabet="aé語😀", max_size=12), st.integers(0, 12), st.sampled_from(Encoding))
def test_units_and_columns_are_each_others_inverse(line: str, at: int, coding: Encoding) -> None:
    at = min(at, len(line))
    assert column(line, units(line, at, coding), coding) == at
    codec, size = CODECS[coding]
    assert units(line, at, coding) == len(line[:at].encode(codec)) // size
