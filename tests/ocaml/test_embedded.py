"""The OCaml of lexers and grammars, as a text of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.ocaml.embedded import ocaml_of
from lsp_aid.ocaml.syntax import parse

LEXER = """{
open Parser
let helper x = x + 1 (* } *)
}
let digit = ['0'-'9' '"' '{']
rule token = parse
  | [' ' '\\t'] { token lexbuf }
  | digit+ as i { INT (int_of_string i) }
  | "{" { let s = "}" in ignore s; LBRACE }
  | _ { failwith ("bad" ^ "é") }
and other x = shortest 'a' {1}|_{x}
{
let trailer = []
}
"""
GRAMMAR = """%{
let add a b = a + b
%}
%token <int> INT /* don't { */
%start <int> main // it's }
%%
main: e = expr; EOF { e }
expr:
 | i = INT { $1 + add 1 $startpos }
 | LBRACE {1}
%%
let trailer = 1
"""


@pytest.mark.parametrize(("path", "text"), [("a.mll", LEXER), ("a.mly", GRAMMAR)])
def test_what_is_ocaml_keeps_its_place(path: str, text: str) -> None:
    ocaml = ocaml_of(path, text)
    assert len(ocaml) == len(text)
    tree = parse(ocaml, "a.ml")
    assert not tree.has_error, ocaml
    names = {node.text for node in tree.walk("value_name")}
    assert names >= {"trailer"}
    assert not names & {"digit", "token" if path == "a.mly" else "main", "EOF"}
    for piece in ("trailer", "x + 1", '"é"', "a + b", "add 1"):
        assert ocaml.find(piece) == text.find(piece)


@given(st.text(alphabet="{}%'\"(*)/\n|a$;", max_size=60), st.sampled_from(["a.mll", "a.mly"]))
def test_any_text_is_taken(text: str, path: str) -> None:
    assert len(ocaml_of(path, text)) == len(text)


def test_hostile_texts_take_no_long() -> None:
    for piece in ("{", "}", "/*", "(*", '"', "{ }", "%%\n", "//", "{|"):
        for path in ("a.mll", "a.mly"):
            text = piece * (200_000 // len(piece))
            assert len(ocaml_of(path, text)) == len(text)
