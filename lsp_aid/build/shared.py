"""One monitor that several follow: editors in which the same project is open alike have it built once."""

import logging
from collections.abc import Callable

from attrs import define, field

from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.build_status import BuildStatus
from lsp_aid.domain.ports import BuildListener, Monitor
from lsp_aid.errors import AidError

log = logging.getLogger(__name__)


@define(eq=False)
class SharedMonitor:
    """Implements the port `BuildListener` for `monitor`, and passes on what it hears. `on_stale` is called once nobody
    who comes now should follow it: the last one has let go of it, or the toolchain is another."""

    monitor: Monitor
    on_stale: Callable[[], None] = lambda: None
    _followers: list["Follower"] = field(factory=list)
    _last: Callable[[BuildListener], None] | None = None

    def follow(self) -> "Follower":
        """What one of them takes for a monitor of its own."""
        follower = Follower(self)
        self._followers.append(follower)
        return follower

    def build_begun(self) -> None:
        self._tell(lambda listener: listener.build_begun())

    def build_ended(self, status: BuildStatus) -> None:
        self._tell(lambda listener: listener.build_ended(status))

    def build_failed(self, error: AidError) -> None:
        self._tell(lambda listener: listener.build_failed(error))

    def toolchain_changed(self) -> None:
        self.on_stale()
        self._tell_all(lambda listener: listener.toolchain_changed())

    def _tell(self, what: Callable[[BuildListener], None]) -> None:
        self._last = what
        self._tell_all(what)

    def _tell_all(self, what: Callable[[BuildListener], None]) -> None:
        """What goes wrong in one editor's session is nothing to the others."""
        for follower in tuple(self._followers):
            if follower.listener is not None:
                try:
                    what(follower.listener)
                except Exception:
                    log.exception("A build could not be told to one of those who follow it")

    def start(self, listener: BuildListener) -> None:
        """Who comes late is told how it stands."""
        if self._last is not None:
            self._last(listener)
        self.monitor.start(self)

    async def leave(self, follower: "Follower") -> None:
        if follower in self._followers:
            self._followers.remove(follower)
            if not self._followers:
                self.on_stale()
                await self.monitor.close()


@define(eq=False)
class Follower:
    """Implements the port `Monitor`. The monitor itself ends with the last of them that is closed."""

    shared: SharedMonitor
    listener: BuildListener | None = None

    def start(self, listener: BuildListener) -> None:
        known, self.listener = self.listener, listener
        if known is not listener:
            self.shared.start(listener)

    def saved(self, *paths: str) -> None:
        self.shared.monitor.saved(*paths)

    async def build(self) -> BuildResult:
        return await self.shared.monitor.build()

    async def close(self) -> None:
        self.listener = None
        await self.shared.leave(self)
