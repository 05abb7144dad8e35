"""What dune ran, as it notes it in its build folder while it runs.

Up to dune 3.20 that is a text, `log`, with lines `$ COMMAND`, `> OUTPUT`, `[STATUS]` and `# NOTE`; from 3.21 on it is
`trace.csexp`, canonical s-expressions, one for each event. Of these only programs that have ended are looked at:
another event holds the user's whole environment.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from attrs import define, frozen

from lsp_aid.build.csexp import Csexp, CsexpError, Reader

LOG, TRACE = "log", "trace.csexp"

MOST_BYTES = 16_000_000
"""How much is read at once; of what is longer, the end."""

_COMPILES = re.compile(r"^(?:\(cd (?P<cwd>\S+) && )?(?P<program>\S+).* -(?:impl|intf) (?P<source>[^\s)]+)")
_TARGET = re.compile(r" -o ([^\s)]+)")
_EVENT = b"(7:process6:finish"
_MOST_OUTPUT = 200_000
_MOST_EVENT = 4_000_000


@frozen
class Ran:
    """A command that has ended, with all that it printed. `line` tells it from others.

    Where it compiled something, `source` is the file, `folder` where it ran, relative to the root or absolute, and
    `target` what it was to make, relative to `folder`; otherwise these are empty.
    """

    line: str
    output: str
    program: str = ""
    source: str = ""
    folder: str = ""
    target: str = ""


@define(eq=False)
class Tail:
    """A file that grows, or is begun anew. Works on the disk."""

    path: Path
    _inode: int = 0
    _at: int = 0

    def restart(self) -> None:
        """It is read from its beginning."""
        self._inode, self._at = 0, 0

    def time(self) -> float:
        """When it was written to last; 0 where it is not there."""
        try:
            return self.path.stat().st_mtime
        except OSError:
            return 0.0

    def read(self) -> tuple[bytes, bool]:
        """What was added, and whether it goes on from what was read before. Nothing where there is no such file."""
        try:
            with self.path.open("rb") as file:
                return self._read(file)
        except OSError:
            return b"", True

    def _read(self, file: BinaryIO) -> tuple[bytes, bool]:
        status, goes_on = os.fstat(file.fileno()), True
        if status.st_ino != self._inode or status.st_size < self._at:
            self._inode, self._at, goes_on = status.st_ino, 0, False
        if status.st_size - self._at > MOST_BYTES:
            self._at, goes_on = status.st_size - MOST_BYTES, False
        file.seek(self._at)
        data = file.read(MOST_BYTES)
        self._at = file.tell()
        return data, goes_on


def of_log(data: bytes) -> tuple[list[Ran], bytes]:
    """The commands in a piece of a log, and its rest, in which the last command may go on. That one is among them, too,
    as far as it is there: who asks knows that a build has ended."""
    whole, mark, rest = data.rpartition(b"\n$ ")
    rest = mark + rest
    return [*_commands(whole.decode("utf-8", "replace")), *_commands(rest.decode("utf-8", "replace"))], rest


def _commands(text: str) -> Iterator[Ran]:
    line = ""
    output: list[str] = []
    for each in (*text.split("\n"), "$ "):
        if each.startswith("$ "):
            if line:
                yield _of_line(line, "\n".join(output)[:_MOST_OUTPUT])
            line, output = each[2:], []
        elif each.startswith("> ") or each == ">":
            output.append(each[2:])


def _of_line(line: str, output: str) -> Ran:
    match = _COMPILES.match(line)
    if match is None:
        return Ran(line, output)
    target = _TARGET.search(line)
    return Ran(line, output, match["program"], match["source"], match["cwd"] or ".", target[1] if target else "")


def of_trace(data: bytes) -> tuple[list[Ran], bytes]:
    """The commands in a piece of a trace, and its rest, in which an event is not complete."""
    found: list[Ran] = []
    at = data.find(_EVENT)
    while at >= 0:
        next_at = data.find(_EVENT, at + 1)
        event = _first(data[at : next_at if next_at >= 0 else len(data)])
        if event is None and next_at < 0:
            return found, data[at:] if len(data) - at <= _MOST_EVENT else b""
        if event is not None and (ran := _of_event(event)) is not None:
            found.append(ran)
        at = next_at
    return found, data[-len(_EVENT) + 1 :]


def _first(data: bytes) -> Csexp | None:
    """The value at the start of some bytes; None where there is none, or no whole one."""
    try:
        return next(Reader().feed(data), None)
    except CsexpError:
        return None


def _of_event(event: Csexp) -> Ran | None:
    fields = {each[0]: each[1] for each in event if isinstance(each, tuple) and len(each) == 2}
    program, folder, words = fields.get(b"prog"), fields.get(b"dir"), fields.get(b"process_args")
    if not isinstance(program, bytes) or not isinstance(folder, bytes) or not isinstance(words, tuple):
        return None
    given = [_text(word) for word in words]
    output = "".join(_text(fields.get(name, b"")) for name in (b"stdout", b"stderr"))[:_MOST_OUTPUT]
    source = _behind(given, "-impl") or _behind(given, "-intf")
    line = " ".join((_text(folder), _text(program), *given))
    if not source:
        return Ran(line, output)
    return Ran(line, output, _text(program), source, _text(folder), _behind(given, "-o"))


def _behind(words: list[str], option: str) -> str:
    return words[at + 1] if option in words[:-1] and (at := words.index(option)) >= 0 else ""


def _text(value: Csexp) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
