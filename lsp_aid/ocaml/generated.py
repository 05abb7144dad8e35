"""Messages about generated code, at the source that it was made from.

ocamllex, ocamlyacc and menhir tell the compiler by line directives which of their code is the user's, so that most
messages name the `.mll` or `.mly` by themselves. What they wrote of their own, such as the function of a rule, has no
directive: the message names a file that is not in the source tree. The text that it points at leads back.
"""

import posixpath
import re
from collections.abc import Callable, Iterator

from attrs import frozen

from lsp_aid.domain.text import Position, Range, SourceText

Read = Callable[[str], str | None]

GRAMMARS = (".mll", ".mly")
_MADE_FROM: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"__mock\.ml\.mock", (".mly",)),
    (r"\.pp\.ml", (".ml",)),
    (r"\.pp\.mli", (".mli",)),
    (r"\.mli?", GRAMMARS),
)
_WORD = re.compile(r"[\w'$][\w'.$]*")
_YACC = re.compile(r"\(ocamlyacc\s+(?:\(modules\s+)?([\w\s]+)\)")
_AT_LEAST = 4  # characters of a line, for it to be looked for
_PARAMETER = re.compile(r"\b_(\d+)\b")


@frozen
class Pointed:
    """What a message points at in the generated code: the text itself, empty where it is not known, the line that it
    stands on, and the number of that line, from 0. `directed`: the line and its number are the source's, since a
    directive before it says so."""

    text: str = ""
    line: str = ""
    number: int = 0
    directed: bool = False


def source_of(path: str, read: Read) -> str | None:
    """The file of the user's that a generated one was made from; None for a file of the user's and where none is known.

    `read` gives the text of a source file, None where there is none.
    """
    if read(path) is not None:
        return None
    for pattern, extensions in _MADE_FROM:
        if match := re.search(f"{pattern}$", path):
            for extension in extensions:
                if read(path[: match.start()] + extension) is not None:
                    return path[: match.start()] + extension
    rule = posixpath.join(posixpath.dirname(path), "dune")
    return rule if _occurs(posixpath.basename(path), read(rule) or "") else None


def place_in(source: str, text: str, pointed: Pointed, generated: str) -> Range:
    """Where in the file `source` the text stands that was pointed at in `generated`. The file's first line where it is
    not to be found: the user is to see the message."""
    where = SourceText(text)
    if posixpath.basename(source) == "dune":
        start, end = next(_occurrences(posixpath.basename(generated), text))
        return where.range(start, end)
    line, start = where.line(pointed.number), where.offset(Position(pointed.number, 0))
    if pointed.directed:  # `( n )` stands for `{ n }`, in the same columns
        column = len(pointed.line) - len(pointed.line.lstrip())
        return where.range(min(start + column, start + len(line)), start + min(len(pointed.line), len(line)))
    in_place = source.endswith((".ml", ".mli")) or pointed.line.strip() == line.strip()
    if pointed.text and in_place and line.count(pointed.text) == 1:
        start += line.index(pointed.text)
        return where.range(start, start + len(pointed.text))
    for start, end in _found(source, text, pointed):
        return where.range(start, end)
    return where.range(0, len(where.line(0)))


def grammar_with(dune: str, message: str, read: Read) -> tuple[str, Range] | None:
    """Of the grammars that a dune file gives to ocamlyacc, the one with the symbol that a message tells of, and where;
    the only one where it tells of none. None where that is not known."""
    names = [name for match in _YACC.finditer(read(dune) or "") for name in match[1].split()]
    paths = [posixpath.join(posixpath.dirname(dune), f"{name}.mly") for name in names]
    texts = {path: text for path in paths if (text := read(path)) is not None}
    if quoted := re.search(r"`([\w']+)'", message):
        for path, text in texts.items():
            for start, end in _occurrences(quoted[1], text):
                return path, SourceText(text).range(start, end)
    for path, text in texts.items() if len(texts) == 1 else ():
        return path, SourceText(text).range(0, len(SourceText(text).line(0)))
    return None


def _found(source: str, text: str, pointed: Pointed) -> Iterator[tuple[int, int]]:
    """The places that may be meant, the likeliest first."""
    wanted = pointed.text.strip()
    if source.endswith(".mly"):
        wanted = _PARAMETER.sub(r"$\1", wanted)
    if _WORD.fullmatch(wanted):
        for head in _HEADS.get(source[-4:], ()):
            for match in re.finditer(head.format(name=re.escape(wanted)), text, re.MULTILINE):
                yield match.span("name")
        yield from _occurrences(wanted, text)
    for piece in (wanted, pointed.line.strip()):
        if len(piece) >= _AT_LEAST and (start := text.find(piece)) >= 0:
            yield start, start + len(piece)


_HEADS = {
    ".mll": (r"^[ \t]*(?:rule|and)\s+(?P<name>{name})\b",),
    ".mly": (
        r"^%\w+[^\n]*?(?<![\w'])(?P<name>{name})(?![\w'])",
        r"^[^\S\n]*(?:%\w+[^\S\n]+)*(?P<name>{name})\s*(?:\([^)]*\)\s*)?:",
    ),
}
"""What defines a name in a grammar."""


def _occurs(word: str, text: str) -> bool:
    return next(_occurrences(word, text), None) is not None


def _occurrences(word: str, text: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(rf"(?<![\w'.$/-]){re.escape(word)}(?![\w'/-])", text):
        yield match.span()
