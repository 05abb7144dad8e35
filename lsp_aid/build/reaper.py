"""Starts a program, waits for it, and leaves none of its descendants behind.

    python -I -S reaper.py WATCH REPORT -- PROGRAM ARGUMENT...

WATCH is a pipe whose other end the parent holds: once it has a byte, or has ended since the parent has died (be it by
SIGKILL), everything is killed. REPORT is a pipe that takes the exit status, a line `N`, before it a line `!REASON`
where the program cannot be started. On Linux the reaper adopts every orphan below it, so that also processes which
left the session and the process group are found; elsewhere it kills the program's process group. Should the reaper
itself be killed, the program is, where the system does that.

Nothing but the standard library, and nothing of lsp-aid: it has to start at once.
"""

import contextlib
import os
import select
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def main() -> int:
    watch, report, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[4:]
    os.set_inheritable(watch, False)
    os.set_inheritable(report, False)
    adopts = prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake, wake_end = os.pipe()
    os.set_blocking(wake_end, False)
    signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    child = start(command, report)
    code = wait_for(child, watch, wake)
    kill_rest(child, adopts)
    if code is not None:
        os.write(report, f"{code}\n".encode())
    return 0


def start(command: list[str], report: int) -> int:
    """Starts the program in a process group of its own; its output is ours."""
    reaper = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        os.setpgid(0, 0)
        if prctl(PR_SET_PDEATHSIG, signal.SIGKILL) and os.getppid() != reaper:
            os._exit(127)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(report, f"!{error.strerror}\n".encode())
    finally:
        os._exit(127)


def wait_for(child: int, watch: int, wake: int) -> int | None:
    """The program's exit status, negative for a signal; None once the parent has gone."""
    while True:
        ready, _, _ = select.select([watch, wake], [], [])
        if watch in ready:
            return None
        os.read(wake, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if pid == child:
                return os.waitstatus_to_exitcode(status)
            if not pid:
                break


def kill_rest(child: int, adopts: bool) -> None:
    """Kills all descendants, and those that they start meanwhile, until none is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has gone already
        os.killpg(child, signal.SIGKILL)
    quiet = 0
    # A process whose parent ended between the two being looked at is overlooked; the next look finds it adopted.
    while adopts and quiet < 2:
        pids = descendants()
        quiet = 0 if pids else quiet + 1
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # gone, or a set-uid program
                os.kill(pid, signal.SIGKILL)
        select.select([], [], [], 0.002)
        reap()
    reap()


def reap() -> None:
    with contextlib.suppress(ChildProcessError):  # none is left
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def descendants() -> list[int]:
    """All processes below this one: orphans were adopted, so the chain of parents leads here.

    Dead ones count until they are reaped: a process of several threads can look dead while the last of them ends, and
    until then its children are not adopted.
    """
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue  # it ended while we looked
    found = {os.getpid()}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return sorted(found - {os.getpid()})


def prctl(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


if __name__ == "__main__":
    sys.exit(main())
