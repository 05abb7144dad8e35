"""Every edit in its one place, or none at all."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid import editformats
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.reply import Block, Blocks, Delete, FileEdit, Reply, Whole
from lsp_aid.edits.placing import place
from lsp_aid.edits.unified_diff import render
from lsp_aid.errors import EditError, OutsideError, PlacementError
from tests.support.plain_view import PlainView

TEXT = """let f x =
  let y = x + 1 in
  y

let g x =
  let z = x + 1 in
  z

let h x =
  let y = x + 1 in
  y
"""


def placed(before: str, *blocks: Block) -> str | None:
    return place(PlainView({"a.ml": before}), Reply("", (Blocks("a.ml", blocks),))).texts.get("a.ml", before)


def refused(before: str, *blocks: Block) -> str:
    with pytest.raises(PlacementError) as caught:
        placed(before, *blocks)
    return str(caught.value)


def test_a_block_goes_to_its_one_place() -> None:
    after = placed(TEXT, Block("  let z = x + 1 in\n", "  let z = x + 2 in\n"))
    assert after == TEXT.replace("let z = x + 1", "let z = x + 2")


def test_several_blocks_refer_to_the_text_before() -> None:
    after = placed("a\nb\nc\n", Block("a\n", "b\n"), Block("b\n", "c\n"), Block("c\n", "a\n"))
    assert after == "b\nc\na\n"


def test_blocks_may_share_lines_that_they_only_repeat() -> None:
    assert placed("a\nb\nc\n", Block("a\nb\n", "A\nb\n"), Block("b\nc\n", "b\nC\n")) == "A\nb\nC\n"
    assert placed("a\nb\n", Block("a\n", "A\n"), Block("a\n", "A\n")) == "A\nb\n"


def test_blocks_that_change_the_same_lines_are_refused() -> None:
    assert "same lines" in refused("a\nb\n", Block("a\n", "x\n"), Block("a\nb\n", "y\n"))
    assert "same lines" in refused("a\nb\n", Block("a\n", "a\nx\n"), Block("a\nb\n", "a\ny\nb\n"))


def test_white_space_at_the_ends_of_lines_does_not_matter() -> None:
    assert placed("let a = 1  \nlet b = 2\t\n", Block("let a = 1\nlet b = 2\n", "let a = 1\nlet b = 3\n")) == (
        "let a = 1  \nlet b = 3\n"
    )


def test_empty_lines_around_a_block_do_not_matter() -> None:
    assert placed("a\nb\n", Block("\nb\n\n", "\nc\n\n")) == "a\nc\n"


def test_a_block_with_other_indentation_takes_that_of_the_file() -> None:
    before = "module M = struct\n    let f x =\n      x\nend\n"
    after = placed(before, Block("let f x =\n  x\n", "let f x =\n  let y = x in\n  y\n"))
    assert after == "module M = struct\n    let f x =\n      let y = x in\n      y\nend\n"


def test_a_lone_short_line_is_not_looked_for_with_other_white_space() -> None:
    assert "no place" in refused("module M = struct\n  let x = 1\nend\n", Block("  end\n", "  done\n"))


def test_an_exact_place_is_preferred_to_one_with_other_white_space() -> None:
    assert placed("  a\na\n", Block("a\n", "b\n")) == "  a\nb\n"


def test_a_block_with_two_places_is_refused_whole() -> None:
    message = refused(TEXT, Block("  let z = x + 1 in\n", "\n"), Block("  y\n", "  x\n"))
    assert "2 places (at lines 3, 11)" in message
    assert "|   y" in message


def test_a_hint_settles_which_place_only_where_it_is_near() -> None:
    block = ("  let y = x + 1 in\n", "  let y = x in\n")
    assert placed(TEXT, Block(*block, line=1)) == TEXT.replace("y = x + 1", "y = x", 1)
    assert placed(TEXT, Block(*block, line=9)) == "let y = x in".join(TEXT.rsplit("let y = x + 1 in", 1))
    assert "2 places" in refused(TEXT, Block(*block, line=5))
    assert "2 places" in refused(TEXT, Block(*block, line=400))


def test_the_definition_around_settles_which_place() -> None:
    block = ("  let y = x + 1 in\n", "  let y = x in\n")
    assert placed(TEXT, Block(*block, within="let h x")) == "let y = x in".join(TEXT.rsplit("let y = x + 1 in", 1))
    assert "2 places" in refused(TEXT, Block(*block, within="let k x"))


def test_a_block_without_a_place_is_quoted_with_the_lines_most_like_it() -> None:
    message = refused(TEXT, Block("let g x =\n  let z = x - 1 in\n", ""))
    assert "no place in a.ml" in message
    assert "| let g x =\n|   let z = x - 1 in" in message
    assert "    5 | let g x =\n    6 |   let z = x + 1 in" in message
    assert "    6 |   let z = x + 1 in" in refused(TEXT, Block("  let z = x + 10 in\n", ""))
    assert "Nothing in the file" in refused(TEXT, Block("type t = Leaf of string\n", ""))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_a_file_keeps_its_bom_its_line_ends_and_its_end(end: str, bom: str, last: bool) -> None:
    def text(*lines: str) -> str:
        return bom + end.join(lines) + (end if last else "")

    before = text("a", "b", "c")
    assert placed(before, Block("a\n", "x\n")) == text("x", "b", "c")
    assert placed(before, Block("c\n", "c\nd\ne\n")) == text("a", "b", "c", "d", "e")
    assert placed(before, Block("b\nc\n", "b\n")) == text("a", "b")
    whole = place(PlainView({"a.ml": before}), Reply("", (Whole("a.ml", "y\nz\n"),)))
    assert whole.texts["a.ml"] == text("y", "z")


def test_a_file_is_only_deleted_where_it_is_the_one_that_the_reply_shows() -> None:
    """What was written since is not lost."""
    view = PlainView({"a.ml": "let a = 1\n\nlet b = 2\n"})
    for shown in ("", "let a = 1\nlet b = 2\n", "let a = 1 \n\n let b =  2\n", "let a = 1\n...\n"):
        assert place(view, Reply("", (Delete("a.ml", shown),))).texts == {"a.ml": None}
    other = PlainView({"a.ml": "\ufefflet a = 1\r\nlet b = 2"})
    assert place(other, Reply("", (Delete("a.ml", "let a = 1\nlet b = 2\n"),))).texts == {"a.ml": None}
    for shown in ("let a = 1\n", "let a = 1\nlet b = 3\n", "let a = 1\nlet c = 3\n...\n"):
        with pytest.raises(PlacementError, match="whose text is another"):
            place(view, Reply("", (Delete("a.ml", shown),)))


def test_a_block_may_repeat_the_bom_of_its_file() -> None:
    assert placed("\ufeffa\nb\n", Block("\ufeffa\n", "\ufeffc\n")) == "\ufeffc\nb\n"
    assert placed("\ufeffa\nb\n", Block("\ufeffa\n", "c\n")) == "\ufeffc\nb\n"


def test_lines_that_a_whole_text_does_not_change_keep_their_mixed_ends() -> None:
    """A CR in a string is part of what the program does."""
    before = 'let a = 1\nlet s = "x\r\n y"\nlet c = 3\r\nlet d = 4'
    after = place(PlainView({"a.ml": before}), Reply("", (Whole("a.ml", before.replace("\r", "").replace("1", "10")),)))
    assert after.texts == {"a.ml": before.replace("1", "10")}


@pytest.mark.parametrize(
    "edits",
    [
        (Blocks("x", (Block("", "1\n"),)), Whole("x/y.ml", "2\n")),
        (Whole("lib/a.ml/y.ml", "2\n"),),
        (Delete("lib/a.ml"), Whole("lib/a.ml/y.ml", "2\n")),
    ],
)
def test_a_file_in_a_file_is_refused(edits: tuple[FileEdit, ...]) -> None:
    with pytest.raises(PlacementError, match="is a file and no folder"):
        place(PlainView({"lib/a.ml": "let a = 1\n"}), Reply("", edits))


def test_lines_that_a_block_does_not_change_keep_their_mixed_ends() -> None:
    assert placed("a\r\nb\nc\r\nd\r\n", Block("b\nc\n", "b\nx\n")) == "a\r\nb\nx\r\nd\r\n"


def changed(*edits: FileEdit) -> dict[str, str | None]:
    return dict(place(PlainView({"lib/a.ml": "let x = 1\n", "lib/empty.ml": ""}), Reply("", edits)).texts)


def test_files_are_created_and_deleted() -> None:
    new = Blocks("lib/b.ml", (Block("", "let y = 2\n"),))
    assert changed(new, Delete("lib/a.ml")) == {"lib/b.ml": "let y = 2\n", "lib/a.ml": None}
    assert changed(Whole("./lib/c.ml", "")) == {"lib/c.ml": ""}
    assert changed(Blocks("lib/empty.ml", (Block("", "let y = 2\n"),))) == {"lib/empty.ml": "let y = 2\n"}


@pytest.mark.parametrize("left_out", ["...", "(* ... *)", "(* rest of the file stays as it is *)"])
def test_a_whole_text_that_leaves_something_out_is_refused(left_out: str) -> None:
    before = f"let x = 1\n\n{left_out}\nlet y = 2\nlet z = 3\n"
    view = PlainView({"a.ml": before, "b.ml": "let x = 1\n"})
    kept = Whole("a.ml", before.replace("3", "4"))
    assert place(view, Reply("", (kept,))).texts == {"a.ml": before.replace("3", "4")}
    for edit in (Whole("b.ml", f"let x = 1\n{left_out}\n"), Whole("a.ml", f"let w = 0\n{left_out}\nlet z = 3\n")):
        with pytest.raises(PlacementError, match="leaves something out"):
            place(view, Reply("", (edit,)))


def test_what_changes_nothing_is_no_change() -> None:
    assert changed(Whole("lib/a.ml", "let x = 1\n")) == {}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Blocks("lib/a.ml", (Block("", "let y = 2\n"),)), "no lines to find"),
        (Blocks("lib/aa.ml", (Block("let x = 1\n", ""),)), "similar name: lib/a.ml"),
        (Delete("lib/zzz.ml"), "does not exist"),
    ],
)
def test_an_edit_of_a_file_that_is_not_as_believed_is_refused(edit: FileEdit, words: str) -> None:
    with pytest.raises(PlacementError, match=words):
        changed(edit)


def test_one_file_is_edited_in_one_way() -> None:
    with pytest.raises(PlacementError, match="two different ways"):
        changed(Whole("lib/a.ml", ""), Delete("./lib/a.ml"))


def test_a_path_that_leaves_the_project_is_refused() -> None:
    with pytest.raises(OutsideError):
        changed(Whole("../a.ml", ""))


def test_two_names_of_a_file_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "alias").symlink_to("lib")
    view = PlainView({"lib/a.ml": "a\nb\n"}, tmp_path)
    reply = Reply("", (Blocks("lib/a.ml", (Block("a\n", "x\n"),)), Blocks("alias/a.ml", (Block("b\n", "y\n"),))))
    assert dict(place(view, reply).texts) == {"lib/a.ml": "x\ny\n"}


DIFF_LINE = st.sampled_from(
    [
        "let x = 1",
        "let y = 2",
        "  let y = 2",
        "-- a",
        "++ b",
        "-",
        "+",
        " ",
        "",
        "```",
        "-- a/x.ml",
        "@@ -1 +1 @@",
        "  in",
    ]
)
TEXTS = st.lists(DIFF_LINE, max_size=14).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(TEXTS, TEXTS, st.booleans(), st.booleans())
def test_a_diff_of_two_texts_makes_the_one_of_the_other_or_is_refused(
    before: str, after: str, fence: bool, numbers: bool
) -> None:
    diff = render(ChangeSet.of([FileChange("a.ml", before, after)]))
    if not numbers:
        diff = re.sub(r"(?m)^@@ -.* @@$", "@@ @@", diff)
    try:
        reply = editformats.read(f"Done.\n````diff\n{diff}````\nThat is all.\n" if fence else diff, "unified_diff")
        changes = place(PlainView({"a.ml": before}), reply)
    except EditError:
        return
    assert changes.texts.get("a.ml", before) == after


LINES = st.lists(st.sampled_from(["a", "b", "  a", "let f x =", "", "  end", "é"]), min_size=1, max_size=12)


@given(LINES, st.data())
def test_a_block_that_repeats_the_file_changes_just_those_lines_or_is_refused(
    lines: list[str], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(start + 1, len(lines)))
    new = data.draw(LINES)
    before = "".join(f"{line}\n" for line in lines)
    block = Block("".join(f"{x}\n" for x in lines[start:end]), "".join(f"{x}\n" for x in new))
    try:
        after = placed(before, block)
    except PlacementError:
        return
    assert after == "".join(f"{line}\n" for line in lines[:start] + new + lines[end:])


def test_what_cannot_be_seen_in_a_block_is_shown_in_the_refusal() -> None:
    said = refused("let aaaaaaaa = 1\n", Block("\ufefflet aaaaaaaa = 2\x1b[31m\n", "let a = 3\n"))
    assert "| \\ufefflet aaaaaaaa = 2\\x1b[31m" in said


def test_new_files_whose_names_differ_in_case_alone_are_refused() -> None:
    view = PlainView({"lib/a.ml": "1\n"})
    for edits in (
        (Whole("lib/new.ml", "1\n"), Whole("lib/New.ml", "2\n")),
        (Whole("lib/a.ml", "2\n"), Whole("Lib/A.ml", "2\n")),
    ):
        with pytest.raises(PlacementError, match="case does not count"):
            place(view, Reply("", edits))
    place(view, Reply("", (Delete("lib/a.ml"), Whole("lib/A.ml", "2\n"))))
