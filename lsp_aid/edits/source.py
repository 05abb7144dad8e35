"""A file as blocks are looked for in it: its lines, more or less regarded, and its tokens."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

from attrs import define

from lsp_aid.edits.haystack import Haystack
from lsp_aid.edits.lines import Lines
from lsp_aid.ocaml.tokens import Token, tokens

_WORD = re.compile(r"\w+|[^\w\s]")
MAX_TOKENIZED = 300_000
"""Characters of a file beyond which it is not taken into tokens."""

MAX_SQUEEZED = 20_000
"""Characters of a line beyond which it is not taken into words."""


def split(text: str) -> list[str]:
    """The lines of a part of a block."""
    return text.removesuffix("\n").split("\n") if text else []


def squeezed(line: str) -> str:
    """The words and signs of a line, whatever white space is between them; of a very long line the white space alone is
    evened out, for what is no code is soon a million signs."""
    if len(line) > MAX_SQUEEZED:
        return " ".join(line.split())
    return " ".join(_WORD.findall(line))


def all_stripped(lines: Sequence[str]) -> list[str]:
    """Each line without the white space at its end."""
    return [line.rstrip() for line in lines]


def all_squeezed(lines: Sequence[str]) -> list[str]:
    """Each line squeezed; many are there more than once."""
    known = {line: squeezed(line) for line in set(lines)}
    return [known[line] for line in lines]


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


class InString(NamedTuple):
    """A line that begins in a string, which `opening` opens. The white space that it begins with `matters`, unless it
    follows a backslash."""

    opening: str
    matters: bool


def lines_in_strings(text: str, found: Iterable[Token]) -> dict[int, InString]:
    """The lines of a text, by number, that begin in a string, given the text's tokens."""
    inside: dict[int, InString] = {}
    line, at = 0, 0
    for token in found:
        if token.text[0] not in '"{' or "\n" not in token.text:
            continue
        line += text.count("\n", at, token.start)
        opening = '"' if token.text[0] == '"' else token.text.partition("|")[0] + "|"
        for part in token.text.split("\n")[:-1]:
            line += 1
            backslashes = len(part) - len(part.rstrip("\\"))
            inside[line] = InString(opening, opening != '"' or backslashes % 2 == 0)
        at = token.end
    return inside


@define(frozen=True, slots=False, eq=False)
class Source:
    path: str
    text: Lines

    @property
    def lines(self) -> Sequence[str]:
        return self.text.lines

    @property
    def is_ocaml(self) -> bool:
        return PurePosixPath(self.path).suffix in (".ml", ".mli")

    @property
    def is_code(self) -> bool:
        """Whether white space at the ends of lines means nothing."""
        return self.is_ocaml or PurePosixPath(self.path).name in ("dune", "dune-project", "dune-workspace")

    @cached_property
    def raw(self) -> Haystack:
        return Haystack(self.lines)

    @cached_property
    def filled(self) -> Sequence[int]:
        """The numbers of the lines that are not blank."""
        return [number for number, line in enumerate(self.lines) if line.strip()]

    @cached_property
    def stripped(self) -> Haystack:
        """The lines that are not blank, without the white space at their ends."""
        return Haystack(all_stripped([self.lines[number] for number in self.filled]))

    @cached_property
    def squeezed(self) -> Haystack:
        """The lines that are not blank, squeezed."""
        return Haystack(all_squeezed([self.lines[number] for number in self.filled]))

    @cached_property
    def has_trailing_space(self) -> bool:
        return any(line[-1:].isspace() for line in self.lines)

    @cached_property
    def joined(self) -> str:
        """The lines with line feeds alone."""
        return "\n".join(self.lines)

    @cached_property
    def tokens(self) -> Sequence[Token]:
        """Comments included; none where the file is no OCaml or too large."""
        return tokens(self.joined) if self.is_ocaml and len(self.joined) <= MAX_TOKENIZED else ()

    @cached_property
    def strings(self) -> Mapping[int, InString]:
        """The lines that begin in a string; none where the file is no OCaml or too large."""
        return lines_in_strings(self.joined, self.tokens)

    @cached_property
    def code(self) -> Sequence[int]:
        """The indices of the tokens that are no comments."""
        return [number for number, token in enumerate(self.tokens) if not token.is_comment]

    @cached_property
    def code_keys(self) -> Haystack:
        return Haystack([self.tokens[number].text for number in self.code])
