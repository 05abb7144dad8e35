"""Keeps a program running that is spoken to over pipes, and sees to it that nothing of it is left.

It is started by `reaper.py`, as `process.run` starts what runs to its end.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define, field

from lsp_aid.build.process import _REAPER, _until_gone
from lsp_aid.errors import ToolchainError

_LAST_WORDS = 4000


@define(eq=False)
class Resident:
    """A running program. `last_words` is the end of what it wrote to standard error."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _process: asyncio.subprocess.Process
    _hold: int
    _listening: asyncio.Task[None]
    _said: bytearray
    _closing: asyncio.Future[None] | None = field(default=None, init=False)

    @property
    def last_words(self) -> str:
        return self._said.decode("utf-8", "replace").strip()

    def end(self) -> None:
        """Tells it to end, and does not wait: for who cannot, since the event loop may not go on."""
        if self._closing is None:
            with contextlib.suppress(OSError):
                os.write(self._hold, b"!")

    async def close(self) -> None:
        """Ends it. When this returns no process of it is left. May be called again."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._hold, b"!")
        os.close(self._hold)
        await _until_gone(self._process)
        self.writer.close()
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening


async def start(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> Resident:
    """Starts a program. Raises ToolchainError if it cannot be; one that is not there is told by its silence."""
    with contextlib.ExitStack() as ends:
        watch, hold = os.pipe()
        ends.callback(os.close, watch)
        report, report_end = os.pipe()
        ends.callback(os.close, report)
        ends.callback(os.close, report_end)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_REAPER), str(watch), str(report_end), "--", *argv),
                cwd=cwd,
                env=dict(environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(watch, report_end),
                start_new_session=True,
            )
        except BaseException as error:
            os.close(hold)
            if isinstance(error, OSError):
                raise ToolchainError(
                    f"{argv[0]} cannot be started in {cwd}: {error}", "See that both are there."
                ) from error
            raise
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    said = bytearray()
    listening = asyncio.create_task(_listen(process.stderr, said))
    return Resident(process.stdout, process.stdin, process, hold, listening, said)


async def _listen(stream: asyncio.StreamReader, said: bytearray) -> None:
    while chunk := await stream.read(65536):
        said += chunk
        del said[:-_LAST_WORDS]
