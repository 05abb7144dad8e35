"""The relay as a program: an editor that notices nothing, whatever becomes of the daemon."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_aid.sidecar.connection import MARK
from lsp_aid.wire import Frames, frame
from tests.support.bare_client import RpcError, at
from tests.support.desk import Desk, Editor, gone, until
from tests.support.served import project

pytestmark = pytest.mark.slow


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "p", a="let a = 1\n", b="let b = 2\n")


@pytest.fixture
def short() -> Iterator[str]:
    """A folder whose path leaves room for that of a socket."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield folder


async def begun(desk: Desk, root: Path, editor: Editor | None = None) -> Editor:
    editor = editor or await desk.editor()
    await editor.client.initialize(root)
    editor.client.open(root / "a.ml")
    return editor


def remove(path: str) -> None:
    Path(path).unlink()


def is_there(path: str) -> bool:
    return Path(path).exists()


async def text(editor: Editor, path: Path) -> str:
    found = await editor.client.request("lsp-aid/text", {"uri": path.as_uri()})
    return found["text"]


def test_it_imports_what_is_quick_to_import() -> None:
    """Nothing but the standard library, and not even all of what others think nothing of."""
    slow = "re json socket asyncio logging threading pathlib subprocess argparse typing contextlib enum collections"
    code = f"""
import sys
import lsp_aid.sidecar.relay
names = {{name for name in sys.modules if name.split(".")[0] not in sys.stdlib_module_names}}
foreign = {{name for name in names if name.split(".")[0] != "lsp_aid"}} - {{"__main__"}}
print(*sorted(foreign), *sorted(set(sys.modules) & set({slow.split()!r})))
"""
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


async def test_it_starts_a_daemon_that_serves_and_stays(desk: Desk, root: Path) -> None:
    editor = await begun(desk, root)
    assert await text(editor, root / "a.ml") == "let a = 1\n"
    first = desk.daemon
    assert [e["name"] for e in first["editors"]] == ["bare"]
    assert await editor.end() == 0
    other = await begun(desk, root)
    assert desk.pid == first["pid"]
    assert await other.end() == 0


async def test_several_that_start_at_once_share_one(desk: Desk, root: Path) -> None:
    editors = await asyncio.gather(*(desk.editor() for _ in range(4)))
    await asyncio.gather(*(begun(desk, root, editor) for editor in editors))
    assert len(desk.daemon["editors"]) == 4
    assert len([line for _, line in desk.running() if " daemon " in line]) == 1


async def test_a_daemon_that_is_killed_is_followed_by_another(desk: Desk, root: Path) -> None:
    editor = await begun(desk, root)
    client = editor.client
    await text(editor, root / "a.ml")
    await desk.kill_daemon()
    client.change(root / "a.ml", "let a = 🐫 2\n", 2)
    client.open(root / "b.ml")
    assert await text(editor, root / "a.ml") == "let a = 🐫 2\n"
    assert await text(editor, root / "b.ml") == "let b = 2\n"
    assert client.shown() == []
    assert await editor.end() == 0


async def test_a_restart_changes_the_daemon_and_nothing_else(desk: Desk, root: Path) -> None:
    editor = await begun(desk, root)
    await text(editor, root / "a.ml")
    before = desk.pid
    code, output = await desk.command("restart")
    assert code == 0
    assert f"takes the place of process {before}" in output
    assert await text(editor, root / "a.ml") == "let a = 1\n"
    await gone(before)
    assert desk.pid != before
    assert [n for n in editor.client.notifications if n["method"] != "lsp-aid/status"] == []


async def test_a_stopped_daemon_comes_again_when_something_is_asked(desk: Desk, root: Path) -> None:
    editor = await begun(desk, root)
    await text(editor, root / "a.ml")
    assert (await desk.command("stop"))[0] == 0
    editor.client.change(root / "a.ml", "let a = 3\n", 2)
    await asyncio.sleep(0.2)
    assert not [line for _, line in desk.running() if " daemon " in line]
    assert await text(editor, root / "a.ml") == "let a = 3\n"
    assert "No daemon runs" not in (await desk.command("stop"))[1]
    assert "No daemon runs" in (await desk.command("stop"))[1]


async def test_one_that_is_paused_is_waited_for(desk: Desk, root: Path) -> None:
    editor = await begun(desk, root)
    await text(editor, root / "a.ml")
    pid = desk.pid
    os.kill(pid, signal.SIGSTOP)
    asked = asyncio.create_task(text(editor, root / "a.ml"))
    editor.client.change(root / "a.ml", "let a = 4\n", 2)
    await asyncio.sleep(0.3)
    os.kill(pid, signal.SIGCONT)
    assert await asked in ("let a = 1\n", "let a = 4\n")
    assert await text(editor, root / "a.ml") == "let a = 4\n"
    assert desk.pid == pid


async def test_one_that_hangs_for_long_is_killed_and_followed_by_another(desk: Desk, root: Path) -> None:
    hasty = """
import sys
from lsp_aid.sidecar import link
link.QUIET_SECONDS, link.HUNG_SECONDS = 0.2, 1.0
from lsp_aid.sidecar.relay import main
sys.exit(main([]))
"""
    editor = await begun(desk, root, await desk.editor(sys.executable, "-c", hasty))
    await text(editor, root / "a.ml")
    pid = desk.pid
    os.kill(pid, signal.SIGSTOP)
    assert await text(editor, root / "a.ml") == "let a = 1\n"
    await gone(pid)


@pytest.mark.parametrize("how", ["end of input", "SIGKILL", "exit"])
async def test_the_editors_end_frees_all_that_it_held(desk: Desk, root: Path, how: str) -> None:
    editor = await begun(desk, root)
    await text(editor, root / "a.ml")
    if how == "SIGKILL":
        editor.process.kill()
    elif how == "exit":
        editor.client.notify("exit")
    else:
        editor.client.writer.close()
    assert await asyncio.wait_for(editor.process.wait(), 30) == (-9 if how == "SIGKILL" else 1)
    await desk.all_gone(" daemon ")
    await until(lambda: not desk.daemon["editors"])


@pytest.mark.parametrize("how", ["initialize", "argument"])
async def test_it_ends_with_the_editors_process(desk: Desk, how: str) -> None:
    program = await asyncio.create_subprocess_exec("sleep", "60")
    by_argument = (sys.executable, "-m", "lsp_aid", "--stdio", f"--clientProcessId={program.pid}")
    editor = await desk.editor(*(by_argument if how == "argument" else ()))
    number = program.pid if how == "initialize" else None
    await editor.client.request("initialize", {"processId": number, "rootUri": None, "capabilities": {}})
    program.kill()
    await program.wait()
    assert await asyncio.wait_for(editor.process.wait(), 30) == 1


async def test_the_key_that_the_settings_name_is_asked_of_the_editors_environment(desk: Desk, root: Path) -> None:
    secret = "the-key-itself"
    editor = await desk.editor(environment={"MY_KEY": secret})
    asking = {"keyEnv": "MY_KEY", "url": "http://127.0.0.1:9", "name": "m"}
    editor.client.answers["workspace/configuration"] = lambda _: [{"trust": "never", "model": asking}]
    await editor.client.initialize(root, workspace={"configuration": True})
    await editor.client.command("lsp-aid.status")
    environ = (Path("/proc") / str(desk.pid) / "environ").read_text()
    assert secret not in environ
    assert secret not in desk.log()


async def test_jobs_that_have_ended_are_there_again(desk: Desk, root: Path) -> None:
    """Their last word is kept by the relay."""
    editor = await begun(desk, root)
    document = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
    started = await editor.client.command("lsp-aid.fixBuildError", {**document, "apply": False})
    ended = await editor.client.job(started["job"])
    assert ended["state"] == "failed", "it is not trusted"
    await desk.kill_daemon()
    again = await editor.client.command("lsp-aid.proposal", {"job": started["job"]})
    assert (again["state"], again["error"]) == ("failed", ended["error"])


async def test_a_daemon_that_cannot_start_is_said_and_tried_again(desk: Desk, root: Path) -> None:
    (desk.home / "state").mkdir(parents=True)
    (desk.home / "state" / "lsp-aid").write_text("no folder")
    editor = await desk.editor()
    with pytest.raises(RpcError, match="no folder of yours"):
        await editor.client.initialize(root)
    (desk.home / "state" / "lsp-aid").unlink()
    await begun(desk, root, editor)
    assert await text(editor, root / "a.ml") == "let a = 1\n"


async def test_over_tcp_where_there_are_no_unix_sockets(desk: Desk, root: Path) -> None:
    desk.more["LSP_AID_TRANSPORT"] = "tcp"
    editor = await begun(desk, root)
    assert await text(editor, root / "a.ml") == "let a = 1\n"
    assert not is_there(desk.meeting.socket)
    await desk.kill_daemon()
    assert await text(editor, root / "a.ml") == "let a = 1\n"
    assert (await desk.command("restart"))[0] == 0
    assert await text(editor, root / "a.ml") == "let a = 1\n"


@pytest.mark.dune
async def test_editors_that_are_alike_have_a_project_built_once(desk: Desk, tmp_path: Path, short: str) -> None:
    """Those whose environment is another have a build of their own."""
    desk.more.update({"LSP_AID_TRUST": "always", "XDG_CACHE_HOME": short})
    root = project(tmp_path / "p", a="let n = List.lenght []\n")
    (root / "dune").write_text("(library (name p))\n")
    one, two = await desk.editor(), await desk.editor(environment={"XDG_SESSION_ID": "7"})
    other = await desk.editor(environment={"OCAMLRUNPARAM": "b"})
    for editor in (one, two):
        await editor.client.initialize(root)
        await editor.client.diagnostics(root / "a.ml")
    assert builds(desk) == 1
    await other.client.initialize(root)
    await other.client.diagnostics(root / "a.ml")
    assert builds(desk) == 2
    assert await one.end() == 0
    (root / "a.ml").write_text("let n = List.length []\n")
    two.client.save(root / "a.ml")
    assert await two.client.diagnostics(root / "a.ml", lambda found: not found) == []
    await two.end()
    await other.end()
    await desk.all_gone(" daemon ")


def builds(desk: Desk) -> int:
    """How many watches of dune's run."""
    return len([line for _, line in desk.running() if " --watch" in line and "reaper" not in line])


class OldDaemon:
    """A daemon of another version, which says and understands the least that one may."""

    def __init__(self, desk: Desk, capabilities: dict) -> None:
        self.desk, self.capabilities = desk, capabilities
        self.heard: list[dict] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.left = 0

    async def has_heard(self, count: int) -> None:
        await until(lambda: len(self.heard) >= count)

    async def __aenter__(self) -> "OldDaemon":
        self.desk.meeting.make()
        self.server = await asyncio.start_unix_server(self.serve, self.desk.meeting.socket)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for writer in self.writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        frames = Frames(MARK.lower())
        while data := await reader.read(65536):
            for body, marked in frames.feed(data):
                message = json.loads(body)
                if marked and message["type"] == "hello":
                    writer.write(frame(b'{"type": "welcome", "protocol": 1, "news": "of a later version"}', MARK))
                    writer.write(frame(b'{"type": "something new"}', MARK))
                elif not marked:
                    self.heard.append(message)
                    if message.get("method") == "initialize":
                        result = {"capabilities": self.capabilities}
                        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
                        writer.write(frame(json.dumps(answer).encode()))
        self.left += 1


async def test_it_gets_along_with_a_daemon_of_another_version(desk: Desk, root: Path) -> None:
    """One that says nothing but the least, and then one with other capabilities."""
    async with OldDaemon(desk, {"positionEncoding": "utf-16", "foldingRangeProvider": True}) as old:
        editor = await desk.editor()
        await editor.client.initialize(root)
        editor.client.open(root / "a.ml")
        await old.has_heard(3)
    remove(desk.meeting.socket)
    assert await editor.client.request("textDocument/codeAction", _action(root / "a.ml")) == []
    assert await text(editor, root / "a.ml") == "let a = 1\n"
    assert any("upgraded" in shown for shown in editor.client.shown())


async def test_a_daemon_that_talks_nonsense_is_left_for_another(desk: Desk, root: Path) -> None:
    """What is only malformed is passed over; what is no message at all ends the connection."""
    odd = (b'{"type": "environment", "id": 1, "names": 5}', b'{"type": "welcome", "safe": 7}', b'{"type": {}}', b"[1]")
    async with OldDaemon(desk, {"positionEncoding": "utf-16"}) as old:
        editor = await desk.editor()
        await editor.client.initialize(root)
        editor.client.open(root / "a.ml")
        await old.has_heard(3)
        for body in odd:
            old.writers[0].write(frame(body, MARK))
        old.writers[0].write(frame(b'{"jsonrpc": "2.0", "id": {}, "method": "x", "params": {}}') + frame(b'{"id": []}'))
        await editor.client.asked("x")
        remove(desk.meeting.socket)
        old.writers[0].write(b"Content-Length: nonsense\r\n\r\n")
        await until(lambda: old.left == 1)
    assert await text(editor, root / "a.ml") == "let a = 1\n"


async def test_a_document_that_each_daemon_dies_of_is_set_aside(desk: Desk, root: Path) -> None:
    """The daemon is one that dies of a word; the other documents are served all the same."""
    desk.hook(
        """
import os
from lsp_aid.workspace import documents
opened = documents.Document.opened.__func__
def dies(cls, uri, path, language, version, text):
    if "poison" in text:
        os.kill(os.getpid(), 11)
    return opened(cls, uri, path, language, version, text)
documents.Document.opened = classmethod(dies)
"""
    )
    editor, other = await desk.patient(), await desk.patient()
    for one in (editor, other):
        await begun(desk, root, one)
        await text(one, root / "a.ml")
    editor.client.open(root / "b.ml", "poison")
    message = await editor.client.notification("window/showMessage")
    assert "b.ml" in message["message"]
    assert await text(editor, root / "a.ml") == "let a = 1\n"
    assert await editor.client.request("textDocument/codeAction", _action(root / "b.ml")) is None
    other.client.open(root / "b.ml")
    assert await text(other, root / "b.ml") == "let b = 2\n"
    assert other.client.shown() == []


def _action(path: Path) -> dict:
    return {"textDocument": {"uri": path.as_uri()}, "range": at(0), "context": {"diagnostics": []}}


def test_it_says_what_is_wrong_where_there_is_no_standard_input(desk: Desk) -> None:
    """As where a service starts it with nothing."""
    command = f'exec "{sys.executable}" -m lsp_aid --stdio <&-'
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=60, env=desk.environment
    )
    assert done.returncode == 1
    assert "the editor cannot be spoken to" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_new_daemon_that_counts_in_another_way_is_not_used(desk: Desk, root: Path) -> None:
    """The user is told, once; what the editor asks is refused, and the daemon is let go of."""
    async with OldDaemon(desk, {"positionEncoding": "utf-16"}) as old:
        editor = await desk.editor()
        await editor.client.initialize(root)
        await old.has_heard(2)
    remove(desk.meeting.socket)
    async with OldDaemon(desk, {"positionEncoding": "utf-8"}) as new:
        await until(lambda: bool(editor.client.shown()))
        with pytest.raises(RpcError, match="counts columns in another way"):
            await editor.client.request("textDocument/codeAction", _action(root / "a.ml"))
        await until(lambda: new.left == 1)
        await asyncio.sleep(0.2)
        assert (len(new.writers), len(editor.client.shown())) == (1, 1)
    assert await editor.end() == 0
