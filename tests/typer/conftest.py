from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_aid.build.process import run
from lsp_aid.build.resident import start
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import Limits, TyperPool
from tests.support.typer_compilers import COMPILERS


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled typers lie, for the whole run."""
    return tmp_path_factory.mktemp("typers")


@pytest.fixture(params=["own", "old", "newest"])
def compiler(request: pytest.FixtureRequest) -> Compiler:
    return COMPILERS[request.param]()


@pytest.fixture
async def pool(programs: Path) -> AsyncIterator[TyperPool]:
    pool = TyperPool(programs, run, start, Limits(seconds=60.0))
    yield pool
    await pool.close()
