import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.ocaml.scope import in_scope, lookup, number_type, opened
from lsp_aid.ocaml.syntax import parse

SOURCE = """open List
let hidden = 1
let hidden = "again"
type t = Red | Green
type r = { name : string }
exception Stop
let rate : float = 2.
let area (w : int) h = w * h
module M = struct
  let inner = 1
  let use = HERE1
end
let rec loop n =
  let open String in
  let count = 0L in
  match n with
  | Some (first, _) when first > 1 -> (fun last -> HERE2)
  | None -> for i = 1 to 3 do HERE3 done
let after = 1
"""


def names(marker: str) -> list[str]:
    return [b.name for b in in_scope(parse(SOURCE, "a.ml"), SOURCE.index(marker))]


def test_inside_a_module() -> None:
    assert names("HERE1") == ["inner", "area", "rate", "Stop", "r", "name", "t", "Red", "Green", "hidden"]


def test_inside_a_function() -> None:
    outer = ["count", "n", "loop", "M", "area", "rate", "Stop", "r", "name", "t", "Red", "Green", "hidden"]
    assert names("HERE2") == ["last", "first", *outer]
    assert names("HERE3") == ["i", *outer]


def test_what_is_opened() -> None:
    tree = parse(SOURCE, "a.ml")
    assert opened(tree, SOURCE.index("HERE2")) == ("String", "List")
    assert opened(tree, SOURCE.index("HERE1")) == ("List",)


@pytest.mark.parametrize(
    ("name", "kind", "type_", "arity"),
    [
        ("hidden", "value", "string", 0),
        ("rate", "value", "float", 0),
        ("area", "value", "", 2),
        ("count", "value", "int64", 0),
        ("first", "variable", "", 0),
        ("n", "parameter", "", 0),
    ],
)
def test_what_a_name_is(name: str, kind: str, type_: str, arity: int) -> None:
    binding = lookup(parse(SOURCE, "a.ml"), name, SOURCE.index("HERE2"))
    assert binding is not None
    assert (binding.kind, binding.type, binding.arity) == (kind, type_, arity)


def test_a_definition_does_not_see_itself_without_rec() -> None:
    text = "let f x = f x\nlet rec g x = g x\nlet rec h x = k x and k x = x"
    tree = parse(text, "a.ml")
    assert lookup(tree, "f", text.index("f x\n")) is None
    assert lookup(tree, "g", text.index("g x\n")) is not None
    assert lookup(tree, "k", text.index("k x and")) is not None


def test_parameters_end_with_their_function() -> None:
    text = "let f (x : int) ?(y = x) = x + y\nlet z = x"
    tree = parse(text, "a.ml")
    assert lookup(tree, "x", text.rindex("x")) is None
    inner = lookup(tree, "x", text.index("x + y"))
    assert inner is not None
    assert inner.type == "int"


@pytest.mark.parametrize(
    ("literal", "type_"),
    [
        *((literal, "int") for literal in ("1", "1_000", "0xFF", "0b1", "0o7")),
        *((literal, "float") for literal in ("1.", "1e3", "0x1p3", "1_0.5")),
        *zip(("1l", "1L", "1n"), ("int32", "int64", "nativeint"), strict=True),
    ],
)
def test_types_of_numbers(literal: str, type_: str) -> None:
    assert number_type(literal) == type_


@given(st.integers(0, len(SOURCE)), st.integers(0, 40))
def test_a_scope_is_found_anywhere_in_broken_text(start: int, length: int) -> None:
    text = SOURCE[:start] + SOURCE[start + length :]
    tree = parse(text, "a.ml")
    for offset in range(0, len(text), 7):
        in_scope(tree, offset)
        opened(tree, offset)
