"""The second wall around programs that nobody has read: denied system calls, and places that cannot be written.

Namespaces are the first. Both walls here are given up by nobody: what is started behind them stays behind them.
Nothing but the standard library: `keeper.py` loads it as a script. What the machine does not know is left out, and
`raise_walls` says what was raised.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Sequence

libc = ctypes.CDLL(None, use_errno=True)

# --- landlock ---

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_WRITES = {1: 0b1_1111_1111_0010, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""What changes files, by the version of landlock that knows of it: writing, removing, making; moving; truncating;
device commands."""
_MOVING_SINCE = 2
"""Before, nothing could be moved from one folder to another behind the wall, as builds do."""
_SCOPES_SINCE, _SCOPES = 6, 0b11
"""Abstract sockets and signals stay within the wall."""

# --- seccomp ---

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NEW_NAMESPACES = 0x7E020000
_SOCKET_FAMILIES = (1, 2, 10)  # unix, inet, inet6
_X32 = 0x40000000

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_DENIED = {
    # mounts and namespaces; other processes; the kernel itself; keys; what gets round the other walls; memory that is
    # in files without a name and in segments, which no process is seen to have
    "x86_64": (
        *(165, 166, 155, 161, 272, 308, 428, 429, 430, 431, 432, 433, 442),
        *(101, 310, 311, 312, 438, 440),
        *(135, 153, 156, 163, 167, 168, 169, 172, 173, 175, 176, 179, 246, 298, 313, 320, 321),
        *(248, 249, 250, 303, 304, 323, 425, 426, 427, 447, 159, 164, 227, 305),
        *(319, 29),
    ),
    "aarch64": (
        *(39, 40, 41, 51, 97, 268, 428, 429, 430, 431, 432, 433, 442),
        *(117, 270, 271, 272, 438, 440),
        *(89, 92, 104, 105, 106, 142, 224, 225, 60, 241, 273, 280, 294),
        *(217, 218, 219, 264, 265, 282, 425, 426, 427, 447, 112, 170, 171, 266),
        *(279, 194),
    ),
}
_CLONE, _CLONE3, _SOCKET = (
    {"x86_64": 56, "aarch64": 220},
    {"x86_64": 435, "aarch64": 435},
    {"x86_64": 41, "aarch64": 198},
)


def raise_walls(writable: Sequence[str]) -> list[str]:
    """Shuts this process in, with all that it starts: nothing but what lies below `writable` can be changed.

    Returns the names of the walls that stand now: `landlock`, `seccomp`. Raises OSError where one that this machine
    has does not come up.
    """
    _demand(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    raised = []
    if (version := landlock_version()) >= _MOVING_SINCE:
        _raise_landlock(version, writable)
        raised.append("landlock")
    if (machine := platform.machine()) in _MACHINES:
        _raise_seccomp(machine)
        raised.append("seccomp")
    return raised


def landlock_version() -> int:
    """0 where the kernel has none, or it is switched off."""
    return max(0, int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def _raise_landlock(version: int, writable: Sequence[str]) -> None:
    writes = sum(rights for since, rights in _WRITES.items() if version >= since)
    scopes = _SCOPES if version >= _SCOPES_SINCE else 0
    attributes = struct.pack("=QQQ", writes, 0, scopes)[: 24 if version >= _SCOPES_SINCE else 16 if version >= 4 else 8]
    ruleset = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    _demand(ruleset)
    for path in writable:
        number = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rights = writes if os.path.isdir(path) else writes & (0b10 | _WRITES[3] | _WRITES[5])
        try:
            rule = struct.pack("=Qi", rights, number)
            _demand(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
        finally:
            os.close(number)
    _demand(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _raise_seccomp(machine: str) -> None:
    code = _seccomp_filter(machine)
    block = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(block, ctypes.c_void_p))
    _demand(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0))


def _seccomp_filter(machine: str) -> bytes:
    """A list of what is denied, not of what is allowed: what OCaml programs need tomorrow is not known today."""
    deny, absent = _RETURN, _RETURN
    lines = [(_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, _MACHINES[machine]), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER)]
    if machine == "x86_64":
        lines += [(_AT_LEAST, 0, 1, _X32), (deny, 0, 0, _ERRNO | _ENOSYS)]
    for number in _DENIED[machine]:
        lines += [(_EQUAL, 0, 1, number), (deny, 0, 0, _ERRNO | _EPERM)]
    # Its flags are in memory, where no filter can look; C libraries then go back to clone.
    lines += [(_EQUAL, 0, 1, _CLONE3[machine]), (absent, 0, 0, _ERRNO | _ENOSYS)]
    lines += [(_EQUAL, 0, 4, _CLONE[machine]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    lines += [(_ANY_BIT, 0, 1, _NEW_NAMESPACES), (deny, 0, 0, _ERRNO | _EPERM), (_RETURN, 0, 0, _ALLOW)]
    families = len(_SOCKET_FAMILIES)
    lines += [(_EQUAL, 0, families + 2, _SOCKET[machine]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    lines += [(_EQUAL, families - at, 0, family) for at, family in enumerate(_SOCKET_FAMILIES)]
    lines += [(deny, 0, 0, _ERRNO | _EAFNOSUPPORT), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _demand(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
