"""Blocks of lines to find and lines to put in their place, below the file's path."""

import re

from lsp_aid.domain.reply import Block, Blocks, Reply
from lsp_aid.editformats.markup import fence_in, mentions_path, path_in, path_in_info
from lsp_aid.errors import ReplyFormatError

NAME = "search_replace"

INSTRUCTIONS = """\
Write every edit as a SEARCH/REPLACE block: the file's path alone on a line, then a fenced block of this form:

lib/stack.ml
```ocaml
<<<<<<< SEARCH
let push x s =
  x :: s
=======
let push x s =
  if List.mem x s then s else x :: s
>>>>>>> REPLACE
```

- The SEARCH part repeats whole lines of the file exactly as they are, enough of them to occur only once in it.
- All blocks refer to the files as they are shown, not to the result of another block. Blocks do not overlap.
- Repeat the path above each block. Only change what has to change; leave nothing out with `...`.
- To create a file, leave the SEARCH part empty and put the whole text into the REPLACE part.
- To delete lines, leave the REPLACE part empty."""

_HEAD = re.compile(r"\s*<{5,9}\s*SEARCH\s*")
_TAIL = re.compile(r"\s*>{5,9}\s*REPLACE\s*")


def recognises(text: str) -> bool:
    return any(_HEAD.fullmatch(line) or _TAIL.fullmatch(line) for line in text.split("\n"))


def read(text: str) -> Reply:
    """The blocks of a reply. Raises ReplyFormatError."""
    edits: dict[str, list[Block]] = {}
    prose: list[str] = []
    above: list[str] = []
    path: str | None = None
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if _TAIL.fullmatch(line):
            raise ReplyFormatError("A line `>>>>>>> REPLACE` has no `<<<<<<< SEARCH` above it", _CURE)
        if not _HEAD.fullmatch(line):
            above.append(line)
            continue
        path = _path(above, path)
        end = next((n for n in range(at, len(lines)) if _TAIL.fullmatch(lines[n])), None)
        if end is None:
            raise ReplyFormatError(f"A block for {path} has no line `>>>>>>> REPLACE` at its end", _CURE)
        edits.setdefault(path, []).append(_block(lines[at:end], path))
        prose += _without_frame(above)
        above = []
        at = end + 1
        if at < len(lines) and (fence := fence_in(lines[at])) and not fence.info:
            at += 1
            above.append("")
    return Reply("\n".join(prose + above).strip(), tuple(Blocks(p, tuple(blocks)) for p, blocks in edits.items()))


_CURE = "Write each block as `<<<<<<< SEARCH`, `=======`, `>>>>>>> REPLACE`, each marker alone on its line."


def _block(lines: list[str], path: str) -> Block:
    if any(_HEAD.fullmatch(line) for line in lines):
        raise ReplyFormatError(f"A block for {path} begins before the one above it has ended", _CURE)
    for divider in (r"={7}\s*", r"\s*={5,9}\s*"):
        places = [n for n, line in enumerate(lines) if re.fullmatch(divider, line)]
        if len(places) == 1:
            search, replace = lines[: places[0]], lines[places[0] + 1 :]
            return Block("".join(f"{line}\n" for line in search), "".join(f"{line}\n" for line in replace))
        if places:
            raise ReplyFormatError(f"A block for {path} has more than one line `=======`", _CURE)
    raise ReplyFormatError(f"A block for {path} has no line `=======`", _CURE)


def _path(above: list[str], last: str | None) -> str:
    """The path above a block, or that of the block before where no file is spoken of in between."""
    for line in reversed(above):
        fence = fence_in(line)
        if fence and not fence.info:
            continue
        path = path_in_info(fence.info) if fence else path_in(line)
        if path:
            return path
        if not fence and mentions_path(line):
            break
    else:
        if last:
            return last
    raise ReplyFormatError(
        "It is not clear which file a block is for", "Put the file's path alone on the line above each block."
    )


def _without_frame(above: list[str]) -> list[str]:
    """The prose above a block, without the path and the fence that belong to the block."""
    kept = list(above)
    if kept and fence_in(kept[-1]):
        kept.pop()
    while kept and (not kept[-1].strip() or path_in(kept[-1])):
        kept.pop()
    if kept and fence_in(kept[-1]) and len([line for line in kept if fence_in(line)]) % 2:
        kept.pop()
    return kept
