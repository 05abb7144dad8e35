"""Spoils replies as models do. Each kind is a function that changes a reply and says whether it could."""

import re
from collections.abc import Callable
from random import Random

from benchmarks.edits.reply import ADD, ELIDED, KEEP, Hunk, Reply, Row
from benchmarks.edits.tokens import tokens, words

_OUTSIDE_STRINGS = re.compile(r'("(?:[^"\\]|\\.)*"?)')
_CODE = re.compile(r"^(?!.*(\(\*|\*\))).*( = |->|;$|^\s*(let|val|type|and)\b)")
DIFFS = ("unified_diff", "apply_patch")
BLOCKS = ("unified_diff", "search_replace", "apply_patch")
ALL = ("unified_diff", "search_replace", "whole_file", "apply_patch")

PROSE_BEFORE = (
    "Here is the change you asked for.\n",
    "Sure! What `lib/core.ml` does has to handle the empty case:\n\n1. it matches on the list,\n2. the rest stays.\n",
    "<thinking>The user wants the smallest edit.</thinking>\n\nI have made these changes:\n",
    "The old code was:\n\n```\nlet f x = x\n```\n\nThis is the edit.\n",
)
PROSE_AFTER = (
    "This keeps the behaviour for all other inputs.",
    "Note that I did not touch the tests.\n\n- run `dune build`\n- then `dune test`\n",
    "Let me know if you'd like anything else changed!",
)


def wrong_numbers(random: Random, reply: Reply) -> bool:
    """Line numbers that are off by a few, all 1, or made up."""
    way = random.choice(("drift", "ones", "made up"))
    drift = random.choice([n for n in range(-12, 13) if n])
    for hunk in _hunks(reply):
        assert hunk.number is not None
        longest = hunk.number + 200
        hunk.number = {"drift": max(1, hunk.number + drift), "ones": 1, "made up": random.randint(1, longest)}[way]
    return True


def missing_numbers(random: Random, reply: Reply) -> bool:
    reply.style.head = random.choice(("@@ @@", "@@ ... @@", "@@"))
    for hunk in _hunks(reply):
        hunk.number = None
        if reply.style.head == "@@":
            hunk.within = ""
    return True


def wrong_counts(random: Random, reply: Reply) -> bool:
    for hunk in _hunks(reply):
        old = len(hunk.quoted)
        new = sum(row.sign in (KEEP, ADD) for row in hunk.rows)
        hunk.counts = (max(0, old + random.randint(-4, 4)), max(0, new + random.randint(-4, 4)))
    return True


def drifted_space(random: Random, reply: Reply) -> bool:
    """Quoted lines with other white space between their words or before them."""
    done = False
    for row in [row for hunk in _hunks(reply) for row in hunk.quoted]:
        if row.text.strip() and random.random() < 0.5:
            text = _drifted(random, row.text)
            done, row.text = done or text != row.text, text
    return done


def shifted(random: Random, reply: Reply) -> bool:
    """A hunk as a whole further in or further out than the file has it."""
    done = False
    added = _added(reply)
    for hunk in _hunks(reply):
        filled = [row for row in hunk.rows if row.text.strip()]
        least = min((len(row.text) - len(row.text.lstrip(" ")) for row in filled), default=0)
        by = random.choice([n for n in (-least, -2, -1, 1, 2, 4) if n >= -least and n])
        done = True
        for row in filled:
            row.text = " " * by + row.text if by > 0 else row.text[-by:]
    return done and _added(reply) == added


def tabs(random: Random, reply: Reply) -> bool:
    """Tabs in place of the spaces that lines begin with."""
    width = random.choice((2, 4, 8))
    done = False
    added = _added(reply)
    for row in [row for hunk in _hunks(reply) for row in hunk.rows]:
        spaces = len(row.text) - len(row.text.lstrip(" "))
        row.text = "\t" * (spaces // width) + " " * (spaces % width) + row.text[spaces:]
        done = done or spaces >= width
    return done and _added(reply) == added


def trailing_space(random: Random, reply: Reply) -> bool:
    done = False
    for row in [row for hunk in _hunks(reply) for row in hunk.quoted]:
        if random.random() < 0.5:
            row.text += random.choice((" ", "  ", "\t"))
            done = True
    return done


def missing_context(random: Random, reply: Reply) -> bool:
    """Lines left out in the middle of what is quoted."""
    done = False
    for hunk in _hunks(reply):
        inner = [n for n in range(1, len(hunk.rows) - 1) if hunk.rows[n].sign == KEEP]
        if inner and len(hunk.quoted) > 2:
            at = random.choice(inner)
            del hunk.rows[at : at + random.choice((1, 1, 2)) if hunk.rows[at + 1].sign == KEEP else at + 1]
            done = True
    return done


def short_context(random: Random, reply: Reply) -> bool:
    """One line of context above or below, or none."""
    done = False
    for hunk in _hunks(reply):
        changed = [n for n, row in enumerate(hunk.rows) if row.sign != KEEP]
        first = max(0, changed[0] - random.choice((0, 1)))
        last = min(len(hunk.rows), changed[-1] + 1 + random.choice((0, 1)))
        if any(row.sign != ADD for row in hunk.rows[first:last]) and (first or last < len(hunk.rows)):
            hunk.rows = hunk.rows[first:last]
            hunk.start += first
            if hunk.number is not None:  # the head names what is above the hunk, which is not the same now
                hunk.number, hunk.within = hunk.number + first, ""
            done = True
    return done


def bare_blanks(random: Random, reply: Reply) -> bool:
    reply.style.bare_blanks = True
    return any(row.sign == KEEP and not row.text for hunk in _hunks(reply) for row in hunk.rows)


def fences_and_prose(random: Random, reply: Reply) -> bool:
    style = reply.style
    style.fence = random.choice(("```", "````", "~~~"))
    style.before = random.choice(("", *PROSE_BEFORE))
    if reply.format == "whole_file":  # there, a block of code without a name may be a file whose name was forgotten
        style.before = style.before.replace("```\nlet f x = x", "```sh\ngrep -r 'let f x' lib")
    style.after = random.choice(("", *PROSE_AFTER))
    style.info = {
        "unified_diff": random.choice(("diff", "patch", "diff")),
        "apply_patch": random.choice(("", "diff", "patch", "text")),
    }.get(reply.format, random.choice(("ocaml", "ml", "OCaml")))
    if reply.format != "apply_patch":
        style.between = random.choice(("", "And then:", "Next, the other place:"))
    return True


def crlf(random: Random, reply: Reply) -> bool:
    reply.style.line_end = "\r\n"
    return True


def quoted_paths(random: Random, reply: Reply) -> bool:
    quotes = {"unified_diff": ('"{}"', "`{}`"), "apply_patch": ("`{}`", '"{}"', "./{}")}
    marked = ("`{}`", "**{}**", "### {}", "File: {}", "**`{}`**:", '"{}"', "./{}")
    reply.style.path = random.choice(quotes.get(reply.format, marked))
    return True


def no_prefix(random: Random, reply: Reply) -> bool:
    reply.style.prefix = False
    return True


def elided(random: Random, reply: Reply) -> bool:
    """Three dots in place of lines that stay."""
    reply.style.elision = random.choice(("...", "(* ... *)", "…", "(* ... existing code ... *)", "..."))
    for file in reply.files:
        if file.kind == "whole":
            lines = file.text.split("\n")
            at = random.randrange(max(1, len(lines) - 6))
            lines[at : at + random.randint(3, 40)] = [reply.style.elision, ""]
            file.text, file.cut = "\n".join(lines), True
            return True
    done = False
    for hunk in _hunks(reply):
        runs = [(a, b) for a, b in _runs(hunk) if b - a >= 3]
        if runs:
            first, last = random.choice(runs)
            start = random.randint(first + 1, last - 2)
            end = random.randint(start + 1, last - 1)
            reply.style.indent = hunk.rows[start].text[
                : len(hunk.rows[start].text) - len(hunk.rows[start].text.lstrip())
            ]
            hunk.rows[start:end] = [Row(ELIDED, "")]
            done = True
    return done


def repeated(random: Random, reply: Reply) -> bool:
    """A block, or the text of a file, twice."""
    file = random.choice(reply.files)
    if file.kind == "change":
        file.hunks.append(random.choice(file.hunks).copy())
    else:
        reply.files.append(file)
    return True


def misquoted(random: Random, reply: Reply) -> bool:
    """One word that stays is remembered wrongly."""
    rows = [row for hunk in _hunks(reply) for row in hunk.rows if row.sign == KEEP and len(words(row.text)) > 2]
    if not rows:
        return False
    row = random.choice(rows)
    found = list(re.finditer(r"[A-Za-z_]\w*", row.text))
    if not found:
        return False
    word = random.choice(found)
    row.text = (
        row.text[: word.start()] + random.choice((word[0] + "s", "x", word[0][:-1] + "_t")) + row.text[word.end() :]
    )
    return True


KINDS: dict[str, tuple[Callable[[Random, Reply], bool], tuple[str, ...]]] = {
    "wrong line numbers": (wrong_numbers, ("unified_diff",)),
    "no line numbers": (missing_numbers, ("unified_diff",)),
    "wrong counts": (wrong_counts, ("unified_diff",)),
    "drifted white space": (drifted_space, BLOCKS),
    "shifted as a whole": (shifted, BLOCKS),
    "tabs": (tabs, BLOCKS),
    "trailing spaces": (trailing_space, BLOCKS),
    "missing lines of context": (missing_context, BLOCKS),
    "little context": (short_context, BLOCKS),
    "blank context without its space": (bare_blanks, DIFFS),
    "fences and prose": (fences_and_prose, ALL),
    "CRLF": (crlf, ALL),
    "quoted paths": (quoted_paths, ALL),
    "no a/ b/": (no_prefix, ("unified_diff",)),
    "elided ...": (elided, ALL),
    "a block twice": (repeated, ALL),
    "a word misquoted": (misquoted, BLOCKS),
}
"""Each kind with the formats that it can happen to."""

MIXABLE = tuple(name for name in KINDS if name not in ("a word misquoted", "a block twice"))


def _hunks(reply: Reply) -> list[Hunk]:
    return [hunk for file in reply.files for hunk in file.hunks]


def _added(reply: Reply) -> list[tuple[str, ...]]:
    """The tokens that are added: white space in a string that spans lines is not layout."""
    return [tokens("\n".join(row.text for row in hunk.rows if row.sign == ADD)) for hunk in _hunks(reply)]


def _runs(hunk: Hunk) -> list[tuple[int, int]]:
    """Where lines that stay follow one another: `[start, end)`."""
    runs, start = [], None
    for n, row in enumerate([*hunk.rows, Row(ADD, "")]):
        if row.sign == KEEP:
            start = n if start is None else start
        elif start is not None:
            runs.append((start, n))
            start = None
    return runs


def _drifted(random: Random, text: str) -> str:
    body = text.lstrip()
    indent = text[: len(text) - len(body)]
    if random.random() < 0.5:
        indent = " " * max(0, len(indent) + random.choice((-2, -1, 1, 2)))
    parts = _OUTSIDE_STRINGS.split(body)
    for n in range(0, len(parts), 2):  # the others are strings, whose white space is not layout
        if random.random() < 0.5:
            parts[n] = re.sub(r"(?<=\S) +(?=\S)", lambda m: random.choice((" ", "  ", m[0])), parts[n])
        elif _CODE.search(text):  # in the prose of a comment nobody puts spaces before commas
            parts[n] = re.sub(r"(?<=[\w)]) ?([,;:]) ?(?=[\w(])", random.choice((r"\1 ", r" \1 ", r"\1")), parts[n])
    return indent + "".join(parts)
