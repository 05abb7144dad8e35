"""Warm bases: projects at one revision, checked out and built once, on which diffs are tried ever after.

A base is a folder of the cache: `tree`, the project with its `_build`, which nothing changes once it is made;
`base.json`, what is known of it; `graph.json`, what dune does with its modules. It is made in a folder of its own and
then renamed, so that a base is there whole or not at all. What is near is derived from what is warm: the build folder
of another revision is copied, and dune does the rest. The bases that were not used for longest go when all of them
together are larger than they may be; one that somebody holds stays.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import cattrs
from attrs import define, evolve, field, frozen

from lsp_aid.build.dune import build_result, disk_reader, dune_environment, raise_if_full, raise_if_killed
from lsp_aid.build.process import Finished, in_thread, run
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.ces import dune_files
from lsp_aid.ces.bare import BareKeeper
from lsp_aid.ces.checkout import BUILD_FOLDER, Source, digest, raise_unless_project
from lsp_aid.ces.graph import Graph, GraphError, read
from lsp_aid.ces.inside import inside_environment
from lsp_aid.ces.keeping import WORK, Keeper, Keeping, Limits, Ran, Step
from lsp_aid.ces.locks import ALONE, SHARED, lock_again, lock_alone, locked, open_lock, try_lock
from lsp_aid.ces.unshare import Unshare
from lsp_aid.domain.build import BuildResult
from lsp_aid.errors import BuildTimeoutError, FileUnwritableError, ToolchainError

_RULES = "/tmp/rules"  # noqa: S108 - inside, /tmp belongs to the sandbox alone
_LONGEST_RULES = 1 << 29
_COPY_SECONDS = 1800.0
_PATIENCE = 12
"""A base is made once, and from nothing: it may take so many times the time of a verdict, by the clock and of CPU."""
_FORM = 5
"""Goes up when what a base holds changes its meaning."""


@frozen
class Goals:
    """What dune is asked for at each level, and with which options, such as `--profile=release`."""

    check: tuple[str, ...] = ("@check",)
    build: tuple[str, ...] = ("@default",)
    test: tuple[str, ...] = ("@runtest",)
    options: tuple[str, ...] = ()


@frozen
class Record:
    """What is known of a base. `checked` and `built` are dune's words on `check`, and on `check` and `build` together.

    `digest` tells the contents of its sources, `size` is in bytes, `made` in seconds since the epoch. `near` is the
    base that it was derived from, if any.
    """

    repository: str
    revision: str
    toolchain: str
    goals: Goals
    checked: BuildResult
    built: BuildResult
    digest: str
    size: int
    made: float
    seconds: float
    near: str = ""
    form: int = _FORM


@define(frozen=True, slots=False, eq=False)
class Base:
    """One base. It changes no more."""

    folder: Path
    record: Record

    @property
    def key(self) -> str:
        return self.folder.name

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    @cached_property
    def graph(self) -> Graph:
        """What dune does with its modules; an empty one where dune could not tell. Reads a file."""
        try:
            return Graph.of(json.loads((self.folder / "graph.json").read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return Graph()

    @property
    def is_there(self) -> bool:
        return (self.folder / "base.json").exists()

    def give_up(self) -> None:
        """Whoever asks for it next has it made anew. Works on the disk."""
        with contextlib.suppress(OSError):
            (self.folder / "base.json").unlink(missing_ok=True)


@define(eq=False)
class BaseStore:
    """The bases in `folder` for one toolchain. `sandbox` is what their own programs are shut in; None for nothing,
    which nobody gets who has not asked for it."""

    folder: Path
    toolchain: Toolchain
    sandbox: Unshare | None
    goals: Goals = field(factory=Goals)
    limits: Limits = field(factory=Limits)
    budget: int = 20 << 30
    patience: float = 60.0
    """Seconds that a damaged base is waited for, which nobody can make anew while another one holds it."""
    _known: dict[str, Base] = field(factory=dict, init=False)

    @property
    def environment(self) -> dict[str, str]:
        """What dune is run with, for bases and for evaluations alike: one changed variable would build all anew."""
        return inside_environment(dune_environment(self.toolchain))

    def dune(self, command: str, *words: str) -> tuple[str, ...]:
        """A command line of dune's, for the tree that is the current folder. Raises ToolchainError."""
        if self.toolchain.dune is None:
            raise ToolchainError("No dune was found", "Install dune 3.17 or later, or set `toolchain`.")
        options = ("--root", ".", "--no-config", "--no-print-directory", "--display=quiet", *self.goals.options)
        caching = ("--cache=disabled", "--disable-promotion") if command == "build" else ()
        return (str(self.toolchain.dune), command, *options, *caching, *words)

    def keeper(self, tree: Path, way: str) -> Keeping:
        """What runs programs over a tree. `way` is that of `Keeper`."""
        if self.sandbox is None:
            return BareKeeper(tree, "copy" if way == "overlay" else way)
        return Keeper(tree, self.sandbox, self.toolchain.visible, way, (BUILD_FOLDER,))

    @contextlib.asynccontextmanager
    async def hold(self, source: Source) -> AsyncIterator[Base]:
        """The base of a source, made where it is not there yet, for as long as the block lasts.

        Raises UsageError, ToolchainError, BuildTimeoutError, SandboxError, FileUnwritableError; the last also for a
        damaged base that another one holds for so long that nobody can make it anew.
        """
        await asyncio.to_thread(_make_folder, self.folder)
        revision = await source.revision()
        staging = self.folder / f"making-{uuid.uuid4().hex}"
        try:
            if revision is None:
                # Only its contents tell it from others, and they may change at any time.
                await source.lay_out(staging / "tree")
                revision = await in_thread(lambda: digest(staging / "tree"))
            key = await asyncio.to_thread(self.key, source.repository, revision)
            async with locked(self.folder / f"{key}.lock", SHARED) as lock:
                base = await asyncio.to_thread(self.find, key)
                while base is None:
                    if await self._is_alone(lock, key):
                        if not await asyncio.to_thread(self.find, key):
                            if not staging.exists():
                                await source.lay_out(staging / "tree")
                            await self._make(key, source.repository, revision, staging)
                            await asyncio.to_thread(self.make_room, key)
                        await lock_again(lock, SHARED)  # others may use it, and nobody remove it
                    base = await asyncio.to_thread(self.find, key)
                await asyncio.to_thread(_touch, base.folder)
                yield base
        finally:
            await asyncio.to_thread(shutil.rmtree, staging, ignore_errors=True)

    async def _is_alone(self, lock: int, key: str) -> bool:
        """As `lock_alone` has it."""
        try:
            return await lock_alone(lock, self.patience)
        except TimeoutError as error:
            raise FileUnwritableError(
                f"Files of the base {self.folder / key} have vanished, and another process uses it",
                "End that process (`lsp-aid stop`, or the engine that judges there), and ask again.",
            ) from error

    def key(self, repository: str, revision: str) -> str:
        """The name of a base: equal for what would be built alike, whoever asks. Looks at files."""
        parts = [str(_FORM), repository, revision, self.toolchain_identity, repr(self.goals)]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:24]

    @property
    def toolchain_identity(self) -> str:
        """What tells OCaml, dune, the libraries beside them and the environment from others. Looks at files."""
        found = self.toolchain
        programs = [f"{program.resolve()} {_stamp(program)}" for program in (found.ocaml, found.dune) if program]
        environment = sorted(f"{name}={value}" for name, value in self.environment.items())
        bare = "bare" if self.sandbox is None else ""
        parts = [*programs, found.ocaml_version, bare, *self._libraries(), *environment]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def _libraries(self) -> Iterator[str]:
        """What tells installed libraries from others: whoever installs one writes its META anew, with its version."""
        for folder in self.toolchain.visible:
            for pattern in ("*/META", "lib/*/META"):
                yield from (f"{file} {_stamp(file)}" for file in sorted(folder.glob(pattern)))

    def find(self, key: str) -> Base | None:
        """The base of that key, if it is there whole. Reads files."""
        folder = self.folder / key
        known = self._known.get(key)
        if known is not None and known.is_there:
            return known
        record = read_record(folder)
        if record is None or not _is_whole(folder / "tree", record):
            return None
        self._known[key] = Base(folder, record)
        return self._known[key]

    async def _make(self, key: str, repository: str, revision: str, staging: Path) -> None:
        started = time.monotonic()
        tree = staging / "tree"
        await asyncio.to_thread(raise_unless_project, tree, repository)
        contents = await in_thread(lambda: digest(tree))
        near = await asyncio.to_thread(self._near, repository, key)
        if near is not None:
            near = await self._derive(near, tree)
        keeper = self.keeper(tree, "itself")
        try:
            checked = await self._build(keeper, tree, self.goals.check)
            built = await self._build(keeper, tree, (*self.goals.check, *self.goals.build))
            graph = await self._graph(keeper, tree)
        finally:
            await keeper.close()
        record = Record(
            repository,
            revision,
            await asyncio.to_thread(lambda: self.toolchain_identity),
            self.goals,
            checked,
            built,
            contents,
            await asyncio.to_thread(size, tree),
            time.time(),
            time.monotonic() - started,
            near.key if near else "",
        )
        await asyncio.to_thread(_finish, staging, self.folder / key, record, graph)
        self._known[key] = Base(self.folder / key, record)

    @property
    def _patient(self) -> Limits:
        return evolve(self.limits, seconds=_PATIENCE * self.limits.seconds, cpu=_PATIENCE * self.limits.cpu)

    async def _build(self, keeper: Keeping, tree: Path, targets: Sequence[str]) -> BuildResult:
        limits = self._patient
        step = Step(self.dune("build", "--", *targets), self.environment, limits.seconds)
        (ran,) = (kept := await keeper.run([step], limits)).ran
        raise_if_limited(ran, "building a base")
        if ran.code:
            # Its errors would be those of the base ever after.
            raise_if_killed(ran.text)
            await asyncio.to_thread(raise_if_full, ran.text, tree)
        return await dune_result(ran, tree, root=kept.root)

    async def _graph(self, keeper: Keeping, tree: Path) -> Graph:
        """What dune tells of its rules; an empty graph where it does not, since some of them cannot be made."""
        words = ("-r", "-o", _RULES, *self.goals.check)
        limits = self._patient
        step = Step(self.dune("rules", *words), self.environment, limits.seconds)
        kept = await keeper.run([step], limits, wanted={_RULES: _LONGEST_RULES})
        rules = kept.files.get(_RULES)
        if kept.ran[0].code != 0 or kept.ran[0].limit or rules is None:
            return Graph()
        try:
            return await in_thread(
                lambda: read(rules.decode("utf-8", "surrogateescape"), dune_files.read(tree), self.goals.check)
            )
        except GraphError:
            return Graph()

    def _near(self, repository: str, key: str) -> Base | None:
        """The base of the same repository that was used last, with the same toolchain and goals; not the one that is
        being made, of which a damaged one may be there."""
        for record, folder in sorted(listed(self.folder), key=lambda found: used(found[1]), reverse=True):
            same = record.repository == repository and record.toolchain == self.toolchain_identity
            if same and record.goals == self.goals and folder.name != key:
                return Base(folder, record)
        return None

    async def _derive(self, near: Base, tree: Path) -> Base | None:
        """Copies the build folder of a base that is alike; None where it has gone meanwhile, or is being made: two that
        are made at once would wait for each other."""
        source, target = near.tree / BUILD_FOLDER, tree / BUILD_FOLDER
        command = ["cp", "-a", "--reflink=auto", "--", str(source), str(target)]
        lock = open_lock(self.folder / f"{near.key}.lock")
        try:
            if not try_lock(lock, SHARED):
                return None
            done = await run(command, cwd=tree, environment={"PATH": os.defpath}, seconds=_COPY_SECONDS)
        finally:
            os.close(lock)
        if done.code == 0:
            return near
        await asyncio.to_thread(shutil.rmtree, target, ignore_errors=True)
        return None

    def make_room(self, keep: str = "") -> None:
        """Removes the bases that were used longest ago, until the rest is within the budget. Works on the disk."""
        left = sum(record.size for record, _ in listed(self.folder))
        for record, folder in sorted(listed(self.folder), key=lambda found: used(found[1])):
            if left <= self.budget:
                return
            if folder.name != keep and remove(folder):
                left -= record.size
        _sweep(self.folder)


async def dune_result(
    ran: Ran, tree: Path, read_text: Callable[[str], str | None] | None = None, root: Path = WORK
) -> BuildResult:
    """What a dune that ran says, where the tree is seen as `root`. Raises ToolchainError for one that was killed or
    crashed, FileUnwritableError for one without a disk."""
    code = ran.code if ran.code < 128 else 128 - ran.code
    done = Finished(code, ran.output)
    reader = read_text or disk_reader(tree)
    return await in_thread(lambda: build_result(done, root, root / BUILD_FOLDER, reader, ran.seconds))


def raise_if_limited(ran: Ran, what: str) -> None:
    """Raises BuildTimeoutError for what took too much."""
    if ran.limit:
        raise BuildTimeoutError(f"{what.capitalize()} was ended by its limit of {ran.limit}", "Raise that limit.")


def listed(folder: Path) -> Iterator[tuple[Record, Path]]:
    """The bases in a folder. Reads files."""
    with contextlib.suppress(OSError):
        for entry in sorted(folder.iterdir()):
            record = read_record(entry)
            if record is not None:
                yield record, entry


def remove(folder: Path) -> bool:
    """Removes a base; False where somebody holds it."""
    lock = open_lock(folder.with_name(f"{folder.name}.lock"))
    try:
        if not try_lock(lock, ALONE):
            return False
        # First what makes it a base, so that nobody takes the rest for one.
        (folder / "base.json").unlink(missing_ok=True)
        folder.with_name(f"{folder.name}.needs").unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
    return True


def size(folder: Path) -> int:
    """Bytes on disk."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_blocks * 512  # noqa: PTH118 - a hundred thousand times
    return total


_CONVERTER = cattrs.Converter()


def read_record(folder: Path) -> Record | None:
    """What is known of the base in a folder; None where there is none that we understand."""
    try:
        data = json.loads((folder / "base.json").read_bytes())
        return _CONVERTER.structure(data, Record) if data.get("form") == _FORM else None
    except (OSError, ValueError, AttributeError, cattrs.BaseValidationError, KeyError):
        return None


def _is_whole(tree: Path, record: Record) -> bool:
    """Somebody may have emptied the cache folder in part."""
    try:
        return (tree / BUILD_FOLDER).is_dir() and digest(tree) == record.digest
    except OSError:
        return False


def _finish(staging: Path, folder: Path, record: Record, graph: Graph) -> None:
    try:
        (staging / "graph.json").write_text(json.dumps(graph.data()), encoding="utf-8")
        data = json.dumps(_CONVERTER.unstructure(record))
        (staging / "base.json").write_text(data, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        staging.rename(folder)
    except OSError as error:
        raise FileUnwritableError(
            f"The base {folder} cannot be written: {error.strerror}", "Free space there."
        ) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        cure = "Permit writing there, or set XDG_CACHE_HOME to another folder."
        raise FileUnwritableError(f"{folder} cannot be made: {error.strerror}", cure) from error


def _touch(folder: Path) -> None:
    with contextlib.suppress(OSError):
        (folder / "used").touch()


def used(folder: Path) -> float:
    """When a base was asked for last, in seconds since the epoch."""
    try:
        return (folder / "used").stat().st_mtime
    except OSError:
        return 0.0


def _sweep(folder: Path) -> None:
    """Removes what makers and audits that were killed have left."""
    for entry in (*folder.glob("making-*"), *folder.glob("cold-*")):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat().st_mtime > 86400:
                shutil.rmtree(entry, ignore_errors=True)


def _stamp(program: Path) -> str:
    try:
        status = program.stat()
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"
