"""Pieces of the texts of messages: code in any version's quotes, words in a list, what the compiler proposes."""

import re

WORD = r"`?[^\s\"`]+?"
"""A pattern for a word of code, for `code`."""

_SUGGESTIONS = re.compile(r"[Dd]id you mean (.+?)\?(?:$| )|[Dd]id you mean (\S+)$")


def code(group: str, bare: str = r".+?") -> str:
    """A pattern for a piece of code in any version's quoting; `got` takes it out of the match."""
    return rf"(?:\"(?P<{group}_q>[^\"]*)\"|`(?P<{group}_b>[^`]*?)'|(?P<{group}_p>{bare}))"


def got(match: re.Match[str], group: str) -> str:
    """What `code(group)` matched, without its quotes."""
    found = next(match[f"{group}{kind}"] for kind in ("_q", "_b", "_p") if match[f"{group}{kind}"] is not None)
    return found.strip()


def suggestions(flat: str) -> tuple[str, ...]:
    """What stands behind `Did you mean` in a message on one line."""
    match = _SUGGESTIONS.search(flat)
    if not match:
        return ()
    found = re.split(r", | or ", match[1] or match[2])
    return tuple(unquoted(word) for word in found if unquoted(word))


def unquoted(word: str) -> str:
    word = word.strip()
    for opening, closing in (('"', '"'), ("`", "'")):
        if len(word) > 1 and word.startswith(opening) and word.endswith(closing):
            return word[1:-1]
    return word


def words(listed: str) -> tuple[str, ...]:
    """`"a" "b"`, `a b` or `a, b`."""
    return tuple(unquoted(word) for word in re.split(r"[,\s]+", listed.strip(" .")) if word)
