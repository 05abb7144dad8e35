"""Repairs of whole projects, as a user gets them: the real dune, the type checker, every family."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_aid.cli.opening import open_path
from lsp_aid.config import load
from lsp_aid.domain.proposal import Proposal
from lsp_aid.tasks.fix_build_error import fix_build_error
from lsp_aid.workspace.view import WorkspaceView
from tests.support.repair import PROJECT, Silent


async def proposals(texts: Mapping[str, str], folder: Path) -> Sequence[Proposal]:
    """What is offered for a project, best first. Files that dune needs are added where there are none."""
    for path, text in {**PROJECT, **texts}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    project, _ = await open_path(folder, load(None, {"trust": "always"}))
    try:
        return (await fix_build_error(project, WorkspaceView(project.root), None, Silent())).proposals
    finally:
        project.close()
        if ending := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(ending, timeout=30)  # the type checker's programs end


async def changed(texts: Mapping[str, str], folder: Path) -> Mapping[str, str | None]:
    """The files that the best proposal changes, as it leaves them."""
    found = await proposals(texts, folder)
    return found[0].changes.texts if found else {}
