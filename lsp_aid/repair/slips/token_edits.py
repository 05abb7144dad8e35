"""Any token too few, too many, in another one's place, or on the wrong side of its neighbour.

    print_string x                   print_string x;
    print_string y                   print_string y

How likely a change is: how often people slip in this way, times how near it is to where the compiler stopped, which is
at the first token that makes no sense, hence at the slip or behind it. How usual the text is behind it counts as well
(`usual.py`), and says where in a line, or at which line's end, the token is missing.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from attrs import evolve, frozen

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import tokens
from lsp_aid.repair.similarity import distance
from lsp_aid.repair.slips.usual import KEYWORDS, Piece, class_of
from lsp_aid.repair.slips.way import Place

BEFORE = 110
"""So many tokens before the error are gone through at most."""
AT_LEAST = 40
_ITEMS = frozenset(("let", "type", "module", "open", "exception", "val", "external", "include", "class", "and"))
_MISSING = {
    ";": -1.0, "in": -1.0, ")": -1.0, "->": -1.5, "|": -1.5, "then": -2.0, "=": -1.7, "with": -1.7, "end": -1.5,
    "do": -1.7, "done": -1.7, "(": -2.0, "]": -1.5, "}": -1.5, "|]": -2.0, "of": -1.8, "fun": -2.0, ",": -2.2,
    ":": -2.0, "::": -2.8, "|>": -2.3, "^": -3.0, "struct": -2.0, "sig": -2.5, "let": -2.0, "val": -2.0, "type": -2.0,
    "module": -2.5, "begin": -3.0, "else": -3.3, "*": -3.0, "+": -4.0, "-": -4.5, "&&": -3.3, "||": -4.0, "to": -2.0,
    "when": -3.0, "if": -3.0, "match": -3.0, "function": -2.5, "for": -3.5, "while": -3.5, "try": -3.5, "and": -3.0,
    "`": -2.0, "'": -2.0, "~": -2.5, "?": -4.0, "!": -3.5, "not": -4.0, ".": -2.5, "_": -3.5, "()": -3.0, ":=": -3.5,
    "<-": -3.0, "@": -4.0, "@@": -4.0, "open": -4.0, "exception": -4.0, "[": -3.0, "{": -3.0, "[|": -3.5, "as": -3.5,
    "let () =": -1.5, "_ ->": -3.0, "object": -3.0, "method": -2.5, "external": -4.0, "include": -4.0, "> 0": -6.0,
}  # fmt: skip
"""What may be left out, with the logarithm of how likely people do so."""
_CONFUSED = {
    "->": {"=": -1.5, ":": -1.8, "<-": -1.5, ":=": -3.0, "then": -3.0, "|>": -3.0},
    "=>": {"->": -0.7, ">=": -1.5, "=": -3.0},
    "=": {"->": -1.3, ":": -1.5, ":=": -2.5, "<-": -2.5, "in": -4.0, "of": -3.5},
    "==": {"=": -1.2}, "===": {"=": -1.0}, "!==": {"<>": -1.0}, "=!": {"!=": -1.0}, "=<": {"<=": -0.7},
    ":": {"::": -1.3, "=": -1.3, "of": -1.5, "->": -2.5, "do": -2.5, "then": -2.5, ":=": -2.5, ";": -3.0, "with": -3.0},
    "::": {":": -1.5, ";": -3.5}, ":=": {"=": -1.5, "<-": -2.0, ":": -3.0}, "<-": {":=": -2.0, "->": -1.5, "=": -2.0},
    ",": {";": -1.2, "*": -1.5, "in": -4.0, ".": -3.5, "|": -3.5, "": -2.0, "with": -2.5},
    ".": {",": -3.0, ";": -3.0, "": -3.0},
    ";": {",": -2.3, "in": -1.5, "|": -4.0, "": -1.0, ":": -2.5, "|>": -4.0},
    ";;": {"": -2.0, ";": -2.0, "in": -3.0}, "; ;": {";;": -1.0},
    "|": {"|>": -1.7, "||": -2.0, "with": -2.5, "[": -4.0, "": -1.7, ",": -4.0}, "||": {"|": -2.0}, "|>": {"|": -3.0},
    "&": {"&&": -1.0}, "or": {"||": -1.0}, "and": {"&&": -1.7, "let": -2.0, "in let": -3.0, "": -3.0},
    "elif": {"else if": -0.5}, "elsif": {"else if": -0.5}, "elseif": {"else if": -0.5}, "%": {"mod": -1.0},
    "catch": {"with": -1.0}, "except": {"with": -1.0}, "rescue": {"with": -1.5}, "function": {"fun": -1.5, "let": -3.0},
    "fun": {"function": -1.5, "let": -2.5}, "def": {"let": -0.8}, "var": {"let": -1.0}, "const": {"let": -1.0},
    "import": {"open": -0.8}, "using": {"open": -1.0}, "switch": {"match": -1.0}, "case": {"|": -1.5, "match": -1.5},
    "where": {"when": -1.5, "with": -2.5}, "if": {"when": -1.7}, "when": {"if": -2.0}, "otherwise": {"_": -1.0},
    "of": {"with": -1.7, ":": -1.5, "": -3.0, "=": -2.5}, "with": {"of": -2.5, "then": -3.0, "in": -3.0, "do": -3.5},
    "in": {"": -1.5, "=": -2.0, "with": -2.0, "of": -3.0, ";": -2.5},
    "then": {"do": -2.0, "->": -3.0, "else": -3.0, "": -3.0}, "do": {"then": -2.0, "": -3.0},
    "done": {"end": -2.0, "": -2.0}, "end": {"done": -1.5, "": -1.5, "}": -3.0, ")": -3.0}, "else": {"_": -3.0},
    "struct": {"sig": -1.0, "": -3.0}, "sig": {"struct": -1.0}, "begin": {"": -2.0, "struct": -2.5},
    "let": {"and": -3.0, "val": -1.7, "method": -2.5, "module": -4.0, "": -2.5}, "val": {"let": -1.5, "": -3.5},
    "method": {"let": -2.5}, "type": {"": -3.0, "module": -4.0}, "module": {"": -3.0, "val": -3.0}, "rec": {"": -2.5},
    "]": {"|]": -1.5, ")": -2.0, "}": -2.5, "": -2.0}, "|]": {"]": -1.5}, ")": {"]": -2.0, "}": -2.0, "": -1.0},
    "}": {")": -2.0, "]": -2.5, "end": -2.5, "": -2.0, "|}": -4.0}, "[": {"(": -3.0, "[|": -2.0, "": -5.0},
    "[|": {"[": -2.0}, "(": {"[": -3.0, "{": -3.0, "": -3.0}, "{": {"(": -3.0, "begin": -3.0, "": -5.0},
    "!": {"not": -1.5, "": -2.5}, "not": {"!": -4.0}, "'": {'"': -4.0, "`": -3.0, "": -4.0}, "`": {"'": -2.5, "": -2.5},
    "~": {"-": -4.0, "?": -3.5, "": -2.5}, "?": {"~": -3.5, "": -2.5}, "&&": {"and": -3.5}, "to": {"downto": -4.0},
    "null": {"None": -1.5}, "nil": {"[]": -1.5}, "None": {"null": -5.0}, "not_": {"not": -1.0},
    "fn": {"fun": -0.8}, "func": {"fun": -1.2, "let": -1.5}, "lambda": {"fun": -0.8}, "\\": {"fun": -1.0},
    "class": {"type": -3.0, "module": -3.0}, "enum": {"type": -1.5}, "record": {"type": -2.0},
    "trait": {"module type": -3.0},
    "interface": {"module type": -2.5}, "namespace": {"module": -2.0}, "static": {"": -2.0}, "mut": {"mutable": -1.0},
    "public": {"": -1.5}, "return": {"": -1.0}, "private": {"": -3.0}, "this": {"self": -2.0},
    "include": {"open": -4.0},
    "...": {"": -1.5}, "..": {"to": -2.5, ".": -2.0, "": -2.0}, "*": {",": -3.5, "": -4.0}, "#": {"": -4.0},
    "@": {"": -4.0},
    "as": {"=": -4.0, ":": -3.5}, "for": {"": -4.0}, "while": {"": -4.0}, "^": {"": -3.5}, "+": {"^": -4.0, "": -3.5},
    "mutable": {"": -5.0}, "constraint": {"": -4.0, "with type": -4.0}, "nonrec": {"": -3.0}, "virtual": {"": -3.5},
}  # fmt: skip
"""What is written for what was meant, "" where nothing was; with the same logarithm."""
_DOUBLED, _SWAPPED, _MISSPELT, _TORN, _UNLIKELY = -0.7, -2.5, -1.0, -0.7, -3.5
_CROWDED = -3.0
"""What stands at the end of a line and has mostly one of its own."""
_EXPECTED = 1.5
"""Where the compiler says that this one was expected."""
_OWN_LINE = ("end", "done", "}", ")", "in", "|]", "]")
_BEFORE_WORD = frozenset(("`", "'", "~", "?", "!", "("))
_WORD = re.compile(r"[a-z_]\w+$")
_NAME = re.compile(r"[a-zA-Z_'\"0-9]")
_TEXTS = frozenset(("val", "let", "type", "module", "method", "let () =", "|", "|>", "external", "exception", "open"))
"""What begins a line, where it stands between two."""


@frozen
class TokenEdit:
    """`new` in place of the tokens `[first, end)` of the code, which makes the text edits; `likely` is the logarithm of
    how likely people slip in this way at this distance of the error."""

    first: int
    end: int
    new: tuple[Piece, ...]
    edit: TextEdit
    title: str
    likely: float


def window(place: Place) -> range:
    """The tokens that may be at fault: the item that the error is in, up to the error."""
    last = min(_stop(place), len(place.code))
    first = last
    while first > max(0, last - BEFORE):
        first -= 1
        is_item = place.code[first].text in _ITEMS and place.indent(place.code[first].start) == ""
        if is_item and place.starts_line(first) and last - first >= AT_LEAST:
            break
    return range(first, last + 1)


def _stop(place: Place) -> int:
    """The token at which the compiler stopped: where it says what it expected, it blames what is before."""
    is_told = isinstance(place.message, messages.SyntaxProblem) and place.message.expected
    return place.until + 1 if is_told else place.at


def token_edits(place: Place, numbers: Iterable[int]) -> Iterator[TokenEdit]:
    """All single changes at these tokens; one behind the last is the end of the text."""
    expected = place.message.expected if isinstance(place.message, messages.SyntaxProblem) else None
    stop = _stop(place)
    for number in numbers:
        far = max(place.at - number, number - stop, 0)
        near = -0.03 * far - (0.3 if far > 1 else 0.0)
        for one in _added(place, number, near):
            yield evolve(one, likely=one.likely + _EXPECTED) if one.edit.text.strip() == expected else one
        if number < len(place.code):
            yield from _instead(place, number, near)


@cache
def _words(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in tokens(text))


def _line(place: Place, number: int) -> str:
    """How the line of a token is indented against that of the one before, as in `usual.Piece`."""
    if not 0 <= number < len(place.code) or not place.starts_line(number):
        return ""
    own = len(place.indent(place.code[number].start))
    before = len(place.indent(place.code[number - 1].start)) if number else -1
    return "0" if own == 0 else ">" if own > before else "=" if own == before else "<"


def _added(place: Place, number: int, near: float) -> Iterator[TokenEdit]:
    """A token that is missing before the one of that number: at the end of the line before, or at the line's start."""
    at_end = place.code[number - 1].end if number else 0
    at_start = place.code[number].start if number < len(place.code) else at_end
    line = _line(place, number)
    following = () if number >= len(place.code) else (Piece(class_of(place.word(number)), line),)
    for what, likely in _MISSING.items():
        words = _words(what)
        title = f"Add `{what}`"
        crowded = _CROWDED if what in ("end", "done") and line else 0.0
        if line or number == 0:
            first, *rest = [Piece(class_of(word)) for word in words]
            behind = () if not following else (following[0]._replace(line=""),)
            text = what if what in _BEFORE_WORD else f"{what} "
            edit = TextEdit(at_start, at_start, text)
            begun = (first._replace(line=line), *rest, *behind)
            yield TokenEdit(number, number + len(following), begun, edit, title, likely + near + crowded)
        if number == 0:
            continue
        if what in _BEFORE_WORD and not line:
            edit = TextEdit(at_start, at_start, what)
        else:
            edit = _behind(place, number, what, at_end, at_start)
        pieces = tuple(Piece(class_of(word)) for word in words)
        yield TokenEdit(number, number, pieces, edit, title, likely + near + crowded)
        if what in _OWN_LINE and (line or not following):
            for indent, sign in _indents(place, number):
                own = TextEdit(at_end, at_end, f"\n{indent}{what}")
                same = bool(following) and place.indent(at_start) == indent and bool(indent)
                behind_it = tuple(piece._replace(line="=") if same else piece for piece in following)
                alone = (Piece(what, sign), *behind_it)
                yield TokenEdit(number, number + len(behind_it), alone, own, title, likely + near)


def _behind(place: Place, number: int, what: str, end: int, start: int) -> TextEdit:
    """A token behind the one before that of a number, with blanks where they are usual."""
    glued = what in (";", ",", ")", "]", ".") or place.word(number - 1) in ("(", "[", ".", "`", "~", "!")
    closes = place.word(number) in (")", "]", ",", ";", ".")
    following = end == start and not closes and what not in (")", "]", ".", "(", "[")
    return TextEdit(end, end, f"{'' if glued else ' '}{what}{' ' if following else ''}")


def _indents(place: Place, number: int) -> Iterator[tuple[str, str]]:
    """The indentations that lines above have and that are less than that of the line before a token."""
    last = place.indent(place.code[number - 1].start)
    following = place.indent(place.code[number].start) if number < len(place.code) else ""
    seen: set[str] = set()
    for other in range(number - 1, max(-1, number - 60), -1):
        if place.starts_line(other):
            indent = place.indent(place.code[other].start)
            if len(following) <= len(indent) < len(last) and indent not in seen:
                seen.add(indent)
                yield indent, "<" if indent else "0"
            if not indent:
                return


def _instead(place: Place, number: int, near: float) -> Iterator[TokenEdit]:
    token = place.code[number]
    word = token.text
    for other, likely in _CONFUSED.get(word, {}).items():
        yield _replaced(place, number, other, likely + near)
    is_torn = word + word in _CONFUSED or word + word in _MISSING
    if word == place.word(number - 1) and not is_torn and word not in (")", "(", "]", "[", "}", "{", "'"):
        yield _replaced(place, number, "", _DOUBLED + near)
    if _WORD.match(word) and word not in KEYWORDS and near > -1.5:
        yield from _misspelt(place, number, near)
    if word not in _CONFUSED and number >= place.at - 1:
        yield _replaced(place, number, "", (_UNLIKELY - 1.0 * bool(_NAME.match(word))) + near)
    if number >= place.at - 12 and number + 1 < len(place.code):
        yield from _with_next(place, number, near)


def _with_next(place: Place, number: int, near: float) -> Iterator[TokenEdit]:
    """Neighbours of a line that change places, or that are one word."""
    token, behind = place.code[number], place.code[number + 1]
    word, following, line = token.text, behind.text, _line(place, number)
    gap = place.text[token.end : behind.start]
    if gap.strip() or "\n" in gap:
        return
    if word != following and (word in KEYWORDS or following in KEYWORDS or not _NAME.match(word)):
        pieces = (Piece(class_of(following), line), Piece(class_of(word)))
        edit = TextEdit(token.start, behind.end, f"{following}{gap or ' '}{word}")
        yield TokenEdit(number, number + 2, pieces, edit, f"Swap `{word}` and `{following}`", _SWAPPED + near)
    joined = word + following
    if gap and (joined in _CONFUSED or joined in _MISSING):
        edit = TextEdit(token.start, behind.end, joined)
        title = f"Write `{joined}` in one"
        yield TokenEdit(number, number + 2, (Piece(class_of(joined), line),), edit, title, _TORN + near)


def _misspelt(place: Place, number: int, near: float) -> Iterator[TokenEdit]:
    word = place.word(number)
    for keyword in KEYWORDS:
        if len(keyword) > 1 and abs(len(keyword) - len(word)) < 3:
            far = distance(word, keyword)
            if far <= (1 if len(keyword) < 5 else 2):
                yield _replaced(place, number, keyword, _MISSPELT * far + near)


def _replaced(place: Place, number: int, other: str, likely: float) -> TokenEdit:
    token, line = place.code[number], _line(place, number)
    if not other:
        following = place.code[number + 1] if number + 1 < len(place.code) else None
        title = f"Remove `{token.text}`"
        if following is not None and not place.text[token.end : following.start].strip(" \t"):
            piece = Piece(class_of(following.text), line)
            return TokenEdit(number, number + 2, (piece,), TextEdit(token.start, following.start, ""), title, likely)
        before = place.code[number - 1].end if number else token.start
        before = token.start if place.text[before : token.start].strip() else before
        return TokenEdit(number, number + 1, (), TextEdit(before, token.end, ""), title, likely)
    first, *rest = [Piece(class_of(word)) for word in _words(other)]
    pieces = (first._replace(line=line), *rest)
    text = other
    is_glued = bool(re.match(r"[\w)\]}\"']", place.text[token.start - 1 : token.start])) and number > 0
    if is_glued and (re.match(r"\w", other) or (token.text in (",", ";", ":") and other not in (",", ";", ":", ")"))):
        text = f" {text}"
    if re.match(r"\w", other) and re.match(r"[\w'\"(]", place.text[token.end : token.end + 1]):
        text += " "
    title = f"Replace `{token.text}` by `{other}`"
    return TokenEdit(number, number + 1, pieces, TextEdit(token.start, token.end, text), title, likely)
