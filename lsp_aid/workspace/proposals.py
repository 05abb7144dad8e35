"""The proposals that were made for a project, kept across restarts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_aid.domain.proposal import Proposal
from lsp_aid.workspace.records import Records, project_state


class ProposalStore:
    """Implements the port `Store` by a folder in the project's state. Nothing is made before the first write."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._records = Records(project_state(root, environment) / "proposals", root=root)
        self._shown = Records(project_state(root, environment) / "shown", most=30, days=2.0, root=root)

    def keep(self, proposal: Proposal, *, shown: bool = False) -> None:
        (self._shown if shown else self._records).write(proposal.id, proposal)

    def find(self, identifier: str) -> Proposal | None:
        return self._records.read(identifier, Proposal) or self._shown.read(identifier, Proposal)

    def recent(self) -> Sequence[Proposal]:
        return tuple(self._records.all(Proposal))
