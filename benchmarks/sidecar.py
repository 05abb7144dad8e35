"""How soon a server is there, what the relay costs, and what a restart interrupts, beside other language servers.

    python -m benchmarks.sidecar [--count N] [--no-peers]

Each start is timed from before the process until the answer to `initialize` has been read; ours and the peers' take
turns. All are asked the same: a method that none of them has, which they have to refuse.
"""

import argparse
import contextlib
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.peers import peers
from lsp_aid.sidecar import control
from lsp_aid.sidecar.link import MARK
from lsp_aid.sidecar.meeting import Meeting, at
from lsp_aid.wire import Frames, frame
from tools.own_ocaml import CHECKOUT

LINES = 10_000
EDITS = 5_000
ASKED = 2_000


class Client:
    """A client that waits: one request after the other, by plain system calls."""

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], object]) -> None:
        self._read, self._write = read, write
        self._frames = Frames(MARK.lower())
        self._number = 0
        self._came: list[dict] = []

    def notify(self, method: str, params: object) -> None:
        self._write(frame(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()))

    def request(self, method: str, params: object) -> dict:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self._write(frame(json.dumps(message).encode()))
        return self.answer(self._number)

    def answer(self, number: int) -> dict:
        while True:
            for message in self._came:
                if message.get("id") == number and "method" not in message:
                    self._came.clear()
                    return message
            self._came.clear()
            data = self._read(262_144)
            if not data:
                raise EOFError("the server has gone")
            self._came += [json.loads(body) for body, marked in self._frames.feed(data) if not marked]

    def initialize(self) -> dict:
        return self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})


@contextlib.contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[tuple[Client, subprocess.Popen]]:
    """A server by its command line, which is killed in the end."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment, bufsize=0, cwd="/"
    )
    assert process.stdin
    assert process.stdout
    outgoing, incoming = process.stdin.fileno(), process.stdout.fileno()
    try:
        yield Client(lambda size: os.read(incoming, size), lambda data: _write_all(outgoing, data)), process
    finally:
        process.kill()
        process.wait()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def begins(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds from the start of a process to the answer to `initialize`, and those of the processor that it took for
    that: the latter say more where the machine is at other work as well."""
    before, begun = _of_processor(), time.perf_counter()
    with started(command, environment) as (client, _):
        answer = client.initialize()
        seconds = time.perf_counter() - begun
    assert "result" in answer, answer
    return seconds, _of_processor() - before


def _of_processor() -> float:
    """Seconds that children took which have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Bench:
    """A home folder of its own, with one daemon."""

    def __init__(self, home: Path) -> None:
        folders = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("STATE", "CONFIG", "CACHE", "DATA")}
        own = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "LSP_AID_TRUST": "never", **folders}
        self.environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | own
        program = Path(sys.executable).with_name("lsp-aid")
        self.command = [str(program)] if program.exists() else [sys.executable, "-m", "lsp_aid", "--stdio"]
        self.document = (home / "large.ml").as_uri()
        subprocess.run([sys.executable, "-m", "compileall", "-q", CHECKOUT / "lsp_aid"], check=False)

    def warm(self) -> None:
        begins(self.command, self.environment)
        time.sleep(4)  # it imports the rest of what it may need

    def stop(self) -> None:
        control.stop(self.environment)

    @contextlib.contextmanager
    def editor(self) -> Iterator[tuple[Client, subprocess.Popen]]:
        with started(self.command, self.environment) as (client, process):
            client.initialize()
            client.notify("initialized", {})
            yield client, process

    @contextlib.contextmanager
    def direct(self) -> Iterator[Client]:
        """A client at the daemon's socket, without a relay."""
        end = socket.socket(socket.AF_UNIX)
        with at(Meeting(self.environment).socket) as name:
            end.connect(name)
        end.sendall(frame(b'{"type": "hello", "role": "editor", "protocol": 1}', MARK))
        with end:
            client = Client(end.recv, end.sendall)
            client.initialize()
            client.notify("initialized", {})
            yield client

    def open_large(self, client: Client) -> None:
        text = "".join(f"let value_{n} = List.length [ {n}; {n + 1} ]\n" for n in range(LINES))
        item = {"uri": self.document, "languageId": "ocaml", "version": 1, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": item})

    def edit(self, client: Client, number: int) -> None:
        place = {"line": (number * 37) % LINES, "character": 4}
        change = {"range": {"start": place, "end": place}, "text": "x"}
        document = {"uri": self.document, "version": number + 2}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def ask(self, client: Client) -> None:
        client.request("lsp-aid/text", {"uri": "file:///none"})


def told(seconds: list[float]) -> str:
    """The median, the least and the most, in milliseconds."""
    milliseconds = [1000 * one for one in seconds]
    return f"{statistics.median(milliseconds):.1f} | {min(milliseconds):.1f} | {max(milliseconds):.1f}"


def starts(bench: Bench, others: dict[str, list[str]], count: int) -> None:
    """How soon each is there, what it then takes of memory, and how soon it answers."""
    bench.warm()
    serve = [sys.executable, "-m", "lsp_aid", "serve"]
    commands = {"**lsp-aid**, the daemon is warm": bench.command, "lsp-aid serve, without a daemon": serve, **others}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(count):
        for name, command in commands.items():
            times[name].append(begins(command, bench.environment))
    print(
        "\n| process start to the answer to `initialize`, ms | median | least | most | processor | MB | an answer, ms |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, command in commands.items():
        print(f"| {name} | {_both(times[name])} | {_at_work(command, bench.environment)} |")
    cold = []
    for _ in range(max(3, count // 4)):
        bench.stop()
        cold.append(begins(bench.command, bench.environment))
    print(f"| lsp-aid, there is no daemon yet | {told([wall for wall, _ in cold])} | | | |")
    python = [_empty() for _ in range(count)]
    print(f"| *Python starts and ends* | {_both(python)} | | |")
    bench.warm()


def _both(times: list[tuple[float, float]]) -> str:
    walls, used = zip(*times, strict=True)
    return f"{told(list(walls))} | {1000 * statistics.median(used):.0f}"


def _empty() -> tuple[float, float]:
    before = _of_processor()
    return _seconds(lambda: subprocess.run([sys.executable, "-c", ""], check=True)), _of_processor() - before


def _at_work(command: list[str], environment: dict[str, str]) -> str:
    """The memory of a server that has begun, and the median time of an answer."""
    with started(command, environment) as (client, process):
        client.initialize()
        client.notify("initialized", {})
        times = [_seconds(lambda: client.request("bench/none", {})) for _ in range(ASKED // 4)]
        return f"{_resident(process.pid) / 1e6:.0f} | {1000 * statistics.median(times):.2f}"


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def messages(bench: Bench) -> None:
    """The same request through the relay and without one, in turns."""
    with bench.editor() as (through, process), bench.direct() as direct:
        for client in (through, direct):
            for _ in range(200):
                bench.ask(client)
        pairs = [(_seconds(lambda: bench.ask(through)), _seconds(lambda: bench.ask(direct))) for _ in range(ASKED)]
        by_relay, without = (sorted(1000 * one for one in column) for column in zip(*pairs, strict=True))
        print("\n| a request and its answer, ms | median | 95 % |\n|---|---:|---:|")
        for name, column in (("through the relay", by_relay), ("without", without)):
            print(f"| {name} | {statistics.median(column):.3f} | {column[int(len(column) * 0.95)]:.3f} |")
        cost = (statistics.median(by_relay) - statistics.median(without)) / 2
        print(f"| **the relay's cost for each of the two messages** | {cost:.3f} | |")
        memory = control.status(bench.environment)
        assert memory is not None
        print("\n| memory, MB | resident |\n|---|---:|")
        print(f"| relay | {_resident(process.pid) / 1e6:.0f} |")
        print(f"| daemon, two editors without a project | {memory['memory'] / 1e6:.0f} |")


def _resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def typing(bench: Bench) -> None:
    """Edits at 1,000 a second, and as fast as they are taken."""
    with bench.editor() as (client, _):
        bench.open_large(client)
        client.request("lsp-aid/text", {"uri": "file:///none"})
        begun = time.perf_counter()
        for number in range(EDITS):
            while time.perf_counter() < begun + number / 1000:
                time.sleep(0.0002)
            bench.edit(client, number)
        behind = _seconds(lambda: bench.ask(client))
        fast = _seconds(lambda: (*(bench.edit(client, EDITS + n) for n in range(EDITS)), bench.ask(client)))
        text = client.request("lsp-aid/text", {"uri": bench.document})["result"]["text"]
        assert text.count("x") == 2 * EDITS, text.count("x")
    print(f"\n| {LINES:,} lines, {EDITS:,} edits | |\n|---|---:|")
    print(f"| at 1,000 a second: behind after the last one, ms | {1000 * behind:.1f} |")
    print(f"| as fast as they are taken: edits a second | {EDITS / fast:,.0f} |")


def interruptions(bench: Bench, count: int) -> None:
    """The slowest answer while the daemon is replaced, in an editor that asks without a pause."""
    restarted, killed = [], []
    with bench.editor() as (client, _):
        bench.open_large(client)
        for times, befall in ((restarted, lambda: control.restart(bench.environment)), (killed, lambda: _kill(bench))):
            for _ in range(count):
                times.append(_slowest(bench, client, befall))
    print("\n| slowest answer while the daemon goes, ms | median | least | most |\n|---|---:|---:|---:|")
    print(f"| `lsp-aid restart` | {told(restarted)} |\n| SIGKILL | {told(killed)} |")


def _kill(bench: Bench) -> None:
    running = control.status(bench.environment)
    assert running is not None
    os.kill(running["pid"], 9)


def _slowest(bench: Bench, client: Client, befall: Callable[[], object]) -> float:
    other = threading.Thread(target=befall)
    slowest, begun = 0.0, time.perf_counter()
    other.start()
    while other.is_alive() or time.perf_counter() - begun < 3:
        slowest = max(slowest, _seconds(lambda: bench.ask(client)))
    other.join()
    return slowest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=15, metavar="N", help="how often each is done")
    parser.add_argument("--no-peers", action="store_true", help="lsp-aid alone")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="aid-"))
    bench = Bench(home)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}")
    try:
        starts(bench, {} if options.no_peers else peers(), options.count)
        messages(bench)
        typing(bench)
        interruptions(bench, max(3, options.count // 3))
    finally:
        bench.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
