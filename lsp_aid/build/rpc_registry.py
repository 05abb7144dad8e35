"""Finds the `dune build --watch` that runs for a project.

Each running dune notes itself in a folder of the user's, in a file `PID.csexp`, and listens at `.rpc/dune` in its build
folder. Both stay when it is killed, so neither is believed: what counts is who answers at the socket. Files and sockets
of other users are passed over.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from attrs import frozen

from lsp_aid.build.csexp import CsexpError, decode
from lsp_aid.build.rpc_messages import atom, integer, record

_MOST_BYTES = 65536
_MOST_FILES = 1000
_UNIX = re.compile(r"unix:(?:[^,]*,)*path=([^,;]+)")


@frozen
class Instance:
    """A dune that may be running. `pid` is None where only its socket was found."""

    root: Path
    socket: Path
    pid: int | None = None


def registry_folder(environment: Mapping[str, str]) -> Path:
    """Where running dunes note themselves."""
    runtime, data = environment.get("XDG_RUNTIME_DIR"), environment.get("XDG_DATA_HOME")
    base = Path(runtime or data or Path(environment.get("HOME") or Path.home(), ".local", "share"))
    return base / "dune" / "rpc"


def registered(environment: Mapping[str, str]) -> Iterator[Instance]:
    """Those in the registry whose process lives, of our own user."""
    folder = registry_folder(environment)
    try:
        files = sorted(folder.glob("*.csexp"))[:_MOST_FILES] if _is_ours(folder, stat.S_ISDIR) else []
    except OSError:
        return
    for file in files:
        if (instance := _read(file)) is not None and _lives(instance.pid):
            yield instance


def find_instances(
    root: Path, environment: Mapping[str, str], but: Path | None = None, also: Sequence[Path] = ()
) -> tuple[Instance, ...]:
    """The dunes that may be running for `root`, which is absolute with links resolved; those that noted themselves
    first. Not the one whose build folder is `but`, which is our own. `also`: more build folders. Works on the disk."""
    noted = [instance for instance in registered(environment) if _same(instance.root, root)]
    build_dir = root / (environment.get("DUNE_BUILD_DIR") or "_build")
    mine = None if but is None else but / ".rpc" / "dune"
    found: dict[str, Instance] = {}
    folders = (build_dir, *also)
    for each in (*noted, *(Instance(root, folder / ".rpc" / "dune") for folder in folders)):
        if _is_ours(each.socket, stat.S_ISSOCK) and (mine is None or not _same(each.socket, mine)):
            found.setdefault(os.path.realpath(each.socket), each)
    return tuple(found.values())


def _read(file: Path) -> Instance | None:
    try:
        number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(number)
        if status.st_uid != os.getuid() or not stat.S_ISREG(status.st_mode):
            return None
        fields = record(decode(os.read(number, _MOST_BYTES)))
        where = _UNIX.fullmatch(atom(fields.get("where", b"")))
        root, pid = Path(atom(fields.get("root", b""))), integer(fields.get("pid", b""))
        if where is None or not root.is_absolute():
            return None  # over TCP nobody can say whose it is
        return Instance(root, root / os.fsdecode(unquote_to_bytes(where[1])), pid)
    except (OSError, ValueError, CsexpError):
        return None
    finally:
        os.close(number)


def _is_ours(path: Path, kind: Callable[[int], bool]) -> bool:
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return False

    return status.st_uid == os.getuid() and kind(status.st_mode)


def _lives(pid: int | None) -> bool:
    if pid is None or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return False  # its number was given to another user's
    return True


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
