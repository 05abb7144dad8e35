"""From the protocol's values to our own."""

import os
from pathlib import Path
from typing import Any

from attrs import frozen
from lsprotocol import types
from pygls.uris import to_fs_path

from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.errors import UsageError
from lsp_aid.server.protocol import AidProtocol
from lsp_aid.workspace import encoding
from lsp_aid.workspace.documents import Change, Units
from lsp_aid.workspace.encoding import Encoding


def path_of(uri: str) -> Path | None:
    """The file that a URI names, links resolved; None for what is no file."""
    name = to_fs_path(uri)
    return Path(os.path.realpath(name)) if name and "\0" not in name else None


def change_of(event: types.TextDocumentContentChangeEvent) -> Change:
    if isinstance(event, types.TextDocumentContentChangePartial):
        return Change(event.text, units_of(event.range.start), units_of(event.range.end))
    return Change(event.text)


def units_of(position: types.Position) -> Units:
    return Units(position.line, position.character)


def range_of(place: types.Range, source: SourceText, coding: Encoding) -> Range:
    """The range in code points; its end is never before its start."""
    start, end = position_of(place.start, source, coding), position_of(place.end, source, coding)
    return Range(min(start, end), max(start, end))


def position_of(position: types.Position, source: SourceText, coding: Encoding) -> Position:
    """The position in code points; one beyond its line or the text is drawn back to the end of it."""
    line = max(0, position.line)
    if line >= len(source.line_starts):
        return source.position(len(source.text))
    return Position(line, encoding.column(source.line(line), position.character, coding))


@frozen
class Arguments:
    """The arguments of a command: one object, whose members are taken out one by one. Each may raise UsageError."""

    command: str
    values: dict[str, Any]
    protocol: AidProtocol

    @classmethod
    def of(cls, params: types.ExecuteCommandParams, protocol: AidProtocol) -> "Arguments":
        given: list[Any] = list(params.arguments or ({},))
        values = given[0]
        if len(given) > 1 or not isinstance(values, dict):
            raise UsageError(f"{params.command} takes one object as its argument", "See docs/protocol.md.")
        return cls(params.command, values, protocol)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self._unfit(name, "a text that is not empty")
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list of texts; None where there is none."""
        values = self.values.get(name)
        if values is not None and not (isinstance(values, list) and all(isinstance(v, str) and v for v in values)):
            raise self._unfit(name, "a list of texts")
        return values

    def flag(self, name: str, default: bool) -> bool:
        """A null is as good as nothing said: lsp-mode sends the `false` of an action's arguments back as one."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._unfit(name, "true or false")
        return value

    def uri(self) -> str:
        document = self.values.get("textDocument")
        uri = document.get("uri") if isinstance(document, dict) else None
        if not isinstance(uri, str):
            raise self._unfit("textDocument", 'an object `{"uri": ...}`')
        return uri

    def range(self) -> types.Range | None:
        value = self.values.get("range")
        if value is None:
            return None
        try:
            place = self.protocol.structure(value, types.Range)
        except UsageError:
            raise self._unfit("range", "a range with `start` and `end`") from None
        assert isinstance(place, types.Range)
        for position in (place.start, place.end):
            if not all(type(n) is int and n >= 0 for n in (position.line, position.character)):
                raise self._unfit("range", "a range of whole numbers from 0")
        return place

    def _unfit(self, name: str, expected: str) -> UsageError:
        return UsageError(f"{self.command}: `{name}` is not {expected}", "See docs/protocol.md.")
