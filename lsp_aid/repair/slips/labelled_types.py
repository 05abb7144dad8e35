"""The type of a labelled parameter without parentheses, which reads as another name for it.

let make ~amount:float ~xs:int list = amount      let make ~(amount : float) ~(xs : int list) = amount
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.slips.way import Place, Way

_HEAD = re.compile(r"\b(?:let(?:\s+rec)?|and|fun|method)\b(?P<parameters>(?:[^=()]|\([^()]*\))*?)(?:=|->(?=\s))")
_OF = r"(?:\s+(?:list|option|array|ref|Seq\.t|Lazy\.t))*"
_TYPE = rf"(?:[A-Z][\w']*\.)*'?[a-z_][\w']*{_OF}|\([^()]*\){_OF}"
_PARAMETER = re.compile(rf"(?<![\w'(])(?P<sign>[~?])(?P<name>[a-z_][\w']*):(?P<type>{_TYPE})(?=\s|$)")
_BASIC = frozenset(("int", "float", "string", "bool", "char", "unit", "bytes", "int32", "int64", "exn"))
_NEAR = 2000


def ways(place: Place) -> Iterator[Way]:
    """All such parameters of a definition whose body, or whose head, has the error."""
    message = place.message
    name = message.name if isinstance(message, messages.UnboundName) and message.sort == "value" else None
    if name is None and not place.is_syntax:
        return
    first = max(0, place.start - _NEAR)
    for head in _HEAD.finditer(place.text, first, place.end + 200):
        start, end = head.span("parameters")
        found = [m for m in _PARAMETER.finditer(place.text, start, end) if _is_type(place.text, m["type"])]
        if not found or start > place.end:
            continue
        if name is None and not start <= place.start <= end + 2:
            continue
        if name is not None and name not in [match["name"] for match in found]:
            continue
        edits = tuple(TextEdit(m.start(), m.end(), _annotated(m)) for m in found)
        yield Way(edits, f"A label with its type stands in parentheses: `{_annotated(found[0])}`", 0.97)


def _annotated(match: re.Match[str]) -> str:
    is_value = match["sign"] == "?" and not match["type"].endswith("option")
    return f"{match['sign']}({match['name']} : {match['type']}{' option' * is_value})"


def _is_type(text: str, written: str) -> bool:
    """Whether it is the name of a type, of the language, of another module or of the file."""
    words = written.split()
    if "." in written or len(words) > 1 or written.startswith("(") or words[0] in _BASIC:
        return True
    return re.search(rf"\b(?:type|and)\s+(?:[^=\n]*\s)?{re.escape(written)}\s*(?:=|$)", text, re.MULTILINE) is not None
