"""Errors of a build, as a model is told them."""

from collections.abc import Callable, Sequence

from lsp_aid.domain.diagnostics import Diagnostic, Related
from lsp_aid.domain.text import SourceText
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.message_facts import facts

MAX_ERRORS = 12
MAX_MESSAGE = 1500
MAX_FACTS = 600
MAX_RELATED = 4


def error_list(errors: Sequence[Diagnostic], read: Callable[[str], str | None]) -> str:
    """Each error with its place, its line of source, its message, what that says in structure, and what is related.

    `read` gives the text that was built."""
    parts = [_error(error, read) for error in errors[:MAX_ERRORS]]
    if len(errors) > MAX_ERRORS:
        parts.append(f"({len(errors) - MAX_ERRORS} more errors)")
    return "\n\n".join(parts)


def _error(error: Diagnostic, read: Callable[[str], str | None]) -> str:
    start, end = error.range.start, error.range.end
    where = f"File {error.path}, line {start.line + 1}, characters {start.column}-{end.column}:\n" if error.path else ""
    text = read(error.path) if error.path else None
    line = f"  {SourceText(text).line(start.line)[:200]}\n" if text is not None else ""
    code = f" ({error.code})" if error.code else ""
    said = f"{where}{line}{error.severity.value.capitalize()}{code}: {error.message[:MAX_MESSAGE].strip()}"
    known = facts(messages.read(error))[:MAX_FACTS]
    return "\n".join((said, *([f"({known})"] if known else ()), *map(_related, error.related[:MAX_RELATED])))


def _related(related: Related) -> str:
    return f"  File {related.path}, line {related.range.start.line + 1}: {related.message[:MAX_FACTS]}"
