"""The diagnostics of one project, as the editor shows them.

They are those of the last build, of what was on disk. An edit moves them along with the text; one whose place is edited
is taken down, since nobody knows yet whether it still holds. Undoing the edit puts it back.
"""

import asyncio
from collections.abc import Callable, Iterable
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


@define(eq=False)
class Board:
    """`more`: what else is to be shown of a file, besides what the build said."""

    root: Path
    client: Client
    documents: Documents
    more: Callable[[str], list[types.Diagnostic]] = field(default=lambda _: [])
    _built: dict[str, _Built] = field(factory=dict)
    _shown: dict[str, list[Shown]] = field(factory=dict)
    _redraws: dict[str, asyncio.TimerHandle] = field(factory=dict)

    def shown(self, path: str) -> tuple[Shown, ...]:
        """What is shown of a file: the errors first, then by place."""
        shown = self._shown.get(path, ())
        return tuple(sorted(shown, key=lambda s: (not s.diagnostic.is_error, s.place)))

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for path, shown in self._shown.items() if shown)

    def show(self, status: BuildStatus) -> None:
        """Shows what a build said, and takes down what it no longer says."""
        by_path: dict[str, list[Diagnostic]] = {}
        for diagnostic in dict.fromkeys(status.result.diagnostics):
            by_path.setdefault(diagnostic.path or PROJECT_FILE, []).append(diagnostic)
        gone = set(self._shown) - set(by_path)
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
        self._built, self._shown = {}, {}
        for timer in self._redraws.values():
            timer.cancel()
        self._redraws = {}
        for path in paths:
            self._publish(path)

    def edited(self, path: str, document: Document, edits: Iterable[Edited]) -> None:
        """Takes note of an edit; the editor hears of it shortly."""
        built = self._built.get(path)
        if built is None:
            return
        if document.text == built.text:
            self._shown[path] = _originals(built)
        else:
            for edit in edits:
                moved = ((s.diagnostic, edit.moved(s.place)) for s in self._shown.get(path, ()))
                self._shown[path] = [Shown(d, place) for d, place in moved if place]
        self.redraw_soon(path)

    def settle(self, path: str) -> None:
        """Places anew what is known of a file that was opened or closed: the two texts may differ."""
        if path in self._built:
            self._shown[path] = self._placed(path)
            self._publish(path)

    def _placed(self, path: str) -> list[Shown]:
        built, document = self._built[path], self.documents.at(self.root / path)
        if document is None or document.text == built.text:
            return _originals(built)
        old, new = SourceText(built.text), document.source
        edits = [(e.start, e.end, len(e.text)) for e in minimal_edits(old.text, new.text)]
        placed = []
        for shown in _originals(built):
            start, end = old.offset(shown.place.start), old.offset(shown.place.end)
            if any(s <= end and start <= e for s, e, _ in edits):
                continue
            shift = sum(length - (e - s) for s, e, length in edits if e < start)
            placed.append(Shown(shown.diagnostic, new.range(start + shift, end + shift)))
        return placed

    def redraw_soon(self, path: str) -> None:
        """Shows a file anew, in a moment: once for many keys that are pressed."""
        if path not in self._redraws:

            def redraw() -> None:
                del self._redraws[path]
                self._publish(path)

            self._redraws[path] = asyncio.get_running_loop().call_later(_REDRAW_SECONDS, redraw)

    def _publish(self, path: str) -> None:
        document = self.documents.at(self.root / path)
        if document is not None and document.language is None:
            return
        source = document.source if document else SourceText(self._built[path].text if path in self._built else "")
        items = [
            to_lsp.diagnostic(s.diagnostic, s.place, source, self.client.can, self._related(s.diagnostic))
            for s in self.shown(path)
        ] + self.more(path)
        uri = document.uri if document else (self.root / path).as_uri()
        version = document.version if document else None
        self.client.protocol.notify(
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
            types.PublishDiagnosticsParams(uri=uri, diagnostics=items, version=version),
        )

    def _related(self, diagnostic: Diagnostic) -> list[types.DiagnosticRelatedInformation]:
        return [self._related_information(related) for related in diagnostic.related]

    def _related_information(self, related: Related) -> types.DiagnosticRelatedInformation:
        document = self.documents.at(self.root / related.path)
        built = self._built.get(related.path)
        source = document.source if document else SourceText(built.text if built else "")
        known = bool(document or built)
        coding = self.client.can.encoding
        place = to_lsp.range_(related.range, source, coding) if known else to_lsp.plain_range(related.range)
        uri = document.uri if document else (self.root / related.path).as_uri()
        return types.DiagnosticRelatedInformation(
            location=types.Location(uri=uri, range=place), message=related.message
        )


def _originals(built: _Built) -> list[Shown]:
    return [Shown(d, d.range if d.path else _NOWHERE) for d in built.diagnostics]
