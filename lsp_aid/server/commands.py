"""The commands, as docs/protocol.md describes them. Each answers at once; long work becomes a job."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from lsprotocol import types

from lsp_aid.actions.generate_diff import removal
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.overlay import Overlay
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Proposal
from lsp_aid.domain.text import Range, SourceText
from lsp_aid.errors import StaleError
from lsp_aid.server import changing, explaining
from lsp_aid.server.calling import Call
from lsp_aid.server.from_lsp import range_of
from lsp_aid.server.jobs import Job
from lsp_aid.server.proposals import Offered
from lsp_aid.server.root import Root
from lsp_aid.server.session import Session
from lsp_aid.tasks.generate_diff import DiffRequest, generate_diff

FIX, DIFF, TRUST = "lsp-aid.fixBuildError", "lsp-aid.generateDiff", "lsp-aid.trust"


async def fix(call: Call) -> Any:
    """Repairs the error at a place, or all."""
    uri, place = call.arguments.uri(), call.arguments.range()
    ask_model, apply = call.arguments.flag("model", False), call.applies()
    call.session.root_for(uri)
    work = partial(_fix, call.session, uri, place, ask_model, apply)
    return call.start("fix_build_error", "Fixing the build error", work)


async def _fix(
    session: Session, uri: str, place: types.Range | None, ask_model: bool, apply: bool, job: Job
) -> Sequence[Proposal]:
    root, path = await session.trusted_root_for(uri)
    for attempt in (1, 2):
        focus = root.focus_at(path, _range(session, root.view(), path, place)) if place else None
        computed = root.fixes.compute(focus, job, ask_model=True) if ask_model else root.fixes.wait(focus, job)
        fixed = await computed
        proposals = tuple(offered.proposal for offered in fixed.offered)
        if not proposals:
            job.message = fixed.reason or "No repair was found"
            if apply:
                session.client.show(f"lsp-aid: {job.message}.", types.MessageType.Info)
            return ()
        job.message = f"{len(proposals)} proposal{'s' if len(proposals) > 1 else ''}"
        session.proposals.seen(proposals)
        await root.kept.keep(proposals)
        if not apply:
            return proposals
        best = next((offered for offered in fixed.offered if offered.is_verified_fix), fixed.offered[0])
        try:
            await changing.apply_whole(session, root, best, job, consent=not best.is_verified_fix)
        except StaleError:
            if attempt == 2:
                raise
            job.report("The text has changed meanwhile: once more")
        else:
            return proposals
    raise AssertionError("the second attempt returns or raises")


async def diff(call: Call) -> Any:
    """Has the model write a diff from a prompt."""
    prompt, uri, place = call.arguments.text("prompt"), call.arguments.uri(), call.arguments.range()
    is_comment = call.arguments.flag("aidComment", False)
    apply = call.applies(call.session.settings.diff.apply == "whole")
    call.session.root_for(uri)
    work = partial(_diff, call.session, prompt, uri, place, is_comment, apply)
    return call.start("generate_diff", "Writing a diff", work)


async def _diff(
    session: Session,
    prompt: str,
    uri: str,
    place: types.Range | None,
    is_comment: bool,
    apply: bool,
    job: Job,
) -> Sequence[Proposal]:
    root, path = await session.trusted_root_for(uri)
    async with root.holding() as project:
        view = root.view()
        where = _range(session, view, path, place) if place else None
        gone = removal(view, path, prompt, where) if is_comment and where else ChangeSet()
        if gone and where:
            where = Range(where.start, where.start)  # what followed the comment is there once the comment is gone
        proposals = await generate_diff(project, Overlay(view, gone), DiffRequest(prompt, path, where, gone), job)
        offered = session.proposals.add(proposals, view, project)
    session.proposals.seen(proposals)
    job.message = f"{len(proposals)} proposal{'s' if len(proposals) != 1 else ''}"
    await root.kept.keep(proposals)
    if apply and offered:
        await changing.apply_whole(session, root, offered[0], job, consent=False)
    elif offered and session.client.can.apply_edit:
        _offer(session, root, offered[0], path)
    return proposals


def _offer(session: Session, root: Root, offered: Offered, path: str) -> None:
    """Has a diff wait to be taken, and says so."""
    parts, proposal = root.wait_for_choice(offered, path), offered.proposal
    count = f"{parts.total} hunk{'s' if parts.total > 1 else ''}"
    session.client.show(
        f"lsp-aid: “{proposal.title}” ({proposal.verdict.level.value}) waits: {count} in "
        f"{', '.join(proposal.changes.paths)}. Take or discard it by the code actions there.",
        types.MessageType.Info,
    )


async def cancel(call: Call) -> Any:
    """Cancels a job."""
    return call.session.jobs.cancel(call.arguments.text("job")).data()


async def trust(call: Call) -> Any:
    """Trusts the project of a document, and builds it."""
    root, _ = call.session.root_for(call.arguments.uri())
    await root.give_trust()
    root.start()
    return root.data()


async def build(call: Call) -> Any:
    """Builds the project of a document again."""
    root, _ = call.session.root_for(call.arguments.uri())
    root.disk_changed()
    return root.data()


async def status(call: Call) -> Any:
    """All projects, as `lsp-aid/status` says."""
    return {"roots": [root.data() for root in call.session.roots.values()]}


COMMANDS: dict[str, Callable[[Call], Awaitable[Any]]] = {
    DIFF: diff,
    FIX: fix,
    "lsp-aid.proposal": changing.proposal,
    "lsp-aid.cancel": cancel,
    changing.APPLY: changing.apply,
    changing.APPLIED: changing.applied,
    changing.REJECTED: changing.rejected,
    changing.OFFER: changing.offer,
    changing.TAKE: changing.take,
    changing.DISCARD: changing.discard,
    changing.PROMOTE: changing.promote,
    changing.UNDO: changing.undo,
    explaining.EXPLAIN: explaining.explain,
    TRUST: trust,
    "lsp-aid.build": build,
    "lsp-aid.status": status,
}


def _range(session: Session, view: View, path: str, place: types.Range) -> Range:
    return range_of(place, SourceText(view.read(path)), session.client.can.encoding)
