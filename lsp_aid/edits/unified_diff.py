"""Changes as a unified diff in git's form, for `git apply` and `patch -p1`."""

from collections.abc import Iterable, Sequence

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.line_diff import Span, line_diff

CONTEXT_LINES = 3
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
"""What git calls the empty file."""
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r"}


def render(changes: ChangeSet) -> str:
    """The diff. Line ends are kept as they are; as git has it, lines end at line feeds alone."""
    return "".join(part for change in changes.files for part in _file(change))


def _file(change: FileChange) -> Iterable[str]:
    old, new = _quoted(f"a/{change.path}"), _quoted(f"b/{change.path}")
    # git itself quotes no spaces; `patch` needs the quotes to see where a name ends.
    yield f"diff --git {_quoted(f'a/{change.path}', ' ')} {_quoted(f'b/{change.path}', ' ')}\n"
    if change.before is None:
        yield f"new file mode {'100755' if change.executable else '100644'}\n"
    elif change.after is None:
        # Whether it could be run is told by its being no program afterwards.
        yield f"deleted file mode {'100644' if change.executable is None else '100755'}\n"
        if not change.before:  # without it, `patch` takes the file for one that is gone already
            yield f"index {EMPTY_BLOB}..{'0' * 40}\n"
    elif change.executable is not None:
        modes = ("100644", "100755") if change.executable else ("100755", "100644")
        yield "old mode {}\nnew mode {}\n".format(*modes)
    before, after = _lines(change.before), _lines(change.after)
    if before == after:  # an empty file is created or deleted, or a mode is all that changes
        return
    # Behind a name with a space git puts a tab, so that programs see where it ends.
    tab = "\t" if " " in change.path else ""
    yield f"--- {'/dev/null' if change.before is None else old + tab}\n"
    yield f"+++ {'/dev/null' if change.after is None else new + tab}\n"
    for group in _groups(line_diff(before, after)):
        yield from _hunk(group, before, after)


def _groups(spans: Sequence[Span]) -> Iterable[Sequence[Span]]:
    """Spans whose context meets are in one hunk."""
    group: list[Span] = []
    for span in spans:
        if group and span.start - group[-1].end > 2 * CONTEXT_LINES:
            yield group
            group = []
        group.append(span)
    yield group


def _hunk(group: Sequence[Span], before: list[str], after: list[str]) -> Iterable[str]:
    first, last = group[0], group[-1]
    ahead = min(CONTEXT_LINES, first.start, first.new_start)
    behind = min(CONTEXT_LINES, len(before) - last.end, len(after) - last.new_end)
    old = _span(first.start - ahead, last.end + behind)
    yield f"@@ -{old} +{_span(first.new_start - ahead, last.new_end + behind)} @@\n"
    at = first.start - ahead
    for span in group:
        yield from (_signed(" ", line) for line in before[at : span.start])
        yield from (_signed("-", line) for line in before[span.start : span.end])
        yield from (_signed("+", line) for line in after[span.new_start : span.new_end])
        at = span.end
    yield from (_signed(" ", line) for line in before[at : at + behind])


def _span(start: int, end: int) -> str:
    count = end - start
    if count == 0:
        return f"{start},0"
    return f"{start + 1}" if count == 1 else f"{start + 1},{count}"


def _signed(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _lines(text: str | None) -> list[str]:
    if not text:
        return []
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _quoted(path: str, also: str = "") -> str:
    """A path as git writes it: in quotes and with octal bytes where it holds more than plain characters, or `also`."""
    if path.isascii() and path.isprintable() and not set(path) & {'"', "\\", *also}:
        return path
    quoted = "".join(_ESCAPES.get(c) or (f"\\{c}" if c in '"\\' else _octal(c)) for c in path)
    return f'"{quoted}"'


def _octal(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8"))
