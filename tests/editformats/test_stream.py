"""A reply that arrives in pieces is read as the whole is, and its edits are known as soon as they are complete."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid import editformats
from lsp_aid.domain.reply import Block, Blocks, Delete, FileEdit, Reply, Whole
from lsp_aid.editformats.reader import merged
from lsp_aid.errors import ReplyFormatError

PIECES = (
    "Sure.\n",
    "lib/a.ml\n",
    "lib/b.ml:\n",
    "```ocaml\n",
    "```diff\n",
    "```\n",
    "<<<<<<< SEARCH\n",
    "let x = 1\n",
    "=======\n",
    "let x = 2\n",
    ">>>>>>> REPLACE\n",
    "--- a/lib/a.ml\n+++ b/lib/a.ml\n",
    "--- /dev/null\n+++ b/lib/c.ml\n",
    "--- a/lib/a.ml\n",
    "+++ b/lib/a.ml\n",
    "+++ /dev/null\n",
    "diff --git a/lib/a.ml b/lib/a.ml\n",
    "deleted file mode 100644\n",
    "@@ -1 +1 @@\n",
    "@@ -1,2 +1,2 @@ let f\n",
    "@@\n",
    " let y = 1\n",
    "-let x = 1\n",
    "+let x = 2\n",
    "- one\n",
    "\\ No newline at end of file\n",
    "*** Begin Patch\n",
    "*** Update File: lib/a.ml\n",
    "*** Add File: lib/d.ml\n",
    "*** Delete File: lib/a.ml\n",
    "*** End Patch\n",
    "\n",
    "\r\n",
    "\r",
    "</think>\n",
    "x",
)
EXAMPLES = [reader.INSTRUCTIONS for reader in editformats.FORMATS]
REPLIES = st.lists(st.sampled_from(PIECES), max_size=16).map("".join) | st.sampled_from(EXAMPLES)


def outcome(stream: editformats.Stream) -> Reply | str:
    try:
        return stream.finish()
    except ReplyFormatError as error:
        return str(error)


@given(REPLIES, st.lists(st.integers(0, 900), max_size=8), st.sampled_from(("auto", *editformats.NAMES)))
def test_however_a_reply_is_cut_it_is_read_the_same(text: str, cuts: list[int], name: str) -> None:
    whole = editformats.Stream(name)
    whole.feed(text)
    pieces = editformats.Stream(name)
    told: list[FileEdit] = []
    at = 0
    for cut in [*sorted(cuts), len(text)]:
        told += pieces.feed(text[at:cut])
        at = max(at, min(cut, len(text)))
    ours, expected = outcome(pieces), outcome(whole)
    assert ours == expected
    if isinstance(ours, Reply) and "</think>" not in text:
        assert {one for edit in told for one in parts(edit)} <= {one for edit in ours.edits for one in parts(edit)}


def parts(edit: FileEdit) -> list[FileEdit]:
    """An edit as a stream tells of it, one block each."""
    return [Blocks(edit.path, (block,)) for block in edit.blocks] if isinstance(edit, Blocks) else [edit]


X = Blocks("lib/a.ml", (Block("let x = 1\n", "let x = 2\n"),))


@pytest.mark.parametrize(
    ("before", "completing", "edit"),
    [
        ("lib/a.ml\n<<<<<<< SEARCH\nlet x = 1\n=======\nlet x = 2\n>>>>>>> REPL", "ACE\n", X),
        ("```diff\n--- a/lib/a.ml\n+++ b/lib/a.ml\n@@ @@\n-let x = 1\n+let x = 2\n", "@@ @@\n", X),
        ("*** Begin Patch\n*** Update File: lib/a.ml\n-let x = 1\n+let x = 2\n", "*** Delete File: b.ml\n", X),
        ("*** Begin Patch\n*** Delete File: lib/a.ml\n", "*** End Patch\n", Delete("lib/a.ml")),
        ("lib/a.ml\n```ocaml\nlet x = 2\n", "```\n", Whole("lib/a.ml", "let x = 2\n")),
    ],
)
def test_an_edit_is_known_as_soon_as_its_block_is_complete(before: str, completing: str, edit: FileEdit) -> None:
    stream = editformats.Stream()
    assert stream.feed(before) == ()
    assert stream.feed(completing) == (edit,)
    assert stream.feed("more\n") == ()


def test_what_is_said_twice_is_done_once() -> None:
    assert merged([X, X]) == (X,)
    assert merged([Delete("a.ml"), Delete("a.ml")]) == (Delete("a.ml"),)
    with pytest.raises(ReplyFormatError, match="more than once"):
        merged([Whole("a.ml", "1"), Whole("a.ml", "2")])


@given(st.binary(max_size=400))
def test_no_bytes_make_a_reader_fail(content: bytes) -> None:
    for name in ("auto", *editformats.NAMES):
        stream = editformats.Stream(name)
        stream.feed(content.decode("utf-8", "replace"))
        outcome(stream)
