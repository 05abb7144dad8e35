"""Reads the log that dune keeps in its build folder, while dune runs.

The log has each command that was run, with all that it printed. Two things are had from it and nowhere else: the
warnings of files that were compiled well and are not compiled again, which dune prints once and a clean build always;
and for a watch that is not ours, the text of errors as the compiler printed it. dune from 3.21 on keeps no such log;
then there is less to tell.
"""

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import cattrs
from attrs import define, evolve, field, frozen

from lsp_aid.build.dune import with_usual_names
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.ocaml.compiler_output import Read, parse

log = logging.getLogger(__name__)

MOST_BYTES = 16_000_000
"""How much of a log is read at once; of a longer one, the end."""

_COMPILES = re.compile(r"^(?:\(cd (?P<cwd>\S+) && )?(?P<program>\S+).* -(?:impl|intf) (?P<source>[^\s)]+)")
_TARGET = re.compile(r" -o ([^\s)]+)")
_DUNE_FILE = re.compile(r"(?:^|/)dune(?:-project|-workspace|\.inc)?$")
_KEPT = "lsp-aid-warnings.json"
_MOST_OUTPUT = 200_000
_MOST_COMMANDS = 20_000


@frozen
class _Command:
    line: str
    output: str


@frozen
class _Said:
    """What the last run of a command said. `source` and `target` are empty where it compiles nothing."""

    diagnostics: tuple[Diagnostic, ...]
    source: str = ""
    target: str = ""

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.diagnostics if not each.is_error) if self.source else ()


@define(eq=False)
class BuildLog:
    """What the commands of one build folder said last, over all runs of dune that were followed.

    Works on the disk. `read` gives texts as `ocaml.compiler_output.parse` takes it. `keeps`: the warnings are kept in
    the build folder, which has to be ours, so that the next process knows them without compiling anew.
    """

    root: Path
    build_dir: Path
    read: Read
    keeps: bool = False
    _kept: str | None = None
    _said: dict[tuple[str, str], _Said] = field(factory=dict)
    _inode: int = 0
    _at: int = 0
    _rest: bytes = b""

    def restart(self) -> None:
        """Another dune writes the log from now on: it is read from its beginning."""
        self._inode, self._at, self._rest = 0, 0, b""

    def update(self) -> None:
        """Reads what has been added. A log that cannot be read, or is not there, adds nothing."""
        if self.keeps and self._kept is None:
            self._load()
        try:
            with (self.build_dir / "log").open("rb") as file:
                self._read(file)
        except OSError:
            return
        if self.keeps:
            self._save()

    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings that are no errors, of what was compiled last and is still there."""
        found = []
        for said in self._said.values():
            if said.warnings and (not said.target or Path(said.target).exists()):
                found += [each for each in said.warnings if each.path and self.read(each.path) is not None]
        return tuple(dict.fromkeys(found))

    def with_warnings(self, result: BuildResult) -> BuildResult:
        """A result with the warnings that a clean build would print with it: not those of a folder whose dune file is
        in error, for nothing there would be compiled."""
        dead = [PurePosixPath(each.path).parent for each in result.errors if _DUNE_FILE.search(each.path)]
        carried = (
            each
            for each in self.warnings()
            if not any(PurePosixPath(each.path).is_relative_to(folder) for folder in dead)
        )
        return evolve(result, diagnostics=by_place((*result.diagnostics, *carried)))

    def printed(self) -> Iterator[Diagnostic]:
        """All that the last runs of the commands said."""
        for said in self._said.values():
            yield from said.diagnostics

    def _read(self, file: BinaryIO) -> None:
        status = os.fstat(file.fileno())
        if status.st_ino != self._inode or status.st_size < self._at:
            self._inode, self._at, self._rest = status.st_ino, 0, b""
        if status.st_size - self._at > MOST_BYTES:
            self._at, self._rest = status.st_size - MOST_BYTES, b""
        file.seek(self._at)
        data = self._rest + file.read(MOST_BYTES)
        self._at = file.tell()
        # What follows the last command may not be whole yet.
        whole, mark, rest = data.rpartition(b"\n$ ")
        for command in _commands(whole.decode("utf-8", "replace")):
            self._take(command)
        self._rest = mark + rest
        # A build has ended when this is called, so the last command is told as far as it is there.
        for command in _commands(self._rest.decode("utf-8", "replace")):
            self._take(command)

    def _take(self, command: _Command) -> None:
        diagnostics = parse(with_usual_names(command.output, self.root, self.build_dir), self.read)
        match = _COMPILES.match(command.line)
        if match is None:
            self._remember((command.line, ""), _Said(diagnostics))
            return
        program, source = Path(match["program"]).name.removesuffix(".opt"), match["source"]
        folder = self.root / (match["cwd"] or ".")
        target = _TARGET.search(command.line)
        said = _Said(diagnostics, source, str(folder / target[1]) if target else "")
        if program == "ocamldep":
            # It runs when the text has changed: what was said of the old text no longer holds.
            for key in [key for key, said in self._said.items() if said.source == source]:
                del self._said[key]
        self._remember((program, str(folder / source)), said)

    def _load(self) -> None:
        self._kept = ""
        try:
            self._kept = (self.build_dir / _KEPT).read_text(encoding="utf-8")
            self._said = dict(cattrs.structure(json.loads(self._kept), list[tuple[tuple[str, str], _Said]]))
        except OSError:
            return  # nothing was kept yet
        except (ValueError, RecursionError, cattrs.BaseValidationError) as error:
            log.warning("%s: what was kept cannot be read: %s", self.build_dir, error)

    def _save(self) -> None:
        kept = [
            (key, _Said(said.warnings, said.source, said.target)) for key, said in self._said.items() if said.warnings
        ]
        text = json.dumps(cattrs.unstructure(kept))
        if text == self._kept:
            return
        self._kept = text
        file = self.build_dir / _KEPT
        try:
            file.with_suffix(".new").write_text(text, encoding="utf-8")
            file.with_suffix(".new").replace(file)
        except OSError as error:
            log.warning("%s cannot be written: %s", file, error)

    def _remember(self, key: tuple[str, str], said: _Said) -> None:
        self._said.pop(key, None)
        if said.diagnostics:
            self._said[key] = said
        if len(self._said) > _MOST_COMMANDS:
            del self._said[next(iter(self._said))]


def by_place(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each once, by place; what is about the project as a whole comes last."""
    return tuple(sorted(dict.fromkeys(found), key=lambda d: (not d.path, d.path, d.range.start)))


def _commands(text: str) -> Iterator[_Command]:
    """Lines are `$ COMMAND`, `> OUTPUT`, `[STATUS]` and `# NOTE`."""
    line = ""
    output: list[str] = []
    for each in (*text.split("\n"), "$ "):
        if each.startswith("$ "):
            if line:
                yield _Command(line, "\n".join(output)[:_MOST_OUTPUT])
            line, output = each[2:], []
        elif each.startswith("> ") or each == ">":
            output.append(each[2:])
