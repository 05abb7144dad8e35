"""Types as the compiler prints them, taken apart, and whether two of them can be the same."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from attrs import frozen

_TOKEN = re.compile(r"->|\?[a-z_][\w']*:|[a-z_][\w']*:(?=[^:])|'[\w_]+|[\w'.]+|\[[^\]]*\]|<[^>]*>|[(),*]|\S")
_DEEPEST = 40
FORMATS = ("format", "format4", "format6", "Stdlib.format", "CamlinternalFormatBasics.format6")


@frozen
class Type:
    """`head` is `->`, `*`, the name of a constructor, or of a variable with its quote; `parts` are what it is made of:
    of an arrow what it takes and gives, and `label` is then `~x`, `?x` or empty."""

    head: str
    parts: "tuple[Type, ...]" = ()
    label: str = ""

    @property
    def is_variable(self) -> bool:
        return self.head.startswith(("'", "_"))

    @property
    def argument(self) -> "Type":
        """What a parameter's value is of: the `int` of `?width:int`, too, as the compiler prints it."""
        return self.parts[0]


Settled = Mapping[str, Type]


@cache
def read(text: str) -> Type:
    """The type; what cannot be read is a constructor of that name."""
    tokens = _TOKEN.findall(" ".join(text.split()))
    try:
        made, rest = _arrow(tokens, 0)
    except (IndexError, RecursionError):
        return Type(text.strip())
    return made if rest == len(tokens) else Type(text.strip())


def _arrow(tokens: Sequence[str], at: int) -> tuple[Type, int]:
    label = ""
    if tokens[at].endswith(":") and len(tokens[at]) > 1:
        label = tokens[at][:-1] if tokens[at].startswith("?") else f"~{tokens[at][:-1]}"
        at += 1
    left, at = _product(tokens, at)
    if at < len(tokens) and tokens[at] == "->":
        right, at = _arrow(tokens, at + 1)
        return Type("->", (left, right), label), at
    return left, at


def _product(tokens: Sequence[str], at: int) -> tuple[Type, int]:
    first, at = _applied(tokens, at)
    parts = [first]
    while at < len(tokens) and tokens[at] == "*":
        part, at = _applied(tokens, at + 1)
        parts.append(part)
    return (first if len(parts) == 1 else Type("*", tuple(parts))), at


def _applied(tokens: Sequence[str], at: int) -> tuple[Type, int]:
    if tokens[at] == "(":
        parts = []
        while True:
            part, at = _arrow(tokens, at + 1)
            parts.append(part)
            if tokens[at] != ",":
                break
        at += 1
        made = parts[0] if len(parts) == 1 else Type("", tuple(parts))
    else:
        made, at = Type(tokens[at]), at + 1
    while at < len(tokens) and (tokens[at][0].isalpha() or tokens[at][0] == "_") and not tokens[at].endswith(":"):
        if tokens[at] == "as":
            return made, at + 2
        made, at = Type(tokens[at], made.parts if made.head == "" else (made,)), at + 1
    return made, at


def parameters(type_: Type) -> tuple[list[Type], Type]:
    """The arrows of a function type, outermost first, and what the last one gives."""
    found = []
    while type_.head == "->":
        found.append(type_)
        type_ = type_.parts[1]
    return found, type_


def apart(type_: Type, mark: str) -> Type:
    """The type with variables of its own."""
    if type_.is_variable:
        return Type(f"{type_.head}{mark}")
    return Type(type_.head, tuple(apart(part, mark) for part in type_.parts), type_.label)


def unified(left: Type, right: Type, settled: Settled, depth: int = 0) -> Settled | None:
    """What the variables have to be for the two to be the same; None where they cannot be."""
    left, right = _found(left, settled), _found(right, settled)
    if left == right or depth > _DEEPEST:
        return settled
    if left.is_variable:
        return {**settled, left.head: right}
    if right.is_variable:
        return {**settled, right.head: left}
    if not _same_head(left.head, right.head) or len(left.parts) != len(right.parts) or left.label != right.label:
        return None
    for one, other in zip(left.parts, right.parts, strict=True):
        following = unified(one, other, settled, depth + 1)
        if following is None:
            return None
        settled = following
    return settled


def _found(type_: Type, settled: Settled) -> Type:
    for _ in range(_DEEPEST):
        if type_.head not in settled:
            return type_
        type_ = settled[type_.head]
    return type_


def _same_head(left: str, right: str) -> bool:
    """By the shorter path: `t` in its own module is `Store.t` outside."""
    if left[:1] in "[<" and right[:1] in "[<":
        return True  # what two of these have in common is for the compiler to say
    return left == right or left.endswith(f".{right}") or right.endswith(f".{left}")


def fits(left: Type, right: Type) -> bool:
    return unified(apart(left, "!"), right, {}) is not None


def heads(type_: Type) -> Iterator[str]:
    """The constructors in a type."""
    if not type_.is_variable:
        yield type_.head
    for part in type_.parts:
        yield from heads(part)
