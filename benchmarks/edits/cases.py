"""Cases: files, a reply that edits them, what the files are meant to be afterwards, and whether the reply says so."""

import functools
from collections.abc import Callable, Mapping, Sequence
from random import Random

from attrs import evolve, frozen

from benchmarks.edits import damage
from benchmarks.edits.changes import LineEdit, applied, definition, random_edits, with_other_token
from benchmarks.edits.corpus import SourceFile, corpus
from benchmarks.edits.layout import is_told
from benchmarks.edits.meaning import DELETED, UNCLEAR, meaning, strays, words_of
from benchmarks.edits.reply import ADD, FORMATS, REMOVE, FileReply, Hunk, Reply, heading, hunks_of
from benchmarks.edits.writers import written

UNDAMAGED = "nothing"
TWICE = "code that is there twice"
GONE = "code that has changed since"
SEVERAL = "several at once"
LABELS = (UNDAMAGED, *damage.KINDS, TWICE, GONE, SEVERAL)

_SIZES = ((50, 20), (150, 30), (500, 25), (1500, 15), (10_000, 10))
"""Files of up to so many lines, and how often they are taken."""


@frozen
class Case:
    """`intended` is None where the reply is about code that is no longer there. `one_meaning`: what `meaning` says, and
    `is_told`: what `layout` says of its white space. `discarded`: how many replies were thrown away before, because
    their damage made them say something else."""

    index: int
    format: str
    label: str
    source: str
    files: Mapping[str, str]
    intended: Mapping[str, str | None] | None
    text: str
    one_meaning: bool
    is_told: bool
    discarded: int

    @property
    def clarity(self) -> str:
        """What of the reply is beyond doubt."""
        return "all told" if self.is_told else "one meaning" if self.one_meaning else "not one meaning"


def labels_of(format_: str) -> list[str]:
    """The kinds of damage that a format can take."""
    names = [name for name, (_, formats) in damage.KINDS.items() if format_ in formats]
    return [UNDAMAGED, *names, *([] if format_ == "whole_file" else [TWICE, GONE]), SEVERAL]


def make(seed: int, index: int) -> Case:
    """The case of this number: the same for the same seed on the same corpus."""
    format_ = FORMATS[index % len(FORMATS)]
    labels = labels_of(format_)
    label = labels[index // len(FORMATS) % len(labels)]
    for attempt in range(500):
        random = Random(f"{seed}:{index}:{attempt}")
        case = _attempt(random, index, format_, label, attempt)
        if case is not None:
            return case
    raise RuntimeError(f"No case {index} of {label} in {format_} can be made")


@frozen
class _Shape:
    """How a file is stored."""

    bom: bool
    crlf: bool
    ended: bool

    def text(self, lines: Sequence[str]) -> str:
        end = "\r\n" if self.crlf else "\n"
        return ("\ufeff" if self.bom else "") + end.join(lines) + (end if lines and self.ended else "")


def _shape(random: Random, lines: Sequence[str]) -> _Shape:
    """Without an end of its own, a last line that is blank is none."""
    return _Shape(random.random() < 0.04, random.random() < 0.08, random.random() > 0.06 or not lines[-1].strip())


def _attempt(random: Random, index: int, format_: str, label: str, discarded: int) -> Case | None:
    source, other = _pick(random), _pick(random)
    path = f"lib/{source.name.rsplit('/', 1)[-1]}"
    reply = Reply(format_, [])
    files: dict[str, str] = {}
    intended: dict[str, str | None] = {}
    plan = [(path, source)]
    if random.random() < 0.15 and label != GONE:
        plan.append((f"src/{other.name.rsplit('/', 1)[-1]}", other))
    for one_path, file in plan:
        shape = _shape(random, file.lines)
        made = _edited(random, file.lines, other.lines, format_, label)
        if made is None:
            return None
        lines, there, edits, hunks = made
        after = applied(lines, edits)
        files[one_path] = shape.text(there)
        intended[one_path] = shape.text(after)
        text = "\n".join(after) + "\n"
        kind = "whole" if format_ == "whole_file" else "change"
        reply.files.append(FileReply(one_path, kind, hunks, text if kind == "whole" else ""))
    if random.random() < 0.05 and label not in (GONE, TWICE, "elided ..."):
        _add_or_remove(random, reply, files, intended, other)
    _add_decoys(random, files, intended, path, other)
    if not _damaged(random, reply, label):
        return None
    meant = None if label == GONE else intended
    return _judged(
        Case(index, format_, label, source.source, files, meant, written(reply), False, False, discarded), reply
    )


def _judged(case: Case, reply: Reply) -> Case | None:
    """The case with what its reply means; None where it has come to mean something else than was meant."""
    outcomes = meaning(case.files, reply)
    one_meaning = UNCLEAR not in outcomes.values()
    if case.intended is None:
        return None if one_meaning else case
    for path, outcome in outcomes.items():
        meant = case.intended[path]
        if outcome not in (UNCLEAR, DELETED if meant is None else words_of(meant)):
            return None
    changed = [file for file in reply.files if file.kind == "change"]
    if any(strays(case.files[file.path], hunk) for file in changed for hunk in file.hunks):
        return None
    if case.label == UNDAMAGED and not one_meaning:
        return None
    return evolve(case, one_meaning=one_meaning, is_told=one_meaning and is_told(reply))


def _edited(
    random: Random, lines: list[str], other: Sequence[str], format_: str, label: str
) -> tuple[list[str], list[str], list[LineEdit], list[Hunk]] | None:
    """The lines that the reply was written for, those that are there, the edits, and the reply's hunks."""
    edits = random_edits(random, lines, other)
    if label != UNDAMAGED:  # where blank lines go cannot be told by tokens
        edits = [
            edit for edit in edits if words_of("\n".join(lines[edit.start : edit.end])) != words_of("\n".join(edit.new))
        ]
    if applied(lines, edits) == lines:
        return None
    if label == TWICE:
        lines, edits = _with_twin(random, lines, edits[0])
    context = {"unified_diff": 3, "apply_patch": 3, "search_replace": random.choice((0, 1, 2, 3))}.get(format_, 0)
    context = 7 if label == "elided ..." else context
    hunks = hunks_of(lines, edits, format_, context, unique=format_ != "unified_diff" and label != TWICE)
    for hunk in hunks:
        if format_ != "search_replace" and random.random() < 0.5:
            at = hunk.start
            change = at + next(n for n, row in enumerate(hunk.rows) if row.sign in (ADD, REMOVE))
            within = heading(lines, at) if format_ == "unified_diff" else lines[definition(lines, min(change, at))[0]]
            hunk.within = within[:60].strip()
    if format_ == "search_replace" and random.random() < 0.1:
        random.shuffle(hunks)
    there = _moved_on(random, lines, hunks) if label == GONE else lines
    return lines, there, edits, hunks


def _with_twin(random: Random, lines: list[str], edit: LineEdit) -> tuple[list[str], list[LineEdit]]:
    """The same code once more elsewhere in the file, as it is in real files."""
    first, last = max(0, edit.start - random.randint(3, 6)), min(len(lines), edit.end + random.randint(3, 6))
    copy = lines[first:last]
    gaps = [
        n for n in range(len(lines) + 1) if (n <= first or n >= last) and (n in (0, len(lines)) or not lines[n - 1])
    ]
    at = random.choice(gaps)
    shift = len(copy) if at <= first else 0
    return lines[:at] + copy + lines[at:], [LineEdit(edit.start + shift, edit.end + shift, edit.new)]


def _moved_on(random: Random, lines: list[str], hunks: Sequence[Hunk]) -> list[str]:
    """The file after someone else has changed or removed what a hunk is about."""
    hunk = random.choice(hunks)
    end = hunk.start + len(hunk.quoted)
    removed = [hunk.start + n for n, row in enumerate(hunk.quoted) if row.sign == REMOVE and row.text.strip()]
    if not removed or random.random() < 0.4:
        return lines[: hunk.start] + lines[end:]
    there = list(lines)
    for n in random.sample(removed, random.randint(1, len(removed))):
        there[n] = with_other_token(random, there[n])
    return there if there != lines else lines[: hunk.start] + lines[end:]


def _damaged(random: Random, reply: Reply, label: str) -> bool:
    if label in (UNDAMAGED, GONE):
        return True
    if label == TWICE:
        if reply.format == "unified_diff":
            way: Callable[[Random, Reply], bool] = random.choice(
                (lambda *_: True, damage.missing_numbers, damage.wrong_numbers)
            )
            return way(random, reply)
        return True
    if label == SEVERAL:
        names = [name for name in damage.MIXABLE if reply.format in damage.KINDS[name][1]]
        done = [
            damage.KINDS[name][0](random, reply)
            for name in random.sample(names, min(len(names), random.choice((2, 3))))
            if not _excluded(name, reply)
        ]
        return any(done)
    return damage.KINDS[label][0](random, reply)


def _excluded(name: str, reply: Reply) -> bool:
    """Numbers that are gone cannot be wrong any more."""
    hunks = [hunk for file in reply.files for hunk in file.hunks]
    return name in ("wrong line numbers", "wrong counts") and any(hunk.number is None for hunk in hunks)


def _add_or_remove(
    random: Random, reply: Reply, files: dict[str, str], intended: dict[str, str | None], other: SourceFile
) -> None:
    """One more file that the reply creates, or deletes in the formats that can."""
    if reply.format in ("unified_diff", "apply_patch") and random.random() < 0.3:
        text = "\n".join(other.lines[:30]) + "\n"
        files["lib/obsolete.ml"], intended["lib/obsolete.ml"] = text, None
        reply.files.append(FileReply("lib/obsolete.ml", "delete", [], text))
        return
    text = "\n".join(line for line in other.lines[:40] if "```" not in line) + "\n"
    intended["lib/brand_new.ml"] = text
    kind = "whole" if reply.format == "whole_file" else "create"
    reply.files.append(FileReply("lib/brand_new.ml", kind, [], text))


def _add_decoys(
    random: Random, files: dict[str, str], intended: dict[str, str | None], path: str, other: SourceFile
) -> None:
    """Files that the reply does not name: one that is nearly the same, and one that is not."""
    decoys = {f"test/{other.name.rsplit('/', 1)[-1]}": other.text}
    if random.random() < 0.5:
        decoys[path.replace("lib/", "old/")] = files[path]
    for name, text in decoys.items():
        if name not in intended:
            files[name] = intended[name] = text


@functools.cache
def _by_size() -> list[list[SourceFile]]:
    files = corpus()
    groups: list[list[SourceFile]] = [[] for _ in _SIZES]
    for file in files:
        groups[next(n for n, (most, _) in enumerate(_SIZES) if len(file.lines) <= most)].append(file)
    return groups


def _pick(random: Random) -> SourceFile:
    groups = [(group, weight) for group, (_, weight) in zip(_by_size(), _SIZES, strict=True) if group]
    (group,) = random.choices([group for group, _ in groups], [weight for _, weight in groups])
    return random.choice(group)
