"""The command line of the bench."""

import argparse
import json
import os
import sys
import time

from benchmarks.edits import aider, cases, corpus, cost, ours, report
from benchmarks.edits.judging import judge


def main() -> int:
    arguments = _arguments()
    corpus.fetch()
    if arguments.case is not None:
        print(shown(arguments.seed, arguments.case))
        return 0
    problem = aider.install() if arguments.aider else "left out"
    if arguments.aider and problem:
        print(f"aider cannot be installed ({problem}): its column is left out.", file=sys.stderr)
    if arguments.cost:
        print(cost.measured(arguments.seed, with_aider=not problem))
        return 0
    started = time.monotonic()
    outcomes = list(report.run(arguments.cases, arguments.seed, arguments.processes, with_aider=not problem))
    seconds = time.monotonic() - started
    head = {
        "cases": arguments.cases,
        "seed": arguments.seed,
        "seconds": round(seconds),
        "corpus": corpus.summary(corpus.corpus()),
    }
    result = report.as_json(outcomes)
    if arguments.json:
        print(json.dumps({**head, **result}))
    else:
        sources = ", ".join(f"{count} files of {source}" for source, count in head["corpus"].items())
        print(
            f"{arguments.cases} cases, seed {arguments.seed}, {seconds:.0f} s. Files of 10 to 5,000 lines: {sources}.\n"
        )
        print(report.printed(outcomes))
        print(f"\nReplies thrown away because their damage made them say something else: {result['discarded']}.")
        for name in ("wrong", "refused_of_one_meaning"):
            listed = " ".join(map(str, result[name][:40]))
            print(f"{name.replace('_', ' ').capitalize()}: {len(result[name])}{f'. Cases {listed}' if listed else ''}")
    return 1 if result["wrong"] else 0


def shown(seed: int, index: int) -> str:
    """One case in full: the reply, what was meant, what was done."""
    case = cases.make(seed, index)
    done = ours.apply(case.files, case.text)
    verdict = judge(case.files, case.intended, done.after, done.problem, done.crashed)
    parts = [f"case {index}: {case.format}, {case.label}, {case.clarity}: {verdict}", case.text]
    parts.append(f"PROBLEM {done.problem}" if done.problem else "")
    for path in sorted({*case.files, *(case.intended or {}), *done.after}):
        texts = {"meant": (case.intended or {}).get(path), "done": done.after.get(path)}
        if case.intended is None:
            texts["meant"] = case.files.get(path)
        for name, text in texts.items():
            if text != case.files.get(path) and (name == "meant" or text != texts["meant"]):
                parts.append(f"{name.upper()} {path}\n{report.diff(case.files.get(path), text)}")
    return "\n".join(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edits", description=__doc__)
    parser.add_argument("--cases", type=int, default=2000, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--case", type=int, metavar="N", help="show one case in full and end")
    parser.add_argument("--cost", action="store_true", help="measure time instead")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    parser.add_argument("--no-aider", dest="aider", action="store_false", help="without the column of aider")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
