"""Starts a daemon that belongs to nobody: not to the editor, not to its terminal."""

from __future__ import annotations

import os
import sys

from lsp_aid.sidecar.meeting import Meeting, environment_of_connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


_PYTHON = ("PYTHON", "VIRTUAL_ENV", "LSP_AID_")


def start_daemon(
    meeting: Meeting, environment: Mapping[str, str], *, lock: int | None = None, replace: bool = False
) -> None:
    """Starts a daemon, without waiting for it. `lock` is the meeting's, which the daemon lets go of once it listens, or
    ends. With `replace` it takes the place of one that runs."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _become(_command(lock, replace=replace), meeting, environment, lock)
    except OSError as error:
        os.write(2, f"The daemon cannot be started: {error}\n".encode())
    finally:
        os._exit(127)


def _command(lock: int | None, *, replace: bool) -> list[str]:
    options = ["--detached", *([f"--lock={lock}"] if lock is not None else []), *(["--replace"] if replace else [])]
    # -P would be right but for checkouts that are not installed: the folder gone to is the one that holds the package.
    return [sys.executable, "-m", "lsp_aid", "daemon", *options]


def _become(command: list[str], meeting: Meeting, environment: Mapping[str, str], lock: int | None) -> None:
    """Turns this process into the daemon. What it writes goes to the log; what it knows of its starter is what it needs
    itself, for an editor's own environment belongs to the editor's connection."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(meeting.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    first = 3
    if lock is not None:
        os.closerange(first, lock)
        os.set_inheritable(lock, True)
        first = lock + 1
    os.closerange(first, 4096)
    os.chdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    os.umask(0o077)
    own = dict(environment_of_connection(environment))
    own.update((name, value) for name, value in environment.items() if name.startswith(_PYTHON))
    os.execve(command[0], command, own)  # noqa: S606 - no shell is wanted
