"""Diffs that try to get out, at build time and at test time: each is caught, and the base stays as it was."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from lsp_aid.ces.base import BaseStore
from lsp_aid.ces.checkout import Folder, digest
from lsp_aid.ces.engine import Engine, Request, WarmBase, make_engine
from lsp_aid.ces.keeping import Limits
from lsp_aid.ces.verdict import Colour, Level, Verdict
from tests.ces.conftest import edits
from tests.support.processes import running

pytestmark = pytest.mark.dune

LIMITS = Limits(cpu=60.0, memory=1 << 30, processes=60, output=1 << 20, disk=64 << 20, seconds=30.0)


@pytest.fixture
def store(store: BaseStore) -> BaseStore:
    return evolve(store, limits=LIMITS)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        yield server


@pytest.fixture(params=["build", "test"])
async def attack(request: pytest.FixtureRequest, engine: Engine, warm: WarmBase) -> "Attack":
    return Attack(engine, warm, request.param)


class Attack:
    """Runs a shell script of a diff, when dune builds or when it tests."""

    def __init__(self, engine: Engine, warm: WarmBase, when: str) -> None:
        self.engine, self.warm, self.when = engine, warm, when

    async def __call__(self, script: str) -> Verdict:
        alias = {"build": "default", "test": "runtest"}[self.when]
        rule = f"(rule (alias {alias}) (action (system {quoted(script)})))\n"
        before = await asyncio.to_thread(digest, self.warm.base.folder, skipped=frozenset({"used"}))
        changes = edits(self.warm, {"attack/dune": rule})
        verdict = await self.engine.evaluate(self.warm, Request(changes=changes, level=Level.TEST))
        after = await asyncio.to_thread(digest, self.warm.base.folder, skipped=frozenset({"used"}))
        assert after == before, "the base has changed"
        return verdict

    async def printed(self, script: str) -> str:
        """What a script prints, by a build that it makes red."""
        verdict = await self(f"( {script} ) 2>&1; exit 1")
        assert verdict.colour is Colour.RED
        return verdict.errors[0].message


def quoted(script: str) -> str:
    return '"' + script.replace("\\", "\\\\").replace('"', '\\"').replace("%{", "\\%{") + '"'


async def test_the_home_folder_and_the_environment(attack: Attack, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id").write_text("the-private-key")
    monkeypatch.setenv("SECRET_API_KEY", "the-api-key")
    printed = await attack.printed(
        f"cat {home}/.ssh/id ~/.ssh/id; ls -a ~ {home}; env; cat /proc/*/environ; ls /root /home"
    )
    assert "the-private-key" not in printed
    assert "the-api-key" not in printed
    assert str(home / ".config") not in printed


async def test_the_network(attack: Attack, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    printed = await attack.printed(
        f"bash -c 'echo hello > /dev/tcp/127.0.0.1/{port}' && echo connected; cat /proc/net/dev"
    )
    assert "connected" not in printed
    assert [line.split(":")[0].strip() for line in printed.splitlines() if ":" in line and "|" not in line][-1] == "lo"
    with pytest.raises(BlockingIOError):
        listener.accept()


async def test_writing_outside(attack: Attack, home: Path) -> None:
    others = ("/var/tmp", "/usr/bin", "/etc", "/opt", "/dev", "/proc/sys/kernel")
    places = [home, home.parent, *map(Path, others), attack.warm.base.tree]
    script = "; ".join(f"echo attacked > {place}/attacked && echo wrote {place}" for place in places)
    printed = await attack.printed(f"{script}; mount -o remount,rw /; unshare -Ur true && echo privileged")
    assert "wrote" not in printed.replace("wrote /dev", "")
    assert "privileged" not in printed
    assert not attacked(places)


def attacked(places: list[Path]) -> list[Path]:
    return [place for place in places if (place / "attacked").exists()]


async def test_leaving_a_process_behind(attack: Attack) -> None:
    nap = f"67.{os.getpid()}"
    verdict = await attack(
        f"setsid sleep {nap} > /dev/null 2>&1 & (setsid sh -c 'sleep {nap} & sleep {nap}' &) > /dev/null 2>&1"
    )
    assert verdict.colour is Colour.GREEN
    assert not running("sleep", nap)


BOMBS = {
    "processes": "f() { f | f & f; }; f",
    "memory": "exec tail /dev/zero",
    "output": "yes",
    "disk": "cat /dev/zero > /tmp/big; cat /dev/zero > big",
    "time": "sleep 600",
    "cpu": "while :; do :; done",
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_taking_too_much(attack: Attack, bomb: str) -> None:
    engine = attack.engine
    if bomb == "time":
        engine.store.limits = evolve(LIMITS, seconds=6.0)
    if bomb == "cpu":
        engine.store.limits = evolve(LIMITS, cpu=3.0)
    verdict = await attack(BOMBS[bomb])
    assert verdict.colour is not Colour.GREEN
    # Whether the kernel or we stop a fork bomb first decides what dune can still say. A build may take much of these
    # since a project is large.
    is_of_the_project = attack.when == "build" and bomb in ("memory", "cpu")
    assert verdict.colour is (Colour.UNKNOWN if is_of_the_project else Colour.RED) or bomb == "processes"
    assert not is_of_the_project or bomb in verdict.reason.lower()
    engine.store.limits = LIMITS
    assert (await attack("true")).colour is Colour.GREEN


async def test_another_evaluation_and_the_base(attack: Attack) -> None:
    spoil = "cd ../../..; echo attacked > lib/stock.ml; rm -rf lib; chmod -R 777 ."
    await attack(f"{spoil}; echo x > /tmp/stray; echo x > /dev/shm/stray")
    tree = attack.warm.base.tree
    printed = await attack.printed(
        f"ls /tmp /dev/shm; cat ../../../lib/stock.ml; cat {tree}/lib/stock.ml; ls {tree.parent.parent}"
    )
    assert "attacked" not in printed
    assert "stray" not in printed


async def test_another_evaluation_at_the_same_time(store: BaseStore, shared_typer: Path, root: Path) -> None:
    engine = make_engine(store, shared_typer, workers=2)
    warm = await engine.open(Folder(root))

    async def one(number: int) -> Verdict:
        script = f"echo {number} > /tmp/mine; sleep 2; ls /proc; cat /tmp/mine; kill -9 -1"
        rule = f"(rule (alias default) (action (system {quoted(script)})))\n"
        return await engine.evaluate(warm, Request(changes=edits(warm, {"attack/dune": rule})))

    found = await asyncio.gather(one(1), one(2))
    assert all(verdict.colour is not Colour.GREEN for verdict in found)
    await engine.close()


FORGERIES = {
    "killing dune": "kill -9 $PPID; sleep 10",
    "killing everything": "kill -9 -1; sleep 10",
    "interrupting whoever watches": "for s in INT TERM HUP QUIT USR1 USR2 ALRM CHLD PIPE; do kill -$s 1; done; exit 1",
    "leaving by dune's own name": "for pid in $(ls /proc | grep '^[0-9]'); do kill -9 $pid; done",
    "writing to whoever watches": "for f in /proc/*/fd/*; do echo '{\"steps\": []}' > $f; done; exit 1",
    "writing to dune's memory": "for p in /proc/[0-9]*; do echo x > $p/mem; done; exit 1",
    "changing what was built": "cd ../../..; for f in _build/.db _build/log; do echo > $f; done;"
    " rm -rf _build/default/lib; exit 1",
    "changing the log": "echo > ../../log; rm ../../log; ln -s /etc/passwd ../../log; exit 1",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_changing_the_verdict_from_within(attack: Attack, forgery: str) -> None:
    verdict = await attack(FORGERIES[forgery])
    assert verdict.colour is not Colour.GREEN
    assert (await attack("true")).colour is Colour.GREEN
