"""The families that repair dune files. Each project is built once, by the real dune: most fail at once."""

from pathlib import Path

import pytest

from lsp_aid.repair.families import FAMILIES
from tests.support import dune_projects
from tests.support.requires import require

pytestmark = pytest.mark.dune


@pytest.mark.parametrize("path", sorted(dune_projects.FIXTURES.glob("*.txt")), ids=lambda path: path.stem)
async def test_the_first_proposal_is_what_a_maintainer_would_write(path: Path, tmp_path: Path) -> None:
    require("dune")
    projects = list(dune_projects.read(path))
    found = [await dune_projects.first_proposal(FAMILIES[path.stem], one, tmp_path) for one in projects]
    texts = {one.name: best.changes.texts if best else {} for one, best in zip(projects, found, strict=True)}
    assert texts == {one.name: one.after for one in projects}
    assert not any("\n" in best.title for best in found if best)
