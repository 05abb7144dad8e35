"""Locks on bases, between processes and tasks: shared by those who use a base, alone for who makes or removes it."""

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from lsp_aid.errors import FileUnwritableError

SHARED, ALONE = fcntl.LOCK_SH, fcntl.LOCK_EX
_SECONDS = 0.1


@contextlib.asynccontextmanager
async def locked(path: Path, kind: int) -> AsyncIterator[int]:
    """Holds a lock, which another process or task may have to let go of first. Raises FileUnwritableError."""
    lock = open_lock(path)
    try:
        await lock_again(lock, kind)
        yield lock
    finally:
        os.close(lock)


async def lock_again(lock: int, kind: int) -> None:
    """Holds it in this way from now on. In between it may be nobody's."""
    while True:
        if try_lock(lock, kind):
            return
        await asyncio.sleep(_SECONDS)


async def lock_alone(lock: int, patience: float) -> bool:
    """Holds it alone from now on. False where another one has held it alone meanwhile, and may have made what was
    missing: then it is shared.

    Those who share it may hold it for days. Raises TimeoutError where they do for `patience` seconds.
    """
    started = time.monotonic()
    while not try_lock(lock, ALONE):
        if not try_lock(lock, SHARED):
            await lock_again(lock, SHARED)
            return False
        fcntl.flock(lock, fcntl.LOCK_UN)  # or two that wait would stand against each other
        if time.monotonic() - started > patience:
            raise TimeoutError
        await asyncio.sleep(_SECONDS)
    return True


def try_lock(lock: int, kind: int) -> bool:
    """Holds it in this way from now on; False where another one stands against that, and it is nobody's."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_lock(path: Path) -> int:
    """The lock of that file, which nobody holds by that. Raises FileUnwritableError."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileUnwritableError(f"{path} cannot be used: {error.strerror}", "Permit writing there.") from error
