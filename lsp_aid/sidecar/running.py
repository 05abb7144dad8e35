"""Runs the daemon in this process: its log, its settings, and all that it will need, imported beforehand."""

import asyncio
import faulthandler
import gc
import importlib
import logging
import os
import pkgutil
import signal
from collections.abc import Awaitable, Callable, Sequence

from lsp_aid.config import Settings, load
from lsp_aid.errors import AidError, ConfigError
from lsp_aid.sidecar.connection import Connection
from lsp_aid.sidecar.daemon import Daemon, Options
from lsp_aid.sidecar.meeting import Meeting, MeetingError

log = logging.getLogger(__name__)

LARGEST_LOG = 5_000_000
_AFTER_SECONDS = 1.0


def run_daemon(
    serve: Callable[[Connection], Awaitable[object]],
    safe: Sequence[str],
    *,
    stay: bool,
    replace: bool,
    detached: bool,
    lock: int | None,
) -> int:
    """Runs until it is told to end, and returns the exit status. `detached`: what is written goes to a log of its own
    already, which is kept within bounds. Raises AidError where it cannot run."""
    meeting = Meeting(os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)  # below, it logs whole messages: the user's text
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)  # for whoever wonders what a daemon is at
    try:
        meeting.make()
        if detached:
            _limit_log(meeting.log)
        if replace:
            import_all()  # the one that is replaced serves meanwhile
        daemon = Daemon(meeting, serve, _options(safe, stay=stay))
        return asyncio.run(_run(daemon, lock, replace=replace))
    except MeetingError as error:
        raise AidError(str(error)) from error


async def _run(daemon: Daemon, lock: int | None, *, replace: bool) -> int:
    importing = asyncio.create_task(_import_rest())
    try:
        return await daemon.run(lock, replace=replace)
    finally:
        importing.cancel()


async def _import_rest() -> None:
    await asyncio.sleep(_AFTER_SECONDS)  # whoever waits for us has been served
    await asyncio.to_thread(import_all)
    gc.collect()
    gc.freeze()  # what is imported stays: no collection need look at it again


def _options(safe: Sequence[str], *, stay: bool) -> Options:
    try:
        settings = load(os.environ).sidecar
    except ConfigError as error:
        log.warning("%s", error)
        settings = Settings().sidecar
    idle = None if stay or settings.idle_minutes <= 0 else settings.idle_minutes * 60
    return Options(idle, settings.follow_version, safe)


def import_all() -> None:
    """Imports every module of ours, and what they import when they are first used: a package that is upgraded under a
    daemon must not give it modules of two versions."""
    import lsp_aid

    for module in pkgutil.walk_packages(lsp_aid.__path__, "lsp_aid."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("aiohttp")  # which `models` imports when the first model is asked


def _limit_log(path: str) -> None:
    """Begins a new file where the log has grown large. What was written stays beside it, until the next time."""
    try:
        if os.stat(path).st_size < LARGEST_LOG:
            return
        os.replace(path, f"{path}.1")
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        for standard in (1, 2):
            os.dup2(number, standard)
        os.close(number)
    except OSError as error:
        log.warning("%s cannot be put aside: %s", path, error.strerror)
