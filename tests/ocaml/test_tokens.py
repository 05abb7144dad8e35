"""Tokens of whole files and of fragments: nothing is lost, and what only looks like a token is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.ocaml.tokens import tokens


def shown(text: str) -> list[str]:
    return [token.text for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let f' x=x+.1.5e3", ["let", "f'", "x", "=", "x", "+.", "1.5e3"]),
        ("(* a (* b *) c *)x", ["(* a (* b *) c *)", "x"]),
        ('(* "*)" *) y', ['(* "*)" *)', "y"]),
        ("(* {|*)|} *) y", ["(* {|*)|} *)", "y"]),
        ("(* '\"' *) y", ["(* '\"' *)", "y"]),
        (r'"a \" (* b" c', [r'"a \" (* b"', "c"]),
        ("{id|a |} b|id} c", ["{id|a |} b|id}", "c"]),
        ("{%sql|a|} b", ["{%sql|a|}", "b"]),
        (r"'\'' '(' 'a", [r"'\''", "'('", "'", "a"]),
        ("( * ) (*) x", ["(", "*", ")", "(", "*", ")", "x"]),
        ("f ~a:(?b)", ["f", "~", "a", ":", "(", "?", "b", ")"]),
        ("x (* open", ["x", "(* open"]),
        ('x "open', ["x", '"open']),
        ("x {|open", ["x", "{", "|", "open"]),
        ("end *) x", ["end", "*", ")", "x"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


def test_comments_are_the_same_whatever_their_layout() -> None:
    one, two = tokens("(* a\n   b *)")[0], tokens("(*  a b *)")[0]
    assert one.is_comment
    assert one.key == two.key


PIECES = st.sampled_from(
    ["(*", "*)", '"', "\\", "{|", "|}", "{a|", "|a}", "'", "let", " ", "\n", "1.", "é", "->", "(", "*", ")"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_tokens_leave_out_white_space_and_nothing_else(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert not text[at : token.start].strip()
        assert token.text == text[token.start : token.end] != ""
        at = token.end
    assert not text[at:].strip()
