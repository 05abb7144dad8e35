"""How sure one can be, now, of a change that was proposed before: of a part of it, or of one that was kept."""

import asyncio

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.ports import Progress, View
from lsp_aid.domain.proposal import Verdict, judge
from lsp_aid.ocaml.syntax import parses
from lsp_aid.tasks.project import Project
from lsp_aid.tasks.rounds import build_before, evaluation


async def judged(project: Project, view: View, changes: ChangeSet, progress: Progress, *, untrusted: bool) -> Verdict:
    """The verdict on changes of `view`. `untrusted`: a model wrote them. A build that cannot be made is told by it.

    Raises OutsideError.
    """
    before = await build_before(project, view, progress)
    progress.report("Type-checking")
    after = await evaluation(project, view, changes, untrusted=untrusted)
    sound = await asyncio.to_thread(lambda: all(t is None or parses(p, t) for p, t in changes.texts.items()))
    return judge(before, after, sound)
