"""An editor that records every publish of diagnostics, and holds each to the text that it is about.

What is said of a text has to be what a clean `dune build` says of it. A publish is judged when it comes:

- its version is one that the document had, and its ranges lie in that text;
- what it says anew, a clean build says of the files as they are on disk, or as they were before a write that the server
  may not have heard of yet, or would say were the document saved, or all that are open; and it says it of the very text
  that stands there;
- what it says still, stands at the same text as before.

`settled` waits until all that is shown of what is saved is what a clean build of the files on disk says, and no less.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from lsp_aid.build.dune import DuneBuild
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.config import BuildSettings
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.text import SourceText
from lsp_aid.workspace.encoding import Encoding, units
from tests.support.bare_client import LITERALS, BareClient

PROJECT_FILE = "dune-project"
Texts = tuple[tuple[str, str], ...]
_SEVERITIES = {"error": 1, "warning": 2}


@frozen
class Said:
    """A diagnostic as a client has it; white space in the message does not matter."""

    severity: int
    code: str | None
    message: str
    range: tuple[int, int, int, int]

    def stands_at(self, text: str) -> str | None:
        """What stands at its range, which counts in UTF-16; None where the range is not in the text."""
        source = SourceText(text)
        ends = [_offset(source, *self.range[:2]), _offset(source, *self.range[2:])]
        return text[ends[0] : ends[1]] if None not in ends else None


def _offset(source: SourceText, line: int, character: int) -> int | None:
    if line >= len(source.line_starts):
        return None
    encoded = source.line(line).encode("utf-16-le")
    if 2 * character > len(encoded):
        return None
    return source.line_starts[line] + len(encoded[: 2 * character].decode("utf-16-le"))


def said(diagnostic: dict[str, Any]) -> Said:
    start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
    place = (start["line"], start["character"], end["line"], end["character"])
    return Said(diagnostic["severity"], diagnostic.get("code"), _flat(diagnostic["message"]), place)


def _flat(message: str) -> str:
    return " ".join(message.split()).split(" -> required by ")[0]


@define(eq=False)
class Truth:
    """What a clean `dune build` of texts says, file by file. Each set of texts is built once, in a new folder."""

    toolchain: Toolchain
    targets: tuple[str, ...]
    _known: dict[Texts, "dict[str, frozenset[Said]]"] = field(factory=dict)

    async def of(self, texts: Texts) -> dict[str, frozenset[Said]]:
        if texts not in self._known:
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder).resolve() / "project"  # noqa: ASYNC240
                for name, text in texts:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_bytes(text.encode())
                build = DuneBuild(root, root.parent / "build", self.toolchain, BuildSettings(targets=self.targets))
                result = await build.build()
            by_path: dict[str, set[Said]] = {}
            for each in result.diagnostics:
                path = each.path or PROJECT_FILE
                by_path.setdefault(path, set()).add(_as_published(each, dict(texts).get(path, "")))
            self._known[texts] = {path: frozenset(found) for path, found in by_path.items()}
        return self._known[texts]


def _as_published(diagnostic: Diagnostic, text: str) -> Said:
    source, place = SourceText(text), diagnostic.range
    columns = [units(source.line(p.line), p.column, Encoding.UTF16) for p in (place.start, place.end)]
    where = (place.start.line, columns[0], place.end.line, columns[1])
    where = where if diagnostic.path else (0, 0, 0, 0)
    return Said(_SEVERITIES[diagnostic.severity], diagnostic.code, _flat(diagnostic.message), where)


@frozen
class Published:
    """A publish, with what the client held when it came: `text` of the document at its version, or on disk where it is
    not open (None: there is no such version); `since`: the first state that it may be about."""

    path: str
    version: int | None
    is_open: bool
    text: str | None
    items: tuple[Said, ...]
    since: int
    until: int
    held: Texts = ()
    """The open documents as the client held them."""


class Recorder(BareClient):
    """`states` are the texts on disk, each time something was written; `since`: the first of them that the server may
    still speak of."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer, seconds=120)
        self.root = Path()
        self.states: list[Texts] = []
        self.since = 0
        self.published: list[Published] = []
        self.versions: dict[str, dict[int, str]] = {}
        self.current: dict[str, frozenset[Said]] = {}
        self.status: dict[str, Any] = {}

    # --- what the user does ---

    async def begin(self, root: Path, **options: Any) -> None:
        self.root = root
        self.note()
        published = {"versionSupport": True, "relatedInformation": True}
        document = {"publishDiagnostics": published, "codeAction": LITERALS}
        await self.initialize(root, options=options, textDocument=document, workspace={"applyEdit": True})

    def note(self) -> None:
        """Takes note of the texts on disk."""
        files = (path for path in self.root.rglob("*") if path.is_file() and "_build" not in path.parts)
        self.states.append(tuple(sorted((p.relative_to(self.root).as_posix(), p.read_bytes().decode()) for p in files)))

    def read(self, path: str) -> None:
        """Opens a document with the text on disk."""
        text = (self.root / path).read_bytes().decode()
        self.versions[path] = {1: text}
        self.open(self.root / path, text)

    def type(self, path: str, text: str) -> None:
        """Has a document become another text, by one edit of what differs."""
        history = self.versions[path]
        version = max(history) + 1
        before, history[version] = history[max(history)], text
        self.edit(path, before, text, version)

    def edit(self, path: str, before: str, text: str, version: int) -> None:
        """Sends the smallest edit of whole characters."""
        head = 0
        while head < min(len(before), len(text)) and before[head] == text[head]:
            head += 1
        tail = 0
        while tail < min(len(before), len(text)) - head and before[-1 - tail] == text[-1 - tail]:
            tail += 1
        source = SourceText(before)
        ends = [source.position(at) for at in (head, len(before) - tail)]
        start, end = ({"line": p.line, "character": units(source.line(p.line), p.column, Encoding.UTF16)} for p in ends)
        change = {"range": {"start": start, "end": end}, "text": text[head : len(text) - tail]}
        document = {"uri": (self.root / path).as_uri(), "version": version}
        self.texts[document["uri"]] = text
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    async def save(self, path: str, text: str | None = None) -> None:
        """Saves a document, as it is or after it has become another."""
        if text is not None:
            self.type(path, text)
        history = self.versions[path]
        (self.root / path).write_bytes(history[max(history)].encode())
        self.note()
        super().save(self.root / path)
        await self.fence()

    async def write(self, **texts: str | None) -> None:
        """Writes files behind the editor's back, `dir__a_ml` for `dir/a.ml`; None removes one. Nobody is told."""
        for name, text in texts.items():
            file = self.root / name.replace("__", "/").replace("_", ".")
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode())
            self.note()

    async def fence(self) -> None:
        """Returns once the server has read all that was sent. What was written before counts from then on."""
        written = len(self.states) - 1
        await self.command("lsp-aid.status")
        self.since = written

    # --- what comes ---

    async def _take(self, message: dict) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._record(message["params"])
        elif message.get("method") == "lsp-aid/status":
            self.status = message["params"]
        await super()._take(message)

    def _record(self, params: dict[str, Any]) -> None:
        path = Path(params["uri"].removeprefix("file://")).relative_to(self.root).as_posix()
        version, history = params.get("version"), self.versions.get(path)
        if history is not None:
            text = history.get(version) if version is not None else None
        else:
            text = dict(self.states[-1]).get(path, "")
        items = tuple(said(each) for each in params["diagnostics"] if each.get("source") != "lsp-aid")
        until = len(self.states) - 1
        held = tuple((name, texts[max(texts)]) for name, texts in self.versions.items())
        self.published.append(Published(path, version, history is not None, text, items, self.since, until, held))
        self.current[path] = frozenset(items)

    # --- what is held to ---

    async def settled(self, truth: Truth) -> None:
        """Waits until what is shown is what a clean build of the files on disk says, and the status bar says so too."""
        found = await truth.of(self.states[-1])
        errors = sum(each.severity == 1 for told in found.values() for each in told)
        state = "red" if errors else "green"
        wanted = {path: told for path, told in found.items() if not self._is_unsaved(path)}

        def shown() -> dict[str, frozenset[Said]]:
            return {path: told for path, told in self.current.items() if told and not self._is_unsaved(path)}

        def is_so() -> bool:
            return shown() == wanted and (self.status.get("state"), self.status.get("errors")) == (state, errors)

        try:
            async with asyncio.timeout(self.seconds), self.news:
                await self.news.wait_for(is_so)
        except TimeoutError:
            raise AssertionError(f"{self.status}\n{_compared(shown(), wanted)}\n{self.shown()}") from None
        self.since = len(self.states) - 1

    def _is_unsaved(self, path: str) -> bool:
        history = self.versions.get(path)
        return history is not None and history[max(history)] != dict(self.states[-1]).get(path)

    async def check(self, truth: Truth) -> None:
        """Holds every publish to what it may say."""
        before: dict[str, list[tuple[Said, str]]] = {}
        for number, each in enumerate(self.published):
            where = f"publish {number}: {each}"
            assert each.text is not None, f"a version that {each.path} did not have: {where}"
            now = []
            for item in each.items:
                stands = item.stands_at(each.text)
                assert stands is not None, f"a range outside of the text: {where}"
                kept = any(_same(item, old) and stands == stood for old, stood in before.get(each.path, ()))
                assert kept or await self._is_true(truth, each, item, stands), f"{item} is not so: {where}"
                now.append((item, stands))
            before[each.path] = now

    async def _is_true(self, truth: Truth, each: Published, item: Said, stands: str) -> bool:
        assert each.text is not None
        states = self.states[each.since : each.until + 1]
        unsaved = [tuple(sorted({**dict(texts), each.path: each.text}.items())) for texts in states]
        unsaved += [tuple(sorted({**dict(texts), **dict(each.held), each.path: each.text}.items())) for texts in states]
        for texts in dict.fromkeys((*states, *unsaved)):
            text = dict(texts).get(each.path, "")
            for one in (await truth.of(texts)).get(each.path, ()):
                if _same(one, item) and one.stands_at(text) == stands:
                    return True
        return False


def _same(one: Said, other: Said) -> bool:
    return (one.severity, one.code, one.message) == (other.severity, other.code, other.message)


def _compared(shown: dict[str, frozenset[Said]], wanted: dict[str, frozenset[Said]]) -> str:
    lines = []
    for path in sorted({*shown, *wanted}):
        has, should = shown.get(path, frozenset()), wanted.get(path, frozenset())
        lines += [f"{path}: shown, and not so: {each}" for each in has - should]
        lines += [f"{path}: not shown: {each}" for each in should - has]
    return "\n".join(lines)
