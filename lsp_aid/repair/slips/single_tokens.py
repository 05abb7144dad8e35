"""What single tokens say of several: the one that the compiler misses, the same slip in all cases of a match.

    | 0 => "none"                    | 0 -> "none"
    | 1 => "one"                     | 1 -> "one"

Any single token too few, too many or in another one's place: see `token_edits.py`.
"""

import re
from collections import Counter
from collections.abc import Iterator

from lsp_aid.domain.text import SourceText, TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import Token
from lsp_aid.repair.slips.usual import KEYWORDS
from lsp_aid.repair.slips.way import CLOSING, Place, Way, everywhere, replaced

_NEAR = 4
_ALIKE = {
    "=": ("->", ":"),
    "->": ("=", ":"),
    "=>": ("->",),
    ":": ("->", "="),
    ",": (";",),
    ";": (",", "|"),
    "==": ("=",),
    "if": ("when",),
    "::": (":",),
}
"""What is written for what in many places alike."""
_OPERATORS = {"&": "&&", "==": "=", "=>": ">=", "=<": "<=", "!": "not "}
_KEYWORDS = frozenset(
    (
        *("method", "object", "class", "new", "end", "done", "to", "type", "val", "open", "include", "module", "or"),
        *("inherit", "virtual", "private", "constraint", "initializer", "external", "lazy", "assert", "exception"),
        *("functor", "sig", "struct", "and", "as", "do", "downto", "mutable", "nonrec", "of", "effect", "match"),
    )
)
_SHORT = {
    "type": ("kind", "tpe"), "class": ("klass", "clazz", "cls"), "module": ("modul",), "function": ("fn", "func"),
    "end": ("stop", "finish", "until"), "to": ("dst", "dest", "target", "until"), "object": ("obj",),
    "constraint": ("constr",), "virtual": ("virt",), "external": ("ext",), "val": ("value",), "open": ("opened",),
}  # fmt: skip
"""What is written for keywords beside their beginnings."""
_USED = re.compile(r"(?<=[.~?{;])\s*([a-z_][\w']*)(?![\w'.])")
"""Names of fields and of labels where they are used."""
_NAME = re.compile(r"[a-z_][\w']*$")
_PART = re.compile(r"[\w\"']")


def ways(place: Place) -> Iterator[Way]:
    if not place.is_syntax:
        yield from _separators(place)
        return
    yield from _expected(place)
    if place.at < len(place.code):
        yield from _branch(place)
        yield from _applied_constructor(place)
    for number in place.near(_NEAR, 1):
        token = place.code[number]
        for other in _ALIKE.get(token.text, ()):
            yield from everywhere(_same_in_arms(place, number), other, 0.8)
            yield from everywhere([t for t in place.code if t.text == token.text], other, 0.75)
        if token.text in (",", ":") and number:
            yield from _alike(place, number)
        if token.text in _KEYWORDS:
            yield from _renamed(place, token.text)


def _expected(place: Place) -> Iterator[Way]:
    """The token that the compiler names: at the end of what it blames, or for the closing bracket that it blames."""
    expected = place.message.expected if isinstance(place.message, messages.SyntaxProblem) else None
    opened = place.message.unmatched if isinstance(place.message, messages.SyntaxProblem) else None
    if expected is None or not place.code:
        return
    if place.word(place.at) in CLOSING and expected in CLOSING:
        yield replaced(place.code[place.at], expected, 0.8)
    likely = 0.85 if place.at < len(place.code) else 0.6
    for number in dict.fromkeys((place.until, place.at - 1)):
        if 0 <= number < len(place.code):
            token, blank = place.code[number], "" if expected in CLOSING else " "
            if place.ends_line(number) and opened is not None and expected in ("end", "done"):
                blank = f"\n{place.indent(SourceText(place.text).offset(opened.start))}"
            yield Way((TextEdit(token.end, token.end, f"{blank}{expected}"),), f"Add `{expected}`", likely)


def _branch(place: Place) -> Iterator[Way]:
    """`if b then x; y else z`: the statements of the branch are put together; of one alone the `;` is too much."""
    code = place.code
    number = place.at if code[place.at].text == "else" else place.at - 1
    if number < 0 or code[number].text != "else":
        return
    then = next((i for i in range(number, max(0, number - 80), -1) if code[i].text == "then"), None)
    if then is None:
        return
    ends = place.word(number - 1) == ";"
    if ends and not any(code[i].text == ";" for i in range(then, number - 1)):
        yield replaced(code[number - 1], "", 0.97)
        return
    opened = TextEdit(code[then].end, code[then].end, " begin")
    closed = TextEdit(code[number].start, code[number].start, "end ")
    yield Way((opened, closed), "Put the statements of the branch into `begin` and `end`", 0.95)


def _applied_constructor(place: Place) -> Iterator[Way]:
    """`Rect 1 2` for `Rect (1, 2)`."""
    code = place.code
    for head in range(max(0, place.at - 4), place.at):
        if not code[head].text[:1].isupper():
            continue
        for last in range(head + 2, min(len(code), head + 5)):
            parts = code[head + 1 : last + 1]
            if all(_PART.match(part.text) for part in parts):
                text = f"({', '.join(part.text for part in parts)})"
                yield Way((TextEdit(parts[0].start, parts[-1].end, text),), f"`{code[head].text}` takes a tuple", 0.95)


def _same_in_arms(place: Place, number: int) -> list[Token]:
    """The same sign in the other cases of a match: the first behind each `|`."""
    word, found, waits = place.word(number), [], False
    first = next((n for n in range(number, -1, -1) if place.word(n) in ("with", "function")), number)
    for token in place.code[first:]:
        if token.text in ("let", "type", "module") and place.indent(token.start) == "":
            break
        if token.text in ("|", "with", "function"):
            waits = True
        elif token.text == "->":
            waits = False
        elif token.text == word and waits:
            found.append(token)
            waits = False
    return found


def _alike(place: Place, number: int) -> Iterator[Way]:
    """All the same signs up to the closing bracket: `{ a : 1, b : 2 }`."""
    code = place.code
    depth, edits = 0, []
    new = {",": ";", ":": "="}[code[number].text]
    opening = number
    while opening >= 0 and code[opening].text not in "([{":
        opening -= 1
    for token in code[max(0, opening) :]:
        depth += token.text in ("(", "[", "{")
        depth -= token.text in (")", "]", "}")
        if depth == 1 and token.text == code[number].text:
            edits.append(TextEdit(token.start, token.end, new))
        if depth == 0:
            break
    if len(edits) > 1:
        yield Way(tuple(edits), f"Replace `{code[number].text}` by `{new}`", 0.85)


def _renamed(place: Place, word: str) -> Iterator[Way]:
    """A keyword that was meant as a name, everywhere: by the name that others use for it, or with a stroke behind."""
    tokens = [token for token in place.code if token.text == word]
    as_names = [token for number, token in enumerate(place.code) if token.text == word and _is_name(place, number)]
    used = Counter(match[1] for text in (place.text, *place.others) for match in _USED.finditer(text))
    names = [name for name in used if _stands_for(name, word)]
    names.sort(key=lambda name: -used[name])
    for number, name in enumerate(dict.fromkeys((*names[:2], f"{word}_"))):
        likely = 0.2 if number == len(names[:2]) else 0.7 - 0.2 * number
        for some in dict.fromkeys((tuple(tokens), tuple(as_names))) if as_names else (tokens,):
            edits = tuple(_by_its_name(place, token, name) for token in some)
            yield Way(edits, f"`{word}` is a keyword: call it `{name}`", likely)


def _by_its_name(place: Place, token: Token, name: str) -> TextEdit:
    """The name in the place of a token; `to_` for `to_ = to` in a record and for `to_:to` behind a label."""
    number = place.code.index(token)
    before, field, sign, behind = (place.word(number + n) for n in (-3, -2, -1, 1))
    is_field = sign == "=" and before in ("{", ";", "with") and behind in (";", "}")
    is_argument = sign == ":" and before in ("~", "?")
    if field in (name, token.text) and (is_field or is_argument):
        return TextEdit(place.code[number - 2].end, token.end, "")
    return TextEdit(token.start, token.end, name)


def _is_name(place: Place, number: int) -> bool:
    """Whether a field or a label stands there."""
    before, behind = place.word(number - 1), place.word(number + 1)
    is_label = before in (".", "~", "?", "{", "mutable") or behind in (":", "}")
    return is_label or (before == ";" and behind in ("=", ";"))


def _stands_for(name: str, keyword: str) -> bool:
    if name in KEYWORDS or name in _KEYWORDS:
        return False
    is_longer = name.startswith(keyword) and name[len(keyword) :].strip("_'0123456789") == ""
    return is_longer or (len(name) > 1 and keyword.startswith(name)) or name in _SHORT.get(keyword, ())


def _separators(place: Place) -> Iterator[Way]:
    """What parses all the same: `{ a = 1, b = 2 }` and `{ a = 1 b = 2 }`, an operator that is none."""
    code, at, message = place.code, place.at, place.message
    is_operator = isinstance(message, messages.UnboundName) and not _NAME.match(message.name)
    if is_operator and at < len(code) and code[at].text in _OPERATORS:
        yield replaced(code[at], _OPERATORS[code[at].text], 0.8)
    is_tuple = isinstance(message, messages.TypeClash) and " * " in message.found
    if not (is_tuple or isinstance(message, messages.UnboundName | messages.NotAFunction)):
        return
    first = max(0, at - 12)
    if "{" not in [token.text for token in code[first : at + 1]]:
        return
    for number in range(first, min(len(code) - 1, at + 4)):
        if code[number].text == ",":
            yield from _alike(place, number)
            yield replaced(code[number], ";", 0.8)
        elif code[number + 1].text != ";" and _NAME.match(code[number + 1].text):
            yield Way((TextEdit(code[number].end, code[number].end, ";"),), "Add `;`", 0.75)
