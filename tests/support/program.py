"""The program itself, with a client at its standard input and output."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.bare_client import BareClient


@asynccontextmanager
async def program(home: Path) -> AsyncIterator[BareClient]:
    """A client of the program itself, which is killed in the end."""
    environment = {**os.environ, "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home), "LSP_AID_TRUST": "always"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_aid", "serve"), stdin=pipe, stdout=pipe, env=environment
    )
    assert process.stdin
    assert process.stdout
    client = BareClient(process.stdout, process.stdin)
    try:
        yield client
    finally:
        process.kill()
        await process.wait()
        await client.hang_up()
