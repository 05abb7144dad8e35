"""The program itself, with a client at its standard input and output."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from tests.support.bare_client import BareClient

Client = TypeVar("Client", bound=BareClient)


@asynccontextmanager
async def program(home: Path, make: Callable[..., Client] = BareClient, **more: str) -> AsyncIterator[Client]:
    """A client of the program itself, which is killed in the end. `more` is added to its environment."""
    folders = {"XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    environment = {**os.environ, **folders, "LSP_AID_TRUST": "always", **more}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_aid", "serve"), stdin=pipe, stdout=pipe, env=environment
    )
    assert process.stdin
    assert process.stdout
    client = make(process.stdout, process.stdin)
    try:
        yield client
    finally:
        process.kill()
        await process.wait()
        await client.hang_up()
