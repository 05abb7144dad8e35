"""What tests of the repair families share."""

from collections.abc import AsyncIterator

import pytest
from attrs import frozen

from lsp_aid.config import load
from lsp_aid.domain.ports import Typer, Typing
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.wiring import Wiring


@frozen
class StrictTyping:
    """Types each module by itself, as dune's dev profile has it."""

    typer: Typer

    async def flags_for(self, path: str) -> CompilerFlags | None:
        return CompilerFlags(("-w", "-a", "-strict-sequence"))


@pytest.fixture
async def strict_typing() -> AsyncIterator[Typing]:
    async with Wiring().lone_typer(load(None, {})) as opened:
        yield StrictTyping(opened)
