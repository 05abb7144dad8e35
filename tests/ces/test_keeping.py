"""Programs in sandboxes that a keeper makes: what they see, what they may take, and that nothing of them is left."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import evolve

from lsp_aid.ces.keeping import WORK, FileWrite, Keeper, Kept, Limits, LostError, Step
from lsp_aid.ces.sandbox import find_sandbox
from lsp_aid.ces.unshare import Unshare
from tests.support.processes import running

pytestmark = [pytest.mark.needs("unshare"), pytest.mark.slow]

LIMITS = Limits(cpu=60.0, memory=1 << 30, processes=50, output=100_000, disk=32 << 20, seconds=60.0)
ENVIRONMENT = {"PATH": os.defpath, "HOME": "/tmp/home"}
PYTHON = Path(sys.executable).resolve()


@pytest.fixture
async def sandbox() -> Unshare:
    found = await find_sandbox("unshare", os.environ)
    assert isinstance(found, Unshare)
    return found


@pytest.fixture
def tree(home: Path) -> Path:
    tree = home / "cache" / "tree"
    (tree / "lib").mkdir(parents=True)
    (tree / "lib" / "a.ml").write_text("let a = 1\n")
    (tree / "lib" / "link").symlink_to("/etc/passwd")
    return tree


@pytest.fixture
async def keeper(tree: Path, sandbox: Unshare) -> AsyncIterator[Keeper]:
    keeper = Keeper(tree, sandbox, [Path(sys.base_prefix)])
    yield keeper
    await keeper.close()


def sh(script: str, seconds: float = 60.0) -> Step:
    return Step(("/bin/sh", "-c", script), ENVIRONMENT, seconds)


def python(code: str, seconds: float = 60.0) -> Step:
    return Step((str(PYTHON), "-I", "-S", "-c", code), ENVIRONMENT, seconds)


async def out(keeper: Keeper, script: str) -> str:
    return (await keeper.run([sh(script)], LIMITS)).ran[-1].text


def files(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in folder.rglob("*")
    }


async def test_each_request_starts_from_the_tree_as_it_was(keeper: Keeper, tree: Path) -> None:
    before = files(tree)
    spoil = (
        "echo spoilt > lib/a.ml; rm lib/link; mkdir lib/new; echo x > /tmp/left; echo x > /dev/shm/left; cat lib/a.ml;"
        " exec 3<> /dev/ptmx; chmod 0 /dev/pts/ptmx"
    )
    assert await out(keeper, spoil) == "spoilt\n"
    assert await out(keeper, "cat lib/a.ml; ls lib; ls /tmp /dev/shm; exec 3<> /dev/ptmx; ls /dev/pts") == (
        "let a = 1\na.ml\nlink\n/dev/shm:\n\n/tmp:\nhome\nwork\n0\nptmx\n"
    )
    assert files(tree) == before


async def test_files_are_laid_over_it_and_given_back(keeper: Keeper) -> None:
    written = [
        FileWrite("lib/a.ml", "é\n".encode()),
        FileWrite("new/deep/b.sh", b"#!/bin/sh\necho ran\n", 0o755),
        FileWrite("lib/link", None),
    ]
    step = sh("pwd; cat lib/a.ml; ./new/deep/b.sh; ls lib; echo 12345 > log")
    kept = await keeper.run([step], LIMITS, written, {"log": 3, "none": 3, "/tmp/none": 3})
    assert kept.ran[0].text == f"{WORK}\né\nran\na.ml\n"
    assert kept.files == {"log": b"45\n"}


async def test_what_is_shown_of_hidden_folders(tree: Path, sandbox: Unshare, home: Path, tmp_path: Path) -> None:
    """A toolchain may lie below the home folder, or below /tmp, which is the sandbox's own."""
    places = [home / ".opam" / "bin", tmp_path / "tools", tmp_path / "tools" / "inner"]
    for place in places:
        place.mkdir(parents=True)
        (place / "tool").write_text("#!/bin/sh\necho ran\n")
        (place / "tool").chmod(0o755)
    (home / "secret").write_text("the-private-key")
    script = "; ".join(f"{place}/tool; echo x > {place}/x" for place in places)
    for way in ("overlay", "itself", "copy"):
        keeper = Keeper(tree, sandbox, places, way)
        kept = await keeper.run([sh(f"({script}; cat {home}/secret; ls {tree}) 2> /dev/null")], LIMITS)
        await keeper.close()
        assert kept.ran[0].text == "ran\n" * 3, way
    assert not any((place / "x").exists() for place in places)


async def test_no_link_is_followed_to_write_a_file(keeper: Keeper) -> None:
    replaced = await keeper.run(
        [sh("cat lib/link; cat /etc/passwd | grep -c attacked")], LIMITS, [FileWrite("lib/link", b"attacked")]
    )
    assert replaced.ran[0].text == "attacked0\n"
    with pytest.raises(LostError, match="furnished"):
        await keeper.run([sh("true")], LIMITS, [FileWrite("lib/link/x", b"attacked")])


async def test_steps_run_until_one_fails(keeper: Keeper) -> None:
    kept = await keeper.run([sh("echo one > f"), sh("cat f; exit 3"), sh("echo three")], LIMITS)
    assert [(ran.code, ran.text, ran.limit) for ran in kept.ran] == [(0, "", ""), (3, "one\n", "")]


async def test_a_program_that_is_not_there_or_is_killed(keeper: Keeper) -> None:
    missing = await keeper.run([Step(("/nowhere/dune",), ENVIRONMENT, 5)], LIMITS)
    assert (missing.ran[0].code, missing.ran[0].text) == (127, "/nowhere/dune: No such file or directory\n")
    killed = await keeper.run([sh("kill -9 $$")], LIMITS)
    assert killed.ran[0].code == -9


BOMBS = {
    "memory": python("x = []\nwhile True: x.append(bytearray(1 << 20))"),
    "memory of many": sh(
        "for i in 1 2 3 4 5 6 7 8; do"
        f" {PYTHON} -I -S -c 'x = b\"x\" * (200 << 20); import time; time.sleep(60)' & done; wait"
    ),
    "processes": sh("f() { f | f & f; }; f; sleep 60"),
    "output": sh("yes"),
    "idle": sh("sleep 60", 0.5),
    "cpu": sh("while :; do :; done"),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_what_takes_too_much_is_ended(keeper: Keeper, bomb: str) -> None:
    limits = evolve(LIMITS, cpu=1.0) if bomb == "cpu" else LIMITS
    (ran,) = (await keeper.run([BOMBS[bomb]], limits)).ran
    # The kernel may have stopped it before it was seen.
    assert ran.limit == bomb.split()[0] or (bomb == "processes" and "Cannot fork" in ran.text)
    assert len(ran.output) <= LIMITS.output + 100
    # No pipe: its second half may or may not be there yet when the first looks. Process 1, the shell, and ls.
    assert await out(keeper, "ls /proc > /tmp/seen; grep -c '^[0-9]' /tmp/seen") == "3\n"


async def test_each_step_has_its_own_time_of_cpu(keeper: Keeper) -> None:
    busy = python("import time\nwhile time.process_time() < 0.7: pass\ntime.sleep(0.1)")
    ran = (await keeper.run([busy, busy], evolve(LIMITS, cpu=1.2))).ran
    assert [(each.code, each.limit) for each in ran] == [(0, ""), (0, "")]


async def test_a_full_disk_is_the_evaluations_own(keeper: Keeper, tree: Path) -> None:
    kept = await keeper.run(
        [sh("cat /dev/zero > lib/big; cat /dev/zero > /tmp/big; cat /dev/zero > /dev/shm/big; exit 1")], LIMITS
    )
    assert kept.full
    assert "No space left" in kept.ran[0].text
    assert not (tree / "lib" / "big").exists()
    assert not (await keeper.run([sh("echo x > lib/big")], LIMITS)).full


async def test_no_signal_reaches_what_watches(keeper: Keeper) -> None:
    interrupting = "for n in $(seq 1 31); do kill -$n 1; done; sleep 0.1; echo still here; kill -INT $$"
    (ran,) = (await keeper.run([sh(interrupting)], LIMITS)).ran
    # Programs themselves can be interrupted, as always.
    assert (ran.code, ran.text) == (-signal.SIGINT, "still here\n")


async def test_what_is_left_behind_is_ended_between_steps(keeper: Keeper) -> None:
    nap = f"63.{os.getpid()}"
    kept = await keeper.run(
        [sh(f"setsid sleep {nap} > /dev/null 2>&1 &"), sh("ls /proc > /tmp/seen; grep -c '^[0-9]' /tmp/seen")], LIMITS
    )
    assert kept.ran[0].left == 1
    assert kept.ran[1].text == "3\n"
    assert not running("sleep", nap)


async def test_a_cancel_ends_what_runs(keeper: Keeper) -> None:
    nap = f"64.{os.getpid()}"
    task = asyncio.create_task(keeper.run([sh(f"setsid sleep {nap}; sleep {nap}")], LIMITS))
    while not running("sleep", nap):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not running("sleep", nap)
    assert await out(keeper, "echo again") == "again\n"


async def test_the_death_of_a_keeper_is_no_outcome(keeper: Keeper, tree: Path) -> None:
    nap = f"65.{os.getpid()}"
    task = asyncio.create_task(keeper.run([sh(f"sleep {nap}")], LIMITS))
    while not running("sleep", nap):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    for pid in keepers(tree):
        with contextlib.suppress(ProcessLookupError):  # one that ended with the one before it
            os.kill(pid, signal.SIGKILL)
    with pytest.raises(LostError):
        await task
    assert not running("sleep", nap)
    assert await out(keeper, "echo again") == "again\n"


def keepers(tree: Path) -> list[int]:
    """The processes of keepers of a tree."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.endswith(b"keeper.py") for word in words[:6]) and any(
                str(tree).encode() in word for word in words
            ):
                found.append(int(folder.name))
    return found


WALLS = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, attack):
    try:
        print(name, "done", attack())
    except BaseException as error:
        print(name, "failed", type(error).__name__)
def call(*words):
    if libc.syscall(*words) < 0:
        raise OSError(ctypes.get_errno(), "")
attempt("namespace", lambda: call(272, 0x10000000))
attempt("mount", lambda: call(165, b"none", b"/tmp", b"tmpfs", 0, None))
attempt("trace", lambda: call(101, 16, os.getppid(), 0, 0))
attempt("clone", lambda: call(56, 0x10000000 | 17, 0, 0, 0, 0))
attempt("keys", lambda: call(250, 0, -3, 1))
attempt("file in memory", lambda: call(319, b"x", 0))
attempt("segment of memory", lambda: call(29, 0, 1 << 20, 0o1600))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
for number in range(3, 40):
    attempt(f"fd {number} of process 1", lambda: os.open(f"/proc/1/fd/{number}", os.O_RDWR | os.O_NONBLOCK))
attempt("memory of process 1", lambda: open("/proc/1/mem", "r+b"))
attempt("write in proc", lambda: open(f"/proc/{os.getppid()}/oom_score_adj", "w"))
attempt("kill process 1", lambda: os.kill(1, 9))
attempt("write above", lambda: open("/tmp/../written", "w"))
attempt("write var", lambda: open("/var/tmp/written", "w"))
attempt("thread", lambda: __import__("threading").Thread(target=print).start())
attempt("child", lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0) and None)
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
attempt("loopback", lambda: socket.create_connection(s.getsockname(), 2) and None)
attempt("beyond", lambda: socket.create_connection(("192.0.2.1", 80), 2))
"""


async def test_the_second_wall(keeper: Keeper) -> None:
    kept = await keeper.run([python(WALLS)], LIMITS)
    told = {line.rsplit(" ", 2)[0]: line.rsplit(" ", 2)[1:] for line in kept.ran[0].text.splitlines() if " " in line}
    allowed = {name for name, (outcome, _) in told.items() if outcome != "failed"}
    if os.uname().machine == "x86_64":
        assert kept.walls[-1:] == ("seccomp",)
        # A signal to process 1 is let through and has no effect.
        assert allowed == {"kill process 1", "thread", "child", "loopback"}
    else:
        assert {"thread", "child", "loopback"} <= allowed


async def test_programs_write_only_the_folders_that_they_may(tree: Path, sandbox: Unshare, home: Path) -> None:
    script = "for f in x lib/a.ml lib/x .x; do echo x > $f || echo refused; done; mv lib b; echo x > out/x && cat out/x"
    for way in ("overlay", "itself", "copy"):
        for place in (WORK, tree, home / "elsewhere"):
            keeper = Keeper(tree, sandbox, [], way, ("out",), place)
            kept = await keeper.run([sh(f"pwd; {script}")], LIMITS, [FileWrite("lib/b.ml", b"new")])
            await keeper.close()
            lines = [line for line in kept.ran[0].text.splitlines() if not line.startswith(("/bin/sh", "mv:"))]
            assert lines == [str(place), *["refused"] * 4, "x"], way
    assert sorted(files(tree)) == ["lib", "lib/a.ml", "lib/b.ml", "lib/link", "out", "out/x"]


async def test_the_tree_itself_can_be_worked_on(tree: Path, sandbox: Unshare) -> None:
    keeper = Keeper(tree, sandbox, [], "itself")
    await keeper.run([sh("echo made > made; ls /tmp")], LIMITS)
    await keeper.close()
    assert (tree / "made").read_text() == "made\n"


async def test_a_copy_does_where_there_is_no_overlay(tree: Path, sandbox: Unshare) -> None:
    keeper = Keeper(tree, sandbox, [], "copy")
    kept: Kept = await keeper.run([sh("echo x > lib/a.ml; cat lib/a.ml; ls lib")], LIMITS)
    await keeper.close()
    assert kept.ran[0].text == "x\na.ml\nlink\n"
    assert (tree / "lib" / "a.ml").read_text() == "let a = 1\n"
