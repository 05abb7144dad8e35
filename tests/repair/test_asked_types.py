"""What is asked of the type checker about a file in error."""

import pytest

from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.repair.asked_types import AskedTypes
from lsp_aid.repair.type_shapes import read
from tests.repair.conftest import StrictTyping

pytestmark = pytest.mark.dune

TEXT = "let twice x = x * 2\nlet a = twice 1\n"


async def test_the_values_in_scope_come_with_their_types(strict_typing: StrictTyping) -> None:
    asked = AskedTypes(strict_typing.typer, CompilerFlags(("-w", "-a")), "a.ml", TEXT)
    assert (await asked.values(TEXT.index("twice 1")))[0] == ("twice", read("int -> int"))


async def test_nothing_is_in_scope_where_no_module_is_built_yet(strict_typing: StrictTyping) -> None:
    flags = CompilerFlags(("-w", "-a", "-I", "/nowhere", "-open", "Dune__exe"))
    assert await AskedTypes(strict_typing.typer, flags, "a.ml", TEXT).values(TEXT.index("twice 1")) == []
