"""Unified diffs as models write them: counts that are wrong or missing, fences, CRLF, lines without their space.

The counts and line numbers of a hunk's head are hints: its lines are taken as they stand, and placed by their content.
"""

import re
from collections.abc import Iterable

from attrs import define, field

from lsp_aid.domain.reply import Block, Blocks, Delete, FileEdit, Reply
from lsp_aid.editformats.markup import block_of, fence_in, without_empty_fences
from lsp_aid.errors import ReplyFormatError

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

_OLD = re.compile(r"--- (?P<path>.+)")
_NEW = re.compile(r"\+\+\+ (?P<path>.+)")
_HUNK = re.compile(r"@@ -(?P<line>\d+)(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))? @@(?P<within>.*)")
_BARE_HUNK = re.compile(r"@@(?P<within>.*)")
_METADATA = re.compile(r"(diff --git|index|old mode|new mode|new file mode|deleted file mode|similarity index) ")
_REFUSED = re.compile(r"(rename (from|to)|copy (from|to)|GIT binary patch|Binary files) ?")
_CURE = "Write the diff in one fenced block, each hunk below its `---`, `+++` and `@@` lines."


def recognises(text: str) -> bool:
    lines = text.split("\n")
    return any(_is_head(lines, at) for at in range(len(lines))) or any(
        line.startswith(("deleted file mode ", "new file mode ")) for line in lines
    )


def read(text: str) -> Reply:
    """The diff in a reply. Raises ReplyFormatError."""
    reader = _Reader(text.split("\n"))
    while reader.at < len(reader.lines):
        reader.step()
    edits = (edit for section in [*reader.done, reader.section] if section for edit in section.edits())
    return Reply("\n".join(without_empty_fences(reader.prose)).strip(), _merged(edits))


@define
class _Section:
    """One file of the diff."""

    old: str | None = None
    new: str | None = None
    mode: str = ""
    blocks: list[Block] = field(factory=list)

    def edits(self) -> Iterable[FileEdit]:
        path = self.new or self.old
        if path is None:
            raise ReplyFormatError("A part of the diff names no file", _CURE)
        if self.old and self.new and self.old != self.new:
            raise ReplyFormatError(
                f"The diff renames {self.old} to {self.new}", "Delete the one file and create the other."
            )
        if self.new is None or self.mode == "deleted":
            return [Delete(path)]
        if self.old is None or self.mode == "new":
            if any(block.search for block in self.blocks) or len(self.blocks) > 1:
                raise ReplyFormatError(f"The diff creates {path}, and yet expects lines in it", _CURE)
            return [Blocks(path, tuple(self.blocks) or (Block("", ""),))]
        if not self.blocks:
            raise ReplyFormatError(f"The diff holds no hunk for {path}", _CURE)
        return [Blocks(path, tuple(self.blocks))]


@define
class _Reader:
    lines: list[str]
    at: int = 0
    fence: bool = False
    section: _Section | None = None
    done: list[_Section] = field(factory=list)
    prose: list[str] = field(factory=list)

    def step(self) -> None:
        line = self.lines[self.at]
        if fence_in(line):
            self.fence = not self.fence
            self.prose.append(line)
            self.at += 1
        elif _REFUSED.match(line) and self.section:
            raise ReplyFormatError(f"The diff holds what cannot be read here: {line[:80]!r}", _CURE)
        elif line.startswith("diff --git "):
            self._begin(_Section(*_git_paths(line)))
            self.at += 1
        elif _is_head(self.lines, self.at):
            self._head()
        elif line.startswith("@@"):
            self._hunk()
        elif _METADATA.match(line) and self.section:
            self.section.mode = line.split(" ")[0] if " file mode " in line else self.section.mode
            self.at += 1
        elif self.fence and self.section and line[:1] in ("+", "-"):
            raise ReplyFormatError(f"A line of the diff belongs to no hunk: {line[:80]!r}", _CURE)
        else:
            self.prose.append(line)
            self.at += 1

    def _begin(self, section: _Section) -> None:
        if self.section:
            self.done.append(self.section)
        self.section = section

    def _head(self) -> None:
        old, new = _path(self.lines[self.at][4:]), _path(self.lines[self.at + 1][4:])
        if old and new and old.startswith("a/") and new.startswith("b/"):
            old, new = old[2:], new[2:]
        elif old is None and new and new.startswith("b/"):
            new = new[2:]
        elif new is None and old and old.startswith("a/"):
            old = old[2:]
        mode = ""
        above = self.section
        if above and not above.blocks and (above.new or above.old) in (None, new or old):  # the `diff --git` line
            mode, self.section = above.mode, None
        self._begin(_Section(old, new, mode))
        self.at += 2

    def _hunk(self) -> None:
        if self.section is None:
            raise ReplyFormatError("A hunk stands below no file's name", _CURE)
        line = self.lines[self.at]
        head = _HUNK.match(line) or _BARE_HUNK.match(line)
        assert head
        number = int(head["line"]) - 1 if "line" in head.groupdict() else None
        counts = (int(head["old"] or 1), int(head["new"] or 1)) if number is not None else None
        self.at += 1
        body = self._fenced_body() if self.fence else self._bare_body(counts)
        no_newline = [n for n, text in enumerate(body) if text.startswith("\\")]
        ends_without = any(n and body[n - 1][:1] in ("+", " ") for n in no_newline)
        block = block_of([text for text in body if not text.startswith("\\")], number, head["within"].strip())
        creates = self.section.old is None or self.section.mode == "new"
        if ends_without and creates:  # in a file that exists, its end stays as it is
            block = Block(block.search, block.replace.removesuffix("\n"), block.line, block.within)
        self.section.blocks.append(block)

    def _fenced_body(self) -> list[str]:
        """All up to the next hunk, file or fence. A line without a sign is context that has lost its space."""
        body: list[str] = []
        while self.at < len(self.lines) and not self._ends_hunk():
            line = self.lines[self.at]
            body.append(line if line[:1] in (" ", "+", "-", "\\") else f" {line}")
            self.at += 1
        if self.at == len(self.lines):
            raise ReplyFormatError("The fenced block of the diff is not closed", _CURE)
        while body and body[-1] == " " and self.lines[self.at - 1] == "":
            body.pop()  # an empty line before the end of the hunk is layout
            self.at -= 1
        self.at += _blank_lines(self.lines, self.at)
        return body

    def _bare_body(self, counts: tuple[int, int] | None) -> list[str]:
        """Outside a fence only the counts tell where the diff ends and prose goes on, so they have to be right."""
        if counts is None:
            raise ReplyFormatError("A hunk without counts stands outside a fenced block", _CURE)
        body: list[str] = []
        old, new = counts
        while (old > 0 or new > 0) and self.at < len(self.lines):
            line = self.lines[self.at] or " "
            if line[0] not in " +-\\" or self._ends_hunk():
                break
            old -= line[0] in " -"
            new -= line[0] in " +"
            body.append(line)
            self.at += 1
        following = self.lines[self.at] if self.at < len(self.lines) else ""
        if following.startswith("\\"):
            body.append(following)
            self.at += 1
            following = ""
        if old or new or following[:1] in ("+", " ") or (following[:1] == "-" and not self._ends_hunk()):
            raise ReplyFormatError("The counts of a hunk outside a fenced block are wrong", _CURE)
        return body

    def _ends_hunk(self) -> bool:
        line = self.lines[self.at]
        return (
            line.startswith(("@@ ", "diff --git "))
            or line.rstrip() == "@@"
            or (line[:1] in ("`", "~") and bool(fence_in(line)))  # with a space before it, it is context
            or _is_head(self.lines, self.at)
        )


def _is_head(lines: list[str], at: int) -> bool:
    """A deleted `-- x` above an added `++ y` looks like a file's name; a hunk below it settles the matter."""
    old = _OLD.match(lines[at])
    new = _NEW.match(lines[at + 1]) if old and at + 1 < len(lines) else None
    if not old or not new:
        return False
    below = at + 2 + _blank_lines(lines, at + 2)
    return "/dev/null" in (old["path"], new["path"]) or (below < len(lines) and lines[below].startswith("@@"))


def _blank_lines(lines: list[str], at: int) -> int:
    count = 0
    while at + count < len(lines) and not lines[at + count].strip():
        count += 1
    return count


def _git_paths(line: str) -> tuple[str | None, str | None]:
    """The paths of a `diff --git` line; both are the same unless the file is renamed."""
    rest = line.removeprefix("diff --git ").strip()
    if rest.startswith('"'):
        names = re.findall(r'"(?:[^"\\]|\\.)*"', rest)
        old, new = (_path(name) for name in names) if len(names) == 2 else (None, None)
    else:
        half = len(rest) // 2
        old, new = rest[:half], rest[half + 1 :]
    if old and new and old.startswith("a/") and new.startswith("b/"):
        old, new = old[2:], new[2:]
    return (old, new) if old == new else (None, None)


def _path(text: str) -> str | None:
    """The path behind `---` or `+++`, without a time stamp; None for /dev/null."""
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        octal = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text[1:-1])
        plain = re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), octal)
        return plain.encode("latin-1", errors="ignore").decode("utf-8", errors="replace")
    text = text.split("\t")[0].strip().strip("`")
    return None if text == "/dev/null" else text


def _merged(edits: Iterable[FileEdit]) -> tuple[FileEdit, ...]:
    """The hunks of one file together, where its name is repeated."""
    merged: dict[str, FileEdit] = {}
    for edit in edits:
        known = merged.get(edit.path)
        if known is None:
            merged[edit.path] = edit
        elif isinstance(known, Blocks) and isinstance(edit, Blocks):
            merged[edit.path] = Blocks(edit.path, known.blocks + edit.blocks)
        else:
            raise ReplyFormatError(f"The diff both deletes and changes {edit.path}", _CURE)
    return tuple(merged.values())
