"""Looks for inputs that readers do not take, for as long as one wants: `make fuzz`, or

    python -m tests.fuzz [--seconds S] [--seed N] [--processes N] [READER ...]

Inputs are texts of a reader's own pieces, and mutations of those that ran through new lines of ours. What is found is
cut down and written to a file; a second run with the same seed finds it again.
"""

import argparse
import logging
import multiprocessing
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from attrs import define, field

from tests.fuzz.targets import TARGETS, Target, at_most, workspace

LIMIT_SECONDS = 1.0
"""What reading a megabyte may take of the processor."""

MEGABYTE = 1_000_000
_SMALL = 3000


@define
class Fuzzer:
    """One reader and the inputs that are worth changing further."""

    target: Target
    chance: random.Random
    kept: list[str] = field(factory=lambda: [""])
    seen: set[tuple[object, ...]] = field(factory=set)

    def run(self, seconds: float) -> tuple[int, str, str]:
        """How many inputs there were, the first that was not taken, and what happened; empty if there was none."""
        end = time.monotonic() + seconds
        count = 0
        while time.monotonic() < end:
            large = count % 200 == 199
            text = self.large() if large else self.small()
            problem = self.problem(text, large=large)
            count += 1
            if problem:
                return count, self.cut_down(text, problem, large=large), problem
        return count, "", ""

    def small(self) -> str:
        text = self.chance.choice(self.kept)
        for _ in range(self.chance.randint(1, 6)):
            text = self.mutated(text)
        return text[:_SMALL]

    def large(self) -> str:
        """A megabyte or half of one, of a few pieces again and again, between others."""
        piece = "".join(self.chance.choices(self.target.grammar, k=self.chance.randint(1, 5)))
        start, end = (self.chance.choice(self.kept) for _ in range(2))
        size = self.chance.choice((MEGABYTE, MEGABYTE // 2)) - len(start) - len(end)
        return start + piece * (size // len(piece)) + end

    def mutated(self, text: str) -> str:
        at, to = sorted(self.chance.randint(0, len(text)) for _ in range(2))
        way = self.chance.randrange(7)
        if way < 3:
            return text[:at] + self.chance.choice(self.target.grammar) + text[at:]
        if way == 3:
            return text[:at] + text[to:]
        if way == 4:
            return text[:to] + text[at:]
        if way == 5:
            return text[:at] + chr(self.chance.choice((0, 10, 13, 32, 34, 92, 0x2028, 0xD800, 0x10FFFF))) + text[at:]
        other = self.chance.choice(self.kept)
        return text[:at] + other[self.chance.randint(0, len(other)) :]

    def problem(self, text: str, *, large: bool) -> str:
        """What a reader does with an input that it should not, empty where it takes it."""
        frames: set[object] = set()
        try:
            with at_most(LIMIT_SECONDS):
                if large:
                    self.target.read(text)
                else:
                    self.traced(text, frames)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return f"{type(error).__name__}: {str(error)[:300]}"
        new = frozenset(frames) - self.seen
        if new and not large:
            self.seen |= new
            self.kept.append(text)
        return ""

    def traced(self, text: str, lines: set[object]) -> None:
        """Checks an input, now and then noting which lines of ours it runs through."""
        if self.chance.random() > 0.2:
            self.target.check(text)
            return

        def on_line(frame: FrameType, event: str, _: object) -> object:
            lines.add((frame.f_code.co_filename, frame.f_lineno))
            return on_line

        def on_call(frame: FrameType, event: str, _: object) -> object:
            return on_line if "/lsp_aid/" in frame.f_code.co_filename else None

        sys.settrace(on_call)  # type: ignore[arg-type]
        try:
            self.target.check(text)
        finally:
            sys.settrace(None)

    def cut_down(self, text: str, problem: str, *, large: bool) -> str:
        """A shorter input with the same kind of problem."""
        kind = problem.partition(":")[0]
        size = len(text) // 2
        end = time.monotonic() + 60
        while size and time.monotonic() < end:
            at = 0
            while at < len(text) and time.monotonic() < end:
                shorter = text[:at] + text[at + size :]
                if self.problem(shorter, large=large).startswith(kind):
                    text = shorter
                else:
                    at += size
            size //= 2
        return text


def fuzz(job: tuple[str, float, int]) -> tuple[str, int, str, str]:
    name, seconds, seed = job
    count, text, problem = Fuzzer(TARGETS[name], random.Random(f"{seed}:{name}")).run(seconds)
    return name, count, text, problem


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("readers", nargs="*", metavar="READER", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=600, help="for each reader (600)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    if unknown := set(arguments.readers) - set(TARGETS):
        parser.error(f"no such reader: {', '.join(sorted(unknown))}")
    jobs = [(name, arguments.seconds, arguments.seed) for name in arguments.readers or TARGETS]
    print(f"seed {arguments.seed}, {arguments.seconds:g} s for each reader", flush=True)
    logging.disable()  # what the readers refuse is said there, a line for each input
    workspace()  # made once, and removed once, by this process
    found = 0
    with multiprocessing.get_context("fork").Pool(min(arguments.processes, len(jobs)), maxtasksperchild=1) as pool:
        for name, count, text, problem in pool.imap_unordered(fuzz, jobs):
            print(f"{name}: {count} inputs, {problem or 'all taken'}", flush=True)
            if problem:
                found += 1
                kept = Path(tempfile.gettempdir(), f"fuzz-{name}.txt")
                kept.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
                print(f"  {kept}: {text[:300]!r}", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
