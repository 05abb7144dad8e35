"""The commands that apply proposals, whole or by hunk, and take them back."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from attrs import evolve

from lsp_aid.domain.events import Happening
from lsp_aid.domain.journal import Entry
from lsp_aid.domain.proposal import Proposal
from lsp_aid.errors import StaleError, UsageError
from lsp_aid.server.calling import Call
from lsp_aid.server.jobs import Job
from lsp_aid.server.parts import Parts, Taking
from lsp_aid.server.proposals import Offered, check_fresh
from lsp_aid.server.root import Root
from lsp_aid.server.session import Session
from lsp_aid.tasks.judging import judged
from lsp_aid.tasks.report import proposal_data

APPLY, APPLIED, REJECTED = "lsp-aid.apply", "lsp-aid.applied", "lsp-aid.rejected"
OFFER, TAKE, DISCARD, UNDO = "lsp-aid.offer", "lsp-aid.take", "lsp-aid.discard", "lsp-aid.undo"
PROMOTE = "lsp-aid.promote"


async def proposal(call: Call) -> Any:
    """The proposals of a job, whole, or a proposal that was kept."""
    if call.arguments.values.get("job") is None and call.arguments.values.get("proposal") is not None:
        identifier = call.arguments.text("proposal")
        known = call.session.proposals.find(identifier)
        found = known.proposal if known else (await _kept(call.session, identifier))[1]
        return {"proposals": [proposal_data(found)]}
    job = call.session.jobs.get(call.arguments.text("job"))
    earlier = [(await _kept(call.session, str(short.get("id"))))[1] for short in job.earlier]
    return {**job.data(), "proposals": [proposal_data(proposal) for proposal in (*earlier, *job.proposals)]}


async def apply(call: Call) -> Any:
    """Applies a proposal in the editor."""
    root, offered = await _find(call)

    async def work(job: Job) -> Sequence[Proposal]:
        fresh = await _judged_again(root, offered, job) if offered.is_kept else offered
        await apply_whole(call.session, root, fresh, job, consent=False)
        return (fresh.proposal,)

    return call.start("apply", f"Applying “{offered.proposal.title}”", work)


async def apply_whole(session: Session, root: Root, offered: Offered, job: Job, *, consent: bool) -> None:
    """Applies a proposal for a job. Raises as `Applying.apply`."""
    done = await session.applying.apply(offered, root, consent=consent)
    root.stop_waiting(offered.proposal.id)
    job.message = f"Applied: {offered.proposal.title}" if done else f"Not applied: {offered.proposal.title}"


async def applied(call: Call) -> Any:
    """The editor has applied a proposal by itself, from a code action."""
    root, offered = await _find(call)
    root.stop_waiting(offered.proposal.id)
    await call.session.applying.applied(offered, root)


async def rejected(call: Call) -> Any:
    """The user has turned a proposal down."""
    root, offered = await _find(call)
    root.stop_waiting(offered.proposal.id)
    offered.emit(Happening.REJECTED)


async def offer(call: Call) -> Any:
    """Has a proposal wait to be taken by hunk."""
    root, offered = await _find(call)
    root.wait_for_choice(offered)


async def take(call: Call) -> Any:
    """Applies some hunks of a proposal, or what is left of it."""
    root, offered = await _find(call)
    given = [call.arguments.texts(name) for name in ("hunks", "files")]
    names = [name for names in given for name in names or ()]
    if not names and given != [None, None]:
        raise UsageError(f"{TAKE} names no hunk and no file", "Leave both out to take the whole.")
    work = partial(_take, call.session, root, offered, names)
    return call.start("take", f"Applying a part of “{offered.proposal.title}”", work)


async def _take(session: Session, root: Root, offered: Offered, names: Sequence[str], job: Job) -> Sequence[Proposal]:
    waits = root.parts and root.parts.offered.proposal.id == offered.proposal.id
    parts = root.parts if root.parts and waits else root.wait_for_choice(offered)
    view = root.view()
    taking = parts.take(names, view)
    part = await _part(root, parts, taking, job)
    done = await session.applying.apply(part, root, consent=False, is_part=True)
    if done:
        parts.taken(taking, root.view())
        root.show_waiting()
    level = part.proposal.verdict.level.value
    job.message = f"{'Applied' if done else 'Not applied'}: {part.proposal.title} ({level})"
    return (part.proposal,)


async def _part(root: Root, parts: Parts, taking: Taking, job: Job) -> Offered:
    """What is taken as a proposal of its own: how sure one is of the whole says nothing of a part."""
    offered = parts.offered
    if taking.changes == offered.proposal.changes and not offered.is_kept:
        try:
            await check_fresh(offered, root.view())
        except StaleError:
            job.report("The text has changed meanwhile")
        else:
            return offered
    count = len(taking.parts)
    title = offered.proposal.title
    if count < parts.total:
        title = f"{title} ({count} of {parts.total} hunks)"
    chosen = evolve(offered, proposal=evolve(offered.proposal, title=title, changes=taking.changes), view=root.view())
    return await _judged_again(root, chosen, job)


async def discard(call: Call) -> Any:
    """Gives up what is left of a proposal that waits."""
    root, offered = await _find(call)
    parts = root.parts
    in_part = parts and parts.offered.proposal.id == offered.proposal.id and len(parts.parts) < parts.total
    root.stop_waiting(offered.proposal.id)
    if not in_part:
        offered.emit(Happening.REJECTED)


async def promote(call: Call) -> Any:
    """Has a document become what the build made of it, whole or by hunk."""
    root, path = call.session.root_for(call.arguments.uri())
    hunks, apply = call.arguments.texts("hunks") or (), call.applies()
    parts = root.promoting.at(path)
    if parts is None:
        raise UsageError(f"The build would have {path} as it is", "Save it, and wait for the build.")
    return call.start("promote", f"Promoting {path}", partial(_promote, call.session, root, parts, hunks, apply))


async def _promote(
    session: Session, root: Root, parts: Parts, hunks: Sequence[str], apply: bool, job: Job
) -> Sequence[Proposal]:
    if not apply:
        job.message = f"{len(parts.live)} hunk{'s' if len(parts.live) != 1 else ''} to be promoted"
        return (parts.offered.proposal,)
    view = root.view()
    chosen = hunks or [part.hunk.id for part in parts.live]
    taking = await asyncio.to_thread(parts.take, chosen, view)
    part = evolve(parts.offered, proposal=evolve(parts.offered.proposal, changes=taking.changes), view=view)
    done = await session.applying.apply(part, root, consent=False, is_part=True)
    if done:
        parts.taken(taking, root.view())
        root.redraw(taking.changes.paths)
    job.message = f"{'Applied' if done else 'Not applied'}: {part.proposal.title}"
    return (part.proposal,)


async def undo(call: Call) -> Any:
    """Takes back what was applied last, or what is named, over all its files."""
    arguments, session = call.arguments, call.session
    named = [name for name in ("entry", "proposal") if arguments.values.get(name) is not None]
    identifier = arguments.text(named[0]) if named else ""
    roots = list(session.roots.values())
    if arguments.values.get("textDocument") is not None:
        roots = [session.root_for(arguments.uri())[0]]
    found = [(entry, root) for root in roots if (entry := await root.kept.undoable(identifier))]
    if not found:
        raise UsageError("There is nothing to undo", "What was undone already, or long ago, is not known.")
    entry, root = max(found, key=lambda one: one[0].time)
    return call.start("undo", f"Undoing “{entry.title}”", partial(_undo, session, root, entry))


async def _undo(session: Session, root: Root, entry: Entry, job: Job) -> Sequence[Proposal]:
    emptied = await session.applying.undo(entry, root)
    left = f". Delete {', '.join(emptied)}, which this editor only emptied" if emptied else ""
    job.message = f"Undone: {entry.title}{left}"
    return ()


async def _find(call: Call) -> tuple[Root, Offered]:
    """The proposal that a command names: of this server, or kept by one before it. Raises UsageError, StaleError."""
    identifier = call.arguments.text("proposal")
    if offered := call.session.proposals.find(identifier):
        root = call.session.roots.get(offered.view.root)
        if root is None:
            raise StaleError(f"{offered.view.root} is no longer open", "Open it and ask again.")
        # One that was kept is of no view that is known: what it changes is all that can be compared.
        return root, evolve(offered, view=root.view()) if offered.is_kept else offered
    root, kept = await _kept(call.session, identifier)
    (offered,) = call.session.proposals.add([kept], root.view(), await root.project(), is_kept=True)
    return root, offered


async def _kept(session: Session, identifier: str) -> tuple[Root, Proposal]:
    """A proposal that was kept on disk. Raises UsageError."""
    for root in tuple(session.roots.values()):
        if found := await root.kept.find(identifier):
            return root, found
    raise UsageError(f"There is no proposal {identifier[:40]}", "Ask again.")


async def _judged_again(root: Root, offered: Offered, job: Job) -> Offered:
    """The proposal with the verdict that it deserves now. Raises StaleError."""
    await check_fresh(offered, root.view())
    view, changes = root.view(), offered.proposal.changes
    is_model = offered.proposal.source.startswith("model:")
    async with root.holding() as project:
        verdict = await judged(project, view, changes, job, untrusted=is_model)
        return Offered(evolve(offered.proposal, verdict=verdict), view, project)
