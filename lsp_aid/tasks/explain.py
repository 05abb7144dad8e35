"""Explain messages: what the compiler says, in plain words, without a model. Everything is Markdown."""

import re
from collections.abc import Sequence

from lsp_aid.domain.diagnostics import Diagnostic, Related
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.explain import explain

AT_MOST = 5
"""How many messages of one place are explained."""


def explained(diagnostic: Diagnostic) -> str:
    """A few short sentences about one message."""
    return explain(diagnostic, messages.read(diagnostic))


def hover_text(diagnostics: Sequence[Diagnostic]) -> str:
    """What a hover shows. Editors show the message itself beside it."""
    texts = dict.fromkeys(explained(diagnostic) for diagnostic in diagnostics)
    return "\n\n---\n\n".join(f"**In plain words**: {text}" for text in list(texts)[:AT_MOST])


def short_text(diagnostics: Sequence[Diagnostic]) -> str:
    """What goes into a message to the user, on one line."""
    texts = dict.fromkeys(explained(diagnostic) for diagnostic in diagnostics)
    return " — ".join(list(texts)[:AT_MOST])


def page(diagnostics: Sequence[Diagnostic]) -> str:
    """A document to be read: each message with its explanation and what the compiler said."""
    parts = ["# Explanation"]
    for diagnostic in diagnostics[:AT_MOST]:
        parts += [_heading(diagnostic), explained(diagnostic), "The message:", _fenced(diagnostic.message)]
        parts += [
            f"- {_place(related.path, related.range.start.line)}: {related.message}" for related in _told(diagnostic)
        ]
    return "\n\n".join(parts) + "\n"


def _heading(diagnostic: Diagnostic) -> str:
    what = diagnostic.severity.value.capitalize()
    code = f" ({diagnostic.code})" if diagnostic.code else ""
    where = f" in {_place(diagnostic.path, diagnostic.range.start.line)}" if diagnostic.path else ""
    return f"## {what}{code}{where}"


def _place(path: str, line: int) -> str:
    return f"`{path}`, line {line + 1}"


def _told(diagnostic: Diagnostic) -> Sequence[Related]:
    return [related for related in diagnostic.related if related.message]


def _fenced(text: str) -> str:
    """The text as it is, in a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
