from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.build.csexp import Csexp, CsexpError, encode
from lsp_aid.build.rpc_messages import Progress, RpcDiagnostic, diagnostic, join, message_text, progress
from lsp_aid.domain.build_status import Promotion
from lsp_aid.domain.diagnostics import Related, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.ocaml.compiler_output import parse
from tests.build.test_csexp import VALUES

ROOT = Path("/r")
TEXTS = {"a.ml": "let x = 1\nlet é = y\n", "dune": "(library\n (name))\n"}


def place(path: str, line: int, start: int, last: int, end: int, bol: int = 0) -> Csexp:
    def position(line: int, cnum: int) -> Csexp:
        fields = {"pos_bol": bol, "pos_cnum": bol + cnum, "pos_fname": path, "pos_lnum": line}
        return tuple((name.encode(), str(value).encode()) for name, value in fields.items())

    return ((b"start", position(line, start)), (b"stop", position(last, end)))


def told(text: Csexp, loc: Csexp | None = None, **fields: Csexp) -> Csexp:
    rest = {"promotion": (), "related": (), "severity": b"error", "targets": (), **fields}
    found = ((b"id", b"0"), (b"message", text), *((name.encode(), value) for name, value in rest.items()))
    return found if loc is None else (*found, (b"loc", loc))


def read(value: Csexp) -> RpcDiagnostic:
    return diagnostic(value, ROOT, TEXTS.get)


def verbatim(text: str) -> Csexp:
    return (b"Vbox", (b"0", (b"Box", (b"0", (b"Verbatim", text.encode())))))


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ((b"Text", b"a b"), "a b"),
        (b"Nop", ""),
        ((b"Nop", ()), ""),
        ((b"Seq", ((b"Char", b"a"), (b"Verbatim", b"b\n c"))), "ab\n c"),
        (
            (
                b"Vbox",
                (b"0", (b"Concat", ((b"Break", ((b"", b"0", b""), (b"", b"0", b""))), ((b"Text", b"a"), b"Nop")))),
            ),
            "a\n",
        ),
        ((b"Box", (b"0", (b"Seq", ((b"Text", b"a"), (b"Break", ((b"", b"1", b""), (b"", b"0", b""))))))), "a "),
        ((b"Tag", ((b"Hint", ()), (b"Verbatim", b"Hint:"))), "Hint:"),
        ((b"Hbox", (b"Hvbox", (b"2", (b"Hovbox", (b"2", (b"Newline", ())))))), "\n"),
    ],
)
def test_messages_are_laid_out(tree: Csexp, text: str) -> None:
    assert message_text(tree) == text


@given(VALUES)
def test_any_tree_is_text_or_refused(value: Csexp) -> None:
    for reader in (message_text, read, progress):
        try:
            reader(value)
        except CsexpError:
            continue


@given(st.text(max_size=200))
def test_any_text_is_kept_whole(text: str) -> None:
    text = text.encode("utf-8", "replace").decode().strip()
    found = read(told(verbatim(text), place("/r/a.ml", 1, 0, 1, 3))).diagnostic
    if text:
        assert "".join(text.split()) in "".join((found.message + (found.hint or "")).split()) or found.related


def test_columns_are_code_points_and_paths_relative() -> None:
    found = read(told(verbatim('Unbound value "y"'), place("/r/a.ml", 2, 9, 2, 10))).diagnostic
    assert (found.path, found.range) == ("a.ml", Range(Position(1, 8), Position(1, 9)))
    assert (found.message, found.severity, found.source) == ('Unbound value "y"', Severity.ERROR, "ocaml")
    inside = read(told(verbatim("x"), place("/r/_build/default/a.ml", 1, 0, 1, 3))).diagnostic
    assert inside.path == "a.ml"


def test_dunes_own_errors() -> None:
    found = read(told(verbatim("Library x"), place("/r/dune", 2, 1, 2, 7, bol=9))).diagnostic
    assert (found.path, found.source, found.range.start) == ("dune", "dune", Position(1, 1))
    nowhere = read(told(verbatim("Dependency cycle between:\n   a"))).diagnostic
    assert (nowhere.path, nowhere.message) == ("", "Dependency cycle between:\n   a")


def test_promotions_and_related_places() -> None:
    related = (((b"loc", place("/r/a.ml", 1, 4, 1, 5)), (b"message", (b"Text", b"Expected declaration"))),)
    promotion = (((b"in_build", b"/r/_build/default/out"), (b"in_source", b"/r/expected")),)
    found = read(told(verbatim("x"), place("/r/a.ml", 2, 0, 2, 3), related=related, promotion=promotion))
    assert found.promotions == (Promotion("/r/_build/default/out", "expected"),)
    assert found.diagnostic.related == (Related("a.ml", Range(Position(0, 4), Position(0, 5)), "Expected declaration"),)


def test_what_was_printed_is_joined_by_place_and_message() -> None:
    printed = parse(
        'File "a.ml", line 2, characters 9-10:\nError (warning 32 [unused-value-declaration]): unused value y.\n\n'
        'File "a.ml", line 1, characters 4-5:\nWarning 26 [unused-var]: unused variable x.\n',
        TEXTS.get,
    )
    unused, other = told(verbatim("unused value\ny."), place("/r/a.ml", 2, 9, 2, 10)), told(verbatim("another"))
    joined = join([read(unused), read(unused), read(other)], printed)
    assert [each.code for each in joined] == ["warning 32 [unused-value-declaration]", None]
    assert joined[0] == printed[0]


def test_messages_about_generated_code_are_joined_by_their_text() -> None:
    texts = {"l.mll": "rule token = parse\n  | eof { 1 }\nand other = parse\n  | eof { 2 }\n"}
    printed = parse(
        'File "l.ml", line 9, characters 4-9:\n9 | and other lexbuf =\n        ^^^^^\n'
        "Error (warning 32 [unused-value-declaration]): unused value other.\n",
        texts.get,
    )
    value = told(verbatim("unused value other."), place("/r/l.ml", 9, 4, 9, 9))
    alone = diagnostic(value, Path("/r"), texts.get)
    assert (alone.diagnostic.path, alone.diagnostic.range.start) == ("l.mll", Position(0, 0))
    assert join([alone], printed) == printed
    assert (printed[0].path, printed[0].range.start) == ("l.mll", Position(2, 4))


def test_states() -> None:
    assert progress((b"in_progress", ((b"complete", b"1"),))) is Progress.IN_PROGRESS
    assert progress((b"success", ())).is_complete
    with pytest.raises(CsexpError):
        progress((b"dancing", ()))
    assert encode((b"a",)) == b"(1:a)"
