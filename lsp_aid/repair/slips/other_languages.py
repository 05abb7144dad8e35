"""What other languages write.

// doubled                                (* doubled *)
a & b, a or b, a % b, total += n          a && b, a || b, a mod b, total := !total + n
'ada'                                     "ada"
for i = 1 to n { ... }                    for i = 1 to n do ... done
row[0]                                    row.(0)
return (a + b)                            a + b
"""

import re
from collections.abc import Iterator

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.slips.way import Place, Way

_NEAR = 400
_OPERATORS = {"&": "&&", "or": "||", "%": "mod", "===": "=", "!==": "<>", "=!": "!=", "=<": "<="}
_LINE_COMMENT = re.compile(
    r"^([ \t]*)(//|#(?![ \t]*\d)|--)[ \t]*(.*?)[ \t]*$|(?<=[\s;])//[ \t]*(.*?)[ \t]*$", re.MULTILINE
)
_BLOCK_COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
_IN_SINGLE_QUOTES = re.compile(r"(?<![\w'])'([^'\n\\\"]{2,}?|)'(?![\w'])")
_INDEX = re.compile(r"\b([a-z_][\w'.]*)\[(?![|<>@%])([^\[\]\n]+)\]")
_CHANGES = re.compile(r"\b([a-z_][\w']*)\s*(\+\.|-\.|\*\.|/\.|[-+*/^])=\s*")
_STEPS = re.compile(r"\b([a-z_][\w']*)\s*(\+\+|--)(?!\w)")


def ways(place: Place) -> Iterator[Way]:
    message = place.message
    name = message.name if isinstance(message, messages.UnboundName) and message.sort == "value" else ""
    name = name.strip("()").removeprefix("\\#")  # as 5.3 prints keywords that were names
    if place.is_syntax or name in ("//", "--", "#", "/*", "*/"):
        yield from _comments(place)
    if place.is_syntax or name in _OPERATORS:
        yield from _operators(place, name)
    if place.is_syntax or re.fullmatch(r"(\+\.|-\.|\*\.|/\.|[-+*/^])=", name):
        yield from _assignments(place)
    if place.is_syntax or name in ("++", "--"):
        yield from _all(_STEPS, place, lambda m: f"{'incr' if m[2] == '++' else 'decr'} {m[1]}", "`{}` is `{}`", 0.8)
    if name == "return":
        yield from _returned(place)
    if name in ("import", "using", "require"):
        yield Way((TextEdit(place.start, place.end, "open"),), f"`{name}` is `open`", 0.9)
    if place.is_syntax:
        yield from _single_quotes(place)
        yield from _braces(place)
    if place.is_syntax or isinstance(message, messages.NotAFunction | messages.TypeClash):
        yield from _indexes(place)


def _all(pattern: re.Pattern[str], place: Place, new, title: str, likely: float) -> Iterator[Way]:  # type: ignore[no-untyped-def]
    """All of a kind in the text, of which one is near the error; then the nearest alone."""
    found = [match for match in pattern.finditer(place.text) if new(match) is not None]
    near = [match for match in found if abs(match.start() - place.start) < _NEAR]
    if not near:
        return
    near.sort(key=lambda match: abs(match.start() - place.start))
    said = title.format(near[0][0].strip(), new(near[0]).strip())
    if len(found) > 1:
        edits = tuple(TextEdit(m.start(), m.end(), new(m)) for m in found)
        yield Way(edits, f"{said} ({len(found)} times)", likely)
    for match in near[:3]:
        yield Way(
            (TextEdit(match.start(), match.end(), new(match)),),
            title.format(match[0].strip(), new(match).strip()),
            likely * 0.9,
        )


def _comments(place: Place) -> Iterator[Way]:
    def plain(match: re.Match[str]) -> str | None:
        said = (match[3] if match[2] else match[4]) or ""
        return None if "*)" in said else f"{match[1] or ''}(* {said} *)"

    yield from _all(_LINE_COMMENT, place, plain, "A comment is `(* ... *)`", 0.9)
    yield from _all(_BLOCK_COMMENT, place, lambda m: f"(*{m[1]}*)", "A comment is `(* ... *)`", 0.9)


def _operators(place: Place, name: str) -> Iterator[Way]:
    """All of them: `a & b or c` has two."""
    found = [token for token in place.code if token.text in _OPERATORS]
    near = [token for token in found if abs(token.start - place.start) < _NEAR]
    chosen = [token for token in found if token.text == name] if name else near
    for tokens, likely in ((found, 0.9), (chosen, 0.85), (chosen[:1], 0.6)):
        words = dict.fromkeys(token.text for token in tokens)
        said = ", ".join(f"`{word}` is `{_OPERATORS[word]}`" for word in words)
        if tokens:
            yield Way(tuple(TextEdit(t.start, t.end, _OPERATORS[t.text]) for t in tokens), said, likely)


def _assignments(place: Place) -> Iterator[Way]:
    def spelt_out(match: re.Match[str]) -> str:
        return f"{match[1]} := !{match[1]} {match[2]} "

    yield from _all(_CHANGES, place, spelt_out, "`{}` is `{}`", 0.85)


def _returned(place: Place) -> Iterator[Way]:
    behind = place.text[place.end :]
    blank = len(behind) - len(behind.lstrip())
    yield Way((TextEdit(place.start, place.end + blank, ""),), "The last expression is what a function returns", 0.9)


def _single_quotes(place: Place) -> Iterator[Way]:
    yield from _all(_IN_SINGLE_QUOTES, place, lambda m: f'"{m[1]}"', "A text is in double quotes: {1}", 0.85)


def _indexes(place: Place) -> Iterator[Way]:
    likely = 0.85 if place.is_syntax else 0.7
    yield from _all(_INDEX, place, lambda m: f"{m[1]}.({m[2]})", "`{}` is `{}`", likely)
    yield from _all(_INDEX, place, lambda m: f"{m[1]}.[{m[2]}]", "`{}` is `{}`", likely * 0.9)


def _braces(place: Place) -> Iterator[Way]:
    """The blocks of loops and branches that stand in braces, all of them."""
    edits: list[TextEdit] = []
    for number, token in enumerate(place.code):
        head = _head(place, number) if token.text == "{" else ""
        closed = place.closing(number) if head else None
        if closed is None:
            continue
        opened, end = {"for": ("do", "done"), "while": ("do", "done")}.get(head, ("begin", "end"))
        opened = "then begin" if head == "if" else opened
        edits += (
            TextEdit(token.start, token.end, opened),
            TextEdit(place.code[closed].start, place.code[closed].end, end),
        )
    if edits:
        yield Way(tuple(sorted(edits, key=lambda e: e.start)), "Blocks are in words, not in braces", 0.9)


def _head(place: Place, number: int) -> str:
    """The keyword that a block in braces belongs to: `for`, `while`, `if`, `then`, `else`; empty for a record."""
    if place.word(number - 1) in ("then", "else"):
        return place.word(number - 1)
    for other in range(number - 1, max(-1, number - 40), -1):
        word = place.word(other)
        if word in ("for", "while", "if"):
            return word
        if word in ("then", "else", "do", "done", "let", "in", "with", "=", ":=", "<-", "->") and word != "=":
            return ""
    return ""
