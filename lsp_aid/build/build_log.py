"""What the commands of a build folder said last, read from what dune notes there while it runs.

Two things are had from it and nowhere else: the warnings of files that were compiled well and are not compiled again,
which dune prints once and a clean build always; and for a watch that is not ours, the text of errors as the compiler
printed it.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

import cattrs
from attrs import define, evolve, field, frozen

from lsp_aid.build.dune import with_usual_names
from lsp_aid.build.ran import LOG, TRACE, Ran, Tail, of_log, of_trace
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.ocaml.compiler_output import Read, grammar_of, parse

log = logging.getLogger(__name__)

_DUNE_FILE = re.compile(r"(?:^|/)dune(?:-project|-workspace|\.inc)?$")
_STAGE = re.compile(r"--infer-[\w-]+")
_KEPT = "lsp-aid-warnings.json"
_MOST_COMMANDS = 20_000


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
class _Notes:
    """`of` gives the commands in a piece, and the piece's rest."""

    tail: Tail
    of: Callable[[bytes], tuple[list[Ran], bytes]]
    _rest: bytes = b""

    def read(self) -> list[Ran]:
        data, goes_on = self.tail.read()
        if not data:
            return []
        found, self._rest = self.of((self._rest if goes_on else b"") + data)
        return found


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
    _notes: tuple["_Notes", ...] = field(init=False)

    @_notes.default
    def _make_notes(self) -> tuple["_Notes", ...]:
        return (_Notes(Tail(self.build_dir / LOG), of_log), _Notes(Tail(self.build_dir / TRACE), of_trace))

    def restart(self) -> None:
        """Another dune takes notes from now on: they are read from their beginning."""
        for notes in self._notes:
            notes.tail.restart()

    def update(self) -> None:
        """Reads what has been added. What cannot be read, or is not there, adds nothing."""
        if self.keeps and self._kept is None:
            self._load()
        newest = max(self._notes, key=lambda notes: notes.tail.time())  # the other is an older dune's
        for ran in newest.read():
            self._take(ran)
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
        in error, for nothing there would be compiled. What is printed without saying where, ocamlyacc's conflicts, is
        told where that is known."""
        dead = [PurePosixPath(each.path).parent for each in result.errors if _DUNE_FILE.search(each.path)]
        carried = [
            each
            for each in self.warnings()
            if not any(PurePosixPath(each.path).is_relative_to(folder) for folder in dead)
        ]
        placed = {each.message for each in carried}
        printed = (each for each in result.diagnostics if each.is_error or each.path or each.message not in placed)
        return evolve(result, diagnostics=by_place((*printed, *carried)))

    def printed(self) -> Iterator[Diagnostic]:
        """All that the last runs of the commands said."""
        for said in self._said.values():
            yield from said.diagnostics

    def _take(self, ran: Ran) -> None:
        output, line = (with_usual_names(text, self.root, self.build_dir) for text in (ran.output, ran.line))
        diagnostics = parse(output, self.read, line)
        if grammar := grammar_of(line):
            self._take_generator(grammar, line, _Said(diagnostics, grammar))
            return
        if not ran.source:
            self._remember((ran.line, ""), _Said(diagnostics))
            return
        program, folder = Path(ran.program).name.removesuffix(".opt"), self.root / ran.folder
        said = _Said(diagnostics, ran.source, str(folder / ran.target) if ran.target else "")
        if program == "ocamldep":
            # It runs when the text has changed: what was said of the old text no longer holds.
            for key in [key for key, said in self._said.items() if said.source == ran.source]:
                del self._said[key]
        self._remember((program, str(folder / ran.source)), said)

    def _take_generator(self, grammar: str, line: str, said: _Said) -> None:
        """menhir runs once for a grammar, or in two stages; what it said in the other way no longer holds."""
        stage = _STAGE.search(line)
        for key in [key for key, old in self._said.items() if old.source == grammar]:
            if bool(key[0]) != bool(stage):
                del self._said[key]
        self._remember((stage[0] if stage else "", grammar), said)

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
