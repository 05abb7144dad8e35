"""Makes the program with the project's own compiler, on first use, and remembers it by compiler and source.

compiler-libs differ between versions: what they call differently is in `program/compat_*.ml`. The one that suits is
guessed from the version, and the compiler says whether it does.
"""

import enum
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from lsp_aid.errors import AidError, FileUnwritableError, ToolchainError

_PROGRAM = Path(__file__).with_name("program")
_MODULES = (
    *("frames", "state", "clean", "telling", "reading", "incremental", "bytecode"),
    *("showing", "checking", "against", "asking", "judging", "working"),
)
_SHIMS = {(4, 13): "413", (4, 14): "414", (5, 0): "414", (5, 1): "414", (5, 2): "52", (5, 3): "53", (5, 4): "54"}
_SECONDS = 120.0


class Level(enum.StrEnum):
    """How the compiler is reached, the best first."""

    NATIVE = "native"  # a program that stays up
    TOPLEVEL = "toplevel"  # the same, run by the bytecode toplevel
    COMPILER = "compiler"  # `ocamlc -stop-after typing` for each check; no types, no scopes


class Finished(Protocol):
    @property
    def code(self) -> int: ...
    @property
    def text(self) -> str: ...


class Run(Protocol):
    """Runs a program to its end, as `lsp_aid.build.process.run` does. Raises ToolchainError, BuildTimeoutError."""

    def __call__(
        self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], seconds: float
    ) -> Awaitable[Finished]: ...


def _items(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(environment.items()))


@frozen
class Compiler:
    """`ocamlc`, its version, and the environment that it is run in."""

    ocamlc: Path
    version: str
    _environment: tuple[tuple[str, str], ...] = field(converter=_items)

    @property
    def environment(self) -> dict[str, str]:
        return dict(self._environment)


@frozen
class Program:
    """How to start the program: `command`, empty for COMPILER. `why` says what keeps it from a better level.

    `library` is the standard library's folder as the compiler tells it: a compiler can be a script that sets it.
    """

    level: Level
    command: tuple[str, ...] = ()
    why: str = ""
    library: str = ""


def source(shim: str) -> str:
    """The whole program as one text, which a compiler and the toplevel take alike."""
    parts = []
    for name, file in (("compat", f"compat_{shim}"), *((name, name) for name in _MODULES)):
        text = (_PROGRAM / f"{file}.ml").read_text(encoding="utf-8")
        parts.append(f'module {name.capitalize()} = struct\n# 1 "{file}.ml"\n{text}\nend\n')
    return "".join(parts) + '# 1 "serving.ml"\n' + (_PROGRAM / "serving.ml").read_text(encoding="utf-8")


def shims(version: str) -> list[str]:
    """The shims to try for a compiler, the likeliest first: for a version that nobody has seen, the newest."""
    match = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    number = (int(match[1]), int(match[2])) if match else (99, 0)
    guess = [shim for known, shim in _SHIMS.items() if known <= number][-1:]
    return list(dict.fromkeys([*guess, *reversed(_SHIMS.values())]))


async def library(compiler: Compiler, run: Run) -> str:
    """The standard library's folder. Raises ToolchainError, BuildTimeoutError."""
    done = await run(
        [str(compiler.ocamlc), "-where"], cwd=Path("/"), environment=compiler.environment, seconds=_SECONDS
    )
    if done.code != 0:
        raise ToolchainError(
            f"`{compiler.ocamlc} -where` failed: {done.text.strip()[-500:]}", "Mend that installation."
        )
    return done.text.strip()


async def native(compiler: Compiler, cache: Path, run: Run) -> Program | str:
    """The compiled program, made where it is not there yet; a text says why it cannot be.

    Raises FileUnwritableError.
    """
    ocamlopt = compiler.ocamlc.with_name("ocamlopt")
    why = f"there is no {ocamlopt}"
    if not ocamlopt.exists():
        return why
    for shim in shims(compiler.version):
        text = source(shim)
        made = _folder(compiler, cache, text) / "typer"
        if made.is_file():
            return Program(Level.NATIVE, (str(made),))
        failed = await _compile(compiler, ocamlopt, text, made, run)
        if failed is None:
            return Program(Level.NATIVE, (str(made),))
        why = why if why.startswith("The typer") else failed  # that of the likeliest shim
    return why


async def toplevel(compiler: Compiler, cache: Path, run: Run) -> list[Program]:
    """Ways to run the source by the bytecode toplevel, the likeliest first. Raises FileUnwritableError."""
    ocaml = compiler.ocamlc.with_name("ocaml")
    if not ocaml.exists():
        return []
    found = []
    for shim in shims(compiler.version)[:2]:
        text = source(shim)
        script = _folder(compiler, cache, text) / "typer.ml"
        _write(script, text)
        words = (
            str(ocaml),
            "-noinit",
            "-w",
            "-a",
            "-I",
            "+compiler-libs",
            "-I",
            "+unix",
            "unix.cma",
            "ocamlcommon.cma",
        )
        found.append(Program(Level.TOPLEVEL, (*words, str(script))))
    return found


def _folder(compiler: Compiler, cache: Path, text: str) -> Path:
    """The standard library's folder is built into a compiler, so that two of one version are not the same."""
    identity = [text, compiler.version, str(compiler.ocamlc.resolve()), compiler.environment.get("OCAMLLIB", "")]
    digest = hashlib.sha256("\0".join(identity).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache / f"typer-{re.sub(r'[^0-9A-Za-z.+~-]', '_', compiler.version)[:40]}-{digest}"


async def _compile(compiler: Compiler, ocamlopt: Path, text: str, made: Path, run: Run) -> str | None:
    """Makes the program whole or not at all, since another process may be at it too. Says why it could not be."""
    _write(made.with_suffix(".ml"), text)
    with tempfile.TemporaryDirectory(dir=made.parent, prefix="making-") as folder:
        (Path(folder) / "typer.ml").write_text(text, encoding="utf-8")
        libraries = ["-I", "+compiler-libs", "-I", "+unix", "unix.cmxa", "ocamlcommon.cmxa"]
        command = [str(ocamlopt), "-w", "-a", *libraries, "typer.ml", "-o", "typer"]
        try:
            done = await run(command, cwd=Path(folder), environment=compiler.environment, seconds=_SECONDS)
        except AidError as error:
            return f"The typer cannot be compiled: {error}"
        if done.code != 0:
            return f"The typer cannot be compiled: {done.text.strip()[-1000:]}"
        (Path(folder) / "typer").replace(made)
    return None


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            scratch = path.with_name(f"{path.name}.{os.getpid()}")
            scratch.write_text(text, encoding="utf-8")
            shutil.move(scratch, path)
    except OSError as error:
        cure = "Permit writing there, or set XDG_CACHE_HOME to another folder."
        raise FileUnwritableError(f"{path.parent} cannot be written: {error.strerror}", cure) from error
