"""The tree that edits are made on."""

from lsp_aid.repair.search.edit import Piece, Place, replace
from lsp_aid.repair.search.program import Node, Program

TEXT = """let base = 1
let rec f (a, b) l =
  match l with
  | [] -> a
  | h :: t -> (let c = h + b in f (a, c) t)
"""


def node_of(program: Program, text: str, kind: str) -> Node:
    root = program.tree(program.items[1])
    return next(node for node in root.walk() if node.kind == kind and node.text == text)


def test_parentheses_are_no_nodes() -> None:
    program = Program.of(TEXT)
    call = node_of(program, "f (a, c) t", "app")
    assert [(kid.role, kid.kind, kid.text) for kid in call.kids] == [
        ("function", "var", "f"),
        ("argument", "tuple", "a, c"),
        ("argument", "var", "t"),
    ]
    assert call.kids[1].outer == "(a, c)"


def test_what_is_in_scope_the_nearest_first() -> None:
    program = Program.of(TEXT)
    place = Place(node_of(program, "f (a, c) t", "app"), program)
    assert place.locals[:3] == ("c", "h", "t")
    assert set(place.locals) == {"a", "b", "c", "h", "t", "l", "f"}
    assert [name for name, _ in place.globals] == ["base"]
    assert "c" not in Place(node_of(program, "h + b", "infix"), program).locals


def test_what_is_put_in_place_keeps_its_meaning() -> None:
    program = Program.of("let x = f (g 1) + 2")
    root = program.tree(program.items[0])
    argument = next(node for node in root.walk() if node.text == "g 1")
    number = next(node for node in root.walk() if node.text == "2")
    start, end = 0, len(program.text)
    assert replace(argument, Piece("y"), "").apply(program.text, start, end) == "let x = f y + 2"
    assert replace(argument, Piece("1 + 1", 1), "").apply(program.text, start, end) == "let x = f (1 + 1) + 2"
    assert (
        replace(number, Piece("fun z -> z", 0), "").apply(program.text, start, end) == "let x = f (g 1) + (fun z -> z)"
    )


def test_places_are_in_code_points() -> None:
    program = Program.of('let é = "ü" ^ x')
    root = program.tree(program.items[0])
    assert [node.text for node in root.walk() if node.kind == "var"] == ["x"]
