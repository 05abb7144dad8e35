"""The search by itself, in a toy language: a file is words; `bad...` is an error; all words of a line must be the same.

A "compiler" stops at the first line of a file that is in error, as OCaml does; so repairs reveal further errors.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define, field

from lsp_aid.config import FixSettings
from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import Position, Range, TextEdit
from lsp_aid.repair.engine import Focus, Outcome, repair
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.workspace.view import WorkspaceView


def compile_toy(view: View) -> BuildResult:
    errors = []
    for path in view.paths():
        for number, line in enumerate(view.read(path).splitlines()):
            bad = [word for word in line.split() if word.startswith("bad")]
            at = line.find(bad[0]) if bad else 0
            if bad or len(set(line.split())) > 1:
                place = Range(Position(number, at), Position(number, at + len(bad[0]) if bad else len(line)))
                errors.append(Diagnostic(path, place, Severity.ERROR, bad[0] if bad else f"mixed: {line}"))
                break
    return BuildResult(not errors, tuple(errors), 0.0)


@define
class Toy:
    builds: int = 0
    seen: list[Mapping[str, str | None]] = field(factory=list)

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        self.builds += 1
        self.seen.append(changes.texts)
        return Evaluation(compile_toy(Overlay(view, changes)))


class Words:
    """Replaces a bad word by one of a list; the weight falls along the list."""

    def __init__(self, *words: str, kind: Kind = Kind.FIX) -> None:
        self.words = words
        self.kind = kind

    async def candidates(self, problem: Problem) -> Sequence[Candidate]:
        if not problem.diagnostic.message.startswith("bad"):
            return ()
        return [
            Candidate(f"Use {word}", problem.edit(TextEdit(problem.start, problem.end, word)), 0.9 / n, self.kind)
            for n, word in enumerate(self.words, 1)
        ]


class Crashing:
    async def candidates(self, problem: Problem) -> Sequence[Candidate]:
        raise RuntimeError("a defect of this family")


class Silent:
    def report(self, message: str) -> None:
        pass


async def search(
    folder: Path, files: dict[str, str], *families: object, focus: Focus | None = None, **settings: int
) -> tuple[Outcome, Toy]:
    for path, text in files.items():
        (folder / path).write_text(text)
    toy = Toy()
    named = {f"family{n}": family for n, family in enumerate(families)}
    outcome = await repair(WorkspaceView(folder), toy, FixSettings(**settings), Silent(), focus, named)  # type: ignore[arg-type]
    return outcome, toy


async def test_errors_of_several_files_are_repaired_in_one_build(tmp_path: Path) -> None:
    files = {f"{name}.txt": "bad\n" for name in "abcdef"}
    outcome, toy = await search(tmp_path, files, Words("good"), top=1)
    assert outcome.repairs[0].changes.texts == dict.fromkeys(files, "good\n")
    assert toy.builds == 2


async def test_errors_that_come_to_light_are_repaired_too(tmp_path: Path) -> None:
    outcome, _ = await search(tmp_path, {"a.txt": "bad1\nbad2\nbad3\n"}, Words("good"), top=1)
    assert outcome.repairs[0].changes.texts == {"a.txt": "good\ngood\ngood\n"}
    assert len(outcome.repairs[0].steps) == 3


async def test_the_next_candidate_is_tried_where_one_fails(tmp_path: Path) -> None:
    outcome, _ = await search(
        tmp_path, {"a.txt": "bad1\n", "b.txt": "x bad2\n"}, Words("worse bad", "good", "x"), top=1
    )
    assert outcome.repairs[0].changes.texts == {"a.txt": "good\n", "b.txt": "x x\n"}


async def test_a_candidate_that_only_moves_the_error_elsewhere_is_taken_back(tmp_path: Path) -> None:
    class Mover:
        async def candidates(self, problem: Problem) -> Sequence[Candidate]:
            if problem.diagnostic.path != "a.txt":
                return ()
            moved = problem.edit(TextEdit(problem.start, problem.end, "fine"))
            moved = moved.then(problem.edit(TextEdit(0, 3, "mixed up"), path="z.txt"))
            good = problem.edit(TextEdit(problem.start, problem.end, "good"))
            return [Candidate("Move it", moved, 0.9), Candidate("Repair it", good, 0.3)]

    outcome, _ = await search(tmp_path, {"a.txt": "bad\n", "z.txt": "end\n"}, Mover(), top=1)
    assert outcome.repairs[0].changes.texts == {"a.txt": "good\n"}


async def test_alternatives_at_the_focus_each_complete_best_first(tmp_path: Path) -> None:
    focus = Focus("b.txt", Range(Position(0, 1), Position(0, 1)))
    outcome, _ = await search(tmp_path, {"a.txt": "bad\n", "b.txt": "bad\n"}, Words("one", "two", "three"), focus=focus)
    assert [r.changes.texts["b.txt"] for r in outcome.repairs] == ["one\n", "two\n", "three\n"]
    assert {r.changes.texts["a.txt"] for r in outcome.repairs} == {"one\n"}
    assert outcome.repairs[0].steps[0].error.path == "b.txt"


async def test_a_last_resort_is_asked_where_likelier_answers_come_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("bad\n")
    families = {"sure": Words("worse bad"), "one_token_slips": Words("good")}
    outcome = await repair(WorkspaceView(tmp_path), Toy(), FixSettings(), Silent(), None, families)
    assert [r.changes.texts for r in outcome.repairs] == [{"a.txt": "good\n"}]


async def test_a_skeleton_comes_behind_every_fix(tmp_path: Path) -> None:
    outcome, _ = await search(tmp_path, {"a.txt": "bad\n"}, Words("todo", kind=Kind.SKELETON), Words("x", "good"))
    assert [r.kind for r in outcome.repairs] == [Kind.FIX, Kind.FIX, Kind.SKELETON]


async def test_what_one_family_is_sure_of_is_no_guess_though_another_guesses_it(tmp_path: Path) -> None:
    sure, guessing = Words("other", "good"), Words("good", kind=Kind.GUESS)
    outcome, _ = await search(tmp_path, {"a.txt": "bad\n"}, sure, guessing)
    assert [(r.changes.texts["a.txt"], r.kind) for r in outcome.repairs] == [
        ("other\n", Kind.FIX),
        ("good\n", Kind.FIX),
    ]
    outcome, _ = await search(tmp_path, {"a.txt": "bad\n"}, guessing)
    assert [r.kind for r in outcome.repairs] == [Kind.GUESS]


async def test_where_not_all_can_be_repaired_the_focus_is_and_nothing_gets_worse(tmp_path: Path) -> None:
    focus = Focus("a.txt", Range(Position(0, 0), Position(0, 0)))
    outcome, _ = await search(tmp_path, {"a.txt": "bad\n", "b.txt": "x y\n"}, Words("good"), focus=focus)
    best = outcome.repairs[0]
    assert best.changes.texts == {"a.txt": "good\n"}
    assert best.verdict.level != "verified"
    assert not best.verdict.introduced


async def test_what_only_brings_new_errors_is_not_offered(tmp_path: Path) -> None:
    outcome, _ = await search(tmp_path, {"a.txt": "x bad\n"}, Words("y", "z"))
    assert outcome.repairs == ()


async def test_a_family_that_crashes_does_not_stop_the_others(tmp_path: Path) -> None:
    outcome, _ = await search(tmp_path, {"a.txt": "bad\n"}, Crashing(), Words("good"))
    assert outcome.repairs


async def test_the_budget_bounds_the_builds(tmp_path: Path) -> None:
    files = {f"{n}.txt": "x bad\n" for n in range(20)}
    outcome, toy = await search(tmp_path, files, Words(*"abcdefgh"), builds=9)
    assert toy.builds <= 10  # and the one before any change
    assert outcome.repairs == ()


async def test_a_build_does_not_outlast_the_time_there_is(tmp_path: Path) -> None:
    """The search ends with what it has, though the build that is under way would go on for an hour."""

    class Slow(Toy):
        async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
            if self.builds:
                await asyncio.sleep(3600)
            return await super().evaluate(view, changes, untrusted=untrusted)

    (tmp_path / "a.txt").write_text("bad\n")
    words = {"words": Words("good")}
    outcome = await repair(WorkspaceView(tmp_path), Slow(), FixSettings(seconds=0.2), Silent(), None, words)
    assert outcome.repairs == ()


async def test_nothing_is_tried_on_a_green_build(tmp_path: Path) -> None:
    outcome, toy = await search(tmp_path, {"a.txt": "good\n"}, Words("x"))
    assert (outcome.repairs, toy.builds) == ((), 1)
