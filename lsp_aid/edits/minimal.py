"""The smallest edits that are still true to lines and tokens, so that editors keep cursors, marks, folds and undo.

No edit reaches into a line that stays, and none begins or ends inside of an OCaml token: a name, a number, an
operator, a literal. What a string or a comment over several lines holds is taken by its words.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from lsp_aid.domain.text import TextEdit
from lsp_aid.edits.line_diff import Span, common_ends, line_diff, split

_MARKS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u200d\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]*"
"""What belongs to the character in front of it."""

_TOKEN = re.compile(
    rf"""\r\n|[\r\n]
      | [^\S\r\n]+{_MARKS}
      | "(?:[^"\\\r\n]|\\[^\r\n])*"
      | \{{(?P<tag>[a-z_]*)\|[^\r\n]*?\|(?P=tag)\}}
      | '(?:[^'\\\r\n]|\\(?:[\\'"ntbr ]|[0-9]{{3}}|x[0-9a-fA-F]{{2}}|o[0-7]{{3}}|u\{{[0-9a-fA-F]{{1,6}}\}}))'
      | [0-9](?:[eEpP][+-]|[\w.])*{_MARKS}
      | [^\W\d](?:[\w']|(?!\s){_MARKS[:-1]})*
      | \(\*+|\*+\)|\[(?:[|<>]|@+|%+)|[|>]\]|\{{<|>\}}|;;
      | [!$%&*+\-./:<=>?@^|~\#]+
      | .{_MARKS}""",
    re.VERBOSE | re.DOTALL,
)
_SIMPLE_TOKEN = re.compile(r"\w+|\r\n|[^\S\r\n]+|.", re.DOTALL)
_TELLING = re.compile(r"\w")

MAX_TOKENS = 600
"""More tokens than these are not compared one by one: what differs is replaced as one."""
MAX_LINE = 2000
"""A longer line, in characters, is not a person's: it is taken by its words."""
MIN_ALIKE = 0.4
"""Where less than this part of the words stays, an edit of the whole says more than many small ones."""


def minimal_edits(before: str, after: str) -> tuple[TextEdit, ...]:
    """Edits that make `after` of `before`, in order, none overlapping or touching, no CRLF split."""
    old, new = split(before), split(after)
    spans = line_diff(old, new)
    starts = list(accumulate(map(len, old), initial=0)) if spans else []
    edits: list[TextEdit] = []
    for span in spans:
        for edit in _of_span(starts, old, new, span):
            if edits and edits[-1].end == edit.start:
                last = edits.pop()
                edits.append(TextEdit(last.start, edit.end, last.text + edit.text))
            else:
                edits.append(edit)
    return tuple(edits)


def _of_span(starts: Sequence[int], old: Sequence[str], new: Sequence[str], span: Span) -> Iterator[TextEdit]:
    if span.end - span.start != span.new_end - span.new_start:
        gone, text = "".join(old[span.start : span.end]), "".join(new[span.new_start : span.new_end])
        yield from _in_tokens(starts[span.start], gone, text)
        return
    for number in range(span.end - span.start):
        yield from _in_tokens(starts[span.start + number], old[span.start + number], new[span.new_start + number])


def _in_tokens(at: int, before: str, after: str) -> Iterator[TextEdit]:
    """Edits of the tokens that differ; `at` is the offset of `before`."""
    old, new = _tokens(before), _tokens(after)
    starts = list(accumulate(map(len, old), initial=at))
    for i, i_end, j, j_end in _differences(old, new):
        yield TextEdit(starts[i], starts[i_end], "".join(new[j:j_end]))


def _tokens(text: str) -> list[str]:
    is_long = len(text) > MAX_LINE and max(map(len, split(text)), default=0) > MAX_LINE
    return [match[0] for match in (_SIMPLE_TOKEN if is_long else _TOKEN).finditer(text)]


def _differences(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Ranges of `old` and what they became of `new`."""
    first, last = common_ends(old, new)
    whole = (first, len(old) - last, first, len(new) - last)
    left, right = old[first : len(old) - last], new[first : len(new) - last]
    if not left and not right:
        return []
    if not left or not right or len(left) + len(right) > MAX_TOKENS:
        return [whole]
    found: list[tuple[int, int, int, int]] = []
    matcher = difflib.SequenceMatcher(str.isspace, left, right, autojunk=False)
    kept = 0
    for what, i, i_end, j, j_end in matcher.get_opcodes():
        if what == "equal":
            kept += _telling(left[i:i_end])
        elif found and not _telling(left[found[-1][1] - first : i]):  # nothing but marks between the two
            start, _, new_start, _ = found.pop()
            found.append((start, first + i_end, new_start, first + j_end))
        else:
            found.append((first + i, first + i_end, first + j, first + j_end))
    return found if kept >= MIN_ALIKE * max(_telling(left), _telling(right)) else [whole]


def _telling(tokens: Sequence[str]) -> int:
    """How many of them are words, numbers or literals with such in them."""
    return sum(1 for token in tokens if _TELLING.search(token))
