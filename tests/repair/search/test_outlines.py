"""Outlines of the types that the compiler prints."""

import pytest

from lsp_aid.repair.search.outlines import argument_of, can_be, shape, split_type


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("int", "int"),
        ("'a", "var"),
        ("int list", "list of int"),
        ("(int * int) list", "list of tuple"),
        ("int * 'a", "tuple 2"),
        ("('a -> 'b) -> 'a", "function 1"),
        ("int ->\n  int -> string", "function 2"),
        ("expr", "named"),
        ("", "?"),
    ],
)
def test_shape(type_: str, expected: str) -> None:
    assert shape(type_) == expected


def test_a_type_is_taken_apart_at_its_outermost() -> None:
    assert split_type("('a -> 'b) -> 'a * int -> 'b list") == ("function", ["'a -> 'b", "'a * int", "'b list"])
    assert split_type("('a -> 'b) * 'a") == ("tuple", ["'a -> 'b", "'a"])
    assert split_type("('a * 'b) list") == ("other", ["('a * 'b) list"])
    assert argument_of("(int -> int) -> 'a") == "int -> int"


def test_what_cannot_be_of_the_type_is_not_tried() -> None:
    assert not can_be("+>+.", "int")
    assert can_be("+>+.", "float")
    assert not can_be("[x]", "tuple 2")
    assert can_be("[x]", "var")
    assert can_be("name>local", "int")
