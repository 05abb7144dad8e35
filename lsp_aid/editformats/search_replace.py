"""Blocks of lines to find and lines to put in their place, below the file's path."""

import re

from attrs import define, field

from lsp_aid.domain.reply import Block, Blocks
from lsp_aid.editformats.markup import fence_in, may_name_file, path_in, path_in_info
from lsp_aid.editformats.reader import Reader

_HEAD = re.compile(r"\s*<{5,9}\s*SEARCH\s*")
_TAIL = re.compile(r"\s*>{5,9}\s*REPLACE\s*")
_DIVIDERS = (re.compile(r"={7}\s*"), re.compile(r"\s*={5,9}\s*"))
_CURE = "Write each block as `<<<<<<< SEARCH`, `=======`, `>>>>>>> REPLACE`, each marker alone on its line."


@define
class SearchReplace(Reader):
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

    _above: list[str] = field(factory=list)
    _path: str | None = None
    _block: list[str] | None = None
    _is_behind_block: bool = False

    def line(self, line: str) -> None:
        if ">>>>>" in line and _TAIL.fullmatch(line):
            self.is_recognised = True
            self._tail()
        elif "<<<<<" in line and _HEAD.fullmatch(line):
            self.is_recognised = True
            self._head()
        elif self._block is not None:
            self._block.append(line)
        elif self._is_behind_block and (fence := fence_in(line)) and not fence.info:
            self._above.append("")
            self._is_behind_block = False
        else:
            self._above.append(line)
            self._is_behind_block = False

    def end(self) -> None:
        if self._block is not None:
            self.fail(f"A block for {self._path} has no line `>>>>>>> REPLACE` at its end", _CURE)
        self.prose += self._above

    def _head(self) -> None:
        if self._block is not None:
            self.fail(f"A block for {self._path} begins before the one above it has ended", _CURE)
        self._path = _path(self._above, self._path)
        if self._path is None:
            self.fail(
                "It is not clear which file a block is for",
                "Put the file's path alone on the line above each block, in backticks where it holds spaces.",
            )
        self.prose += _without_frame(self._above)
        self._above, self._block = [], []

    def _tail(self) -> None:
        if self._block is None:
            self.fail("A line `>>>>>>> REPLACE` has no `<<<<<<< SEARCH` above it", _CURE)
            return
        if (block := self._divided(self._block)) and self._path and not self.problem:
            self.edits.append(Blocks(self._path, (block,)))
        self._block, self._is_behind_block = None, True

    def _divided(self, lines: list[str]) -> Block | None:
        for divider in _DIVIDERS:
            places = [n for n, line in enumerate(lines) if "=====" in line and divider.fullmatch(line)]
            if len(places) == 1:
                search, replace = lines[: places[0]], lines[places[0] + 1 :]
                return Block("".join(f"{line}\n" for line in search), "".join(f"{line}\n" for line in replace))
            if places:
                self.fail(f"A block for {self._path} has more than one line `=======`", _CURE)
                return None
        self.fail(f"A block for {self._path} has no line `=======`", _CURE)
        return None


def _path(above: list[str], last: str | None) -> str | None:
    """The path above a block, or that of the block before where no file is spoken of in between."""
    for line in reversed(above):
        fence = fence_in(line)
        if fence and not fence.info:
            continue
        path = path_in_info(fence.info) if fence else path_in(line)
        if path:
            return path
        if not fence and may_name_file(line):
            return None
    return last


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
