"""Faults of the machine: a disk that is full, memory that runs out, programs that somebody kills. None is a verdict."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from lsp_aid.build.toolchain import Toolchain
from lsp_aid.ces.base import BaseStore, listed
from lsp_aid.ces.checkout import Folder, digest
from lsp_aid.ces.engine import Engine, Request, make_engine
from lsp_aid.ces.evaluator import ShadowEvaluator
from lsp_aid.ces.unshare import Unshare
from lsp_aid.ces.verdict import Colour, Level, Tier, Verdict
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.errors import AidError, FileUnwritableError
from lsp_aid.workspace.view import WorkspaceView
from tests.ces.conftest import PROJECT, edits, write
from tests.ces.test_keeping import keepers
from tests.support.processes import pids

pytestmark = pytest.mark.dune

STOCK = PROJECT["lib/stock.ml"]
LARGE = "".join(f"let f{n} x = if x > {n} then [ x; {n} ] else List.map (fun y -> y * {n}) [ x ]\n" for n in range(600))
DIFFS: dict[str, tuple[dict[str, str | None], Colour]] = {
    "a wrong type": ({"lib/stock.ml": STOCK.replace(" 0 ", " 0.5 ")}, Colour.RED),
    "a comment": ({"lib/stock.ml": f"(* counted *)\n{STOCK}"}, Colour.GREEN),
    "a new file": ({"lib/new.ml": LARGE}, Colour.GREEN),
    "a test that fails": ({"test/t.ml": "let () = exit 3\n"}, Colour.RED),
}


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own, which only root can have."""
    folder = tmp_path_factory.mktemp("disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "small", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def fill(disk: Path) -> None:
    """Takes all that is left."""
    space = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(space.f_bavail * space.f_frsize))


def empty(disk: Path) -> None:
    for path in disk.iterdir():
        shutil.rmtree(path)


def taken(disk: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in disk.rglob("*"))


@pytest.fixture
def small(store: BaseStore, disk: Path) -> BaseStore:
    return evolve(store, folder=disk / "bases")


async def test_no_base_is_made_on_a_disk_that_is_full(root: Path, small: BaseStore, disk: Path) -> None:
    write(root, {"lib/large.ml": LARGE})
    async with small.hold(Folder(root)) as base:
        needed = base.record.size
    for size in (needed // 16, needed // 4, needed // 2, needed * 7 // 8):
        write(root, {"lib/other.ml": f"let x = {size}\n"})
        empty(disk)
        resize(disk, size)
        with pytest.raises(FileUnwritableError):
            async with small.hold(Folder(root)):
                pass
        assert not list(listed(small.folder))
    resize(disk, 64 << 20)
    async with small.hold(Folder(root)) as base:
        assert base.record.built.green


@pytest.mark.parametrize("way", ["overlay", "bare"])
async def test_a_disk_that_is_full_spoils_no_verdict(
    root: Path, small: BaseStore, disk: Path, shared_typer: Path, way: str
) -> None:
    engine = make_engine(small if way == "overlay" else evolve(small, sandbox=None), shared_typer)
    warm = await engine.open(Folder(root))
    before = await asyncio.to_thread(digest, warm.base.tree, skipped=frozenset())
    resize(disk, taken(disk) + (1 << 20))
    fill(disk)
    for name, (files, colour) in DIFFS.items():
        verdict = await engine.evaluate(warm, Request(changes=edits(warm, files), level=Level.TEST))
        assert verdict.colour in ((colour,) if way == "overlay" else (colour, Colour.UNKNOWN)), (name, verdict)
        assert verdict.reason or verdict.colour is not Colour.UNKNOWN
    assert await asyncio.to_thread(digest, warm.base.tree, skipped=frozenset()) == before
    await engine.close()


async def test_a_shadow_on_a_disk_that_is_full_has_no_errors_of_its_own(
    root: Path, toolchain: Toolchain, unshare: Unshare, disk: Path
) -> None:
    write(root, {"lib/large.ml": LARGE})
    for size in (300 << 10, 1 << 20):
        empty(disk)
        resize(disk, size)
        (disk / "p" / "0").mkdir(parents=True)
        on = ShadowEvaluator(disk / "p" / "0", root, toolchain, unshare, trusted=True)
        with pytest.raises(FileUnwritableError):
            await on.evaluate(WorkspaceView(root), ChangeSet(), untrusted=False)


async def test_a_program_of_a_build_that_somebody_kills(engine: Engine, root: Path) -> None:
    """As a system does that runs out of memory. The same in a base."""
    nap, program = f"61.{os.getpid()}", shutil.which("sleep") or ""
    warm = await engine.open(Folder(root))
    rule = f"(library (name shop))\n(rule (with-stdout-to slow.ml (run sleep {nap})))\n"

    async def killing(work: "asyncio.Task[Verdict]") -> Verdict:
        while not work.done():
            for pid in pids(program, nap):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)
        return await work

    request = Request(changes=edits(warm, {"lib/dune": rule}))
    verdict = await killing(asyncio.create_task(engine.evaluate(warm, request)))
    assert verdict.colour is Colour.UNKNOWN, verdict
    assert "KILL" in verdict.reason
    write(root, {"lib/dune": rule})

    async def opened() -> Verdict:
        await engine.open(Folder(root))
        return verdict

    with pytest.raises(AidError, match="KILL"):
        await killing(asyncio.create_task(opened()))


DAMAGES = ("lib/item.ml", "test/t.ml", "_build/default/lib/.shop.objs/byte/shop__Item.cmi")


@pytest.mark.parametrize("gone", DAMAGES)
async def test_a_base_that_is_emptied_in_part(engine: Engine, root: Path, gone: str) -> None:
    base = (await engine.open(Folder(root))).base
    few = {name: DIFFS[name] for name in ("a wrong type", "a new file")}
    for files, colour in few.values():
        warm = await engine.open(Folder(root))
        request = Request(changes=edits(warm, files), level=Level.TEST)
        (base.tree / gone).unlink(missing_ok=True)
        verdict = await engine.evaluate(warm, request)
        # What a program runs on is what it was, or nothing is said.
        by_types = verdict.tier in (Tier.PARSES, Tier.TYPES)
        assert verdict.colour is Colour.UNKNOWN or (verdict.colour is colour and (by_types or gone.endswith(".cmi")))
    # One that was emptied before it is opened is none.
    await engine.close()
    (base.tree / gone).unlink(missing_ok=True)
    warm = await engine.open(Folder(root))
    for name, (files, colour) in few.items():
        verdict = await engine.evaluate(warm, Request(changes=edits(warm, files), level=Level.TEST))
        assert verdict.colour is colour, (name, verdict)


@pytest.fixture
def pen() -> Iterator[Path]:
    """A control group whose processes have little memory together."""
    for folder, bound in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = Path(folder, f"lsp-aid-test-{os.getpid()}")
        try:
            group.mkdir()
            (group / bound).write_text(str(200 << 20))
        except OSError:
            with contextlib.suppress(OSError):
                group.rmdir()
            continue
        yield group
        group.rmdir()
        return
    pytest.skip("no control group can be made here")


async def test_memory_that_the_machine_does_not_have(engine: Engine, root: Path, pen: Path) -> None:
    write(
        root,
        {
            "test/hog.ml": "let () = ignore (Bytes.make (400 lsl 20) 'x')\n",
            "test/dune": "(test (name t) (modules t) (libraries shop))\n",
        },
    )
    warm = await engine.open(Folder(root))
    await warm.own[0].start()
    for pid in keepers(warm.base.tree):
        (pen / "cgroup.procs").write_text(str(pid))
    hungry = {"test/dune": "(tests (names t hog) (libraries shop))\n"}
    verdict = await engine.evaluate(warm, Request(changes=edits(warm, {**hungry}), level=Level.TEST))
    assert verdict.colour is Colour.UNKNOWN, verdict
    assert "memory" in verdict.reason
    await warm.own[0].close()
    # What a test does to itself is its own.
    suicide: dict[str, str | None] = {
        "test/t.ml": "let () = Unix.kill (Unix.getpid ()) Sys.sigkill\n",
        "test/dune": "(test (name t) (modules t) (libraries unix shop))\n",
    }
    verdict = await engine.evaluate(warm, Request(changes=edits(warm, suicide), level=Level.TEST))
    assert verdict.colour is Colour.RED, verdict
