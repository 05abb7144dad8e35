"""The task "promote": what a build made becomes the source, an expect test's output for instance.

Nobody judges such a change but the person who reads its diff: it is what the project's own rules say.
"""

from pathlib import PurePosixPath
from uuid import uuid4

from lsp_aid.domain.build_status import BuildStatus
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.proposal import Kind, Level, Proposal, Verdict

TASK = "promote"


def promotions(status: BuildStatus) -> tuple[Proposal, ...]:
    """One for each file that the build would have become another."""
    texts = {each.in_source: each.text for each in status.promotions if each.text is not None}
    changes = (FileChange(path, status.texts.get(path), text) for path, text in texts.items() if _is_inside(path))
    return tuple(_proposal(change) for change in changes if change.before != change.after)


def _proposal(change: FileChange) -> Proposal:
    verdict = Verdict(Level.UNVERIFIED, "it is what the build made, and was not built")
    return Proposal(
        uuid4().hex[:12], TASK, f"Promote {change.path}", ChangeSet((change,)), verdict, "dune", Kind.PROMOTION
    )


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool(path) and not pure.is_absolute() and ".." not in pure.parts
