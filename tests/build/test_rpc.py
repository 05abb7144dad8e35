import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_aid.build.dune import disk_reader
from lsp_aid.build.rpc import RpcEndedError, RpcRefusedError, connect
from lsp_aid.build.rpc_messages import Progress
from tests.support.ocaml_versions import NEWEST
from tests.support.scripted_dune import MENU, Dune, error, listening, ok


@pytest.fixture
def path() -> Iterator[Path]:
    """Short, unlike those of pytest: sockets have to be."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder, "dune")


async def test_it_greets_asks_and_ends(path: Path) -> None:
    answers = {"poll/progress": ok((b"Some", (b"failed", ()))), "poll/diagnostic": ok((b"None", ()))}
    async with listening(path, Dune(answers)) as dune:
        client = await connect(path)
        assert (client.versions, client.pid) == (MENU, os.getpid())
        assert await client.poll_progress() is Progress.FAILED
        assert await client.poll_diagnostics() is None
        await client.ping()
        assert not await client.flush()
        await client.promote("a.ml")
        await client.shutdown()
        await client.close()
        with pytest.raises(RpcEndedError):
            await client.ping()
        assert dune.asked[:2] == ["initialize", "version_menu"]


async def test_a_newer_dune_says_when_it_has_seen_all_writes(path: Path) -> None:
    menu = {**MENU, "flush-file-watcher": 1, "promote_many": 2}
    async with listening(path, Dune({"flush-file-watcher": ok((b"Ok", ()))}, menu)):
        client = await connect(path)
        assert await client.flush()
        await client.close()


async def test_a_dune_that_lacks_what_is_needed(path: Path) -> None:
    async with listening(path, Dune(menu={"ping": 1})):
        with pytest.raises(RpcRefusedError, match=r"poll/progress.*3\.17"):
            await connect(path)


@pytest.mark.parametrize("answer", [b"garbage", b"3:abc", b"((2:id1:x)", b")", b"\x00" * 100])
async def test_what_is_not_the_protocol_ends_it(path: Path, answer: bytes) -> None:
    async with listening(path, Dune({"version_menu": answer})):
        with pytest.raises(RpcEndedError):
            await connect(path, seconds=0.5)
    async with listening(path.with_name("other"), Dune({"ping": answer, "poll/progress": None})):
        client = await connect(path.with_name("other"))
        poll = asyncio.create_task(client.poll_progress())
        with pytest.raises(RpcEndedError):
            await client.request("ping", seconds=0.5)
        await client.close()
        with pytest.raises(RpcEndedError):
            await poll


async def test_errors_and_silence(path: Path) -> None:
    async with listening(path, Dune({"promote": error(b"no such file"), "ping": None, "diagnostics": ok(b"x")})):
        client = await connect(path)
        with pytest.raises(RpcRefusedError, match="no such file"):
            await client.promote("a")
        with pytest.raises(RpcEndedError, match="ping"):
            await client.request("ping", seconds=0.1)
        with pytest.raises(RpcEndedError, match="not its protocol"):
            await client.diagnostics(Path("/"), lambda _: None)
        await client.close()


async def test_the_end_of_dune_ends_every_wait(path: Path) -> None:
    async with listening(path, Dune({"poll/progress": None, "ping": None})) as dune:
        client = await connect(path)
        waits = [asyncio.create_task(client.poll_progress()), asyncio.create_task(client.ping())]
        await asyncio.sleep(0.05)
        dune.hang_up()
        for result in await asyncio.gather(*waits, return_exceptions=True):
            assert isinstance(result, RpcEndedError)
        await client.close()


async def test_a_cancelled_poll_leaves_the_connection_as_it_is(path: Path) -> None:
    async with listening(path, Dune({"poll/progress": None})):
        client = await connect(path)
        poll = asyncio.create_task(client.poll_progress())
        await asyncio.sleep(0.05)
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        await client.ping()
        await client.close()


async def test_nobody_there(path: Path) -> None:
    with pytest.raises(RpcEndedError):
        await connect(path)
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    with pytest.raises(RpcEndedError):
        await connect(path)


async def test_a_folder_may_have_a_long_name(path: Path) -> None:
    folder = path.parent / ("x" * 120)
    folder.mkdir()
    number = os.open(folder, os.O_PATH)
    async with listening(Path(f"/proc/self/fd/{number}/dune"), Dune()):
        client = await connect(folder / "dune")
        await client.close()
    os.close(number)


@pytest.mark.dune
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, None])
async def test_a_real_dune(path: Path, number: int | None) -> None:
    root = path.parent.resolve()
    (root / "dune-project").write_text("(lang dune 3.0)")
    (root / "dune").write_text(
        '(library (name p))(rule (alias default) (action (diff a b)))(rule (write-file b "2\\n"))'
    )
    (root / "m.ml").write_text("let x = nope\n")
    (root / "a").write_text("1\n")
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(root / "run")}
    words = ["dune", "build", "--root", str(root), "--watch", "@check", "@default"]
    null = asyncio.subprocess.DEVNULL
    watch = await asyncio.create_subprocess_exec(*words, env=environment, stdout=null, stderr=null)
    try:
        async with asyncio.timeout(60):
            while not (root / "_build/.rpc/dune").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            client = await connect(root / "_build/.rpc/dune")
            assert client.pid == watch.pid
            while await client.poll_progress() is not Progress.FAILED:
                pass
            found = await client.diagnostics(root, disk_reader(root))
            assert {(each.diagnostic.path, each.diagnostic.source) for each in found} == {
                ("m.ml", "ocaml"),
                ("a", "dune"),
            }
            await client.promote("a")
            while (root / "a").read_text() != "2\n":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            if number is None:
                await client.shutdown()
            else:
                watch.send_signal(number)
            with pytest.raises(RpcEndedError):  # noqa: PT012
                while await client.poll_progress() is not None:
                    pass
            await client.close()
    finally:
        if watch.returncode is None:
            watch.kill()
        await watch.wait()


@pytest.mark.dune
@pytest.mark.parametrize("which", ["dune", pytest.param("newest dune", marks=pytest.mark.needs("newest-dune"))])
async def test_clients_that_leave_while_it_builds_do_a_watch_no_harm(path: Path, which: str) -> None:
    """A dune that has several things to tell to who has gone dies of that, or answers nobody any longer."""
    root = path.parent.resolve()
    (root / "dune-project").write_text("(lang dune 3.0)")
    (root / "dune").write_text("(library (name p) (flags (:standard -w -a)))")
    (root / "m.ml").write_text("let x = 1\n")
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(root / "run")}
    if which != "dune":
        environment["PATH"] = f"{NEWEST}{os.pathsep}{environment['PATH']}"
    words = (shutil.which("dune", path=environment["PATH"]) or "", "build", "--root", str(root), "--watch")
    null = asyncio.subprocess.DEVNULL
    watch = await asyncio.create_subprocess_exec(*words, env=environment, stdout=null, stderr=null)
    try:
        async with asyncio.timeout(60):
            while not (root / "_build/.rpc/dune").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        for number in range(25):
            (root / "m.ml").write_text(f"let x = {'nope' if number % 2 else ''}{number}\n" * (1 + number))
            client = await connect(root / "_build/.rpc/dune")
            asked = [client.poll_progress(), client.poll_diagnostics(), client.diagnostics(root, disk_reader(root))]
            waiting = [asyncio.create_task(each) for each in asked]
            await asyncio.sleep((0.0, 0.001, 0.005, 0.02, 0.1)[number % 5])
            for task in waiting:
                task.cancel()
            await client.close()
            await asyncio.wait(waiting)
        assert watch.returncode is None
        client = await connect(root / "_build/.rpc/dune")
        await client.ping()
        await client.close()
    finally:
        if watch.returncode is None:
            watch.kill()
        await watch.wait()
