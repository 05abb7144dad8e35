"""Notices that the editor has died without a word."""

import asyncio
import logging
import os
from collections.abc import Callable

log = logging.getLogger(__name__)

_SECONDS = 1.0


async def watch(process: int, end: Callable[[], None]) -> None:
    """Calls `end` once the process is gone. One that is not there to begin with lives elsewhere, on another machine
    or outside of our container: it cannot be watched."""
    if not _is_alive(process):
        log.info("The editor's process %d cannot be seen from here and is not watched", process)
        return
    while _is_alive(process):  # noqa: ASYNC110 - nothing tells of the end of a process that is not our child
        await asyncio.sleep(_SECONDS)
    log.info("The editor's process %d has ended", process)
    end()


def _is_alive(process: int) -> bool:
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
