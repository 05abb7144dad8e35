"""The daemon as a program: found, asked, ended, and attacked at its port."""

import asyncio
import contextlib
import json
import os
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_aid.sidecar.connection import MARK
from lsp_aid.wire import Frames, frame
from tests.support.bare_client import BareClient, RpcError
from tests.support.desk import Desk, gone, until
from tests.support.served import project

pytestmark = pytest.mark.slow

HELLO = {"type": "hello", "role": "editor", "protocol": 1}


@contextlib.asynccontextmanager
async def connected(desk: Desk) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the daemon's socket, as any program of the user's can make one."""
    reader, writer = await asyncio.open_unix_connection(desk.meeting.socket, limit=1 << 26)
    try:
        yield reader, writer
    finally:
        writer.close()


async def said(reader: asyncio.StreamReader) -> list[dict]:
    """All that comes until the other end hangs up."""
    async with asyncio.timeout(30):
        data = await reader.read()
    return [json.loads(body) for body, _ in Frames(MARK.lower()).feed(data)]


@pytest.fixture
async def running(desk: Desk) -> Desk:
    """A daemon without an editor."""
    code, output = await desk.command("restart")
    assert (code, "No daemon ran" in output) == (0, True), output
    return desk


def is_there(path: str) -> bool:
    return Path(path).exists()


def read(path: str) -> str:
    return Path(path).read_text()


def append(path: str, text: str) -> None:
    with Path(path).open("a") as file:
        file.write(text)


def size(path: str) -> int:
    return Path(path).stat().st_size


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).lstat().st_mode)


async def test_its_files_are_for_the_user_alone(running: Desk) -> None:
    meeting = running.meeting
    files = [meeting.folder, meeting.state, meeting.socket, meeting.lock, meeting.log]
    assert [mode(path) for path in files] == [0o700, 0o700, 0o600, 0o600, 0o600]


async def test_it_belongs_to_nobody(running: Desk) -> None:
    """Not to the terminal nor the folder that it was started from, and holds nothing of its starter's open."""
    folder = Path(f"/proc/{running.pid}")
    assert (folder / "cwd").readlink() != running.home
    assert int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == int(
        (folder / "stat").read_text().rpartition(")")[2].split()[2]
    ), "it leads a session of its own"
    assert (folder / "fd" / "0").readlink() == Path(os.devnull)
    assert {(folder / "fd" / n).readlink() for n in "12"} == {Path(running.meeting.log)}


async def test_one_that_is_idle_for_long_ends_and_leaves_nothing(desk: Desk) -> None:
    desk.configure(idleMinutes=0.005)
    editor = await desk.editor()
    await editor.client.initialize()
    pid = desk.pid
    await asyncio.sleep(0.6)
    assert desk.pid == pid, "it is not idle while there is an editor"
    await editor.end()
    await gone(pid)
    assert not is_there(desk.meeting.socket)
    again = await desk.editor()
    await again.client.initialize()
    assert desk.pid != pid


async def test_sigterm_ends_it_and_relays_wait(running: Desk, tmp_path: Path) -> None:
    editor = await running.editor()
    await editor.client.initialize()
    pid = running.pid
    os.kill(pid, signal.SIGTERM)
    await gone(pid)
    await asyncio.sleep(0.2)
    assert not [line for _, line in running.running() if " daemon " in line]
    assert await editor.client.command("lsp-aid.status") == {"roots": []}


async def test_a_second_one_ends_at_once(running: Desk) -> None:
    pid = running.pid
    code, _ = await running.command("daemon")
    assert (code, running.pid) == (0, pid)


async def test_one_that_hangs_can_be_replaced(running: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = running.pid
    os.kill(pid, signal.SIGSTOP)
    code, output = await running.command("restart")
    assert code == 0, output
    await gone(pid)
    assert running.pid != pid


async def test_a_socket_that_was_left_behind_is_in_nobodys_way(running: Desk) -> None:
    await running.kill_daemon()
    assert is_there(running.meeting.socket)
    editor = await running.editor()
    await editor.client.initialize()


async def test_one_whose_socket_was_removed_sends_its_relays_to_another(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.configure(idleMinutes=0.02)
    editor = await desk.editor()
    await editor.client.initialize()
    pid = desk.pid
    os.unlink(desk.meeting.socket)  # noqa: PTH108
    await gone(pid)
    assert await editor.client.command("lsp-aid.status") == {"roots": []}


async def test_another_version_that_was_installed_takes_over_if_that_is_wanted(desk: Desk, tmp_path: Path) -> None:
    """The version that is installed is what the test's own file says; so does the new daemon."""
    installed = tmp_path / "version"
    installed.write_text("1.0.0")
    desk.hook(
        f"""
import lsp_aid
from lsp_aid.sidecar import daemon
daemon._installed = lambda: open({str(installed)!r}).read()
daemon.__version__ = daemon._installed()
"""
    )
    desk.configure(idleMinutes=0.02, followVersion=True)
    editor = await desk.editor()
    await editor.client.initialize()
    assert desk.daemon["version"] == "1.0.0"
    installed.write_text("1.1.0")
    await until(lambda: desk.daemon["version"] == "1.1.0")
    assert await editor.client.command("lsp-aid.status") == {"roots": []}


class TestStatus:
    async def test_it_tells_of_itself_and_its_editors(self, running: Desk) -> None:
        editor = await running.editor()
        await editor.client.request(
            "initialize",
            {"processId": os.getpid(), "clientInfo": {"name": "vi", "version": "7"}, "capabilities": {}},
        )
        told = running.daemon
        assert set(told) == {"pid", "version", "uptime", "memory", "editors"}
        assert told["memory"] > 1_000_000
        (one,) = told["editors"]
        assert (one["relay"], one["name"], one["folder"]) == (editor.process.pid, "vi 7", str(running.home))

    async def test_so_do_the_commands(self, running: Desk) -> None:
        code, output = await running.command("status", "--json")
        told = json.loads(output)
        assert (code, told["daemon"]["pid"], told["editors"]) == (2, running.pid, []), "there is no project here"
        assert set(told["daemon"]) == {"pid", "version", "uptime", "memory"}
        assert f"process {running.pid}" in (await running.command("status"))[1]
        checks = {c["name"]: c for c in json.loads((await running.command("doctor", "--json"))[1])["checks"]}
        assert (checks["daemon"]["status"], str(running.pid) in checks["daemon"]["found"]) == ("ok", True)
        assert json.loads((await running.command("restart", "--json"))[1])["status"] == "restarted"
        assert json.loads((await running.command("stop", "--json"))[1])["status"] == "stopped"
        assert json.loads((await running.command("stop", "--json"))[1]) == {"status": "none", "pid": None}
        assert json.loads((await running.command("status", "--json"))[1])["daemon"] is None

    async def test_logs_show_starts_and_ends_and_no_environment(self, running: Desk) -> None:
        running.more["OPAM_SECRET"] = "not-for-logs"
        editor = await running.editor()
        await editor.client.initialize()
        await editor.end()
        code, output = await running.command("logs", "-n", "3")
        assert code == 0
        assert len(output.splitlines()) == 3
        assert "has gone" in output
        assert "not-for-logs" not in running.log()
        assert (await running.command("logs", "--path"))[1].strip() == running.meeting.log

    async def test_logs_are_followed_also_into_a_new_file(self, running: Desk) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lsp_aid", "logs", "-f", "-n", "0"),
            stdout=asyncio.subprocess.PIPE,
            env=running.environment,
        )
        assert process.stdout
        async with asyncio.timeout(30):
            await process.stdout.readline()
            log = running.meeting.log
            append(log, "one more\n")
            assert b"one more" in await process.stdout.readline()
            os.rename(log, f"{log}.1")  # noqa: PTH104
            append(log, "a new file\n")
            assert b"a new file" in await process.stdout.readline()
        process.kill()
        await process.wait()

    async def test_a_large_log_is_put_aside(self, desk: Desk) -> None:
        desk.meeting.make()
        append(desk.meeting.log, "x" * 5_000_001)
        await desk.command("restart")
        assert size(desk.meeting.log) < 10_000
        assert size(f"{desk.meeting.log}.1") > 5_000_000


class TestWhoConnects:
    NOT_HELLO = (
        frame(b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}'),
        frame(json.dumps({**HELLO, "protocol": 99}).encode(), MARK),
        frame(json.dumps({**HELLO, "type": "goodbye"}).encode(), MARK),
        frame(b"[]", MARK),
        frame(b"{", MARK),
        frame(b"\xff\xfe", MARK),
        frame(b"[" * 100_000, MARK),
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n" * 10_000,
        b"y" * 1_000_000,
    )

    async def test_who_does_not_say_who_it_is_is_refused(self, running: Desk) -> None:
        for first in self.NOT_HELLO:
            async with connected(running) as (reader, writer):
                writer.write(first)
                answers = []
                with contextlib.suppress(ConnectionError):  # it may hang up in the midst of what is written
                    answers = await said(reader)
                assert [a["type"] for a in answers] in ([], ["refused"]), first[:80]
        assert running.daemon["editors"] == []

    async def test_the_least_that_can_be_said_is_enough(self, running: Desk, tmp_path: Path) -> None:
        """An older relay says no more, a newer one much that is not known here."""
        for more in ({}, {"news": [1], "environment": {"A": 1}, "state": 7, "pid": "x"}):
            async with connected(running) as (reader, writer):
                writer.write(frame(json.dumps({**HELLO, **more}).encode(), MARK))
                writer.write(frame(b'{"type": "something new"}', MARK) + frame(b"[]", MARK) + frame(b"{", MARK))
                client = BareClient(Unmarked(reader), writer)
                assert (await client.initialize())["serverInfo"]["name"] == "lsp-aid"
                await client.hang_up()

    async def test_of_another_user_is_refused(self, desk: Desk) -> None:
        desk.hook("from lsp_aid.sidecar import daemon\ndaemon.peer_of = lambda end: (1, 12345)")
        editor = await desk.editor()
        with pytest.raises(RpcError, match="of the user 12345"):
            await editor.client.initialize()

    async def test_over_tcp_who_does_not_know_the_token_is_refused(self, desk: Desk) -> None:
        desk.more["LSP_AID_TRANSPORT"] = "tcp"
        editor = await desk.editor()
        await editor.client.initialize()
        assert mode(desk.meeting.address) == 0o600
        port = json.loads(read(desk.meeting.address))["port"]
        for secret in (b"", b"x" * 64, frame(json.dumps(HELLO).encode(), MARK) * 3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(secret)
            if not secret:
                writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), 30)
            assert len(answer) <= 64, "nothing but the proof of its own"
            writer.close()
        assert len(desk.daemon["editors"]) == 1


class Unmarked:
    """What comes for the editor alone."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.inner = asyncio.StreamReader()
        self.task = asyncio.create_task(self._sort(reader))
        self.readline, self.readexactly = self.inner.readline, self.inner.readexactly

    async def _sort(self, reader: asyncio.StreamReader) -> None:
        frames = Frames(MARK.lower())
        while data := await reader.read(65536):
            for body, marked in frames.feed(data):
                if not marked:
                    self.inner.feed_data(frame(body))
        self.inner.feed_eof()


class TestMalformedInput:
    """At the editor's port, which is the relay's, and at the daemon's, as a relay that has gone mad would send it."""

    BODIES = (
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"9" * 5000, -32700),
        (b"[]", -32600),
        (b'"text"', -32600),
        (b'{"id": 5, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 5, "method": "no/such/method"}', -32601),
        (b'{"jsonrpc": "2.0", "id": 5, "method": "textDocument/codeAction", "params": {"textDocument": 1}}', -32602),
        (b'{"jsonrpc": "2.0", "id": 5, "method": "workspace/executeCommand", "params": 7}', -32602),
        (b'{"jsonrpc": "2.0", "id": 5, "method": "initialize", "params": {}}', -32600),
        (b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": [1]}', None),
        (b'{"jsonrpc": "2.0", "id": 99, "result": 1}', None),
        (b'{"jsonrpc": "2.0", "id": null, "error": null}', None),
    )

    @staticmethod
    async def answers(client: BareClient) -> None:
        """Each as the protocol has it, and after all of them it is still there."""
        for body, code in TestMalformedInput.BODIES:
            client.send_bytes(body)
            if code is not None:
                answer = await client.notification("stray answer")
                assert answer["error"]["code"] == code, body[:80]
                assert answer["id"] == (5 if code in (-32601, -32602) or b'"initialize"' in body else None), body[:80]
        assert await client.command("lsp-aid.status") == {"roots": []}

    async def test_bodies_at_the_relay(self, running: Desk) -> None:
        editor = await running.editor()
        await editor.client.initialize()
        await self.answers(editor.client)

    async def test_bodies_at_the_daemon(self, running: Desk) -> None:
        async with connected(running) as (reader, writer):
            writer.write(frame(json.dumps(HELLO).encode(), MARK))
            client = BareClient(Unmarked(reader), writer)
            await client.initialize()
            await self.answers(client)
            await client.hang_up()

    NOT_FRAMES = (
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: -1\r\n\r\n{}",
        b"Content-Length: many\r\n\r\n{}",
        b"Content-Type: none\r\n\r\n{}",
        b"Content-Length: 1\r\n\r\n{}" + frame(b"{}"),
        b"Content-Length: 9\r\n\r\n{}" + frame(b"{}"),
        b"\0" * 200_000,
    )

    async def test_what_is_not_the_protocol_ends_the_relay(self, running: Desk) -> None:
        for data in self.NOT_FRAMES:
            editor = await running.editor()
            await editor.client.initialize()
            editor.client.writer.write(data)
            assert await asyncio.wait_for(editor.process.wait(), 30) == 1

    async def test_at_the_daemon_it_ends_that_connection_alone(self, running: Desk) -> None:
        editor = await running.editor()
        await editor.client.initialize()
        for data in self.NOT_FRAMES:
            async with connected(running) as (reader, writer):
                writer.write(frame(json.dumps(HELLO).encode(), MARK) + data)
                with contextlib.suppress(ConnectionError):
                    await asyncio.wait_for(reader.read(), 30)
        assert await editor.client.command("lsp-aid.status") == {"roots": []}

    async def test_a_message_that_never_ends_is_waited_for_and_frees_all_with_its_sender(self, running: Desk) -> None:
        async with connected(running) as (_, writer):
            writer.write(frame(json.dumps(HELLO).encode(), MARK) + b'Content-Length: 1000\r\n\r\n{"jsonrpc"')
            await asyncio.sleep(0.2)
            assert len(running.daemon["editors"]) == 1
        await until(lambda: not running.daemon["editors"])
        editor = await running.editor()
        editor.client.writer.write(b"Content-Length: 1000\r\n\r\n{")
        editor.client.writer.close()
        assert await asyncio.wait_for(editor.process.wait(), 30) == 1

    async def test_a_head_of_100_megabytes_costs_no_memory(self, running: Desk) -> None:
        editor = await running.editor()
        await editor.client.initialize()
        before = resident(running.pid)
        async with connected(running) as (_, writer):
            writer.write(frame(json.dumps(HELLO).encode(), MARK))
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    writer.write(b"x" * 1_000_000)
                    await writer.drain()
        assert resident(running.pid) - before < 20_000_000
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                editor.client.writer.write(b"x" * 1_000_000)
                await editor.client.writer.drain()
        assert await asyncio.wait_for(editor.process.wait(), 30) == 1

    async def test_a_relay_that_does_not_read_is_left(self, running: Desk, tmp_path: Path) -> None:
        """The same at the daemon's own port, where nobody stands between."""
        root = project(tmp_path / "p", a="let a = 1\n")
        document = {"uri": (root / "a.ml").as_uri(), "languageId": "ocaml", "version": 1, "text": "x" * 1_000_000}
        opening = {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}}
        begin = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}}
        ask = {"jsonrpc": "2.0", "method": "lsp-aid/text", "params": {"uri": document["uri"]}}
        async with connected(running) as (_, writer):
            writer.write(frame(json.dumps(HELLO).encode(), MARK))
            for message in (begin, opening, *({**ask, "id": n} for n in range(1, 400))):
                writer.write(frame(json.dumps(message).encode()))
            await until(lambda: "does not read, and is left" in running.log())
            await until(lambda: not running.daemon["editors"])
        assert resident(running.pid) < 400_000_000

    async def test_a_text_of_many_megabytes_is_taken(self, running: Desk, tmp_path: Path) -> None:
        """And what exceeds the bound of a message ends that editor's session alone."""
        root = project(tmp_path / "p", a="")
        editor = await running.editor()
        editor.client._loop.cancel()
        editor.client.writer.write(b"Content-Length: %d\r\n\r\n" % (64 * 1024 * 1024 + 1))
        assert await asyncio.wait_for(editor.process.wait(), 30) == 1
        other = await running.editor()
        await other.client.initialize(root)
        text = "let a = 1\n" * 2_000_000
        other.client.open(root / "a.ml", text)
        found = await other.client.request("lsp-aid/text", {"uri": (root / "a.ml").as_uri()})
        assert found["text"] == text
        other.client.notify("textDocument/didClose", {"textDocument": {"uri": (root / "a.ml").as_uri()}})
        assert await other.client.request("lsp-aid/text", {"uri": (root / "a.ml").as_uri()}) is None

    async def test_an_editor_that_does_not_read_costs_bounded_memory_and_disturbs_nobody(
        self, running: Desk, tmp_path: Path
    ) -> None:
        """It asks for a large text again and again, and takes no answer."""
        root = project(tmp_path / "p", a="let a = 1\n")
        deaf = await running.editor()
        await deaf.client.initialize(root)
        deaf.client.open(root / "a.ml", "x" * 1_000_000)
        uri = (root / "a.ml").as_uri()
        await deaf.client.request("lsp-aid/text", {"uri": uri})
        deaf.client._loop.cancel()
        for number in range(400):
            deaf.client.send({"jsonrpc": "2.0", "id": 1000 + number, "method": "lsp-aid/text", "params": {"uri": uri}})
        other = await running.editor()
        await other.client.initialize()
        for _ in range(20):
            assert await other.client.command("lsp-aid.status") == {"roots": []}
            await asyncio.sleep(0.1)
        assert resident(running.pid) < 400_000_000
        assert resident(deaf.process.pid) < 200_000_000
        deaf.process.kill()
        await deaf.process.wait()
        assert await other.client.command("lsp-aid.status") == {"roots": []}


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024
