"""Build status that is never stale: the last complete build of a project, from whoever builds it.

Where the user runs `dune build --watch`, that is attached to over RPC, and nothing is built twice. Otherwise a watch of
our own runs, in a build folder of our own; where it cannot, single builds are made when something is saved. These take
turns as the user's watch comes and goes. Nothing here ever waits for the user's lock, and ours is not theirs.

Only complete builds count: dune withdraws everything when a build begins, which does not mean that it was mended. And a
build counts only if it is of the files as they are: what dune copied into its build folder is compared with them.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from attrs import define, evolve, field

from lsp_aid.build.build_log import BuildLog, by_place
from lsp_aid.build.dune import DuneBuild, disk_reader
from lsp_aid.build.process import in_thread
from lsp_aid.build.rpc import RpcEndedError, RpcRefusedError, connect
from lsp_aid.build.rpc_registry import find_instances
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.build.user_watch import UserWatch
from lsp_aid.build.watch import Begun, OwnWatch, apart
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.build_status import PROJECT_FILE, BuildSource, BuildStatus, Promotion
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import BuildListener
from lsp_aid.errors import AidError, BuildTimeoutError

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often a watch of the user's is looked for."""
NOTICE_SECONDS = 0.3
"""Within this time after a write dune has begun to build, or has nothing to build. It takes 5 to 20 ms."""
ANSWER_SECONDS = 3.0
"""Within this time a watch of the user's answers, or is passed over for now."""
AT_ONCE_SECONDS = 0.05
"""Who asks for a build so soon after saying what was saved means that."""
DEAF_SECONDS = 5.0
"""A watch that has not noticed a saved file by then does not watch: it builds when it is told to, or misses events."""
TOLD_SECONDS = 0.001
"""Within this time the event loop has read what a watch had written before."""
TOOLCHAIN_SECONDS = 2.0
"""How often it is looked whether dune and OCaml are still the same."""
YOUNG_SECONDS = 5.0
"""A watch of ours that dies younger than this, twice, is not started again before something is saved."""

_Events = AsyncGenerator[Begun | BuildStatus]
_EXCEPTION = re.compile(r"[A-Z][\w.]*\.E\b")
_MOST_COMPARED = 200
_MOST_PROMOTED = 2_000_000


class _Nobody:
    """Implements the port `BuildListener` where nobody listens."""

    def build_begun(self) -> None: ...
    def build_ended(self, status: BuildStatus) -> None: ...
    def build_failed(self, error: AidError) -> None: ...
    def toolchain_changed(self) -> None: ...


@define(eq=False)
class BuildMonitor:
    """The status of the project at `root`, which is absolute with links resolved. Implements the port `Monitor`.

    `build_dir` is ours alone. `marks` tells the state of the toolchain on disk: the listener hears when it changes.
    `others` tells the build folders of other watches that may be followed, besides the user's.
    """

    root: Path
    build_dir: Path
    toolchain: Toolchain
    settings: BuildSettings = field(factory=BuildSettings)
    marks: Callable[[], Hashable] = lambda: None
    others: Callable[[], Sequence[Path]] = tuple
    listener: BuildListener = field(factory=_Nobody)
    status: BuildStatus | None = None
    is_building: bool = True
    _own: OwnWatch = field(init=False)
    _once: DuneBuild = field(init=False)
    _log: BuildLog = field(init=False)
    _running: "asyncio.Task[None] | None" = None
    _began: float = 0.0
    _failure: AidError | None = None
    _saved: set[str] = field(factory=set)
    _saved_at: float = 0.0
    _nudge: asyncio.Event = field(factory=asyncio.Event)
    _changed: asyncio.Event = field(factory=asyncio.Event)
    _deaf: set[tuple[str, int, int]] = field(factory=set)
    _user: UserWatch | None = None
    _held: "asyncio.Task[None] | None" = None

    def __attrs_post_init__(self) -> None:
        run_dir = self.build_dir.with_name(f"{self.build_dir.name}-run")
        self._log = BuildLog(self.root, self.build_dir, disk_reader(self.root), keeps=True)
        self._own = OwnWatch(self.root, self.build_dir, run_dir, self.toolchain, self._log, self.settings)
        self._once = DuneBuild(self.root, self.build_dir, apart(self.toolchain, run_dir), self.settings)

    # --- what it offers ---

    def start(self, listener: BuildListener | None = None) -> None:
        """Begins to follow the project's builds, if it does not yet."""
        if listener is not None:
            self.listener = listener
        if self._running is None:
            self._running = asyncio.create_task(self._run())
            self._running.add_done_callback(_log_failure)

    async def close(self) -> None:
        """Ends it. When this returns no process of it is left."""
        running, self._running, self.listener = self._running, None, _Nobody()
        if running is not None:
            await _end(running)

    def saved(self, *paths: str) -> None:
        """Files were written, those that are known relative to the root: what was built before is not the last word."""
        self._saved_at = time.monotonic()
        self._saved.update(paths[:_MOST_COMPARED])
        self._nudge.set()

    async def build(self) -> BuildResult:
        """The last complete build of what is on disk; waits for it where one is under way or about to begin.

        Raises ToolchainError, FileUnwritableError, BuildTimeoutError.
        """
        self.start()
        if time.monotonic() - self._saved_at > AT_ONCE_SECONDS:
            self.saved()
        try:
            async with asyncio.timeout(self.settings.seconds):
                return (await self._settled()).result
        except TimeoutError:
            raise BuildTimeoutError(
                f"dune did not end within {self.settings.seconds:g} seconds", "Raise the setting `build.seconds`."
            ) from None

    async def statuses(self) -> AsyncGenerator[BuildStatus]:
        """The last complete build and each from then on. What comes while nobody takes it is passed over."""
        last: BuildStatus | None = None
        while True:
            if self.status is None or self.status is last:
                await self._changed.wait()
            else:
                last = self.status
                yield last

    async def promote(self, path: str) -> bool:
        """Has the user's watch promote to a source file, relative to the root. False where none runs, or it refuses;
        the file that was made is told by `BuildStatus.promotions`, and may be written by whoever asks."""
        if self._user is None:
            return False
        try:
            await self._user.client.promote(path)
        except (RpcEndedError, RpcRefusedError) as error:
            log.warning("%s: %s", self.root, error)
            return False
        return True

    async def _settled(self) -> BuildStatus:
        while True:
            since = time.monotonic() - self._saved_at
            noticed = self._began >= self._saved_at or since >= NOTICE_SECONDS
            if noticed and not self.is_building:
                if self._failure is not None:
                    raise self._failure
                if self.status is not None:
                    return self.status
            left = None if noticed else NOTICE_SECONDS - since
            await asyncio.wait([changed := asyncio.ensure_future(self._changed.wait())], timeout=left)
            changed.cancel()

    # --- what happens ---

    def _tell_begun(self) -> None:
        self._drop_held()
        self.is_building, self._began = True, time.monotonic()
        self._wake()
        self.listener.build_begun()

    def _offer(self, status: BuildStatus, build_dir: Path) -> None:
        self._drop_held()
        self._held = asyncio.create_task(self._publish(status, build_dir / "default"))
        self._held.add_done_callback(_log_failure)

    async def _publish(self, status: BuildStatus, copies: Path) -> None:
        """Publishes a build. If it is of older files than there are, dune is about to notice: then the next one counts,
        unless dune has no use for these files."""
        if status.source is BuildSource.USER_WATCH and any(map(_is_raw, status.result.errors)):
            status = await self._in_words(status)
        saved_at, behind = -1.0, False
        while saved_at != self._saved_at:  # what was saved while this was looked at counts as well
            saved_at = self._saved_at
            await self._until_noticed(status, copies)
            status = await in_thread(lambda: self._with_texts(status, copies))  # noqa: B023
            behind = await in_thread(lambda: _differ(self.root, copies, self._saved))
            await self._until_told()
        if status.source is not BuildSource.USER_WATCH or not behind:
            self._saved.clear()
        self.is_building, self._failure, self.status = False, None, status
        self._wake()
        self.listener.build_ended(status)

    async def _until_noticed(self, status: BuildStatus, copies: Path) -> None:
        """Waits for as long as dune may take to notice that files are not as they were built."""
        told = {each.path for each in status.result.diagnostics}
        if await in_thread(lambda: _differ(self.root, copies, self._saved)):
            await asyncio.sleep(DEAF_SECONDS if _looks_at_sources(status) else NOTICE_SECONDS)
        elif await in_thread(lambda: _differ(self.root, copies, told)):
            await asyncio.sleep(NOTICE_SECONDS)

    async def _until_told(self) -> None:
        """Returns once it is known of a build that began before now: what was read from disk since is not of it."""
        if self._user is not None:
            with contextlib.suppress(RpcEndedError, RpcRefusedError):
                await self._user.client.ping()
        await asyncio.sleep(TOLD_SECONDS)

    def _with_texts(self, status: BuildStatus, copies: Path) -> BuildStatus:
        """The status with the texts that were built, and those that are offered."""
        copies = copies.resolve()
        built, sources = disk_reader(copies), disk_reader(self.root)
        paths = dict.fromkeys(each.path or PROJECT_FILE for each in status.result.diagnostics)
        paths.update(dict.fromkeys(each.path for one in status.result.diagnostics for each in one.related))
        paths.update(dict.fromkeys(each.in_source for each in status.promotions))
        texts = {}
        for path in paths:
            text = built(path)
            if text is None:
                text = sources(path)  # dune copies no dune files
            if text is not None:
                texts[path] = text
        promotions = tuple(evolve(each, text=_offered(each.in_build, copies.parent)) for each in status.promotions)
        return evolve(status, texts=texts, promotions=promotions, build_dir=copies.parent)

    async def _in_words(self, status: BuildStatus) -> BuildStatus:
        """Over RPC dune tells some errors, dependency cycles above all, as values of its own; a single build of ours
        has them in words."""
        try:
            result = await self._once.build()
        except AidError as error:
            log.warning("%s: %s", self.root, error)
            return status
        words = [each for each in result.errors if not each.path]
        if not words:
            return status
        rest = (each for each in status.result.diagnostics if not _is_raw(each))
        return evolve(status, result=evolve(status.result, diagnostics=by_place((*rest, *words))))

    def _fail(self, error: AidError) -> None:
        log.warning("%s: %s", self.root, error)
        self._drop_held()
        self.is_building, self._failure, self.status = False, error, None
        self._wake()
        self.listener.build_failed(error)

    def _drop_held(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # --- whom it follows ---

    async def _run(self) -> None:
        """Follows one source after the other, for ever."""
        watching = asyncio.create_task(self._watch_toolchain())
        died_young = 0
        try:
            while True:
                if (watch := await self._find_user()) is not None:
                    await self._follow_user(watch)
                    continue
                began = time.monotonic()
                if await self._follow_own():
                    continue
                died_young = died_young + 1 if time.monotonic() - began < YOUNG_SECONDS else 0
                if died_young >= 2 or self.status is None or self.status.source is not BuildSource.OWN_WATCH:
                    await self._build_once()
                    await _first(self._nudge.wait(), self._until_user())
        finally:
            self._drop_held()
            await _end(watching)

    async def _watch_toolchain(self) -> None:
        """Tells once that dune or OCaml is another: one that stays the same for two looks is installed to its end."""
        first = last = await in_thread(self.marks)
        while True:
            await asyncio.sleep(TOOLCHAIN_SECONDS)
            now = await in_thread(self.marks)
            if now is not None and now == last != first:
                self.listener.toolchain_changed()
                return
            last = now

    async def _follow(self, events: _Events, build_dir: Path) -> None:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Begun):
                    self._tell_begun()
                else:
                    self._offer(event, build_dir)

    async def _follow_user(self, watch: UserWatch) -> None:
        self._tell_begun()
        self._user = watch
        try:
            following = self._follow(watch.follow(), watch.build_dir)
            await _first(following, self._until_deaf(watch), _until_gone(watch.build_dir))
        finally:
            self._user = None
            self._drop_held()

    async def _follow_own(self) -> bool:
        """True when it ends since there is a watch of the user's, False when our own has died."""
        self._tell_begun()
        try:
            following = self._follow(self._own.follow(), self.build_dir)
            return await _first(following, self._until_user(), _until_gone(self.build_dir)) == 1
        except AidError as error:
            log.warning("%s: %s", self.root, error)
            return False
        finally:
            self._drop_held()

    async def _build_once(self) -> None:
        self._nudge.clear()
        self._tell_begun()
        try:
            result = await self._once.build()
        except AidError as error:
            self._fail(error)
            return
        if self._nudge.is_set():
            return  # something was saved meanwhile: the next build is the one that counts
        self._log.restart()
        await in_thread(self._log.update)
        result = await in_thread(lambda: self._log.with_warnings(result))
        await self._publish(BuildStatus(result, BuildSource.ONE_SHOT, self._staged(result)), self.build_dir / "default")

    def _staged(self, result: BuildResult) -> tuple[Promotion, ...]:
        """What a single build offers to promote; dune keeps it aside."""
        staging = self.build_dir / ".promotion-staging"
        paths = dict.fromkeys(each.path for each in result.errors if each.source == "dune" and each.path)
        return tuple(Promotion(str(staging / path), path) for path in paths if (staging / path).is_file())

    async def _find_user(self) -> UserWatch | None:
        environment = self.toolchain.environment
        found = await in_thread(lambda: find_instances(self.root, environment, self.build_dir, self.others()))
        for instance in found:
            if _mark(instance.socket) in self._deaf:
                continue
            try:
                return UserWatch(
                    await connect(instance.socket, ANSWER_SECONDS), self.root, instance.socket.parent.parent
                )
            except (RpcEndedError, RpcRefusedError):
                continue  # a stale socket, or a dune that cannot be used
        return None

    async def _until_user(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if (watch := await self._find_user()) is not None:
                await watch.client.close()
                return

    async def _until_deaf(self, watch: UserWatch) -> None:
        """Returns when the user's watch has built nothing, though there was something to build."""
        attached = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now, heard = time.monotonic(), self._began > attached or not self.is_building
            overdue = bool(self._saved) and self._began < self._saved_at < now - DEAF_SECONDS
            if overdue:  # what was saved may be nothing that dune looks at
                overdue = (
                    self.status is not None
                    and _looks_at_sources(self.status)
                    and await in_thread(lambda: _differ(self.root, watch.build_dir / "default", self._saved))
                )
            if overdue or (not heard and now - attached > DEAF_SECONDS):
                socket = watch.build_dir / ".rpc" / "dune"
                if (mark := _mark(socket)) is not None:
                    self._deaf.add(mark)
                log.warning("%s: the watch at %s does not notice what is saved", self.root, socket)
                return


def _offered(name: str, build_dir: Path) -> str | None:
    """What dune has kept aside in its build folder to be promoted."""
    try:
        file = Path(name).resolve()
        if not file.is_relative_to(build_dir) or not file.is_file() or file.stat().st_size > _MOST_PROMOTED:
            return None
        return file.read_bytes().decode("utf-8")
    except (OSError, ValueError):
        return None


def _looks_at_sources(status: BuildStatus) -> bool:
    """Whether dune has looked at source files: with a dune file in error it does not."""
    return not any(each.source == "dune" for each in status.result.errors)


def _is_raw(error: Diagnostic) -> bool:
    return not error.path and _EXCEPTION.match(error.message) is not None


def _mark(socket: Path) -> tuple[str, int, int] | None:
    try:
        status = socket.stat()
    except OSError:
        return None
    return str(socket), status.st_ino, status.st_ctime_ns


def _differ(root: Path, copies: Path, paths: Iterable[str]) -> bool:
    """Whether one of the files differs from the copy that dune has made of it; those that it has not copied do not."""
    for path in list(paths)[:_MOST_COMPARED]:
        try:
            if (root / path).read_bytes() != (copies / path).read_bytes():
                return True
        except (OSError, ValueError):
            continue
    return False


async def _until_gone(folder: Path) -> None:
    """Returns when a build folder is removed: dune 3.17 dies of that, dune 3.24 builds for ever."""
    first: int | None = None
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = await in_thread(lambda: _inode(folder))
        if now is None or now != (first or now):
            return
        first = now


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None


async def _first(*awaitables: Awaitable[Any]) -> int:
    """Waits until the first of them ends, ends the others, and says which it was. Raises what it raised."""
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        number = next(number for number, task in enumerate(tasks) if task.done())
        tasks[number].result()
        return number
    finally:
        for task in tasks:
            await _end(task)


async def _end(task: "asyncio.Future[Any]") -> None:
    """Cancels a task and waits for its end; a cancel in the meantime waits as well."""
    task.cancel()
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if not task.cancelled():
        task.exception()  # it is seen
    if cancelled:
        raise asyncio.CancelledError


def _log_failure(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("Following builds failed", exc_info=error)
