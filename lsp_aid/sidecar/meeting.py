"""Where relay and daemon meet: a private folder with a socket, a lock and, where there are no unix sockets, an address.

Nothing but the standard library, and of that what is quick to import. Paths are text for that reason.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


try:
    import _socket as socket  # what is under `socket`, without what takes long to import
except ImportError:
    import socket  # type: ignore[no-redef]

PROTOCOL = 1
"""The version of what relay and daemon say to each other; see docs/sidecar.md. It goes up only if an older relay could
no longer understand a newer daemon."""


class MeetingError(Exception):
    """The place where relay and daemon meet cannot be used, or is not ours alone. The text says what to do."""


class Meeting:
    """The files of one user and one version of the protocol, on one machine."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.state = state_folder(environment)
        self.folder = _runtime_folder(environment) or f"{self.state}/run/{_host()}"
        self.socket = f"{self.folder}/daemon-{PROTOCOL}.sock"
        self.lock = f"{self.folder}/daemon-{PROTOCOL}.lock"
        self.address = f"{self.folder}/daemon-{PROTOCOL}.tcp"
        self.turn = f"{self.folder}/one-by-one.lock"
        self.log = f"{self.state}/daemon.log"
        self.by_tcp = not hasattr(socket, "AF_UNIX") or environment.get("LSP_AID_TRANSPORT") == "tcp"

    def make(self) -> None:
        """Makes the folders, for the user alone. Raises MeetingError."""
        for folder in (self.state, self.folder):
            _make_private(folder)


def state_folder(environment: Mapping[str, str]) -> str:
    """The same as `workspace.records.state_home`."""
    base = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):
        home = environment.get("HOME") or os.path.expanduser("~")
        base = f"{home}/.local/state"
    return f"{base.rstrip('/')}/lsp-aid"


def _runtime_folder(environment: Mapping[str, str]) -> str | None:
    base = environment.get("XDG_RUNTIME_DIR", "")
    if not os.path.isabs(base):
        return None
    try:
        status = os.stat(base)
    except OSError:
        return None
    # One that others can write to, or of another user (after `su`), is none.
    return f"{base.rstrip('/')}/lsp-aid" if status.st_uid == os.geteuid() and not status.st_mode & 0o022 else None


def _host() -> str:
    """A home folder may be shared by machines; a socket is not."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in os.uname().nodename)[:60] or "_"


def _make_private(folder: str) -> None:
    parts = []
    while not folder.endswith("/lsp-aid"):
        parts.append(folder)
        folder = os.path.dirname(folder)
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        for part in (folder, *reversed(parts)):
            try:
                os.mkdir(part, 0o700)
            except FileExistsError:
                _check_private(part)
    except OSError as error:
        raise MeetingError(
            f"{folder} cannot be used: {error.strerror}. Permit writing there, set XDG_STATE_HOME to another folder, "
            "or have the editor start `lsp-aid serve`, which needs no such folder."
        ) from error


def _check_private(folder: str) -> None:
    status = os.lstat(folder)
    if not status.st_mode & 0o170000 == 0o040000 or status.st_uid != os.geteuid():
        raise MeetingError(f"{folder} is no folder of yours. Move it away.")
    if status.st_mode & 0o077:
        os.chmod(folder, 0o700)


# --- sockets ---


class at:  # noqa: N801 - a context manager, without `contextlib`, which takes long to import
    """Paths of sockets are 100 bytes at most, those of folders are not: work is done in the folder itself."""

    def __init__(self, path: str) -> None:
        self._folder, self.name = os.path.split(path)

    def __enter__(self) -> str:
        self._here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))
        try:
            os.chdir(self._folder)
        except OSError:
            os.close(self._here)
            raise
        return self.name

    def __exit__(self, *_: object) -> None:
        os.fchdir(self._here)
        os.close(self._here)


def connect(meeting: Meeting) -> socket.socket | None:
    """A connection to the daemon that listens, not blocking; None where none does. Raises MeetingError where what
    listens is another user's."""
    if meeting.by_tcp:
        from lsp_aid.sidecar.loopback import connect as by_tcp

        return by_tcp(meeting.address)
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    end.setblocking(False)
    try:
        with at(meeting.socket) as name:
            end.connect(name)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError, BlockingIOError):
        end.close()  # none there, one that died, or one that has no room for more at the moment
        return None
    if peer_of(end)[1] not in (None, os.geteuid()):
        end.close()
        raise MeetingError(f"What listens at {meeting.socket} belongs to another user. Remove it.")
    return end


def peer_of(end: socket.socket) -> tuple[int | None, int | None]:
    """The process and the user at the other end of a unix socket, each None where the system does not tell."""
    size = 12
    if hasattr(socket, "SO_PEERCRED"):  # struct ucred: pid, uid, gid
        data = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid, uid = (int.from_bytes(data[at : at + 4], sys.byteorder) for at in (0, 4))
        return pid or None, uid
    if sys.platform == "darwin":  # struct xucred: version, uid, ...
        data = end.getsockopt(0, 1, 76)
        return None, int.from_bytes(data[4:8], sys.byteorder)
    return None, None


# --- one at a time ---


def lock(path: str) -> int | None:
    """A descriptor that holds the lock until it, and all copies of it, are closed; None where another holds it."""
    import fcntl

    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        return None
    return number


# --- what a connection brings along ---

_NAMES = frozenset(
    {
        *("PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "USER", "LOGNAME", "TZ", "SHELL"),
        *("PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR"),
    }
)
_PREFIXES = ("OPAM", "OCAML", "CAML_", "DUNE_", "XDG_", "LC_", "NIX_", "LSP_AID_")
_PROXIES = frozenset(("http_proxy", "https_proxy", "all_proxy", "no_proxy"))


def environment_of_connection(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a daemon has to know of an editor's environment: where programs are, what they go by, and no more."""
    for name, value in environment.items():
        if name in _NAMES or name.startswith(_PREFIXES) or name.lower() in _PROXIES:
            yield name, value
