"""Diffs applied as git applies them: byte for byte, at the lines that they name.

What a program wrote means just what it says, also of line ends, of the end of a file, of a BOM and of lines like `...`.
Only what does not fit so, as a model's diff with wrong numbers, is for the readers in `editformats`, and for `placing`.
The format: git's documentation, "Generating patch text with -p", and `git apply --help`.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from attrs import define, field, frozen

from lsp_aid.config import EditSettings
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import View
from lsp_aid.edits.containment import check_path
from lsp_aid.edits.limits import check_limits

_HUNK = re.compile(r"@@ -(?P<old>\d{1,9})(?:,(?P<olds>\d{1,9}))? \+(?P<new>\d{1,9})(?:,(?P<news>\d{1,9}))? @@(?: .*)?")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_MOVE = re.compile(r"(?P<kind>rename|copy) (?P<end>from|to) (?P<path>.+)")
_MODE = re.compile(r"(?P<what>old mode|new mode|new file mode|deleted file mode) (?P<mode>100644|100755)")
_OTHER = re.compile(r"(?:dis)?similarity index \d+%|index [0-9a-f]+\.\.[0-9a-f]+(?: 100644| 100755)?")
_TRAILER = re.compile(r"-- |\d+(\.[\w-]+)+|")
"""What `git format-patch` writes below a patch."""
_NOWHERE = "/dev/null"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class _OtherFormError(Exception):
    """It is no such diff, or does not fit so."""


@frozen
class _Hunk:
    """`[start, start + len(old))` of the lines before becomes `new`. Lines have their ends."""

    start: int
    old: list[str]
    new: list[str]


@define
class _Section:
    """What is said of one file. `old` and `new` are its paths, None where it is not there before or behind."""

    old: str | None
    new: str | None
    move: str = ""
    executable: bool | None = None
    hunks: list[_Hunk] = field(factory=list)


def apply_exactly(view: View, diff: str, limits: EditSettings) -> ChangeSet | None:
    """The changes of a diff, in git's form or as `diff -u` writes it, that fits byte for byte; None for any other text.

    Raises OutsideError, EditError (too large, no text), FileUnreadableError.
    """
    try:
        sections = _sections(diff.split("\n"))
        changes = _applied(view, sections) if sections else None
    except _OtherFormError:
        return None
    if changes is not None:
        check_limits(changes, limits)
    return changes


# --- reading ---


@define
class _Lines:
    """The lines of a diff, and which is next."""

    lines: list[str]
    at: int = 0

    @property
    def next(self) -> str | None:
        """None at the end; the last line feed ends a line and begins none."""
        left = len(self.lines) - self.at
        return None if left == 0 or (left == 1 and not self.lines[-1]) else self.lines[self.at]

    def take(self) -> str:
        line = self.next
        if line is None:
            raise _OtherFormError
        self.at += 1
        return line

    def is_head(self) -> bool:
        """Whether two lines that name files, and a hunk's head, are next."""
        three = self.lines[self.at : self.at + 3]
        return len(three) == 3 and all(map(str.startswith, three, ("--- ", "+++ ", "@@ -")))


def _sections(lines: list[str]) -> list[_Section]:
    rest, found = _Lines(lines), []
    while (line := rest.next) is not None:
        if line.startswith("diff --git ") or rest.is_head():
            found.append(_section(rest))
        elif not found or _TRAILER.fullmatch(line):  # what a message says above, and what ends a patch
            rest.take()
        else:
            raise _OtherFormError
    return found


def _section(rest: _Lines) -> _Section:
    section, is_told = _Section(None, None), False
    if (rest.next or "").startswith("diff --git "):
        section.old = section.new = _same_path(rest.take().removeprefix("diff --git "))
        is_told = True
        _header(rest, section)
    if rest.is_head():
        old, new = (_path(rest.take()[4:]) for _ in range(2))
        if not is_told:
            section.old, section.new = _paths(old, new)
        elif (old == _NOWHERE) != (section.old is None) or (new == _NOWHERE) != (section.new is None):
            raise _OtherFormError
        while _HUNK.fullmatch(rest.next or ""):
            section.hunks.append(_hunk(rest))
    return section


def _header(rest: _Lines, section: _Section) -> None:
    """The lines between `diff --git` and the first hunk. Their paths bear no prefix."""
    told: dict[str, str] = {}
    while (line := rest.next) is not None:
        if move := _MOVE.fullmatch(line):
            section.move = move["kind"]
            told[move["end"]] = _path(move["path"])
        elif mode := _MODE.fullmatch(line):
            if mode["what"] == "new file mode":
                section.old, section.executable = None, mode["mode"] == "100755" or None
            elif mode["what"] == "deleted file mode":
                section.new = None
            elif mode["what"] == "new mode":
                section.executable = mode["mode"] == "100755"
        elif not _OTHER.fullmatch(line):
            break
        rest.take()
    if section.move:
        if {*told} != {"from", "to"} or told["from"] == told["to"]:
            raise _OtherFormError
        section.old, section.new = told["from"], told["to"]
    elif not (section.old or section.new):
        raise _OtherFormError


def _same_path(names: str) -> str:
    """The path that both names of a `diff --git` line tell, with any prefixes or none; empty for those of a move."""
    if quoted := re.fullmatch(rf"(?P<old>{_QUOTED.pattern}|\S+) (?P<new>{_QUOTED.pattern}|\S+)", names):
        old, new = _path(quoted["old"]), _path(quoted["new"])
    else:
        half = len(names) // 2
        old, new = names[:half], names[half + 1 :]
    if old == new:
        return old
    old, new = old.partition("/")[2], new.partition("/")[2]
    return old if old == new else ""


def _paths(old: str, new: str) -> tuple[str | None, str | None]:
    """The paths that the two lines of `diff -u` tell."""
    if old != new and _NOWHERE in (old, new):
        path = new if old == _NOWHERE else old
        path = path[2:] if path[:2] in ("a/", "b/") else path
        return (None, path) if old == _NOWHERE else (path, None)
    if old != new:
        old, new = old.partition("/")[2], new.partition("/")[2]
    if old in ("", _NOWHERE) or old != new:
        raise _OtherFormError
    return old, new


def _path(text: str) -> str:
    """A name as git writes it, in quotes where it holds more than plain characters. `diff -u` adds the time."""
    if quoted := _QUOTED.match(text):
        raw = bytearray()
        at = 0
        for escape in _ESCAPE.finditer(quoted[1]):
            raw += quoted[1][at : escape.start()].encode("utf-8", "surrogateescape")
            code = int(escape[1], 8) if escape[1].isdigit() else _ESCAPES.get(escape[1], -1)
            if not 0 <= code < 256:
                raise _OtherFormError
            raw.append(code)
            at = escape.end()
        raw += quoted[1][at:].encode("utf-8", "surrogateescape")
        return raw.decode("utf-8", "surrogateescape")
    return text.split("\t")[0]


def _hunk(rest: _Lines) -> _Hunk:
    head = _HUNK.fullmatch(rest.take())
    assert head is not None
    olds, news = (int(head[name] or 1) for name in ("olds", "news"))
    old: list[str] = []
    new: list[str] = []
    while len(old) < olds or len(new) < news:
        line = rest.take()
        sign, text = line[:1] or " ", f"{line[1:]}\n"
        if sign not in (" ", "-", "+"):
            raise _OtherFormError
        if (rest.next or "").startswith("\\ "):
            rest.take()
            text = text.removesuffix("\n")
        if sign != "+":
            old.append(text)
        if sign != "-":
            new.append(text)
    if len(old) != olds or len(new) != news:
        raise _OtherFormError
    return _Hunk(int(head["old"]) - (olds > 0), old, new)


# --- applying ---


def _applied(view: View, sections: list[_Section]) -> ChangeSet:
    after: dict[str, str] = {}
    modes: dict[str, bool | None] = {}
    gone: dict[str, None] = {}
    for section in sections:
        path, origin = section.new, section.old
        lines = _LINE.findall(_read(view, origin)) if origin is not None else []
        text = "".join(_with_hunks(lines, section.hunks))
        if path is None and text:
            raise _OtherFormError
        if path in after or (origin in gone and not section.move):
            raise _OtherFormError  # one file in two sections
        if origin is not None and origin != path and section.move != "copy":
            gone[origin] = None
        if path is not None:
            after[path], modes[path] = text, _executable(view, section)
    for section in sections:
        if section.new is not None and section.new != section.old:
            _check_free(view, section.new, gone)
    return ChangeSet(_changes(view, after, modes, gone))


def _changes(
    view: View, after: Mapping[str, str], modes: Mapping[str, bool | None], gone: Mapping[str, None]
) -> Iterator[FileChange]:
    """What is deleted comes first: it may make room for a folder, or a file, of its name."""
    for path in gone:
        if path not in after:
            yield FileChange(path, view.read(path), None, False if _can_run(view, path) else None)
    for path, text in after.items():
        before = view.read(path) if view.exists(path) else None
        if before != text or modes[path] is not None:
            yield FileChange(path, before, text, modes[path])


def _with_hunks(lines: list[str], hunks: list[_Hunk]) -> Iterator[str]:
    at = 0
    for hunk in hunks:
        if hunk.start < at or lines[hunk.start : hunk.start + len(hunk.old)] != hunk.old or hunk.start > len(lines):
            raise _OtherFormError
        yield from lines[at : hunk.start]
        yield from hunk.new
        at = hunk.start + len(hunk.old)
    yield from lines[at:]


def _executable(view: View, section: _Section) -> bool | None:
    """Whether the file can be run afterwards; None where that is as before, and for a new file that cannot."""
    if section.old is None:
        return section.executable
    can_run = _can_run(view, section.old)
    becomes = can_run if section.executable is None else section.executable
    if section.move:
        return becomes or None
    return None if becomes == can_run else becomes


def _can_run(view: View, path: str) -> bool:
    return os.access(view.root / path, os.X_OK)


def _read(view: View, path: str) -> str:
    _check_plain(view.root, path)
    if not view.exists(path):
        raise _OtherFormError
    return view.read(path)


def _check_free(view: View, path: str, gone: Mapping[str, None]) -> None:
    """Whether a file can be made there: what stands there goes, a folder with all that it holds."""
    _check_plain(view.root, path)
    taken = [path, *(parent.as_posix() for parent in PurePosixPath(path).parents)]
    if any(view.exists(one) and one not in gone for one in taken):
        raise _OtherFormError
    if (view.root / path).is_dir() and any(one.startswith(f"{path}/") and one not in gone for one in view.paths()):
        raise _OtherFormError


def _check_plain(root: Path, path: str) -> None:
    """Raises OutsideError for what is no file of the project. One that a link leads to is for others."""
    if check_path(root, path) != path or Path(os.path.realpath(root / path)) != root / path:
        raise _OtherFormError
