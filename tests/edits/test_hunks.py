"""A change can be taken in parts: each choice of parts applies to the same text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.hunks import hunks, rest, select
from lsp_aid.errors import UsageError

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "  end\n", "d\r", "\u2028\n"]), max_size=25)
ENDS = st.sampled_from(["", "e", "\n"])
TEXTS = st.builds(lambda lines, end: "".join(lines) + end, LINES, ENDS)
CHANGES = st.builds(
    lambda one, two, made, gone: ChangeSet.of(
        [
            FileChange("a.ml", *one),
            FileChange("b.ml", *two),
            FileChange("c.ml", None, made),
            FileChange("d", gone, None),
        ]
    ),
    st.tuples(TEXTS, TEXTS),
    st.tuples(TEXTS, TEXTS),
    st.none() | TEXTS,
    st.none() | TEXTS,
)


@given(CHANGES)
def test_all_hunks_are_the_whole(changes: ChangeSet) -> None:
    found = hunks(changes)
    assert len({hunk.id for hunk in found}) == len(found)
    assert select(changes, {hunk.id for hunk in found}) == changes
    assert select(changes, set(changes.paths)) == changes
    assert select(changes, ()) == ChangeSet()


@given(CHANGES, st.data())
def test_a_choice_and_its_rest_make_the_whole(changes: ChangeSet, data: st.DataObject) -> None:
    found = hunks(changes)
    chosen = {hunk.id for hunk in found if data.draw(st.booleans())}
    taken = select(changes, chosen)
    assert {c.path: c.before for c in taken.files}.items() <= {c.path: c.before for c in changes.files}.items()
    assert taken.then(rest(changes, taken)) == ChangeSet(sorted_like(changes, taken))


def sorted_like(changes: ChangeSet, first: ChangeSet) -> list[FileChange]:
    """`then` puts what was taken first."""
    return sorted(changes.files, key=lambda change: change.path not in first.paths)


@given(CHANGES)
def test_a_hunk_alone_is_that_choice(changes: ChangeSet) -> None:
    for hunk in hunks(changes):
        assert select(changes, {hunk.id}) == ChangeSet([hunk.change])


BEFORE = "".join(f"line {n}\n" for n in range(40))
AFTER = BEFORE.replace("line 5\n", "LINE 5\n").replace("line 7\n", "LINE 7\n").replace("line 30\n", "x\ny\n")
TWO = ChangeSet([FileChange("lib/a.ml", BEFORE, AFTER)])


def test_near_changes_are_one_hunk() -> None:
    one, two = hunks(TWO)
    assert (one.path, one.start_line, one.lines) == ("lib/a.ml", 5, 3)
    assert (two.start_line, two.lines) == (30, 1)
    assert "-line 5\n+LINE 5\n line 6\n-line 7\n+LINE 7\n" in one.diff
    assert "line 30" not in one.diff


def test_what_is_left_has_the_same_ids() -> None:
    one, two = hunks(TWO)
    taken = select(TWO, {one.id})
    assert [hunk.id for hunk in hunks(rest(TWO, taken))] == [two.id]


def test_a_created_file_is_one_hunk_that_creates_it() -> None:
    changes = ChangeSet([FileChange("new.ml", None, "a\n" * 50), FileChange("old.ml", "b\n", None)])
    made, gone = hunks(changes)
    assert made.diff.startswith("diff --git a/new.ml b/new.ml\nnew file mode")
    assert gone.change == changes.files[1]


def test_a_hunk_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="no-such"):
        select(TWO, {"no-such"})
