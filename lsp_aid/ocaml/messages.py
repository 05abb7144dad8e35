"""The structure behind the compiler's and dune's messages: OCaml 4.14 to 5.4.

Texts differ between versions in quoting (bare and `` `x' `` up to 5.1, ``"x"`` from 5.2) and are wrapped anywhere.
What fits no shape is `Other`; nothing here fails.
"""

import re
from collections.abc import Callable, Sequence

from attrs import evolve

from lsp_aid.domain.diagnostics import Diagnostic, Related
from lsp_aid.ocaml.message_shapes import (
    ConstructorArity,
    DependencyCycle,
    LabelMismatch,
    LabelsOmitted,
    LibraryNotFound,
    Message,
    Mismatch,
    MissingCases,
    NotAFunction,
    NotARecord,
    NotProvided,
    Other,
    PartialApplication,
    RedundantCase,
    SignatureMismatch,
    SyntaxProblem,
    TooManyArguments,
    TypeClash,
    UnboundFieldsInPattern,
    UnboundName,
    UndefinedFields,
    UnusedName,
    UnusedOpen,
    UnusedRec,
    WrongLabel,
)

__all__ = [
    "ConstructorArity",
    "DependencyCycle",
    "LabelMismatch",
    "LabelsOmitted",
    "LibraryNotFound",
    "Message",
    "Mismatch",
    "MissingCases",
    "NotAFunction",
    "NotARecord",
    "NotProvided",
    "Other",
    "PartialApplication",
    "RedundantCase",
    "SignatureMismatch",
    "SyntaxProblem",
    "TooManyArguments",
    "TypeClash",
    "UnboundFieldsInPattern",
    "UnboundName",
    "UndefinedFields",
    "UnusedName",
    "UnusedOpen",
    "UnusedRec",
    "WrongLabel",
    "read",
    "warning_number",
]


MOST_CHARACTERS = 20_000
"""A longer message is the output of some program, and looking for shapes in it takes long."""


def read(diagnostic: Diagnostic) -> Message:
    """What the message says; `Other` where its shape is not known."""
    flat = diagnostic.flat_message
    if len(flat) > MOST_CHARACTERS:
        return Other(flat)
    number = warning_number(diagnostic)
    if number is not None:
        return _warning(number, diagnostic, flat) or Other(flat)
    for reader in _READERS:
        message = reader(diagnostic, flat)
        if message is not None:
            return message
    return Other(flat)


def warning_number(diagnostic: Diagnostic) -> int | None:
    """The number of the warning, also where it counts as an error; None for an error proper."""
    match = re.match(r"warning (\d+)", diagnostic.code or "", re.IGNORECASE)
    return int(match[1]) if match else None


# --- pieces of the texts ---


def _code(group: str, bare: str = r".+?") -> str:
    """A pattern for a piece of code in any version's quoting; `_got` takes it out of the match."""
    return rf"(?:\"(?P<{group}_q>[^\"]*)\"|`(?P<{group}_b>[^`]*?)'|(?P<{group}_p>{bare}))"


_WORD = r"[^\s\"`]+?"


def _got(match: re.Match[str], group: str) -> str:
    found = next(match[f"{group}{kind}"] for kind in ("_q", "_b", "_p") if match[f"{group}{kind}"] is not None)
    return found.strip()


_SUGGESTIONS = re.compile(r"[Dd]id you mean (.+?)\?(?:$| )")


def _suggestions(flat: str) -> tuple[str, ...]:
    match = _SUGGESTIONS.search(flat)
    if not match:
        return ()
    words = re.split(r", | or ", match[1])
    return tuple(_unquoted(word) for word in words if _unquoted(word))


def _unquoted(word: str) -> str:
    word = word.strip()
    for opening, closing in (('"', '"'), ("`", "'")):
        if len(word) > 1 and word.startswith(opening) and word.endswith(closing):
            return word[1:-1]
    return word


def _words(listed: str) -> tuple[str, ...]:
    """`"a" "b"`, `a b` or `a, b`."""
    return tuple(_unquoted(word) for word in re.split(r"[,\s]+", listed.strip(" .")) if word)


# --- errors ---

_UNBOUND = re.compile(
    r"^Unbound (?P<sort>value|module type|module|constructor|record field|field|type constructor|type variable"
    r"|type parameter|class type|class|instance variable) "
    + _code("path", r"\S+?")
    + r"\.?(?: Hint: | Did you |$| in | The )"
)
_REC = re.compile(r"you should add the [\"'`]?rec[\"']? keyword on line (\d+)")
_NOT_WITHIN = re.compile(
    r"There is no (?P<sort>constructor|field) "
    + _code("path", r"\S+")
    + r" within type "
    + _code("type")
    + r"(?: Hint: |$)"
)
_NO_METHOD = re.compile(r"has type " + _code("type") + r" It has no method " + _code("path", r"\S+") + r"(?: Hint: |$)")


def _unbound(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _UNBOUND.search(flat):
        rec = _REC.search(flat)
        sort = "record field" if match["sort"] == "field" else match["sort"]
        path = re.sub(r"\( ?(\W+?) ?\)$", r"\1", _got(match, "path"))  # `(|>>)` is the operator `|>>`
        return UnboundName(sort, path, _suggestions(flat), int(rec[1]) if rec else None)
    if match := _NOT_WITHIN.search(flat):
        sort = "record field" if match["sort"] == "field" else match["sort"]
        return UnboundName(sort, _got(match, "path"), _suggestions(flat), None, _got(match, "type"))
    if match := _NO_METHOD.search(flat):
        return UnboundName("method", _got(match, "path"), _suggestions(flat), None, _got(match, "type"))
    return None


_AFTER_TYPE = r"(?= because | Hint: | The | Type | This | It | These | Did you |$)"
_CLASH = re.compile(
    r"^(?:This|The) (?P<what>[a-z][a-z ()-]*?)(?: "
    + _code("name", r"\S+?")
    + r")? has type "
    + _code("found")
    + r" but an expression was expected of type "
    + _code("expected")
    + _AFTER_TYPE
)
_PATTERN_CLASH = re.compile(
    r"^This pattern matches values of type "
    + _code("found")
    + r" but a pattern was expected which matches values of type "
    + _code("expected")
    + _AFTER_TYPE
)
_SHOULD_NOT_BE = re.compile(
    r"^This (?P<what>expression|pattern) should not be an? (?P<form>.+?), the expected type is "
    + _code("expected")
    + _AFTER_TYPE
)
_FORMS = {"unit literal": "unit", "boolean literal": "bool"}
_BECAUSE = re.compile(r"because (.+?)(?= Hint: |$)")


def _clash(diagnostic: Diagnostic, flat: str) -> Message | None:
    match = _CLASH.match(flat)
    if should_not_be := _SHOULD_NOT_BE.match(flat):
        found = _FORMS.get(should_not_be["form"], "")
        return TypeClash(found, _got(should_not_be, "expected"), should_not_be["what"], name=should_not_be["form"])
    what = match["what"] if match else "pattern"
    name = None
    if match and any(match[f"name{kind}"] is not None for kind in ("_q", "_b", "_p")):
        name = _got(match, "name")
    match = match or _PATTERN_CLASH.match(flat)
    if not match:
        return None
    rest = flat[match.end() :].strip()
    because = _BECAUSE.match(rest)
    meant = _suggestions(rest)
    explanation = (rest[because.end() :] if because else rest).partition("Hint: ")[0].strip()
    return TypeClash(
        found=_got(match, "found"),
        expected=_got(match, "expected"),
        what=what,
        name=name,
        because=because[1].strip() if because else None,
        did_you_mean=meant[0] if meant else None,
        forgot_unit="Did you forget to provide" in rest,
        partial="This function application is partial" in rest,
        explanation=explanation,
    )


_TOO_MANY = re.compile(
    r"^(?:This function|The function "
    + _code("name", r"\S+")
    + r"|This expression|The \w+ \S+) has type "
    + _code("type")
    + r" It is applied to too many arguments"
)
_NOT_RECORD = re.compile(r"has type " + _code("type") + r" which is not a record type")
_NOT_FUNCTION = re.compile(r"has type " + _code("type") + r" This is not a function; it cannot be applied")


def _application(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _TOO_MANY.match(flat):
        named = any(match[f"name{kind}"] is not None for kind in ("_q", "_b", "_p"))
        extra = tuple(r.range for r in diagnostic.related if "extra argument" in r.message)
        semicolon = "forgot a" in flat or any("forget a" in r.message for r in diagnostic.related)
        return TooManyArguments(_got(match, "type"), _got(match, "name") if named else None, extra, semicolon)
    if match := _NOT_FUNCTION.search(flat):
        return NotAFunction(_got(match, "type"))
    if match := _NOT_RECORD.search(flat):
        return NotARecord(_got(match, "type"))
    return None


_WRONG_LABEL = re.compile(
    r"applied to this argument has type "
    + _code("type")
    + r" This argument cannot be applied (?:without label|with label "
    + _code("label", r"\S+")
    + r")"
)
_LABEL_MISMATCH = re.compile(
    r"^This function should have type "
    + _code("type")
    + r" but its first argument is (?P<given>.+?) instead of (?P<wanted>.+?)\.?$"
)


def _labels(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _WRONG_LABEL.search(flat):
        label = "" if match[0].endswith("without label") else _got(match, "label")
        return WrongLabel(_got(match, "type"), label.lstrip("~?").rstrip(":") or None, label.startswith("?"))
    if match := _LABEL_MISMATCH.match(flat):
        return LabelMismatch(_got(match, "type"), _label(match["given"]), _label(match["wanted"]))
    return None


def _label(said: str) -> str | None:
    match = re.search(r"[~?](\w+)", said)
    return match[1] if match else None


_UNDEFINED = re.compile(r"^Some record fields are undefined: (.+)$")
_ARITY = re.compile(
    r"^The constructor "
    + _code("name", r"\S+")
    + r" expects (?P<expected>\d+) argument\(s\), but is applied here to (?P<given>\d+) argument"
)


def _data(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _UNDEFINED.match(flat):
        return UndefinedFields(_words(match[1]))
    if match := _ARITY.match(flat):
        return ConstructorArity(_got(match, "name"), int(match["expected"]), int(match["given"]))
    return None


_SYNTAX = re.compile(r"^Syntax error(?:: " + _code("expected", r"'[^']+'|\S+") + r" expected)?")
_LEXICAL = ("not terminated", "Invalid literal", "Illegal character", "Illegal backslash", "Illegal empty")


def _syntax(diagnostic: Diagnostic, flat: str) -> Message | None:
    unmatched = next((r.range for r in diagnostic.related if "unmatched" in r.message), None)
    if match := _SYNTAX.match(flat):
        expected = _got(match, "expected") if match[0] != "Syntax error" else ""
        return SyntaxProblem(expected.strip("'") or None, unmatched, flat)
    if diagnostic.source == "ocaml" and any(words in flat for words in _LEXICAL):
        return SyntaxProblem(None, unmatched, flat)
    return None


_LIBRARY = re.compile(r"^Library \"(?P<name>[^\"]+)\" (?P<rest>not found|in .*? is hidden ?(?P<why>\(.*?\))?)")


def _dune(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _LIBRARY.match(flat):
        hidden = match["rest"] != "not found"
        return LibraryNotFound(match["name"], hidden, (match["why"] or "").strip("()"))
    if flat.startswith("Dependency cycle between"):
        lines = diagnostic.message.splitlines()[1:]
        steps = (line.strip().removeprefix("->").strip() for line in lines if "required by" not in line)
        return DependencyCycle(tuple(step for step in steps if step))
    return None


# --- signatures ---

_NOT_FITTING = re.compile(
    r"^The implementation "
    + _code("impl", r"\S+")
    + r" does not match the interface "
    + _code("intf", r"\S+?")
    + r":(?: |$)"
)
_SIGNATURE_WORD = re.compile(r"^(?:Signature mismatch:|Modules do not match:|The functor|This functor)")
_AFTER_WANTED = (
    r"(?:The type|Type|An? (?:extra )?(?:field|constructor),|The (?:first|second|constructor|field|private|variance)"
    r"|Fields|Constructors|They|Their|\d\. |In module|Values do|Modules do|This|These|Private|Module)"
)
_ENTRY = re.compile(
    r"(?P<within>In (?:module|module type|functor argument) " + _code("module", _WORD) + r": )"
    r"|The (?P<sort>[a-z][a-z -]*?) " + _code("name", _WORD) + r" is required but not provided"
    r"|(?P<kind>Values|Type declarations|Extension declarations|Modules|Module type declarations|Module types"
    r"|Class declarations|Class type declarations) do not match: (?P<given>.+?) is not included in (?P<wanted>.+?)"
    rf"(?= {_AFTER_WANTED} ?|$)"
)
_PLACE = re.compile(r"File \"[^\"]+\", lines? [\d-]+(?:, characters [\d-]+)?: (?:Expected|Actual) declaration")


def _signature(diagnostic: Diagnostic, flat: str) -> Message | None:
    match = _NOT_FITTING.match(flat)
    if not match and not _SIGNATURE_WORD.match(flat):
        return None
    entries = _placed(_entries(_PLACE.sub("", flat).strip()), diagnostic.related)
    if match:
        return SignatureMismatch(entries, _got(match, "impl"), _got(match, "intf"))
    return SignatureMismatch(entries) if entries else None


def _entries(flat: str) -> list[NotProvided | Mismatch]:
    """The entries in their order, without those that only lead to others (`Modules do not match`)."""
    entries: list[NotProvided | Mismatch] = []
    within: tuple[str, ...] = ()
    matches = list(_ENTRY.finditer(flat))
    for number, match in enumerate(matches):
        following = matches[number + 1].start() if number + 1 < len(matches) else len(flat)
        if match["within"]:
            within = tuple(_got(match, "module").split("."))
        elif match["sort"]:
            entries.append(NotProvided(match["sort"], _got(match, "name"), within))
        else:
            sort = match["kind"].lower().removesuffix("s")
            reasons = flat[match.end() : following].strip()
            entries.append(Mismatch(sort, match["given"].strip(), match["wanted"].strip(), reasons, within))
    leading = ("module", "module type")
    return [e for e in entries if isinstance(e, NotProvided) or e.sort not in leading] or entries


def _placed(entries: list[NotProvided | Mismatch], related: Sequence[Related]) -> tuple[NotProvided | Mismatch, ...]:
    """Each entry with its places. These follow the entries in order; some versions print none for exceptions."""
    expected = [place for place in related if "Expected declaration" in place.message]
    actual = [place for place in related if "Actual declaration" in place.message]
    takers = [e for e in entries if e.sort != "exception"] if len(expected) < len(entries) else entries
    if len(takers) != len(expected):
        return tuple(entries)
    placed: list[NotProvided | Mismatch] = []
    for entry in entries:
        if entry in takers:
            entry = evolve(entry, expected_at=expected.pop(0))
            if isinstance(entry, Mismatch) and actual:
                entry = evolve(entry, actual_at=actual.pop(0))
        placed.append(entry)
    return tuple(placed)


_Reader = Callable[[Diagnostic, str], Message | None]
_READERS: tuple[_Reader, ...] = (
    _dune, _unbound, _signature, _application, _clash, _labels, _data, _syntax,
)  # fmt: skip


# --- warnings ---

_UNUSED = re.compile(
    r"^unused (?P<sort>variable|value|type|constructor|extension constructor|exception|record field|for-loop index"
    r"|ancestor variable|module|functor parameter|method|type variable|polymorphic variant tag|field|label)"
    r" " + _code("name", _WORD) + r"\.?(?: |$)",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"^(?:mutable )?(?P<sort>constructor|record field|extension constructor|exception)"
    r" " + _code("name", _WORD) + r" is (?P<never>never (?:used to build values|read|mutated|used))",
    re.IGNORECASE,
)
_UNUSED_OPEN = re.compile(r"^unused open!? " + _code("path", _WORD) + r"\.?$", re.IGNORECASE)
_OMITTED = re.compile(r"^labels? (.+?) (?:was|were) omitted", re.IGNORECASE)
_EXAMPLE = re.compile(r"not matched:(.*)", re.DOTALL)
_AFTER_EXAMPLE = re.compile(r"\(However,|Matching over values of extensible|Either bind these")


def _warning(number: int, diagnostic: Diagnostic, flat: str) -> Message | None:
    match number:
        case 5:
            return PartialApplication()
        case 6:
            omitted = _OMITTED.match(flat)
            return LabelsOmitted(_words(omitted[1])) if omitted else None
        case 8:
            return _missing_cases(flat)
        case 9:
            listed = re.search(r"record pattern: (.+?) Either bind", flat)
            return UnboundFieldsInPattern(_words(listed[1])) if listed else None
        case 11 | 12:
            return RedundantCase()
        case 33 | 66:
            opened = _UNUSED_OPEN.match(flat)
            return UnusedOpen(_got(opened, "path")) if opened else None
        case 39:
            return UnusedRec()
        case _:
            return _unused(number, flat)


def _unused(number: int, flat: str) -> Message | None:
    if match := _UNUSED.match(flat):
        return UnusedName(number, match["sort"], _got(match, "name"))
    if match := _NEVER.match(flat):
        return UnusedName(number, match["sort"], _got(match, "name"), match["never"])
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
