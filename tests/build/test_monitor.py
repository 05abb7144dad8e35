"""A build status that is never stale, with real watches that come and go.

Every status that is published is checked against a clean build of the texts as they were on disk at that moment.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from attrs import define, evolve, field

from lsp_aid.build.dune import DuneBuild
from lsp_aid.build.monitor import BuildMonitor
from lsp_aid.build.toolchain import Toolchain, find
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build_status import BuildSource, BuildStatus
from lsp_aid.errors import AidError
from tests.support.ocaml_versions import NEWEST
from tests.support.processes import running

pytestmark = pytest.mark.dune

FILES = {
    "dune-project": "(lang dune 3.0)\n",
    "dune": "(library (name p) (flags (:standard -w +32 -warn-error -32)))\n",
    "a.ml": "let one = 1\n",
    "b.ml": "let two = A.one + 1\n",
    "c.mli": "val three : int\n",
    "c.ml": "let unused = 0\nlet three = 3\n",
}
TARGETS = ("@@default", "@runtest")
Said = frozenset[tuple[object, ...]]


def said(status_diagnostics: object) -> Said:
    return frozenset(
        (each.severity, each.range, *each.identity)
        for each in status_diagnostics  # type: ignore[attr-defined]
    )


@define(eq=False)
class Scene:
    """A project, a monitor of it, and all that was published with the texts as they were then. Implements the port
    `BuildListener`."""

    root: Path
    toolchain: Toolchain
    monitor: BuildMonitor
    published: list[tuple[dict[str, str], BuildStatus]] = field(factory=list)
    failures: list[AidError] = field(factory=list)
    watches: list[asyncio.subprocess.Process] = field(factory=list)
    _clean: dict[tuple[tuple[str, str], ...], tuple[bool, Said]] = field(factory=dict)

    changes: int = 0

    def build_begun(self) -> None:
        pass

    def build_ended(self, status: BuildStatus) -> None:
        self.published.append((self.texts(), status))

    def build_failed(self, error: AidError) -> None:
        self.failures.append(error)

    def toolchain_changed(self) -> None:
        self.changes += 1

    def texts(self) -> dict[str, str]:
        files = (path for path in self.root.rglob("*") if path.is_file() and "_build" not in path.parts)
        return {path.relative_to(self.root).as_posix(): path.read_text() for path in files}

    async def write(self, **files: str) -> BuildStatus:
        """Writes files, `a_ml` for `a.ml`, and waits for the build of them."""
        for name, text in files.items():
            path = name.replace("_", ".")
            (self.root / path).write_text(text)
            self.monitor.saved(path)
        return await self.settled()

    async def settled(self) -> BuildStatus:
        """The status once it is that of what is on disk; it equals that of a clean build."""
        result = await self.monitor.build()
        status = self.monitor.status
        assert status is not None
        assert (result.green, said(result.diagnostics)) == await self.clean(self.texts())
        return status

    async def clean(self, texts: dict[str, str]) -> tuple[bool, Said]:
        key = tuple(sorted(texts.items()))
        if key not in self._clean:
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder) / "project"
                for name, text in texts.items():
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(text)
                build = DuneBuild(root, root.parent / "build", self.toolchain, BuildSettings(targets=TARGETS))
                result = await build.build()
                self._clean[key] = (result.green, said(result.diagnostics))
        return self._clean[key]

    async def watch(self) -> asyncio.subprocess.Process:
        """Starts a watch as the user does."""
        null = asyncio.subprocess.DEVNULL
        words = (str(self.toolchain.dune), "build", "--root", str(self.root), "--watch", *TARGETS)
        watch = await asyncio.create_subprocess_exec(
            *words, env=dict(self.toolchain.environment), stdout=null, stderr=null
        )
        self.watches.append(watch)
        return watch

    async def until(self, condition: Callable[[BuildStatus], bool]) -> BuildStatus:
        async with asyncio.timeout(60), contextlib.aclosing(self.monitor.statuses()) as statuses:
            async for status in statuses:
                if condition(status):
                    return status
        raise AssertionError("statuses end never")

    async def until_source(self, source: BuildSource) -> None:
        await self.until(lambda status: status.source is source)
        await self.settled()

    async def close(self) -> None:
        await self.monitor.close()
        for watch in self.watches:
            if watch.returncode is None:
                watch.kill()
            await watch.wait()
        for texts, status in self.published:
            assert (status.result.green, said(status.result.diagnostics)) == await self.clean(texts), status


@pytest.fixture(params=["dune", pytest.param("newest dune", marks=pytest.mark.needs("newest-dune"))])
async def scene(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    path = f"{NEWEST}{os.pathsep}{os.environ['PATH']}" if request.param == "newest dune" else os.environ["PATH"]
    with tempfile.TemporaryDirectory() as short:
        root = Path(short).resolve() / "project"  # noqa: ASYNC240
        root.mkdir()
        for name, text in FILES.items():
            (root / name).write_text(text)
        toolchain = await find(root, "", {**os.environ, "PATH": path, "XDG_RUNTIME_DIR": f"{short}/run"})
        monitor = BuildMonitor(root, tmp_path / "status", toolchain, BuildSettings(targets=TARGETS, seconds=60))
        made = Scene(root, toolchain, monitor)
        monitor.start(made)
        try:
            yield made
        finally:
            await made.close()


async def test_files_break_and_are_mended(scene: Scene) -> None:
    status = await scene.settled()
    assert (status.result.green, status.source) == (True, BuildSource.OWN_WATCH)
    assert [each.code for each in status.result.diagnostics] == ["warning 32 [unused-value-declaration]"]
    assert not (await scene.write(a_ml='let one = "é" ^ 1\n')).result.green
    assert not (await scene.write(b_ml="let two = (\n")).result.green
    assert not (await scene.write(a_ml="let one = 2\n")).result.green
    assert (await scene.write(b_ml="let two = 2\n", c_ml="let three = 3\n")).result.green
    assert not (await scene.write(dune="(library (name p)\n")).result.green
    assert not (await scene.write(dune="(library (name p) (libraries nowhere))\n")).result.green
    assert (await scene.write(dune=FILES["dune"], d_ml="let four = 4\n")).result.green
    assert scene.failures == []


async def test_the_users_watch_is_followed_and_outlived(scene: Scene) -> None:
    await scene.settled()
    first = await scene.watch()
    await scene.until_source(BuildSource.USER_WATCH)
    assert running(*_own_command(scene)) == 0
    assert not (await scene.write(a_ml="let one = nope\n")).result.green
    second = await scene.watch()  # dune refuses it, and it is not our affair
    assert await second.wait() != 0
    status = await scene.write(a_ml="let one = function 1 -> 2\n", b_ml="let two = 2\n")
    assert [each.code for each in status.result.errors] == ["warning 8 [partial-match]"]
    assert not (await scene.write(dune="(library (name p)\n")).result.green
    assert not (await scene.write(dune="(library (name p) (libraries nowhere))\n")).result.green
    assert not (await scene.write(dune=FILES["dune"], a_ml="let one = B.two\n", b_ml="let two = A.one\n")).result.green
    assert not (await scene.write(a_ml="let one = 1\n", c_ml="let three = 'x'\n", b_ml="let two =\n")).result.green
    assert (await scene.write(c_ml="let three = 3\n", b_ml=FILES["b.ml"])).result.green
    first.kill()
    await scene.until_source(BuildSource.OWN_WATCH)
    assert (scene.root / "_build/.rpc/dune").exists()  # left over by the one that was killed
    assert (await scene.write(a_ml="let one = 1\n")).result.green
    third = await scene.watch()
    await scene.until_source(BuildSource.USER_WATCH)
    assert not (await scene.write(b_ml="let two = A.on\n")).result.green
    third.send_signal(signal.SIGTERM)
    await scene.until_source(BuildSource.OWN_WATCH)
    assert (await scene.write(b_ml="let two = A.one\n")).result.green
    assert scene.failures == []


async def test_build_folders_that_are_removed(scene: Scene) -> None:
    await scene.settled()
    await scene.watch()
    await scene.until_source(BuildSource.USER_WATCH)
    shutil.rmtree(scene.root / "_build")  # of which dune dies
    await scene.until_source(BuildSource.OWN_WATCH)
    shutil.rmtree(scene.monitor.build_dir, ignore_errors=True)
    assert not (await scene.write(a_ml="let one = nope\n")).result.green
    assert (await scene.write(a_ml="let one = 1\n")).result.green


async def test_our_watch_is_killed(scene: Scene) -> None:
    await scene.settled()
    for text in ("let one = nope\n", "let one = 1\n", "let one = nope\n"):
        for pid in (scene.monitor.build_dir / ".lock").read_text().split():  # none while no dune holds it
            os.kill(int(pid), signal.SIGKILL)
        status = await scene.write(a_ml=text)
        assert status.result.green == ("nope" not in text)
    await scene.monitor.close()
    again = BuildMonitor(scene.root, scene.monitor.build_dir, scene.toolchain, scene.monitor.settings)
    assert said((await again.build()).diagnostics) == said(status.result.diagnostics)
    await again.close()
    assert running(*_own_command(scene)) == 0


async def test_writes_that_come_faster_than_builds(scene: Scene) -> None:
    await scene.settled()
    for watch in (False, True):
        if watch:
            await scene.watch()
            await scene.until_source(BuildSource.USER_WATCH)
        for number in range(12):
            name = "nope" if number % 3 else "1"
            (scene.root / "a.ml").write_text(f"let one = {name} + {number}\n")
            scene.monitor.saved("a.ml")
            await asyncio.sleep(0.013 * number)
        await scene.settled()


async def test_files_that_dune_has_no_use_for(scene: Scene) -> None:
    await scene.settled()
    await scene.watch()
    await scene.until_source(BuildSource.USER_WATCH)
    (scene.root / "README.md").write_text("# p\n")
    scene.monitor.saved("README.md")
    assert (await scene.settled()).source is BuildSource.USER_WATCH


RULES = '(rule (with-stdout-to out (echo "new\\n")))\n(rule (alias runtest) (action (diff expected out)))\n'


async def test_a_test_is_red_until_it_is_promoted(scene: Scene) -> None:
    status = await scene.write(expected="old\n", dune=FILES["dune"] + RULES)
    (promotion,) = status.promotions
    made = Path(promotion.in_build)
    assert (promotion.in_source, made.read_text()) == ("expected", "new\n")  # noqa: ASYNC240
    assert not await scene.monitor.promote("expected")  # of ours nothing is promoted by dune
    await scene.watch()
    await scene.until_source(BuildSource.USER_WATCH)
    assert [each.in_source for each in scene.monitor.status.promotions] == ["expected"]  # type: ignore[union-attr]
    assert await scene.monitor.promote("expected")
    scene.monitor.saved("expected")
    status = await scene.until(lambda status: status.result.green)
    assert (status.promotions, (scene.root / "expected").read_text()) == ((), "new\n")
    await scene.settled()


async def test_a_watch_that_waits_to_be_told_is_not_waited_for(scene: Scene) -> None:
    null = asyncio.subprocess.DEVNULL
    words = (str(scene.toolchain.dune), "build", "--root", str(scene.root), "--passive-watch-mode")
    environment = dict(scene.toolchain.environment)
    scene.watches.append(await asyncio.create_subprocess_exec(*words, env=environment, stdout=null, stderr=null))
    while not (scene.root / "_build/.rpc/dune").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    status = await scene.settled()
    assert status.source is BuildSource.OWN_WATCH
    assert not (await scene.write(a_ml="let one = nope\n")).result.green


async def test_single_builds_where_no_watch_can_be_had(scene: Scene) -> None:
    wrapper = scene.root.parent / "dune"
    wrapper.write_text(
        f'#!/bin/sh\ncase " $* " in *" --watch "*) echo no inotify; exit 1;; esac\nexec {scene.toolchain.dune} "$@"\n'
    )
    wrapper.chmod(0o755)
    scene.monitor.toolchain = evolve(scene.toolchain, dune=wrapper)
    scene.monitor.__attrs_post_init__()
    status = await scene.settled()
    assert (status.source, status.result.green) == (BuildSource.ONE_SHOT, True)
    assert not (await scene.write(a_ml="let one = nope\n")).result.green
    status = await scene.write(a_ml="let one = 1\n")
    assert (status.result.green, len(status.result.diagnostics)) == (True, 1)
    await scene.watch()
    await scene.until_source(BuildSource.USER_WATCH)


async def test_single_builds_in_a_folder_whose_path_is_too_long_for_a_socket(scene: Scene) -> None:
    """dune would hang there."""
    scene.monitor.build_dir = scene.monitor.build_dir / ("deep" * 30)
    scene.monitor.__attrs_post_init__()
    status = await scene.settled()
    assert (status.source, status.result.green) == (BuildSource.ONE_SHOT, True)
    assert not (await scene.write(a_ml="let one = nope\n")).result.green


def _own_command(scene: Scene) -> tuple[str, ...]:
    folder = str(scene.monitor.build_dir)
    words = (str(scene.toolchain.dune), "build", "--root", str(scene.root), "--build-dir", folder)
    options = ("--no-config", "--disable-promotion", "--no-print-directory", "--display=quiet")
    return (*words, *options, "--watch", "--terminal-persistence=preserve", "--", *TARGETS)
