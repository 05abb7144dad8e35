"""Code actions: from the request to what the actions are told, and from what they offer to the client's list."""

import asyncio
import logging
from collections.abc import Hashable, Sequence
from typing import Any

from attrs import frozen
from lsprotocol import types

from lsp_aid import actions
from lsp_aid.actions.offer import (
    FIX_ALL,
    QUICKFIX,
    ApplyProposal,
    Context,
    Deed,
    Discard,
    Explain,
    Offer,
    OfferHunks,
    Promotable,
    Promote,
    StartDiff,
    StartFix,
    TakeHunks,
    UndoLast,
    Waiting,
    WaitingHunk,
)
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.journal import Entry
from lsp_aid.domain.proposal import Proposal
from lsp_aid.domain.text import Range
from lsp_aid.edits.hunks import hunks
from lsp_aid.errors import AidError, StaleError, UsageError
from lsp_aid.repair.engine import Focus
from lsp_aid.server import changing, commands, explaining, to_lsp
from lsp_aid.server.arrival import alike
from lsp_aid.server.from_lsp import range_of
from lsp_aid.server.proposals import Offered, check_fresh
from lsp_aid.server.root import Root
from lsp_aid.server.session import Session
from lsp_aid.workspace.documents import Document

log = logging.getLogger(__name__)

# How long a list of actions waits for repairs that are being computed. Editors give up after ten seconds.
INVOKED_SECONDS = 6.0
AUTOMATIC_SECONDS = 1.5
UNSAID_SECONDS = 3.0

_ASIDE = (types.DiagnosticSeverity.Information, types.DiagnosticSeverity.Hint)
_OTHER_SERVERS = ("ocaml", "dune", "merlin", "lsp-aid")

Action = types.CodeAction | types.Command


@frozen
class _Error:
    """An error in the document. `path` is empty for one of the whole project."""

    path: str
    place: Range


@frozen
class _Request:
    session: Session
    root: Root
    document: Document
    params: types.CodeActionParams

    @property
    def only(self) -> list[str] | None:
        kinds = self.params.context.only
        return None if kinds is None else [k.value if isinstance(k, types.CodeActionKind) else k for k in kinds]

    @property
    def place(self) -> Range:
        return self.range(self.params.range)

    @property
    def path(self) -> str:
        return self.root.relative(self.document.path)

    def range(self, place: types.Range) -> Range:
        return range_of(place, self.document.source, self.session.client.can.encoding)

    def wants(self, kind: str) -> bool:
        return actions.is_wanted(kind, self.only)


async def code_actions(session: Session, params: types.CodeActionParams) -> Sequence[Action]:
    """What can be done at a place. Waits a moment for repairs that are being computed."""
    await session.until_ready()
    document = session.find(params.text_document.uri)
    root = session.root_of(document) if document else None
    if document is None or root is None:
        return []
    request = _Request(session, root, document, params)
    errors = _errors(request)
    state = root.state()
    offered = await _repairs(request, errors, state)
    if root.state() != state:
        return []  # the user types on: nobody asks for this any longer
    context = Context(
        view=root.view(),
        path=request.path,
        range=request.place,
        errors=tuple(error.place for error in errors),
        fixes=None if offered is None else tuple(o.proposal for o in offered),
        trusted=root.trusted,
        model=root.settings.model.name if root.settings.model.is_configured else "",
        waiting=_waiting(request),
        hunks=len(hunks(offered[0].proposal.changes)) if offered and session.client.can.apply_edit else 0,
        undoable=_undoable(request),
        promotable=_promotable(request),
        messages=_messages(request),
    )
    found = await asyncio.to_thread(actions.offers, context, request.only)
    root.kept.keep_shown(o.does.proposal for o in found if isinstance(o.does, ApplyProposal | OfferHunks))
    listed = [(action, offer.does) for offer in found if (action := _action(request, offer, errors))]
    session.proposals.seen(proposal for _, does in listed if (proposal := _proposal_of(request, does)))
    return [action for action, _ in listed]


def _proposal_of(request: _Request, does: Deed) -> Proposal | None:
    """The proposal that an offer shows."""
    if isinstance(does, ApplyProposal):
        return does.proposal
    parts = request.root.promoting.at(request.path) if isinstance(does, Promote) else None
    return parts.offered.proposal if parts else None


def _waiting(request: _Request) -> Waiting | None:
    """The proposal that waits to be taken by hunk, for a client that takes edits."""
    parts = request.root.parts
    if parts is None or not request.session.client.can.apply_edit:
        return None
    found = tuple(WaitingHunk(part.hunk.id, part.hunk.path, part.range) for part in parts.live)
    return Waiting(parts.offered.proposal.id, found, parts.origin)


def _promotable(request: _Request) -> Promotable | None:
    """What the build would have the document become, for a client that takes edits."""
    parts = request.root.promoting.at(request.path)
    if parts is None or not request.session.client.can.apply_edit:
        return None
    found = tuple(WaitingHunk(part.hunk.id, part.hunk.path, part.range) for part in parts.live)
    said = (s.place for s in request.root.board.shown(request.path) if s.diagnostic.source == "dune")
    return Promotable(found, any(place.touches(request.place) for place in said))


def _undoable(request: _Request) -> Entry | None:
    """What was applied last, where this document is as it was left."""
    entry = request.root.kept.last
    if entry is None or not request.session.client.can.apply_edit:
        return None
    left = entry.changes.texts.get(request.path)
    return entry if left is not None and alike(left, request.document.text) else None


def _errors(request: _Request) -> list[_Error]:
    """The errors at the place, ours before those that other servers told the client, each place once; those of the
    whole file where all of it is to be repaired."""
    whole = request.wants(FIX_ALL)
    own = [
        _Error(shown.diagnostic.path, shown.place)
        for shown in request.root.board.shown(request.path)
        if shown.diagnostic.is_error
    ]
    told = [
        _Error(request.path, request.range(diagnostic.range))
        for diagnostic in request.params.context.diagnostics
        if _is_error(diagnostic)
    ]
    near = [error for error in (*own, *told) if whole or error.place.touches(request.place)]
    found: dict[Range, _Error] = {}
    for error in near:
        found.setdefault(error.place, error)
    return list(found.values())


def _messages(request: _Request) -> tuple[Diagnostic, ...]:
    """What we say of the place; where that is nothing, what other servers say of it."""
    own = explaining.messages_at(request.root, request.path, request.place)
    others = (d for d in request.params.context.diagnostics if _is_of_ocaml(d) and d.severity not in _ASIDE)
    places = ((d, request.range(d.range)) for d in others)
    return own or tuple(explaining.told(d, request.path, p) for d, p in places if p.touches(request.place))


def _is_error(diagnostic: types.Diagnostic) -> bool:
    return diagnostic.severity in (None, types.DiagnosticSeverity.Error) and _is_of_ocaml(diagnostic)


def _is_of_ocaml(diagnostic: types.Diagnostic) -> bool:
    source = (diagnostic.source or "ocaml").casefold()
    return any(name in source for name in _OTHER_SERVERS)


async def _repairs(request: _Request, errors: Sequence[_Error], state: Hashable) -> Sequence[Offered] | None:
    """The repairs of the first error, None where they are not known in time."""
    root = request.root
    if not errors or not root.trusted or not (request.wants(QUICKFIX) or request.wants(FIX_ALL)):
        return ()
    focus = Focus(errors[0].path, errors[0].place) if errors[0].path else None
    run = root.fixes.ahead(focus)
    await asyncio.wait({run}, timeout=_patience(request.params.context))
    if root.state() != state:
        return ()
    found: Sequence[Offered] = ()
    if run.cancelled():
        return None
    if run.done():
        if error := run.exception():
            if isinstance(error, AidError):
                root.say_once(error)
            return ()
        found = run.result().offered
    if not any(offered.is_verified_fix for offered in found):
        found = root.fixes.ready() or found
    if not found and not run.done():
        return None
    return await _fresh(root, found)


async def _fresh(root: Root, found: Sequence[Offered]) -> Sequence[Offered] | None:
    """Those that still hold; None where some do not, because a file changed on disk: then all is computed anew."""
    try:
        for offered in found:
            await check_fresh(offered, root.view())
    except StaleError as error:
        log.info("%s", error)
        root.disk_changed()
        return None
    return found


def _patience(context: types.CodeActionContext) -> float:
    if context.trigger_kind is types.CodeActionTriggerKind.Invoked:
        return INVOKED_SECONDS
    return AUTOMATIC_SECONDS if context.trigger_kind else UNSAID_SECONDS


# --- to the client's list ---


def _action(request: _Request, offer: Offer, errors: Sequence[_Error]) -> Action | None:
    """An offer as the client takes it; None for one that it cannot carry out."""
    session, edit = request.session, None
    command = _command(request, offer, errors)
    data: dict[str, Any] = {"offer": type(offer.does).__name__}
    if isinstance(offer.does, ApplyProposal):
        offered = session.proposals.get(offer.does.proposal.id)
        data = {"proposal": offered.proposal.id}
        try:
            edit = session.applying.edit(offered)
        except UsageError as error:
            log.info("“%s” is not offered: %s", offer.title, error)
            return None
        if offer.kind == FIX_ALL and offered.confirmations:
            return None  # it may be made on every save, with nobody looking
        if session.client.can.literals and not offered.needs_consent(session.client.can):
            command = types.Command(title=offer.title, command=changing.APPLIED, arguments=[data])
        else:
            edit = None
    if not session.client.can.literals:
        return command
    return types.CodeAction(
        title=offer.title,
        kind=offer.kind,
        diagnostics=_answered(request, errors) if offer.for_errors else None,
        is_preferred=True if offer.preferred and session.client.can.preferred else None,
        edit=edit,
        command=command,
        data=data,
    )


def _command(request: _Request, offer: Offer, errors: Sequence[_Error]) -> types.Command:
    document: dict[str, Any] = {"textDocument": {"uri": request.document.uri}}
    match offer.does:
        case ApplyProposal(proposal):
            return types.Command(title=offer.title, command=changing.APPLY, arguments=[{"proposal": proposal.id}])
        case StartFix(ask_model):
            place = _json(request, errors[0].place) if errors[0].path else {}
            arguments = {**document, **place, "model": ask_model, "apply": True}
            return types.Command(title=offer.title, command=commands.FIX, arguments=[arguments])
        case StartDiff(prompt, place):
            arguments = {"prompt": prompt, **document, **_json(request, place), "aidComment": True}
            return types.Command(title=offer.title, command=commands.DIFF, arguments=[arguments])
        case OfferHunks(proposal):
            return types.Command(title=offer.title, command=changing.OFFER, arguments=[{"proposal": proposal.id}])
        case TakeHunks(identifier, chosen, files):
            named = {"hunks": list(chosen), "files": list(files)}
            arguments = {"proposal": identifier, **{name: given for name, given in named.items() if given}}
            return types.Command(title=offer.title, command=changing.TAKE, arguments=[arguments])
        case Discard(identifier):
            return types.Command(title=offer.title, command=changing.DISCARD, arguments=[{"proposal": identifier}])
        case Explain(found):
            # Our own are looked up when they are asked for; of those of others the client keeps the text for us.
            own = explaining.messages_at(request.root, request.path, request.place)
            given = {} if own else {"message": found[0].message, **({"code": found[0].code} if found[0].code else {})}
            arguments = {**document, **_json(request, request.place), **given}
            return types.Command(title=offer.title, command=explaining.EXPLAIN, arguments=[arguments])
        case Promote(chosen):
            arguments = {**document, **({"hunks": list(chosen)} if chosen else {})}
            return types.Command(title=offer.title, command=changing.PROMOTE, arguments=[arguments])
        case UndoLast(entry):
            return types.Command(title=offer.title, command=changing.UNDO, arguments=[{"entry": entry}])
        case _:
            return types.Command(title=offer.title, command=commands.TRUST, arguments=[document])


def _json(request: _Request, place: Range) -> dict[str, Any]:
    where = to_lsp.range_(place, request.document.source, request.session.client.can.encoding)
    return {
        "range": {
            name: {"line": position.line, "character": position.character}
            for name, position in (("start", where.start), ("end", where.end))
        }
    }


def _answered(request: _Request, errors: Sequence[_Error]) -> list[types.Diagnostic] | None:
    """Those of the client's own diagnostics that the action is for."""
    places = {error.place for error in errors}
    return [d for d in request.params.context.diagnostics if request.range(d.range) in places] or None


def resolve(session: Session, action: types.CodeAction) -> types.CodeAction:
    """Adds the edit to an action that came back without it. Changes nothing, and takes an action without data."""
    data = action.data
    identifier = data.get("proposal") if isinstance(data, dict) else None
    if action.edit is None and action.command is None and isinstance(identifier, str):
        offered = session.proposals.get(identifier)
        if not offered.needs_consent(session.client.can):
            action.edit = session.applying.edit(offered)
    return action
