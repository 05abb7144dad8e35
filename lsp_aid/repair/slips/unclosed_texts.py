"""Comments and strings without their end.

(* Areas of shapes.                       (* Areas of shapes. *)
let greeting = "hello                     let greeting = "hello"
let page = {|<p>}                         let page = {|<p>|}
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.slips.way import Place, Way

MOST_LINES = 30
_ITEM = re.compile(r"\s*(?:let|type|module|open|include|exception|val|external|and|in|class|\|)\b|\s*$")
_OPEN_CHARACTER = re.compile(r"(?<![\w'])'(?:[^'\\\n]|\\.|\\\d{3})(?!['\w])")
_BRACE = re.compile(r"[{}]")
_QUOTED = re.compile(r"\{(?P<tag>[a-z_]*)\|")
_ASKED = re.compile(r"%[-+ 0#]*\d*(?:\.\d+)?(?:[lnL][diuxXo]|[diuxXoscCSfFeEgGhHbBt])")
_GIVEN = r"(?:[a-z_][\w']*(?:\.[a-z_][\w']*)*|[A-Z][\w.]*\.[a-z_][\w']*|\([^()\"]*\))"
_TRAILING = re.compile(r"(\s*(?:[\])};,]|\|\]|\bin\b|\bthen\b|->|\bwith\b|;;))+\s*$")


def ways(place: Place) -> Iterator[Way]:
    said = place.message.text if isinstance(place.message, messages.SyntaxProblem) else ""
    if "omment not terminated" in said:
        yield from _comment(place)
    if "nterminated string" in said:
        yield from _string_in_comment(place)
    yield from _quoted(place)
    if place.is_syntax:
        yield from _character(place)
    if "tring literal not terminated" in said or place.is_syntax:
        yield from _string(place, 1.0 if "terminated" in said else 0.7)


def _character(place: Place) -> Iterator[Way]:
    """`'x` without its end, near the error; it looks like a type variable, or like nothing at all."""
    for match in _OPEN_CHARACTER.finditer(place.text, max(0, place.start - 120), place.end + 20):
        yield Way((TextEdit(match.end(), match.end(), "'"),), f"End the character: `{match[0]}'`", 0.7)


def _quoted(place: Place) -> Iterator[Way]:
    """`{|...}`, which goes on up to the end of the next such text, or of the file."""
    for opened in _QUOTED.finditer(place.text):
        closing = f"|{opened['tag']}}}"
        closed = place.text.find(closing, opened.end())
        again = place.text.find(opened[0], opened.end())
        if (closed >= 0 and not 0 <= again < closed) or opened.start() > place.end:
            continue
        at = _brace(place.text, opened.end())
        if at is None:
            continue
        mark = closing[:-1]
        line = place.text[place.text.rfind("\n", 0, at) + 1 : at]
        # a text that begins with a line break ends with one
        if place.text[opened.end() : opened.end() + 1] == "\n" and line.strip():
            yield Way((TextEdit(at, at, f"\n{mark}"),), f"End the text on a line of its own: `{closing}`", 0.95)
        yield Way((TextEdit(at, at, mark),), f"End the text: `{closing}`", 0.9)


def _brace(text: str, start: int) -> int | None:
    """The first `}` that nothing opens."""
    depth = 0
    for match in _BRACE.finditer(text, start):
        if match[0] == "{":
            depth += 1
        elif depth == 0:
            return match.start()
        else:
            depth -= 1
    return None


def _comment(place: Place) -> Iterator[Way]:
    """It ends with its line, or with its paragraph."""
    opened = place.text.rfind("(*", 0, place.start + 2)
    end = place.text.find("\n", opened)
    for number in range(MOST_LINES):
        line_end = len(place.text) if end < 0 else end
        at = line_end - (len(place.text[:line_end]) - len(place.text[:line_end].rstrip(" \t\r")))
        following = place.text[line_end + 1 :].partition("\n")[0]
        is_last = end < 0 or bool(_ITEM.match(following))
        yield Way((TextEdit(at, at, " *)"),), "End the comment", 0.9 if is_last else 0.6 - 0.01 * number)
        if is_last:
            return
        end = place.text.find("\n", line_end + 1)


def _string_in_comment(place: Place) -> Iterator[Way]:
    """A single quotation mark in a comment opens a string."""
    quote = place.text.find('"', place.start)
    if quote >= 0:
        end = place.text.find("*)", quote)
        at = len(place.text[: end if end >= 0 else quote + 1].rstrip())
        yield Way((TextEdit(at, at, '"'),), "End the string in the comment", 0.7)
        yield Way((TextEdit(quote, quote + 1, ""),), 'A comment may not hold a single `"`', 0.7)


def _string(place: Place, factor: float) -> Iterator[Way]:
    """On each line with an odd number of quotation marks, the nearest first, one more behind its text, or before it."""
    lines: list[tuple[int, int]] = []
    start = 0
    for line in place.text.splitlines(keepends=True):
        if _marks(line) % 2:
            lines.append((start, start + len(line.rstrip())))
        start += len(line)
    lines = [line for line in lines if line[0] <= place.end]
    for start, end in sorted(lines, key=lambda line: place.end - line[0])[:MOST_LINES]:
        line = place.text[start:end]
        trailing = _TRAILING.search(line)
        ends = {end: 0.8}
        if trailing and not line[: trailing.start()].endswith('"'):
            ends[start + trailing.start()] = 0.85
            ends[end] = 0.5
        word = re.search(r'"[\w.!?]*(?=[;,)\]])', line)
        if word and _marks(line[word.start() :]) == 1:
            ends[start + word.end()] = 0.87
        if (behind := _behind_format(line)) is not None:
            ends[start + behind] = 0.9
        for at, likely in ends.items():
            yield Way((TextEdit(at, at, '"'),), "End the string", likely * factor)
        mark = line.rfind('"')
        word = re.search(r"[\w!?. ]*$", line[:mark])
        if word and word[0].strip() and place.text[start + mark : start + mark + 2] != '" ':
            for at in {
                start + word.start() + len(word[0]) - len(word[0].lstrip()),
                start + line.rfind(" ", 0, mark) + 1,
            }:
                yield Way((TextEdit(at, at, '"'),), "Begin the string", 0.6 * factor)


def _behind_format(line: str) -> int | None:
    """Where a format ends that has lost its end: as many names as it asks for stand behind it."""
    mark = line.rfind('"')
    asked = len(_ASKED.findall(line[mark:]))
    given = re.search(rf"(?:\s+{_GIVEN}){{{asked}}}(?=[\s)\]}};,]*$)", line[mark:]) if asked else None
    is_whole = given is not None and len(_ASKED.findall(line[mark : mark + given.start()])) == asked
    return mark + given.start() if given is not None and is_whole else None


def _marks(line: str) -> int:
    return len(re.findall(r'(?<!\\)"', re.sub(r"'\\?\"'", "", line)))
