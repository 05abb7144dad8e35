"""What git writes is done as git does it, whatever stands in the lines."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_aid.config import EditSettings
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.edits.git_diff import apply_exactly
from lsp_aid.errors import OutsideError
from lsp_aid.workspace.view import WorkspaceView
from tests.support.requires import require

LINES = [
    "let x = 1",
    "let y = 2",
    "",
    "  x + 1",
    "(* ... *)",
    "...",
    "-- sql",
    "++ plus",
    "--- a/foo",
    "+++ b/foo",
    "@@ -1,2 +1,2 @@",
    "diff --git a/x b/x",
    "```ocaml",
    "<<<<<<< SEARCH",
    ">>>>>>> REPLACE",
    "\\ No newline",
    "rename from x",
    "Binary files a and b differ",
    "*** Begin Patch",
    "\tx",
    "x  \x0c",
    "é \u2028 \r y",
]
TEXTS = st.builds(
    lambda bom, lines, ends, rest: bom + "".join(f"{line}{end}" for line, end in zip(lines, ends, strict=False)) + rest,
    st.sampled_from(["", "\ufeff"]),
    st.lists(st.sampled_from(LINES), max_size=12),
    st.lists(st.sampled_from(["\n", "\n", "\n", "\r\n"]), min_size=12, max_size=12),
    st.sampled_from(["", "let z = 3", "\n"]),
)


def diff_of(folder: Path, before: str, after: str, context: int) -> str:
    for name, text in (("a", before), ("b", after)):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "f.ml").write_bytes(text.encode())
    words = ["git", "diff", "--no-index", f"-U{context}", "--src-prefix=", "--dst-prefix=", "a/f.ml", "b/f.ml"]
    return subprocess.run(words, cwd=folder, capture_output=True, timeout=60, check=False).stdout.decode()


def applied(root: Path, diff: str) -> ChangeSet | None:
    return apply_exactly(WorkspaceView(root), diff, EditSettings())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TEXTS, after=TEXTS, context=st.sampled_from([1, 3, 5]))
def test_what_git_writes_of_one_text_makes_the_other(
    tmp_path_factory: pytest.TempPathFactory, before: str, after: str, context: int
) -> None:
    require("git")
    folder = tmp_path_factory.mktemp("texts")
    diff = diff_of(folder, before, after, context)
    changes = applied(folder / "a", diff)
    if before == after:
        assert changes is None
    else:
        assert changes is not None
        assert changes.texts == {"f.ml": after}


BEFORE = {"lib/a.ml": "let x = 1\nlet y = 2\n", "t": "", "run.sh": "#!/bin/sh\n"}
HUNK = "@@ -1,2 +1,2 @@\n-let x = 1\n+let x = 2\n let y = 2\n"
RIGHT = {
    "a": f"diff --git a/lib/a.ml b/lib/a.ml\n--- a/lib/a.ml\n+++ b/lib/a.ml\n{HUNK}",
    "other prefixes": f"diff --git c/lib/a.ml i/lib/a.ml\n--- c/lib/a.ml\n+++ i/lib/a.ml\n{HUNK}",
    "no prefixes": f"diff --git lib/a.ml lib/a.ml\n--- lib/a.ml\n+++ lib/a.ml\n{HUNK}",
    "diff -u": f"--- a/lib/a.ml\t2026-01-01 10:00:00.000000000 +0000\n+++ b/lib/a.ml\t2026-01-02\n{HUNK}",
    "a patch in a mail": f"From: a\nSubject: b\n\n---\n lib/a.ml | 2 +-\n\ndiff --git a/lib/a.ml b/lib/a.ml\n"
    f"index 1..2 100644\n--- a/lib/a.ml\n+++ b/lib/a.ml\n{HUNK}-- \n2.39.5\n\n",
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_forms_in_which_such_diffs_come(name: str, tmp_path: Path) -> None:
    changes = applied(laid_out(tmp_path), RIGHT[name])
    assert changes is not None
    assert changes.texts == {"lib/a.ml": "let x = 2\nlet y = 2\n"}


def test_a_new_file_below_another_prefix_is_where_git_puts_it(tmp_path: Path) -> None:
    head = "diff --git i/lib/b.ml w/lib/b.ml\nnew file mode 100755\n--- /dev/null\n+++ w/lib/b.ml\n"
    changes = applied(laid_out(tmp_path), f"{head}@@ -0,0 +1 @@\n+let z = 3\n")
    assert changes is not None
    assert [(c.path, c.after, c.executable) for c in changes.files] == [("lib/b.ml", "let z = 3\n", True)]


def test_a_file_makes_room_for_a_folder_of_its_name(tmp_path: Path) -> None:
    diff = "diff --git a/t b/t/run.t\nsimilarity index 100%\nrename from t\nrename to t/run.t\n"
    changes = applied(laid_out(tmp_path), diff)
    assert changes is not None
    assert [(c.path, c.after) for c in changes.files] == [("t", None), ("t/run.t", "")]


OTHER = {
    "lines that are not there": RIGHT["a"].replace("-let x = 1", "-let x = 7"),
    "another place": RIGHT["a"].replace("-1,2 +1,2", "-2,2 +2,2"),
    "wrong counts": RIGHT["a"].replace("-1,2 +1,2", "-1,3 +1,3"),
    "a fence": f"```diff\n{RIGHT['a']}```\n",
    "prose below": f"{RIGHT['a']}That is all.\n",
    "one file twice": RIGHT["a"] * 2,
    "a rename that is only half told": "diff --git a/t b/u\nsimilarity index 100%\nrename from t\n",
    "a rename onto a file": "diff --git a/t b/run.sh\nsimilarity index 100%\nrename from t\nrename to run.sh\n",
    "a file below a file": "--- /dev/null\n+++ b/run.sh/x\n@@ -0,0 +1 @@\n+x\n",
    "a file that is there already": "--- /dev/null\n+++ b/lib/a.ml\n@@ -0,0 +1 @@\n+x\n",
    "a link": "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n",
    "a deletion that keeps lines": "diff --git a/lib/a.ml b/lib/a.ml\ndeleted file mode 100644\n"
    "--- a/lib/a.ml\n+++ /dev/null\n@@ -1 +0,0 @@\n-let x = 1\n",
    "no diff": "let x = 1\n",
    "nothing": "",
}


@pytest.mark.parametrize("name", OTHER)
def test_what_does_not_fit_so_is_for_others(name: str, tmp_path: Path) -> None:
    assert applied(laid_out(tmp_path), OTHER[name]) is None


@pytest.mark.parametrize("path", ["../x", ".git/hooks/x", "_build/x", "/etc/x"])
def test_nothing_leaves_the_project(path: str, tmp_path: Path) -> None:
    with pytest.raises(OutsideError):
        applied(laid_out(tmp_path), f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n")


def laid_out(folder: Path) -> Path:
    for path, text in BEFORE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder
