import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.ocaml import syntax
from lsp_aid.ocaml.syntax import AidComment, bound_names, parse, parses

SOURCE = """open List
let größe = "é" and pair, (Some third | third) = f ()
let rec visit ~depth ?(limit = 3) { name; age = years } = visit ~depth:(depth + 1) name
type colour = Red | Green of int and point = { mutable x : float; y : float }
exception Stop of string
external now : unit -> float = "now"
module Shape = struct
  type t = Square
  module Inner = struct let side = 4 end
end
module type S = sig val v : int end
class counter = object method next = 1 end
let ( +++ ) a b = a
"""


def declared(text: str, path: str = "a.ml") -> list[tuple[str, str]]:
    return [(item.kind, item.path) for item in parse(text, path).declared]


def test_what_a_file_declares() -> None:
    assert declared(SOURCE) == [
        ("value", "größe"),
        ("value", "pair"),
        ("value", "third"),
        ("value", "third"),
        ("value", "visit"),
        ("type", "colour"),
        ("constructor", "Red"),
        ("constructor", "Green"),
        ("type", "point"),
        ("record field", "x"),
        ("record field", "y"),
        ("exception", "Stop"),
        ("external", "now"),
        ("module", "Shape"),
        ("type", "Shape.t"),
        ("constructor", "Shape.Square"),
        ("module", "Shape.Inner"),
        ("value", "Shape.Inner.side"),
        ("module type", "S"),
        ("class", "counter"),
        ("value", "+++"),
    ]


def test_an_interface_has_a_grammar_of_its_own() -> None:
    text = "val f : int -> int\ntype t = A | B\nmodule M : sig val x : int end\nexception E\n"
    found = [("value", "f"), ("type", "t"), ("constructor", "A"), ("constructor", "B")]
    assert declared(text, "a.mli") == [*found, ("module", "M"), ("value", "M.x"), ("exception", "E")]
    assert parses("a.mli", text)
    assert not parses("a.mli", "let x = 1")


def test_offsets_are_code_points() -> None:
    text = 'let é = "größe 🐫"\nlet x = y\n'
    tree = parse(text, "a.ml")
    start = text.index("y\n")
    node = tree.expression_at(start, start + 1)
    assert node is not None
    assert (node.kind, node.text, node.start, node.end) == ("value_path", "y", start, start + 1)
    assert [text[item.start : item.end] for item in tree.items] == ['let é = "größe 🐫"', "let x = y"]


@pytest.mark.parametrize(
    ("text", "where"),
    [("let x = (1 + \n", "(1 + "), ("let f x = let y = 1\n", None), ("let x = 1 in\n", None), ("let = 3", None)],
)
def test_broken_text_has_errors_and_a_tree(text: str, where: str | None) -> None:
    tree = parse(text, "a.ml")
    assert tree.has_error
    assert tree.errors
    assert not parses("a.ml", text)
    assert tree.root is not None


def test_what_is_declared_is_found_around_an_error() -> None:
    text = "let first = 1\nlet broken = = 2\nlet second = 2\nlet third = 3\n"
    names = [name for _, name in declared(text)]
    assert names[0] == "first"
    assert "third" in names


def test_files_that_are_not_ocaml_have_no_tree() -> None:
    tree = parse("(library (name x))", "lib/dune")
    assert (tree.root, tree.has_error, tree.errors, tree.declared, tree.node_at(3)) == (None, False, (), (), None)
    assert parses("lib/dune", "(((")
    assert list(tree.walk()) == []


def test_the_nodes_around_an_offset() -> None:
    tree = parse("let f x = match x with Some y -> y + 1 | None -> 0", "a.ml")
    offset = tree.text.index("y + 1")
    case = tree.enclosing(offset, "match_case")
    assert case is not None
    assert case.text == "Some y -> y + 1"
    kinds = [node.kind for node in tree.ancestors(offset)]
    assert kinds[0] == "value_name"
    assert kinds[-1] == "compilation_unit"
    assert [node.text for node in case.walk("value_name", "value_pattern")] == ["y", "y"]


def test_names_that_a_pattern_binds() -> None:
    tree = parse("let f { name; age = years } (Some x | x as whole) [ a; _ ] ~label ?(o = d) (t : u) = 1", "a.ml")
    binding = next(tree.walk("let_binding"))
    names = [n.text for p in binding.named_children if p.kind == "parameter" for n in bound_names(p)]
    assert names == ["name", "years", "x", "x", "whole", "a", "label", "o", "t"]


def test_aid_comments_are_comments() -> None:
    text = """let s = "(* AID: not this *)"
(* AID: add a test
   * for the
   empty list (* see below *) *)
let é = 1 (* AID:now *) (* not AID: this *) (** AID: documented *)
"""
    found = syntax.aid_comments(text, "a.ml")
    assert [comment.prompt for comment in found] == [
        "add a test for the empty list (* see below *)",
        "now",
        "documented",
    ]
    assert [text[c.start : c.start + 2] + text[c.end - 2 : c.end] for c in found] == ["(**)"] * 3
    assert syntax.aid_comments("val f : int (* AID: document *)", "a.mli") == (AidComment(12, 31, "document"),)
    assert syntax.aid_comments("; (* AID: x *)", "dune") == ()


@given(
    st.text(alphabet=st.sampled_from("let x=()[]{}|;:\"'*é🐫 \r\n\ud800->~?.,1a")), st.sampled_from(["a.ml", "a.mli"])
)
def test_any_text_has_a_tree_within_it(text: str, path: str) -> None:
    tree = parse(text, path)
    for node in tree.walk():
        assert 0 <= node.start <= node.end <= len(text)
    assert all(0 <= start <= end <= len(text) for start, end in tree.errors)
    assert all(text[item.start : item.end] for item in tree.declared)
    syntax.aid_comments(text + "(* AID: x *)", path)
