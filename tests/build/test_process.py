import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from lsp_aid.build import process
from lsp_aid.build.process import Finished, in_thread, run
from lsp_aid.errors import BuildTimeoutError, ToolchainError
from tests.support.processes import running

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
FAMILY = """
echo start; (sleep {nap} & setsid sleep {nap} & setsid sh -c 'setsid sleep {nap} & exit' &)
touch ready; exec sleep {nap}
"""


async def sh(script: str, folder: Path, seconds: float = 60.0, stdin: bytes | None = None) -> Finished:
    return await run(["sh", "-c", script], cwd=folder, environment=ENVIRONMENT, seconds=seconds, stdin=stdin)


def naps(nap: str) -> int:
    return running("sleep", nap)


async def wait_for(path: Path, nap: str, count: int) -> None:
    while not (path.exists() and naps(nap) >= count):  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.02)


async def test_status_and_both_outputs_in_order(tmp_path: Path) -> None:
    done = await sh("echo one; echo two >&2; echo three; pwd; echo $UNKNOWN; exit 3", tmp_path)
    assert done == Finished(3, f"one\ntwo\nthree\n{tmp_path}\n\n".encode())


async def test_a_signal_is_told(tmp_path: Path) -> None:
    assert (await sh("kill -SEGV $$", tmp_path)).code == -signal.SIGSEGV


async def test_127_of_a_program_is_a_status_but_no_program_is_an_error(tmp_path: Path) -> None:
    assert (await sh("exit 127", tmp_path)).code == 127
    with pytest.raises(ToolchainError, match="no-such-program cannot be started: No such file"):
        await run(["no-such-program"], cwd=tmp_path, environment=ENVIRONMENT, seconds=10)
    with pytest.raises(ToolchainError, match="cannot be started"):
        await run(["sh"], cwd=tmp_path / "gone", environment=ENVIRONMENT, seconds=10)


async def test_standard_input(tmp_path: Path) -> None:
    text = b"x" * 1_000_000
    assert (await sh("cat", tmp_path, stdin=text)).output == text
    assert (await sh("cat", tmp_path)).output == b""
    assert (await sh("exit 0", tmp_path, stdin=text)).code == 0


async def test_of_a_long_output_beginning_and_end_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "OUTPUT_LIMIT", 1000)
    done = await sh("echo begin; yes | head -c 300000; echo end", tmp_path)
    assert done.cut
    assert done.output.startswith(b"begin\n")
    assert done.output.endswith(b"end\n")
    assert len(done.output) < 1100


async def test_what_a_program_leaves_running_ends_with_it(tmp_path: Path) -> None:
    nap = f"71.{os.getpid()}"
    done = await sh(f"sleep {nap} & setsid sleep {nap} & echo done", tmp_path)
    assert done.text == "done\n"
    assert naps(nap) == 0


async def test_what_runs_while_a_block_lasts_ends_with_it(tmp_path: Path) -> None:
    nap = f"73.{os.getpid()}"
    words = ["sh", "-c", FAMILY.format(nap=nap)]
    async with process.running(words, cwd=tmp_path, environment=ENVIRONMENT) as output:
        assert await output.readline() == b"start\n"
        await wait_for(tmp_path / "ready", nap, 4)
    assert naps(nap) == 0
    async with process.running(["echo", "x"], cwd=tmp_path, environment=ENVIRONMENT) as output:
        assert await output.read() == b"x\n"


async def test_a_time_out_leaves_no_process(tmp_path: Path) -> None:
    nap = f"72.{os.getpid()}"
    with pytest.raises(BuildTimeoutError, match="1 seconds"):
        await sh(FAMILY.format(nap=nap), tmp_path, seconds=1)
    assert naps(nap) == 0


async def test_a_cancel_leaves_no_process(tmp_path: Path) -> None:
    nap = f"73.{os.getpid()}"
    task = asyncio.create_task(sh(FAMILY.format(nap=nap), tmp_path))
    await wait_for(tmp_path / "ready", nap, 4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert naps(nap) == 0


async def test_our_own_sudden_death_leaves_no_process(tmp_path: Path) -> None:
    nap = f"74.{os.getpid()}"
    code = (
        "import asyncio, pathlib, sys; from lsp_aid.build.process import run\n"
        "asyncio.run(run(['sh', '-c', sys.argv[1]], cwd=pathlib.Path(sys.argv[2]),"
        " environment={'PATH': sys.argv[3]}, seconds=60))"
    )
    words = [sys.executable, "-c", code, FAMILY.format(nap=nap), str(tmp_path), os.environ["PATH"]]
    parent = await asyncio.create_subprocess_exec(*words, cwd=Path(__file__).parents[2])
    await wait_for(tmp_path / "ready", nap, 4)
    parent.kill()
    await parent.wait()
    while naps(nap):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_descriptors_are_given_back(tmp_path: Path) -> None:
    await sh("true", tmp_path)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        await sh("true", tmp_path)
        with pytest.raises(ToolchainError):
            await run(["sh"], cwd=tmp_path / "gone", environment=ENVIRONMENT, seconds=10)
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208


async def test_work_in_a_thread_is_stopped_and_waited_for_by_a_cancel() -> None:
    started, stop, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        stop.wait(30)
        ended.set()

    task = asyncio.create_task(in_thread(work, stop.set))
    await asyncio.to_thread(started.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
