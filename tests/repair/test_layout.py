"""What is taken out leaves no traces."""

import pytest

from lsp_aid.domain.text import apply_text_edits
from lsp_aid.repair.layout import take_out


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("module M = struct <let x = 1> end\n", "module M = struct end\n"),
        ("let a = 1 <let b = 2>\n", "let a = 1\n"),
        ("  <let a = 1> let b = 2\n", "  let b = 2\n"),
        ("(f<, x>)\n", "(f)\n"),
        ("let a = 1\n\n<let b = 2>\n\nlet c = 3\n", "let a = 1\n\nlet c = 3\n"),
    ],
)
def test_spaces_and_lines_that_meet_become_one(text: str, after: str) -> None:
    start, end = text.index("<"), text.index(">") - 1
    plain = text.replace("<", "").replace(">", "")
    assert apply_text_edits(plain, [take_out(plain, start, end)]) == after
