"""A project's ports: opened when first needed, and closed once nobody works with them any longer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from attrs import define, field

from lsp_aid.server.services import Opened
from lsp_aid.tasks.project import Project


@define(eq=False)
class _Lease:
    """`users`: how many work with it. `is_over`: the last of them closes it."""

    opened: Opened
    users: int = 0
    is_over: bool = False


@define(eq=False)
class Opening:
    """Of one root. `open` opens the ports; it raises what `Wiring.follow_project` raises."""

    open: Callable[[], Awaitable[Opened]]
    _lease: _Lease | None = None
    _lock: asyncio.Lock = field(factory=asyncio.Lock)

    @property
    def opened(self) -> Opened | None:
        """What is open."""
        return self._lease.opened if self._lease else None

    async def get(self) -> Opened:
        """What is open, opened if need be. It may be closed at any time: who goes on for long uses `held`."""
        return (await self._get()).opened

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Project]:
        """The project's ports, which stay usable until the block is left, though others may be open by then."""
        lease = await self._get()
        lease.users += 1
        try:
            yield lease.opened.project
        finally:
            lease.users -= 1
            _close_unused(lease)

    async def close(self) -> None:
        """Ends the monitor. The project is closed once nobody works with it."""
        async with self._lock:
            lease, self._lease = self._lease, None
            if lease is not None:
                await lease.opened.monitor.close()
                lease.is_over = True
                _close_unused(lease)

    async def _get(self) -> _Lease:
        async with self._lock:
            if self._lease is None:
                self._lease = _Lease(await self.open())
            return self._lease


def _close_unused(lease: _Lease) -> None:
    if lease.is_over and not lease.users:
        lease.opened.project.close()
