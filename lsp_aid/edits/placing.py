"""Finds the one place that each edit of a reply is meant for.

All blocks are placed in the text as it was before any of them. A block is looked for exactly, then with less and less
regard for white space; at each step it needs one place and no more, or a hint that settles which. If a single block has
no place, nothing is placed: the error quotes the block and the lines most like it, so that a model can do better.
"""

import difflib
import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import frozen

from lsp_aid.config import EditSettings
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import View
from lsp_aid.domain.reply import Block, Blocks, Delete, FileEdit, Reply, Whole
from lsp_aid.edits.containment import check_path, shown
from lsp_aid.edits.limits import check_limits
from lsp_aid.edits.lines import Lines, like
from lsp_aid.errors import PlacementError

NEAR_LINES = 6  # a line number this far off still means the place
QUOTED_LINES = 12
TELLING_CHARACTERS = 12


@frozen
class _Change:
    """Lines `[start, end)` of a file become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


def _always(path: str, text: str) -> bool:
    return True


def place(
    view: View,
    reply: Reply,
    may_quote: Callable[[str, str], bool] = _always,
    limits: EditSettings = EditSettings(),  # noqa: B008 - frozen
) -> ChangeSet:
    """The changes that a reply asks for, whole or not at all. Files keep their BOM, their line ends and their end.

    `may_quote`: whether an error, which goes back to the model, may quote a file, given its path and text.

    Raises PlacementError, OutsideError, EditError (too large), FileUnreadableError.
    """
    edits: dict[str, list[FileEdit]] = {}
    for edit in reply.edits:
        edits.setdefault(_real_path(view.root, edit.path), []).append(edit)
    changes = ChangeSet.of([_place_file(view, path, of_file, may_quote) for path, of_file in edits.items()])
    check_limits(changes, limits)
    return changes


def _real_path(root: Path, path: str) -> str:
    """The path without links: a file that has two names is one file."""
    inside = check_path(root, path)
    return Path(os.path.realpath(root / inside)).relative_to(os.path.realpath(root)).as_posix()


def _place_file(view: View, path: str, edits: Sequence[FileEdit], may_quote: Callable[[str, str], bool]) -> FileChange:
    before = view.read(path) if view.exists(path) else None
    blocks = [block for edit in edits if isinstance(edit, Blocks) for block in edit.blocks]
    if len(edits) > 1 and not all(isinstance(edit, Blocks) for edit in edits):
        raise PlacementError(f"The reply edits {shown(path)} in two different ways", "Write one edit for each file.")
    edit = edits[0]
    if before is None and (view.root / path).is_dir():
        raise PlacementError(f"{shown(path)} is a folder", "Name a file in it.")
    if isinstance(edit, Whole):
        return FileChange(path, before, edit.text if before is None else like(edit.text, before))
    if before is None:
        return FileChange(path, None, _created(view, path, edit, blocks))
    if isinstance(edit, Delete):
        return FileChange(path, before, None)
    if not before.strip() and len(blocks) == 1 and not blocks[0].search:
        return FileChange(path, before, like(blocks[0].replace, before))
    return FileChange(path, before, _changed(path, before, blocks, may_quote(path, before)))


def _created(view: View, path: str, edit: FileEdit, blocks: Sequence[Block]) -> str:
    if len(blocks) == 1 and not blocks[0].search.strip():
        return blocks[0].replace
    others = difflib.get_close_matches(path, view.paths(), n=3, cutoff=0.6)
    meant = f" Files with a similar name: {', '.join(map(shown, others))}." if others else ""
    what = "deletes" if isinstance(edit, Delete) else "changes"
    raise PlacementError(
        f"The reply {what} {shown(path)}, which does not exist",
        f"Use the path of a file of the project, or give a new file as one block with nothing to find.{meant}",
    )


def _changed(path: str, before: str, blocks: Sequence[Block], quote: bool) -> str:
    text = Lines.of(before)
    changes: list[_Change] = []
    for block in blocks:
        changes += _place_block(path, text, block, quote)
    changes = sorted(set(changes), key=lambda change: (change.start, change.end))
    for one, two in itertools.pairwise(changes):
        if two.start < one.end or (one.start == two.start and one.lines):
            raise PlacementError(
                f"Two blocks for {shown(path)} change the same lines, near line {two.start + 1}",
                "Put changes that touch into one block.",
            )
    return text.replaced([(change.start, change.end, list(change.lines)) for change in changes])


def _place_block(path: str, text: Lines, block: Block, quote: bool) -> list[_Change]:
    search, replace = _split(block.search), _split(block.replace)
    if not any(line.strip() for line in search):
        raise PlacementError(
            f"A block for {shown(path)} has no lines to find, and the file is there already",
            "Quote the lines next to which the new ones belong.",
        )
    for view_of_line, trimmed in _STEPS:
        wanted, new = (_trimmed(search), _trimmed(replace)) if trimmed else (search, replace)
        if view_of_line is _squeezed and not _is_telling(wanted):
            continue
        keys = [view_of_line(line) for line in text.lines]
        starts = _occurrences(keys, [view_of_line(line) for line in wanted])
        if len(starts) > 1:
            starts = _settled(text.lines, starts, block)
        if len(starts) > 1:
            raise _ambiguous(path, search, starts)
        if starts:
            return _difference(text.lines, starts[0], wanted, new, view_of_line)
    raise _not_found(path, search, text.lines if quote else ())


def _split(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _trimmed(lines: list[str]) -> list[str]:
    """Without empty lines at both ends."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _as_is(line: str) -> str:
    return line


def _squeezed(line: str) -> str:
    return " ".join(line.split())


_STEPS: tuple[tuple[Callable[[str], str], bool], ...] = (
    (_as_is, False),
    (str.rstrip, False),
    (str.rstrip, True),
    (_squeezed, True),
)


def _is_telling(lines: Sequence[str]) -> bool:
    """Whether lines say enough to be known by their words alone: a lone `end` is anywhere."""
    words = [_squeezed(line) for line in lines if line.strip()]
    return sum(map(len, words)) >= (TELLING_CHARACTERS if len(words) == 1 else TELLING_CHARACTERS // 2)


def _occurrences(keys: Sequence[str], wanted: Sequence[str]) -> list[int]:
    count = len(wanted)
    return [
        start
        for start in range(len(keys) - count + 1)
        if keys[start] == wanted[0] and list(keys[start : start + count]) == wanted
    ]


def _settled(lines: Sequence[str], starts: list[int], block: Block) -> list[int]:
    """The one place that a hint points at, where it points at one clearly; otherwise all of them."""
    if block.within:
        wanted = _squeezed(block.within)
        inside = [start for start in starts if wanted and _enclosing(lines, start).startswith(wanted)]
        if len(inside) == 1:
            return inside
    if block.line is not None:
        hint = block.line
        first, second = sorted(starts, key=lambda start: abs(start - hint))[:2]
        if abs(first - hint) <= NEAR_LINES and abs(second - hint) > 3 * abs(first - hint) + NEAR_LINES:
            return [first]
    return starts


def _enclosing(lines: Sequence[str], start: int) -> str:
    """The head of the definition around a line: the nearest line at or above it that is not indented."""
    for line in reversed(lines[: start + 1]):
        if line[:1].isalpha():
            return _squeezed(line)
    return ""


def _difference(
    lines: Sequence[str], start: int, search: list[str], replace: list[str], view_of_line: Callable[[str], str]
) -> list[_Change]:
    """The lines that a block really changes. Lines that it only repeats stay as the file has them."""
    matcher = difflib.SequenceMatcher(None, search, replace, autojunk=False)
    changes = []
    for what, old, old_end, new, new_end in matcher.get_opcodes():
        if what != "equal":
            added = tuple(
                _indented(line, lines[start : start + len(search)], search, old) for line in replace[new:new_end]
            )
            changes.append(_Change(start + old, start + old_end, added))
    return changes


def _indented(line: str, there: Sequence[str], search: Sequence[str], at: int) -> str:
    """A new line, moved by as much as the file's indentation differs from the one that the block believed in."""
    near = [n for n in (*range(at, len(search)), *range(at - 1, -1, -1)) if search[n].strip()]
    if not near or not line.strip():
        return line
    believed, real = _indent(search[near[0]]), _indent(there[near[0]])
    if believed == real:
        return line
    if line.startswith(believed):
        return real + line[len(believed) :]
    width = max(0, len(_indent(line).expandtabs(8)) + len(real.expandtabs(8)) - len(believed.expandtabs(8)))
    return " " * width + line.lstrip()


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _quoted(lines: Sequence[str], first: int | None = None) -> str:
    """Some lines for a message, numbered from `first` where given."""
    shown_lines = [
        f"{'' if first is None else f'{first + n + 1:5} '}| {line[:200]}" for n, line in enumerate(lines[:QUOTED_LINES])
    ]
    left = len(lines) - len(shown_lines)
    return "\n".join(shown_lines + ([f"| ({left} more)"] if left > 0 else []))


def _ambiguous(path: str, search: list[str], starts: list[int]) -> PlacementError:
    places = ", ".join(str(start + 1) for start in starts[:8])
    return PlacementError(
        f"A block for {shown(path)} has {len(starts)} places (at lines {places}), so none is certain",
        f"The block:\n{_quoted(search)}\nRepeat more of the lines around the change, so that they occur only once.",
    )


def _not_found(path: str, search: list[str], lines: Sequence[str]) -> PlacementError:
    cure = f"The block:\n{_quoted(search)}\n"
    nearest = _nearest(search, lines)
    if nearest is None:
        cure += "Nothing in the file is like it.\n"
    else:
        like_it = lines[nearest : nearest + len(search)]
        cure += f"The lines of the file that are most like it:\n{_quoted(like_it, nearest)}\n"
    return PlacementError(
        f"A block has no place in {shown(path)}", f"{cure}Repeat the file's lines exactly as they are."
    )


def _nearest(search: Sequence[str], lines: Sequence[str]) -> int | None:
    """Where the lines begin that have most in common with a block."""
    keys = [_squeezed(line) for line in lines]
    wanted = [_squeezed(line) if len(line.strip()) > 3 else None for line in search]
    best, most = None, 0
    for start in range(max(1, len(keys) - len(search) + 1)):
        there = keys[start : start + len(search)]
        in_place = sum(one == two for one, two in zip(there, wanted, strict=False))
        score = 2 * in_place + len(set(there).intersection(wanted))
        if score > most:
            best, most = start, score
    if best is not None:
        return best
    longest = max(search, key=lambda line: len(line.strip()))
    number = next((n for n, line in enumerate(search) if line == longest), 0)
    likeness = difflib.get_close_matches(_squeezed(longest), list(dict.fromkeys(keys)), n=1, cutoff=0.5)
    return max(0, keys.index(likeness[0]) - number) if likeness else None
