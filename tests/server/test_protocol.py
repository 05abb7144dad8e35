"""JSON-RPC, where the library below would leave a client without an answer, or with the wrong one."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from lsprotocol import types

from lsp_aid.server.protocol import ClientError
from lsp_aid.server.server import AidServer, create_server
from tests.support.bare_client import RpcError, at
from tests.support.served import Toy, project, served


class Wire:
    """What the server writes, message by message."""

    def __init__(self) -> None:
        self.messages: list[dict] = []

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home")


@pytest.fixture
async def wired(toy: Toy) -> tuple[AidServer, Wire]:
    """An initialized server, without a stream."""
    server, wire = create_server(toy.services()), Wire()
    server.protocol.set_writer(wire)
    receive(server, id=0, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
    wire.messages.clear()
    return server, wire


def receive(server: AidServer, **message: object) -> None:
    server.protocol.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/codeAction", {"textDocument": {"uri": 7}}),
        ("textDocument/codeAction", []),
        ("workspace/executeCommand", None),
        ("codeAction/resolve", {"kind": "quickfix"}),
    ],
)
async def test_parameters_that_do_not_fit_are_answered(
    wired: tuple[AidServer, Wire], method: str, params: object
) -> None:
    server, wire = wired
    receive(server, id=1, method=method, params=params)
    await asyncio.sleep(0.05)
    (answer,) = wire.messages
    assert answer["error"]["code"] == -32602
    assert "data" not in answer["error"]


async def test_a_nested_key_jsonrpc_is_a_key_like_any_other(wired: tuple[AidServer, Wire]) -> None:
    server, wire = wired
    nested = {"command": "lsp-aid.proposal", "arguments": [{"jsonrpc": "2.0", "method": "x", "job": "job-1"}]}
    receive(server, method="initialized", params={})
    receive(server, id=1, method="workspace/executeCommand", params=nested)
    await asyncio.sleep(0.1)
    (answer,) = wire.messages
    assert "no job job-1" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"[" * 100_000, -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b'{"id": 1, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0"}', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "shutdown"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "textDocument/rename", "params": {}}', -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}', -32600),
    ],
)
async def test_what_is_no_request_of_ours_is_refused(wired: tuple[AidServer, Wire], body: bytes, code: int) -> None:
    server, wire = wired
    server.protocol.receive(body)
    (answer,) = wire.messages
    assert answer["error"]["code"] == code
    assert answer["id"] == (1 if b'"2.0", "id": 1' in body else None)


@pytest.mark.parametrize(
    "message",
    [
        {"method": "$/whatever", "params": {}},
        {"method": "textDocument/didOpen", "params": {"textDocument": 1}},
        {"method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///x"}}},
        {"method": "$/cancelRequest", "params": {"id": 99}},
        {"id": "lsp-aid:99", "result": None},
        {"id": None, "result": None},
        {"id": {}, "error": {}},
    ],
)
async def test_a_notification_or_answer_that_does_not_fit_is_let_pass(
    wired: tuple[AidServer, Wire], message: dict
) -> None:
    server, wire = wired
    receive(server, **message)
    assert wire.messages == []


async def test_a_command_can_be_cancelled(wired: tuple[AidServer, Wire]) -> None:
    server, wire = wired  # which waits for `initialized` before it runs one
    receive(server, id=1, method="workspace/executeCommand", params={"command": "lsp-aid.status"})
    await asyncio.sleep(0)
    receive(server, method="$/cancelRequest", params={"id": 1})
    await asyncio.sleep(0.01)
    (answer,) = wire.messages
    assert answer["error"]["code"] == -32800


class TestAsking:
    """Requests from the server to its client."""

    @staticmethod
    async def asking(server: AidServer, seconds: float = 5) -> "asyncio.Task[object]":
        params = types.ConfigurationParams(items=[types.ConfigurationItem(section="x")])
        task = asyncio.create_task(server.protocol.ask(types.WORKSPACE_CONFIGURATION, params, seconds))
        await asyncio.sleep(0)
        return task

    async def test_one_that_is_not_answered_is_given_up_and_a_late_answer_harms_nothing(
        self, wired: tuple[AidServer, Wire]
    ) -> None:
        server, wire = wired
        task = await self.asking(server, 0.01)
        with pytest.raises(ClientError, match="not answered"):
            await task
        assert wire.messages[-1]["method"] == "$/cancelRequest"
        receive(server, id=wire.messages[0]["id"], result=[1])

    async def test_so_is_one_whose_asker_was_cancelled(self, wired: tuple[AidServer, Wire]) -> None:
        server, wire = wired
        task = await self.asking(server)
        task.cancel()
        await asyncio.wait([task])
        receive(server, id=wire.messages[0]["id"], result=[1])

    @pytest.mark.parametrize(
        "answer",
        [{"result": 7}, {}, {"error": {"code": 1, "message": "no"}}, {"error": "no"}],
    )
    async def test_an_error_or_a_malformed_answer_ends_the_wait(
        self, wired: tuple[AidServer, Wire], answer: dict
    ) -> None:
        server, wire = wired
        task = await self.asking(server)
        receive(server, id=wire.messages[0]["id"], **answer)
        with pytest.raises(ClientError):
            await task

    async def test_a_null_error_beside_a_result_is_none(self, wired: tuple[AidServer, Wire]) -> None:
        server, wire = wired
        task = await self.asking(server)
        receive(server, id=wire.messages[0]["id"], error=None, result=[{"a": 1}])
        assert list(await task) == [{"a": 1}]


async def test_an_error_of_ours_tells_no_traceback(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a defect")

    root = project(tmp_path / "p", a="let n = lenght\n")
    async with served(toy) as client:
        await client.initialize(root, options={"trust": "always"})
        client.open(root / "a.ml")
        await client.status("red")
        monkeypatch.setattr("lsp_aid.server.code_actions._errors", fails)
        with caplog.at_level(logging.CRITICAL), pytest.raises(RpcError) as raised:
            await client.actions(root / "a.ml", at(0))
        assert raised.value.error == {"code": -32603, "message": "RuntimeError: a defect"}


async def test_a_head_in_another_order_and_case_is_read(toy: Toy) -> None:
    async with served(toy) as client:
        body = b'{"jsonrpc": "2.0", "id": 77, "method": "shutdown"}'
        client.writer.write(b"content-type: application/json\r\ncontent-LENGTH:%d\r\n\r\n%b" % (len(body), body))
        answer = await client.notification("stray answer")
        assert answer["error"]["code"] == -32002
