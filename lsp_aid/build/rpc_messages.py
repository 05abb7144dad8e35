"""What dune says over RPC, as values of ours.

dune sends a message as the tree of a pretty printer. It is laid out as dune prints it and read by the same parser as
printed output, so that both say the same; what RPC leaves out (numbers of warnings, say) is joined afterwards.
"""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from lsp_aid.build.csexp import Csexp, CsexpError
from lsp_aid.domain.build_status import Promotion
from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.ocaml.compiler_output import Read, parse
from lsp_aid.ocaml.generated import GRAMMARS

_NOWHERE = Range(Position(0, 0), Position(0, 0))
_CONTEXT = re.compile(r"_build/(?:\.sandbox/[^/]+/)?[^/.][^/]*/(?=.)")
_DIGITS = re.compile(rb"-?\d{1,18}")


class Progress(enum.StrEnum):
    WAITING = "waiting"  # nothing was built yet
    IN_PROGRESS = "in_progress"
    INTERRUPTED = "interrupted"  # files have changed; it starts anew
    SUCCESS = "success"
    FAILED = "failed"

    @property
    def is_complete(self) -> bool:
        return self in (Progress.SUCCESS, Progress.FAILED)


@frozen
class RpcDiagnostic:
    diagnostic: Diagnostic
    promotions: tuple[Promotion, ...]


def record(value: Csexp) -> Mapping[str, Csexp]:
    """A list of pairs as a mapping; an optional field that is there is its value. Raises CsexpError."""
    if isinstance(value, bytes):
        raise CsexpError("an atom where a record was expected")
    fields: dict[str, Csexp] = {}
    for pair in value:
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], bytes):
            raise CsexpError("a field that is no pair of a name and a value")
        fields[pair[0].decode("utf-8", "replace")] = pair[1]
    return fields


def variant(value: Csexp) -> tuple[str, Csexp]:
    """The name and the argument of a constructor. Raises CsexpError."""
    if isinstance(value, bytes):
        return atom(value), ()
    if len(value) == 2 and isinstance(value[0], bytes):
        return atom(value[0]), value[1]
    raise CsexpError("neither a constructor nor a constructor with its argument")


def items(value: Csexp) -> tuple[Csexp, ...]:
    """Raises CsexpError for an atom."""
    if isinstance(value, bytes):
        raise CsexpError("an atom where a list was expected")
    return value


def atom(value: Csexp) -> str:
    """Raises CsexpError for a list."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise CsexpError("a list where an atom was expected")


def integer(value: Csexp) -> int:
    """Raises CsexpError."""
    if not isinstance(value, bytes) or not _DIGITS.fullmatch(value):
        raise CsexpError("no number where one was expected")
    return int(value)


def progress(value: Csexp) -> Progress:
    """Raises CsexpError for a state that is not known."""
    try:
        return Progress(variant(value)[0])
    except ValueError:
        raise CsexpError(f"the state {variant(value)[0]!r} is not known") from None


def message_text(tree: Csexp) -> str:
    """The text of a message. Boxes are laid out vertically or on one line, whatever the width: readers collapse white
    space, and lines that dune wraps anywhere are no better. Raises CsexpError."""
    out: list[str] = []
    # What is still to be written: a tree, with the breaks of the box that it is in; or a text.
    todo: list[tuple[Csexp, str] | str] = [(tree, " ")]
    while todo:
        now = todo.pop()
        if isinstance(now, str):
            out.append(now)
            continue
        value, space = now
        name, argument = variant(value)
        match name:
            case "Verbatim" | "Text" | "Char":
                out.append(atom(argument))
            case "Newline":
                out.append("\n")
            case "Nop":
                pass
            case "Break":
                fits, breaks = items(argument)[:2] if len(items(argument)) >= 2 else ((), ())
                out.append(_break(fits, breaks, space))
            case "Seq":
                todo += ((part, space) for part in reversed(items(argument)))
            case "Concat":
                todo += reversed(_interspersed(argument, space))
            case "Box" | "Hvbox" | "Hovbox" | "Tag" if len(items(argument)) == 2:
                inner = " " if name in ("Box", "Hovbox") else space
                todo.append((items(argument)[1], inner))
            case "Vbox" if len(items(argument)) == 2:
                todo.append((items(argument)[1], "\n"))
            case "Hbox" | "Tag":  # before 3.17 a tag need not say which
                todo.append((argument, " " if name == "Hbox" else space))
            case _:
                raise CsexpError(f"the part {name!r} of a message is not known")
    return "".join(out)


def _interspersed(argument: Csexp, space: str) -> list[tuple[Csexp, str] | str]:
    parts = items(argument)
    if len(parts) != 2:
        raise CsexpError("a Concat is of a separator and a list")
    found: list[tuple[Csexp, str] | str] = []
    for part in items(parts[1]):
        if found:
            found.append((parts[0], space))
        found.append((part, space))
    return found


def _break(fits: Csexp, breaks: Csexp, space: str) -> str:
    """`fits` and `breaks` are each of a text, a number of blanks or of columns to indent by, and a text."""
    before, width, after = items(breaks if space == "\n" else fits)
    blanks = "\n" if space == "\n" else " " * max(0, min(integer(width), 80))
    return atom(before) + blanks + atom(after)


def diagnostic(value: Csexp, root: Path, read: Read) -> RpcDiagnostic:
    """One diagnostic of the project at `root`; `read` gives texts as `ocaml.compiler_output.parse` takes it.

    Raises CsexpError.
    """
    fields = record(value)
    text = message_text(fields.get("message", (b"Nop",))).strip()
    severity = atom(fields.get("severity", b"error"))
    word = "Warning" if severity == "warning" else "Error"
    text = text.removeprefix(f"{word}: ")  # dune's own messages have it, those of compilers do not
    promotions = tuple(_promotion(each, root) for each in items(fields.get("promotion", ())))
    where = fields.get("loc", ())
    head = _head(where, root) if where else ""
    found = parse(f"{head}\n{word}: {text}\n" if head else f"Error: {text}\n", read)
    path, place = (found[0].path, found[0].range) if found and head else ("", _NOWHERE)
    if word == "Warning" or not found or len(found) > 1:
        # The message has lines that look like a second one, or none at all: it stays whole.
        kind = Severity.WARNING if word == "Warning" else Severity.ERROR
        whole = Diagnostic(path, place, kind, text, "dune" if "directory" not in fields else "ocaml")
    else:
        whole = found[0]
    if promotions:
        whole = evolve(whole, source="dune")
    related = tuple(_related(each, root, read) for each in items(fields.get("related", ())))
    return RpcDiagnostic(evolve(whole, related=(*whole.related, *related)), promotions)


def _related(value: Csexp, root: Path, read: Read) -> Related:
    fields = record(value)
    text = message_text(fields.get("message", (b"Nop",))).strip()
    found = parse(f"{_head(fields.get('loc', ()), root)}\nError: x\n", read)
    path, place = (found[0].path, found[0].range) if found else ("", _NOWHERE)
    return Related(path, place, text)


def _promotion(value: Csexp, root: Path) -> Promotion:
    fields = record(value)
    return Promotion(atom(fields.get("in_build", b"")), _relative(atom(fields.get("in_source", b"")), root))


def _head(loc: Csexp, root: Path) -> str:
    """The place as dune prints it. Columns of both ends count from the start of the line that the position names."""
    fields = record(loc)
    start, stop = record(fields.get("start", ())), record(fields.get("stop", ()))
    path = _relative(atom(start.get("pos_fname", b"")), root).replace('"', "'")
    first, last = (max(1, integer(each.get("pos_lnum", b"1"))) for each in (start, stop))
    begin = integer(start.get("pos_cnum", b"0")) - integer(start.get("pos_bol", b"0"))
    # dune prints the end of a range of several lines, too, as counted from the start of its first line.
    end = integer(stop.get("pos_cnum", b"0")) - integer(start.get("pos_bol", b"0"))
    lines = f"line {first}" if last <= first else f"lines {first}-{last}"
    return f'File "{path}", {lines}, characters {max(0, begin)}-{max(0, begin, end)}:'


def _relative(path: str, root: Path) -> str:
    """A path below the root relative to it, and without the build folder; any other as it is."""
    prefix = f"{root}/"
    path = path.removeprefix(prefix)
    match = _CONTEXT.match(path)
    return path[match.end() :] if match else path


def without_doubles(found: Iterable[RpcDiagnostic]) -> tuple[RpcDiagnostic, ...]:
    """Each once, in order: dune before 3.24 tells some twice."""
    return tuple(dict.fromkeys(found))


def join(told: Sequence[RpcDiagnostic], printed: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics of `told`, each as it was printed where it was: with the warning's name, the hint and what is
    related. The same place and message means the same; RPC does not tell where in a grammar a message about generated
    code belongs, so that there the message is enough."""
    by_path: dict[str, list[Diagnostic]] = {}
    for each in printed:
        by_path.setdefault(each.path, []).append(each)
    joined = []
    for one in told:
        mine = one.diagnostic
        same = [other for other in reversed(by_path.get(mine.path, ())) if _same_message(mine, other)]
        here = [other for other in same if other.range.start.line == mine.range.start.line]
        found = here or (same if mine.path.endswith(GRAMMARS) else [])
        joined.append(found[0] if found else mine)
    return tuple(dict.fromkeys(joined))


def _same_message(told: Diagnostic, printed: Diagnostic) -> bool:
    mine, other = _words(told), _words(printed)
    return mine == other or (bool(mine) and (other.startswith(mine) or (bool(other) and mine.startswith(other))))


def _words(each: Diagnostic) -> str:
    return re.sub(r"\s+", "", each.message)
