"""How alike two names are."""

from collections.abc import Iterable


def distance(left: str, right: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that lead from one to the other."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left):
        earlier, before, row = before, row, [i + 1]
        for j, b in enumerate(right):
            cost = min(before[j] + (a != b), before[j + 1] + 1, row[j] + 1)
            if i and j and a == right[j - 1] and left[i - 1] == b:
                cost = min(cost, earlier[j - 1] + 1)
            row.append(cost)
    return row[-1]


def similarity(left: str, right: str) -> float:
    """From 0 to 1, which is equality. A difference in case or in underscores counts for little."""
    if left == right:
        return 1.0
    plain, other = (name.replace("_", "").casefold() for name in (left, right))
    longest = max(len(plain), len(other), 1)
    return 0.95 * (1 - distance(plain, other) / longest)


def words_in_common(left: str, right: str) -> float:
    """From 0 to 1: how many of the words of the two names are in both, `first_name` and `name_of` one of three."""
    ours, theirs = (set(name.casefold().split("_")) - {""} for name in (left, right))
    return len(ours & theirs) / max(1, len(ours | theirs))


def letters_in_common(left: str, right: str) -> float:
    """From 0 to 1: how much of the shorter name its longest run of letters that is in the other is, `clino` and
    `inclination` four of five. A run of fewer than four letters is chance."""
    short, long = sorted((left.casefold(), right.casefold()), key=len)
    runs = (n for n in range(len(short), 3, -1) for at in range(len(short) - n + 1) if short[at : at + n] in long)
    return next(runs, 0) / max(1, len(short))


def is_short_for(left: str, right: str) -> bool:
    """Whether one name is the other with words shortened: `lat` for `latitude`, `max_len` for `max_length`, `msg` for
    `message`."""
    ours, theirs = left.casefold().split("_"), right.casefold().split("_")
    if left == right or len(ours) != len(theirs):
        return False
    pairs = [sorted(pair, key=len) for pair in zip(ours, theirs, strict=True)]
    return all(short == long or _shortens(short, long) for short, long in pairs)


def _shortens(short: str, long: str) -> bool:
    """By its beginning, or by its first letter and consonants behind it, in their order."""
    if len(short) < 3 or len(short) > 0.75 * len(long) or short[0] != long[0]:
        return False
    letters = iter(long)
    is_within = all(letter in letters for letter in short)
    return long.startswith(short) or (is_within and not set(short[1:]) & set("aeiou"))


def nearest(name: str, others: Iterable[str], at_least: float) -> list[tuple[str, float]]:
    """The names most like `name`, best first, each once; the name itself is not among them."""
    alike = {other: similarity(name, other) for other in others if other != name and abs(len(other) - len(name)) < 6}
    return sorted(((n, s) for n, s in alike.items() if s >= at_least), key=lambda pair: -pair[1])
