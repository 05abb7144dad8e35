"""Whole files: the path, then the whole new text in a fence."""

from attrs import define, field

from lsp_aid.domain.reply import Whole
from lsp_aid.editformats.markup import Fence, fence_in, path_in, path_in_info
from lsp_aid.editformats.reader import Reader

_SOURCE = ("", "ocaml", "ml", "mli", "reason", "dune", "dune-project", "opam")
_CURE = "Put the file's path above each fenced block, and close each block."


@define
class WholeFile(Reader):
    NAME = "whole_file"
    INSTRUCTIONS = """\
Write every file that changes whole: the file's path alone on a line, then its complete new text in a fenced block:

lib/greeting.ml
```ocaml
let hello name = "Hello, " ^ name
```

- The text replaces the whole file, so repeat everything that stays. Leave nothing out with `...`.
- Files that do not change are not written at all. Put a file's path only above its text."""

    _fence: Fence | None = None
    _path: str | None = None
    _body: list[str] = field(factory=list)

    def line(self, line: str) -> None:
        fence = fence_in(line)
        if self._fence is None:
            if fence is None:
                self.prose.append(line)
            else:
                self._fence, self._path = fence, path_in_info(fence.info) or self._path_above()
                self._body = [line]
        elif self._fence.is_closed_by(line):
            self._close(line)
        else:
            self._body.append(line)

    def end(self) -> None:
        if self._fence is not None:
            whose = f"for {self._path}" if self._path else "at the end"
            self.fail(f"The fenced block {whose} is not closed", _CURE)
            self.is_recognised = self.is_recognised or self._path is not None

    def _close(self, line: str) -> None:
        assert self._fence is not None
        if self._path:
            self.is_recognised = True
            self.edits.append(Whole(self._path, "".join(f"{text}\n" for text in self._body[1:])))
            self._drop_path()
        else:
            if self._fence.info.split(" ")[0].lower() in _SOURCE:
                self.fail("A fenced block names no file", _CURE)
            self.prose += (*self._body, line)
        self._fence, self._path, self._body = None, None, []

    def _path_above(self) -> str | None:
        for line in self.prose[-1:-3:-1]:  # one blank line may stand in between
            if line.strip():
                return path_in(line)
        return None

    def _drop_path(self) -> None:
        while self.prose and not self.prose[-1].strip():
            self.prose.pop()
        if self.prose and path_in(self.prose[-1]):
            self.prose.pop()
