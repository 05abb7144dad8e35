"""Runs repairs on little projects, with the real dune."""

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define, field, frozen

from lsp_aid.config import FixSettings
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import Typer, Typing, View
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.errors import FileUnreadableError
from lsp_aid.ocaml import compiler_output
from lsp_aid.repair.engine import Outcome, repair
from lsp_aid.repair.family import Candidate, Family, Problem
from tests.support import txtar

FIXTURES = Path(__file__).parents[1] / "fixtures" / "repair"
PROJECT = {"dune-project": "(lang dune 3.17)\n", "dune": "(library\n (name project))\n"}


@frozen
class Texts:
    """A view of texts that are nowhere on disk."""

    texts: Mapping[str, str]
    root: Path = Path("/nowhere")
    open_texts: Mapping[str, str] = field(factory=dict)

    def read(self, path: str) -> str:
        if path not in self.texts:
            raise FileUnreadableError(f"There is no {path}")
        return self.texts[path]

    def exists(self, path: str) -> bool:
        return path in self.texts

    def paths(self) -> Sequence[str]:
        return sorted(self.texts)

    def version(self, path: str) -> int | None:
        return None


@frozen
class LoneTyping:
    """Types each module by itself."""

    typer: Typer

    async def flags_for(self, path: str) -> CompilerFlags | None:
        return None


@define
class Shadow:
    """Builds a view in a folder of its own. `builds` counts them."""

    folder: Path
    builds: int = 0

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool = False) -> Evaluation:
        self.builds += 1
        view = Overlay(view, changes)
        root = self.folder / "source"
        shutil.rmtree(root, ignore_errors=True)
        for path in view.paths():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(view.read(path), encoding="utf-8", newline="")
        began = time.monotonic()
        command = ["dune", "build", "--root", ".", "--build-dir", str(self.folder / "_build"), "@@default"]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=root, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
        texts = {path: view.read(path) for path in view.paths()}
        found = sorted(compiler_output.parse(output, texts.get), key=lambda d: (not d.path, d.path, d.range.start))
        return Evaluation(
            BuildResult(
                process.returncode == 0, tuple(found), time.monotonic() - began, output.decode("utf-8", "replace")
            )
        )


class Silent:
    def report(self, message: str) -> None: ...


async def problems(texts: Mapping[str, str], folder: Path, typing: Typing | None = None) -> list[Problem]:
    """The errors of a project, as a family is given them. Files that dune needs are added where there are none."""
    view, shadow = Texts({**PROJECT, **texts}), Shadow(folder)
    build = await _build(shadow, view, ChangeSet())

    async def probe(changes: ChangeSet) -> BuildResult | None:
        return await _build(shadow, view, changes)

    return [Problem(view, error, build.diagnostics, probe, typing) for error in build.errors]


async def _build(shadow: Shadow, view: View, changes: ChangeSet) -> BuildResult:
    build = (await shadow.evaluate(view, changes)).build
    assert build is not None
    return build


async def candidates_of(family: Family, texts: Mapping[str, str], folder: Path) -> list[list[Candidate]]:
    """What a family answers to each error of a project, heaviest first."""
    found = [await family.candidates(problem) for problem in await problems(texts, folder)]
    return [sorted(candidates, key=lambda c: -c.weight) for candidates in found]


def diagnostic_problem(texts: Mapping[str, str], diagnostic: Diagnostic) -> Problem:
    """A problem whose error is given, where nothing can be built."""

    async def probe(changes: ChangeSet) -> BuildResult | None:
        return None

    return Problem(Texts(texts), diagnostic, [diagnostic], probe)


async def repaired(case: txtar.Case, folder: Path, families: Mapping[str, Family] | None = None) -> Outcome:
    """What the engine makes of a fixture."""
    return await repair(Texts(case.before), Shadow(folder), FixSettings(), Silent(), families=families)


def cases(family: str) -> list[Path]:
    return sorted((FIXTURES / family).glob("*.txtar"))
