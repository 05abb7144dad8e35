from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Level
from lsp_aid.repair import missing_library
from tests.support import txtar
from tests.support.repair import candidates_of, cases, repaired
from tests.support.requires import require

pytestmark = pytest.mark.dune

PROJECT = {
    "dune-project": "(lang dune 3.17)\n",
    "lib/dune": "(library\n (name shapes))\n",
    "lib/square.ml": "let area n = n * n\n",
    "bin/dune": "(executable\n (name main)\n (libraries shapes))\n",
    "bin/main.ml": "let () = print_int (Shapes.Square.area 2)\n",
}


@pytest.fixture(autouse=True)
def _dune() -> None:
    require("dune")


@pytest.mark.parametrize("path", cases("missing_library"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, {"missing_library": missing_library})
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert {**case.before, **best.changes.texts} == case.after


async def test_a_misspelt_library_is_replaced_by_the_nearest_and_may_be_removed(tmp_path: Path) -> None:
    texts = {**PROJECT, "bin/dune": "(executable\n (name main)\n (libraries unix shape))\n"}
    [found] = await candidates_of(missing_library, texts, tmp_path)
    assert [c.title for c in found] == ["Replace the library `shape` by `shapes`", "Remove the library `shape`"]


async def test_a_library_is_not_added_to_a_stanza_that_lists_it(tmp_path: Path) -> None:
    texts = {**PROJECT, "bin/main.ml": "let () = Unix.Nowhere.draw (Shape.draw ())\n"}
    assert await candidates_of(missing_library, texts, tmp_path) == [[]]


async def test_a_preprocessor_is_not_taken_for_a_library(tmp_path: Path) -> None:
    texts = {**PROJECT, "bin/dune": "(executable\n (name main)\n (libraries shapes)\n (preprocess (pps shape)))\n"}
    [found] = await candidates_of(missing_library, texts, tmp_path)
    assert [one.title for one in found] == ["Remove `(preprocess (pps shape))`: no module needs it"]
