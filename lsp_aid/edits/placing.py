"""Finds the one place that each edit of a reply is meant for.

All blocks are placed in the text as it was before any of them. A block is looked for exactly, then with less and less
regard for what models get wrong (`finding`); at each step it needs one place and no more, or a hint of the reply's own
that settles which (`hints`). If a single block has no place, nothing is placed: the error tells of each such block why,
and quotes the lines most like it, so that a model can do better. A block whose change is there already is refused as
well: what else the reply believes of that file may be as old.
"""

import difflib
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from attrs import define, evolve, field

from lsp_aid.config import EditSettings
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import View
from lsp_aid.domain.reply import (
    Block,
    Blocks,
    Delete,
    FileEdit,
    Reply,
    Whole,
    left_out_in,
    may_leave_out,
    stands_for_lines,
)
from lsp_aid.domain.text import BOM
from lsp_aid.edits import refusing
from lsp_aid.edits.containment import check_path, shown
from lsp_aid.edits.finding import Found, Place, Step, by_words, find
from lsp_aid.edits.haystack import MAX_PLACES
from lsp_aid.edits.hints import settled, shift_of
from lsp_aid.edits.indentation import Layout, Pairs
from lsp_aid.edits.limits import check_limits
from lsp_aid.edits.lines import Lines, like
from lsp_aid.edits.source import Source, all_squeezed, split
from lsp_aid.edits.splice import Change, UnclearError
from lsp_aid.errors import Refusal

MAX_QUOTING = 20
MAX_BLOCKS = 2000


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
    files = [_place_file(view, path, of_file, may_quote) for path, of_file in edits.items()]
    layout = Layout.of(pairs for placing in files if isinstance(placing, _Placing) for pairs in placing.pairs())
    changes: list[FileChange] = []
    refusals = [
        _in_a_file(edit.path, above)
        for path, (edit, *_) in edits.items()
        for above in _above(path)
        if not isinstance(edit, Delete) and (view.exists(above) or above in edits)
    ]
    refusals += _alike_but_for_case(view, edits)
    for (path, of_file), file in zip(edits.items(), files, strict=True):
        outcome = file.outcome(layout) if isinstance(file, _Placing) else file
        if isinstance(outcome, FileChange):
            changes.append(evolve(outcome, executable=_executable(view, path, of_file)))
        else:
            refusals += outcome
    if refusals:
        raise refusing.error(refusals)
    change_set = ChangeSet(c for c in changes if c.before != c.after or c.executable is not None)
    check_limits(change_set, limits)
    return change_set


def _executable(view: View, path: str, edits: Sequence[FileEdit]) -> bool | None:
    """Whether a file can be run after its edits: what they say last, else as the file that it is made of. None where
    that is as before, and for a new file that cannot. A program that is deleted is one no more."""
    if any(isinstance(edit, Delete) for edit in edits):
        return False if _can_run(view, path) else None
    of_file = [edit for edit in edits if isinstance(edit, Blocks)]
    told = [edit.executable for edit in of_file if edit.executable is not None]
    origin = _origin(of_file)
    was = not origin and _can_run(view, path)
    becomes = told[-1] if told else bool(origin and _can_run(view, origin))
    return None if becomes == was or (not told and not origin) else becomes


def _can_run(view: View, path: str) -> bool:
    return os.access(view.root / check_path(view.root, path), os.X_OK)


def _origin(edits: Sequence[FileEdit]) -> str | None:
    return next((edit.origin for edit in edits if isinstance(edit, Blocks) and edit.origin), None)


def _real_path(root: Path, path: str) -> str:
    """The path without links: a file that has two names is one file."""
    inside = check_path(root, path)
    return Path(os.path.realpath(root / inside)).relative_to(os.path.realpath(root)).as_posix()


def _above(path: str) -> Sequence[str]:
    """The folders in which a file lies."""
    return [parent.as_posix() for parent in PurePosixPath(path).parents][:-1]


def _in_a_file(path: str, above: str) -> Refusal:
    return Refusal(path, 0, f"{shown(path)} cannot be: {shown(above)} is a file and no folder", "Use another path.")


def _alike_but_for_case(view: View, edits: Mapping[str, Sequence[FileEdit]]) -> Iterator[Refusal]:
    """New files that some systems, such as macOS, could not keep apart from another of the reply."""
    spellings: dict[str, str] = {}
    for path in (path for path, (edit, *_) in edits.items() if not isinstance(edit, Delete)):
        other = spellings.setdefault(path.casefold(), path)
        if other != path and not (view.exists(path) and view.exists(other)):
            why = f"{shown(path)} and {shown(other)} are one file where case does not count"
            yield Refusal(path, 0, why, "Use names that differ in more than case.")


def _place_file(
    view: View, path: str, edits: Sequence[FileEdit], may_quote: Callable[[str, str], bool]
) -> "FileChange | _Placing | list[Refusal]":
    if origin := _origin(edits):
        return _moved(view, path, origin, edits, may_quote)
    before = view.read(path) if view.exists(path) else None
    blocks = _blocks(edits)
    edit = edits[0]
    if len(set(edits)) > 1 and not all(isinstance(edit, Blocks) for edit in edits):
        return [
            Refusal(path, 0, f"The reply edits {shown(path)} in two different ways", "Write one edit for each file.")
        ]
    if len(blocks) > MAX_BLOCKS:
        why = f"The reply changes {shown(path)} in {len(blocks)} places, more than {MAX_BLOCKS}"
        return [Refusal(path, 0, why, "Write less at once.")]
    if before is None and (view.root / path).is_dir():
        return [Refusal(path, 0, f"{shown(path)} is a folder", "Name a file in it.")]
    if isinstance(edit, Whole):
        if left_out := _left_out(path, before or "", edit.text):
            why = f"The new text for {shown(path)} leaves something out: {left_out!r}"
            return [Refusal(path, 0, why, "Write the new text in full.")]
        return FileChange(path, before, edit.text if before is None else like(edit.text, before))
    if before is None:
        return _created(view, path, edit, blocks)
    if isinstance(edit, Delete):
        if not _is_shown(edit.text, before):
            why = f"The reply deletes {shown(path)}, whose text is another than it shows"
            return [Refusal(path, 0, why, "Look at the file again, and show its text as it is.")]
        return FileChange(path, before, None)
    if not before.strip() and len(blocks) == 1 and not blocks[0].search:
        return FileChange(path, before, like(blocks[0].replace, before))
    return _placing(path, before, before, blocks, quote=may_quote(path, before))


def _placing(path: str, before: str | None, text: str, blocks: Sequence[Block], *, quote: bool) -> "_Placing":
    """The blocks in `text`, which is that of the file at `path` or of the one that it is made of."""
    if text.startswith(BOM):
        blocks = [evolve(b, search=b.search.removeprefix(BOM), replace=b.replace.removeprefix(BOM)) for b in blocks]
    placing = _Placing(Source(path, Lines.of(text)), before, blocks, quote)
    placing.find()
    return placing


def _moved(
    view: View, path: str, origin: str, edits: Sequence[FileEdit], may_quote: Callable[[str, str], bool]
) -> "_Placing | list[Refusal]":
    """A file that is renamed or copied, with the changes that are made to it on the way."""
    source = _real_path(view.root, origin)
    if view.exists(path):
        why = f"{shown(origin)} cannot be renamed or copied to {shown(path)}, which is there already"
        return [Refusal(path, 0, why, "Use another path, or change the file that is there.")]
    if not view.exists(source):
        why = f"{shown(origin)}, which is renamed or copied to {shown(path)}, does not exist"
        return [Refusal(path, 0, why, "Use the path of a file of the project.")]
    text = view.read(source)
    return _placing(path, None, text, _blocks(edits), quote=may_quote(source, text))


def _blocks(edits: Sequence[FileEdit]) -> list[Block]:
    """Those of one file, each once."""
    return list(dict.fromkeys(block for edit in edits if isinstance(edit, Blocks) for block in edit.blocks))


def _is_shown(text: str, before: str) -> bool:
    """Whether a text that a reply shows of a file is the file's, white space and what it leaves out for `...` apart."""
    lines, real = ([line for line in Lines.of(one).lines if line.strip()] for one in (text, before))
    told = [line for line in lines if not stands_for_lines(line)]
    wanted, there = Counter(all_squeezed(told)), Counter(all_squeezed(real))
    return not text or wanted == there or (len(told) < len(lines) and wanted <= there)


def _left_out(path: str, before: str, after: str) -> str:
    """The line of a whole new text that stands for lines left out, not for itself as it did before."""
    if left_out := left_out_in(path, before, after):
        return left_out
    if not may_leave_out(path):
        return ""
    old, new = split(before), split(after)
    elided = {line for line in {*old, *new} if stands_for_lines(line)}
    known = {beside for n, line in enumerate(old) if line in elided for beside in _beside(old, n)}
    for n, line in enumerate(new):
        if line in elided and known.isdisjoint(_beside(new, n)):
            return line.strip()
    return ""


def _beside(lines: Sequence[str], number: int) -> Iterator[tuple[str, int, str]]:
    """The line with the one above it and with the one below it, blank ones left out."""
    for step in (-1, 1):
        at = number + step
        while 0 <= at < len(lines) and not lines[at].strip():
            at += step
        yield lines[number].strip(), step, lines[at].strip() if 0 <= at < len(lines) else ""


def _created(view: View, path: str, edit: FileEdit, blocks: Sequence[Block]) -> FileChange | list[Refusal]:
    if len(blocks) == 1 and not blocks[0].search.strip():
        return FileChange(path, None, blocks[0].replace)
    others = difflib.get_close_matches(path, view.paths(), n=3, cutoff=0.6)
    meant = f" Files with a similar name: {', '.join(map(shown, others))}." if others else ""
    what = "deletes" if isinstance(edit, Delete) else "changes"
    return [
        Refusal(
            path,
            0,
            f"The reply {what} {shown(path)}, which does not exist",
            f"Use the path of a file of the project, or give a new file as one block with nothing to find.{meant}",
        )
    ]


@define
class _Placing:
    """The blocks of one file, on their way to a place each."""

    source: Source
    before: str | None
    blocks: Sequence[Block]
    may_quote: bool
    refusals: list[Refusal] = field(factory=list)
    _placed: list[tuple[int, Place]] = field(factory=list)

    @property
    def quote(self) -> bool:
        """Whether a further refusal quotes the file: beyond some, nobody reads on."""
        return self.may_quote and len(self.refusals) < MAX_QUOTING

    def find(self) -> None:
        """Gives each block its place, or a refusal."""
        found = [self._find(number, block) for number, block in enumerate(self.blocks)]
        sure = [
            (block, one.places[0]) for block, one in zip(self.blocks, found, strict=True) if one and _is_single(one)
        ]
        shift = shift_of(sure)
        drifts = any(one is not None and one.step >= Step.WHITE_SPACE for one in found)
        for number, (block, one) in enumerate(zip(self.blocks, found, strict=True)):
            if one is not None and (place := self._one_place(number, block, one, shift, drifts)):
                self._placed.append((number, place))

    def pairs(self) -> Iterator[Pairs]:
        """Of each block that has a place the lines that it repeats, with those of the file."""
        for _, place in self._placed:
            yield place.pairs()

    def outcome(self, layout: Layout) -> FileChange | list[Refusal]:
        """The file afterwards, or why some of the blocks stand in the way."""
        changes: list[tuple[int, Change]] = []
        for number, place in self._placed:
            try:
                changes += [(number, change) for change in place.changes(layout)]
            except UnclearError as why:
                search = split(self.blocks[number].search)
                self.refusals.append(
                    refusing.unclear(self.source, number + 1, search, place, str(why), quote=self.quote)
                )
        merged = self._merged(changes)
        if self.refusals:
            return sorted(self.refusals, key=lambda refusal: refusal.block)
        after = self.source.text.replaced([(change.start, change.end, list(change.lines)) for change in merged])
        return FileChange(self.source.path, self.before, after)

    def _find(self, number: int, block: Block) -> Found | None:
        search = split(block.search)
        if not any(line.strip() for line in search):
            self.refusals.append(
                Refusal(
                    self.source.path,
                    number + 1,
                    f"A block for {shown(self.source.path)} has no lines to find, and the file is there already",
                    "Quote the lines next to which the new ones belong.",
                )
            )
            return None
        found = find(self.source, block)
        if found is None:
            replace = split(block.replace)
            self.refusals.append(refusing.not_found(self.source, number + 1, search, replace, quote=self.quote))
        return found

    def _one_place(self, number: int, block: Block, found: Found, shift: int | None, drifts: bool) -> Place | None:
        places: Sequence[Place] = found.places
        if len(places) == 1 and drifts and found.step < Step.WHITE_SPACE:
            # Where a reply's white space drifts, that a block fits one of several places best says little.
            places = self._same_words(block, places[0])
        if 1 < len(places) <= MAX_PLACES and found.is_settled:
            places = settled(self.source.lines, places, block, shift)
        if len(places) == 1:
            return places[0]
        search = split(block.search)
        self.refusals.append(refusing.ambiguous(self.source, number + 1, search, places, quote=self.quote))
        return None

    def _same_words(self, block: Block, place: Place) -> Sequence[Place]:
        """All places of a block by its words; of these, if there are any, those with blank lines where the block has
        some. The given place is among them."""
        search, replace = split(block.search), split(block.replace)
        places = by_words(self.source, search, replace)
        lead = next(n for n, line in enumerate(search) if line.strip())
        blank = [not line.strip() for line in search]

        def is_alike(first: int) -> bool:
            there = self.source.lines[max(0, first - lead) : first - lead + len(search)]
            return [not line.strip() for line in there] == blank

        alike = [other for other in places if is_alike(other.line)]
        return [place, *(other for other in alike or places if other.line != place.line)]

    def _merged(self, changes: Sequence[tuple[int, Change]]) -> list[Change]:
        """In order, each once. What two blocks change in different ways is refused."""
        ordered = sorted({change: number for number, change in reversed(changes)}.items(), key=_by_place)
        for (one, _), (two, number) in itertools.pairwise(ordered):
            if two.start < one.end or (one.start == two.start and one.lines):
                self.refusals.append(
                    Refusal(
                        self.source.path,
                        number + 1,
                        f"Two blocks for {shown(self.source.path)} change the same lines, near line {two.start + 1}",
                        "Put changes that touch into one block.",
                        tuple(split(self.blocks[number].search)),
                    )
                )
        return [change for change, _ in ordered]


def _is_single(found: Found) -> bool:
    return len(found.places) == 1


def _by_place(item: tuple[Change, int]) -> tuple[int, int]:
    return item[0].start, item[0].end
