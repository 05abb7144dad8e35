"""OCaml's tokens, by a small lexer of the bench's own: what two texts have to share to mean the same."""

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>\(\*)(?!\))
      | (?P<string>"(?:[^"\\]|\\.)*"?)
      | (?P<quoted>\{%%?[\w.]+\s*[a-z_]*\||\{[a-z_]*\|)
      | (?P<char>'(?:[^'\\\n]|\\(?:[\\'"ntbr\ ]|[0-9]{3}|x[0-9a-fA-F]{2}|o[0-7]{3}|u\{[0-9a-fA-F]+\}))')
      | (?P<word>[^\W\d][\w']*|[0-9][\w.]*)
      | (?P<operator>[!$%&*+\-./:<=>?@^|~\#]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_IN_COMMENT = re.compile(r"\(\*|\*\)|\"(?:[^\"\\]|\\.)*\"|'(?:\"|\\\")'|\{([a-z_]*)\|.*?\|\1\}", re.DOTALL)
_CONTINUED = re.compile(r"\\\n[ \t]*")
_WORD = re.compile(r"\w+|[^\w\s]")


class UnbalancedError(Exception):
    """A comment or a string does not end."""


def tokens(text: str, *, strict: bool = False) -> tuple[str, ...]:
    """The tokens in order, comments among them with their white space made one. With `strict`, raises UnbalancedError
    where a comment or a string is open at the end; otherwise that is one token."""
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None
        at = match.end()
        kind = match.lastgroup
        if kind == "space":
            continue
        token = match[0]
        if kind == "comment":
            end = _comment_end(text, match.start())
            token, at = " ".join(text[match.start() : end].split()), end
            if strict and not token.endswith("*)"):
                raise UnbalancedError("comment")
        elif kind == "quoted":
            name = re.sub(r".*?([a-z_]*)\|$", r"\1", token, flags=re.DOTALL)
            end = text.find(f"|{name}}}", at)
            if end < 0:
                if strict:
                    raise UnbalancedError("string")
                continue
            at = end + len(name) + 2
            token = text[match.start() : at]
        elif kind == "string":
            if strict and (len(token) == 1 or not token.endswith('"')):
                raise UnbalancedError("string")
            token = _CONTINUED.sub("", token)
        found.append(token)
    return tuple(found)


def _comment_end(text: str, start: int) -> int:
    depth, at = 1, start + 2
    while depth:
        match = _IN_COMMENT.search(text, at)
        if match is None:
            return len(text)
        depth += {"(*": 1, "*)": -1}.get(match[0], 0)
        at = match.end()
    return at


def is_balanced(lines: Sequence[str]) -> bool:
    """Whether no comment and no string begins or ends in the lines without its other half."""
    try:
        found = tokens("\n".join(lines), strict=True)
    except UnbalancedError:
        return False
    return not any("*)" in token for token in found if not token.startswith(("(*", '"', "{")))


def open_at(lines: Sequence[str]) -> str:
    """What is open at the end of the lines: `comment`, `string` or nothing."""
    try:
        tokens("\n".join(lines), strict=True)
    except UnbalancedError as error:
        return str(error)
    return ""


def words(line: str) -> tuple[str, ...]:
    """What of a line does not depend on its layout. Lines are taken alone, so strings and comments are words too."""
    return tuple(_WORD.findall(line))
