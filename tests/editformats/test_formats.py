"""What models write, as edits: read for certain, or refused whole."""

import pytest

from lsp_aid import editformats
from lsp_aid.domain.reply import Block, Blocks, Delete, FileEdit, Reply, Whole
from lsp_aid.errors import ConfigError, NotTextError, ReplyFormatError

ONE = (Blocks("lib/a.ml", (Block("let x = 1\n", "let x = 2\n"),)),)
SR = "<<<<<<< SEARCH\nlet x = 1\n=======\nlet x = 2\n>>>>>>> REPLACE"


def read(text: str, name: str = "auto") -> tuple[FileEdit, ...]:
    reply = editformats.read(text, name)
    with_crlf = editformats.read(text.replace("\n", "\r\n"), name)
    assert with_crlf == reply
    return reply.edits


def refused(text: str, name: str = "auto") -> str:
    with pytest.raises(ReplyFormatError) as caught:
        editformats.read(text, name)
    assert caught.value.cure
    return str(caught.value)


@pytest.mark.parametrize("module", editformats.FORMATS, ids=lambda m: m.NAME)
def test_the_example_shown_to_the_model_is_read(module) -> None:
    edits = read(module.INSTRUCTIONS)
    assert edits
    assert edits == read(module.INSTRUCTIONS, module.NAME)
    assert edits[0].path in ("lib/stack.ml", "lib/greeting.ml")


@pytest.mark.parametrize(
    "text",
    [
        f"lib/a.ml\n```ocaml\n{SR}\n```",
        f"Sure! I will do it.\n\n**lib/a.ml**:\n\n```\n{SR}\n```\nDone.",
        f"### File: `lib/a.ml`\n{SR}\n",
        f"```ocaml lib/a.ml\n{SR}\n```",
        f"```ocaml\nlib/a.ml\n{SR}\n```",
        f"lib/a.ml\nThis doubles the value:\n```ocaml\n{SR}\n```",
        f"1. `lib/a.ml`\n\n````ocaml\n{SR}\n````".replace("1. ", "- "),
        "lib/a.ml\n```\n<<<<<<<SEARCH\nlet x = 1\n======\nlet x = 2\n>>>>>>> REPLACE \n```",
    ],
)
def test_search_replace_as_models_write_it(text: str) -> None:
    assert read(text) == ONE


def test_several_blocks_share_a_path_only_where_no_file_comes_between() -> None:
    other = SR.replace("let x", "let y")
    two = (Blocks("lib/a.ml", (*ONE[0].blocks, Block("let y = 1\n", "let y = 2\n"))),)
    assert read(f"lib/a.ml\n```ocaml\n{SR}\n\n{other}\n```") == two
    assert read(f"lib/a.ml\n```ocaml\n{SR}\n```\n\nAnd once more:\n\n```ocaml\n{other}\n```") == two
    assert read(f"lib/a.ml\n{SR}\nlib/b.ml\n{SR}") == (ONE[0], Blocks("lib/b.ml", ONE[0].blocks))
    assert "which file" in refused(f"lib/a.ml\n{SR}\nNow the caller in `bin/main.ml`:\n{SR}")


@pytest.mark.parametrize(
    "name",
    [
        "LICENSE",
        "LICENSE:",
        ".git/config",
        "/etc/passwd",
        "`bin/configure`:",
        "**configure**",
        "### configure",
        "File: configure",
        "- configure",
        "In `bin/configure`:",
        "my folder/x.ml",
        "configure\nThis is a script.",
    ],
)
def test_a_block_below_a_name_that_is_no_path_is_not_put_into_the_file_before(name: str) -> None:
    assert "which file" in refused(f"lib/a.ml\n```ocaml\n{SR}\n```\n\n{name}\n```\n{SR}\n```")
    assert "which file" in refused(f"lib/a.ml\n{SR}\n\n{name}\n{SR}")


@pytest.mark.parametrize("prose", ["Then:", "And once more.", "...", "---", "Done!", ")", "It is x/y now:"])
def test_a_block_below_prose_is_of_the_file_before(prose: str) -> None:
    other = SR.replace("let x", "let y")
    (edit,) = read(f"lib/a.ml\n{SR}\n\n{prose}\n{other}")
    assert isinstance(edit, Blocks)
    assert len(edit.blocks) == 2


def test_search_replace_creates_and_deletes_lines() -> None:
    assert read("t/new.ml\n<<<<<<< SEARCH\n=======\nlet () = ()\n>>>>>>> REPLACE") == (
        Blocks("t/new.ml", (Block("", "let () = ()\n"),)),
    )
    assert read("a.ml\n<<<<<<< SEARCH\nx\n=======\n>>>>>>> REPLACE") == (Blocks("a.ml", (Block("x\n", ""),)),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SR, "which file"),
        (f"Change this:\n```ocaml\n{SR}\n```", "which file"),
        ("lib/a.ml\n<<<<<<< SEARCH\nlet x = 1\n=======\nlet x = 2\n", "no line `>>>>>>> REPLACE`"),
        ("lib/a.ml\n<<<<<<< SEARCH\nlet x = 1\n>>>>>>> REPLACE", "no line `=======`"),
        ("lib/a.ml\n<<<<<<< SEARCH\na\n=======\nb\n=======\nc\n>>>>>>> REPLACE", "more than one"),
        ("lib/a.ml\n<<<<<<< SEARCH\na\n<<<<<<< SEARCH\nb\n=======\nc\n>>>>>>> REPLACE", "begins before"),
        ("lib/a.ml\n=======\nb\n>>>>>>> REPLACE", "no `<<<<<<< SEARCH`"),
        (f"lib/a.ml\n{SR}\n\nlib/b.ml\n```ocaml\nlet y = 1\n```", "mixes"),
        (f"lib/a.ml\n{SR}\n```diff\n--- a/b.ml\n+++ b/b.ml\n@@ -1 +1 @@\n-a\n+b\n```", "mixes"),
        (
            "lib/a.ml\n<<<<<<< SEARCH\na\n=======\nb\n(* ... rest unchanged ... *)\n>>>>>>> REPLACE",
            "leaves something out",
        ),
    ],
)
def test_search_replace_that_is_not_certain_is_refused(text: str, words: str) -> None:
    assert words in refused(text)


DIFF = "--- a/lib/a.ml\n+++ b/lib/a.ml\n@@ -4,3 +4,3 @@ let f\n let a = 0\n-let x = 1\n+let x = 2\n let b = 0\n"
HUNK = Block("let a = 0\nlet x = 1\nlet b = 0\n", "let a = 0\nlet x = 2\nlet b = 0\n", 3, "let f")


@pytest.mark.parametrize(
    "text",
    [
        DIFF,
        f"Here:\n\nlib/a.ml:\n```diff\n{DIFF}```\nThat is all.\n- one\n+ two",
        f"{DIFF}\nThat is all.",
        f"diff --git a/lib/a.ml b/lib/a.ml\nindex 123..456 100644\n{DIFF}",
        f"```diff\n{DIFF.replace(' a/', ' ').replace(' b/', ' ')}\n\n```",
        f"```diff\n{DIFF.replace(' let a', 'let a').replace(' let b', 'let b')}```",
        DIFF.replace("lib/a.ml\n", "lib/a.ml\t2024-01-01 00:00:00\n"),
        DIFF.replace("a/lib/a.ml", '"a/lib/a.ml"').replace("b/lib/a.ml", '"b/lib/a.ml"'),
    ],
)
def test_unified_diffs_as_models_write_them(text: str) -> None:
    assert read(text) == (Blocks("lib/a.ml", (HUNK,)),)


UNNUMBERED = (Blocks("lib/a.ml", (Block(HUNK.search, HUNK.replace, None, "let f"),)),)


@pytest.mark.parametrize("numbers", ["-4,3 +9,3", "-4,3", "", "...", "-4,3 +4,3 "])
@pytest.mark.parametrize("frame", ["```diff\n{}```\n", "{}", "{}\nThat is all.\n\nBye.\n"])
def test_a_head_that_is_wrong_in_anything_is_not_believed(numbers: str, frame: str) -> None:
    diff = DIFF.replace("@@ -4,3 +4,3 @@", f"@@ {numbers} @@").replace("4,3 +4,3  @@", "4,3 +5,4 @@")
    assert read(frame.format(diff)) == UNNUMBERED


@pytest.mark.parametrize("counts", ["-4,9 +4,2", "-4 +4", "-4,0 +4,9"])
@pytest.mark.parametrize("frame", ["```diff\n{}```\n", "{}", "{}\nThat is all.\n\nBye.\n"])
def test_counts_do_not_matter(counts: str, frame: str) -> None:
    assert read(frame.format(DIFF.replace("-4,3 +4,3", counts))) == (Blocks("lib/a.ml", (HUNK,)),)


@pytest.mark.parametrize("head", ["@@", "@@ ... @@", "@@ @@"])
def test_a_head_may_say_nothing(head: str) -> None:
    bare = DIFF.replace("@@ -4,3 +4,3 @@ let f", head)
    for text in (bare, f"```diff\n{bare}```"):
        assert read(text) == (Blocks("lib/a.ml", (Block(HUNK.search, HUNK.replace),)),)


def test_counts_vouch_for_lines_without_a_sign_outside_a_fence() -> None:
    bare = DIFF.replace("\n let", "\nlet")
    assert read(f"{bare}That is all.\n") == (Blocks("lib/a.ml", (HUNK,)),)
    assert "not clear" in refused(bare.replace("-4,3 +4,3", "-4,9 +4,9"))


def test_a_diff_below_a_path_names_its_file() -> None:
    hunk = DIFF.split("\n", 2)[2]
    assert read(f"Here:\n\nlib/a.ml:\n```diff\n{hunk}```") == (Blocks("lib/a.ml", (HUNK,)),)
    assert "no file's name" in refused(f"Here:\n\n```diff\n{hunk}```\n```diff\n{DIFF}```")


def test_counts_that_would_drop_changes_drop_none() -> None:
    diff = "```diff\n--- a/x.ml\n+++ b/x.ml\n@@ -1,1 +1,1 @@\n-a\n+b\n+c\n\n d\n@@ -9 +9 @@\n-e\n+f\n```"
    assert read(diff) == (Blocks("x.ml", (Block("a\n\nd\n", "b\nc\n\nd\n", 0), Block("e\n", "f\n"))),)


def test_a_diff_creates_and_deletes() -> None:
    diff = (
        "--- /dev/null\n+++ b/new.ml\n@@ -0,0 +1,2 @@\n+let a = 1\n+let b = 2\n\\ No newline at end of file\n"
        "--- a/old.ml\n+++ /dev/null\n@@ -1 +0,0 @@\n-let c = 3\n"
        "diff --git a/empty.ml b/empty.ml\nnew file mode 100644\nindex 0000000..e69de29\n"
        "diff --git a/gone.ml b/gone.ml\ndeleted file mode 100644\n"
    )
    assert read(diff) == (
        Blocks("new.ml", (Block("", "let a = 1\nlet b = 2", 0),)),
        Delete("old.ml", "let c = 3\n"),
        Blocks("empty.ml", (Block("", ""),)),
        Delete("gone.ml"),
    )


def test_paths_that_git_quotes_are_unquoted() -> None:
    diff = '--- "a/lib/\\303\\251t\\303\\251.ml"\n+++ "b/lib/\\303\\251t\\303\\251.ml"\n@@ -1 +1 @@\n-a\n+b\n'
    assert read(diff)[0].path == "lib/été.ml"


def test_removed_dashes_are_no_file_name() -> None:
    diff = "```diff\n--- a/q.ml\n+++ b/q.ml\n@@ -1,3 +1,3 @@\n x\n--- old\n+++ new\n y\n```"
    assert read(diff) == (Blocks("q.ml", (Block("x\n-- old\ny\n", "x\n++ new\ny\n", 0),)),)


def test_a_fence_in_the_text_is_text() -> None:
    diff = "````diff\n--- a/README.md\n+++ b/README.md\n@@ -1,3 +1,3 @@\n ```\n-a\n+b\n ```\n````"
    assert read(diff) == (Blocks("README.md", (Block("```\na\n```\n", "```\nb\n```\n", 0),)),)


@pytest.mark.parametrize("kind", ["rename", "copy"])
def test_a_file_that_is_made_of_another(kind: str) -> None:
    head = f"diff --git a/x.ml b/d/y.ml\nsimilarity index 100%\n{kind} from x.ml\n{kind} to d/y.ml\n"
    gone = (Delete("x.ml"),) if kind == "rename" else ()
    assert read(head) == (Blocks("d/y.ml", (), None, "x.ml"), *gone)
    hunk = "index 1..2 100644\n--- a/x.ml\n+++ b/d/y.ml\n@@ -1 +1 @@\n-a\n+b\n"
    assert read(head + hunk) == (Blocks("d/y.ml", (Block("a\n", "b\n", 0),), None, "x.ml"), *gone)


def test_a_mode_may_be_all_that_changes() -> None:
    diff = "diff --git a/x.sh b/x.sh\nold mode 100644\nnew mode 100755\n"
    assert read(diff) == (Blocks("x.sh", (), True),)


def test_a_binary_patch_is_told_apart_from_what_is_wrong() -> None:
    diff = "diff --git a/x.png b/x.png\nindex 123..456 100644\nGIT binary patch\nliteral 5\nMcmZQz\n\n"
    with pytest.raises(NotTextError):
        editformats.read(diff)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```diff\n@@ -1 +1 @@\n-a\n+b\n```", "no edit"),
        ("--- a/x.ml\n+++ b/y.ml\n@@ -1 +1 @@\n-a\n+b\n", "renames"),
        ("diff --git a/x.ml b/y.ml\nsimilarity index 100%\nrename from x.ml\n", "made of"),
        ("diff --git a/x.ml b/y.ml\nsimilarity index 100%\nrename to y.ml\n", "made of"),
        ("diff --git a/x.png b/x.png\nindex 123..456 100644\nBinary files a/x.png and b/x.png differ\n", "binary"),
        ("```diff\n--- a/x.ml\n+++ b/x.ml\n@@ -1 +1 @@\n-a\n+b", "not closed"),
        ("```diff\n--- a/x.ml\n+++ b/x.ml\n@@ -1 +1 @@\n a\n```", "neither"),
        ("--- a/x.ml\n+++ b/x.ml\n@@ @@\n-a\n+b\n\n- one\n- two\n", "not clear"),
        ("--- a/x.ml\n+++ b/x.ml\n@@ @@\n-a\n+b\nlet c\n-d\n", "no hunk"),
        ("--- /dev/null\n+++ b/x.ml\n@@ -1 +1,2 @@\n a\n+b\n", "expects lines"),
    ],
)
def test_a_diff_that_is_not_certain_is_refused(text: str, words: str) -> None:
    assert words in refused(text)


def test_whole_files_are_read() -> None:
    text = "Two files.\n\nlib/a.ml\n```ocaml\nlet x = 1\n```\n`t/dune`:\n```dune\n(test)\n```\n```sh\ndune test\n```"
    assert editformats.read(text) == Reply(
        "Two files.\n\n```sh\ndune test\n```",
        (Whole("lib/a.ml", "let x = 1\n"), Whole("t/dune", "(test)\n")),
    )


def test_a_diff_in_the_text_of_a_file_is_text() -> None:
    text = f"(* A diff:\n{DIFF}*)\n"
    for fence in ("```", "````"):
        assert read(f"lib/a.ml\n{fence}ocaml\n{text}{fence}\n") == (Whole("lib/a.ml", text),)
    assert read(f"lib/a.ml\n```ocaml\n{DIFF}```\n") == (Blocks("lib/a.ml", (HUNK,)),)


def test_the_language_dune_is_no_file() -> None:
    assert read("lib/dune\n```dune\n(library)\n```") == (Whole("lib/dune", "(library)\n"),)
    assert "no edit" in refused("```dune\n(library)\n```")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lib/a.ml\n```ocaml\nlet x = 1\n", "not closed"),
        ("lib/a.ml\n```ocaml\nlet x = 1\n```\nand\n```ocaml\nlet y = 1\n```", "names no file"),
        ("lib/a.ml\n```\nx\n```\nlib/a.ml\n```\ny\n```", "more than once"),
        ("```ocaml\nlet x = 1\n```", "no edit"),
    ],
)
def test_whole_files_that_are_not_certain_are_refused(text: str, words: str) -> None:
    assert words in refused(text)


PATCH = """*** Begin Patch
*** Update File: lib/a.ml
@@ let f x =
 a
-b
+c

 d
@@
-e
*** End of File
*** Add File: lib/new.ml
+let y = 1
+
*** Delete File: lib/old.ml
*** End Patch"""


def test_apply_patch_is_read() -> None:
    expected = (
        Blocks("lib/a.ml", (Block("a\nb\n\nd\n", "a\nc\n\nd\n", None, "let f x ="), Block("e\n", ""))),
        Blocks("lib/new.ml", (Block("", "let y = 1\n\n"),)),
        Delete("lib/old.ml"),
    )
    assert read(PATCH) == expected
    assert editformats.read(f"Done:\n```\n{PATCH}\n```\n") == Reply("Done:", expected)
    assert read(PATCH.replace("\n a\n", "\na\n").replace(": lib/a.ml", ": `lib/a.ml`")) == expected


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("*** End Patch", "", "End Patch"),
        ("*** Begin Patch", "", "outside"),
        ("+let y = 1", "let y = 1", "no \\+ before it".replace("\\", "")),
        ("-e\n", "-e\n*** Move to: lib/b.ml\n", "cannot be read"),
        ("*** Delete File: lib/old.ml", "*** Move to: lib/b.ml", "no + before"),
        ("lib/new.ml", "lib/a.ml", "more than once"),
    ],
)
def test_a_patch_that_is_not_certain_is_refused(old: str, new: str, words: str) -> None:
    assert words in refused(PATCH.replace(old, new))


@pytest.mark.parametrize("text", ["", "I cannot do that.", "Use `List.map` in lib/a.ml instead.\n\n- a\n- b"])
def test_prose_alone_has_no_edits(text: str) -> None:
    assert editformats.read(text) == Reply(text, ())


def test_another_form_than_the_one_named_is_refused() -> None:
    assert "no edit in the expected form" in refused(f"lib/a.ml\n```ocaml\n{SR}\n```", "unified_diff")
    with pytest.raises(ConfigError, match="search_replace"):
        editformats.read("", "emoji")


def test_thoughts_whose_start_is_in_the_models_template_are_left_out() -> None:
    thoughts = "lib/b.ml\n```ocaml\nlet maybe = 1\n```\n</think>\n"
    assert editformats.read(f"{thoughts}lib/a.ml\n{SR}").edits == ONE


def test_a_diff_that_deletes_a_file_shows_its_text_and_keeps_no_line() -> None:
    head = "--- a/lib/a.ml\n+++ /dev/null\n@@ -1,2 +0,0 @@\n"
    assert read(f"```diff\n{head}-let a = 1\n-let b = 2\n```") == (Delete("lib/a.ml", "let a = 1\nlet b = 2\n"),)
    assert "yet keeps lines" in refused(f"```diff\n{head} let a = 1\n-let b = 2\n```")
