"""Reads the edits in a model's reply: one file per form in which models write them.

Every reader answers the same values (`domain.reply`). What cannot be read for certain is refused whole, with a reason
that the model can act upon: a reply is never taken in part.
"""

import re

from lsp_aid.domain.reply import Blocks, FileEdit, Reply, left_out_in
from lsp_aid.editformats.apply_patch import ApplyPatch
from lsp_aid.editformats.reader import Reader
from lsp_aid.editformats.search_replace import SearchReplace
from lsp_aid.editformats.unified_diff import UnifiedDiff
from lsp_aid.editformats.whole_file import WholeFile
from lsp_aid.errors import ConfigError, ReplyFormatError

FORMATS: tuple[type[Reader], ...] = (ApplyPatch, SearchReplace, UnifiedDiff, WholeFile)
"""In the order in which `auto` tries them, the most distinctive first."""

DEFAULT = SearchReplace
"""What a model is asked for under `auto`: small, and proof against wrong line numbers."""

NAMES = tuple(reader.NAME for reader in FORMATS)

MAX_LINES = 50_000
"""A reply of more lines is refused."""
_CODE = re.compile(r"^[ \t]*(```|~~~|<{5,}|>{5,}|@@ |\*\*\* \w+ File)", re.MULTILINE)


def instructions(name: str = "auto") -> str:
    """What the system prompt says about the form of the edits. Raises ConfigError for an unknown name."""
    return _format(name).INSTRUCTIONS


def asked_format(name: str = "auto") -> str:
    """The name of the format that a model is asked for."""
    return _format(name).NAME


def read(text: str, format: str = "auto") -> Reply:  # noqa: A002
    """The edits in a reply, in the named format or, under `auto`, in the one that it is written in. A reply without
    anything like an edit has none.

    Raises ReplyFormatError, whose text tells a model what to do otherwise; ConfigError for an unknown format.
    """
    stream = Stream(format)
    stream.feed(text)
    return stream.finish()


class Stream:
    """A reply that is read while it arrives. However it is cut into pieces, the outcome is that of `read`."""

    def __init__(self, format: str = "auto") -> None:  # noqa: A002
        """Raises ConfigError for an unknown format."""
        self._formats = FORMATS if format == "auto" else (_format(format),)
        self._text: list[str] = []
        self._begin()
        self._pending: list[str] = []
        self._is_first = True
        self._ends_in_return = False
        self._may_be_thought = True

    def feed(self, piece: str) -> tuple[FileEdit, ...]:
        """The edits that this piece completes, one block each. They are what the reply says so far: only `finish` tells
        whether all of it can be read."""
        if self._ends_in_return:
            piece = f"\r{piece}"
        self._ends_in_return = piece.endswith("\r")
        *lines, rest = piece.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._pending.append(line)
            self._line("".join(self._pending))
            self._pending = []
        self._pending.append(rest)
        return self._new_edits()

    def finish(self) -> Reply:
        """The whole reply. Raises ReplyFormatError."""
        if self._ends_in_return:
            self._line("".join(self._pending))
            self._pending = []
        self._line("".join(self._pending), is_last=True)
        if len(self._text) > MAX_LINES:
            raise ReplyFormatError(f"The reply has more than {MAX_LINES} lines", "Write less at once.")
        for one in self._readers:
            one.end()
        reader = self._recognised()
        text = "\n".join(self._text)
        if reader is None:
            if _CODE.search(text):
                raise ReplyFormatError(
                    "The reply holds code, but no edit in the expected form",
                    "Write each edit exactly in the form asked for.",
                )
            return Reply(text.strip(), ())
        reply = reader.reply()
        _check_single_form(reply, reader)
        _check_whole(reply)
        return reply

    def _begin(self) -> None:
        self._readers = [reader() for reader in self._formats]
        self._told = 0
        self._telling: Reader | None = None

    def _line(self, line: str, *, is_last: bool = False) -> None:
        if self._is_first:
            line = line.removeprefix("\ufeff")
        elif line == "</think>" and self._may_be_thought and not is_last:
            # The model's template has opened its thoughts already: all so far is none of the answer.
            self._text, self._may_be_thought = [], False
            self._begin()
            return
        self._is_first = False
        self._may_be_thought = self._may_be_thought and "<think>" not in line
        self._text.append(line)
        if len(self._text) > MAX_LINES:
            return
        for reader in self._readers:
            reader.line(line)

    def _recognised(self) -> Reader | None:
        return next((reader for reader in self._readers if reader.is_recognised), None)

    def _new_edits(self) -> tuple[FileEdit, ...]:
        reader = self._recognised()
        if reader is None or (self._telling is not None and reader is not self._telling):
            return ()  # a reply in two forms is refused at its end
        self._telling = reader
        new = tuple(reader.edits[self._told :])
        self._told = len(reader.edits)
        return new


def _format(name: str) -> type[Reader]:
    if name == "auto":
        return DEFAULT
    for reader in FORMATS:
        if name == reader.NAME:
            return reader
    raise ConfigError(f"The setting `model.format` is {name!r}", f"Set it to `auto` or one of {', '.join(NAMES)}.")


def _check_single_form(reply: Reply, reader: Reader) -> None:
    for other in FORMATS:
        again = other()
        for line in reply.explanation.split("\n"):
            again.line(line)
        again.end()
        if again.is_recognised:
            raise ReplyFormatError(
                f"The reply mixes two forms of edits ({reader.NAME} and {other.NAME})",
                "Write all edits in one and the same form, and other code without a file's name above it.",
            )


def _check_whole(reply: Reply) -> None:
    """A `(* ... rest unchanged ... *)` that becomes part of a file deletes what it stands for."""
    for edit in reply.edits:
        if not isinstance(edit, Blocks):
            continue
        for block in edit.blocks:
            if left_out := left_out_in(edit.path, block.search, block.replace):
                raise ReplyFormatError(
                    f"The new text for {edit.path} leaves something out: {left_out!r}", "Write the new text in full."
                )
