"""The daemon: one warm process for all editors of a user. It is handed what serves a connection.

It listens at the meeting place until it is told to end, nobody has needed it for long, or another takes its place: that
one listens first, so that there is always somebody to connect to, and this one sends its relays there once their jobs
are done.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from lsp_aid import __version__
from lsp_aid.sidecar import meeting as places
from lsp_aid.sidecar.connection import Connection, GreetingError, HungUpError, greet, refuse, welcome
from lsp_aid.sidecar.control import Control
from lsp_aid.sidecar.loopback import proof, write_address
from lsp_aid.sidecar.meeting import Meeting, MeetingError, peer_of
from lsp_aid.sidecar.starting import start_daemon

log = logging.getLogger(__name__)

Serve = Callable[[Connection], Awaitable[object]]
"""Serves the editor of a connection until it leaves."""

JOBS_SECONDS = 30.0
"""How long a daemon that is replaced waits for jobs under way."""
LEAVE_SECONDS = 5.0
CLOSE_SECONDS = 9.0
LOOK_SECONDS = 20.0
_NONCE = 32


@frozen
class Options:
    """`idle_seconds`: how long to stay without a connection, None for ever. `follow_version`: whether to make way by
    itself when another version was installed. `safe`: what a relay may ask for again."""

    idle_seconds: float | None = 1800.0
    follow_version: bool = False
    safe: Sequence[str] = ()


@define(eq=False)
class Daemon:
    meeting: Meeting
    serve: Serve
    options: Options
    _connections: dict[Connection, "asyncio.Task[None]"] = field(factory=dict)
    _listening: "asyncio.Server | None" = None
    _path: str = ""
    _inode: tuple[int, int] = (0, 0)
    _token: bytes = field(factory=lambda: secrets.token_bytes(32), repr=False)
    _ended: asyncio.Event = field(factory=asyncio.Event)
    _leaving: str = ""
    _started: float = field(factory=time.monotonic)
    _used: float = field(factory=time.monotonic)
    _tasks: "set[asyncio.Task[None]]" = field(factory=set)

    async def run(self, lock: int | None, *, replace: bool) -> int:
        """Takes the meeting place, serves until the end, and leaves nothing behind. Returns the exit status. `lock` is
        that of the meeting place where whoever started us holds it; it is let go of. Raises MeetingError."""
        try:
            if not await self._take_place(lock, replace=replace):
                log.info("Another daemon listens already")
                return 0
        finally:
            if lock is not None:
                with contextlib.suppress(OSError):
                    os.close(lock)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        log.info("lsp-aid %s listens at %s", __version__, self._path)
        looking = asyncio.create_task(self._look_around())
        try:
            await self._ended.wait()
        finally:
            looking.cancel()
            await self._close()
        log.info("The end")
        return 0

    def stop(self) -> None:
        """Ends it: relays are told not to start another before it is needed."""
        if not self._ended.is_set():
            self._leaving = "stopping"
            for connection in self._connections:
                connection.say("stopping")
            self._start(self._end_soon())

    async def _end_soon(self) -> None:
        self._stop_listening()
        await self._left(LEAVE_SECONDS)
        self._ended.set()

    # --- the meeting place ---

    async def _take_place(self, lock: int | None, *, replace: bool) -> bool:
        """Begins to listen; False where another does, and is not to be replaced."""
        self.meeting.make()
        own = None if lock is not None else await self._lock()
        try:
            other = places.connect(self.meeting)
            if other is not None and not replace:
                other.close()
                return False
            try:
                await self._listen()
                if other is not None:
                    await _retire(other)
            finally:
                if other is not None:
                    other.close()
        finally:
            if own is not None:
                os.close(own)
        return True

    async def _lock(self) -> int:
        until = time.monotonic() + 30
        while (held := places.lock(self.meeting.lock)) is None:
            if time.monotonic() > until:
                raise MeetingError(f"{self.meeting.lock} is held by another process for long.")
            await asyncio.sleep(0.02)
        return held

    async def _listen(self) -> None:
        """Puts our socket in the place of whatever was there, in one step."""
        if self.meeting.by_tcp:
            self._path = self.meeting.address
            self._listening = await asyncio.start_server(self._admit_by_tcp, "127.0.0.1", 0)
            write_address(self._path, self._listening.sockets[0].getsockname()[1], self._token)
        else:
            self._path = self.meeting.socket
            end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with places.at(self._path) as name:
                temporary = f"{name}.{os.getpid()}"
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary)
                end.bind(temporary)
                os.chmod(temporary, 0o600)
                end.listen(128)
                os.replace(temporary, name)
            self._listening = await asyncio.start_unix_server(self._admit, sock=end)
        self._inode = _inode(self._path)

    def _stop_listening(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
            if _inode(self._path) == self._inode:
                with contextlib.suppress(OSError):
                    os.unlink(self._path)

    # --- connections ---

    async def _admit_by_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The other end has to prove that it can read a file of this user's, and we prove it first."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                theirs = await reader.readexactly(_NONCE)
                ours = secrets.token_bytes(_NONCE)
                writer.write(ours + proof(self._token, b"daemon", theirs))
                if not secrets.compare_digest(await reader.readexactly(_NONCE), proof(self._token, b"relay", ours)):
                    raise ConnectionError("it does not know the token")
        except (OSError, EOFError, TimeoutError) as error:
            log.warning("A connection is refused: %s", error)
            writer.close()
            return
        await self._admit(reader, writer)

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self.meeting.by_tcp:
                uid = peer_of(writer.get_extra_info("socket"))[1]
                if uid not in (None, os.geteuid()):
                    raise GreetingError(f"it is of the user {uid}")
            connection = await greet(reader, writer)
        except (GreetingError, TimeoutError) as error:
            if not isinstance(error, HungUpError):  # somebody has only looked whether we are there
                log.warning("A connection is refused: %s", str(error) or "it says nothing")
            refuse(writer, str(error))
            return
        welcome(connection, os.getpid(), self.options.safe)
        if connection.hello.role == "control":
            await self._obey(connection)
        elif self._leaving:
            connection.say(self._leaving)
            await self._until_gone(connection)
        else:
            await self._attend(connection)

    async def _attend(self, connection: Connection) -> None:
        """Serves an editor until it leaves. Whatever goes wrong there, the others do not notice."""
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        log.info("The relay %s of the editor %s is connected", connection.hello.pid, connection.hello.editor)
        if self.options.follow_version and _numbers(connection.hello.version) > _numbers(__version__):
            self._make_way()
        try:
            await self.serve(connection)
        except Exception:
            log.exception("Serving the relay %s failed", connection.hello.pid)
        finally:
            del self._connections[connection]
            self._used = time.monotonic()
            connection.close()
            log.info("The relay %s has gone", connection.hello.pid)

    async def _until_gone(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS):
                async for _ in connection.messages():
                    pass
        connection.close()

    # --- commands ---

    async def _obey(self, connection: Connection) -> None:
        """Does what a command line says, one message after the other."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                async for body in connection.messages():
                    match body:
                        case b"status":
                            connection.say("status", **self.status())
                        case b"stop":
                            connection.say("done")
                            self.stop()
                        case b"retire":
                            connection.say("done")
                            self._start(self._retire())
                        case _:
                            connection.say("unknown")
        except TimeoutError:
            pass
        connection.close()

    def status(self) -> dict[str, Any]:
        """What `lsp-aid status` tells of it: seconds, bytes."""
        return {
            "pid": os.getpid(),
            "version": __version__,
            "uptime": round(time.monotonic() - self._started, 1),
            "memory": _memory(),
            "editors": [
                {
                    "pid": connection.hello.editor,
                    "relay": connection.hello.pid,
                    "name": connection.about,
                    "folder": connection.hello.cwd,
                    "uptime": round(time.monotonic() - connection.since, 1),
                    "jobs": connection.jobs,
                }
                for connection in self._connections
            ],
        }

    async def _retire(self) -> None:
        """Another listens in our place: sends the relays there, each once its jobs are done."""
        if self._leaving:
            return
        log.info("Another daemon takes over")
        self._leaving = "retiring"
        self._stop_listening()
        await asyncio.gather(*(self._send_away(connection) for connection in tuple(self._connections)))
        await self._left(LEAVE_SECONDS)
        self._ended.set()

    async def _send_away(self, connection: Connection) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(JOBS_SECONDS):
                await connection.quiet.wait()
        connection.say("retiring")

    async def _left(self, seconds: float) -> None:
        """Waits until all relays have hung up, but not longer than that."""
        if tasks := tuple(self._connections.values()):
            await asyncio.wait(tasks, timeout=seconds)

    async def _close(self) -> None:
        self._stop_listening()
        tasks = tuple(self._connections.values())
        for connection in tuple(self._connections):
            connection.close()
            connection.writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)

    # --- by itself ---

    async def _look_around(self) -> None:
        """Ends us when nobody has needed us for long, and makes way for another version where that is wanted."""
        installed = _installed()
        while True:
            idle = self.options.idle_seconds
            await asyncio.sleep(LOOK_SECONDS if idle is None else min(LOOK_SECONDS, max(0.05, idle / 4)))
            if not self._connections and idle is not None and time.monotonic() - self._used > idle:
                log.info("Nobody has needed this daemon for %g s", idle)
                self._leaving = "retiring"
                self._stop_listening()
                await asyncio.sleep(0.05)  # who has just connected is sent away
                self._ended.set()
            elif _inode(self._path) != self._inode and not self._leaving:
                log.warning("%s was removed: nobody can connect any longer", self._path)
                self._start(self._retire())
            elif self.options.follow_version and (now := _installed()) != installed:
                installed = now
                self._make_way()

    def _make_way(self) -> None:
        """Starts a daemon of the version that is installed by now, which takes our place."""
        log.info("Another version was installed")
        start_daemon(self.meeting, os.environ, replace=True)

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _retire(other: Any) -> None:
    """Tells the daemon at the other end of a connection that we have taken its place. One that hangs is killed."""
    pid = None if other.family == socket.AF_INET else peer_of(other)[0]
    try:
        await asyncio.to_thread(lambda: Control(other).ask("retire"))
    except MeetingError as error:
        log.warning("Process %s does not make way, and is killed: %s", pid, error)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _inode(path: str) -> tuple[int, int]:
    try:
        status = os.lstat(path)
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino


def _memory() -> int:
    """Bytes of memory that are resident; 0 where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _installed() -> str:
    """The version that is on disk by now: the line of the package that states it."""
    with contextlib.suppress(OSError):
        for line in (Path(__file__).parents[1] / "__init__.py").read_text(encoding="utf-8").splitlines():
            if line.startswith("__version__"):
                return line
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
