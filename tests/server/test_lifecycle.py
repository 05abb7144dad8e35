"""Beginning, settings, trust and end, as a bare client sees them."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import pytest

from tests.support.bare_client import MODERN, BareClient, RpcError, at
from tests.support.served import Toy, project, served

PATIENCE = 120  # for a program to start or to end, which takes a second on a machine at rest
RED = "let n = List.lenght []\n"


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        (["utf-32", "utf-8", "utf-16"], "utf-32"),
        (["utf-7", "utf-8"], "utf-8"),
    ],
)
async def test_the_clients_first_known_encoding_is_chosen(toy: Toy, offered: list | None, chosen: str) -> None:
    async with served(toy) as client:
        answer = await client.initialize(general={"positionEncodings": offered} if offered else {})
        assert answer["capabilities"]["positionEncoding"] == chosen
        assert answer["capabilities"]["textDocumentSync"]["change"] == 2
        assert "lsp-aid.generateDiff" in answer["capabilities"]["executeCommandProvider"]["commands"]


async def test_shutdown_and_exit_end_with_0_and_free_the_project(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED)
    async with served(toy) as client:
        await client.initialize(root, options={"trust": "always"})
        await client.status("red")
        await client.leave()
        await asyncio.sleep(0)
    assert toy.exit_codes == [0]
    assert toy.closed == [root]


async def test_exit_without_shutdown_ends_with_1(toy: Toy) -> None:
    async with served(toy) as client:
        await client.initialize()
        client.notify("exit")
        await client.writer.drain()
    assert toy.exit_codes == [1]


async def test_a_client_that_hangs_up_ends_it_in_the_midst_of_a_build(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a="slow-build")
    async with served(toy) as client:
        await client.initialize(root, options={"trust": "always"})
        await client.status("building")
        await asyncio.sleep(0.05)
    assert toy.builds["p"] == ["started", "cancelled"]
    assert toy.closed == [root]


async def test_after_shutdown_requests_are_refused_not_ignored(toy: Toy) -> None:
    async with served(toy) as client:
        await client.initialize()
        await client.request("shutdown")
        with pytest.raises(RpcError) as error:
            await client.command("lsp-aid.status")
        assert error.value.error["code"] == -32600


async def test_nothing_is_answered_before_initialize(toy: Toy) -> None:
    async with served(toy) as client:
        with pytest.raises(RpcError) as error:
            await client.command("lsp-aid.status")
        assert error.value.error["code"] == -32002


@pytest.mark.parametrize("how", ["argument", "initialize"])
async def test_the_server_ends_when_its_editor_has_died(toy: Toy, how: str) -> None:
    editor = await asyncio.create_subprocess_exec("sleep", "60")
    async with served(toy, editor.pid if how == "argument" else None) as client:
        number = editor.pid if how == "initialize" else None
        await client.request("initialize", {"processId": number, "rootUri": None, "capabilities": {}})
        editor.kill()
        await editor.wait()
        await asyncio.wait_for(client._loop, 20)  # the stream ends


async def test_a_process_that_cannot_be_seen_is_not_watched(toy: Toy) -> None:
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    async with served(toy, gone.pid) as client:
        await client.initialize()
        await asyncio.sleep(0.1)
        assert (await client.command("lsp-aid.status")) == {"roots": []}


class TestTrust:
    async def test_it_is_asked_once_and_remembered(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            client.answers["window/showMessageRequest"] = lambda p: p["actions"][0]
            await client.initialize(root)
            assert str(root) in (await client.asked("window/showMessageRequest"))["message"]
            await client.status("red")
        async with served(toy) as client:
            await client.initialize(root)
            await client.status("red")
            assert not [r for r in client.requests if r["method"] == "window/showMessageRequest"]

    @pytest.mark.parametrize("answer", [None, {"title": "Not now"}, {"title": "Whatever"}, 7])
    async def test_without_it_nothing_is_opened_or_built(self, toy: Toy, tmp_path: Path, answer: object) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            client.answers["window/showMessageRequest"] = lambda _: answer
            await client.initialize(root)
            await client.status("untrusted")
            client.open(root / "a.ml")
            client.save(root / "a.ml")
            assert await client.actions(root / "a.ml", at(0, 8)) == []
            assert toy.opened == []

    async def test_an_error_that_another_server_tells_offers_to_trust(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        told = {"range": at(0, 8, 19), "message": "Unbound value List.lenght", "severity": 1, "source": "ocamllsp"}
        async with served(toy) as client:
            client.answers["window/showMessageRequest"] = lambda _: None
            await client.initialize(root, **MODERN)
            await client.status("untrusted")
            client.open(root / "a.ml")
            (action,) = await client.actions(root / "a.ml", at(0, 10), [told], only=["quickfix"])
            assert action["title"].startswith("Trust this folder")
            command = action["command"]
            await client.command(command["command"], command["arguments"][0])
            await client.status("red")
            assert toy.opened == [root]

    async def test_never_means_never(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            await client.initialize(root, options={"trust": "never"})
            await client.status("untrusted")
            with pytest.raises(RpcError, match="never"):
                await client.command("lsp-aid.trust", {"textDocument": {"uri": (root / "a.ml").as_uri()}})
            assert not client.requests


class TestSettings:
    async def test_they_are_asked_for_and_outweigh_the_options(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            client.answers["workspace/configuration"] = lambda p: [{"trust": "always", "model": None}]
            await client.initialize(root, options={"lsp-aid": {"trust": "never"}}, **MODERN)
            await client.status("red")
            assert (await client.asked("workspace/configuration"))["items"] == [{"section": "lsp-aid"}]

    async def test_one_that_cannot_be_used_is_named_and_the_defaults_hold(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            client.answers["window/showMessageRequest"] = lambda _: None
            await client.initialize(root, options={"trust": "perhaps"})
            await client.status("untrusted")
            assert any("trust" in text and "perhaps" in text for text in client.shown())

    async def test_a_change_begins_anew(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            await client.initialize(root, options={"trust": "always"})
            await client.status("red")
            client.notify("workspace/didChangeConfiguration", {"settings": {"lsp-aid": {"trust": "never"}}})
            await client.status("untrusted")
            assert toy.closed == [root]

    async def test_a_client_that_never_answers_is_not_waited_for_for_ever(
        self, toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lsp_aid.server.client.QUICK_SECONDS", 0.1)
        root = project(tmp_path / "p", a=RED)
        async with served(toy) as client:
            await client.initialize(root, options={"trust": "always"}, **MODERN)
            await client.status("red")


class TestFolders:
    async def test_one_added_is_built_and_one_removed_is_cleared(self, toy: Toy, tmp_path: Path) -> None:
        one, two = project(tmp_path / "one", a=RED), project(tmp_path / "two", b=RED)
        async with served(toy) as client:
            await client.initialize(one, options={"trust": "always"})
            await client.diagnostics(one / "a.ml")
            event: dict = {"added": [{"uri": two.as_uri(), "name": "two"}], "removed": []}
            client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
            await client.diagnostics(two / "b.ml")
            event = {"added": [], "removed": [{"uri": one.as_uri(), "name": "one"}]}
            client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
            assert await client.diagnostics(one / "a.ml", lambda d: not d) == []
            assert toy.closed == [one]

    async def test_a_document_outside_of_them_finds_its_own_project(self, toy: Toy, tmp_path: Path) -> None:
        root = project(tmp_path / "p", lib__a=RED)
        async with served(toy) as client:
            await client.initialize(None, options={"trust": "always"})
            client.open(root / "lib/a.ml")
            await client.diagnostics(root / "lib/a.ml")

    async def test_a_file_without_a_project_is_said_once(self, toy: Toy, tmp_path: Path) -> None:
        (tmp_path / "lone.ml").write_text("let x = 1")
        async with served(toy) as client:
            await client.initialize(None)
            client.open(tmp_path / "lone.ml")
            client.change(tmp_path / "lone.ml", "let x = 2", 2)
            assert await client.actions(tmp_path / "lone.ml", at(0)) == []
            (message,) = client.shown()
            assert "dune-project" in message


@pytest.mark.parametrize(
    ("experimental", "told"), [(None, False), ({"lspAid": True}, True), ({"lspAid": False}, False)]
)
async def test_lsp_mode_is_told_nothing_that_it_would_warn_of_unless_our_plugin_is_there(
    toy: Toy, tmp_path: Path, experimental: dict | None, told: bool
) -> None:
    root = project(tmp_path / "p", a=RED)
    async with served(toy) as client:
        await client.initialize(root, info="emacs", options={"trust": "always"}, experimental=experimental)
        await client.diagnostics(root / "a.ml")
        await client.command("lsp-aid.status")
        assert any(n["method"] == "lsp-aid/status" for n in client.notifications) is told


async def test_the_program_itself_speaks_over_pipes_and_leaves_standard_output_alone(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lsp_aid",
        "serve",
        "--stdio",
        f"--clientProcessId={os.getpid()}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    assert process.stdin
    assert process.stdout
    client = BareClient(process.stdout, process.stdin)
    answer = await client.initialize()
    assert answer["serverInfo"]["name"] == "lsp-aid"
    await client.leave()
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


@pytest.mark.parametrize("sent", [b"", b"nonsense", b'Content-Length: 34\r\n\r\n{"jsonrpc":"2.0","method":"exit"}  '])
async def test_files_serve_as_streams_too(tmp_path: Path, sent: bytes) -> None:
    (tmp_path / "in").write_bytes(sent)
    with (tmp_path / "in").open("rb") as incoming, (tmp_path / "out").open("wb") as outgoing:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lsp_aid", "serve"), stdin=incoming, stdout=outgoing
        )
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 1
    assert (tmp_path / "out").read_bytes() == b""


async def test_no_input_at_all_ends_it() -> None:
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*(sys.executable, "-m", "lsp_aid", "serve"), stdin=null, stdout=null)
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 1


@pytest.mark.dune
@pytest.mark.parametrize("how", ["end of input", "SIGTERM", "shutdown"])
async def test_no_process_that_a_build_started_outlives_the_server(tmp_path: Path, how: str) -> None:
    seconds = 40_000 + os.getpid() % 10_000  # found again by its argument
    root = tmp_path / "p"
    root.mkdir()
    (root / "dune-project").write_text("(lang dune 3.17)\n")
    (root / "dune").write_text(f"(rule (with-stdout-to slow.txt (run sleep {seconds})))\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lsp_aid",
        "serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "LSP_AID_TRUST": "always"},
    )
    assert process.stdin
    assert process.stdout
    client = BareClient(process.stdout, process.stdin)
    await client.initialize(root)
    async with asyncio.timeout(30):
        while not sleepers(seconds):  # noqa: ASYNC110 - nothing tells of another program's child
            await asyncio.sleep(0.05)
    if how == "SIGTERM":
        process.terminate()
    elif how == "shutdown":
        await client.leave()
    else:
        process.stdin.close()
    await asyncio.wait_for(process.wait(), PATIENCE)
    assert not sleepers(seconds)


def sleepers(seconds: int) -> list[str]:
    """The processes that sleep for so long."""
    wanted = f"sleep\0{seconds}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_bytes().endswith(wanted):
                found.append(folder.name)
    return found
