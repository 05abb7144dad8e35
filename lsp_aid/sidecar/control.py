"""What commands say to the daemon that runs: how it is, that it should go, that another takes its place."""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from lsp_aid import __version__
from lsp_aid.errors import AidError
from lsp_aid.sidecar.link import MARK
from lsp_aid.sidecar.meeting import PROTOCOL, Meeting, MeetingError, connect, lock, peer_of
from lsp_aid.sidecar.starting import start_daemon
from lsp_aid.wire import FrameError, Frames, frame

SECONDS = 5.0
START_SECONDS = 30.0


class Control:
    """A connection that takes commands. `end` is a connected socket."""

    def __init__(self, end: Any) -> None:
        self._end = end
        self._frames = Frames(MARK.lower())
        end.setblocking(True)
        end.settimeout(SECONDS)
        hello = {"type": "hello", "role": "control", "protocol": PROTOCOL, "version": __version__, "pid": os.getpid()}
        self._end.sendall(frame(json.dumps(hello).encode(), MARK))
        self.daemon = self._next("welcome")

    def ask(self, command: str) -> dict[str, Any]:
        """Raises MeetingError where the daemon does not answer, or does not know the command."""
        try:
            self._end.sendall(frame(command.encode()))
        except OSError as error:
            raise MeetingError(f"The daemon does not answer: {error}.") from error
        return self._next("status" if command == "status" else "done")

    def _next(self, kind: str) -> dict[str, Any]:
        try:
            while data := self._end.recv(65536):
                for body, _ in self._frames.feed(data):
                    message = json.loads(body)
                    if message.get("type") == kind:
                        return dict(message)
                    if message.get("type") == "unknown":
                        raise MeetingError("The daemon does not know this command.")
        except (OSError, ValueError, FrameError) as error:
            raise MeetingError(f"The daemon does not answer: {error}.") from error
        raise MeetingError("The daemon ended without an answer.")


def ask_daemon(environment: Mapping[str, str], command: str) -> dict[str, Any] | None:
    """What the daemon that runs answers; None where none runs. Raises AidError."""
    end = None
    try:
        end = connect(Meeting(environment))
        if end is None:
            return None
        return Control(end).ask(command)
    except (MeetingError, OSError) as error:
        raise AidError(str(error).rstrip("."), "See `lsp-aid logs`.") from error
    finally:
        if end is not None:
            end.close()


def status(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """How the daemon is, None where none runs. Raises AidError where it does not say."""
    answer = ask_daemon(environment, "status")
    if answer is not None:
        del answer["type"]
    return answer


def restart(environment: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Puts a new daemon, of the version that this is, in the place of the one that runs, if one does.

    Returns the processes of the old and of the new one. Raises AidError.
    """
    meeting = Meeting(environment)
    try:
        old, before = _process(meeting), _sign(meeting)
        meeting.make()
        start_daemon(meeting, environment, replace=True)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            # One that hangs accepts no more than so many connections: it is looked at, not connected to.
            if _sign(meeting) != before and (now := _process(meeting)) not in (None, old):
                return old, now
            time.sleep(0.02)
    except (MeetingError, OSError) as error:
        raise AidError(f"The daemon cannot be replaced: {error}".rstrip("."), "See `lsp-aid logs`.") from error
    raise AidError("No new daemon has begun to listen", "See `lsp-aid logs`.")


def stop(environment: Mapping[str, str]) -> int | None:
    """Ends the daemon that runs, and waits for its end. Its process, None where none ran. Raises AidError."""
    until = time.monotonic() + START_SECONDS
    try:
        meeting = Meeting(environment)
        while (pid := _process(meeting)) is None and _starts(meeting) and time.monotonic() < until:
            time.sleep(0.02)
    except (MeetingError, OSError) as error:
        raise AidError(str(error).rstrip("."), "See `lsp-aid logs`.") from error
    if pid is None:
        return None
    ask_daemon(environment, "stop")
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return pid
        time.sleep(0.02)
    raise AidError(f"The daemon, process {pid}, does not end", f"End it by `kill -9 {pid}`; nothing is lost by that.")


def _starts(meeting: Meeting) -> bool:
    """Whether a daemon is about to listen."""
    try:
        held = lock(meeting.lock)
    except FileNotFoundError:
        return False
    if held is None:
        return True
    os.close(held)
    return False


def _sign(meeting: Meeting) -> tuple[int, int]:
    """What tells one daemon that listens from the next."""
    try:
        found = os.stat(meeting.address if meeting.by_tcp else meeting.socket)
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def _process(meeting: Meeting) -> int | None:
    """The process that listens, without asking it where the system can tell; None where none does."""
    end = connect(meeting)
    if end is None:
        return None
    try:
        pid = None if meeting.by_tcp else peer_of(end)[0]
        return int(Control(end).daemon["pid"]) if pid is None else pid
    finally:
        end.close()
