"""Explanations of messages: as a hover, and as a text of its own that a command shows."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from lsprotocol import types

from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Range, SourceText
from lsp_aid.errors import FileUnwritableError, UsageError
from lsp_aid.ocaml.compiler_output import untitled
from lsp_aid.server import to_lsp
from lsp_aid.server.calling import Call
from lsp_aid.server.client import Client
from lsp_aid.server.from_lsp import position_of, range_of
from lsp_aid.server.root import Root
from lsp_aid.server.session import Session
from lsp_aid.tasks.explain import hover_text, page, short_text

log = logging.getLogger(__name__)

EXPLAIN = "lsp-aid.explain"
_LONGEST = 100_000  # of a message that a client sends, in characters


def messages_at(root: Root, path: str, place: Range) -> tuple[Diagnostic, ...]:
    """What is shown of a place, the errors first."""
    return tuple(shown.diagnostic for shown in root.board.shown(path) if shown.place.touches(place))


def told(diagnostic: types.Diagnostic, path: str, place: Range) -> Diagnostic:
    """A message that another server told the client. Some put its title in front: `Error (warning 26)`."""
    code, message = untitled(diagnostic.message)
    serious = diagnostic.severity in (None, types.DiagnosticSeverity.Error)
    return Diagnostic(path, place, Severity.ERROR if serious else Severity.WARNING, message, code=code)


async def explain(call: Call) -> Any:
    """Explains what is said of a place, or a message that is given, and shows that to the user."""
    root, path = call.session.root_for(call.arguments.uri())
    found = await asyncio.to_thread(_found, call, root, path)
    if call.arguments.flag("show", True):
        await _show(call.session, found)
    return {"text": page(found) if found else ""}


def _found(call: Call, root: Root, path: str) -> tuple[Diagnostic, ...]:
    where = call.arguments.range()
    source = SourceText(root.view().read(path))
    place = range_of(where, source, call.session.client.can.encoding) if where else source.range(0, len(source.text))
    message = call.arguments.values.get("message")
    if message is None:
        return messages_at(root, path, place)
    given = call.arguments.text("message")
    if len(given) > _LONGEST:
        raise UsageError(f"{EXPLAIN}: `message` is longer than {_LONGEST} characters", "Leave out what is not needed.")
    code, text = untitled(given)
    if call.arguments.values.get("code") is not None:
        code = call.arguments.text("code")
    return (Diagnostic(path, place, Severity.ERROR, text, code=code),)


async def _show(session: Session, found: Sequence[Diagnostic]) -> None:
    """As a document of its own, where the client opens such; else as a message."""
    client = session.client
    if not found:
        client.show("lsp-aid: There is no message about this place any more.", types.MessageType.Info)
        return
    if client.can.documents and await _opened(session, page(found)):
        return
    client.show(short_text(found), types.MessageType.Info)


async def _opened(session: Session, text: str) -> bool:
    try:
        file = await asyncio.to_thread(session.services.page, text)
    except FileUnwritableError as error:
        log.warning("The explanation is shown as a message: %s", error)
        return False
    return await session.client.open_document(file.as_uri())


# --- the hover ---


def is_wanted(client: Client, options: Any) -> bool:
    """Whether hovers of ours can be had without harm to those of ocamllsp. A client that shows the hover of one server
    alone gets none, unless it says by its `initializationOptions` that ocamllsp is not there."""
    alone = isinstance(options, Mapping) and options.get("ocamllsp") is False
    return alone or not client.can.one_hover


async def hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    """What the messages at a position mean; None where there is no message, so that others have their say."""
    await session.until_ready()
    document = session.find(params.text_document.uri)
    root = session.root_of(document) if document else None
    if document is None or root is None:
        return None
    coding = session.client.can.encoding
    position = position_of(params.position, document.source, coding)
    shown = [s for s in root.board.shown(root.relative(document.path)) if s.place.start <= position <= s.place.end]
    if not shown:
        return None
    text = await asyncio.to_thread(hover_text, [s.diagnostic for s in shown])
    place = max((s.place for s in shown), key=lambda place: (place.start, -place.end.line, -place.end.column))
    return types.Hover(
        contents=types.MarkupContent(kind=_kind(session), value=text),
        range=to_lsp.range_(place, document.source, coding),
    )


def _kind(session: Session) -> types.MarkupKind:
    return types.MarkupKind.Markdown if session.client.can.markdown else types.MarkupKind.PlainText
