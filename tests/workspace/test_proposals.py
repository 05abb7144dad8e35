"""A proposal that was made is there after a restart, whole."""

import os
from pathlib import Path

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.proposal import Kind, Level, Proposal, Verdict
from lsp_aid.domain.text import Position, Range
from lsp_aid.workspace.proposals import ProposalStore

PLACE = Range(Position(1, 2), Position(3, 4))
ERROR = Diagnostic("a.ml", PLACE, Severity.ERROR, "wrong\r\n", code=None, related=(Related("b.ml", PLACE, "here"),))
PROPOSAL = Proposal(
    id="0123456789ab",
    task="generate_diff",
    title="Make é two",
    changes=ChangeSet(
        [FileChange("a.ml", "\ufeffa\r\n", "b"), FileChange("n.ml", None, ""), FileChange("o", "o", None)]
    ),
    verdict=Verdict(Level.PARSES, "one error", (ERROR,), (), built=True),
    source="model:scripted",
    kind=Kind.CHANGE,
    explanation="why",
    seconds=1.5,
)


def test_a_proposal_survives_a_restart(tmp_path: Path) -> None:
    ProposalStore(tmp_path, os.environ).keep(PROPOSAL)
    again = ProposalStore(tmp_path, os.environ)
    assert again.find(PROPOSAL.id) == PROPOSAL
    assert list(again.recent()) == [PROPOSAL]
    assert again.find("unknown") is None
    assert again.find("../../etc/passwd") is None
    assert ProposalStore(tmp_path / "other", os.environ).recent() == ()
