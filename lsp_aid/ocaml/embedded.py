"""The OCaml within a lexer (`.mll`) or a grammar (`.mly`), as a text of OCaml alone, with every offset as it was.

The code of headers and trailers stays as it is; an action `{ e }` is `( e )`, and `$1` in it `_1`, which is what the
generators make of it. What is not OCaml becomes a comment. Total: any other file gives comments.
"""

from collections.abc import Iterator

from attrs import frozen

from lsp_aid.ocaml.generated import GRAMMARS
from lsp_aid.ocaml.tokens import Token, tokens_from

_LONGEST = 400_000  # characters; a longer file gives nothing
_SHORTEST_COMMENT = 6


@frozen
class _Part:
    """OCaml in braces: `[start, end)` with them. `is_action`: an expression, not definitions. `is_bare`: no braces."""

    start: int
    end: int
    is_action: bool = False
    is_bare: bool = False


def ocaml_of(path: str, text: str) -> str:
    """The OCaml of a text, which is of a file of one of `GRAMMARS`; as long as the text."""
    assert path.endswith(GRAMMARS)
    if len(text) > _LONGEST:
        return _hidden(text)
    parts = _parts_of_grammar(text) if path.endswith(".mly") else _parts_of_lexer(text)
    at, written = 0, ""
    for part in parts:
        written += _hidden(text[at : part.start])
        inner = text[part.start + 1 : part.end - 1]
        if part.is_bare:
            written += text[part.start : part.end]
        elif part.is_action:
            written += f"({inner.replace('$', '_')})"
        else:
            mark = "%" if inner.endswith("%") else ""
            written += f" {inner.removesuffix(mark)}{' ' * len(mark)} "
        at = part.end
    return written + _hidden(text[at:])


def _hidden(text: str) -> str:
    """A comment of the same length and lines, behind `;;`, which ends what stands before it."""
    if len(text) < _SHORTEST_COMMENT:
        return ";;".ljust(len(text)) if len(text) > 1 else " " * len(text)
    inner = "".join(char if char.isalnum() or char in " \t\r\n" else "." for char in text[4:-2])
    return f";;(*{inner}*)"


def _parts_of_lexer(text: str) -> Iterator[_Part]:
    """The header stands before all rules, and the trailer right behind an action."""
    in_rules, after_action = False, False
    at = 0
    while (token := _next(text, at)) is not None:
        at = token.end
        if token.text == "{":
            closed = _closed(text, token.start)
            if closed is None:
                return
            at = closed
            yield _Part(token.start, at, is_action=in_rules and not after_action)
            after_action = in_rules
        else:
            in_rules = in_rules or token.text in ("rule", "parse", "shortest")
            after_action = False


def _parts_of_grammar(text: str) -> Iterator[_Part]:
    """Declarations, `%%`, rules, and `%%` and a trailer, which is OCaml up to the end."""
    at, section, before = 0, 0, ""
    while (token := _next(text, at)) is not None:
        at = token.end
        if token.text == "%%":
            section += 1
            if section == 2:
                yield _Part(token.end, len(text), is_bare=True)
                return
        elif token.text.startswith("/*"):
            end = text.find("*/", token.start + 2)
            at = len(text) if end < 0 else end + 2
        elif token.text.startswith("//"):
            end = text.find("\n", token.start)
            at = len(text) if end < 0 else end
        elif token.text == "{":
            closed = _closed(text, token.start)
            if closed is None:
                return
            at = closed
            yield _Part(token.start, at, is_action=before != "%")
        before = token.text


def _next(text: str, at: int) -> Token | None:
    return next((token for token in tokens_from(text, at) if not token.is_comment), None)


def _closed(text: str, opening: int) -> int | None:
    """Behind the brace that closes the one at `opening`."""
    depth = 0
    for token in tokens_from(text, opening):
        if not token.is_comment:
            depth += (token.text == "{") - (token.text == "}")
            if not depth:
                return token.end
    return None
