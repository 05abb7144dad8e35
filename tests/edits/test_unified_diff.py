"""Diffs that the real `git apply` and the real `patch` take."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.unified_diff import render

PROGRAMS = {
    "git": ["git", "apply", "--whitespace=nowarn", "-"],
    "patch": ["patch", "-p1", "--no-backup-if-mismatch", "--fuzz=0", "--silent"],
}

LINE = st.sampled_from(
    ["let x = 1", "-- a", "++ b", "-", "+", " ", "", "é🐫", "\\ No newline", "a\r", "\f", "@@ -1 +1 @@"]
)
TEXT = st.lists(LINE, max_size=25).map("\n".join) | st.lists(LINE, max_size=25).map(
    lambda ls: "".join(f"{x}\n" for x in ls)
)
PATH = st.sampled_from(
    ["a.ml", "lib/b.ml", "lib/with space.ml", "lib/été.ml", 'q"uote.ml', "x/y/z/dune", "two  tabs\t.ml"]
)
CHANGES = st.dictionaries(PATH, st.tuples(st.none() | TEXT, st.none() | TEXT), max_size=4).map(
    lambda files: ChangeSet.of(FileChange(path, before, after) for path, (before, after) in sorted(files.items()))
)


def write(folder: Path, path: str, text: str) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())


def check(changes: ChangeSet, program: str) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for change in changes.files:
            if change.before is not None:
                write(folder, change.path, change.before)
        diff = render(changes)
        if not diff:
            return
        done = subprocess.run(PROGRAMS[program], cwd=folder, input=diff.encode(), capture_output=True, timeout=60)
        assert done.returncode == 0, (done.stderr, done.stdout, diff)
        left = {
            str(file.relative_to(folder)): file.read_bytes().decode() for file in folder.rglob("*") if file.is_file()
        }
        assert left == {path: text for path, text in changes.texts.items() if text is not None}


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=40, deadline=None)
@given(changes=CHANGES)
def test_what_is_printed_can_be_applied(program: str, changes: ChangeSet) -> None:
    check(changes, program)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ""),
        ("", None),
        (None, "a"),
        ("a", None),
        ("", "a\n"),
        ("a\n", ""),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("a\r\nb", "a\nb\n"),
        ("a\n" * 30, "a\n" * 14 + "b\n" + "a\n" * 15),
    ],
)
def test_the_ends_of_files_survive(program: str, before: str | None, after: str | None) -> None:
    check(ChangeSet([FileChange("lib/a.ml", before, after)]), program)


def test_the_form_is_that_of_git() -> None:
    before = "".join(f"{n}\n" for n in range(1, 10))
    assert render(ChangeSet([FileChange("lib/a.ml", before, before.replace("5\n", "five\n"))])) == (
        "diff --git a/lib/a.ml b/lib/a.ml\n--- a/lib/a.ml\n+++ b/lib/a.ml\n"
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
    )
    assert render(ChangeSet([FileChange("é x.ml", None, "a")])) == (
        'diff --git "a/\\303\\251 x.ml" "b/\\303\\251 x.ml"\nnew file mode 100644\n--- /dev/null\n'
        '+++ "b/\\303\\251 x.ml"\t\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n'
    )


def test_nothing_changed_prints_nothing() -> None:
    assert render(ChangeSet()) == ""
