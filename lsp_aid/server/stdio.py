"""The server on a pair of streams: standard input and output, or whatever else carries bytes."""

import asyncio
import contextlib
import logging
import os
import signal
import stat
import sys
import threading
from collections.abc import AsyncIterator, Iterable
from io import FileIO
from typing import Protocol

from attrs import frozen

from lsp_aid.server.protocol import AidProtocol
from lsp_aid.server.server import create_server
from lsp_aid.server.services import Services
from lsp_aid.server.watchdog import watch
from lsp_aid.wire import FrameError, Frames

log = logging.getLogger(__name__)

_CHUNK = 65536
_CLOSING_SECONDS = 8.0


class Writer(Protocol):
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...


async def serve_stdio(services: Services, client_process_id: int | None = None) -> int:
    """Serves one client over standard input and output until it leaves or a signal ends us. Returns the exit status."""
    reader, writer = await _own_stdio()
    signals = (signal.SIGTERM, signal.SIGINT)
    return await serve(services, messages(reader), writer, client_process_id, signals)


async def serve(
    services: Services,
    incoming: AsyncIterator[bytes],
    writer: Writer,
    client_process_id: int | None = None,
    signals: Iterable[signal.Signals] = (),
) -> int:
    """Serves one client until it says `exit`, its messages end, its process dies or one of the signals comes.

    Nothing that was started for it is left behind. Returns the exit status.
    """
    logging.getLogger("pygls").setLevel(logging.WARNING)  # below, it logs whole messages: the user's text
    server = create_server(services)
    protocol = server.protocol
    protocol.set_writer(writer)
    loop = asyncio.get_running_loop()
    for number in signals:
        with contextlib.suppress(NotImplementedError):  # not every system has them
            loop.add_signal_handler(number, protocol.end, 128 + number)
    if client_process_id:
        server.watch(watch(client_process_id, protocol.end))
    pumping = asyncio.create_task(pump(incoming, protocol))
    ending = asyncio.create_task(protocol.ended.wait())
    try:
        await asyncio.wait({pumping, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not protocol.ended.is_set():
            protocol.end()
    finally:
        for task in (pumping, ending):
            task.cancel()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS):
                await server.close()
        except TimeoutError:
            log.exception("Not everything could be closed in time")
        await _flush(writer)
    return protocol.exit_code


async def pump(incoming: AsyncIterator[bytes], protocol: AidProtocol) -> None:
    """Hands the protocol one message after the other until they end."""
    async for body in incoming:
        protocol.receive(body)
        await asyncio.sleep(0)  # what the message started takes its first step before the next one is read


async def messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What a client sends, message by message, until its stream ends or is no longer the protocol's."""
    frames = Frames()
    try:
        while data := await reader.read(_CHUNK):
            for body, _ in frames.feed(data):
                yield body
    except (FrameError, ConnectionError) as error:
        log.error("The client is left: %s", error)


async def _own_stdio() -> tuple[asyncio.StreamReader, Writer]:
    """Standard input and output as streams of our own. Whatever else writes to standard output from now on, a child
    process included, writes to standard error, and whatever else reads standard input finds it empty."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.flush()
    os.dup2(2, 1)
    return await _reader(incoming), await _writer(outgoing)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    file = os.fdopen(descriptor, "rb", 0)
    if _can_be_waited_for(descriptor):
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    else:
        threading.Thread(target=_feed, args=(file, reader, loop), daemon=True).start()
    return reader


def _can_be_waited_for(descriptor: int) -> bool:
    """Files, terminals and /dev/null cannot be, not everywhere; nor can anything where the system has no such loop."""
    mode = os.fstat(descriptor).st_mode
    return os.name == "posix" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))


def _feed(file: FileIO, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError, OSError):  # the loop is closed: nobody reads any longer
        while data := file.read(65536):
            loop.call_soon_threadsafe(reader.feed_data, data)
        loop.call_soon_threadsafe(reader.feed_eof)


async def _writer(descriptor: int) -> Writer:
    loop = asyncio.get_running_loop()
    file = os.fdopen(descriptor, "wb", 0)
    if not _can_be_waited_for(descriptor):
        return _FileWriter(file)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), file
    )
    return asyncio.StreamWriter(transport, protocol, None, loop)


@frozen
class _FileWriter:
    """Writes to a file, which is always ready."""

    file: FileIO

    def write(self, data: bytes) -> None:
        self.file.write(data)

    def close(self) -> None:
        self.file.close()


async def _flush(writer: Writer) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            if isinstance(writer, asyncio.StreamWriter):
                await writer.drain()
                writer.close()
                await writer.wait_closed()
            else:
                writer.close()
