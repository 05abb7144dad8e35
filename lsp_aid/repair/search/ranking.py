"""The order in which repairs are offered: a weighted sum of features, and how many repairs agree on the types."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from attrs import frozen

from lsp_aid.repair.search import fluency, habits, phrases
from lsp_aid.repair.search.explore import Found
from lsp_aid.repair.search.features import Features
from lsp_aid.repair.search.fluency import Fluency
from lsp_aid.repair.search.habits import Habits
from lsp_aid.repair.search.phrases import Phrases

ALIKE_COST = 3.0
"""What a repair loses for each earlier one of the same types. With 2, one program of a hundred fewer has the author's
types among three (five fifths of `tools/fit_ranking.py`, each with weights of the others); with 5 what has nothing to
do with the error comes among three for the sake of its types."""
AGREEMENT = 0.5
THROWN_AWAY_COST = 2.0

_THROWN_AWAY = frozenset(
    [f"kind {side} of {group}" for side in ("left", "right") for group in ("op", "::")]
    + [f"kind keep {part}" for part in ("then", "else", "condition", "case", "scrutinee", "bound value", "statement")]
    + [f"kind keep {part}" for part in ("function", "argument", "argument 0", "argument 1", "argument 2", "part")]
)
"""Edits that leave nothing but a part. Authors do that, and yet a repair that throws code away is none."""


@frozen
class Model:
    """What edits are scored by: weights by the features' names, how usual code is, what types names have, and
    what many write."""

    weights: Mapping[str, float]
    language: Fluency
    habits: Habits
    phrases: Phrases

    def score(self, features: Mapping[str, float]) -> float:
        return score(features, self.weights)


def shipped() -> Model:
    return Model(weights(), fluency.shipped(), habits.shipped(), phrases.shipped())


@cache
def weights() -> Mapping[str, float]:
    """The weights that ship, by the features' names. Fitted by `tools/fit_ranking.py`."""
    source = resources.files("lsp_aid.repair.search") / "weights.json"
    if not source.is_file():
        return {}
    loaded: dict[str, float] = json.loads(source.read_text(encoding="utf-8"))
    return loaded


def score(features: Mapping[str, float], table: Mapping[str, float]) -> float:
    """The weighted sum."""
    total = 0.0
    for name, value in features.items():
        total += value * table.get(name, 0.0)
        if name in _THROWN_AWAY:
            total -= value * THROWN_AWAY_COST
    return total


def order(scores: Sequence[float], signatures: Sequence[str], top: int) -> list[int]:
    """Indices of the best, best first: each by its score and by how much of all likelihood its types have; further
    ones that bring no other types than an earlier one wait a little."""
    if not scores:
        return []
    best = max(scores)
    mass: dict[str, float] = {}
    for value, signature in zip(scores, signatures, strict=True):
        mass[signature] = mass.get(signature, 0.0) + math.exp(value - best)
    total = sum(mass.values())
    values = [
        value + AGREEMENT * math.log(mass[signature] / total)
        for value, signature in zip(scores, signatures, strict=True)
    ]
    chosen: list[int] = []
    seen: dict[str, int] = {}
    left = set(range(len(values)))
    while left and len(chosen) < top:
        pick = max(left, key=lambda i: (values[i] - ALIKE_COST * seen.get(signatures[i], 0), -i))
        left.discard(pick)
        chosen.append(pick)
        seen[signatures[pick]] = seen.get(signatures[pick], 0) + 1
    return chosen


def ranked(features: Features, found: Sequence[Found], top: int, table: Mapping[str, float]) -> list[Found]:
    """The best of what was found, best first."""
    features.note(found)
    scores = [score(features.of(one), table) for one in found]
    return [found[i] for i in order(scores, [one.judgement.signature for one in found], top)]
