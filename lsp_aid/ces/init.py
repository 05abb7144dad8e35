"""The first process of a sandbox that `unshare` made: makes the mounts, gives up every power, runs the program.

    python -I -S init.py PLAN PROGRAM ARGUMENT...

PLAN is JSON: `hidden`, folders that are to be empty; `binds`, triples of source, target and whether it is writable,
outer ones first; `home`, a folder to make. It is to be process 1 of a PID namespace, in mount, network and IPC
namespaces of its own, with the capabilities of root there. Nothing but the standard library: it runs as a script.

The order matters: what is to be shown is opened first; then everything becomes read-only; then folders are covered and
the opened ones bound into the covers; `/proc` comes last, since the old one leads to what was opened.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
from typing import Any

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = 1024, 2048, 4096, 16384, 1 << 18, 1 << 21
KEPT_FLAGS = {
    "ro": MS_RDONLY,
    "nosuid": MS_NOSUID,
    "nodev": MS_NODEV,
    "noexec": MS_NOEXEC,
    "noatime": MS_NOATIME,
    "nodiratime": MS_NODIRATIME,
    "relatime": MS_RELATIME,
}
PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 28, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECBIT_NOROOT_LOCKED = 0b11
LINUX_CAPABILITY_VERSION_3 = 0x20080522
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
TMPFS_SIZE = "size=2g"
TERMINALS = "max=64"
"""The whole machine has a few thousand."""

libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    plan, command = json.loads(sys.argv[1]), sys.argv[2:]
    here = os.getcwd()
    furnish(plan)
    bring_up_loopback()
    os.chdir(here)
    give_up_powers()
    return run(command)


def furnish(plan: dict[str, Any]) -> None:
    """Makes the file system that the program will see."""
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    opened = [(os.open(source, os.O_PATH), target, writable) for source, target, writable in plan["binds"]]
    devices = [(os.open(f"/dev/{name}", os.O_PATH), name) for name in DEVICES if os.path.exists(f"/dev/{name}")]
    make_all_read_only()
    for folder in plan["hidden"]:
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=0755,{TMPFS_SIZE}")
    os.makedirs(plan["home"], exist_ok=True)
    for number, target, writable in opened:
        make_place(target, folder=os.path.isdir(f"/proc/self/fd/{number}"))
        bind(number, target, MS_RDONLY if not writable else 0)
    for folder in plan["hidden"]:
        if not plan["home"].startswith(folder + "/"):
            mount(None, folder, None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    furnish_dev(devices)
    mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def make_all_read_only() -> None:
    for path, flags in mounts():
        try:
            mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | flags)
        except OSError:
            # What another mount covers cannot be named, nor can it be reached by the program.
            if covered(path):
                continue
            raise


def covered(path: str) -> bool:
    """Whether `path` leads elsewhere than to the last mount there, or nowhere."""
    try:
        return not os.path.ismount(path)
    except OSError:
        return True


def mounts() -> list[tuple[str, int]]:
    """All mount points with the flags that they have; the later of two at one place covers the earlier."""
    found: dict[str, int] = {}
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            words = line.decode("utf-8", "surrogateescape").split(" ")
            flags = 0
            for option in words[5].split(","):
                flags |= KEPT_FLAGS.get(option, 0)
            found[unescape(words[4])] = flags
    return list(found.items())


def unescape(path: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def make_place(target: str, *, folder: bool) -> None:
    """Where `target` is not there, it lies in a cover, which can be written."""
    if os.path.lexists(target):
        return
    os.makedirs(target if folder else os.path.dirname(target), exist_ok=True)
    if not folder:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))


def bind(number: int, target: str, read_only: int) -> None:
    mount(f"/proc/self/fd/{number}", target, None, MS_BIND | (MS_REC if read_only else 0))
    flags = dict(mounts()).get(target, 0) & ~MS_RDONLY
    mount(None, target, None, MS_BIND | MS_REMOUNT | flags | read_only)


def furnish_dev(devices: list[tuple[int, str]]) -> None:
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k")
    for number, name in devices:
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        bind(number, f"/dev/{name}", 0)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"/dev/{name}")
    os.mkdir("/dev/shm")  # noqa: S108
    mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, f"mode=1777,{TMPFS_SIZE}")  # noqa: S108
    os.mkdir("/dev/pts")
    os.symlink("pts/ptmx", "/dev/ptmx")
    furnish_terminals()
    mount(None, "/dev", None, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC)


def furnish_terminals() -> None:
    """Programs may make terminals of their own, and see no others. Not every system permits it; few programs ask."""
    with contextlib.suppress(OSError):
        mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, f"newinstance,ptmxmode=0666,mode=0620,{TERMINALS}")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), None if options is None else options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def bring_up_loopback() -> None:
    """Tests talk to themselves over 127.0.0.1, which leads nowhere else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def give_up_powers() -> None:
    """No capability now, none after any exec, none from set-uid programs."""
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    if capability < 32:
        raise OSError(ctypes.get_errno(), "capabilities cannot be given up")
    demand(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    demand(libc.prctl(PR_SET_SECUREBITS, SECBIT_NOROOT_LOCKED, 0, 0, 0))
    demand(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    header = struct.pack("=Ii", LINUX_CAPABILITY_VERSION_3, 0)
    demand(libc.capset(header, bytes(24)))


def demand(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def run(command: list[str]) -> int:
    """Runs the program as a child, since process 1 has to gather orphans. Its status, as a shell tells it."""
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        finally:
            os._exit(127)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
