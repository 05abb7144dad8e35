"""A text as its lines, with what keeps it as its owner has it: BOM, line ends, and whether the last line has one."""

import re
from collections import Counter

from attrs import frozen

from lsp_aid.edits.line_diff import line_diff

_END = re.compile(r"(\r\n|\n|\r)")


@frozen
class Lines:
    """`lines` are without their ends, `ends` are those; the last end is empty where the text does not end in one."""

    bom: str
    lines: tuple[str, ...]
    ends: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Lines":
        bom = "\ufeff" if text.startswith("\ufeff") else ""
        parts = [*_END.split(text[len(bom) :]), ""]  # lines and ends by turns
        if not parts[-2]:
            del parts[-2:]
        return cls(bom, tuple(parts[::2]), tuple(parts[1::2]))

    @property
    def usual_end(self) -> str:
        """What most lines end with."""
        counted = Counter(end for end in self.ends if end)
        return counted.most_common(1)[0][0] if counted else "\n"

    def replaced(self, changes: list[tuple[int, int, list[str]]]) -> str:
        """The text with lines `[start, end)` replaced by others; ranges in order, none overlapping."""
        pairs: list[tuple[str, str | None]] = []
        at = 0
        for start, end, new in changes:
            pairs += zip(self.lines[at:start], self.ends[at:start], strict=True)
            pairs += ((line, None) for line in new)
            at = end
        pairs += zip(self.lines[at:], self.ends[at:], strict=True)
        usual = self.usual_end
        ended = [f"{line}{end or usual}" for line, end in pairs]
        if ended and self.ends and not self.ends[-1]:
            ended[-1] = pairs[-1][0]
        return self.bom + "".join(ended)


def like(text: str, model: str) -> str:
    """A new whole text with the BOM, the line ends and the end of the text `model`. Lines that stay keep their ends."""
    new, old = Lines.of(text), Lines.of(model)
    spans = line_diff(old.lines, new.lines)
    return old.replaced([(span.start, span.end, list(new.lines[span.new_start : span.new_end])) for span in spans])
