"""Nobody notices: editors in which somebody types while daemons are killed, restarted, upgraded and paused.

LSP_AID_CHAOS_ROUNDS says how often; `make audit` does it 200 times.
"""

import asyncio
import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from tests.support.bare_client import MODERN, BareClient, RpcError, at
from tests.support.desk import Desk, until
from tests.support.served import project
from tests.support.typist import Typist

pytestmark = pytest.mark.slow

RED = "let n = List.lenght []\n"
GREEN = "let n = List.length []\n"


def rounds(few: int) -> range:
    """As many as are asked for, or else a few."""
    return range(int(os.environ.get("LSP_AID_CHAOS_ROUNDS") or few))


class Chaos:
    """What befalls the daemon, and the editors that must not notice."""

    def __init__(self, desk: Desk, root: Path, seed: int) -> None:
        self.desk, self.root = desk, root
        self.dice = random.Random(seed)
        self.version = desk.home.with_name("version")
        self.version.write_text("1.0.0")
        desk.hook(f"import lsp_aid\nlsp_aid.__version__ = open({str(self.version)!r}).read()")
        self.typists: list[Typist] = []

    async def editor(self, encoding: str, environment: dict[str, str] | None = None) -> Typist:
        editor = await self.desk.patient(steady=0.0, environment=environment)
        client = editor.client
        client.seconds = 120
        answer = await client.initialize(self.root, general={"positionEncodings": [encoding]}, **MODERN)
        assert answer["capabilities"]["positionEncoding"] == encoding
        typist = Typist(client, self.dice, encoding)
        for name, text in (("b", "let b = 1\n"), ("c", "(* 🐫 *)\r\nlet c = 1\r\n"), ("d", "")):
            typist.open(self.root / f"{name}.ml", text)
        self.typists.append(typist)
        return typist

    async def round(self) -> None:
        asked = []
        for typist in self.typists:
            typist.type(self.dice.randint(1, 10))
            asked += self.ask(typist)
        await self.befall()
        for typist in self.typists:
            typist.type(self.dice.randint(0, 10))
            asked += self.ask(typist)
            typist.type(self.dice.randint(0, 3))
        for future in asked:
            async with asyncio.timeout(120):
                await asyncio.wait([future])
            error = future.exception()
            if error is not None:
                assert isinstance(error, RpcError)
                assert error.error["code"] in (-32801, -32603), error.error
        for typist in self.typists:
            await typist.check()

    def ask(self, typist: Typist) -> list[asyncio.Future]:
        uri = self.dice.choice(typist.documents).uri
        document = {"textDocument": {"uri": uri}}
        context = {"diagnostics": [], "triggerKind": 2}
        return [
            typist.client.start("textDocument/codeAction", {**document, "range": at(0), "context": context})[1],
            typist.client.start("workspace/executeCommand", {"command": "lsp-aid.status"})[1],
            typist.client.start("lsp-aid/text", {"uri": uri})[1],
        ]

    async def befall(self) -> None:
        await asyncio.sleep(self.dice.choice((0.0, 0.0, 0.01, 0.2)))
        match self.dice.choice(("kill", "kill", "restart", "upgrade", "pause", "stop")):
            case "kill":
                await self.desk.kill_daemon()
            case "restart":
                await self.command("restart")
            case "upgrade":
                self.version.write_text(f"1.0.{self.dice.randint(1, 999)}")
                await self.command("restart")
                assert self.desk.daemon["version"] == self.version.read_text()
            case "pause":
                pid = self.desk.pid
                os.kill(pid, signal.SIGSTOP)
                await asyncio.sleep(0.1)
                os.kill(pid, signal.SIGCONT)
            case "stop":
                await self.command("stop")

    async def command(self, name: str) -> None:
        code, output = await self.desk.command(name)
        assert code == 0, output

    def check_answers(self) -> None:
        """Every request had one answer: none is left, and none came twice or to nobody."""
        for typist in self.typists:
            assert typist.client._waiting == {}
            assert [n for n in typist.client.notifications if n["method"] == "stray answer"] == []
            ids = [request["id"] for request in typist.client.requests]
            assert len(ids) == len(set(ids)), "the server's ids never collide"


@pytest.mark.parametrize(("editors", "seed"), [(1, 1), (3, 2)])
async def test_texts_and_answers(desk: Desk, tmp_path: Path, editors: int, seed: int) -> None:
    """One editor, and three at once on one workspace."""
    root = project(tmp_path / "p", b="", c="", d="")
    chaos = Chaos(desk, root, seed)
    for number in range(editors):
        await chaos.editor(("utf-16", "utf-8", "utf-32")[number])
    for _ in rounds(20):
        await chaos.round()
    chaos.check_answers()
    assert len(desk.daemon["editors"]) == editors
    for editor in tuple(desk._editors):
        assert await editor.end() == 0
    assert (await desk.command("stop"))[0] == 0
    await desk.all_gone()


@pytest.mark.dune
async def test_diagnostics_and_proposals(desk: Desk, tmp_path: Path) -> None:
    """With real builds: what was proposed before can be applied, once, and undone; no diagnostic is stale."""
    desk.more["LSP_AID_TRUST"] = "always"
    root = project(tmp_path / "p", a=RED, b="let b = 1\n", c="", d="")
    (root / "dune").write_text("(library (name p))\n")
    chaos = Chaos(desk, root, 3)
    typist = await chaos.editor("utf-16")
    client = typist.client
    edits = client.takes_edits()
    client.open(root / "a.ml")
    await client.diagnostics(root / "a.ml")
    document = {"textDocument": {"uri": (root / "a.ml").as_uri()}}
    started = await client.command("lsp-aid.fixBuildError", {**document, "apply": False})
    (proposal,) = (await client.job(started["job"]))["proposals"]
    for _ in rounds(5):
        await chaos.round()
    chaos.check_answers()
    for typed, text in zip(typist.documents, ("let b = 1\n", "", ""), strict=True):
        typist.set(typed, text)
    assert edits == []
    await applied(client, "lsp-aid.apply", {"proposal": proposal["id"]})
    assert client.text((root / "a.ml").as_uri()) == GREEN
    await applied(client, "lsp-aid.undo", None)
    assert client.text((root / "a.ml").as_uri()) == RED
    assert len(edits) == 2, "neither was applied twice"
    await shown(client, {root / "a.ml": 1}, 0)
    now = len(client.notifications)
    await chaos.desk.kill_daemon()
    await shown(client, {root / "a.ml": 1}, now)
    now = len(client.notifications)
    (root / "a.ml").write_text(GREEN)
    client.change(root / "a.ml", GREEN, 99)
    client.save(root / "a.ml")
    await shown(client, {}, now)
    await desk._editors[0].end()
    assert (await desk.command("stop"))[0] == 0
    await desk.all_gone()


async def applied(client: BareClient, name: str, arguments: dict | None) -> None:
    client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    job = await client.command(name, arguments)
    ended = await client.job(job["job"])
    assert ended["state"] == "done", ended


async def shown(client: BareClient, wanted: dict[Path, int], since: int) -> None:
    """Waits until a build has ended since then, and the editor shows so many diagnostics, by file, and no others."""

    def now() -> dict[str, int]:
        last = {}
        for note in client.notifications:
            if note["method"] == "textDocument/publishDiagnostics":
                last[note["params"]["uri"]] = len(note["params"]["diagnostics"])
        return {uri: number for uri, number in last.items() if number}

    def built() -> bool:
        states = [n["params"]["state"] for n in client.notifications[since:] if n["method"] == "lsp-aid/status"]
        return states[-1:] == ["red" if wanted else "green"]

    by_uri = {path.as_uri(): count for path, count in wanted.items()}
    await until(lambda: built() and now() == by_uri)


@pytest.mark.dune
async def test_two_editors_with_different_toolchains_each_keep_their_own(desk: Desk, tmp_path: Path) -> None:
    """Each toolchain notes for whom it is run."""
    desk.more["LSP_AID_TRUST"] = "always"
    chaos = Chaos(desk, project(tmp_path / "p", b="let b = 1\n", c="", d=""), 4)
    (chaos.root / "dune").write_text("(library (name p))\n")
    marks = {name: tmp_path / f"ran-{name}" for name in ("one", "two")}
    for name, mark in marks.items():
        await chaos.editor("utf-16", {"PATH": f"{wrapped(tmp_path / name, mark)}{os.pathsep}{os.environ['PATH']}"})
    for _ in rounds(3):
        for mark in marks.values():
            mark.unlink(missing_ok=True)
        await chaos.round()
        for typist in chaos.typists:
            await typist.client.command("lsp-aid.build", {"textDocument": {"uri": typist.documents[0].uri}})
        await until(lambda: all(mark.exists() for mark in marks.values()))
    chaos.check_answers()


def wrapped(folder: Path, mark: Path) -> Path:
    """A toolchain of its own: each program leaves a mark, then does what the real one does."""
    folder.mkdir()
    for name in ("dune", "ocaml", "ocamlc", "ocamlopt", "ocamldep"):
        if real := shutil.which(name):
            (folder / name).write_text(f'#!/bin/sh\n: > {mark}\nexec {real} "$@"\n')
            (folder / name).chmod(0o755)
    return folder
