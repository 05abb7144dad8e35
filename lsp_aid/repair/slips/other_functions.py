"""How other languages write functions, and call them.

List.map (x => x + 1) xs          List.map (fun x -> x + 1) xs
Mail.send(who: "ada", text: t)    Mail.send ~who:"ada" ~text:t
let area (w : int, h : int) =     let area ((w : int), (h : int)) =
"""

import re
from collections.abc import Callable, Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.slips.way import Place, Way

_NEAR = 400
_NAME = r"[a-z_][\w']*"
_LAMBDA = re.compile(rf"(?<=[(,=;])[ ]*(?P<names>{_NAME}|\([\s\w',]*\))\s*=>")
_VALUE = r"\s*[^,()\n]+?\s*"
_LABELLED = re.compile(rf"(?<=[\w'])\((?P<given>\s*{_NAME}\s*:{_VALUE}(?:,\s*{_NAME}\s*:{_VALUE})*)\)")
_TYPED = re.compile(rf"\((?P<parts>\s*{_NAME}\s*:[^(),=]+(?:,\s*{_NAME}\s*:[^(),=]+)+)\)")
_PLAIN = re.compile(r"[\w.']+|\"[^\"]*\"")


def ways(place: Place) -> Iterator[Way]:
    line = place.text[place.text.rfind("\n", 0, place.start) + 1 :].partition("\n")[0]
    if place.is_syntax or (isinstance(place.message, messages.UnboundName) and "=>" in line):
        yield from _all(place, _LAMBDA, _function(", "), "A function is `fun x -> ...`", 0.93)
        yield from _all(place, _LAMBDA, _function(" "), "A function is `fun x -> ...`", 0.92)
    if not place.is_syntax:
        return
    yield from _all(place, _LABELLED, _called, "Arguments with labels are `~x:1`, one behind the other", 0.93)
    yield from _all(place, _TYPED, _annotated, "Each part of a tuple has its type in parentheses", 0.93)


def _all(
    place: Place, pattern: re.Pattern[str], new: Callable[[re.Match[str]], str], title: str, likely: float
) -> Iterator[Way]:
    found = list(pattern.finditer(place.text))
    if any(abs(match.start() - place.start) < _NEAR for match in found):
        yield Way(tuple(TextEdit(m.start(), m.end(), new(m)) for m in found), title, likely)


def _function(between: str) -> Callable[[re.Match[str]], str]:
    """Several names as a tuple, or one by one."""

    def made(match: re.Match[str]) -> str:
        names = [name.strip() for name in match["names"].strip("()").split(",")]
        plain = f"({', '.join(names)})" if between == ", " and len(names) > 1 else " ".join(names)
        blank = " " if match[0].startswith(" ") else ""
        return f"{blank}fun {plain or '()'} ->"

    return made


def _called(match: re.Match[str]) -> str:
    given = (part.partition(":") for part in match["given"].split(","))
    texts = [(name.strip(), value.strip()) for name, _, value in given]
    return "".join(f" ~{n}" if n == v else f" ~{n}:{v if _PLAIN.fullmatch(v) else f'({v})'}" for n, v in texts)


def _annotated(match: re.Match[str]) -> str:
    return f"({', '.join(f'({part.strip()})' for part in match['parts'].split(','))})"
