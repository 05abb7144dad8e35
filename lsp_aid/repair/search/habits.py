"""What functions of a name have for types, as far as many authors agree: a repair gives a function the usual type.

The shares that ship are counted by `tools/fit_ranking.py`: of all groups of programs that define a value of that name,
how many give it that type. What few groups have is not there.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib import resources

from attrs import frozen

LEAST_GROUPS = 5
"""That many groups define the name."""
LEAST_ALIKE = 3
"""That many give it this type."""
MOST_TYPES = 6
USUAL = 0.4
"""A type with that share is worth a search for it."""

_VALUE = re.compile(r"\s*val ([^:]+?) : ([^\0]*)")
_AND_MORE = re.compile(r"\n(?=val |type |exception |module )")


@frozen
class Habits:
    """For each name, what share of those who define it gives it which type."""

    shares: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, signatures: Iterable[tuple[str, str]]) -> "Habits":
        """Of signatures, each with the name of the group that it is from."""
        groups: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for signature, group in signatures:
            for name, type_ in values(signature):
                groups[name][type_].add(group)
        shares: dict[str, dict[str, float]] = {}
        for name, types in sorted(groups.items()):
            total = len(set().union(*types.values()))
            if total < LEAST_GROUPS:
                continue
            counts = Counter({type_: len(of) for type_, of in types.items() if len(of) >= LEAST_ALIKE})
            shares[name] = {type_: round(count / total, 3) for type_, count in counts.most_common(MOST_TYPES)}
        return cls({name: types for name, types in shares.items() if types})

    def share(self, name: str, type_: str) -> float | None:
        """None where nothing is known of the name."""
        known = self.shares.get(name)
        return None if known is None else known.get(type_, 0.0)

    def usual(self, name: str) -> str:
        """The type that most have; empty where there is none."""
        known = self.shares.get(name, {})
        best = max(known, key=lambda type_: known[type_], default="")
        return best if known.get(best, 0.0) >= USUAL else ""


@lru_cache(1024)
def values(signature: str) -> tuple[tuple[str, str], ...]:
    """The names of the values, with their types."""
    found = []
    for part in _AND_MORE.split(signature):
        one = _VALUE.match(part)
        if one:
            found.append((one[1], " ".join(one[2].split())))
    return tuple(found)


def is_usual(habits: Habits, signature: str, names: Iterable[str]) -> bool:
    """Whether each of these names that has a usual type has it."""
    types = dict(values(signature))
    return all(types.get(name) == usual for name in names if (usual := habits.usual(name)))


@cache
def shipped() -> Habits:
    """Counted by `tools/fit_ranking.py`."""
    source = resources.files("lsp_aid.repair.search") / "habits.json"
    return Habits(json.loads(source.read_text(encoding="utf-8")) if source.is_file() else {})
