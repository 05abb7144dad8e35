"""Outlines of types, and which edits cannot give what is expected: they need not be checked."""

import re
from functools import cache

_SIMPLE = re.compile(r"^(int|float|string|bool|unit|char)$")
_OPERATORS = {
    **dict.fromkeys(("+", "-", "*", "/", "mod"), "int"),
    **dict.fromkeys(("+.", "-.", "*.", "/.", "**"), "float"),
    **dict.fromkeys(("::", "@"), "list"),
    **dict.fromkeys(("&&", "||", "=", "<", ">", "<=", ">=", "<>", "==", "!="), "bool"),
    "^": "string",
    ":=": "unit",
}
_RESULTS = {
    "float_of_int": "float",
    "int_of_float": "int",
    "string_of_int": "string",
    "string_of_float": "string",
    "not": "bool",
    "List.rev": "list",
    "List.tl": "list",
    "List.length": "int",
    "List.concat": "list",
    "abs": "int",
    'String.concat ""': "string",
    "float_of_string": "float",
    "int_of_string": "int",
    "int_of_char": "int",
    "String.length": "int",
}
_KINDS = {
    "[x]": "list",
    "[x]>[[x]]": "list",
    "Some x": "option",
    "Ok x": "named",
    "x :: local": "list",
    "local :: x": "list",
    "x @ local": "list",
    "x :: []": "list",
    "(x, local)": "tuple",
    "(local, x)": "tuple",
    "(x, constant)": "tuple",
    "(constant, x)": "tuple",
    "comma": "tuple",
    "arguments as tuple alone": "tuple",
    "fun around": "function",
    "eta": "function",
    "all float": "float",
    "all float.": "float",
    "all int": "int",
    "!>not": "bool",
    "a op b>(a, b)": "tuple",
    "fun x -> a, b>(fun x -> a), b": "tuple",
    "f (a, b)>f a, b": "tuple",
}
_SORTS = {
    "int": "int",
    "float": "float",
    "string": "string",
    "bool": "bool",
    "unit": "unit",
    "pair": "tuple",
    "[]": "list",
    "None": "option",
    "its float": "float",
    "its float.": "float",
    "its string": "string",
    "its int": "int",
}


@cache
def shape(type_: str) -> str:
    """A type's outline: `int`, `list of int`, `tuple 2`, `function 1`, `var`, `named`; `?` where it is not known."""
    type_ = " ".join(type_.split())
    if not type_:
        return "?"
    if type_.startswith("'") and " " not in type_:
        return "var"
    if _SIMPLE.match(type_):
        return type_
    arrows, stars = _counted(type_)
    if arrows:
        return f"function {min(arrows, 3)}"
    if stars:
        return f"tuple {min(stars + 1, 3)}"
    last = type_.rsplit(" ", 1)[-1]
    if last == "list":
        inner = shape(type_.removesuffix(last).strip().removeprefix("(").removesuffix(")"))
        return f"list of {inner.split(' ')[0]}"
    return last if last in ("option", "array", "ref") else "named"


def _counted(type_: str) -> tuple[int, int]:
    """How many arrows and stars there are outside of brackets."""
    depth, arrows, stars = 0, 0, 0
    for at, char in enumerate(type_):
        if char in "([<{":
            depth += 1
        elif char in ")]}" or (char == ">" and type_[at - 1 : at] != "-"):
            depth -= 1
        elif depth == 0 and type_.startswith("->", at):
            arrows += 1
        elif depth == 0 and char == "*":
            stars += 1
    return arrows, stars


@cache
def result_of(kind: str) -> str:
    """The outline's first word of what an edit of this kind leaves in its place; empty where it can be anything."""
    if kind in _KINDS:
        return _KINDS[kind]
    if kind.startswith("wrap "):
        return _RESULTS.get(kind.removeprefix("wrap "), "")
    if kind.startswith("operator "):
        return _OPERATORS.get(kind.removeprefix("operator "), "")
    before, arrow, after = kind.partition(">")
    if arrow and before in _OPERATORS:
        return _OPERATORS.get(kind[len(before) + 1 :], "")
    return _SORTS.get(after, "") if arrow and before in ("small", "large", "name", *_SORTS) else ""


def can_be(kind: str, wanted: str) -> bool:
    """Whether an edit of this kind can give a value of this outline."""
    if wanted in ("?", "var"):
        return True
    result = result_of(kind)
    return not result or result == wanted.partition(" ")[0]


def split_type(type_: str) -> tuple[str, list[str]]:
    """`function` with the types of what it takes and gives, `tuple` with its parts, or `other`."""
    type_ = " ".join(type_.split())
    for separator, kind in ((" -> ", "function"), (" * ", "tuple")):
        parts = _apart(type_, separator)
        if len(parts) > 1:
            return kind, [_bare(part) for part in parts]
    return "other", [type_]


def _apart(type_: str, separator: str) -> list[str]:
    depth, at, parts = 0, 0, []
    for number, char in enumerate(type_):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and type_.startswith(separator, number):
            parts.append(type_[at:number])
            at = number + len(separator)
    return [*parts, type_[at:]]


def _bare(type_: str) -> str:
    type_ = type_.strip()
    if type_.startswith("(") and type_.endswith(")") and _closes_at(type_) == len(type_) - 1:
        return type_[1:-1].strip()
    return type_


def _closes_at(type_: str) -> int:
    depth = 0
    for number, char in enumerate(type_):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return number
    return -1


def argument_of(type_: str) -> str:
    """What a function of this type takes first."""
    return _bare(_apart(" ".join(type_.split()), " -> ")[0])
