"""What counts as throwing code away, of the edits that the families make."""

import pytest

from lsp_aid.repair.search.edit import Piece, replace
from lsp_aid.repair.search.losses import is_meant
from lsp_aid.repair.search.program import Node, Program


def node(program: str, text: str) -> Node:
    read = Program.of(program)
    return next(n for n in read.tree(read.items[0]).walk() if n.text == text and n.kind != "binding")


LOSSES = {
    "a constant for what is computed": ('"sum: " ^ total xs', '""', "large>string"),
    "a local name for what is computed": ("total xs", "xs", "small>local"),
    "a constant for a name": ("xs", "[]", "name>[]"),
    "one side of an operator": ('"sum: " ^ total xs', '"sum: "', "left of op"),
    "an argument alone": ('print_endline ("sum: " ^ total xs)', "()", "keep argument"),
}
KEPT = {
    "another operator": ('"sum: " ^ total xs', '"sum: " @ total xs', "^>@"),
    "a conversion": ("total xs", "string_of_int (total xs)", "wrap string_of_int"),
    "the arguments swapped": ("total xs", "xs total", "swap arguments"),
    "a call that is not needed": ("total xs", "xs", "keep argument"),
}


@pytest.mark.parametrize("case", LOSSES)
def test_code_is_thrown_away(case: str) -> None:
    before, after, kind = LOSSES[case]
    program = 'let f xs = print_endline ("sum: " ^ total xs)\n'
    assert not is_meant(replace(node(program, before), Piece(after), kind))


@pytest.mark.parametrize("case", KEPT)
def test_code_is_kept(case: str) -> None:
    before, after, kind = KEPT[case]
    program = 'let f xs = print_endline ("sum: " ^ total xs)\n'
    assert is_meant(replace(node(program, before), Piece(after), kind))
