"""The relay's connection to a daemon: found, or started, greeted, watched, and found again when it is lost.

A daemon that crashes is followed by the next one at once; if that goes on, ever later. After a crash relays take turns
in telling it their documents, and after a second one each tells them one by one, so that it comes out which document it
is that daemons crash over.
"""

from __future__ import annotations

import os

from lsp_aid import __version__
from lsp_aid.sidecar.conversation import ONE_BY_ONE, UP, Conversation
from lsp_aid.sidecar.meeting import (
    PROTOCOL,
    Meeting,
    MeetingError,
    connect,
    environment_of_connection,
    lock,
    peer_of,
)
from lsp_aid.sidecar.outbox import Outbox
from lsp_aid.sidecar.quick_json import JsonError, dumps, loads
from lsp_aid.sidecar.starting import start_daemon
from lsp_aid.wire import FrameError, Frames, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


MARK = b"Lsp-Aid-Sidecar"
"""The field that heads what relay and daemon say to each other, and what is not for the editor."""

STEADY_SECONDS = 10.0
"""A daemon that lived so long was no failure."""
PAUSES = (0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""How long to wait before the next daemon, after so many that crashed one after the other."""
START_SECONDS = 30.0
QUIET_SECONDS = 5.0
HUNG_SECONDS = 30.0
MOVE_SECONDS = 1.0
_RETRY_SECONDS = 0.01
_SURVIVED_SECONDS = 0.05
_TURN_SECONDS = 20.0
_CHUNK = 262_144
_NEVER = float("inf")

IDLE, SEEKING, LINKED = range(3)


class Link:
    """`descriptor` is the socket's, None while there is none. All times are of `clock`, in seconds."""

    def __init__(
        self,
        meeting: Meeting,
        environment: Mapping[str, str],
        conversation: Callable[[Link], Conversation],
        clock: Callable[[], float],
        note: Callable[[str], None],
    ) -> None:
        self.meeting = meeting
        self.state = IDLE
        self.crashes = 0
        self.out = Outbox(-1)
        self.conversation = conversation(self)
        self._environment = environment
        self._clock = clock
        self._note = note
        self._socket: Any = None
        self._frames = Frames()
        self._daemon: int | None = None  # its process
        self._lost: int | None = None  # that of the one before
        self._welcomed = False
        self._linked_at = self._heard_at = 0.0
        self._pinged_at: float | None = None
        self._survives_at: float | None = None
        self._probing = False
        self._moving_since: float | None = None
        self._next_try = _NEVER
        self._gives_up_at = _NEVER
        self._started = 0
        self._turn: int | None = None
        self._turn_since: float | None = None

    # --- what the relay's loop asks and does ---

    @property
    def descriptor(self) -> int | None:
        return None if self._socket is None else int(self._socket.fileno())

    def seek(self) -> None:
        """A daemon is wanted."""
        if self.state == IDLE and not self.conversation.broken and not self.conversation.shut_down:
            self.state = SEEKING
            now = self._clock()
            self._next_try = now + PAUSES[min(self.crashes, len(PAUSES) - 1)]
            self._gives_up_at = self._next_try + START_SECONDS
            self._started = 0

    def send(self, body: bytes) -> None:
        """Sends a message of the protocol."""
        self.out.add(frame(body))

    def probe(self) -> None:
        """Asks for a sign that the daemon has lived through what it was sent; the conversation hears of it."""
        self._probing = True
        self._say({"type": "ping"})

    def readable(self) -> None:
        """Takes what the daemon has sent."""
        try:
            data = self._socket.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._lose(crashed=self._moving_since is None, why="it ended")
            return
        self._heard_at, self._pinged_at = self._clock(), None
        try:
            for body, marked in self._frames.feed(data):
                if marked:
                    self._hear(loads(body), len(body))
                else:
                    self.conversation.from_daemon(body)
                if self._socket is None:
                    return
        except (FrameError, JsonError) as error:
            self._lose(crashed=True, why=str(error))

    def flush(self) -> None:
        """Writes what waits to be written."""
        try:
            self.out.write()
        except OSError:
            self._lose(crashed=self._moving_since is None, why="it ended")

    def due(self) -> float:
        """When `work` is to be called at the latest."""
        times = [self._next_try, self._survives_at or _NEVER]
        if self._moving_since is not None:
            times.append(self._clock() + 0.02)
        elif self.state == LINKED and (self._waits or self._pinged_at is not None or self._turn is not None):
            times.append(self._clock() + 1.0)
        return min(times)

    def work(self) -> None:
        """Does what it is time for."""
        now = self._clock()
        if self.state == SEEKING and now >= self._next_try:
            self._try(now)
        if self.conversation.broken:
            self._drop()
        if self.state != LINKED:
            return
        if self._survives_at is not None and now >= self._survives_at:
            self._survives_at = None
            self.conversation.survived()
        if self._turn is not None and self.conversation.phase == UP:
            self._end_turn()
        if self._moving_since is not None:
            if not self.conversation.requests.sent or now - self._moving_since > MOVE_SECONDS:
                self.conversation.restarted_on_purpose()
                self._lose(crashed=False, why="it is replaced")
        else:
            self._watch(now)

    def close(self) -> None:
        """The editor is gone."""
        self._drop()
        self._end_turn()

    # --- to find one ---

    def _try(self, now: float) -> None:
        self._next_try = now + _RETRY_SECONDS
        try:
            self.meeting.make()
            if self.crashes and not self._has_turn(now):
                return
            found = connect(self.meeting)
            if found is None:
                self._start(now)
                found = connect(self.meeting)
        except MeetingError as error:
            self._give_up(f"lsp-aid: {error}")
            return
        except OSError as error:
            self._give_up(f"lsp-aid: {self.meeting.folder} cannot be used: {error.strerror}.")
            return
        if found is not None:
            self._greet(found, now)
        elif now > self._gives_up_at or self._started > 2:
            self._give_up(
                f"lsp-aid: the server does not start. {_last_line(self.meeting.log)}"
                "`lsp-aid logs` tells more; `lsp-aid serve` does without a daemon."
            )

    def _start(self, now: float) -> None:
        """Starts a daemon unless somebody else is at it."""
        held = lock(self.meeting.lock)
        if held is None:
            return
        try:
            if (found := connect(self.meeting)) is not None:
                found.close()  # it has come just now
                return
            if self._started:
                self._note("the daemon ended before it listened")
            self._started += 1
            if self._started <= 2:
                start_daemon(self.meeting, self._environment, lock=held)
        finally:
            os.close(held)

    def _has_turn(self, now: float) -> bool:
        """Whether no other relay tells its documents one by one. Nobody is waited for for ever."""
        if self._turn_since is None:
            self._turn_since = now
        if self._turn is None:
            self._turn = lock(self.meeting.turn)
        if self._turn is None and now - self._turn_since < _TURN_SECONDS:
            self._next_try = now + 5 * _RETRY_SECONDS
            return False
        return True

    def _end_turn(self) -> None:
        self._turn_since = None
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None

    def _give_up(self, why: str) -> None:
        """None can be had. Whatever is asked next tries again."""
        self.state, self._next_try = IDLE, _NEVER
        self._end_turn()
        self._note(why)
        self.conversation.fail(why)
        self.conversation.show(why)

    def _greet(self, found: Any, now: float) -> None:
        self._socket, self.state, self._next_try = found, LINKED, _NEVER
        self.out, self._frames = Outbox(found.fileno()), Frames(MARK.lower())
        self._daemon = None if self.meeting.by_tcp else peer_of(found)[0]
        self._welcomed = False
        self._linked_at = self._heard_at = now
        self._pinged_at = self._survives_at = self._moving_since = None
        self._probing = False
        hello = {
            "type": "hello",
            "role": "editor",
            "protocol": PROTOCOL,
            "version": __version__,
            "pid": os.getpid(),
            "editor": self.conversation.remembered.process_id,
            "cwd": _working_folder(),
            "environment": dict(environment_of_connection(self._environment)),
            "state": self.conversation.remembered.state,
        }
        self._say(hello)
        self.conversation.connected(care=min(self.crashes, ONE_BY_ONE))
        if self._turn is None:
            self._turn_since = None

    # --- what is said beside the protocol ---

    def _say(self, message: dict[str, Any]) -> None:
        self.out.add(frame(dumps(message), MARK))

    def _hear(self, message: Any, size: int) -> None:
        """Takes what the daemon says to the relay. What is not known is of a newer version, and is passed over."""
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "welcome":
            self._welcomed = True
            if type(message.get("pid")) is int:
                self._daemon = self._daemon or message["pid"]
            self.conversation.requests.safe = set(_texts(message.get("safe")))
            self._note(f"connected to the daemon {message.get('version')}, process {self._daemon}")
        elif kind == "pong":
            if self._probing:
                self._probing, self._survives_at = False, self._clock() + _SURVIVED_SECONDS
        elif kind == "remember" and isinstance(message.get("key"), str):
            self.conversation.remembered.keep(message["key"], message.get("value"), size)
        elif kind == "environment":
            names = _texts(message.get("names"))[:20]
            values = {name: self._environment[name] for name in names if name in self._environment}
            self._say({"type": "environment", "id": message.get("id"), "values": values})
        elif kind == "retiring":
            self._moving_since = self._clock()
            self.conversation.holds = True
        elif kind == "stopping":
            self.conversation.restarted_on_purpose()
            self._lose(crashed=False, why="it was stopped", seek=False)
        elif kind == "refused":
            self._lose(crashed=False, why="it refused", seek=False)
            self._give_up(f"lsp-aid: {message.get('reason')}")

    def _watch(self, now: float) -> None:
        """Sees whether the daemon still lives, where something is expected of it."""
        if self._pinged_at is not None:
            if now - self._pinged_at > HUNG_SECONDS:
                self._kill()
                self._lose(crashed=True, why=f"it said nothing for {HUNG_SECONDS:g} seconds, and was killed")
        elif self._waits and now - self._heard_at > QUIET_SECONDS:
            self._pinged_at = now
            self._say({"type": "ping"})

    @property
    def _waits(self) -> bool:
        """Whether something is expected of the daemon."""
        return bool(self.out.size or self.conversation.requests.sent or self._probing or not self._welcomed)

    def _kill(self) -> None:
        if self._daemon is not None:
            try:
                os.kill(self._daemon, 9)
            except OSError:
                self._note(f"process {self._daemon} cannot be killed")

    def _lose(self, *, crashed: bool, why: str, seek: bool = True) -> None:
        if not crashed:
            self.crashes = 0
        elif self._welcomed or self._daemon != self._lost:  # else it was about to end already
            lived = self._clock() - self._linked_at
            self.crashes = 1 if lived > STEADY_SECONDS else self.crashes + 1
        self._lost = self._daemon
        self._note(f"the daemon, process {self._daemon}, is gone: {why}")
        self._drop()
        self.conversation.lost(crashed=crashed)
        if seek:
            self.seek()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self.state, self._moving_since = None, IDLE, None
        self._survives_at = None
        self.out = Outbox(-1)


def _texts(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"


def _last_line(path: str) -> str:
    """What the log says last, as a sentence; nothing where it says nothing."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 2000))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return f"The log ends with: {lines[-1][:300]!r}. " if lines else ""


def to_stderr(text: str) -> None:
    """Notes something in the editor's log of the server."""
    try:
        os.write(2, f"lsp-aid: {text.removeprefix('lsp-aid: ')}\n".encode(errors="replace"))
    except OSError:
        return
