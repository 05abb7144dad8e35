"""One connection of the daemon's: greeted, then the messages of one editor, and what is said beside them."""

import asyncio
import contextlib
import itertools
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from lsp_aid import __version__
from lsp_aid.sidecar.link import MARK
from lsp_aid.sidecar.meeting import PROTOCOL
from lsp_aid.wire import FrameError, Frames, frame

log = logging.getLogger(__name__)

GREETING_SECONDS = 10.0
ANSWER_SECONDS = 5.0
MOST_UNREAD = 64_000_000
"""Bytes that may wait for a relay that does not read; then it is left, and comes again."""
_CHUNK = 262_144
_OF_SESSIONS = ("XDG_SESSION", "XDG_SEAT", "XDG_VTNR", "XDG_ACTIVATION", "XDG_CURRENT", "XDG_MENU")
"""Variables that are another in every terminal and tell nothing of a toolchain: two editors that differ in these alone
share what they can."""


class GreetingError(Exception):
    """Who connected does not say who it is, or not in a way that can be understood."""


class HungUpError(GreetingError):
    """Who connected said nothing at all."""


@frozen
class Hello:
    """What a relay, or a command, says first. `environment` is that of the editor; it is never shown. `state` is what
    the daemon before this one had asked to be kept."""

    role: str
    version: str
    pid: int | None
    editor: int | None
    cwd: str
    environment: dict[str, str] = field(repr=False)
    state: dict[str, Any] = field(repr=False)


def hello_of(message: Any) -> Hello:
    """Takes what is known of a hello; a newer relay may say more, an older one less. Raises GreetingError."""
    if not isinstance(message, dict) or message.get("type") != "hello":
        raise GreetingError("the first message is no hello")
    if message.get("protocol") != PROTOCOL:
        raise GreetingError(f"version {PROTOCOL} of the protocol is spoken here, not {message.get('protocol')!r}")
    environment, state = message.get("environment"), message.get("state")
    given = environment.items() if isinstance(environment, dict) else ()
    texts = {k: v for k, v in given if isinstance(v, str) and not k.startswith(_OF_SESSIONS)}
    return Hello(
        role=_text(message.get("role")) or "editor",
        version=_text(message.get("version")),
        pid=_number(message.get("pid")),
        editor=_number(message.get("editor")),
        cwd=_text(message.get("cwd")) or "/",
        environment=texts,
        state=state if isinstance(state, dict) else {},
    )


@define(eq=False)
class Connection:
    """Implements the server's port `Keeper`, by the relay, and is what its protocol writes to.

    `about` is what the server tells of its editor, for people. `jobs` counts those under way, `quiet` is set
    while there are none.
    """

    hello: Hello
    frames: Frames
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    first: list[bytes] = field(factory=list, repr=False)
    about: str = ""
    jobs: int = 0
    quiet: asyncio.Event = field(factory=asyncio.Event, repr=False)
    since: float = field(factory=time.monotonic)
    _asked: dict[int, "asyncio.Future[Mapping[str, str]]"] = field(factory=dict, repr=False)
    _numbers: "itertools.count[int]" = field(factory=lambda: itertools.count(1), repr=False)

    # --- the protocol's own messages ---

    async def messages(self) -> AsyncIterator[bytes]:
        """What the editor sends, message by message, until the relay hangs up."""
        for body in self.first:
            yield body
        self.first = []
        try:
            while data := await self.reader.read(_CHUNK):
                for body, marked in self.frames.feed(data):
                    if marked:
                        self._hear(body)
                    else:
                        yield body
        except (FrameError, ConnectionError) as error:
            log.warning("The relay %s is left: %s", self.hello.pid, error)

    def write(self, data: bytes) -> None:
        """Sends what the server wrote: whole frames. Memory stays bounded whatever the other end does."""
        if self.writer.transport.get_write_buffer_size() > MOST_UNREAD:
            log.warning("The relay %s does not read, and is left", self.hello.pid)
            self.writer.transport.abort()
        elif not self.writer.transport.is_closing():
            self.writer.write(data)

    def close(self) -> None:
        self.quiet.set()
        self.writer.close()

    # --- what is said beside them ---

    def say(self, kind: str, **members: Any) -> None:
        self.write(frame(json.dumps({"type": kind, **members}).encode(), MARK))

    @property
    def kept(self) -> Mapping[str, Any]:
        """What daemons before this one had asked to be kept."""
        return self.hello.state

    def keep(self, key: str, value: Any) -> None:
        """Has the relay keep something for the daemon that comes next; None is forgotten."""
        self.say("remember", key=key, value=value)

    def describe(self, editor: str) -> None:
        """Says which editor is served, for people."""
        self.about = editor[:200]

    def busy(self, jobs: int) -> None:
        """Says how many jobs are under way."""
        self.jobs = jobs
        if jobs:
            self.quiet.clear()
        else:
            self.quiet.set()

    async def bring(self, names: Sequence[str]) -> None:
        """Adds variables of the editor's environment to those of the hello, where they are set."""
        if not names or not (wanted := [name for name in names if name not in self.hello.environment]):
            return
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            self.say("environment", id=number, names=wanted)
            async with asyncio.timeout(ANSWER_SECONDS):
                found = await self._asked[number]
            self.hello.environment.update((name, found[name]) for name in wanted if name in found)
        except TimeoutError:
            log.warning("The relay %s does not tell its environment", self.hello.pid)
        finally:
            del self._asked[number]

    def _hear(self, body: bytes) -> None:
        """Takes what the relay says. What is not known is of a newer version, and is passed over."""
        with contextlib.suppress(ValueError, RecursionError):
            message = json.loads(body)
            kind = message.get("type") if isinstance(message, dict) else None
            if kind == "ping":
                self.say("pong")
            elif kind == "environment":
                answer = self._asked.get(message.get("id"))
                values = message.get("values")
                if answer is not None and not answer.done() and isinstance(values, dict):
                    answer.set_result({k: v for k, v in values.items() if isinstance(v, str)})


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Connection:
    """Waits for the hello. Raises GreetingError, and TimeoutError where it does not come."""
    frames = Frames(MARK.lower())
    try:
        async with asyncio.timeout(GREETING_SECONDS):
            while data := await reader.read(_CHUNK):
                found = list(frames.feed(data))
                if not found:
                    continue
                body, marked = found[0]
                if not marked:
                    raise GreetingError("the first message is no hello")
                connection = Connection(hello_of(json.loads(body)), frames, reader, writer)
                connection.busy(0)
                for body, marked in found[1:]:
                    if marked:
                        connection._hear(body)
                    else:
                        connection.first.append(body)
                return connection
    except (FrameError, ConnectionError, ValueError, RecursionError) as error:
        raise GreetingError(str(error)) from error
    raise HungUpError("it hung up")


def welcome(connection: Connection, pid: int, safe: Sequence[str]) -> None:
    """`safe`: methods and commands of ours that only read, and can be asked for again."""
    connection.say("welcome", protocol=PROTOCOL, version=__version__, pid=pid, safe=list(safe))


def refuse(writer: asyncio.StreamWriter, reason: str) -> None:
    """Hangs up, and says why."""
    writer.write(frame(json.dumps({"type": "refused", "reason": reason}).encode(), MARK))
    writer.close()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if type(value) is int else None
