from pathlib import Path

import pytest

from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.proposal import Level
from lsp_aid.domain.text import Position, Range
from lsp_aid.repair import missing_rec
from tests.support import txtar
from tests.support.one_liners import check_best, check_none
from tests.support.repair import candidates_of, cases, diagnostic_problem, repaired

pytestmark = pytest.mark.dune


@pytest.mark.parametrize("path", cases("missing_rec"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, {"missing_rec": missing_rec})
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert {**case.before, **best.changes.texts} == case.after


async def test_definitions_that_use_themselves(tmp_path: Path) -> None:
    await check_best(
        missing_rec,
        [
            ("let f n = if n = 0 then 0 else f (n - 1)", "let rec f n = if n = 0 then 0 else f (n - 1)"),
            ("let f = fun n -> if n = 0 then 0 else f (n - 1)", "let rec f = fun n -> if n = 0 then 0 else f (n - 1)"),
            ("let  f n = f (n : int) + 1", "let  rec f n = f (n : int) + 1"),
            ("let (* down *) f n : int = f (n - 1)", "let (* down *) rec f n : int = f (n - 1)"),
            (
                "let g m = let f n = if n = 0 then m else f (n - 1) in f m",
                "let g m = let rec f n = if n = 0 then m else f (n - 1) in f m",
            ),
            (
                "let f n = g n\nand g n = if n = 0 then 0 else f (n - 1)",
                "let rec f n = g n\nand g n = if n = 0 then 0 else f (n - 1)",
            ),
        ],
        tmp_path,
    )


async def test_what_is_no_function_is_hardly_recursive(tmp_path: Path) -> None:
    [found] = await candidates_of(missing_rec, {"a.ml": "let total = total + 1\n"}, tmp_path)
    assert [candidate.weight < 0.2 for candidate in found] == [True]


async def test_names_of_no_definition_around_have_no_candidates(tmp_path: Path) -> None:
    await check_none(missing_rec, ["let f x = g x", "let f x = x\nlet h = M.f 1", "let rec f x = f y"], tmp_path)


async def test_a_file_that_cannot_be_read_has_no_candidates() -> None:
    place = Range(Position(0, 0), Position(0, 1))
    error = Diagnostic("gone.ml", place, Severity.ERROR, "Unbound value f")
    assert list(await missing_rec.candidates(diagnostic_problem({}, error))) == []
