"""Text that does not parse: a token too few, one too many, or another one's in its place.

    let s = w * h                    let s = w * h in
    s + 1                            s + 1

The compiler stops where the text makes no sense any more, which may be far behind the slip. So each small change of the
tokens in front of that place is tried with the type checker, and what it then has least to say against is proposed.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing

from attrs import frozen

from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.domain.typed import CompilerFlags, Judgement, Variant
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import Token, tokens
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of

SECONDS = 3.0
LONGEST = 200_000
BEFORE, BEHIND = 60, 4
MOST = 4
_LONE = CompilerFlags(("-w", "-a"))
_BEHIND_LINE = {" in": 0.9, ")": 0.85, "]": 0.8, ";": 0.6, " then": 0.35, " with": 0.75, " =": 0.5, " do": 0.5}
"""What may be missing at the end of a line, and how likely."""
_OWN_LINE = {"end": 0.6, "done": 0.75}
_BEHIND = {")": 0.4, " ->": 0.7, " then": 0.7, " =": 0.65, ";": 0.55, "]": 0.35, " in": 0.5, " with": 0.3, " |": 0.2}
_BEHIND |= {" ^": 0.1, ",": 0.15, " ::": 0.1, " do": 0.3, " :": 0.1, ' "': 0.02}
_INSTEAD = {
    "=": {"->": 0.85, ":": 0.3, "in": 0.1},
    "->": {"=": 0.85},
    "==": {"=": 0.8},
    "=>": {"->": 0.9, ">=": 0.8},
    "=<": {"<=": 0.9},
    "=!": {"!=": 0.9},
    ":": {"::": 0.8, "=": 0.8},
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
    "<-": {":=": 0.4},
    "let": {"and": 0.2},
    "def": {"let": 0.9},
    "return": {"": 0.8},
    "var": {"let": 0.8},
    "const": {"let": 0.8},
    "in": {"": 0.7},
}
_SUPERFLUOUS = {")": 0.8, "(": 0.6, "]": 0.7, "[": 0.4, "end": 0.7, "done": 0.7, "|": 0.5, "}": 0.6, "then": 0.4}
_SUPERFLUOUS |= {"->": 0.3, ",": 0.5, "::": 0.3, "with": 0.3, "begin": 0.5, "rec": 0.2, "of": 0.3, "and": 0.2}
_KEYWORDS = frozenset(
    (
        *("method", "object", "class", "new", "end", "done", "to", "type", "val", "open", "include", "module", "or"),
        *("inherit", "virtual", "private", "constraint", "initializer", "external", "lazy", "assert", "exception"),
        *("functor", "sig", "struct", "and", "as", "do", "downto", "mutable", "nonrec", "of"),
    )
)
_OPENING = re.compile(r"\b(?:struct|sig|begin|object|while|for)\b")
_NAME = re.compile(r"[a-z_][\w']*$")


@frozen
class _Way:
    edits: tuple[TextEdit, ...]
    title: str
    likely: float


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """The changes of a token or two under which the text parses, those first under which it type-checks as well."""
    path = problem.diagnostic.path
    message = messages.read(problem.diagnostic)
    if not path.endswith(".ml") or problem.typing is None:
        return ()
    text = text_of(problem.view, path)
    if text is None or len(text) > LONGEST:
        return ()
    if isinstance(message, messages.SyntaxProblem):
        ways = list(_ways(text, problem.start))
    else:
        ways = list(_separators(text, problem.start, message))
    if not ways:
        return ()
    flags = await problem.typing.flags_for(path) or _LONE
    until = time.monotonic() + SECONDS
    found: list[tuple[float, _Way]] = []
    variants = (Variant(apply_text_edits(text, way.edits)) for way in ways if time.monotonic() < until)
    async with aclosing(problem.typing.typer.judge(path, "", variants, "", flags)) as judged:
        number = 0
        async for judgement in judged:
            way = ways[number]
            number += 1
            likely = way.likely * _worth(judgement, way)
            if judgement is None or (not judgement.ok and not isinstance(message, messages.SyntaxProblem)):
                continue
            if likely > 0:
                found.append((likely, way))
    found.sort(key=lambda one: -one[0])
    return [Candidate(way.title, problem.edit(*way.edits), min(0.9, likely)) for likely, way in found[:MOST]]


def _worth(judgement: Judgement | None, way: _Way) -> float:
    """Nothing for what does not parse, little for what parses and has an error of type where it was changed."""
    if judgement is None or (not judgement.ok and judgement.message.startswith(("Syntax error", "This comment"))):
        return 0.0
    if judgement.ok:
        return 1.0
    return 0.4 if judgement.start > way.edits[0].end + 40 else 0.15


def _separators(text: str, start: int, message: messages.Message) -> Iterator[_Way]:
    """What parses all the same: `{ a = 1, b = 2 }` and `{ a = 1 b = 2 }`, an operator that is none."""
    code = [token for token in tokens(text) if not token.is_comment]
    at = next((number for number, token in enumerate(code) if token.end > start), len(code))
    if isinstance(message, messages.UnboundName) and not _NAME.match(message.name) and at < len(code):
        for other, likely in _INSTEAD.get(code[at].text, {}).items():
            yield _Way(
                (TextEdit(code[at].start, code[at].end, other),), f"Replace `{code[at].text}` by `{other}`", likely
            )
    is_tuple = isinstance(message, messages.TypeClash) and " * " in message.found
    if not (is_tuple or isinstance(message, messages.UnboundName | messages.NotAFunction)):
        return
    first = max(0, at - 12)
    if "{" not in [token.text for token in code[first : at + 1]]:
        return
    for number in range(first, min(len(code) - 1, at + 4)):
        if code[number].text == ",":
            yield from _alike(text, code, number)
            yield _Way((TextEdit(code[number].start, code[number].end, ";"),), "Replace `,` by `;`", 0.8)
        elif code[number + 1].text != ";" and _NAME.match(code[number + 1].text):
            yield _Way((TextEdit(code[number].end, code[number].end, ";"),), "Add `;`", 0.75)


def _ways(text: str, start: int) -> Iterator[_Way]:
    code = [token for token in tokens(text) if not token.is_comment]
    at = next((number for number, token in enumerate(code) if token.end > start), len(code))
    first, last = max(0, at - BEFORE), min(len(code), at + BEHIND)
    if at < len(code):
        yield from _branch(code, at)
        yield from _applied_constructor(code, at)
    for number in range(first, last):
        token = code[number]
        following = code[number + 1] if number + 1 < len(code) else None
        near = 0.985 ** abs(at - number)
        for way in _at(text, code, number, token, following):
            yield _Way(way.edits, way.title, way.likely * near)
        if number == at - 1 or number == at:
            yield from _before_here(token)


def _branch(code: Sequence[Token], at: int) -> Iterator[_Way]:
    """`if b then x; y else z`: the statements of the branch are put together."""
    number = at if code[at].text == "else" else at - 1
    if number < 0 or code[number].text != "else":
        return
    then = next((i for i in range(number, max(0, number - 80), -1) if code[i].text == "then"), None)
    if then is not None:
        opened = TextEdit(code[then].end, code[then].end, " begin")
        closed = TextEdit(code[number].start, code[number].start, "end ")
        yield _Way((opened, closed), "Put the statements of the branch into `begin` and `end`", 0.95)


def _applied_constructor(code: Sequence[Token], at: int) -> Iterator[_Way]:
    """`Rect 1 2` for `Rect (1, 2)`."""
    for head in range(max(0, at - 4), at):
        if not code[head].text[:1].isupper():
            continue
        for last in range(head + 2, min(len(code), head + 5)):
            parts = code[head + 1 : last + 1]
            if all(re.match(r"[\w\"']", part.text) for part in parts):
                text = f"({', '.join(part.text for part in parts)})"
                yield _Way((TextEdit(parts[0].start, parts[-1].end, text),), f"`{code[head].text}` takes a tuple", 0.95)


def _before_here(token: Token) -> Iterator[_Way]:
    yield _Way((TextEdit(token.start, token.start, "("),), "Open the parenthesis", 0.2)


def _at(text: str, code: Sequence[Token], number: int, token: Token, following: Token | None) -> Iterator[_Way]:
    ends_line = following is None or "\n" in text[token.end : following.start]
    starts_line = "\n" in text[code[number - 1].end : token.start] if number else True
    if starts_line and token.text not in ("|", "let", "type", "module", "open"):
        yield _Way((TextEdit(token.start, token.start, "| "),), "Add `|`", 0.6)
    for what, likely in (_BEHIND_LINE if ends_line else _BEHIND).items():
        if token.text in (";", ";;") and what == ";":
            continue
        yield _Way((TextEdit(token.end, token.end, what),), f"Add `{what.strip()}`", likely)
    if not ends_line:
        yield _Way((TextEdit(token.end, token.end, " |"),), "Add `|`", 0.2)
    else:
        indent = _indent_of_opening(text, token.end)
        for word, likely in _OWN_LINE.items():
            yield _Way((TextEdit(token.end, token.end, f"\n{indent}{word}"),), f"Add `{word}`", likely)
        yield _Way((TextEdit(token.end, token.end, " ->"),), "Add `->`", 0.6)
    for other, likely in _INSTEAD.get(token.text, {}).items():
        if other != token.text:
            title = f"Replace `{token.text}` by `{other.strip()}`" if other else f"Remove `{token.text}`"
            yield _Way((TextEdit(token.start, token.end, other),), title, likely)
    if token.text in _SUPERFLUOUS:
        yield _Way((TextEdit(token.start, token.end, ""),), f"Remove `{token.text}`", _SUPERFLUOUS[token.text])
    if token.text in (",", ":") and number:
        yield from _alike(text, code, number)
    if token.text in _KEYWORDS:
        yield _renamed(code, token.text)


def _alike(text: str, code: Sequence[Token], number: int) -> Iterator[_Way]:
    """All the same signs up to the closing bracket: `{ a : 1, b : 2 }`."""
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
        yield _Way(tuple(edits), f"Replace `{code[number].text}` by `{new}`", 0.85)


def _renamed(code: Sequence[Token], word: str) -> _Way:
    """A keyword that was meant as a name, everywhere."""
    edits = tuple(TextEdit(token.start, token.end, f"{word}_") for token in code if token.text == word)
    return _Way(edits, f"`{word}` is a keyword: call it `{word}_`", 0.5)


def _indent_of_opening(text: str, offset: int) -> str:
    """The indentation of the line in which what ends here may have begun."""
    starts = [match.start() for match in _OPENING.finditer(text, 0, offset)]
    if not starts:
        return ""
    line = text.rfind("\n", 0, starts[-1]) + 1
    return text[line : starts[-1]][: len(text[line : starts[-1]]) - len(text[line : starts[-1]].lstrip())]
