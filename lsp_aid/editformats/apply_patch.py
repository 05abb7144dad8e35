"""The `*** Begin Patch` form that OpenAI's models are trained on."""

import re

from attrs import define, field

from lsp_aid.domain.reply import Block, Blocks, Delete
from lsp_aid.editformats.markup import block_of, hunk_head, unquoted
from lsp_aid.editformats.reader import Reader

_FILE = re.compile(r"\*\*\* (?P<what>Update|Add|Delete) File:(?P<path>.*)")
_CURE = "Write one patch from `*** Begin Patch` to `*** End Patch`, each line of a file with its sign before it."


@define
class _Section:
    """A file of the patch. `hunk`: the lines so far, None before the first."""

    what: str
    path: str
    lines: list[str] = field(factory=list)
    line: int | None = None
    within: str = ""
    is_empty: bool = True


@define
class ApplyPatch(Reader):
    NAME = "apply_patch"
    INSTRUCTIONS = """\
Write all edits as one patch of this form:

*** Begin Patch
*** Update File: lib/stack.ml
@@ let push x s =
 let push x s =
-  x :: s
+  if List.mem x s then s else x :: s
 let empty = []
*** Add File: lib/queue.ml
+let empty = []
*** Delete File: lib/old.ml
*** End Patch

- Below `@@` (which may name the definition around the change) lines of context begin with a space and repeat the file
  exactly; give about three above and below each change.
- All changes refer to the files as they are shown. Leave nothing out with `...`."""

    _is_inside: bool = False
    _section: _Section | None = None

    def line(self, line: str) -> None:
        if not line.startswith("*** "):
            if self._is_inside:
                self._in_patch(line)
            else:
                self.prose.append(line)
            return
        head = _FILE.fullmatch(line)
        self.is_recognised = self.is_recognised or head is not None or line.startswith("*** Begin Patch")
        if line.startswith("*** Begin Patch") and not self._is_inside:
            self._is_inside = True
        elif line.startswith("*** End Patch") and self._is_inside:
            self._close()
            self._is_inside = False
        elif self._is_inside:
            if head:
                self._close()
                self._section = _Section(head["what"], unquoted(head["path"]))
            else:
                self._in_patch(line)
        elif head or line.startswith("*** End Patch"):
            self.fail("A part of the patch stands outside `*** Begin Patch`", _CURE)
        else:
            self.prose.append(line)

    def end(self) -> None:
        if self._is_inside:
            self.fail("The patch has no line `*** End Patch`", _CURE)

    def _in_patch(self, line: str) -> None:
        section = self._section
        if section is None:
            if line.strip():
                self.fail(f"A line of the patch belongs to no file: {line[:80]!r}", _CURE)
        elif section.what == "Delete":
            if line.strip():
                self.fail(f"Below the deletion of {section.path} stands {line[:80]!r}", _CURE)
        elif section.what == "Add":
            if line[:1] != "+" and line.strip():
                self.fail(f"A line of the new file {section.path} has no + before it: {line[:80]!r}", _CURE)
            section.lines.append(line)
        elif line.startswith("@@"):
            self._hunk(section)
            head = hunk_head(line)
            section.line, section.within = (head.old - 1 if head.old else None), head.within
        elif line.startswith("*** End of File"):
            pass
        elif line.startswith("*** "):
            self.fail(f"A line of the patch for {section.path} cannot be read here: {line[:80]!r}", _CURE)
        else:  # a line without a sign is context that has lost its space
            section.lines.append(line if line[:1] in (" ", "+", "-", "") else f" {line}")

    def _hunk(self, section: _Section) -> None:
        """The hunk above a line is complete."""
        lines = section.lines
        while lines and not lines[-1]:
            lines.pop()
        if lines:
            block = block_of([line or " " for line in lines], section.line, section.within)
            if block is None:
                self.fail(
                    f"A hunk for {section.path} has neither lines that begin with + nor lines that begin with -",
                    "Leave out hunks without a change.",
                )
            elif not self.problem:
                self.edits.append(Blocks(section.path, (block,)))
            section.is_empty = False
        section.lines = []

    def _close(self) -> None:
        section, self._section = self._section, None
        if section is None:
            return
        if section.what == "Delete":
            self.edits.append(Delete(section.path))
        elif section.what == "Add":
            while section.lines and not section.lines[-1].strip():
                section.lines.pop()
            if not all(section.lines):
                self.fail(f"A line of the new file {section.path} has no + before it", _CURE)
            self.edits.append(Blocks(section.path, (Block("", "".join(f"{line[1:]}\n" for line in section.lines)),)))
        else:
            self._hunk(section)
            if section.is_empty:
                self.fail(f"The patch changes nothing in {section.path}", _CURE)
