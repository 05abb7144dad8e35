"""What a kind of slips is given, and what it answers."""

import re
from collections.abc import Iterator, Sequence

from attrs import define, frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import Token


@frozen
class Way:
    """A change that may be what was meant; `likely`, from 0 to 1, before it is tried."""

    edits: tuple[TextEdit, ...]
    title: str
    likely: float


@define
class Place:
    """Where the compiler stopped: `[start, end)` of the text; `at`: the first token of `code` that ends behind `start`,
    `until` the last one that the message is about. Comments are not in `code`. `others`: texts of other files."""

    text: str
    start: int
    end: int
    code: Sequence[Token]
    message: messages.Message
    is_interface: bool = False
    others: Sequence[str] = ()
    at: int = 0
    until: int = 0

    def __attrs_post_init__(self) -> None:
        self.at = next((number for number, token in enumerate(self.code) if token.end > self.start), len(self.code))
        self.until = max(self.at, sum(token.start < self.end for token in self.code) - 1)

    @property
    def is_syntax(self) -> bool:
        return isinstance(self.message, messages.SyntaxProblem)

    def word(self, number: int) -> str:
        """The token of that number, empty outside of the text."""
        return self.code[number].text if 0 <= number < len(self.code) else ""

    def near(self, before: int, behind: int) -> range:
        """The numbers of the tokens around the error."""
        return range(max(0, self.at - before), min(len(self.code), self.until + 1 + behind))

    def starts_line(self, number: int) -> bool:
        return number == 0 or "\n" in self.text[self.code[number - 1].end : self.code[number].start]

    def ends_line(self, number: int) -> bool:
        return number + 1 >= len(self.code) or self.starts_line(number + 1)

    def indent(self, offset: int) -> str:
        """The white space at the start of the line of an offset."""
        start = self.text.rfind("\n", 0, offset) + 1
        return re.compile(r"[ \t]*").match(self.text, start)[0]  # type: ignore[index]

    def closing(self, number: int) -> int | None:
        """The number of the bracket that closes the one of that number; None where none does."""
        depth = 0
        for other in range(number, len(self.code)):
            word = self.code[other].text
            depth += word in OPENING
            depth -= word in CLOSING
            if depth == 0:
                return other
        return None


OPENING = frozenset(("(", "[", "{", "[|", "[<", "[>"))
CLOSING = frozenset((")", "]", "}", "|]"))


def replaced(token: Token, other: str, likely: float) -> Way:
    title = f"Replace `{token.text}` by `{other.strip()}`" if other.strip() else f"Remove `{token.text}`"
    return Way((TextEdit(token.start, token.end, other),), title, likely)


def everywhere(tokens: Sequence[Token], other: str, likely: float) -> Iterator[Way]:
    """The same change of each of these tokens, where there are several."""
    edits = tuple(TextEdit(token.start, token.end, other) for token in tokens)
    if len(edits) > 1:
        yield Way(edits, f"Replace `{tokens[0].text}` by `{other}` ({len(edits)} times)", likely)
