"""A token too few, one too many, or another one's in its place.

    let s = w * h                    let s = w * h in
    s + 1                            s + 1

The compiler stops where the text makes no sense any more, which may be far behind the slip, so the tokens in front of
that place are gone through, the nearest first.
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import SourceText, TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import Token
from lsp_aid.repair.slips.way import CLOSING, Place, Way, everywhere, replaced

BEFORE, BEHIND = 60, 4
_BEHIND_LINE = {" in": 0.9, ")": 0.85, "]": 0.8, ";": 0.6, " then": 0.35, " with": 0.75, " =": 0.5, " do": 0.5}
_BEHIND_LINE |= {" }": 0.7, " |]": 0.6, " end": 0.4}
"""What may be missing at the end of a line, and how likely."""
_OWN_LINE = {"end": 0.6, "done": 0.75}
_BEHIND = {")": 0.4, " ->": 0.7, " then": 0.7, " =": 0.65, ";": 0.55, "]": 0.35, " in": 0.5, " with": 0.3, " |": 0.2}
_BEHIND |= {" ^": 0.1, ",": 0.15, " ::": 0.1, " do": 0.3, " :": 0.1, ' "': 0.02, " }": 0.4, " |]": 0.3}
_INSTEAD = {
    "=": {"->": 0.85, ":": 0.3, "in": 0.1},
    "->": {"=": 0.85},
    "==": {"=": 0.8},
    "=>": {"->": 0.9, ">=": 0.8},
    "=<": {"<=": 0.9},
    "=!": {"!=": 0.9},
    ":": {"::": 0.8, "=": 0.8, " ->": 0.4, " do": 0.3, " then": 0.3},
    "::": {":": 0.4},
    ",": {";": 0.8},
    ";": {",": 0.3, "": 0.6, " in": 0.5},
    ";;": {"": 0.5, ";": 0.3},
    "elif": {"else if": 0.95},
    "elsif": {"else if": 0.95},
    "elseif": {"else if": 0.95},
    "function": {"fun": 0.8},
    "fun": {"function": 0.6},
    ":=": {"=": 0.5, "<-": 0.4},
    "!": {"not ": 0.5},
    "&": {"&&": 0.7},
    "and": {"&&": 0.4, "let": 0.2},
    "<-": {":=": 0.4},
    "let": {"and": 0.2},
    "def": {"let": 0.9},
    "return": {"": 0.8},
    "var": {"let": 0.8},
    "const": {"let": 0.8},
    "import": {"open": 0.9},
    "using": {"open": 0.8},
    "switch": {"match": 0.8},
    "case": {"|": 0.7},
    "of": {"with": 0.5},
    "in": {"": 0.7},
    "]": {"|]": 0.7},
    "|]": {"]": 0.7},
    ")": {"]": 0.3, "}": 0.3},
    "}": {")": 0.3},
}
_SUPERFLUOUS = {")": 0.8, "(": 0.6, "]": 0.7, "[": 0.4, "end": 0.7, "done": 0.7, "|": 0.5, "}": 0.6, "then": 0.4}
_SUPERFLUOUS |= {"->": 0.3, ",": 0.5, "::": 0.3, "with": 0.3, "begin": 0.5, "rec": 0.2, "of": 0.3, "and": 0.2}
_KEYWORDS = frozenset(
    (
        *("method", "object", "class", "new", "end", "done", "to", "type", "val", "open", "include", "module", "or"),
        *("inherit", "virtual", "private", "constraint", "initializer", "external", "lazy", "assert", "exception"),
        *("functor", "sig", "struct", "and", "as", "do", "downto", "mutable", "nonrec", "of", "effect", "match"),
    )
)
_OPENING = re.compile(r"\b(?:struct|sig|begin|object|while|for)\b")
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
    for number in sorted(place.near(BEFORE, BEHIND), key=lambda n: abs(place.at - n)):
        near = 0.985 ** abs(place.at - number)
        for way in _at(place, number):
            yield Way(way.edits, way.title, way.likely * near)
        if number in (place.at - 1, place.at):
            token = place.code[number]
            yield Way((TextEdit(token.start, token.start, "("),), "Open the parenthesis", 0.2)


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


def _at(place: Place, number: int) -> Iterator[Way]:
    token = place.code[number]
    yield from _added(place, number, token)
    spaced = token.start == 0 or place.text[token.start - 1].isspace()
    for what, likely in _INSTEAD.get(token.text, {}).items():
        other = what.lstrip() if spaced else what
        yield replaced(token, other, likely)
        if number in (place.at, place.at - 1) and other.strip():
            yield from everywhere(_same_in_arms(place, number), other, likely * 0.97)
            yield from everywhere([t for t in place.code if t.text == token.text], other, likely * 0.95)
    if token.text in _SUPERFLUOUS:
        yield Way((TextEdit(token.start, token.end, ""),), f"Remove `{token.text}`", _SUPERFLUOUS[token.text])
    if token.text in (",", ":") and number:
        yield from _alike(place, number)
    if token.text in _KEYWORDS:
        yield _renamed(place, token.text)


def _added(place: Place, number: int, token: Token) -> Iterator[Way]:
    ends_line = place.ends_line(number)
    if place.starts_line(number) and token.text not in ("|", "let", "type", "module", "open"):
        yield Way((TextEdit(token.start, token.start, "| "),), "Add `|`", 0.6)
    for what, likely in (_BEHIND_LINE if ends_line else _BEHIND).items():
        if token.text in (";", ";;") and what in (";", " in"):
            continue
        yield Way((TextEdit(token.end, token.end, what),), f"Add `{what.strip()}`", likely)
    if not ends_line:
        yield Way((TextEdit(token.end, token.end, " |"),), "Add `|`", 0.2)
    else:
        indent = _indent_of_opening(place.text, token.end)
        steps_back = number + 1 < len(place.code) and place.indent(place.code[number + 1].start) == indent
        for word, likely in _OWN_LINE.items():
            likely += 0.2 * (steps_back and place.indent(token.start) != indent)
            yield Way((TextEdit(token.end, token.end, f"\n{indent}{word}"),), f"Add `{word}`", likely)
        yield Way((TextEdit(token.end, token.end, " ->"),), "Add `->`", 0.6)
    if token.text == "(" and place.word(number + 1) not in ("fun", "function"):
        yield Way((TextEdit(token.end, token.end, "fun "),), "Add `fun`", 0.7)
    if any(place.word(i) == "for" for i in range(max(0, number - 5), number)):
        yield Way((TextEdit(token.end, token.end, " to"),), "Add `to`", 0.5)


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


def _renamed(place: Place, word: str) -> Way:
    """A keyword that was meant as a name, everywhere."""
    edits = tuple(TextEdit(token.start, token.end, f"{word}_") for token in place.code if token.text == word)
    return Way(edits, f"`{word}` is a keyword: call it `{word}_`", 0.5)


def _indent_of_opening(text: str, offset: int) -> str:
    """The indentation of the line in which what ends here may have begun."""
    starts = [match.start() for match in _OPENING.finditer(text, 0, offset)]
    if not starts:
        return ""
    line = text.rfind("\n", 0, starts[-1]) + 1
    return text[line : starts[-1]][: len(text[line : starts[-1]]) - len(text[line : starts[-1]].lstrip())]


def _separators(place: Place) -> Iterator[Way]:
    """What parses all the same: `{ a = 1, b = 2 }` and `{ a = 1 b = 2 }`, an operator that is none."""
    code, at, message = place.code, place.at, place.message
    if isinstance(message, messages.UnboundName) and not _NAME.match(message.name) and at < len(code):
        for other, likely in _INSTEAD.get(code[at].text, {}).items():
            yield replaced(code[at], other, likely)
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
