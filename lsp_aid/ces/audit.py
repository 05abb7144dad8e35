"""Holds verdicts against the truth: the same diffs, built by dune alone, from nothing, in a folder of its own.

On large projects, where a cold build takes minutes, two things spare time. What is red is first built as far as `first`
goes: if all of our errors are found there, the whole is red as well. What is green at all levels is built together with
others that change other files, as long as that is green; where it is not, each half is built apart.

Results are lines of JSON in a file, one for each diff; those that are there already are not worked out again, so that
an audit can be ended at any time and goes on where it was.
"""

import asyncio
import hashlib
import json
import posixpath
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

import lsp_aid
from lsp_aid.build import process
from lsp_aid.build.dune import build_result, disk_reader, dune_environment
from lsp_aid.ces.base import BaseStore
from lsp_aid.ces.checkout import BUILD_FOLDER
from lsp_aid.ces.engine import Engine, Request, WarmBase
from lsp_aid.ces.mutations import Mutant, Mutator
from lsp_aid.ces.sandbox import Sandbox
from lsp_aid.ces.verdict import Colour, Level, Tier, Verdict
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.edits.unified_diff import render
from lsp_aid.errors import FileUnwritableError, UsageError
from lsp_aid.workspace.view import MAX_BYTES

_PATIENCE = 3
_MODULES = (".ml", ".mli")
_BY_TYPES = (Tier.PARSES, Tier.TYPES, Tier.CHECK, Tier.BUILD)


@frozen
class Disagreement:
    """`what` is our word, and `truth` that of the clean cold build, at a level."""

    number: int
    kind: str
    level: Level
    what: str
    truth: str
    diff: str


@define
class Tally:
    """What came of an audit: how many diffs there were by their kind and colour, and what was wrong."""

    diffs: int = 0
    green: int = 0
    unknown: int = 0
    seconds: float = 0.0
    cold_seconds: float = 0.0
    tiers: Counter[str] = field(factory=Counter)
    disagreements: list[Disagreement] = field(factory=list)

    def add(self, line: Mapping[str, Any]) -> None:
        """Counts one line of the results."""
        self.diffs += 1
        levels = line["levels"]
        self.green += levels.get("build", levels.get("types", {})).get("truth") == Colour.GREEN
        for level, found in levels.items():
            self.unknown += found["ours"] == Colour.UNKNOWN
            self.tiers[f"{level}: {found['ours']} by {found['tier']}"] += 1
            self.seconds += found["seconds"]
            if found["wrong"]:
                told = f"{found['ours']} by {found['tier']} {found['reason']}".strip()
                truth = f"{found['truth']} {found['wrong']}"
                self.disagreements.append(
                    Disagreement(line["number"], line["kind"], Level(level), told, truth, line["diff"])
                )
        self.cold_seconds += line["cold_seconds"]


@define
class Audit:
    """Replays diffs on one base. `sandbox` is what the cold builds are shut in, `folder` where they are made."""

    engine: Engine
    warm: WarmBase
    sandbox: Sandbox | None
    folder: Path
    levels: Sequence[Level] = tuple(Level)
    repeat: int = 1
    """How often each diff is evaluated at each level: the verdict has to be the same."""
    together: int = 1
    """So many diffs that are green are built at once."""
    first: Sequence[str] = ()
    """The targets that are built first for what is red; where there are none, those at which its errors are found."""

    @property
    def store(self) -> BaseStore:
        return self.engine.store

    async def run(self, count: int, seed: int, results: Path) -> AsyncIterator[Mapping[str, Any]]:
        """The lines of the results, those that are there already first. Raises what evaluating raises."""
        known = await asyncio.to_thread(_read_results, results, self._name(seed))
        for line in known.values():
            if line["number"] < count:
                yield line
        mutator = Mutator(await asyncio.to_thread(_texts, self.warm.base.tree), seed)
        waiting: list[_Replayed] = []
        for number in (number for number in range(count) if number not in known):
            one = await self._ours(await asyncio.to_thread(mutator.mutant, number))
            done = [one]
            if self.together > 1 and one.is_simple:
                # What changes the same file cannot be built with it.
                done, waiting = ([], [*waiting, one]) if one.is_apart(waiting) else (waiting, [one])
                if len(waiting) == self.together:
                    done, waiting = [*done, *waiting], []
            async for line in self._settle(done):
                yield await self._noted(line, seed, results)
        async for line in self._settle(waiting):
            yield await self._noted(line, seed, results)

    async def _noted(self, line: dict[str, Any], seed: int, results: Path) -> dict[str, Any]:
        line = {"audit": self._name(seed), **line}
        await asyncio.to_thread(_append, results, line)
        return line

    async def _ours(self, mutant: Mutant) -> "_Replayed":
        """One diff, by us."""
        diff = await asyncio.to_thread(render, mutant.changes)
        verdicts = {}
        for level in self.levels:
            request = Request(diff, level=level, format="unified_diff")
            verdicts[level] = [await self.engine.evaluate(self.warm, request) for _ in range(self.repeat)]
        return _Replayed(mutant, diff, verdicts)

    async def _settle(self, replayed: Sequence["_Replayed"]) -> AsyncIterator[dict[str, Any]]:
        """The lines of diffs that are built together."""
        if not replayed:
            return
        started = time.monotonic()
        changes = ChangeSet(change for one in replayed for change in one.mutant.changes.files)
        truth = await self.cold(changes, replayed[0].red if len(replayed) == 1 else ())
        seconds = (time.monotonic() - started) / len(replayed)
        if len(replayed) == 1 or all(result.green for result in truth.values()):
            for one in replayed:
                yield one.line(truth, seconds, len(replayed))
            return
        half = len(replayed) // 2
        for part in (replayed[:half], replayed[half:]):
            async for line in self._settle(part):
                yield line

    async def cold(self, changes: ChangeSet, red: Sequence[Diagnostic] = ()) -> dict[Level, BuildResult]:
        """What dune says of the sources with the changes, level by level, from nothing and without its cache. Where a
        part of the build is found to have all the errors in `red`, only that part."""
        place = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="cold-", dir=self.folder))
        try:
            tree = place / "tree"
            await asyncio.to_thread(_lay_out, self.warm.base.tree, tree, changes)
            goals, found = self.store.goals, {}
            if red:
                result = await self._dune(tree, self.first or self._where(red))
                if not result.green and {*map(_told, red)} <= {*map(_told, result.errors)}:
                    return dict.fromkeys(Level, result)
            found[Level.TYPES] = await self._dune(tree, goals.check)
            # Also where it is red, since more is built then, which has errors of its own.
            result = found[Level.BUILD] = await self._dune(tree, (*goals.check, *goals.build))
            if result.green and Level.TEST in self.levels:
                result = await self._dune(tree, goals.test)
            found[Level.TEST] = result
            return found
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    def _where(self, red: Iterable[Diagnostic]) -> list[str]:
        """The targets at which errors are found."""
        units, found = self.warm.base.graph.units, set()
        for path in {error.path for error in red}:
            unit = units.get(path)
            folder = posixpath.dirname(path) or "."
            found.add(f"{unit.object}.cm{'i' if unit.is_interface else 'o'}" if unit else f"@@{folder}/check")
        return sorted(found)

    async def _dune(self, tree: Path, targets: Sequence[str]) -> BuildResult:
        toolchain = self.store.toolchain
        command: Sequence[str] = self.store.dune("build", "--", *targets)
        environment: Mapping[str, str] = dune_environment(toolchain)
        if self.sandbox is not None:
            command, environment = self.sandbox.wrap(
                command, writable=[tree], visible=toolchain.visible, environment=environment
            )
        started = time.monotonic()
        done = await process.run(
            command, cwd=tree, environment=environment, seconds=_PATIENCE * self.store.limits.seconds
        )
        seconds = time.monotonic() - started
        return await asyncio.to_thread(build_result, done, tree, tree / BUILD_FOLDER, disk_reader(tree), seconds)

    def _name(self, seed: int) -> str:
        """What results are of: another base, other levels or another engine has others."""
        levels = "+".join(self.levels)
        return f"{self.warm.base.key} {seed} {self.repeat} {levels} {_engine()}"


@frozen
class _Replayed:
    """What we say of a diff, at each level as often as it was asked."""

    mutant: Mutant
    diff: str
    verdicts: Mapping[Level, Sequence[Verdict]]

    @property
    def is_simple(self) -> bool:
        """Whether it is green, and may be built with others."""
        green = all(each.colour is Colour.GREEN for verdicts in self.verdicts.values() for each in verdicts)
        return green and all(path.endswith(_MODULES) for path in self.mutant.changes.paths)

    @property
    def red(self) -> Sequence[Diagnostic]:
        """The errors of files that the truth has to have at every level; none where we are not red at the first."""
        first = next(iter(self.verdicts.values()))[0]
        if first.colour is not Colour.RED or not all(error.path for error in first.errors):
            return ()
        return [error for verdicts in self.verdicts.values() for error in verdicts[0].errors if error.path]

    def is_apart(self, others: Iterable["_Replayed"]) -> bool:
        """Whether it changes other files than they do."""
        paths = {*self.mutant.changes.paths}
        return not any(paths & {*other.mutant.changes.paths} for other in others)

    def line(self, truth: Mapping[Level, BuildResult], seconds: float, built: int) -> dict[str, Any]:
        """`built` is how many diffs that cold build was of, `seconds` its share of the time."""
        levels = {}
        for level, verdicts in self.verdicts.items():
            levels[level.value] = _line(verdicts[0], truth[level])
            if len({(each.colour, each.tier, frozenset(map(_told, each.errors))) for each in verdicts}) > 1:
                levels[level.value]["wrong"] = "and the verdict changes"
        return {
            "number": self.mutant.number,
            "kind": self.mutant.kind,
            "levels": levels,
            "cold_seconds": round(seconds, 3),
            "built": built,
            "diff": self.diff,
        }


def _line(verdict: Verdict, truth: BuildResult) -> dict[str, Any]:
    colour = Colour.GREEN if truth.green else Colour.RED
    return {
        "ours": verdict.colour.value,
        "tier": verdict.tier.value if verdict.tier else None,
        "reason": verdict.reason,
        "truth": colour.value,
        "wrong": wrong(verdict, truth),
        "seconds": round(verdict.seconds, 4),
    }


def wrong(verdict: Verdict, truth: BuildResult) -> str:
    """What is wrong with a verdict; empty where nothing is. The errors of files that we report have to be among those
    of the truth; how dune tells a cycle depends on where it came upon it. An unknown verdict is not wrong."""
    if verdict.colour is Colour.UNKNOWN:
        return ""
    if (verdict.colour is Colour.GREEN) != truth.green:
        return "and not " + verdict.colour.value
    if verdict.tier not in _BY_TYPES:
        return ""
    known = {_told(error) for error in truth.errors}
    strange = [error for error in verdict.errors if error.path and _told(error) not in known]
    return f"and no error {_told(strange[0])}" if strange else ""


def _told(error: Diagnostic) -> tuple[Any, ...]:
    if posixpath.basename(error.path) == "dune":
        # What a program of a rule prints stands together with what others print at that moment.
        return (error.path, error.range.start)
    return (*error.identity, error.range.start)


@cache
def _engine() -> str:
    """A digest of the code that judges."""
    package, made = Path(lsp_aid.__file__).parent, hashlib.sha256()
    for folder in ("ces", "typer", "edits", "editformats"):
        for path in sorted((package / folder).rglob("*")):
            if path.suffix in (".py", ".ml", ".mli"):
                made.update(path.read_bytes())
    return made.hexdigest()[:16]


def _texts(tree: Path) -> dict[str, str]:
    """The texts of a base's sources."""
    found = {}
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree).as_posix()
        if name.startswith(f"{BUILD_FOLDER}/") or path.is_symlink() or not path.is_file():
            continue
        if path.suffix in (".ml", ".mli") or path.name == "dune":
            try:
                text = path.read_bytes().decode("utf-8") if path.stat().st_size < MAX_BYTES else ""
            except UnicodeDecodeError:
                continue
            found[name] = text
    return found


def _lay_out(source: Path, tree: Path, changes: ChangeSet) -> None:
    shutil.copytree(source, tree, symlinks=True, ignore=_only_sources(source))
    for path, text in changes.texts.items():
        place = tree / path
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode("utf-8", "surrogatepass"))


def _only_sources(source: Path) -> Callable[[str, list[str]], set[str]]:
    return lambda folder, _: {BUILD_FOLDER} if Path(folder) == source else set()


def _read_results(path: Path, name: str) -> dict[int, Mapping[str, Any]]:
    """The lines that are whole and of this audit, by number."""
    found: dict[int, Mapping[str, Any]] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} holds no results: {error}", "Name another file.") from error
    for line in text.splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue  # cut off when an audit was ended
        if isinstance(content, dict) and content.get("audit") == name:
            found[content["number"]] = content
    return found


def _append(path: Path, line: Mapping[str, Any]) -> None:
    try:
        with path.open("a+b") as file:
            file.seek(0, 2)
            if file.tell():
                file.seek(-1, 2)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(json.dumps(line).encode() + b"\n")
    except OSError as error:
        raise FileUnwritableError(f"{path} cannot be written: {error.strerror}", "Name another file.") from error
