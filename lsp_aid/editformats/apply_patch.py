"""The `*** Begin Patch` form that OpenAI's models are trained on."""

import re

from lsp_aid.domain.reply import Block, Blocks, Delete, FileEdit, Reply
from lsp_aid.editformats.markup import block_of, without_empty_fences
from lsp_aid.errors import ReplyFormatError

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

_FILE = re.compile(r"\*\*\* (?P<what>Update|Add|Delete) File:\s*(?P<path>.+?)\s*")
_HUNK = re.compile(r"@@(?: -(?P<line>\d+)(?:,\d+)? \+\d+(?:,\d+)? @@)?(?P<within>.*)")
_CURE = "Write one patch from `*** Begin Patch` to `*** End Patch`, each line of a file with its sign before it."


def recognises(text: str) -> bool:
    return any(line.startswith("*** Begin Patch") or _FILE.fullmatch(line) for line in text.split("\n"))


def read(text: str) -> Reply:
    """The patches of a reply. Raises ReplyFormatError."""
    prose: list[str] = []
    edits: dict[str, FileEdit] = {}
    body: list[str] | None = None
    for line in text.split("\n"):
        if line.startswith("*** Begin Patch") and body is None:
            body = []
        elif line.startswith("*** End Patch") and body is not None:
            _read_patch(body, edits)
            body = None
        elif body is not None:
            body.append(line)
        elif _FILE.fullmatch(line) or line.startswith("*** End Patch"):
            raise ReplyFormatError("A part of the patch stands outside `*** Begin Patch`", _CURE)
        else:
            prose.append(line)
    if body is not None:
        raise ReplyFormatError("The patch has no line `*** End Patch`", _CURE)
    return Reply("\n".join(without_empty_fences(prose)).strip(), tuple(edits.values()))


def _read_patch(lines: list[str], edits: dict[str, FileEdit]) -> None:
    at = 0
    while at < len(lines):
        head = _FILE.fullmatch(lines[at])
        if head is None:
            if lines[at].strip():
                raise ReplyFormatError(f"A line of the patch belongs to no file: {lines[at][:80]!r}", _CURE)
            at += 1
            continue
        end = next((n for n in range(at + 1, len(lines)) if _FILE.fullmatch(lines[n])), len(lines))
        edit = _file(head["what"], head["path"].strip("`"), lines[at + 1 : end])
        known = edits.get(edit.path)
        if isinstance(known, Blocks) and isinstance(edit, Blocks) and known.blocks[0].search and edit.blocks[0].search:
            edit = Blocks(edit.path, known.blocks + edit.blocks)
        elif known:
            raise ReplyFormatError(f"The patch names {edit.path} twice", "Put all changes of a file together.")
        edits[edit.path] = edit
        at = end


def _file(what: str, path: str, lines: list[str]) -> FileEdit:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if what == "Delete":
        if lines:
            raise ReplyFormatError(f"Below the deletion of {path} stands {lines[0][:80]!r}", _CURE)
        return Delete(path)
    if what == "Add":
        if wrong := next((line for line in lines if line[:1] != "+"), None):
            raise ReplyFormatError(f"A line of the new file {path} has no + before it: {wrong[:80]!r}", _CURE)
        return Blocks(path, (Block("", "".join(f"{line[1:]}\n" for line in lines)),))
    return Blocks(path, _hunks(path, lines))


def _hunks(path: str, lines: list[str]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    hunk: list[str] = []
    number: int | None = None
    within = ""
    for line in [*lines, "@@"]:
        if head := _HUNK.fullmatch(line):
            if hunk:
                blocks.append(block_of(hunk, number, within))
            number, within, hunk = int(head["line"]) - 1 if head["line"] else None, head["within"].strip(), []
        elif line.startswith("*** End of File"):
            continue
        elif line[:1] in (" ", "+", "-", ""):
            hunk.append(line or " ")
        else:
            raise ReplyFormatError(f"A line of the patch for {path} has no sign: {line[:80]!r}", _CURE)
    if not blocks:
        raise ReplyFormatError(f"The patch changes nothing in {path}", _CURE)
    return tuple(blocks)
