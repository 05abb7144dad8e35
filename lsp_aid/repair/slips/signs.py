"""Signs of other languages, and signs that are torn apart or stand in the wrong form.

n : = 1, | 0 - > ...              n := 1, | 0 -> ...
| Some y if y > 0 ->              | Some y when y > 0 ->
| else ->                         | _ ->
for i in 1 to n, i = 1 .. n       for i = 1 to n
x > 0 ? 1 : 2                     if x > 0 then 1 else 2
f ~x=1, let f ?x=0 y              f ~x:1, let f ?(x=0) y
f x:1 y:2                         f ~x:1 ~y:2
{ t | a = 1 }                     { t with a = 1 }
let |>> x f, let let* = ...       let ( |>> ) x f, let ( let* ) = ...
fold_left + 0                     fold_left ( + ) 0
\\x -> x + 1                       fun x -> x + 1
a ^ (at the end of an item)       a
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.tokens import Token
from lsp_aid.repair.slips.way import CLOSING, OPENING, Place, Way, replaced

_READ = (messages.TypeClash, messages.UnboundName, messages.TooManyArguments, messages.NotAFunction)
_TORN = frozenset(
    (
        ":=",
        "->",
        "<-",
        "::",
        "|>",
        "<>",
        ">=",
        "<=",
        "&&",
        "||",
        "==",
        "!=",
        "+.",
        "-.",
        "*.",
        "/.",
        "[|",
        "|]",
        ";;",
        "**",
    )
)
_OPERATOR = re.compile(r"(?:[-+*/@^<>=|&$%!~?]+|mod|land|lor|lxor|lsl|lsr|asr)\.?$")
_SIGNS = re.compile(r"[-+*/@^<>=|&$%!~?:.]+$")
_BINDING = re.compile(r"(?:let|and)[-+*/@^<>=|&$%]+$")
_INFIX = frozenset(("+", "-", "*", "/", "^", "@", "+.", "-.", "*.", "/.", "&&", "||", "::", "|>", "@@", "=", "<>", ","))
_STARTS = frozenset(("let", "type", "module", "open", "include", "exception", "val", "external", "class"))
_KEYWORDS = _STARTS | {"in", "then", "else", "do", "done", "end", "begin", "with", "and", "match", "if", "when", "fun"}
_DEFAULTS = frozenset(("else", "otherwise", "default", "any"))
_BEFORE, _BEHIND = 40, 6


def ways(place: Place) -> Iterator[Way]:
    if not place.is_syntax:
        if isinstance(place.message, _READ):
            yield from _negated(place)
            yield from _lambda(place)
            yield from _labels(place)
            yield from _bare_operator(place)
        return
    for number in place.near(_BEFORE, _BEHIND):
        near = 0.985 ** abs(place.at - number)
        for way in _at(place, number):
            yield Way(way.edits, way.title, way.likely * near)
    yield from _guards(place)
    yield from _labels(place)
    yield from _unmarked(place)
    yield from _lambda(place)
    yield from _conditional(place)
    yield from _trailing(place)


def _at(place: Place, number: int) -> Iterator[Way]:
    token, following = place.code[number], place.word(number + 1)
    behind = place.code[number + 1] if following else token
    between = place.text[token.end : behind.start]
    joined = token.text + following
    if joined in _TORN and between and not between.strip() and "\n" not in between:
        yield Way((TextEdit(token.start, behind.end, joined),), f"Write `{joined}` in one", 0.9)
    if token.text == "|" and following in _DEFAULTS:
        yield replaced(behind, "_", 0.9)
    if token.text == "for" and place.word(number + 2) in ("in", "from", ":=", ":", "<-"):
        yield replaced(place.code[number + 2], "=", 0.9)
        dots = [n for n in range(number, min(number + 9, len(place.code))) if place.word(n) in ("..", "...", "until")]
        for dot in dots:
            signs = (replaced(place.code[number + 2], "=", 0.9).edits[0], _to(place.code[dot]))
            yield Way(signs, "`for i = a to b`", 0.92)
    if token.text in ("..", "...", "until", "upto") and any(place.word(n) == "for" for n in range(number - 8, number)):
        yield Way((_to(token),), "Replace it by `to`", 0.9)
    if token.text == "{" and place.word(number + 2) == "|":
        yield Way(
            (TextEdit(place.code[number + 2].start, place.code[number + 2].end, "with"),), "`{ ... with ... }`", 0.92
        )
    if token.text == "let" and (name := _operator_name(place, number)):
        edit = TextEdit(behind.start, behind.end, f"( {name} )")
        yield Way((edit,), f"An operator is defined as `( {name} )`", 0.9)
    if _OPERATOR.match(token.text) and number and _is_argument(place, number):
        yield Way(
            (TextEdit(token.start, token.end, f"( {token.text} )"),), f"As a value it is `( {token.text} )`", 0.88
        )
    if token.text == "and" and (operator := _binding_operator(place, number)):
        yield Way(
            (TextEdit(token.start, token.end, f"and{operator}"),), f"`let{operator}` goes with `and{operator}`", 0.93
        )
    if token.text == "," and following in CLOSING:
        yield Way((TextEdit(token.start, token.end, ""),), "Remove `,`", 0.93)
    if token.text == "and" and following in ("type", "let", "module", "class", "val"):
        yield Way((TextEdit(token.end, behind.end, ""),), f"Remove `{following}` behind `and`", 0.9)
    if token.text == "open" and place.word(number - 1) != "let":
        stop = next((n for n in range(number + 1, min(number + 8, len(place.code))) if place.word(n) == "in"), None)
        if stop is not None:
            yield Way((TextEdit(token.start, token.start, "let "),), "`let open ... in`", 0.93)


def _operator_name(place: Place, number: int) -> str:
    """The operator that a `let` defines without parentheses: `|>>`, `let*`; empty where it defines none."""
    following = place.word(number + 1)
    is_one = _SIGNS.match(following) or _BINDING.match(following)
    return following if is_one and place.word(number + 2) else ""


def _binding_operator(place: Place, number: int) -> str:
    """The `+` of the `let+` that an `and` of that number belongs to."""
    for other in range(number - 1, max(-1, number - 30), -1):
        word = place.word(other)
        if word in ("in", "let", ";", "->"):
            return ""
        if _BINDING.match(word):
            return word[3:]
    return ""


def _to(token: Token) -> TextEdit:
    return TextEdit(token.start, token.end, "to")


def _is_argument(place: Place, number: int) -> bool:
    """Whether an operator stands where a function's argument would: before another one, or before a bracket."""
    before, behind = place.word(number - 1), place.word(number + 1)
    if behind in _KEYWORDS or before in _KEYWORDS:
        return False
    return bool(re.match(r"[\w')\]]", before)) and (bool(re.match(r"[\w'(\[\"]", behind)) or behind in CLOSING)


def _guards(place: Place) -> Iterator[Way]:
    """`if` behind a pattern, in all cases of the text at once; a comma before a condition."""
    ifs, commas = [], []
    waits = False
    depth = 0
    for number, token in enumerate(place.code):
        if token.text in ("|", "with", "function"):
            waits, depth = True, 0
        elif token.text in ("->", "=", "let", "then") and depth == 0:
            waits = False
        elif waits:
            depth += (token.text in OPENING) - (token.text in CLOSING)
            if token.text == "if" and place.word(number - 1) not in ("|", "with", "function"):
                ifs.append(token)
            if token.text == "," and depth == 0 and _is_condition(place, number):
                commas.append(token)
    for tokens, shown, likely in ((ifs, "when", 0.95), (commas, " when", 0.8)):
        near = [t for t in tokens if abs(t.start - place.start) < 400]
        if near:
            edits = tuple(TextEdit(t.start, t.end, shown) for t in tokens)
            times = f" ({len(edits)} times)" if len(edits) > 1 else ""
            yield Way(edits, f"A case is guarded by `when`{times}", likely)


def _is_condition(place: Place, number: int) -> bool:
    """Whether what stands between a comma and the arrow compares."""
    for other in range(number + 1, min(number + 12, len(place.code))):
        word = place.word(other)
        if word == "->":
            return False
        if word in ("<", ">", "<=", ">=", "<>", "=", "==", "!="):
            return True
    return False


_LABEL = re.compile(r"(~[a-z_][\w']*)\s*=(?!=)\s*")
_OPTIONAL = re.compile(r"(?<=[\s])\?([a-z_][\w']*)\s*=\s*(-?[\w.]+|\"[^\"]*\"|\[\]|\(\))(?=[\s)])")


_UNMARKED = re.compile(r"(?<=[\w\"')\]}][ \n])[ ]*([a-z_][\w']*):(?=[\w\"'(\[{!-])")


def _labels(place: Place) -> Iterator[Way]:
    yield from _everywhere(place, _OPTIONAL, r"?(\1 = \2)", "A default stands in parentheses: `?(x = 0)`")
    yield from _everywhere(place, _LABEL, r"\1:", "A label is followed by `:`")


def _unmarked(place: Place) -> Iterator[Way]:
    """Labels without `~`, in the paragraph of the error."""
    first = place.text.rfind("\n\n", 0, place.start) + 1
    last = place.text.find("\n\n", place.end)
    last = last if last >= 0 else len(place.text)
    found = [m for m in _UNMARKED.finditer(place.text, first, last) if abs(m.start() - place.start) < 400]
    if found and any(m.start(1) - 2 <= place.start <= m.end() + 1 for m in found):
        shown = " ".join(f"~{m[1]}:" for m in found[:3])
        edits = tuple(TextEdit(m.start(1), m.start(1), "~") for m in found)
        yield Way(edits, f"A label begins with `~`: `{shown}`", 0.93)


def _everywhere(place: Place, pattern: re.Pattern[str], form: str, title: str) -> Iterator[Way]:
    """All in the text, of which one is near the error; then the nearest alone."""
    found = [m for m in pattern.finditer(place.text) if not _defines(place.text, m.start())]
    near = [match for match in found if abs(match.start() - place.start) < 300]
    for some in dict.fromkeys((tuple(found), tuple(near[:1]))) if near else ():
        yield Way(tuple(TextEdit(m.start(), m.end(), m.expand(form)) for m in some), title, 0.9)


def _defines(text: str, offset: int) -> bool:
    """Whether what ends there is the head of a definition, whose `=` is its own."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return re.search(r"\b(?:let|and)\b[^=]*$", line) is not None and text[offset] == "~"


_LAMBDA = re.compile(r"(?:\\|\blambda\s)\s*((?:[a-z_][\w']*\s+)*?[a-z_][\w']*)\s*(?:->|\.|:|=>)")


def _lambda(place: Place) -> Iterator[Way]:
    """`\\x -> ...` and `lambda x: ...`."""
    found = [m for m in _LAMBDA.finditer(place.text) if abs(m.start() - place.start) < 300]
    if found:
        edits = tuple(TextEdit(m.start(), m.end(), f"fun {m[1]} ->") for m in found)
        yield Way(edits, f"A function is `fun {found[0][1]} -> ...`", 0.95)


def _conditional(place: Place) -> Iterator[Way]:
    """`c ? a : b`, from what begins the expression to its end."""
    marks = [n for n in place.near(12, 8) if place.word(n) == "?"]
    for mark in marks:
        colon = next((n for n in range(mark, min(mark + 14, len(place.code))) if place.word(n) == ":"), None)
        if colon is None:
            continue
        start = mark - 1
        while start > 0 and place.word(start - 1) not in ("=", "->", "(", "in", "then", "else", ";", ","):
            start -= 1
        condition = place.code[start]
        edits = (
            TextEdit(condition.start, condition.start, "if "),
            TextEdit(place.code[mark].start, place.code[mark].end, "then"),
            TextEdit(place.code[colon].start, place.code[colon].end, "else"),
        )
        yield Way(edits, "A conditional is `if ... then ... else ...`", 0.92)


def _trailing(place: Place) -> Iterator[Way]:
    """An operator at the end of an item; signs that end all items in other languages."""
    for number in place.near(_BEFORE, 1):
        token, following = place.code[number], place.word(number + 1)
        if following and _is_within(place, number + 1):
            continue
        if token.text in _INFIX and (following in _STARTS or not following) and place.ends_line(number):
            yield Way((TextEdit(token.start, token.end, ""),), f"Remove `{token.text}`, which nothing follows", 0.8)
    ends = _item_ends(place)
    if len(ends) > 1:
        edits = tuple(TextEdit(t.start, t.end, "") for t in ends)
        yield Way(edits, f"Items end without `;` ({len(ends)} times)", 0.9)


def _item_ends(place: Place) -> Sequence[Token]:
    return [
        token
        for number, token in enumerate(place.code)
        if token.text == ";"
        and place.ends_line(number)
        and (not place.word(number + 1) or (place.word(number + 1) in _STARTS and not _is_within(place, number + 1)))
    ]


def _is_within(place: Place, number: int) -> bool:
    return place.indent(place.code[number].start) != ""


def _negated(place: Place) -> Iterator[Way]:
    """`!(x > 0)`, where a reference is wanted and a bool is there."""
    message = place.message
    if not isinstance(message, messages.TypeClash) or message.found != "bool" or not message.expected.endswith(" ref"):
        return
    at = place.text.rfind("!", 0, place.start + 1)
    if at >= 0 and not place.text[at + 1 : place.start].strip("( "):
        gap = "" if place.text[at + 1 : at + 2] == " " else " "
        yield Way((TextEdit(at, at + 1, f"not{gap}"),), "`!` reads a reference; of a bool it is `not`", 0.95)


def _bare_operator(place: Place) -> Iterator[Way]:
    """`fold_left + 0 xs`, which parses as a sum whose first part is a function."""
    if not isinstance(place.message, messages.TypeClash) or "->" not in place.message.found:
        return
    for number in place.near(3, 6):
        token = place.code[number]
        if (
            _OPERATOR.match(token.text)
            and number
            and _is_argument(place, number)
            and token.text not in ("=", "|", "?", "~")
        ):
            edit = TextEdit(token.start, token.end, f"( {token.text} )")
            yield Way((edit,), f"As a value it is `( {token.text} )`", 0.75)
