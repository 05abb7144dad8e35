"""The file at hand, and where in it the user is."""

from collections.abc import Iterable

from lsp_aid.context.focus import Focus, may_be_shown, plain
from lsp_aid.domain.text import SourceText
from lsp_aid.prompts.excerpt import CHARACTERS_PER_TOKEN, Excerpt, fenced, language

HEAD_LINES = 40  # opens and types, mostly
SHARE = 0.6  # of the prompt that this file may fill


def excerpts(focus: Focus) -> Iterable[Excerpt]:
    """The file; only its head and what lies around the place where it is too long. The place is told behind the text:
    a mark within it would find its way into the edits."""
    if focus.path is None or not may_be_shown(focus.path) or not focus.view.exists(focus.path):
        return
    focus.view.read(focus.path)  # raises what the user must know of: this file is the one they asked about
    text = focus.read(focus.path)
    if text is not None:
        yield Excerpt(focus.path, _shortened(text, focus), "the file at hand", 1.0, _note(focus, text))


def _note(focus: Focus, text: str) -> str:
    if focus.place is None or focus.path is None:
        return ""
    source = SourceText(text)
    start, end = focus.place.start, focus.place.end
    if start == end:
        return f"The cursor is in line {start.line + 1}: `{source.line(start.line).strip()[:200]}`"
    selected = plain(SourceText(focus.view.read(focus.path)).slice(focus.place))
    if len(selected) > 4000:
        return f"Selected are lines {start.line + 1} to {end.line + 1}."
    return f"Selected, from line {start.line + 1}:\n{fenced(selected, language(focus.path))}"


def _shortened(text: str, focus: Focus) -> str:
    limit = int(focus.tokens * CHARACTERS_PER_TOKEN * SHARE)
    if len(text) <= limit:
        return text
    lines = text.splitlines(keepends=True)
    centre = min(focus.place.start.line if focus.place else 0, len(lines) - 1)
    chosen = set(range(min(HEAD_LINES, len(lines))))
    size = sum(len(lines[number]) for number in chosen)
    for distance in range(len(lines)):
        for number in {centre - distance, centre + distance} - chosen:
            if 0 <= number < len(lines) and size + len(lines[number]) <= limit:
                chosen.add(number)
                size += len(lines[number])
        if size + 200 >= limit:
            break
    shown: list[str] = []
    before = -1
    for number in sorted(chosen):
        if number != before + 1:
            shown.append(f"(* {number - before - 1} lines that are not shown *)\n")
        shown.append(lines[number])
        before = number
    return "".join(shown)
