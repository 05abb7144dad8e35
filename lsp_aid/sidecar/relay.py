"""The program that editors start: it lives as long as the editor, and connects it to the daemon that there is.

    lsp-aid [--stdio] [--clientProcessId=N]

One loop over the editor's two streams, the daemon's socket and the editor's process. It is of the standard library
alone, and of that what is quick to import: an editor waits for it to start.
"""

from __future__ import annotations

import os
import select
from time import monotonic

from lsp_aid.sidecar.conversation import Conversation
from lsp_aid.sidecar.link import IDLE, Link, to_stderr
from lsp_aid.sidecar.meeting import Meeting
from lsp_aid.sidecar.outbox import Outbox
from lsp_aid.wire import FrameError, Frames, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_CHUNK = 262_144
_FULL = 16_000_000
"""Bytes that may wait for one end before the other is no longer read."""
_LOOK_SECONDS = 2.0
_FAREWELL_SECONDS = 1.0
_IN, _OUT, _GONE = select.POLLIN, select.POLLOUT, select.POLLHUP | select.POLLERR


class Relay:
    """`incoming` and `outgoing` are the editor's streams."""

    def __init__(
        self, environment: Mapping[str, str], client_process: int | None, incoming: int, outgoing: int
    ) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._out = Outbox(outgoing)
        self._frames = Frames()
        self._link = Link(Meeting(environment), environment, self._converse, monotonic, to_stderr)
        self._conversation = self._link.conversation
        self._client = _Process(client_process)
        self._editor = self._client
        self._ended = False

    def run(self) -> int:
        """Relays until the editor leaves, or is gone. Returns the exit status."""
        for number in (self._incoming, self._outgoing):
            _unblock(number)
        self._link.seek()
        try:
            while not self._ended:
                self._turn()
        finally:
            self._link.close()
        self._say_farewell()
        return 0 if self._conversation.shut_down else 1

    def _converse(self, link: Link) -> Conversation:
        return Conversation(self._to_editor, link.send, link.probe, monotonic)

    def _to_editor(self, body: bytes) -> None:
        self._out.add(frame(body))

    # --- the loop ---

    def _turn(self) -> None:
        """Waits for something to happen, and sees to it."""
        ready = self._wait()
        link = self._link
        if self._editor.is_told_by(ready) or not self._editor.lives():
            to_stderr("the editor has ended")
            self._ended = True
            return
        if ready.get(self._incoming):
            self._read()
        number = link.descriptor
        if number is not None and ready.get(number, 0) & (_IN | _GONE):
            link.readable()
        link.work()
        self._conversation.tick()
        if link.state == IDLE and self._conversation.requests.held:
            link.seek()
            link.work()
        if link.out.size:
            link.flush()
        if self._out.size:
            self._write()
        if self._conversation.exited:
            self._ended = True

    def _wait(self) -> dict[int, int]:
        """What can be read and written, by descriptor."""
        link, poll = self._link, select.poll()
        if link.out.size < _FULL:
            poll.register(self._incoming, _IN)
        if self._out.size:
            poll.register(self._outgoing, _OUT)
        else:
            poll.register(self._outgoing, 0)  # its end is told all the same
        if (number := link.descriptor) is not None:
            events = _IN if self._out.size < _FULL else 0
            poll.register(number, events | _OUT if link.out.size else events)
        if self._editor.descriptor is not None:
            poll.register(self._editor.descriptor, _IN)
        until = min(link.due(), self._conversation.due(), self._editor.due())
        wait = None if until == float("inf") else max(0, int((until - monotonic()) * 1000) + 1)
        ready = dict(poll.poll(wait))
        if ready.get(self._outgoing, 0) & _GONE:
            self._ended = True
        return ready

    def _read(self) -> None:
        try:
            data = os.read(self._incoming, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            if not self._frames.is_between:
                to_stderr("the editor's last message is cut off")
            self._ended = True
            return
        try:
            for body, _ in self._frames.feed(data):
                self._conversation.from_editor(body)
        except FrameError as error:
            to_stderr(f"the editor does not speak the protocol: {error}")
            self._ended = True
            return
        if self._editor is self._client and (number := self._conversation.remembered.process_id):
            self._editor = _Process(number)

    def _write(self) -> None:
        try:
            self._out.write()
        except OSError:
            self._ended = True

    def _say_farewell(self) -> None:
        """Writes what the editor has not taken yet, if it does so soon."""
        until = monotonic() + _FAREWELL_SECONDS
        poll = select.poll()
        poll.register(self._outgoing, _OUT)
        try:
            while self._out.size and (left := until - monotonic()) > 0 and poll.poll(int(left * 1000) + 1):
                self._out.write()
        except OSError:
            return


class _Process:
    """A process that ends us when it ends. One that is not there to begin with lives elsewhere, on another machine or
    outside of our container: it cannot be watched."""

    def __init__(self, number: int | None) -> None:
        self.descriptor: int | None = None
        self._number: int | None = None
        if number is None or not _is_alive(number):
            return
        try:
            self.descriptor = os.pidfd_open(number)
        except (AttributeError, OSError):  # not on this system: it is looked at now and then
            self._number = number

    def is_told_by(self, ready: Mapping[int, int]) -> bool:
        return self.descriptor is not None and self.descriptor in ready

    def lives(self) -> bool:
        return self._number is None or _is_alive(self._number)

    def due(self) -> float:
        return float("inf") if self._number is None else monotonic() + _LOOK_SECONDS


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _unblock(number: int) -> None:
    """Has reads and writes not wait, where that is of this stream alone: a terminal or a file is shared with others."""
    if os.fstat(number).st_mode & 0o170000 in (0o010000, 0o140000):  # a pipe, a socket
        os.set_blocking(number, False)


def main(arguments: Sequence[str]) -> int:
    """Serves the editor at standard input and output. Returns the exit status."""
    process = None
    words = list(arguments)
    for at, word in enumerate(words):
        name, _, value = word.partition("=")
        if name == "--clientProcessId":
            value = value or (words[at + 1] if at + 1 < len(words) else "")
            process = int(value) if value.isdigit() and 0 < int(value) < 2**31 else None
    try:
        return Relay(os.environ, process, 0, 1).run()
    except KeyboardInterrupt:
        return 130
    except OSError as error:  # there is no standard input or output
        to_stderr(f"the editor cannot be spoken to: {error.strerror}")
        return 1
