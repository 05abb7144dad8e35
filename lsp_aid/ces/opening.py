"""An engine for one project, put together from settings."""

import os
from collections.abc import Mapping
from pathlib import Path

from lsp_aid.build.cache import cache_home
from lsp_aid.build.toolchain import find
from lsp_aid.ces.base import BaseStore, Goals
from lsp_aid.ces.engine import Engine, make_engine
from lsp_aid.ces.keeping import Limits, find_way
from lsp_aid.ces.sandbox import CURE, find_sandbox
from lsp_aid.ces.unshare import Unshare
from lsp_aid.config import Settings
from lsp_aid.errors import SandboxError


def bases_folder(environment: Mapping[str, str]) -> Path:
    """Where bases are kept."""
    return cache_home(environment) / "bases"


async def open_engine(root: Path, settings: Settings, goals: Goals, environment: Mapping[str, str]) -> Engine:
    """Raises ToolchainError, SandboxError."""
    toolchain = await find(root, settings.toolchain, environment, trusted=False)
    sandbox = await find_sandbox("unshare", environment)
    if not isinstance(sandbox, Unshare):
        raise SandboxError("There is no sandbox to evaluate in", CURE)
    limits = Limits(seconds=settings.build.seconds)
    store = BaseStore(bases_folder(environment), toolchain, sandbox, goals, limits)
    way = await find_way(sandbox)
    return make_engine(store, cache_home(environment) / "typer", workers=os.cpu_count() or 1, way=way)
