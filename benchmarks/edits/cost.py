"""How long reading and placing a reply takes, and how that grows with the file."""

import functools
import platform
import statistics
import time
from collections.abc import Callable
from random import Random

from benchmarks.edits import ours
from benchmarks.edits.aider import Aider
from benchmarks.edits.changes import LineEdit, applied
from benchmarks.edits.corpus import corpus
from benchmarks.edits.reply import FORMATS, FileReply, Reply, hunks_of
from benchmarks.edits.writers import written

SIZES = (500, 1000, 5000, 20_000)
CHANGED_LINES = 100
ROUNDS = 15
AIDER_ROUNDS = 3


def measured(seed: int, *, with_aider: bool) -> str:
    """Medians in milliseconds of an edit of 100 lines in ten places, in markdown."""
    lines = _material()
    head = ["format", *(f"{size} lines" for size in SIZES)]
    rows = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * len(SIZES)]
    for format_ in FORMATS:
        texts = [_case(Random(f"{seed}:{size}"), lines[:size], format_) for size in SIZES]
        times = [_median(ROUNDS, functools.partial(ours.apply, files, text)) for files, text in texts]
        rows.append(f"| {format_} | " + " | ".join(f"{ms:.1f}" for ms in times) + " |")
        if with_aider:
            times = [_aider(files, format_, text) for files, text in texts]
            rows.append(f"| aider, {format_} | " + " | ".join(f"{ms:.1f}" for ms in times) + " |")
    machine = f"Python {platform.python_version()}, {platform.machine()}"
    return f"Median milliseconds of the processor, of {ROUNDS} rounds, {machine}.\n\n" + "\n".join(rows)


def _material() -> list[str]:
    """As many lines of real code as the largest size: the largest files, one behind the other."""
    lines: list[str] = []
    for file in sorted(corpus(), key=lambda file: (-len(file.lines), file.name)):
        lines += file.lines
        if len(lines) >= max(SIZES):
            break
    return lines


def _case(random: Random, lines: list[str], format_: str) -> tuple[dict[str, str], str]:
    """Ten edits spread over the file, which change 100 lines in all."""
    changed = CHANGED_LINES // 10
    gap = len(lines) // 10
    edits = []
    for n in range(10):
        start = n * gap + random.randrange(max(1, gap - changed))
        end = min(start + changed // 2, len(lines))
        edits.append(LineEdit(start, end, tuple(f"{line} (* {n} *)" for line in lines[start:end])))
    after = "\n".join(applied(lines, edits)) + "\n"
    if format_ == "whole_file":
        file = FileReply("lib/big.ml", "whole", [], after)
    else:
        file = FileReply("lib/big.ml", "change", hunks_of(lines, edits, format_, 3, unique=True))
    return {"lib/big.ml": "\n".join(lines) + "\n"}, written(Reply(format_, [file]))


def _median(rounds: int, work: Callable[[], ours.Result]) -> float:
    times = []
    for _ in range(rounds):
        started = time.process_time()
        result = work()
        times.append(1000 * (time.process_time() - started))
        if result.problem:
            raise RuntimeError(result.problem)
    return statistics.median(times)


def _aider(files: dict[str, str], format_: str, text: str) -> float:
    request = {"files": files, "format": format_, "reply": text}
    return 1000 * statistics.median(float(str(Aider.shared().ask(request)["seconds"])) for _ in range(AIDER_ROUNDS))
