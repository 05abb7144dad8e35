"""Unified diffs as models write them: counts that are wrong or missing, fences, CRLF, lines without their space.

The counts and line numbers of a hunk's head are hints: its lines are taken as they stand, and placed by their content.
"""

import itertools
import re

from attrs import define, field

from lsp_aid.domain.reply import Block, Blocks, Delete
from lsp_aid.editformats.markup import Fence, HunkHead, block_of, fence_in, hunk_head, path_in, path_in_info, unquoted
from lsp_aid.editformats.reader import Reader
from lsp_aid.errors import NotTextError

_NEW = re.compile(r"\+\+\+ (?P<path>.+)")
_METADATA = re.compile(r"(index|old mode|new mode|new file mode|deleted file mode|(dis)?similarity index) ")
_MOVE = re.compile(r"(?P<kind>rename|copy) (?P<end>from|to) (?P<path>.+)")
_MODE = re.compile(r"(?P<kind>(?:old|new|new file|deleted file) mode|index [0-9a-f]+\.\.[0-9a-f]+) (?P<mode>\d{6})\s*")
_PLAIN, _EXECUTABLE = "100", "100755"
_BINARY = "GIT binary patch"
_BINARY_UNTOLD = re.compile(r"Binary files .* differ")
_SOURCE = ("ocaml", "ml", "mli", "reason", "dune", "dune-project", "opam")
_BULLET = re.compile(r"[-+] [^ ]")
_CURE = "Write the diff in one fenced block, each hunk below its `---`, `+++` and `@@` lines."


@define
class _Section:
    """One file of the diff."""

    old: str | None = None
    new: str | None = None
    mode: str = ""
    executable: bool | None = None
    move: str = ""  # how git says that the file is made of the old one: `rename`, `copy`
    blocks: list[Block] = field(factory=list)
    growth: int = 0  # by how many lines the hunks so far make the file longer

    @property
    def path(self) -> str | None:
        return self.new or self.old

    @property
    def origin(self) -> str | None:
        return self.old if self.move else None

    @property
    def is_new(self) -> bool:
        return self.old is None or self.mode == "new"

    @property
    def is_gone(self) -> bool:
        return self.new is None or self.mode == "deleted"


@define
class _Hunk:
    """A hunk in the middle of being read. Outside a fence, `left` are the lines that its counts still promise."""

    head: HunkHead
    is_fenced: bool
    lines: list[str] = field(factory=list)
    left: list[int] | None = None
    doubtful: int | None = None  # outside a fence: the first line that may be prose as well

    @property
    def is_full(self) -> bool:
        return self.left is not None and self.left[0] <= 0 and self.left[1] <= 0

    def add(self, line: str) -> None:
        self.lines.append(line)
        if self.left is not None and line[:1] != "\\":
            self.left[0] -= line[:1] != "+"
            self.left[1] -= line[:1] != "-"


@define
class UnifiedDiff(Reader):
    NAME = "unified_diff"
    INSTRUCTIONS = """\
Write all edits as one unified diff in a fenced block, with the files' paths as they are given:

```diff
--- a/lib/stack.ml
+++ b/lib/stack.ml
@@ -3,3 +3,3 @@
 let push x s =
-  x :: s
+  if List.mem x s then s else x :: s
 let empty = []
```

- Lines of context begin with a space and repeat the file exactly; give about three above and below each change.
- All hunks refer to the files as they are shown. Leave nothing out with `...`.
- A file is created with `--- /dev/null` and deleted with `+++ /dev/null`."""

    _held: list[str] = field(factory=list)  # lines that may turn out to name a file
    _fence: Fence | None = None
    _is_text: bool | None = False  # inside a fence of source code that begins as no diff; None before its first line
    _section: _Section | None = None
    _hunk: _Hunk | None = None
    _is_adjacent: bool = False  # nothing stands between the last hunk outside a fence and this line

    def line(self, line: str) -> None:
        """A deleted `-- x` above an added `++ y` looks like a file's name; a hunk below it settles the matter."""
        if self._is_text is None and line.strip():
            self._is_text = not line.startswith(("--- ", "@@", "diff --git ")) and fence_in(line) is None
        if self._is_text:  # a diff in it is a part of that file
            assert self._fence is not None
            if self._fence.is_closed_by(line):
                self._fence, self._is_text = None, False
            self.prose.append(line)
            return
        if not self._held:
            if line[:4] == "--- ":
                self._held = [line]
            else:
                self._plain(line)
            return
        if len(self._held) == 1 and _NEW.match(line):
            self._held.append(line)
            if "/dev/null" in (_path(self._held[0][4:]), _path(line[4:])) or None in map(_path_of, self._held):
                self._head()
            return
        if len(self._held) > 1 and not line.strip():
            self._held.append(line)
            return
        if len(self._held) > 1 and line.startswith("@@"):
            self._head()
        held, self._held = self._held, []
        for one in held:
            self._plain(one)
        if line[:4] == "--- ":
            self._held = [line]
        else:
            self._plain(line)

    def end(self) -> None:
        held, self._held = self._held, []
        for line in held:
            self._plain(line)
        if self._hunk and self._hunk.is_fenced:
            self.fail("The fenced block of the diff is not closed", _CURE)
        self._close_hunk()
        self._close_section()

    def _head(self) -> None:
        """Two lines name the files."""
        self._close_hunk()
        self.is_recognised = True
        old, new = _without_prefixes(_path_of(self._held[0]), _path_of(self._held[1]))
        self._held = []
        section, above = _Section(old, new), self._section
        if above and not above.blocks and above.path in (None, new or old):  # the `diff --git` line
            section.mode, section.executable, section.move = above.mode, above.executable, above.move
            self._section = None
        self._begin(section)

    def _begin(self, section: _Section) -> None:
        self._close_section()
        self._section = section

    def _plain(self, line: str) -> None:
        if self._hunk is not None and (self._in_fence(line) if self._hunk.is_fenced else self._bare(line)):
            return
        if not line.strip():
            self._is_adjacent = False
            self.prose.append(line)
        elif fence := fence_in(line):
            self._fence = None if self._fence else fence
            self._is_text = None if self._fence and fence.info.split(" ")[0].lower() in _SOURCE else False
            self._is_adjacent = False
            self.prose.append(line)
        elif line.rstrip() == _BINARY and self._section:
            self.is_recognised = True
            self.problem = self.problem or NotTextError("The diff changes a binary file", "Leave that file out.")
        elif _BINARY_UNTOLD.match(line) and self._section:
            self.is_recognised = True
            self.fail("The diff does not say what a binary file becomes", "Leave that file out.")
        elif (move := _MOVE.fullmatch(line)) and self._section:
            self._move(move, self._section)
        elif line.startswith("diff --git "):
            self._begin(_Section(*_git_paths(line)))
        elif line.startswith("@@"):
            self._begin_hunk(line)
        elif _METADATA.match(line) and self._section:
            self._metadata(line, self._section)
        elif self._section and line[:1] in ("+", "-") and (self._fence or self._is_adjacent):
            self.fail(f"A line of the diff belongs to no hunk: {line[:80]!r}", _CURE)
        else:
            self.prose.append(line)

    def _move(self, told: re.Match[str], section: _Section) -> None:
        """One of the two lines by which git says that a file is renamed or copied. Its paths bear no prefixes."""
        self.is_recognised = True
        section.move = told["kind"]
        if told["end"] == "from":
            section.old = _path(told["path"])
        else:
            section.new = _path(told["path"])

    def _metadata(self, line: str, section: _Section) -> None:
        if " file mode " in line[:20]:
            section.mode = line.split(" ")[0]
            self.is_recognised = self.is_recognised or section.mode in ("new", "deleted")
        if (told := _MODE.fullmatch(line)) is None:
            return
        if not told["mode"].startswith(_PLAIN):
            self.is_recognised = True
            self.fail(
                f"{section.path} is no plain file: its mode is {told['mode']}", "Write plain files, and no links."
            )
        elif told["kind"].startswith("new"):
            is_changed = told["kind"] == "new mode"
            self.is_recognised = self.is_recognised or is_changed
            section.executable = True if told["mode"] == _EXECUTABLE else False if is_changed else None

    # --- hunks ---

    def _begin_hunk(self, line: str) -> None:
        if self._section is None and self._fence and (path := self._path_above()):
            self.is_recognised = True
            self._section = _Section(path, path)
        if self._section is None:
            self.fail("A hunk stands below no file's name", _CURE)
            self.prose.append(line)
            return
        self.is_recognised = True
        head = hunk_head(line)
        self._hunk = _Hunk(head, self._fence is not None)
        if head.olds is not None and head.news is not None:
            self._hunk.left = [head.olds, head.news]

    def _path_above(self) -> str | None:
        """The path in or above the fence of a diff that names no file itself."""
        assert self._fence is not None
        if self._fence.info.split(" ")[0].lower() not in ("diff", "patch", "udiff"):
            return None
        above = list(itertools.islice((line for line in reversed(self.prose) if line.strip()), 2))
        return path_in_info(self._fence.info) or (path_in(above[1]) if len(above) > 1 else None)

    def _in_fence(self, line: str) -> bool:
        """All up to the next hunk, file or fence. A line without a sign is context that has lost its space."""
        assert self._hunk is not None
        if _ends_hunk(line):
            self._close_hunk()
            return False
        self._hunk.add(line if line[:1] in (" ", "+", "-", "\\", "") else f" {line}")
        return True

    def _bare(self, line: str) -> bool:
        """Outside a fence the counts tell where the diff ends and prose goes on. Where they are wrong, a line without a
        sign ends it."""
        hunk = self._hunk
        assert hunk is not None
        if _ends_hunk(line):
            self._close_hunk()
            return False
        signed = line[:1] in (" ", "+", "-", "\\")
        if hunk.is_full and line[:1] != "\\":
            blank_above = hunk.lines[-1] == "" if hunk.lines else False
            if line.strip() and (not signed or (blank_above and _BULLET.match(line))):
                self._close_hunk()
                return False
        elif line and not signed and hunk.doubtful is None:
            if hunk.left is None:
                self._close_hunk()
                return False
            hunk.doubtful = len(hunk.lines)
        hunk.add(line)
        return True

    def _close_hunk(self) -> None:
        hunk, self._hunk = self._hunk, None
        if hunk is None or self._section is None:
            return
        if not hunk.is_fenced:
            self._close_bare(hunk)
        lines = hunk.lines
        del lines[_filled(lines) :]  # an empty line before the end of the hunk is layout
        body = [line if line[:1] in (" ", "+", "-") else f" {line}" for line in lines if line[:1] != "\\"]
        ends_without = any(n and lines[n - 1][:1] in ("+", " ") for n, text in enumerate(lines) if text[:1] == "\\")
        block = block_of(body, self._number(hunk.head, body), hunk.head.within)
        section = self._section
        section.growth += sum(line[0] == "+" for line in body) - sum(line[0] == "-" for line in body)
        if block is None:
            self.fail(
                "A hunk has neither lines that begin with + nor lines that begin with -",
                "Leave out hunks without a change.",
            )
            return
        if ends_without and section.is_new:  # in a file that exists, its end stays as it is
            block = Block(block.search, block.replace.removesuffix("\n"), block.line, block.within)
        section.blocks.append(block)
        if section.path and not section.is_new and not section.is_gone and not self.problem:
            self.edits.append(Blocks(section.path, (block,), section.executable, section.origin))

    def _close_bare(self, hunk: _Hunk) -> None:
        """Takes from the end of a hunk outside a fence what is prose."""
        trailing = len(hunk.lines) - _filled(hunk.lines)
        is_right = hunk.left is not None and max(hunk.left) <= 0 and min(hunk.left) >= -trailing
        if hunk.doubtful is not None and not is_right:
            self.prose += hunk.lines[hunk.doubtful :]
            if any(line[:1] in ("+", "-") for line in hunk.lines[hunk.doubtful :]):
                self.fail("It is not clear where a hunk outside a fenced block ends", _CURE)
            hunk.lines = hunk.lines[: hunk.doubtful]
        lines = hunk.lines[: _filled(hunk.lines)]
        below = list(itertools.takewhile(bool, reversed(lines)))  # what stands below the last empty line
        if not is_right and len(below) < len(lines) and all(_BULLET.match(line) for line in below):
            self.fail("It is not clear where a hunk outside a fenced block ends", _CURE)
        self._is_adjacent = not trailing and hunk.doubtful is None

    def _number(self, head: HunkHead, body: list[str]) -> int | None:
        """The line that a hunk is said to begin on, from 0. Where its two numbers do not agree, neither is believed."""
        assert self._section is not None
        if head.old is None or head.new is None:
            return None
        olds, news = sum(line[0] != "+" for line in body), sum(line[0] != "-" for line in body)
        old, new = head.old - (olds > 0), head.new - (news > 0)
        if new - old != self._section.growth:
            return None
        return old

    def _close_section(self) -> None:
        section, self._section = self._section, None
        if section is None:
            return
        path = section.path
        if path is None:
            self.fail("A part of the diff names no file", _CURE)
        elif section.move:
            self._close_move(section, path)
        elif section.old and section.new and section.old != section.new:
            self.fail(f"The diff renames {section.old} to {section.new}", "Delete the one file and create the other.")
        elif section.is_gone:
            if any(block.replace for block in section.blocks):
                self.fail(f"The diff deletes {path}, and yet keeps lines in it", _CURE)
            text = "".join(block.search for block in dict.fromkeys(section.blocks))
            self.edits.append(Delete(path, text))
        elif section.is_new:
            if any(block.search for block in section.blocks) or len(set(section.blocks)) > 1:
                self.fail(f"The diff creates {path}, and yet expects lines in it", _CURE)
            else:
                blocks = tuple(section.blocks[:1]) or (Block("", ""),)
                self.edits.append(Blocks(path, blocks, section.executable))
        elif not section.blocks and section.executable is not None:
            self.edits.append(Blocks(path, (), section.executable))
        elif not section.blocks:
            self.fail(f"The diff holds no hunk for {path}", _CURE)

    def _close_move(self, section: _Section, path: str) -> None:
        if section.old is None or section.new is None or section.old == section.new:
            self.fail(f"The diff does not say what {path} is made of, or becomes", _CURE)
            return
        if not section.blocks:
            self.edits.append(Blocks(path, (), section.executable, section.old))
        if section.move == "rename":
            self.edits.append(Delete(section.old))


def _filled(lines: list[str]) -> int:
    """How many lines there are without the empty ones at the end."""
    return next((n for n in range(len(lines), 0, -1) if lines[n - 1]), 0)


def _ends_hunk(line: str) -> bool:
    return (
        line.startswith(("@@ ", "diff --git "))
        or line.rstrip() == "@@"
        or (line[:1] in ("`", "~") and fence_in(line) is not None)  # with a space before it, it is context
    )


def _git_paths(line: str) -> tuple[str | None, str | None]:
    """The paths of a `diff --git` line; both are the same unless the file is renamed."""
    rest = line.removeprefix("diff --git ").strip()
    if rest.startswith('"'):
        names = re.findall(r'"(?:[^"\\]|\\.)*"', rest)
        old, new = (_path(name) for name in names) if len(names) == 2 else (None, None)
    else:
        half = len(rest) // 2
        old, new = rest[:half], rest[half + 1 :]
    old, new = _without_prefixes(old, new)
    return (old, new) if old == new else (None, None)


def _without_prefixes(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Without git's `a/` and `b/`, of which models forget one at times."""
    if old is None or new is None:
        return (old and old.removeprefix("a/"), new and new.removeprefix("b/"))
    if old.startswith("a/") and new in (f"b/{old[2:]}", old[2:]):
        return old[2:], old[2:]
    if new == f"b/{old}":
        return old, old
    if old.startswith("a/") and new.startswith("b/"):
        return old[2:], new[2:]
    return old, new


def _path_of(line: str) -> str | None:
    return _path(line[4:])


def _path(text: str) -> str | None:
    """The path behind `---` or `+++`, without a time stamp; None for /dev/null."""
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        octal = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text[1:-1])
        plain = re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), octal)
        text = (
            plain.encode("latin-1", errors="ignore").decode("utf-8", errors="replace") if plain != text[1:-1] else plain
        )
    else:
        text = unquoted(text.split("\t")[0])
    return None if text == "/dev/null" else text
