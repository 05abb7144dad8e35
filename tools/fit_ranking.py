"""Fit the weights by which repairs are ranked, on ill-typed programs and how their authors fixed them.

    python -m tools.fit_ranking PAIRS [--rows ROWS] [--limit N] [--validation FIFTH] [--out WEIGHTS]

PAIRS holds JSON lines {"id", "ill_typed", "fixed"}; .xz is read too. The engine searches each program; ROWS keeps what
it found, with the features and how close each repair is to the author's, so that fitting anew needs no search: what is
in ROWS is not searched again. Programs are held together in groups of one author's versions of one program, and a fifth
of the groups is for validation: the figures printed are of that. WEIGHTS is what `repair/search` reads.

The model is log-linear. Of the repairs of one program, those near to the author's shall have the likelihood.
"""

import argparse
import asyncio
import difflib
import hashlib
import json
import lzma
import math
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Indel

from lsp_aid.config import load
from lsp_aid.domain.ports import Typer
from lsp_aid.domain.typed import CompilerFlags, Variant
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.search import ranking
from lsp_aid.repair.search.engine import search
from lsp_aid.repair.search.fluency import Fluency
from lsp_aid.repair.search.habits import Habits
from lsp_aid.repair.search.oracle import TyperOracle
from lsp_aid.repair.search.phrases import Phrases
from lsp_aid.wiring import Wiring
from tools.own_ocaml import use_own_ocaml

WEIGHTS = Path(ranking.__file__).with_name("weights.json")
SECONDS = 6.0
ALIKE = 0.7
NEIGHBOURS = 3
FOLDS = 5
EPOCHS, RATE, DECAY = 7, 0.3, 0.01
LEAST_PROGRAMS = 6
EXACT, SAME_TYPES_AND_PLACE, SAME_TYPES, SAME_PLACE = 16.0, 2.0, 1.0, 0.25

Row = dict[str, Any]


def read_pairs(path: Path) -> list[dict[str, str]]:
    text = lzma.open(path, "rt").read() if path.suffix == ".xz" else path.read_text()  # noqa: SIM115
    return [json.loads(line) for line in text.splitlines() if line.strip()]


# --- what the engine finds, and how close it is ---


def words(text: str) -> list[str]:
    return [token.text for token in tokens(text) if not token.is_comment]


def without_parentheses(text: str) -> list[str]:
    return [word for word in words(text) if word not in ("(", ")", ";;")]


def places(before: Sequence[str], after: Sequence[str]) -> set[int]:
    """The tokens of `before` that differ, and those beside an insertion."""
    found: set[int] = set()
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag != "equal":
            found.update(range(start, end) if end > start else (start - 1, start))
    return found


async def rows_of(pair: Mapping[str, str], typer: Typer, model: ranking.Model) -> list[Row] | None:
    """All repairs of one program with features and closeness; None where the program is right."""
    oracle = TyperOracle(typer, "program.ml", CompilerFlags(("-w", "-a")), time.monotonic() + SECONDS)
    searched = await search(pair["ill_typed"], oracle, model)
    if searched is None:
        return None
    oracle.until = float("inf")
    texts = [Variant(text) for text in (pair["fixed"], *(one.text for one in searched.found))]
    wanted, *judged = await oracle.judge("", texts, "", signatures=True)
    author, fixed, old = without_parentheses(pair["fixed"]), words(pair["fixed"]), words(pair["ill_typed"])
    touched = places(old, fixed)
    searched.features.note(searched.found)
    rows = []
    for one, answer in zip(searched.found, judged, strict=True):
        rows.append(
            {
                "features": searched.features.of(one),
                "signature": one.judgement.signature,
                "types": wanted.ok and answer.signature == wanted.signature,
                "exact": without_parentheses(one.text) == author,
                "place": bool(places(old, words(one.text)) & touched),
            }
        )
    return rows


async def collect(pairs: Sequence[Mapping[str, str]], file: Path, models: Mapping[str, ranking.Model]) -> None:
    """Adds to the file what is not in it yet. `models`: that of each program."""
    known = {row["id"] for row in read_rows(file)}
    left = [pair for pair in pairs if pair["id"] not in known]
    async with Wiring().lone_typer(load(None, {})) as typer:
        with file.open("a", encoding="utf-8") as out:
            for number, pair in enumerate(left, 1):
                rows = await rows_of(pair, typer, models[pair["id"]])
                out.write(json.dumps({"id": pair["id"], "rows": rows or []}) + "\n")
                out.flush()
                sys.stderr.write(f"\r{number} of {len(left)} searched\x1b[K")
    sys.stderr.write("\n")


def read_rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


# --- groups ---


def groups(pairs: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """A name for the group that each program is in: programs with the same fix, and neighbours that are much alike."""
    leader = list(range(len(pairs)))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    fixes: dict[str, int] = {}
    for number, pair in enumerate(pairs):
        first = fixes.setdefault(" ".join(pair["fixed"].split()), number)
        leader[find(number)] = find(first)
        for other in range(max(0, number - NEIGHBOURS), number):
            if any(Indel.normalized_similarity(pairs[other][k], pair[k]) > ALIKE for k in ("fixed", "ill_typed")):
                leader[find(number)] = find(other)
    return {pair["id"]: pairs[find(number)]["id"] for number, pair in enumerate(pairs)}


def drawn_by_groups(pairs: Sequence[Mapping[str, str]], of: Mapping[str, str]) -> list[Mapping[str, str]]:
    """The programs by chance, one of each group first, then one more of each, and so on."""
    taken: Counter[str] = Counter()
    ordered = []
    for number, pair in enumerate(random.Random(9).sample(pairs, len(pairs))):
        ordered.append((taken[of[pair["id"]]], number, pair))
        taken[of[pair["id"]]] += 1
    return [pair for _, _, pair in sorted(ordered, key=lambda one: one[:2])]


def fold(group: str) -> int:
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % FOLDS


# --- what is usual ---


async def signatures(pairs: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What the authors' versions define, with its types; those that are in error are left out."""
    async with Wiring().lone_typer(load(None, {})) as typer:
        oracle = TyperOracle(typer, "program.ml", CompilerFlags(("-w", "-a")))
        answers = await oracle.judge("", [Variant(pair["fixed"]) for pair in pairs], "", signatures=True)
    return {pair["id"]: answer.signature for pair, answer in zip(pairs, answers, strict=True) if answer.ok}


def models_of(pairs: Sequence[Mapping[str, str]], of: Mapping[str, str], validation: int) -> list[ranking.Model]:
    """For the programs of each fold: what is usual in the authors' versions of the others, those for validation left
    out. That of the fold for validation is what ships. A group counts as much as the square root of its size in how
    usual code is."""
    sizes = Counter(of.values())
    types = asyncio.run(signatures(pairs))

    def model(left_out: int) -> ranking.Model:
        counted = [pair for pair in pairs if fold(of[pair["id"]]) not in (validation, left_out)]
        language = Fluency.of((pair["fixed"], sizes[of[pair["id"]]] ** -0.5) for pair in counted)
        usual = Habits.of((types[pair["id"]], of[pair["id"]]) for pair in counted if pair["id"] in types)
        versions = dict.fromkeys((pair["fixed"], of[pair["id"]]) for pair in counted)
        return ranking.Model(ranking.weights(), language, usual, Phrases.of(versions))

    return [model(number) for number in range(FOLDS)]


# --- the model ---


def closeness(rows: Sequence[Row]) -> list[float] | None:
    """How much of the likelihood each repair deserves; None where none is near."""
    gains = [
        EXACT
        if row["exact"]
        else SAME_TYPES_AND_PLACE
        if row["types"] and row["place"]
        else SAME_TYPES
        if row["types"]
        else SAME_PLACE * row["place"]
        for row in rows
    ]
    return gains if any(gains) else None


def fit(programs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The weights, by stochastic gradients with a step of its own for each (Adagrad)."""
    counts = Counter(name for program in programs for name in {n for row in program["rows"] for n in row["features"]})
    known = {name for name, count in counts.items() if count >= LEAST_PROGRAMS}
    examples = []
    for program in programs:
        gains = closeness(program["rows"])
        if gains is not None:
            features = [{n: v for n, v in row["features"].items() if n in known} for row in program["rows"]]
            examples.append((features, gains))
    weights = dict.fromkeys(sorted(known), 0.0)
    squares = dict.fromkeys(known, 1e-6)
    shuffle = random.Random(0)
    for _ in range(EPOCHS):
        shuffle.shuffle(examples)
        for features, gains in examples:
            for name, slope in gradient(features, gains, weights).items():
                slope += DECAY * weights[name]
                squares[name] += slope * slope
                weights[name] -= RATE * slope / math.sqrt(squares[name])
    return weights


def gradient(
    features: Sequence[Mapping[str, float]], gains: Sequence[float], weights: Mapping[str, float]
) -> dict[str, float]:
    """That of -log of how likely a near repair is."""
    scores = [ranking.score(row, weights) for row in features]
    highest = max(scores)
    likely = [math.exp(score - highest) for score in scores]
    near = [value * gain for value, gain in zip(likely, gains, strict=True)]
    total, total_near = sum(likely), sum(near) or 1e-12
    slopes: dict[str, float] = defaultdict(float)
    for row, value, good in zip(features, likely, near, strict=True):
        share = value / total - good / total_near
        if abs(share) > 1e-4:
            for name, amount in row.items():
                slopes[name] += share * amount
    return slopes


# --- figures ---


def figures(programs: Sequence[Mapping[str, Any]], weights: Mapping[str, float]) -> dict[str, float]:
    """In percent of the programs: what is right at first place and among three, and what is right at any."""
    right: Counter[str] = Counter()
    for program in programs:
        rows = program["rows"]
        scores = [ranking.score(row["features"], weights) for row in rows]
        best = [rows[i] for i in ranking.order(scores, [row["signature"] for row in rows], 3)]
        for name, value in _right(rows, best):
            right[name] += value
    return {name: round(100 * count / max(1, len(programs)), 1) for name, count in right.items()}


def _right(rows: Sequence[Row], best: Sequence[Row]) -> Iterator[tuple[str, bool]]:
    yield "any", bool(best)
    for what in ("types", "exact", "place"):
        yield f"{what}@1", any(row[what] for row in best[:1])
        yield f"{what}@3", any(row[what] for row in best)
        yield f"{what}@all", any(row[what] for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--rows", type=Path, default=Path("rows.jsonl"), help="what was found before (rows.jsonl)")
    parser.add_argument("--limit", type=int, help="search so many programs, drawn by chance")
    parser.add_argument("--validation", type=int, choices=range(FOLDS), default=0, help="the fifth to examine by (0)")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    use_own_ocaml()
    pairs = read_pairs(options.pairs)
    of = groups(pairs)
    models = models_of(pairs, of, options.validation)
    drawn = drawn_by_groups(pairs, of)[: options.limit]
    asyncio.run(collect(drawn, options.rows, {name: models[fold(group)] for name, group in of.items()}))
    programs = [row for row in read_rows(options.rows) if row["id"] in of]
    training = [program for program in programs if fold(of[program["id"]]) != options.validation]
    validation = [program for program in programs if fold(of[program["id"]]) == options.validation]
    weights = fit(training)
    print(f"training, {len(training)} programs: {figures(training, weights)}")
    print(f"validation, {len(validation)} programs: {figures(validation, weights)}")
    shipped = models[options.validation]
    kept = {name: round(value, 3) for name, value in weights.items() if abs(value) >= 0.005}
    for name, data in (
        (options.out.name, kept),
        ("fluency.json", shipped.language.counts),
        ("habits.json", shipped.habits.shares),
        ("phrases.json", shipped.phrases.known),
    ):
        text = json.dumps(data, indent=0, ensure_ascii=False)
        options.out.with_name(name).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
