"""Real attacks, from inside each sandbox that this machine has."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_aid.build.process import Finished, run
from lsp_aid.build.toolchain import scrub
from lsp_aid.ces.sandbox import Sandbox, find_sandbox
from lsp_aid.errors import SandboxError
from tests.support.processes import running
from tests.support.requires import require

PYTHON = Path(sys.executable).resolve()
ATTACK = """
import ctypes, json, os, signal, socket, sys
plan = json.loads(sys.argv[1])
results = {}
def attempt(name):
    def keep(attack):
        try:
            results[name] = attack()
        except BaseException as error:
            results[name] = "failed: " + repr(error)[:80]
    return keep
def write(path):
    with open(path, "w") as file:
        file.write("attacked")
    return "done"
def read(path):
    with open(path) as file:
        return "done: " + file.read()[:20]
def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(2)
        s.connect(address)
    return "done"
libc = ctypes.CDLL(None, use_errno=True)
@attempt("own folder")
def _(): return write(plan["inside"] + "/written")
@attempt("write home")
def _(): return write(plan["home"] + "/.profile")
@attempt("read secret")
def _(): return read(plan["home"] + "/.ssh/id")
@attempt("list home")
def _(): return os.listdir(os.path.expanduser("~")) or "empty"
@attempt("read beside")
def _(): return read(plan["secret"])
@attempt("write beside")
def _(): return write(plan["secret"])
@attempt("write elsewhere")
def _(): return write(plan["elsewhere"])
@attempt("tcp")
def _(): return connect(socket.AF_INET, ("127.0.0.1", plan["port"]))
@attempt("socket")
def _(): return connect(socket.AF_UNIX, plan["socket"])
@attempt("abstract socket")
def _(): return connect(socket.AF_UNIX, "\\0" + plan["abstract"])
@attempt("kill")
def _(): return os.kill(plan["pid"], signal.SIGKILL) or "done"
@attempt("run folder")
def _(): return os.listdir("/run") or "empty"
@attempt("capabilities")
def _(): return [l.split()[1] for l in open("/proc/self/status") if l.startswith(("CapEff", "CapPrm", "CapBnd"))]
def undo():
    for folder in plan["hidden"]:
        libc.umount2(folder.encode(), 2)
        libc.mount(None, folder.encode(), None, ctypes.c_ulong(4096 | 32), None)
    libc.mount(None, b"/", None, ctypes.c_ulong(4096 | 32), None)
    try:
        return read(plan["secret"])
    except OSError:
        return write(plan["elsewhere"])
@attempt("umount")
def _(): return undo()
@attempt("sysctl")
def _():
    with open("/proc/sys/kernel/core_pattern", "r+") as file:
        return "done"
@attempt("root of process 1")
def _(): return read("/proc/1/root" + plan["secret"])
@attempt("umount in a namespace of its own")
def _():
    before = os.getuid()
    if libc.unshare(0x10000000 | 0x00020000) != 0:
        raise OSError("unshare")
    return undo()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv("/bin/sleep", ["sleep", plan["nap"]])
    os._exit(0)
print(json.dumps(results))
"""


@pytest.fixture(params=["bwrap", "unshare"])
async def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    require(request.param)
    found = await find_sandbox(request.param, os.environ)
    assert found is not None
    return found


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def outside_tmp() -> Iterator[Path]:
    """A folder that no rule but that of $HOME hides."""
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        yield Path(folder)


async def run_inside(sandbox: Sandbox, argv: list[str], folder: Path, *visible: Path) -> Finished:
    words, environment = sandbox.wrap(argv, writable=[folder], visible=visible, environment=scrub(os.environ))
    return await run(words, cwd=folder, environment=environment, seconds=60)


async def test_nothing_gets_out(
    sandbox: Sandbox, tmp_path: Path, outside_tmp: Path, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, inside, secret = outside_tmp / "home", tmp_path / "inside", tmp_path / "secret"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id").write_text("key")
    inside.mkdir()
    secret.write_text("untouched")
    elsewhere = outside_tmp / "elsewhere"
    elsewhere.write_text("untouched")
    monkeypatch.setenv("HOME", str(home))
    with_this_home = await find_sandbox(sandbox.name, os.environ)
    assert with_this_home is not None
    nap = f"61.{os.getpid()}"
    with (
        socket.socket(socket.AF_UNIX) as server,
        socket.socket(socket.AF_UNIX) as abstract,
        subprocess.Popen(["sleep", "60"]) as victim,  # noqa: ASYNC220
    ):
        server.bind(str(tmp_path / "socket"))
        server.listen()
        abstract.bind(f"\0lsp-aid-test-{os.getpid()}")
        abstract.listen()
        plan: dict[str, Any] = {
            "inside": str(inside),
            "home": str(home),
            "secret": str(secret),
            "elsewhere": str(elsewhere),
            "port": listener,
            "socket": str(tmp_path / "socket"),
            "abstract": f"lsp-aid-test-{os.getpid()}",
            "pid": victim.pid,
            "hidden": [str(home), "/tmp", "/run", "/root", "/home", "/dev"],
            "nap": nap,
        }
        argv = [str(PYTHON), "-I", "-c", ATTACK, json.dumps(plan)]
        done = await run_inside(with_this_home, argv, inside, Path(sys.base_prefix))
        assert victim.poll() is None
        victim.kill()
    assert done.code == 0, done.text
    results = json.loads(done.text.splitlines()[-1])
    assert results.pop("own folder") == "done"
    assert results.pop("list home") == "empty"
    assert results.pop("run folder") == "empty"
    assert {int(word, 16) for word in results.pop("capabilities")} == {0}
    # What is written there is the sandbox's own empty /tmp.
    allowed = ("write beside", "umount", "umount in a namespace of its own", "root of process 1")
    assert not [name for name, result in results.items() if "untouched" in result]
    assert not [name for name, result in results.items() if not result.startswith("failed: ") and name not in allowed]
    assert (inside / "written").read_text() == "attacked"
    assert secret.read_text() == elsewhere.read_text() == "untouched"
    assert sorted(path.name for path in home.iterdir()) == [".ssh"]
    assert not running("sleep", nap)


async def test_a_program_of_the_sandbox_may_use_its_own_loopback(sandbox: Sandbox, tmp_path: Path) -> None:
    code = (
        "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen();"
        "c = socket.create_connection(s.getsockname(), 2); print('connected')"
    )
    done = await run_inside(sandbox, [str(PYTHON), "-I", "-c", code], tmp_path, Path(sys.base_prefix))
    assert done.text.strip() == "connected"


async def test_a_program_of_the_sandbox_may_make_terminals_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    code = (
        "import os; end, other = os.openpty(); os.write(other, b'said');"
        "print(os.read(end, 9), sorted(os.listdir('/dev/pts')))"
    )
    done = await run_inside(sandbox, [str(PYTHON), "-I", "-c", code], tmp_path, Path(sys.base_prefix))
    assert done.text.strip() == "b'said' ['0', 'ptmx']"


async def test_a_folder_that_is_to_be_hidden_is_never_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    secret = tmp_path / "secret"
    secret.write_text("seen")
    shown = [folder for folder in (*tmp_path.parents, Path("/run")) if str(folder) in ("/", "/tmp", "/run")]
    done = await run_inside(sandbox, ["/bin/sh", "-c", f"cat {secret}; ls /run"], tmp_path / "inside", *shown)
    assert "seen" not in done.text
    assert done.text.count("\n") == 1


async def test_status_and_output_come_through(sandbox: Sandbox, tmp_path: Path) -> None:
    done = await run_inside(sandbox, ["/bin/sh", "-c", "pwd; echo $HOME $SECRET_KEY; exit 7"], tmp_path)
    assert done.code == 7
    assert done.text == f"{tmp_path}\n/tmp/home\n"


async def test_a_visible_folder_in_a_hidden_one_can_be_read_only(sandbox: Sandbox, tmp_path: Path) -> None:
    shown, folder, link = tmp_path / "shown", tmp_path / "inside", tmp_path / "link"
    for path in (shown, folder):
        path.mkdir()
    (shown / "file").write_text("tool")
    link.symlink_to(shown)
    script = f"cat {link}/file {shown}/file; echo x > {shown}/file || echo refused; ls {tmp_path}"
    done = await run_inside(sandbox, ["/bin/sh", "-c", script], folder, link)
    assert done.text.startswith("tooltool")
    assert "refused" in done.text
    assert done.text.split()[-3:] == ["inside", "link", "shown"]
    assert (shown / "file").read_text() == "tool"


async def test_what_runs_inside_dies_with_a_cancel(sandbox: Sandbox, tmp_path: Path) -> None:
    nap = f"62.{os.getpid()}"
    task = asyncio.create_task(run_inside(sandbox, ["/bin/sh", "-c", f"touch on; setsid sleep {nap}"], tmp_path))
    while not (tmp_path / "on").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not running("sleep", nap)


async def test_one_that_is_not_there_is_said_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="bubblewrap"):
        await find_sandbox("bwrap", {"PATH": str(tmp_path), "HOME": str(tmp_path)})
    assert await find_sandbox("auto", {"PATH": str(tmp_path), "HOME": str(tmp_path)}) is None
    assert await find_sandbox("none", os.environ) is None
