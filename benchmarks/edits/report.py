"""Runs the cases and prints what became of them."""

import difflib
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from benchmarks.edits import cases, ours
from benchmarks.edits.aider import Aider
from benchmarks.edits.corpus import corpus
from benchmarks.edits.judging import Verdict, judge
from benchmarks.edits.reply import FORMATS

BAD = (Verdict.WRONG, Verdict.IN_PART, Verdict.CRASHED)
RIGHT = (Verdict.EXACT, Verdict.SAME)


@frozen
class Outcome:
    """What became of one case. `aider` is None where it was not asked."""

    index: int
    format: str
    label: str
    source: str
    one_meaning: bool
    is_told: bool
    ours: Verdict
    aider: Verdict | None
    discarded: int


@define
class Tally:
    """The cases of one row. `clear` counts those with one meaning alone, and `told` those of them whose white space the
    reply tells as well."""

    cases: int = 0
    ours: Counter[Verdict] = field(factory=Counter)
    clear: Counter[Verdict] = field(factory=Counter)
    told: Counter[Verdict] = field(factory=Counter)
    aider: Counter[Verdict] = field(factory=Counter)
    aider_clear: Counter[Verdict] = field(factory=Counter)

    def add(self, outcome: Outcome) -> None:
        self.cases += 1
        self.ours[outcome.ours] += 1
        if outcome.one_meaning:
            self.clear[outcome.ours] += 1
        if outcome.is_told:
            self.told[outcome.ours] += 1
        if outcome.aider is not None:
            self.aider[outcome.aider] += 1
            if outcome.one_meaning:
                self.aider_clear[outcome.aider] += 1


def run(count: int, seed: int, processes: int, with_aider: bool) -> Iterator[Outcome]:
    """The outcome of each case, in no particular order."""
    corpus()  # read once, before the processes part
    jobs = [(seed, range(n, min(n + 50, count)), with_aider) for n in range(0, count, 50)]
    if processes == 1:
        yield from (outcome for job in jobs for outcome in _some(job))
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for outcomes in pool.imap_unordered(_some, jobs):
            yield from outcomes


def _some(job: tuple[int, range, bool]) -> list[Outcome]:
    seed, indices, with_aider = job
    outcomes = []
    for index in indices:
        case = cases.make(seed, index)
        done = ours.apply(case.files, case.text)
        verdict = judge(case.files, case.intended, done.after, done.problem, done.crashed)
        theirs = None
        if with_aider:
            answer = Aider.shared().apply(case.files, case.format, case.text)
            theirs = judge(case.files, case.intended, answer.after, answer.problem, answer.crashed)
        outcomes.append(
            Outcome(
                index,
                case.format,
                case.label,
                case.source,
                case.one_meaning,
                case.is_told,
                verdict,
                theirs,
                case.discarded,
            )
        )
    return outcomes


def tallied(outcomes: Iterable[Outcome], key: Callable[[Outcome], Any]) -> dict[Any, Tally]:
    table: dict[Any, Tally] = defaultdict(Tally)
    for outcome in outcomes:
        table[key(outcome)].add(outcome)
    return dict(table)


def printed(outcomes: Sequence[Outcome]) -> str:
    """The tables, in markdown."""
    parts = ["## By format\n", _table(outcomes, ("format",), FORMATS), "\n## By damage\n"]
    parts.append(_table(outcomes, ("label",), cases.LABELS))
    parts += ["\n## By format and damage\n", _table(outcomes, ("format", "label"), None)]
    return "\n".join(parts)


def _table(outcomes: Sequence[Outcome], keys: Sequence[str], order: Sequence[str] | None) -> str:
    tallies = tallied(outcomes, lambda outcome: tuple(getattr(outcome, key) for key in keys))
    asked = any(outcome.aider is not None for outcome in outcomes)
    rows = sorted(tallies, key=lambda row: _rank(row, order))
    names = {"format": "format", "label": "damage"}
    head = [
        *(names[key] for key in keys),
        "cases",
        "exact",
        "same tokens",
        "refused",
        "wrong",
        "one meaning",
        "right",
        "byte for byte",
        "layout told",
        "byte for byte",
    ]
    if asked:
        head += ["aider: right", "refused", "in part", "wrong", "of one meaning: right", "byte for byte"]
    lines = [
        "| " + " | ".join(head) + " |",
        "|" + "|".join(["---"] * len(keys) + ["---:"] * (len(head) - len(keys))) + "|",
    ]
    lines += ["| " + " | ".join([*row, *_cells(tallies[row], asked)]) + " |" for row in rows]
    if len(rows) > 1:
        total = tallied(outcomes, lambda _: None)[None]
        lines.append("| " + " | ".join(["**all**", *[""] * (len(keys) - 1), *_cells(total, asked)]) + " |")
    return "\n".join(lines)


def _rank(row: tuple[str, ...], order: Sequence[str] | None) -> tuple[int, ...]:
    known = (*FORMATS, *cases.LABELS)
    return tuple((order or known).index(value) for value in row)


def _cells(tally: Tally, asked: bool) -> list[str]:
    bad = sum(tally.ours[verdict] for verdict in BAD)
    cells = [
        str(tally.cases),
        str(tally.ours[Verdict.EXACT]),
        str(tally.ours[Verdict.SAME]),
        str(tally.ours[Verdict.REFUSED]),
        f"**{bad}**" if bad else "0",
        str(tally.clear.total()),
        _share(tally.clear, *RIGHT),
        _share(tally.clear, Verdict.EXACT),
        str(tally.told.total()),
        _share(tally.told, Verdict.EXACT),
    ]
    if asked:
        cells += [
            str(tally.aider[Verdict.EXACT] + tally.aider[Verdict.SAME]),
            str(tally.aider[Verdict.REFUSED]),
            str(tally.aider[Verdict.IN_PART]),
            str(tally.aider[Verdict.WRONG] + tally.aider[Verdict.CRASHED]),
            _share(tally.aider_clear, *RIGHT),
            _share(tally.aider_clear, Verdict.EXACT),
        ]
    return cells


def _share(verdicts: Counter[Verdict], *which: Verdict) -> str:
    whole = verdicts.total()
    return f"{sum(verdicts[verdict] for verdict in which) / whole:.1%}" if whole else "-"


def as_json(outcomes: Sequence[Outcome]) -> Mapping[str, Any]:
    """The same for programs, with the numbers of the cases that went wrong."""
    rows = tallied(outcomes, lambda outcome: (outcome.format, outcome.label))
    return {
        "rows": [
            {
                "format": format_,
                "damage": label,
                "cases": tally.cases,
                "one_meaning": tally.clear.total(),
                "layout_told": tally.told.total(),
                "ours": dict(tally.ours),
                "ours_of_one_meaning": dict(tally.clear),
                "ours_of_layout_told": dict(tally.told),
                "aider": dict(tally.aider),
                "aider_of_one_meaning": dict(tally.aider_clear),
            }
            for (format_, label), tally in rows.items()
        ],
        "wrong": sorted(outcome.index for outcome in outcomes if outcome.ours in BAD),
        "refused_of_one_meaning": sorted(o.index for o in outcomes if o.one_meaning and o.ours is Verdict.REFUSED),
        "discarded": sum(outcome.discarded for outcome in outcomes),
    }


def diff(before: str | None, after: str | None) -> str:
    """The difference of two texts for a person to look at."""
    if after is None:
        return "(gone)"
    return "\n".join(difflib.unified_diff((before or "").split("\n"), after.split("\n"), lineterm="", n=2))
