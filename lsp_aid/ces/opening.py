"""An engine for one project, put together from settings."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from lsp_aid.build.cache import cache_home
from lsp_aid.build.toolchain import find
from lsp_aid.ces.base import BaseStore, Goals
from lsp_aid.ces.engine import Engine, make_engine
from lsp_aid.ces.keeping import Limits, probe
from lsp_aid.ces.sandbox import find_sandbox
from lsp_aid.ces.unshare import Unshare
from lsp_aid.config import Settings
from lsp_aid.errors import SandboxError
from lsp_aid.workspace.trust import Trust

_CURE = (
    "Install util-linux and permit unprivileged user namespaces; or, where nothing that is evaluated means harm, set "
    "`sandbox` to `none` (LSP_AID_SANDBOX=none)."
)


def bases_folder(environment: Mapping[str, str]) -> Path:
    """Where bases are kept."""
    return cache_home(environment) / "bases"


async def isolation(settings: Settings, environment: Mapping[str, str]) -> tuple[Unshare | None, str]:
    """What evaluations are shut in, None for nothing, and how a fresh tree is had. Raises SandboxError."""
    if settings.sandbox == "none":
        return None, "copy"
    try:
        sandbox = await find_sandbox("unshare", environment)
    except SandboxError as error:
        raise SandboxError(error.what, _CURE) from error
    assert isinstance(sandbox, Unshare)
    return sandbox, (await probe(sandbox)).way


async def open_engine(root: Path, settings: Settings, goals: Goals, environment: Mapping[str, str]) -> Engine:
    """Evaluations run in a sandbox, unless the setting `sandbox` is `none`. Raises ToolchainError, SandboxError."""
    trusted = await asyncio.to_thread(Trust(environment, settings.trust).is_trusted, root)
    toolchain = await find(root, settings.toolchain, environment, trusted=trusted)
    sandbox, way = await isolation(settings, environment)
    limits = Limits(seconds=settings.build.seconds)
    store = BaseStore(bases_folder(environment), toolchain, sandbox, goals, limits)
    return make_engine(store, cache_home(environment) / "typer", workers=os.cpu_count() or 1, way=way)
