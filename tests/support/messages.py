"""The corpus in tests/fixtures/messages: small erroneous programs, and what their messages are to be read as.

    === string-for-int
    let x = 1 + "a"
    5.3> TypeClash(found='string', expected='int', what='constant')
    4.13> TypeClash(found='string', expected='int')

A case is one file, `a.ml`, or several, each below its `-- name --`. `@ flags ...` gives the compiler more options,
`@ target` names what dune is to build. What is expected stands in lines with `>`, one for each message, `5.3>` for that
version alone. A version without a line says nothing. `@ at` says of each message how serious it is and where: the
file, the line and the text there, up to the line's end. In `not_run.txt` the case has the output itself, below
`-- output --`: texts of versions that are not at hand.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import NOTHING, Factory, define, field

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.text import Range, SourceText
from lsp_aid.ocaml import compiler_output, messages

FOLDER = Path(__file__).parents[1] / "fixtures/messages"
_WARNINGS = "@1..3@5..28@30..39@43@46..47@49..57@61..62@67@69-40-41-42-44-45-48-58-59-60-66-70"
"""What dune's dev profile makes errors, up to version 3.20 of its language."""
_FLAGS = ("-w", _WARNINGS, "-strict-sequence", "-strict-formats", "-short-paths", "-color", "never")
_TIMEOUT = 300
NEWEST = ("5.4", "3.24")
"""Of OCaml and dune, as `tools/setup --all` has them."""
_EXPECTED = re.compile(r"(?P<version>[\d.]*)> ?(?P<text>.*)")
_PROJECT = "(lang dune 3.17)\n"
_LEFT_OUT = ("rest", "text", "advice", "explanation", "reasons")
"""Fields that are the message's own words: long, and of one version."""


@define
class Case:
    name: str
    files: dict[str, str] = field(factory=dict)
    options: dict[str, list[str]] = field(factory=dict)
    expected: dict[str, list[str]] = field(factory=dict)
    """By version, the empty one for all."""
    places: list[str] = field(factory=list)

    def wants(self, version: str) -> list[str]:
        """What a version of OCaml or dune says; the newest say what OCaml 5.3 does where nothing else is expected."""
        before = self.expected.get("5.3", self.expected.get("", [])) if version in NEWEST else self.expected.get("", [])
        return self.expected.get(version, before)


def corpus(name: str) -> list[Case]:
    """The cases of one file of the corpus."""
    cases: list[Case] = []
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("=== "):
            case, current = Case(line[4:].strip()), "a.ml"
            cases.append(case)
        elif head := re.fullmatch(r"-- (\S+) --\n", line):
            current = head[1]
        elif line.startswith("@ "):
            option, *words = line[2:].split()
            if option == "at":
                case.places.append(" ".join(words))
            else:
                case.options[option] = words
        elif expected := _EXPECTED.fullmatch(line.rstrip("\n")):
            case.expected.setdefault(expected["version"], []).append(expected["text"])
        else:
            case.files[current] = case.files.get(current, "") + line
    return cases


def said(case: Case, output: str | bytes) -> list[Diagnostic]:
    return list(compiler_output.parse(output, case.files.get))


def shown(message: object) -> str:
    """A message with its main fields, those that are not at their default."""
    parts = []
    for attribute in type(message).__attrs_attrs__:  # type: ignore[attr-defined]
        value = getattr(message, attribute.name)
        default = () if isinstance(attribute.default, Factory) else attribute.default
        if attribute.name.removeprefix("_") in _LEFT_OUT or attribute.name.endswith("_at"):
            continue
        if isinstance(value, Range) or (default is not NOTHING and value == default):
            continue
        if isinstance(value, tuple) and value and not isinstance(value[0], str | int):
            value = [shown(part) for part in value if not isinstance(part, Range)]
            if value:
                parts.append(f"{attribute.name}=[{', '.join(value)}]")
        else:
            parts.append(f"{attribute.name}={value!r}")
    return f"{type(message).__name__}({', '.join(parts)})"


def read(case: Case, output: str | bytes) -> list[str]:
    """What is read of an output, a line for each message."""
    return [shown(messages.read(diagnostic)) for diagnostic in said(case, output)]


def placed(case: Case, output: str | bytes) -> list[str]:
    """How serious each message is and where it stands, as `@ at` has it."""
    return [_placed(case, diagnostic) for diagnostic in said(case, output)]


def _placed(case: Case, diagnostic: Diagnostic) -> str:
    text = SourceText(case.files.get(diagnostic.path, "")).slice(diagnostic.range).partition("\n")[0]
    where = f"{diagnostic.path} {diagnostic.range.start.line + 1}" if diagnostic.path else "-"
    return " ".join(f"{diagnostic.severity} {where} {text}".split())


def compiled(cases: Sequence[Case], ocamlc: str, folder: Path) -> Iterator[tuple[Case, bytes]]:
    """Each case with what the compiler prints for it. One shell runs many compilers."""
    commands = []
    for number, case in enumerate(cases):
        _write(case.files, folder / str(number))
        sources = [name for name in case.files if name.endswith((".ml", ".mli"))]
        commands.append([ocamlc, "-c", *_FLAGS, *case.options.get("flags", ()), *sources])
    return _outputs(cases, commands, folder)


def built(cases: Sequence[Case], folder: Path, programs: Path | None = None) -> Iterator[tuple[Case, bytes]]:
    """Each case, a project, with what dune prints for it: the one on PATH, or that of another folder of programs."""
    commands = []
    for number, case in enumerate(cases):
        _write({"dune-project": _PROJECT, **case.files}, folder / str(number))
        target = case.options.get("target", ["@default"])
        commands.append(["dune", "build", "--root", ".", "--no-config", "--cache", "disabled", "-j", "1", *target])
    return _outputs(cases, commands, folder, programs)


def _write(files: dict[str, str], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _outputs(
    cases: Sequence[Case], commands: list[list[str]], folder: Path, programs: Path | None = None
) -> Iterator[tuple[Case, bytes]]:
    lines = [f"(cd {at} && {shlex.join(command)}) >{at}.out 2>&1\n" for at, command in enumerate(commands)]
    if programs is not None:
        lines = [f"PATH={programs}:$PATH; {line}" for line in lines]
    with ThreadPoolExecutor(2) as pool:
        shells = pool.map(lambda part: _shell(lines[part::2], folder), (0, 1))
        assert list(shells) == [None, None]
    for number, case in enumerate(cases):
        yield case, (folder / f"{number}.out").read_bytes()


def _shell(lines: list[str], folder: Path) -> None:
    script = "".join(lines) + "true\n"
    subprocess.run(["sh"], input=script, text=True, cwd=folder, check=True, timeout=_TIMEOUT)
