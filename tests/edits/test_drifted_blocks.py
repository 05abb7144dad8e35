"""Blocks as models get them wrong: placed where they have one meaning, refused where they have more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.reply import Block, Blocks, Reply
from lsp_aid.edits.placing import place
from lsp_aid.errors import PlacementError
from tests.support.plain_view import PlainView

TEXT = """\
(* Stacks. *)

type 'a t = 'a list

let empty = []

let push x s =
  (* newest first *)
  x :: s

let pop = function
  | [] -> None
  | x :: s -> Some (x, s)

let size s =
  List.length s (* linear *)

let is_empty s =
  match s with
  | [] -> true
  | _ :: _ -> false
"""


def placed(search: str, replace: str, before: str = TEXT, **hints: object) -> str | None:
    block = Block(search, replace, **hints)  # type: ignore[arg-type]
    return place(PlainView({"a.ml": before}), Reply("", (Blocks("a.ml", (block,)),))).texts.get("a.ml", before)


def refused(search: str, replace: str, before: str = TEXT) -> str:
    with pytest.raises(PlacementError) as caught:
        placed(search, replace, before)
    (refusal,) = caught.value.refusals
    assert (refusal.path, refusal.block) == ("a.ml", 1)
    return refusal.reason


@pytest.mark.parametrize(
    ("search", "replace", "old", "new"),
    [
        ("let size s =\n    List.length s (* linear *)\n", "let size s =\n    List.length s\n", "s (* linear *)", "s"),
        ("let size  s =\n  List.length  s (* linear *)\n", "let size s =\n  List.length s\n", "s (* linear *)", "s"),
        (
            "let push x s=\n  (* newest first*)\n  x::s\n",
            "let push x s=\n  (* newest first*)\n  s\n",
            "x :: s\n\n",
            "s\n\n",
        ),
        ("let empty = []  \nlet push x s =\t\n", "let none = []  \nlet push x s =\t\n", "let empty", "let none"),
        ("  let empty = []\n", "  let none = []\n", "let empty", "let none"),
    ],
    ids=["doubled", "between words", "and signs", "trailing, no blank line", "indented"],
)
def test_white_space_may_drift(search: str, replace: str, old: str, new: str) -> None:
    assert placed(search, replace) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("believed", "real"),
    [("\t", "  "), ("\t", "    "), ("\t", "        "), ("  ", "\t"), ("    ", "\t"), ("  ", "    ")],
)
def test_new_lines_get_the_indentation_of_the_file(believed: str, real: str) -> None:
    def text(step: str, *middle: str) -> str:
        lines = (
            "let f x =",
            f"{step}if x then",
            f"{step * 2}1",
            *(line.replace(">", step) for line in middle),
            f"{step}else 2",
        )
        return "".join(f"{line}\n" for line in lines)

    added = (">>+ (", ">>>3)")
    assert placed(text(believed), text(believed, *added), text(real)) == text(real, *added)


def both(*blocks: Block, before: str) -> str:
    after = place(PlainView({"a.ml": before}), Reply("", (Blocks("a.ml", blocks),))).texts["a.ml"]
    assert after is not None
    return after


def test_new_lines_stay_as_they_are_where_white_space_is_off_from_line_to_line() -> None:
    search = "   let is_empty s =\n match  s with\n  | [] -> true\n"
    after = placed(search, search + "  | [ _ ] -> false\n")
    assert after == TEXT.replace("  | [] -> true\n", "  | [] -> true\n  | [ _ ] -> false\n")


def test_one_line_that_is_off_says_little_where_others_are_off_in_other_ways() -> None:
    drifted = Block("   let push x s =\n (* newest  first *)\n", "let push x (s : 'a t) =\n  (* newest first *)\n")
    lone = Block("    List.length s (* linear *)\n", "  List.length s\n")
    assert both(drifted, lone, before=TEXT) == (
        TEXT.replace("push x s", "push x (s : 'a t)").replace("s (* linear *)", "s")
    )


def test_what_a_tab_stands_for_is_learnt_from_all_blocks() -> None:
    shown = Block("let push x s =\n\t(* newest first *)\n\tx :: s\n", "let push x s =\n\tx :: s\n")
    new = Block("let empty = []\n", "let empty = []\n\nlet none =\n\tNone\n")
    after = both(shown, new, before=TEXT)
    assert "\t" not in after
    assert "let none =\n  None\n" in after


def test_tabs_that_nothing_is_known_of_stay_tabs() -> None:
    assert "\tNone" in (placed("let empty = []\n", "let empty = []\n\nlet none =\n\tNone\n") or "")


IN_STRING = "let f () =\n  run ();\n  print {|\na\n b\n|}\n"


def test_white_space_in_strings_is_never_moved() -> None:
    deeper = "    let f () =\n      run ();\n"
    new = "      print {|\n      x\n|};\n"
    assert "string spans several lines" in refused(deeper, deeper + new, IN_STRING)
    assert "string spans several lines" in refused("  a\n   b\n  |}\n", "  a\n   b\n    c\n  |}\n", IN_STRING)
    continued = '      print "x \\\n             y";\n'
    assert placed(deeper, deeper + continued, IN_STRING) == (
        IN_STRING.replace("run ();\n", 'run ();\n  print "x \\\n         y";\n')
    )


@pytest.mark.parametrize("elision", ["...", "(* ... *)", "  (* ... existing code ... *)", "…"])
def test_lines_may_be_left_out_for_dots_in_both_parts(elision: str) -> None:
    search = f"let push x s =\n{elision}\nlet size s =\n"
    assert placed(search, search.replace("size", "length")) == TEXT.replace("let size", "let length")
    assert "no place" in refused(search, "let push x s =\n")
    assert "no place" in refused("let pop\n...\nlet push x s =\n", "let pap\n...\nlet push x s =\n")


def test_dots_are_refused_where_the_lines_behind_them_have_two_places() -> None:
    before = "let a =\n  f ()\n\nlet b =\n  f ()\n"
    assert "2 places" in refused("let a =\n...\n  f ()\n", "let a =\n...\n  g ()\n", before)
    assert placed("let b =\n...\n  f ()\n", "let b =\n...\n  g ()\n", before) == before.replace("b =\n  f", "b =\n  g")


def test_a_line_that_only_looks_like_an_elision_is_itself() -> None:
    before = "let a = 1\n(* ... *)\nlet b = 2\nlet c = 3\n"
    assert placed("let a = 1\n(* ... *)\nlet b = 2\n", "let a = 1\n(* ... *)\nlet b = 3\n", before) == (
        before.replace("b = 2", "b = 3")
    )


def test_other_line_breaks_keep_the_layout_and_the_comments_of_the_file() -> None:
    after = placed("let push x s = x :: s\n", "let push y s = y :: s\n")
    assert after == TEXT.replace("push x s", "push y s").replace("  x :: s\n\n", "  y :: s\n\n")
    after = placed(
        "let is_empty s = match s with\n  [] -> true | _ :: _ -> false\n",
        "let is_empty s = s = []\n",
        TEXT.replace("| []", "[]"),
    )
    expected = TEXT.partition("let is_empty")[0].replace("| []", "[]") + "let is_empty s = s = []"
    assert after is not None
    assert after.split() == expected.split()


@pytest.mark.parametrize(
    ("search", "replace"),
    [
        ("let push x s = x :: s\n", "let push x s = let s = [] in x :: s\n"),  # before or behind the comment?
        ("(* one too *)\nlet x = 1\nlet y = 2\n", "(* three *)\nlet x = 1\nlet y = 2\n"),
    ],
)
def test_what_a_block_does_not_know_of_is_not_built_around(search: str, replace: str) -> None:
    before = TEXT if "push" in search else "(* one two *)\nlet x = 1\nlet y = 2\n"
    assert refused(search, replace, before)


def test_lines_of_context_may_be_missing() -> None:
    search = "let push x s =\n  x :: s\n\nlet pop = function\n  | x :: s -> Some (x, s)\n"
    assert placed(search, search.replace("Some (x, s)", "Some x")) == TEXT.replace("Some (x, s)", "Some x")


@pytest.mark.parametrize(
    ("search", "replace"),
    [
        (
            "let pop = function\n  | x :: s -> Some (x, s)\n",
            "let pop = function\n  | [ x ] -> Some x\n  | x :: s -> Some (x, s)\n",
        ),
        ("let pop = function\n  | x :: s -> Some (x, s)\n", "let pop _ = None\n"),
    ],
)
def test_nothing_is_changed_next_to_lines_that_are_missing_on_either_side(search: str, replace: str) -> None:
    assert "leaves out lines" in refused(search, replace)


@pytest.mark.parametrize(
    ("file", "search", "replace"),
    [
        ("a\nm\nb c d\ne\nf\n", "a\nb c d\ne\nf\n", "a\ne\nf\n"),
        ("a\nm\nlet b = c d\ne\nf\n", "a\nlet b = c d\ne\nf\n", "a\nlet b = c g\ne\nf\n"),
    ],
)
def test_next_to_missing_lines_others_are_taken_away_or_changed_one_by_one(
    file: str, search: str, replace: str
) -> None:
    after = placed(f"long context\n{search}", f"long context\n{replace}", f"long context\n{file}")
    assert after == "long context\n" + replace.replace("a\n", "a\nm\n")


def test_a_line_that_moves_across_missing_lines_is_refused() -> None:
    search = "long context\nb1\nc1\nd1\ne1\nf1\n"
    replace = "long context\n\nd1\nf1\n"
    assert "leaves out lines" in refused(search, replace, search.replace("b1\n", "m\nb1\n"))


def test_a_word_of_the_context_may_be_misspelt() -> None:
    search = "let pop = function\n  | [] -> Nonne\n  | x :: s -> Some (x, s)\n\nlet size s =\n"
    assert placed(search, search.replace("Some (x, s)", "Some x")) == TEXT.replace("Some (x, s)", "Some x")


@pytest.mark.parametrize(
    ("right", "wrong"), [("Some (x, s)", "Some (y, s)"), ("let pop", "let pup"), ("None", "Error 1")]
)
def test_what_is_changed_and_what_is_named_may_not(right: str, wrong: str) -> None:
    search = "let pop = function\n  | [] -> None\n  | x :: s -> Some (x, s)\n\nlet size s =\n".replace(right, wrong)
    assert "no place" in refused(search, search.replace("Some (", "Any ("))


def test_a_place_by_words_gives_way_to_one_to_the_letter_that_a_line_is_missing_for() -> None:
    nested = "module M = struct\n  module N = struct\n    class b = a\n  end\nend;;\n"
    before = nested + "\nmodule O = struct\n  class b = a\nend;;\n"
    search = "    class b = a\n\nend;;\n"
    assert "2 places" in refused(search, search.replace("a\n\n", "a\n\n  let x = 1\n"), before)


def test_a_line_number_is_not_believed_among_very_many_equal_places() -> None:
    before = "let x = 1 in\n" * 200
    with pytest.raises(PlacementError, match="places"):
        placed("let x = 1 in\n" * 3, "let x = 1 in\n" * 2, before, line=20)
    few = "let x = 1 in\n" * 20
    assert placed("let x = 1 in\n", "let x = 2 in\n", few, line=7) == (
        "let x = 1 in\n" * 7 + "let x = 2 in\n" + "let x = 1 in\n" * 12
    )


def test_what_is_done_already_is_not_done_again() -> None:
    done = TEXT.replace("let empty = []\n", "let empty = []\n\nlet none = []\n")
    assert "there already" in refused("let empty = []\n", "let empty = []\n\nlet none = []\n", done)
    with pytest.raises(PlacementError, match="already holds"):
        placed("let nil = []\n", "let empty = []\n")


def test_the_same_block_twice_is_done_once() -> None:
    view = PlainView({"a.ml": TEXT})
    one = Block("let empty = []\n", "let empty = []\nlet none = []\n", 4)
    two = Block(one.search, one.replace, 9)
    after = place(view, Reply("", (Blocks("a.ml", (one, two)),))).texts["a.ml"]
    assert after == TEXT.replace(one.search, one.replace)


def test_every_block_that_stands_in_the_way_is_told_of() -> None:
    view = PlainView({"a.ml": TEXT, "b.ml": "let x = 1\nlet x = 1\n"})
    good, bad = Block("let empty = []\n", "let none = []\n"), Block("let pup = function\n  | [] -> None\n", "")
    reply = Reply(
        "", (Blocks("a.ml", (good, bad)), Blocks("b.ml", (Block("let x = 1\n", ""),)), Blocks("c.ml", (good,)))
    )
    with pytest.raises(PlacementError) as caught:
        place(view, reply)
    one, two, three = caught.value.refusals
    assert (one.path, one.block, one.candidates[0].line) == ("a.ml", 2, 10)
    assert [place.line for place in two.candidates] == [0, 1]
    assert (three.path, three.block) == ("c.ml", 0)
    for text in ("3 edits", "let pop = function", "2 places", "does not exist"):
        assert text in str(caught.value)


def test_a_file_that_may_not_be_quoted_is_not() -> None:
    view = PlainView({"a.ml": TEXT})
    reply = Reply("", (Blocks("a.ml", (Block("let pup = function\n", ""), Block("  | [] -> nothing\n", ""))),))
    with pytest.raises(PlacementError) as caught:
        place(view, reply, lambda path, text: False)
    assert not any(refusal.candidates for refusal in caught.value.refusals)
    assert "let pop" not in str(caught.value)


DRIFTS = {
    "as it is": lambda line: line,
    "deeper": lambda line: f"  {line}" if line.strip() else line,
    "tabs": lambda line: line.replace("  ", "\t"),
    "trailing": lambda line: f"{line}  ",
    "doubled": lambda line: line.replace(" = ", "  = "),
}
NEW_LINES = st.lists(st.sampled_from(["let z = 3", "  | None -> 0", "", "    foo (bar baz)"]), max_size=4)


@given(st.data(), st.sampled_from(sorted(DRIFTS)))
def test_a_drifted_block_changes_the_right_words_or_is_refused(data: st.DataObject, drift: str) -> None:
    """Whatever lines of the file a block repeats: what it does is what it would do to the letter, layout apart."""
    lines = TEXT.split("\n")[:-1]
    start = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(start + 1, len(lines)))
    first = data.draw(st.integers(start, end))
    last = data.draw(st.integers(first, end))
    new = [*lines[start:first], *data.draw(NEW_LINES), *lines[last:end]]
    search, replace = ("".join(f"{DRIFTS[drift](line)}\n" for line in part) for part in (lines[start:end], new))
    try:
        after = placed(search, replace)
    except PlacementError:
        return
    assert (after or "").split() == "\n".join([*lines[:start], *new, *lines[end:]]).split()
