"""The structure behind the compiler's warnings and alerts, also where they count as errors."""

import re

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.ocaml.message_rules import of_warning
from lsp_aid.ocaml.message_shapes import (
    Alert,
    LabelsOmitted,
    Message,
    MissingCases,
    PartialApplication,
    RedundantCase,
    UnboundFieldsInPattern,
    UnusedName,
    UnusedOpen,
    UnusedRec,
)
from lsp_aid.ocaml.message_text import WORD, code, got, words

_UNUSED = re.compile(
    r"^unused (?P<sort>variable|value|type|constructor|extension constructor|exception|record field|for-loop index"
    r"|ancestor variable|module|functor parameter|method|type variable|polymorphic variant tag|field|label)"
    r" " + code("name", WORD) + r"\.?(?: |$)",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"^(?:mutable )?(?P<sort>constructor|record field|extension constructor|exception)"
    r" " + code("name", WORD) + r" is (?P<never>never (?:used to build values|read|mutated|used))",
    re.IGNORECASE,
)
_UNUSED_OPEN = re.compile(r"^unused open!? " + code("path", WORD) + r"\.?$", re.IGNORECASE)
_OMITTED = re.compile(r"^labels? (.+?) (?:was|were) omitted", re.IGNORECASE)
_EXAMPLE = re.compile(r"not matched:(.*)", re.DOTALL)
_AFTER_EXAMPLE = re.compile(r"\(However,|Matching over values of extensible|Either bind these")


_CODE = re.compile(r"warning (?P<number>\d+)(?: \[(?P<mnemonic>[^\]]*)\])?", re.IGNORECASE)
_ALERT = re.compile(r"alert (?P<category>[\w'.]+)", re.IGNORECASE)
_ALERT_SUBJECT = re.compile(r"(?:(?:module type|module|class type|class|type|value) )?(?P<subject>\S+)$")


def warning_number(diagnostic: Diagnostic) -> int | None:
    """The number of the warning, also where it counts as an error; None for an error proper."""
    match = _CODE.match(diagnostic.code or "")
    return int(match["number"]) if match else None


def read_warning(diagnostic: Diagnostic) -> Message | None:
    """What a warning or an alert says; None where the message is neither."""
    if match := _CODE.match(diagnostic.code or ""):
        number, flat = int(match["number"]), diagnostic.flat_message
        return _shaped(number, flat) or of_warning(number, match["mnemonic"] or "", flat)
    if match := _ALERT.match(diagnostic.code or ""):
        return _alert(match["category"], diagnostic)
    return None


def _alert(category: str, diagnostic: Diagnostic) -> Alert:
    """The subject stands on the first line, the author's advice below it."""
    first, _, advice = diagnostic.message.partition("\n")
    subject = None if category.startswith("ocaml_") else _ALERT_SUBJECT.match(first.strip())
    if subject is None:
        return Alert(category, "", diagnostic.flat_message)
    return Alert(category, subject["subject"], " ".join(advice.split()))


def _shaped(number: int, flat: str) -> Message | None:
    match number:
        case 5:
            return PartialApplication()
        case 6:
            omitted = _OMITTED.match(flat)
            return LabelsOmitted(words(omitted[1])) if omitted else None
        case 8:
            return _missing_cases(flat)
        case 9:
            listed = re.search(r"record pattern: (.+?) Either bind", flat)
            return UnboundFieldsInPattern(words(listed[1])) if listed else None
        case 11 | 12:
            return RedundantCase()
        case 33 | 66:
            opened = _UNUSED_OPEN.match(flat)
            return UnusedOpen(got(opened, "path")) if opened else None
        case 39:
            return UnusedRec()
        case _:
            return _unused(number, flat)


def _unused(number: int, flat: str) -> Message | None:
    if match := _UNUSED.match(flat):
        return UnusedName(number, match["sort"], got(match, "name"))
    if match := _NEVER.match(flat):
        return UnusedName(number, match["sort"], got(match, "name"), match["never"])
    return None


def _missing_cases(flat: str) -> MissingCases:
    guarded = "guarded" in flat
    extensible = "extensible variant" in flat
    match = _EXAMPLE.search(flat)
    if not match:
        return MissingCases((), guarded, extensible)
    text = _AFTER_EXAMPLE.split(match[1])[0].strip()
    return MissingCases(_alternatives(text), guarded, extensible)


def _alternatives(pattern: str) -> tuple[str, ...]:
    """`(A|B _)` as `A` and `B _`; any other pattern as it is."""
    parts = _split_or(pattern)
    if len(parts) == 1 and pattern.startswith("(") and pattern.endswith(")"):
        inner = _split_or(pattern[1:-1])
        parts = inner if len(inner) > 1 and _balanced(pattern[1:-1]) else parts
    return tuple(part.strip() for part in parts if part.strip())


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _split_or(pattern: str) -> list[str]:
    """Split at the bars that stand in no bracket and no string."""
    parts, depth, start, quoted = [], 0, 0, False
    for place, char in enumerate(pattern):
        if char == '"' and pattern[place - 1 : place] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (char in "([{") - (char in ")]}")
            if char == "|" and depth == 0:
                parts.append(pattern[start:place])
                start = place + 1
    return [*parts, pattern[start:]]
