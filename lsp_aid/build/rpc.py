"""A client of dune's RPC: one connection to the unix socket of a running `dune build --watch`.

Requests are answered in any order and are told apart by their ids. A poll is a request that is answered once there is
something new: it has no time-out, but ends with the connection or when it is cancelled. Methods have versions, and the
menu tells which ones both sides know; a dune that lacks what is needed is refused as a whole.

A dune that has several things to tell does not bear that the connection is closed meanwhile: 3.17 answers nobody any
longer, 3.24 dies of it. So nothing is closed before dune has said what it has to say, and has closed its end.
"""

import asyncio
import contextlib
import itertools
import os
import socket
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import define, field

from lsp_aid.build.csexp import Csexp, CsexpError, Reader, encode
from lsp_aid.build.process import in_thread
from lsp_aid.build.rpc_messages import (
    Progress,
    RpcDiagnostic,
    atom,
    diagnostic,
    integer,
    items,
    progress,
    record,
    variant,
    without_doubles,
)
from lsp_aid.errors import ToolchainError
from lsp_aid.ocaml.compiler_output import Read

SECONDS = 10.0
"""How long an answer to anything but a poll may take."""

_KNOWN = {
    "ping": (1,),
    "diagnostics": (1, 2),
    "poll/progress": (1, 2),
    "poll/diagnostic": (1, 2),
    "promote": (1,),
    "shutdown": (1,),
    "flush-file-watcher": (1,),  # from 3.24
}
_NEEDED = ("ping", "diagnostics", "poll/progress", "poll/diagnostic", "promote")
_INITIALIZE = (
    (b"dune_version", (b"3", b"17")),
    (b"id", b"lsp-aid"),
    (b"protocol_version", b"0"),
)
CALM_SECONDS = 0.3
"""A build that is under way answers what was asked within this time; without one dune has nothing to say."""
PART_SECONDS = 2.0
"""How long dune may take to close its end of a connection."""
_CHUNK = 65536
_LONGEST_PATH = 100  # sun_path has 108 bytes on Linux, 104 on others
_CURE = "Start `dune build --watch` anew."
_CLOSED = "The connection to dune was closed"


class RpcEndedError(ToolchainError):
    """There is no connection, or no longer: dune has ended, or what it sent is not its protocol."""


class RpcRefusedError(ToolchainError):
    """dune answered a request with an error, or does not know it."""


@define(eq=False)
class Client:
    """A connection. `versions` are the methods that both sides know; `pid` is the process at the other end, None where
    the system does not tell."""

    versions: Mapping[str, int]
    pid: int | None
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _ids: Iterator[int] = field(factory=itertools.count)
    _waiting: dict[Csexp, "asyncio.Future[Csexp]"] = field(factory=dict)
    _unanswered: set[Csexp] = field(factory=set)
    _calm: asyncio.Event = field(factory=asyncio.Event)
    _listening: "asyncio.Task[None] | None" = None
    _reason: str = ""
    _closing: bool = False

    async def request(self, method: str, params: Csexp = (), *, seconds: float | None = SECONDS) -> Csexp:
        """The answer. Raises RpcEndedError, also where no answer comes within `seconds`; RpcRefusedError."""
        identifier: Csexp = (b"lsp-aid", b"%d" % next(self._ids))
        call = ((b"id", identifier), (b"method", method.encode()), (b"params", params))
        answer = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = answer
        try:
            async with asyncio.timeout(seconds):
                self._unanswered.add(identifier)
                await self._send(call)
                kind, value = variant(await answer)
        except TimeoutError:
            raise RpcEndedError(f"dune did not answer `{method}` within {seconds:g} seconds", _CURE) from None
        except CsexpError as error:
            raise RpcEndedError(f"dune's answer to `{method}` is not its protocol: {error}", _CURE) from error
        finally:
            self._waiting.pop(identifier, None)
        if kind == "ok":
            return value
        raise RpcRefusedError(f"dune refused `{method}`: {_told(value)}")

    async def notify(self, method: str, params: Csexp = ()) -> None:
        """Raises RpcEndedError."""
        async with asyncio.timeout(SECONDS):
            await self._send(((b"method", method.encode()), (b"params", params)))

    async def poll_progress(self) -> Progress | None:
        """The state of the build: at first as it is, later once it has changed. None once there is no more."""
        return progress(value) if (value := await self._poll("progress")) is not None else None

    async def poll_diagnostics(self) -> int | None:
        """How many diagnostics came or went, once some did. What was removed is not mended for that: dune removes all
        when a build starts. None once there is no more."""
        value = await self._poll("diagnostic")
        return len(items(value)) if value is not None else None

    async def diagnostics(self, root: Path, read: Read) -> tuple[RpcDiagnostic, ...]:
        """All that there are now, each once. Raises RpcEndedError, RpcRefusedError."""
        value = await self.request("diagnostics")
        try:
            return await in_thread(lambda: without_doubles(diagnostic(each, root, read) for each in items(value)))
        except CsexpError as error:
            raise RpcEndedError(f"A diagnostic of dune's is not its protocol: {error}", _CURE) from error

    async def ping(self) -> None:
        """Returns once dune has answered: what it sent before has arrived."""
        await self.request("ping")

    async def flush(self) -> bool:
        """Returns once dune knows of all that was written before. False where this dune cannot tell (before 3.24)."""
        if "flush-file-watcher" not in self.versions:
            return False
        return variant(await self.request("flush-file-watcher"))[0].lower() == "ok"

    async def promote(self, path: str) -> None:
        """Has dune put what a rule made in the place of the source file `path`, relative to the root.

        Raises RpcEndedError, RpcRefusedError.
        """
        await self.request("promote", path.encode())

    async def shutdown(self) -> None:
        """Asks dune to end. Raises RpcEndedError."""
        await self.notify("shutdown")

    async def close(self) -> None:
        """Lets go of the connection once dune has nothing to say, or soon; whoever waits on it gets RpcEndedError."""
        try:
            if self._listening is not None and not self._listening.done():
                self._closing = True
                await self._part(self._listening)
        finally:
            await self._hang_up()

    async def _part(self, listening: "asyncio.Task[None]") -> None:
        """Has dune close its end, at a moment at which it says nothing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CALM_SECONDS):
                while self._unanswered and not listening.done():
                    self._calm.clear()
                    await self._calm.wait()
        with contextlib.suppress(OSError):
            self._writer.write_eof()
        await asyncio.wait([listening], timeout=PART_SECONDS)

    async def _hang_up(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):  # it is closed either way
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def _greet(self, seconds: float) -> None:
        hello = ((b"id", b"initialize"), (b"method", b"initialize"), (b"params", _INITIALIZE))
        answer = asyncio.get_running_loop().create_future()
        self._waiting[b"initialize"] = answer
        try:
            async with asyncio.timeout(seconds):
                await self._send(hello)
                if variant(await answer)[0] != "ok":
                    raise RpcRefusedError("dune refused the connection")
            menu = tuple((name.encode(), tuple(b"%d" % n for n in known)) for name, known in _KNOWN.items())
            self.versions = _menu(await self.request("version_menu", menu, seconds=seconds))
        except TimeoutError:
            raise RpcEndedError(f"What listens there said nothing within {seconds:g} seconds", _CURE) from None
        except CsexpError as error:
            raise RpcEndedError(f"What listens there does not speak dune's protocol: {error}", _CURE) from error
        finally:
            self._waiting.pop(b"initialize", None)
        if missing := _missing(self.versions):
            raise RpcRefusedError(f"This dune does not know {', '.join(missing)}", "Use dune 3.17 or later.")

    async def _poll(self, name: str) -> Csexp | None:
        value = await self.request(f"poll/{name}", f"lsp-aid-{name}".encode(), seconds=None)
        try:
            kind, argument = variant(value)
        except CsexpError:
            kind, argument = "None", ()
        return argument if kind == "Some" else None

    async def _send(self, packet: Csexp) -> None:
        if self._reason or self._closing:
            raise RpcEndedError(self._reason or _CLOSED, _CURE)
        try:
            self._writer.write(encode(packet))
            await self._writer.drain()
        except OSError as error:
            self._end(f"The connection to dune is broken: {error}")
            raise RpcEndedError(self._reason, _CURE) from error

    async def _listen(self) -> None:
        reader = Reader()
        try:
            while data := await self._reader.read(_CHUNK):
                for packet in reader.feed(data):
                    self._receive(packet)
            self._end("dune has ended")
        except CsexpError as error:
            self._end(f"What dune sent is not its protocol: {error}")
        except OSError as error:
            self._end(f"The connection to dune is broken: {error}")
        except asyncio.CancelledError:
            self._end(_CLOSED)
            raise
        finally:
            self._writer.close()

    def _receive(self, packet: Csexp) -> None:
        """Takes an answer. Notifications (`notify/log`, `notify/abort`) need none; the end follows an abort."""
        fields = record(packet)
        self._unanswered.discard(fields.get("id", ()))
        self._calm.set()
        if "result" in fields and (answer := self._waiting.get(fields.get("id", ()))) and not answer.done():
            answer.set_result(fields["result"])

    def _end(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._calm.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(RpcEndedError(self._reason, _CURE))


async def connect(path: Path, seconds: float = SECONDS) -> Client:
    """Connects to the socket at `path`, which has to belong to a process of our own user.

    Raises RpcEndedError where nobody listens there, or no dune, or another user's; RpcRefusedError for a dune that
    lacks what is needed.
    """
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await _open(path)
    except (OSError, TimeoutError) as error:
        raise RpcEndedError(f"Nobody answers at {path}: {error or 'no answer'}", _CURE) from error
    uid, pid = _peer(writer)
    if uid != os.getuid():
        writer.close()
        raise RpcEndedError(f"The process at {path} is another user's")
    client = Client({}, pid, reader, writer)
    client._listening = asyncio.create_task(client._listen())
    try:
        await client._greet(seconds)
    except BaseException:
        await client._hang_up()
        raise
    return client


async def _open(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if len(os.fsencode(path)) <= _LONGEST_PATH or not sys.platform.startswith("linux"):
        return await asyncio.open_unix_connection(str(path))
    # The path of a socket is bounded; that of its folder is not.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int | None]:
    """The user and the process at the other end. Where the system does not tell, the owner of the file was looked at
    before."""
    connection: socket.socket = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):
        return os.getuid(), None
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return uid, pid


def _told(value: Csexp) -> str:
    """The message of an error."""
    try:
        return atom(record(value).get("message", b""))[:500]
    except CsexpError:
        return "it does not say why"


def _menu(value: Csexp) -> dict[str, int]:
    return {atom(name): integer(version) for name, version in map(_pair, items(value))}


def _pair(value: Csexp) -> tuple[Csexp, Csexp]:
    match value:
        case (name, version):
            return name, version
    raise CsexpError("no pair where one was expected")


def _missing(versions: Mapping[str, int]) -> Sequence[str]:
    return [name for name in _NEEDED if name not in versions]
