"""The diagnostics of one project, as the editor shows them.

They are those of the last build, of what was on disk. An edit moves them along with the text; one whose place is edited
is taken down at once, since nobody knows yet whether it still holds. Undoing the edit puts it back.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from attrs import define, field, frozen
from lsprotocol import types

from lsp_aid.domain.build_status import PROJECT_FILE, BuildStatus
from lsp_aid.domain.diagnostics import Diagnostic, Related
from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.edits.minimal import minimal_edits
from lsp_aid.server import to_lsp
from lsp_aid.server.client import Client
from lsp_aid.workspace.documents import Document, Documents, Edited

_NOWHERE = Range(Position(0, 0), Position(0, 0))
_REDRAW_SECONDS = 0.1


@frozen
class Shown:
    """A diagnostic and where it is now, in the text that the editor holds."""

    diagnostic: Diagnostic
    place: Range


@frozen
class _Built:
    """What the build said of a file, and the text that it said it of."""

    text: str
    diagnostics: tuple[Diagnostic, ...]

    @property
    def originals(self) -> list[Shown]:
        return [Shown(each, each.range if each.path else _NOWHERE) for each in self.diagnostics]


@define(eq=False)
class Board:
    """`more`: what else is to be shown of a file, besides what the build said. `publishes`: whether a diagnostic in a
    document (None where that is not open) is published, and not only known. `unsaved`: what the compiler says of a file
    as it is in the editor, in place of what it said when it was built; None where that holds."""

    root: Path
    client: Client
    documents: Documents
    more: Callable[[str], list[types.Diagnostic]] = field(default=lambda _: [])
    publishes: Callable[[Diagnostic, Document | None], bool] = field(default=lambda *_: True)
    unsaved: Callable[[str], Iterable[Shown] | None] = field(default=lambda _: None)
    _built: dict[str, _Built] = field(factory=dict)
    _texts: dict[str, str] = field(factory=dict)
    _shown: dict[str, list[Shown]] = field(factory=dict)
    _redraws: dict[str, asyncio.TimerHandle] = field(factory=dict)
    _published: dict[str, types.PublishDiagnosticsParams] = field(factory=dict)

    def shown(self, path: str) -> tuple[Shown, ...]:
        """What is known of a file: the errors first, then by place."""
        shown: Iterable[Shown] = self._shown.get(path, ())
        if (unsaved := self.unsaved(path)) is not None:
            shown = [*unsaved, *(s for s in shown if s.diagnostic.source != "ocaml")]
        return tuple(sorted(shown, key=lambda s: (not s.diagnostic.is_error, s.place)))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path, shown in self._shown.items() if shown)

    def show(self, status: BuildStatus) -> None:
        """Shows what a build said, and takes down what it no longer says."""
        by_path: dict[str, list[Diagnostic]] = {}
        for diagnostic in _distinct(status.result.diagnostics):
            by_path.setdefault(diagnostic.path or PROJECT_FILE, []).append(diagnostic)
        gone = set(self._shown) - set(by_path)
        self._texts = dict(status.texts)
        self._built = {path: _Built(status.texts.get(path, ""), tuple(found)) for path, found in by_path.items()}
        for path in gone:
            self._shown.pop(path, None)
            self._publish(path)
        for path in self._built:
            self._shown[path] = self._placed(path)
            self._publish(path)

    def clear(self, also: Iterable[str] = ()) -> None:
        """Takes everything down: nothing is known. `also`: of which files more may be shown."""
        paths = {*self._shown, *also}
        self._built, self._shown, self._texts = {}, {}, {}
        for timer in self._redraws.values():
            timer.cancel()
        self._redraws = {}
        for path in paths:
            self._publish(path)

    def edited(self, path: str, document: Document, edits: Iterable[Edited]) -> None:
        """Takes note of an edit. The editor hears at once of what is taken down, and shortly of what has moved."""
        built = self._built.get(path)
        if built is None:
            return
        before = self._shown.get(path, [])
        if document.text == built.text:
            now = built.originals
        else:
            now = before
            for edit in edits:
                moved = ((s.diagnostic, edit.moved(s.place)) for s in now)
                now = [Shown(d, place) for d, place in moved if place]
        self._shown[path] = now
        if len(now) == len(before):
            self.redraw_soon(path)
        else:
            self._publish(path)

    def settle(self, path: str) -> None:
        """Places anew what is known of a file that was opened or closed: the two texts may differ."""
        if path in self._built:
            self._shown[path] = self._placed(path)
            self._publish(path)

    def _placed(self, path: str) -> list[Shown]:
        built, document = self._built[path], self.documents.at(self.root / path)
        if document is None or document.text == built.text:
            return built.originals
        moved = _moved(built.text, document.source, (shown.place for shown in built.originals))
        return [Shown(s.diagnostic, place) for s, place in zip(built.originals, moved, strict=True) if place]

    def redraw_soon(self, path: str) -> None:
        """Shows a file anew, in a moment: once for many keys that are pressed."""
        if path not in self._redraws:

            def redraw() -> None:
                del self._redraws[path]
                self._publish(path)

            self._redraws[path] = asyncio.get_running_loop().call_later(_REDRAW_SECONDS, redraw)

    def redraw(self, path: str) -> None:
        """Shows a file anew, at once."""
        self._publish(path)

    def _publish(self, path: str) -> None:
        if timer := self._redraws.pop(path, None):
            timer.cancel()
        document = self.documents.at(self.root / path)
        if document is not None and document.language is None:
            return
        source = document.source if document else SourceText(self._texts.get(path, ""))
        items = [
            to_lsp.diagnostic(s.diagnostic, s.place, source, self.client.can, self._related(s.diagnostic))
            for s in self.shown(path)
            if self.publishes(s.diagnostic, document)
        ] + self.more(path)
        uri = document.uri if document else (self.root / path).as_uri()
        version = document.version if document and self.client.can.published_versions else None
        params = types.PublishDiagnosticsParams(uri=uri, diagnostics=items, version=version)
        if params != self._published.get(path):
            self._published[path] = params
            self.client.protocol.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    def _related(self, diagnostic: Diagnostic) -> list[types.DiagnosticRelatedInformation]:
        return [found for related in diagnostic.related if (found := self._related_information(related))]

    def _related_information(self, related: Related) -> types.DiagnosticRelatedInformation | None:
        """None where the text that it points at was edited."""
        document, text = self.documents.at(self.root / related.path), self._texts.get(related.path)
        place: Range | None = related.range
        if document and text is not None and document.text != text:
            (place,) = _moved(text, document.source, [related.range])
        if place is None:
            return None
        source = document.source if document else SourceText(text) if text is not None else None
        known = to_lsp.range_(place, source, self.client.can.encoding) if source else to_lsp.plain_range(place)
        uri = document.uri if document else (self.root / related.path).as_uri()
        return types.DiagnosticRelatedInformation(
            location=types.Location(uri=uri, range=known), message=related.message
        )


def _moved(before: str, after: SourceText, places: Iterable[Range]) -> Iterator[Range | None]:
    """Where places of one text are in another; None for one that was edited."""
    old = SourceText(before)
    edits = [(edit.start, edit.end, len(edit.text)) for edit in minimal_edits(before, after.text)]
    for place in places:
        start, end = old.offset(place.start), old.offset(place.end)
        if any(first <= end and start <= last for first, last, _ in edits):
            yield None
        else:
            shift = sum(length - (last - first) for first, last, length in edits if last < start)
            yield after.range(start + shift, end + shift)


def _distinct(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Each once, in order: of those that say the same of one place, the one that says most of it."""
    by_meaning: dict[tuple[object, ...], Diagnostic] = {}
    for each in found:
        meaning = (each.path, each.range, each.severity, each.flat_message)
        known = by_meaning.get(meaning)
        if known is None or (bool(each.code), len(each.related)) > (bool(known.code), len(known.related)):
            by_meaning[meaning] = each
    yield from by_meaning.values()
