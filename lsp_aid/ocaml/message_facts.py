"""The structure of a message as words: for who reads texts, such as a model, and for who looks for what it names."""

import re
from collections.abc import Iterator
from typing import cast

import attrs

from lsp_aid.domain.diagnostics import Related
from lsp_aid.domain.text import Range
from lsp_aid.ocaml.message_shapes import Message, Other

_IN_THE_TEXT = ("text", "rest", "advice", "explanation", "reasons")
"""Fields that are the message's own words."""
_WORD = re.compile(r"[\w'./-]*[\w']")
_MOST = 40


def facts(message: Message) -> str:
    """The kind and the fields of a message on one line, such as `type clash; found: string; expected: int`; empty where
    the message has no structure."""
    return "" if isinstance(message, Other) else "; ".join(_facts(message))


def names(message: Message) -> tuple[str, ...]:
    """The words of code that a message names: paths of values and types, modules, files, what the compiler proposes."""
    values = (value for field, value in _fields(message) if field not in ("sort", "what", "because", "mnemonic"))
    found = (word for value in values for text in _texts(value) for word in _WORD.findall(text))
    return tuple(dict.fromkeys(found))[:_MOST]


def _facts(message: attrs.AttrsInstance) -> Iterator[str]:
    yield re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(message).__name__).casefold()
    for field, value in _fields(message):
        words = field.replace("_", " ")
        if isinstance(value, tuple) and value and attrs.has(type(value[0])):
            parts = cast("tuple[attrs.AttrsInstance, ...]", value[:_MOST])
            yield from (f"{words}: ({', '.join(_facts(part))})" for part in parts)
        elif value is True:
            yield words
        else:
            yield f"{words}: {', '.join(_texts(value))}"


def _fields(message: attrs.AttrsInstance) -> Iterator[tuple[str, object]]:
    """The fields that say something, but for places, which stand beside the message."""
    for field in attrs.fields(type(message)):
        value = getattr(message, field.name)
        name = field.name.lstrip("_")
        first = value[0] if isinstance(value, tuple) and value else value
        is_place = isinstance(first, Range | Related)
        if name not in _IN_THE_TEXT and not is_place and value not in (None, (), "", False):
            yield name, value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for part in value[:_MOST]:
            yield from _texts(part)
    elif attrs.has(type(value)):
        for _, inner in _fields(cast("attrs.AttrsInstance", value)):
            yield from _texts(inner)
    elif not isinstance(value, bool):
        yield str(value)
