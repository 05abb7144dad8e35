"""The structure behind the compiler's and dune's messages: OCaml 4.14 to 5.4.

Texts differ between versions in quoting (bare and `` `x' `` up to 5.1, ``"x"`` from 5.2) and are wrapped anywhere.
What fits no shape is `Other`; nothing here fails.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from attrs import evolve

from lsp_aid.domain.diagnostics import Diagnostic, Related
from lsp_aid.ocaml.generated import GRAMMARS
from lsp_aid.ocaml.message_rules import broken_rule
from lsp_aid.ocaml.message_shapes import (
    ActionFailed,
    Alert,
    BrokenRule,
    CompilerWarning,
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
    NotLinked,
    NotProvided,
    Other,
    PartialApplication,
    Promotion,
    RedundantCase,
    Reference,
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
from lsp_aid.ocaml.message_text import WORD, code, got, suggestions, unquoted, words
from lsp_aid.ocaml.warning_messages import read_warning, warning_number

__all__ = [
    "ActionFailed",
    "Alert",
    "BrokenRule",
    "CompilerWarning",
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
    "NotLinked",
    "NotProvided",
    "Other",
    "PartialApplication",
    "Promotion",
    "RedundantCase",
    "Reference",
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
    if (warning := read_warning(diagnostic)) is not None:
        return warning
    for reader in _READERS:
        message = reader(diagnostic, flat)
        if message is not None:
            return message
    rule = broken_rule(
        flat,
        of_dune=diagnostic.source == "dune",
        of_grammar=diagnostic.path.endswith(GRAMMARS) or (not diagnostic.is_error and not diagnostic.path),
        suggestions=suggestions(flat),
    )
    return rule or Other(flat)


# --- errors ---

_UNBOUND = re.compile(
    r"^Unbound (?P<sort>value|module type|module|constructor|record field|field|type constructor|type variable"
    r"|type parameter|class type|class|instance variable) "
    + code("path", r"\( \S+ \)|\S+?")
    + r"\.?(?: Hint: | Did you |$| in | The )"
)
_REC = re.compile(r"you should add the [\"'`]?rec[\"']? keyword on line (\d+)")
_NOT_WITHIN = re.compile(
    r"There is no (?P<sort>constructor|field) "
    + code("path", r"\S+")
    + r" within type "
    + code("type")
    + r"(?: Hint: |$)"
)
_NO_METHOD = re.compile(
    r"^This expression (?:has type " + code("type") + r" It )?has no method " + code("path", r"\S+") + r"(?: Hint: |$)"
)


def _unbound(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _UNBOUND.search(flat):
        rec = _REC.search(flat)
        sort = "record field" if match["sort"] == "field" else match["sort"]
        path = re.sub(r"\( ?(\W+?|(?:let|and)\W+?) ?\)$", r"\1", got(match, "path"))  # `(|>>)` is the operator `|>>`
        found = UnboundName(sort, path, suggestions(flat), int(rec[1]) if rec else None)
        # From 5.4 on they have the module path that was written.
        written = f"{found.qualifier}."
        return evolve(found, suggestions=tuple(name.removeprefix(written) for name in found.suggestions))
    if match := _NOT_WITHIN.search(flat):
        sort = "record field" if match["sort"] == "field" else match["sort"]
        return UnboundName(sort, got(match, "path"), suggestions(flat), None, got(match, "type"))
    if match := _NO_METHOD.search(flat):
        within = got(match, "type") if " It has no method" in match[0] else None
        return UnboundName("method", got(match, "path"), suggestions(flat), None, within)
    return None


_AFTER_TYPE = r"(?= because | Hint: | The | Types? | Labels | Self | This | It | These | Did you |$)"
_CLASH = re.compile(
    r"^(?:This|The) (?P<what>(?:\"[a-z-]+\" )?[a-z][a-z ()-]*?)(?: "
    + code("name", r"\S+?")
    + r")? has type "
    + code("found")
    + r" but an expression was expected of type "
    + code("expected")
    + _AFTER_TYPE
)
_PATTERN_CLASH = re.compile(
    r"^This pattern matches values of type "
    + code("found")
    + r" but a pattern was expected which matches values of type "
    + code("expected")
    + _AFTER_TYPE
)
_SHOULD_NOT_BE = re.compile(
    r"^This (?P<what>expression|pattern) should not be an? (?P<form>.+?), the expected type is "
    + code("expected")
    + _AFTER_TYPE
)
_FORMS = {"unit literal": "unit", "boolean literal": "bool"}
_BECAUSE = re.compile(r"because (.+?)(?= Hint: |$)")


def _clash(diagnostic: Diagnostic, flat: str) -> Message | None:
    match = _CLASH.match(flat)
    if should_not_be := _SHOULD_NOT_BE.match(flat):
        found = _FORMS.get(should_not_be["form"], "")
        return TypeClash(found, got(should_not_be, "expected"), should_not_be["what"], name=should_not_be["form"])
    what: str = match["what"] if match else "pattern"
    name: str | None = None
    if match and any(match[f"name{kind}"] is not None for kind in ("_q", "_b", "_p")):
        name = got(match, "name")
    if name == "expression":  # `This if-then-else expression`, quoted or not
        what, name = f"{what} {name}", None
    match = match or _PATTERN_CLASH.match(flat)
    if not match:
        return None
    rest = flat[match.end() :].strip()
    because = _BECAUSE.match(rest)
    meant = suggestions(rest)
    explanation = (rest[because.end() :] if because else rest).partition("Hint: ")[0].strip()
    (has, has_as), (wants, wants_as) = _type(match, "found"), _type(match, "expected")
    return TypeClash(
        found=has,
        expected=wants,
        what=what.replace('"', ""),
        name=name,
        because=because[1].strip() if because else None,
        did_you_mean=meant[0] if meant else None,
        forgot_unit="Did you forget to provide" in rest,
        partial="This function application is partial" in rest,
        explanation=explanation,
        found_as=has_as,
        expected_as=wants_as,
    )


def _type(match: re.Match[str], group: str) -> tuple[str, str]:
    """A type as it is written, and what it stands for where that is said: `"c" = "< m : int >"`, `c = < m : int >`."""
    found = got(match, group)
    if found.startswith('"'):
        written, _, stands_for = found.partition('" = "')
        return unquoted(f'{written}"' if stands_for else written), stands_for.rstrip('"')
    at = next((place for place, depth in _depths(found) if depth == 0 and found.startswith(" = ", place)), None)
    return (found, "") if at is None else (found[:at], found[at + 3 :])


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Each place of a type with how many brackets are open there; the arrow and `>` of a bound close none."""
    depth = 0
    for place, char in enumerate(text):
        closes = char in ")]}" or (char == ">" and text[place - 1 : place] == " " and depth)
        depth += (char in "([{" or text.startswith("< ", place)) - bool(closes)
        yield place, depth


_TOO_MANY = re.compile(
    r"^(?:This function|The function "
    + code("name", r"\S+")
    + r"|This expression|The \w+ \S+) has type "
    + code("type")
    + r" It is applied to too many arguments"
)
_NOT_RECORD = re.compile(r"has type " + code("type") + r" which is not a record type")
_NOT_FUNCTION = re.compile(r"has type " + code("type") + r" This is not a function; it cannot be applied")


def _application(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _TOO_MANY.match(flat):
        named = any(match[f"name{kind}"] is not None for kind in ("_q", "_b", "_p"))
        extra = tuple(r.range for r in diagnostic.related if "extra argument" in r.message)
        semicolon = "forgot a" in flat or any("forget a" in r.message for r in diagnostic.related)
        return TooManyArguments(got(match, "type"), got(match, "name") if named else None, extra, semicolon)
    if match := _NOT_FUNCTION.search(flat):
        return NotAFunction(got(match, "type"))
    if match := _NOT_RECORD.search(flat):
        return NotARecord(got(match, "type"))
    return None


_WRONG_LABEL = re.compile(
    r"applied to this argument has type "
    + code("type")
    + r" This argument cannot be applied (?:without label|with label "
    + code("label", r"\S+")
    + r")"
)
_LABEL_MISMATCH = re.compile(
    r"^This function should have type "
    + code("type")
    + r" but its first argument is (?P<given>.+?)(?: instead of (?P<wanted>.+?))?\.?$"
)


def _labels(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _WRONG_LABEL.search(flat):
        label = "" if match[0].endswith("without label") else got(match, "label")
        return WrongLabel(got(match, "type"), label.lstrip("~?").rstrip(":") or None, label.startswith("?"))
    if match := _LABEL_MISMATCH.match(flat):
        wanted = _label(match["wanted"]) if match["wanted"] else _first_label(got(match, "type"))
        return LabelMismatch(got(match, "type"), _label(match["given"]), wanted)
    return None


def _label(said: str) -> str | None:
    match = re.search(r"[~?](\w+)", said)
    return match[1] if match else None


def _first_label(function: str) -> str | None:
    """The label of a function type's first argument: versions up to 4.14 do not name the one that is wanted."""
    match = re.match(r"\??([a-z_][\w']*):", function)
    return match[1] if match else None


_UNDEFINED = re.compile(r"^Some record fields are undefined: (.+)$")
_ARITY = re.compile(
    r"^The constructor "
    + code("name", r"\S+")
    + r" expects (?P<expected>\d+) argument\(s\), but is applied here to (?P<given>\d+) argument"
)


def _data(diagnostic: Diagnostic, flat: str) -> Message | None:
    if match := _UNDEFINED.match(flat):
        return UndefinedFields(words(match[1]))
    if match := _ARITY.match(flat):
        return ConstructorArity(got(match, "name"), int(match["expected"]), int(match["given"]))
    return None


_SYNTAX = re.compile(r"^Syntax error(?:: " + code("expected", r"'[^']+'|\S+") + r" expected)?")
_LEXICAL = re.compile(
    r"not terminated|^Invalid (?:literal|character|lexer directive|encoding)|^Illegal (?:character|backslash|empty)"
    r"|contains an unterminated|is a keyword, it cannot be used|^Value declarations are only allowed in signatures"
)


def _syntax(diagnostic: Diagnostic, flat: str) -> Message | None:
    unmatched = next((r.range for r in diagnostic.related if "unmatched" in r.message), None)
    if match := _SYNTAX.match(flat):
        expected = got(match, "expected") if match[0] != "Syntax error" else ""
        return SyntaxProblem(expected.strip("'") or None, unmatched, flat)
    if diagnostic.source == "ocaml" and _LEXICAL.search(flat):
        return SyntaxProblem(None, unmatched, flat)
    return None


_LIBRARY = re.compile(r"^Library \"(?P<name>[^\"]+)\" (?P<rest>not found|in .*? is hidden ?(?P<why>\(.*?\))?)")
_FAILED = re.compile(r"^Command (?:exited with code (?P<code>\d+)|got signal (?P<signal>\w+))\.?$")
_DIFF = re.compile(r"diff --git |--- \S.*\n\+\+\+ |Files .+ and .+ differ")


_NOT_LINKED = re.compile(r"No implementations? provided for the following modules:")
_REFERENCE = re.compile(
    r"[\"`]?(?P<module>\w+)[\"']? referenced from (?P<places>.+?)(?=[\"`]?\w+[\"']? referenced from|$)"
)
_OBJECT = re.compile(r"[\w./-]+\.(?:cmxa|cma|cmx|cmo)\b")


def _dune(diagnostic: Diagnostic, flat: str) -> Message | None:
    if _NOT_LINKED.match(flat):
        found = (Reference(m["module"], tuple(_OBJECT.findall(m["places"]))) for m in _REFERENCE.finditer(flat))
        return NotLinked(tuple(found))
    if match := _LIBRARY.match(flat):
        hidden = match["rest"] != "not found"
        return LibraryNotFound(match["name"], hidden, (match["why"] or "").strip("()"))
    if flat.startswith(("Dependency cycle between", "dependency cycle between modules in")):
        lines = diagnostic.message.splitlines()[1:]
        steps = (line.strip().removeprefix("->").strip() for line in lines if "required by" not in line)
        return DependencyCycle(tuple(step for step in steps if step))
    if match := _FAILED.match(flat) if diagnostic.source == "dune" else None:
        return ActionFailed(int(match["code"]) if match["code"] else None, match["signal"])
    if diagnostic.source == "dune" and _DIFF.match(diagnostic.message):
        return Promotion(diagnostic.path)
    return None


# --- signatures ---

_NOT_FITTING = re.compile(
    r"^The implementation "
    + code("impl", r"\S+")
    + r" does not match the interface "
    + code("intf", r"\S+?")
    + r":(?: |$)"
)
_SIGNATUREWORD = re.compile(
    r"^(?:Signature mismatch:|Modules do not match:|The functor|This functor|In this [\"`]?with)"
)
_AFTER_WANTED = (
    r"(?:The type|Type|An? (?:extra )?(?:field|constructor),|Fields|Constructors|They|Their|At position|\d\. |In module"
    r"|The (?:first|second|constructor|field|private|variance|method|public|instance|implementation"
    r"|[a-z -]+ [\"`]?\S+ is required but)"
    r"|Values do|Modules do|This|These|Private|Module)"
)
_ENTRY = re.compile(
    r"(?P<within>In (?:module|module type|functor argument) " + code("module", WORD) + r": )"
    r"|The (?P<sort>[a-z][a-z -]*?) " + code("name", WORD) + r" is required but not provided"
    r"|(?P<kind>Values|Type declarations|Extension declarations|Modules|Module type declarations|Module types"
    r"|Class declarations|Class type declarations) do not match: (?P<given>.+?)"
    rf" (?:is not included in|does not match) (?P<wanted>.+?)(?= {_AFTER_WANTED} ?|$)"
)
_PLACE = re.compile(r"File \"[^\"]+\", lines? [\d-]+(?:, characters [\d-]+)?: (?:Expected|Actual) declaration")


def _signature(diagnostic: Diagnostic, flat: str) -> Message | None:
    match = _NOT_FITTING.match(flat)
    if not match and not _SIGNATUREWORD.match(flat):
        return None
    entries = _placed(_entries(_PLACE.sub("", flat).strip()), diagnostic.related)
    if match:
        return SignatureMismatch(entries, got(match, "impl"), got(match, "intf"))
    return SignatureMismatch(entries) if entries else None


def _entries(flat: str) -> list[NotProvided | Mismatch]:
    """The entries in their order, without those that only lead to others (`Modules do not match`)."""
    entries: list[NotProvided | Mismatch] = []
    within: tuple[str, ...] = ()
    matches = list(_ENTRY.finditer(flat))
    for number, match in enumerate(matches):
        following = matches[number + 1].start() if number + 1 < len(matches) else len(flat)
        if match["within"]:
            within = tuple(got(match, "module").split("."))
        elif match["sort"]:
            entries.append(NotProvided(match["sort"], got(match, "name"), within))
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
