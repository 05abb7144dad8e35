"""Turns what the program and the compiler say into values, and places in code points into the compiler's bytes."""

from pathlib import PurePosixPath

from attrs import evolve, frozen

from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.errors import UsageError
from lsp_aid.ocaml.compiler_output import parse

_NOWHERE = Range(Position(0, 0), Position(0, 0))
_TAIL = 2000


@frozen
class Source:
    """A text, its path below `flags.folder`, and the `.mli` that goes with it where that is given."""

    path: str
    text: str
    flags: CompilerFlags
    interface: str | None = None

    def __attrs_post_init__(self) -> None:
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts or path.suffix not in (".ml", ".mli") or "\0" in self.path:
            raise UsageError(f"{self.path!r} is no path of an .ml or .mli file below the folder of its project")

    @property
    def unit(self) -> str:
        return self.flags.unit or PurePosixPath(self.path).stem

    @property
    def interface_path(self) -> str:
        return str(PurePosixPath(self.path).with_suffix(".mli"))

    def of(self, text: str) -> "Source":
        """The same with another text."""
        return evolve(self, text=text)

    def read(self, path: str) -> str | None:
        if path == self.path:
            return self.text
        return self.interface if path == self.interface_path else None


def result(source: Source, report: str, *, green: bool, seconds: float) -> BuildResult:
    """What the compiler's own report says."""
    if green and not report:
        return BuildResult(True, (), seconds)
    report = _as_dune_has_it(source, report)
    found = parse(report, source.read)
    if not green and not any(d.is_error for d in found):
        tail = report.strip()[-_TAIL:] or "The compiler refuses it, and says nothing"
        found = (*found, Diagnostic(source.path, _NOWHERE, Severity.ERROR, tail))
    return BuildResult(green, found, seconds, report)


def byte_offset(text: str, position: Position) -> int:
    return len(text[: SourceText(text).offset(position)].encode("utf-8", "replace"))


def place(text: str, first: int, last: int) -> Range:
    """The range between two offsets in bytes."""
    raw = text.encode("utf-8", "replace")
    start = len(raw[:first].decode("utf-8", "ignore"))
    return SourceText(text).range(start, start + len(raw[first:last].decode("utf-8", "ignore")))


def _as_dune_has_it(source: Source, report: str) -> str:
    """dune names folders relative to where the compiler runs, though it tells merlin absolute ones; and it tells the
    compiler that interfaces end in `.ml`, which messages then say. The same error shall read the same."""
    if not source.flags.unit:
        return report
    report = report.replace(f"{source.flags.folder}/", "")
    return report.replace(f'the interface "{source.interface_path}"', f'the interface "{source.path}"')
