"""The readers of what others wrote, each with what must hold whatever it is given.

A target raises nothing but what its reader says it raises: anything else, and any broken promise, is a finding.
"""

import asyncio
import atexit
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path, PurePosixPath
from types import FrameType

from attrs import frozen

from lsp_aid import editformats
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.ports import View
from lsp_aid.domain.reply import Block, Blocks, Reply
from lsp_aid.domain.text import SourceText, apply_text_edits
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.edits.placing import place
from lsp_aid.errors import EditError, FileUnreadableError, NotTextError, OutsideError, ReplyFormatError
from lsp_aid.ocaml import compiler_output, dune_file, dune_stanzas, messages
from lsp_aid.server import stdio
from lsp_aid.server.server import create_server
from lsp_aid.workspace.view import WorkspaceView
from tests.fuzz import grammar
from tests.support.plain_view import PlainView
from tests.support.served import Toy

FILES = {
    "lib/a.ml": "let f x =\n  let y = x + 1 in\n  y\n\nlet g x = f (f x)\n",
    "lib/b.ml": "(* b *)\nlet rec loop n =\n  if n = 0 then () else loop (n - 1)\n",
    "dune": "(library (name a))\n",
    ".git/config": "[core]\n",
    "_build/log": "built\n",
}
_CLOSED = {".git", ".hg", "_build", "_opam"}
INTERNAL_ERROR = -32603


@frozen
class Target:
    """`check` is given an input; `read` only reads it, however large; `grammar` are pieces that inputs are made of."""

    name: str
    check: Callable[[str], None]
    read: Callable[[str], object]
    grammar: tuple[str, ...]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TimeoutError once this process has computed for so long."""

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still at it after {seconds} s of computing")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@cache
def workspace() -> Path:
    """A project with links that lead out of it and into what is closed. It is gone when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    root, outside = folder / "project", folder / "outside"
    outside.mkdir()
    (outside / "secret.ml").write_text("let secret = 1\n")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "out").symlink_to(outside)
    (root / "lib" / "link.ml").symlink_to(outside / "secret.ml")
    (root / "git").symlink_to(root / ".git")
    (root / "loop").symlink_to(root / "loop")
    return root


def edits(format_: str, text: str) -> None:
    """Reads a reply, at once and in pieces, and says where its edits would be written."""
    for name in (format_, "auto"):
        whole = _read(name, text)
        assert whole == _streamed(name, text), "a stream is read otherwise than the whole"
        if whole is not None:
            _written_inside(whole)


def _read_and_placed(format_: str, text: str) -> None:
    reply = _read(format_, text)
    if reply is not None:
        _place(WorkspaceView(workspace()), reply)


def _place(view: View, reply: Reply) -> ChangeSet | None:
    try:
        return place(view, reply)
    except (EditError, OutsideError, FileUnreadableError):
        return None


def placing(text: str) -> None:
    """A file, what is looked for in it, and what is put in its place. What is placed is a change of that file alone."""
    file, search, replace = (*text.split("\x00"), "", "")[:3]
    blocks = tuple(Block(f"{part}\n", f"{replace}\n") for part in dict.fromkeys((search, "let f x =", file[:200])))
    view = PlainView({"lib/a.ml": file})
    for some in (blocks[:1], blocks):
        changes = _place(view, Reply("", (Blocks("lib/a.ml", some),)))
        if changes:
            (change,) = changes.files
            assert (change.path, change.before) == ("lib/a.ml", file)
            edits_of_it = minimal_edits(file, change.after or "")
            assert apply_text_edits(file, edits_of_it) == change.after


def _read(format_: str, text: str) -> Reply | None:
    try:
        return editformats.read(text, format_)
    except (ReplyFormatError, NotTextError):
        return None


def _streamed(format_: str, text: str) -> Reply | None:
    stream = editformats.Stream(format_)
    size = 1 + len(text) % 7 + len(text) // 50
    try:
        for at in range(0, len(text), size):
            stream.feed(text[at : at + size])
        return stream.finish()
    except (ReplyFormatError, NotTextError):
        return None


def _written_inside(reply: Reply) -> None:
    root = workspace()
    changes = _place(WorkspaceView(root), reply)
    for change in changes.files if changes else ():
        written = Path(os.path.realpath(root / change.path))
        assert not PurePosixPath(change.path).is_absolute(), change.path
        assert written.is_relative_to(root), f"{change.path!r} is outside"
        assert not _CLOSED.intersection(part.lower() for part in written.relative_to(root).parts), change.path
        assert change.before is None or change.before == FILES[written.relative_to(root).as_posix()]


def compiler(text: str) -> None:
    for diagnostic in compiler_output.parse(text, FILES.get):
        assert diagnostic.range.start <= diagnostic.range.end
        source = SourceText(FILES.get(diagnostic.path, ""))
        if diagnostic.path in FILES:
            assert source.offset(diagnostic.range.end) <= len(source.text)
        messages.read(diagnostic)


def message(text: str) -> None:
    for severity in Severity:
        for code in (None, "unused-var [26]", "8", "3"):
            _message(severity, code, text)


def _message(severity: Severity, code: str | None, text: str) -> None:
    messages.read(Diagnostic("lib/a.ml", SourceText("").range(0, 0), severity, text, "ocaml", code))


def dune(text: str) -> None:
    nodes, _ = dune_file.parse(text)
    for node in dune_file.walk(nodes):
        assert 0 <= node.start <= node.end <= len(text)
    for known in dune_stanzas.read({"lib/dune": text})[:20]:
        known.has_module("A")
    for stanza in dune_file.stanzas(text)[:20]:
        added = apply_text_edits(text, [dune_file.add_to_field(text, stanza, "libraries", "unix")])
        assert "unix" in added
        edit = dune_file.remove_from_field(text, stanza, "libraries", "unix")
        if edit is not None:
            apply_text_edits(text, [edit])


def protocol(text: str) -> None:
    """Bytes of an editor, messages or not. Every answer is a message; none says internal error."""
    asyncio.run(_pumped(text))


def _one_message(text: str) -> None:
    """However long, it is one message: what many cost is not what one costs."""
    protocol("\x00" + text.replace("\x00", ""))


class _Wire:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def close(self) -> None:
        """Nothing to close."""


async def _pumped(text: str) -> None:
    problems: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    server, wire, reader = create_server(Toy(workspace().parent / "home").services()), _Wire(), asyncio.StreamReader()
    server.protocol.set_writer(wire)
    hello = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
    server.protocol.receive(json.dumps({**hello, "params": {**hello["params"], "rootUri": None}}).encode())
    bodies = text.split("\x00")
    for number, body in enumerate(bodies):
        data = body.encode("utf-8", "surrogatepass")
        exact = b"Content-Length: %d\r\n\r\n" % len(data)
        reader.feed_data((exact if number % 5 else b"") + data)
    reader.feed_eof()
    await stdio.pump(stdio.messages(reader), server.protocol)
    for _ in range(3):
        await asyncio.sleep(0)
    await server.close()
    assert not problems, problems
    for answer in _messages(b"".join(wire.pieces)):
        assert answer["jsonrpc"] == "2.0"
        assert answer.get("error", {}).get("code") != INTERNAL_ERROR, answer


def _messages(data: bytes) -> list[dict[str, dict[str, object]]]:
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        found.append(json.loads(rest[:length]))
        data = rest[length:]
    return found


def _edits_target(name: str, *pieces: str) -> Target:
    return Target(name, partial(edits, name), partial(_read_and_placed, name), (*grammar.LINES, *pieces))


_ALL = (
    _edits_target("unified_diff", *grammar.DIFF),
    _edits_target("search_replace", *grammar.BLOCK),
    _edits_target("whole_file"),
    _edits_target("apply_patch", *grammar.PATCH),
    Target("placing", placing, placing, (*grammar.LINES, "\x00")),
    Target("compiler_output", compiler, partial(compiler_output.parse, read=FILES.get), grammar.COMPILER),
    Target("messages", message, partial(_message, Severity.ERROR, "8"), grammar.COMPILER),
    Target("dune_file", dune, dune_file.parse, grammar.DUNE),
    Target("protocol", protocol, _one_message, grammar.LSP),
)
TARGETS = {target.name: target for target in _ALL}
