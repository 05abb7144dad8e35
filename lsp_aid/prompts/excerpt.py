"""A piece of context, and how many of them a prompt can take."""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from attrs import frozen

CHARACTERS_PER_TOKEN = 4
"""An estimate. OCaml has shorter tokens than prose, models longer limits than they take well."""


@frozen
class Excerpt:
    """A text that a model may need. `why` says in a few words what it is to the task; `weight`, from 0 to 1, how likely
    it is needed. `path` is empty for what is no file. `note` follows the text."""

    path: str
    text: str
    why: str
    weight: float
    note: str = ""


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def fit(excerpts: Iterable[Excerpt], budget: int) -> tuple[tuple[Excerpt, ...], tuple[str, ...]]:
    """The excerpts that `budget` tokens hold, the heaviest first, and the paths of those left out."""
    kept: list[Excerpt] = []
    left_out: list[str] = []
    for excerpt in sorted(excerpts, key=lambda e: -e.weight):
        cost = tokens(rendered(excerpt))
        if cost <= budget:
            kept.append(excerpt)
            budget -= cost
        else:
            left_out.append(excerpt.path or excerpt.why)
    return tuple(kept), tuple(left_out)


def rendered(excerpt: Excerpt) -> str:
    """The excerpt as it stands in a prompt: heading, fenced text, note."""
    head = f"{excerpt.path} ({excerpt.why})" if excerpt.path else excerpt.why
    parts = (f"## {head}", fenced(excerpt.text, language(excerpt.path)), excerpt.note)
    return "\n".join(part for part in parts if part)


def context(excerpts: Sequence[Excerpt], left_out: Sequence[str]) -> str:
    """All excerpts, and a word on what is missing, so that a model does not take the rest for absent."""
    parts = [rendered(excerpt) for excerpt in excerpts]
    if left_out:
        names = ", ".join(left_out[:20]) + (f" and {len(left_out) - 20} more" if len(left_out) > 20 else "")
        parts.append(f"Left out for lack of space: {names}. Do not edit what you have not been shown.")
    return "\n\n".join(parts)


def fenced(text: str, info: str = "") -> str:
    """The text in a fence that nothing in it closes."""
    longest = max((len(run) for run in re.findall(r"^\s{0,3}(`{3,})", text, re.MULTILINE)), default=2)
    marks = "`" * (longest + 1)
    return f"{marks}{info}\n{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{marks}"


def language(path: str) -> str:
    name = PurePosixPath(path).name
    if name.startswith("dune"):
        return "dune"
    return "ocaml" if name.endswith((".ml", ".mli", ".mll", ".mly")) else ""
