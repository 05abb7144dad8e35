"""A command as it was called."""

from collections.abc import Awaitable, Callable, Sequence

from attrs import frozen
from lsprotocol import types

from lsp_aid.domain.proposal import Proposal
from lsp_aid.server.from_lsp import Arguments
from lsp_aid.server.jobs import Job
from lsp_aid.server.session import Session


@frozen
class Call:
    """`token`: the client's own, for the progress of the job."""

    session: Session
    arguments: Arguments
    token: types.ProgressToken | None

    def start(self, task: str, title: str, work: Callable[[Job], Awaitable[Sequence[Proposal]]]) -> dict[str, str]:
        return {"job": self.session.jobs.start(task, title, work, self.token).id}

    def applies(self, default: bool = True) -> bool:
        """Whether the result is to go into the editor: if the call does not say, where the editor takes edits."""
        return self.arguments.flag("apply", default and self.session.client.can.apply_edit)
