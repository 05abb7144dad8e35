"""Errors of a build, as a model is told them."""

from collections.abc import Callable, Sequence

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.text import SourceText

MAX_ERRORS = 12
MAX_MESSAGE = 1500


def error_list(errors: Sequence[Diagnostic], read: Callable[[str], str | None]) -> str:
    """Each error with its place, its line of source and its message. `read` gives the text that was built."""
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
    return f"{where}{line}{error.severity.value.capitalize()}{code}: {error.message[:MAX_MESSAGE].strip()}"
