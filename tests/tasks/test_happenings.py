"""What is told of a proposal, and nothing of its text."""

from pathlib import Path

import pytest

from lsp_aid.config import ModelSettings, Settings
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.events import Event, Happening
from lsp_aid.domain.proposal import Kind, Level, Proposal, Verdict
from lsp_aid.tasks.happenings import note
from lsp_aid.tasks.project import Project
from tests.support.served import Noted, ToyBuild, ToyEvaluator


@pytest.mark.parametrize(
    ("source", "model", "strategy"),
    [
        ("model:qwen3", "qwen3", "unified_diff"),
        ("engine:missing_rec+unused", "", "missing_rec+unused"),
        ("dune", "", ""),
    ],
)
def test_it_says_who_made_it_and_how(source: str, model: str, strategy: str) -> None:
    told, root = Noted(), Path("/p")
    settings = Settings(model=ModelSettings(format="unified_diff"))
    project = Project(root, settings, ToyBuild(root, []), ToyEvaluator(), None, told)
    proposal = Proposal("p1", "task", "secret", ChangeSet(), Verdict(Level.PARSES), source, Kind.FIX, "secret", 1.5)
    note(project, proposal, Happening.OFFERED)
    assert told.events == [Event(Happening.OFFERED, "p1", "task", model, strategy, 1.5)]
