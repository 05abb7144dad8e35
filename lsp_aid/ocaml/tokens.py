"""OCaml's tokens, of whole files and of fragments alike.

A lexer of its own, since a fragment is no tree: it may begin in the middle of an expression and end in a string. It is
total, takes time that grows with the text alone, and its offsets are those of the text, in code points.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>[^\S]+)
      | (?P<comment>\(\*(?!\)))
      | (?P<string>")
      | (?P<quoted>\{(?:%%?[\w.]{1,80}[ \t]*)?(?P<tag>[a-z_]{0,40})\|)
      | '(?:[^'\\\r\n]|\\(?:[\\'"ntbr ]|[0-9]{3}|x[0-9a-fA-F]{2}|o[0-7]{3}|u\{[0-9a-fA-F]{1,6}\}))'
      | [0-9][\w.]*
      | [^\W\d][\w']*
      | [!$%&*+\-./:<=>?@^|~\#]+
      | .""",
    re.VERBOSE | re.DOTALL,
)
_IN_COMMENT = re.compile(r"\(\*|\*\)|\"|\{(?P<tag>[a-z_]{0,40})\||'(?:[^'\\\r\n]|\\[\\'\"ntbr ])'")
_STRING_PART = re.compile(r'[^"\\]+|\\.|\\', re.DOTALL)
_MAX_OPEN = 50
"""So often the end of a quoted string is looked for in vain; what then looks like the start of one is none."""


class Token(NamedTuple):  # there are many, and these are the cheapest to make
    """A token, `[start, end)` of the text. Comments are tokens; white space is none."""

    start: int
    end: int
    text: str
    is_comment: bool = False

    @property
    def key(self) -> str:
        """What makes it the same as another: for comments, layout aside."""
        return f"(*{' '.join(self.text[2:].split())}" if self.is_comment else self.text


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens in order. A string or comment that is open at the end reaches up to it. Never fails."""
    return tuple(_Lexer(text).run())


def tokens_from(text: str, start: int) -> Iterator[Token]:
    """The tokens from an offset on, which is that of a token, one by one."""
    return _Lexer(text).run(start)


def strings(text: str) -> Iterator[Token]:
    """The strings among the tokens, `{|...|}` too, which is sooner done than all tokens."""
    return (token for token in _Lexer(text).run(others=False) if not token.is_comment)


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._no_quote_from = len(text) + 1  # from here on no string ends
        self._unclosed: set[str] = set()

    def run(self, at: int = 0, *, others: bool = True) -> Iterator[Token]:
        """The tokens from an offset on; strings and comments alone where `others` are left out."""
        text = self._text
        match = _TOKEN.match
        while found := match(text, at):
            start, at = at, found.end()
            kind = found.lastgroup
            if kind is None:
                if others:
                    yield Token(start, at, found[0])
            elif kind == "comment":
                at = self._comment_end(at)
                yield Token(start, at, text[start:at], is_comment=True)
            elif kind == "string":
                closed = self._string_end(at)
                at = len(text) if closed is None else closed
                yield Token(start, at, text[start:at])
            elif kind in ("quoted", "tag"):
                closed = self._quoted_end(found["tag"], at)
                at = start + 1 if closed is None else closed
                yield Token(start, at, text[start:at])

    def _string_end(self, at: int) -> int | None:
        """Behind the quote that ends the string whose text begins at `at`."""
        if at >= self._no_quote_from:
            return None
        start = at
        while part := _STRING_PART.match(self._text, at):
            at = part.end()
        if at < len(self._text):
            return at + 1
        self._no_quote_from = start
        return None

    def _quoted_end(self, tag: str, at: int) -> int | None:
        if tag in self._unclosed or len(self._unclosed) >= _MAX_OPEN:
            return None
        end = self._text.find(f"|{tag}}}", at)
        if end < 0:
            self._unclosed.add(tag)
            return None
        return end + len(tag) + 2

    def _comment_end(self, at: int) -> int:
        """Behind the end of the comment. As in OCaml, strings in it count: `(* "*)" *)` is one comment."""
        depth = 1
        while found := _IN_COMMENT.search(self._text, at):
            at = found.end()
            if found[0] == "(*":
                depth += 1
            elif found[0] == "*)":
                depth -= 1
                if not depth:
                    return at
            elif found[0] == '"':
                at = self._string_end(at) or at
            elif found["tag"] is not None:
                at = self._quoted_end(found["tag"], at) or at
        return len(self._text)
