"""Reads the edits in a model's reply: one file per form in which models write them.

Every reader answers the same values (`domain.reply`). What cannot be read for certain is refused whole, with a reason
that the model can act upon: a reply is never taken in part.
"""

import re
from types import ModuleType

from lsp_aid.domain.reply import Blocks, Reply, Whole
from lsp_aid.editformats import apply_patch, search_replace, unified_diff, whole_file
from lsp_aid.errors import ConfigError, ReplyFormatError

FORMATS: tuple[ModuleType, ...] = (apply_patch, search_replace, unified_diff, whole_file)
"""In the order in which `auto` tries them, the most distinctive first. Each has NAME, INSTRUCTIONS for a prompt,
`recognises(text) -> bool` and `read(text) -> Reply`."""

DEFAULT = search_replace
"""What a model is asked for under `auto`: small, and proof against wrong line numbers."""

NAMES = tuple(module.NAME for module in FORMATS)

_LEFT_OUT = re.compile(
    r"""\s*(\(\*+|;+|//|\#)?\s*(\.\.\.|…)\s*
        (.*\b(unchanged|existing|rest|remain\w*|same|omitted|before|previous|other)\b.*)?(\*+\))?\s*
      |\s*(\(\*+|;+)\s*(the\s+)?(rest|remainder)\ of\ (the\s+)?(file|code|module|function|definition)s?\b.*
      |\s*(\(\*+|;+)\s*(existing|previous|remaining|unchanged)\ (code|function|definition|content)s?\b.*""",
    re.IGNORECASE | re.VERBOSE,
)


def instructions(name: str = "auto") -> str:
    """What the system prompt says about the form of the edits. Raises ConfigError for an unknown name."""
    return str(_format(name).INSTRUCTIONS)


def asked_format(name: str = "auto") -> str:
    """The name of the format that a model is asked for."""
    return str(_format(name).NAME)


def read(text: str, format: str = "auto") -> Reply:  # noqa: A002
    """The edits in a reply, in the named format or, under `auto`, in the one that it is written in. A reply without
    anything like an edit has none.

    Raises ReplyFormatError, whose text tells a model what to do otherwise; ConfigError for an unknown format.
    """
    text = _plain(text)
    readers = FORMATS if format == "auto" else (_format(format),)
    reader = next((reader for reader in readers if reader.recognises(text)), None)
    if reader is None:
        if re.search(r"^\s*(```|~~~|<{5,}|>{5,}|@@ |\*\*\* \w+ File)", text, re.MULTILINE):
            raise ReplyFormatError(
                "The reply holds code, but no edit in the expected form",
                "Write each edit exactly in the form asked for.",
            )
        return Reply(text.strip(), ())
    reply: Reply = reader.read(text)
    for other in FORMATS:
        if other.recognises(reply.explanation):
            raise ReplyFormatError(
                f"The reply mixes two forms of edits ({reader.NAME} and {other.NAME})",
                "Write all edits in one and the same form, and other code without a file's name above it.",
            )
    _check_whole(reply)
    return reply


def _format(name: str) -> ModuleType:
    if name == "auto":
        return DEFAULT
    for module in FORMATS:
        if name == module.NAME:
            return module
    raise ConfigError(f"The setting `model.format` is {name!r}", f"Set it to `auto` or one of {', '.join(NAMES)}.")


def _plain(text: str) -> str:
    """Line feeds alone, and without the thoughts of a model whose template has opened them already."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    thoughts, mark, answer = text.partition("\n</think>\n")
    return answer if mark and "<think>" not in thoughts else text


def _check_whole(reply: Reply) -> None:
    """A `(* ... rest unchanged ... *)` that becomes part of a file deletes what it stands for."""
    for edit in reply.edits:
        if not edit.path.endswith((".ml", ".mli", ".mll", ".mly", "dune", "dune-project")):
            continue
        pairs = [("", edit.text)] if isinstance(edit, Whole) else []
        pairs += [(block.search, block.replace) for block in edit.blocks] if isinstance(edit, Blocks) else []
        for before, after in pairs:
            for line in after.split("\n"):
                if line.strip() and _LEFT_OUT.fullmatch(line) and line not in before.split("\n"):
                    raise ReplyFormatError(
                        f"The new text for {edit.path} leaves something out: {line.strip()!r}",
                        "Write the new text in full.",
                    )
