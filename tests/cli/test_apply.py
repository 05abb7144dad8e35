"""`lsp-aid apply` and `lsp-aid undo` as a script runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.journal import State
from lsp_aid.workspace.journal import Journal
from tests.support.requires import require

pytestmark = pytest.mark.slow

A = "let a = 1\r\nlet b = 2\r\nlet last = 3"
FILES = {"lib/a.ml": A, "bin/main.ml": "\ufeffprint_int A.a\n", "dune-project": "(lang dune 3.0)\n"}

SEARCH_REPLACE = """\
I rename it.

lib/a.ml
```ocaml
<<<<<<< SEARCH
let a = 1
=======
let one = 1
>>>>>>> REPLACE
```

bin/main.ml
```ocaml
<<<<<<< SEARCH
print_int A.a
=======
print_int A.one
>>>>>>> REPLACE
```
"""

UNIFIED = """\
```diff
--- a/lib/a.ml
+++ b/lib/a.ml
@@ -1,3 +1,3 @@
-let a = 1
+let one = 1
 let b = 2
 let last = 3
--- a/bin/main.ml
+++ b/bin/main.ml
@@ -1 +1 @@
-print_int A.a
+print_int A.one
```
"""

APPLY_PATCH = """\
*** Begin Patch
*** Update File: lib/a.ml
@@
-let a = 1
+let one = 1
*** Update File: bin/main.ml
@@
-print_int A.a
+print_int A.one
*** End Patch
"""

WHOLE_FILE = """\
lib/a.ml
```ocaml
let one = 1
let b = 2
let last = 3
```

bin/main.ml
```ocaml
print_int A.one
```
"""

WANTED = {**FILES, "lib/a.ml": A.replace("a = 1", "one = 1"), "bin/main.ml": "\ufeffprint_int A.one\n"}
UNPLACED = SEARCH_REPLACE.replace("\nprint_int A.a\n", "\nprint_float nowhere\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    return root


def texts(root: Path) -> dict[str, str]:
    return {p.relative_to(root).as_posix(): p.read_bytes().decode() for p in root.rglob("*") if p.is_file()}


def lsp_aid(
    *words: str | Path, cwd: Path, given: str | bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "lsp_aid", *map(str, words)],
        cwd=cwd,
        input=given.encode() if isinstance(given, str) else given,
        capture_output=True,
        timeout=120,
        env={**os.environ, **environment},
    )


def answer(done: "subprocess.CompletedProcess[bytes]") -> dict[str, Any]:
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("form", ["auto", "named"])
@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("search_replace", SEARCH_REPLACE),
        ("unified_diff", UNIFIED),
        ("apply_patch", APPLY_PATCH),
        ("whole_file", WHOLE_FILE),
    ],
)
def test_each_form_is_applied_and_undone(root: Path, name: str, reply: str, form: str) -> None:
    done = lsp_aid("apply", "--format", name if form == "named" else "auto", cwd=root, given=reply)
    assert done.returncode == 0, done.stderr
    assert texts(root) == WANTED  # with the BOM, the line ends and the end that the files had
    assert b"Applied to lib/a.ml, bin/main.ml" in done.stderr
    undone = lsp_aid("undo", cwd=root)
    assert undone.returncode == 0, undone.stderr
    assert texts(root) == FILES


def test_a_dry_run_prints_a_diff_that_git_takes(root: Path, tmp_path: Path) -> None:
    done = lsp_aid("apply", "--root", root, "--dry-run", cwd=tmp_path, given=SEARCH_REPLACE)
    assert done.returncode == 0
    assert texts(root) == FILES
    subprocess.run(["git", "apply"], input=done.stdout, cwd=root, check=True)
    assert texts(root) == WANTED
    assert lsp_aid("undo", cwd=root).returncode == 2


def test_the_json_has_its_documented_form(root: Path) -> None:
    dry = answer(lsp_aid("apply", "--dry-run", "--json", cwd=root, given=SEARCH_REPLACE))
    assert set(dry) == {"status", "files", "diff", "explanation", "confirmations"}
    assert (dry["status"], dry["files"], dry["explanation"]) == (
        "proposed",
        ["lib/a.ml", "bin/main.ml"],
        "I rename it.",
    )
    done = answer(lsp_aid("apply", "--json", cwd=root, given=SEARCH_REPLACE))
    assert {**dry, "status": "applied", "entry": done["entry"]} == done
    undone = answer(lsp_aid("undo", "--json", cwd=root))
    assert undone.pop("message")
    assert undone == {"status": "undone", "files": done["files"], "entry": done["entry"]}


def test_one_block_without_a_place_refuses_all(root: Path) -> None:
    done = lsp_aid("apply", cwd=root, given=UNPLACED)
    assert done.returncode == 1
    assert b"bin/main.ml" in done.stderr
    assert b"print_float nowhere" in done.stderr
    data = answer(lsp_aid("apply", "--json", cwd=root, given=UNPLACED))
    assert data["status"] == "refused"
    assert texts(root) == FILES
    (refusal,) = data["refusals"]
    assert set(refusal) == {"file", "block", "reason", "cure", "candidates"}
    assert (refusal["file"], refusal["block"]) == ("bin/main.ml", 1)


def test_the_reason_for_each_block_is_told(root: Path) -> None:
    reply = UNPLACED.replace("let a = 1\n=", "let nothing = like_it\n=")
    data = answer(lsp_aid("apply", "--json", cwd=root, given=reply))
    assert [refusal["file"] for refusal in data["refusals"]] == ["lib/a.ml", "bin/main.ml"]
    assert all(refusal["reason"] and refusal["cure"] for refusal in data["refusals"])


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ("", 2, "empty"),
        ("  \n", 2, "empty"),
        (b"\xff\xfe\x00b", 2, "not UTF-8"),
        ("lib/a.ml\0", 2, "binary"),
        ("I would rather not.", 1, "no edit"),
        ("```ocaml\nlet x = 1\n```\n", 1, "no edit"),
        (WHOLE_FILE.replace("lib/a.ml", "../outside.ml"), 1, "upwards"),
        (APPLY_PATCH.replace("lib/a.ml", "/etc/passwd"), 1, "outside"),
        (APPLY_PATCH.replace("lib/a.ml", ".git/hooks/pre-commit"), 1, "hidden"),
        (APPLY_PATCH.replace("lib/a.ml", "_build/a.ml"), 1, "not source"),
        (APPLY_PATCH.replace("lib/a.ml", "out/a.ml"), 1, "by a link"),
        (APPLY_PATCH.replace("lib/a.ml", "data.bin"), 1, "binary"),
        (APPLY_PATCH.replace("lib/a.ml", "latin.ml"), 1, "not UTF-8"),
        (APPLY_PATCH.replace("lib/a.ml", "lib"), 1, "folder"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_bad_input_changes_nothing(
    root: Path, tmp_path: Path, given: str | bytes, status: int, words: str, flags: tuple[str, ...]
) -> None:
    (root / "out").symlink_to(tmp_path)
    (root / "data.bin").write_bytes(b"\0\1\2")
    (root / "latin.ml").write_bytes(b"caf\xe9")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    done = lsp_aid("apply", *flags, cwd=root, given=given)
    assert done.returncode == status, done.stderr
    assert words in (answer(done)["message"] if flags else done.stderr.decode())
    assert b"Traceback" not in done.stderr
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--root", "nowhere"), "no folder"),
        (("--root", "lib/a.ml"), "no folder"),
        (("--format", "xml"), "search_replace"),
    ],
)
def test_a_wrong_flag_is_said(root: Path, words: tuple[str, ...], message: str) -> None:
    done = lsp_aid("apply", *words, cwd=root, given=SEARCH_REPLACE)
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_limits_come_from_the_settings(root: Path, home: Path) -> None:
    settings = home / ".config/lsp-aid/config.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"edits": {"maxFiles": 1}}')
    done = lsp_aid("apply", cwd=root, given=SEARCH_REPLACE)
    assert (done.returncode, texts(root)) == (1, FILES)
    assert b"edits.maxFiles" in done.stderr


def test_what_a_build_runs_is_marked(root: Path) -> None:
    reply = "dune-project\n```\n(lang dune 3.17)\n```\n"
    data = answer(lsp_aid("apply", "--json", "--dry-run", cwd=root, given=reply))
    assert data["confirmations"] == [{"file": "dune-project", "reason": "it says what a build runs"}]
    done = lsp_aid("apply", cwd=root, given=reply)
    assert (done.returncode, (root / "dune-project").read_text()) == (0, "(lang dune 3.17)\n")
    assert b"Note: dune-project: it says what a build runs" in done.stderr


def test_a_reply_that_is_there_already_is_no_error(root: Path) -> None:
    lsp_aid("apply", cwd=root, given=WHOLE_FILE)
    done = lsp_aid("apply", cwd=root, given=WHOLE_FILE)
    assert done.returncode == 0
    assert texts(root) == WANTED
    assert lsp_aid("undo", cwd=root).returncode == 0
    assert texts(root) == FILES


def test_undo_is_refused_whole_and_names_what_was_touched(root: Path) -> None:
    lsp_aid("apply", cwd=root, given=SEARCH_REPLACE)
    (root / "bin/main.ml").write_text("mine\n")
    now = texts(root)
    done = lsp_aid("undo", cwd=root)
    assert (done.returncode, texts(root)) == (1, now)
    assert b"bin/main.ml has changed" in done.stderr
    assert answer(lsp_aid("undo", "--json", cwd=root))["touched"] == ["bin/main.ml"]


THREE = "".join(
    f"lib/{name}.ml\n```ocaml\n<<<<<<< SEARCH\nlet {name} = 1\n=======\nlet {name} = 2\n>>>>>>> REPLACE\n```\n\n"
    for name in ("one", "two", "three")
)


@pytest.mark.parametrize("system", ["git", "hg"])
def test_undo_over_three_files_of_a_checkout(tmp_path: Path, system: str) -> None:
    """One of them touched since: refused whole, and that one named. As it was again, all are undone."""
    require(system)

    def run(*words: str) -> str:
        return subprocess.run([system, *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    (tmp_path / "lib").mkdir()
    for name in ("one", "two", "three"):
        (tmp_path / f"lib/{name}.ml").write_text(f"let {name} = 1\n")
    run("init")
    run("add", "lib")
    run("commit", "-m", "first")
    assert lsp_aid("apply", cwd=tmp_path, given=THREE).returncode == 0
    assert len(run("status", "--short" if system == "git" else "-m").splitlines()) == 3

    (tmp_path / "lib/two.ml").write_text("let two = 2 (* mine *)\n")
    now = {path.name: path.read_text() for path in (tmp_path / "lib").iterdir()}
    done = lsp_aid("undo", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert b"lib/two.ml has changed" in done.stderr
    assert b"one.ml" not in done.stderr
    assert b"three.ml" not in done.stderr
    assert {path.name: path.read_text() for path in (tmp_path / "lib").iterdir()} == now

    (tmp_path / "lib/two.ml").write_text("let two = 2\n")
    assert lsp_aid("undo", cwd=tmp_path).returncode == 0
    assert run("diff") == ""


def test_undo_goes_back_step_by_step(root: Path) -> None:
    for name in "xyz":
        lsp_aid("apply", cwd=root, given=f"lib/{name}.ml\n```ocaml\nlet {name} = 1\n```\n")
    for left in ("xy", "x", ""):
        assert lsp_aid("undo", cwd=root).returncode == 0
        assert sorted(texts(root).keys() - FILES.keys()) == [f"lib/{name}.ml" for name in left]
    done = lsp_aid("undo", cwd=root)
    assert done.returncode == 2
    assert b"nothing to undo" in done.stderr


def test_undo_in_a_folder_of_the_project_finds_the_project(root: Path) -> None:
    lsp_aid("apply", cwd=root, given=SEARCH_REPLACE)
    assert lsp_aid("undo", cwd=root / "lib").returncode == 0
    assert texts(root) == FILES


def test_without_a_state_folder_it_is_applied_with_a_warning(root: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    done = lsp_aid("apply", cwd=root, given=SEARCH_REPLACE, XDG_STATE_HOME=str(tmp_path / "plain"))
    assert (done.returncode, texts(root)) == (0, WANTED)
    assert b"will not be able to undo" in done.stderr


def test_a_read_only_disk_stays_as_it_is(root: Path) -> None:
    require("unshare")
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd "$1" && exec "$2" -m lsp_aid apply'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", root, sys.executable],
        input=SEARCH_REPLACE.encode(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert b"cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr
    assert texts(root) == FILES
    assert lsp_aid("undo", cwd=root).returncode == 2


@pytest.mark.parametrize("moment", ["first", "third"])
def test_a_kill_on_the_way_leaves_nothing_half_done(root: Path, moment: str) -> None:
    """Whenever the process is killed, the next command finds all files as they were, or takes all of them back."""
    for number in range(50):
        (root / f"m{number:02}.ml").write_text("old\n")
    before = texts(root)
    reply = "".join(f"m{number:02}.ml\n```ocaml\nnew\n```\n\n" for number in range(50))
    process = subprocess.Popen([sys.executable, "-m", "lsp_aid", "apply"], cwd=root, stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(reply.encode())
    process.stdin.close()
    watched = root / ("m00.ml" if moment == "first" else "m02.ml")
    while watched.read_text() == "old\n" and process.poll() is None:
        pass
    process.kill()
    process.wait(60)
    undone = lsp_aid("undo", cwd=root)
    assert undone.returncode == 0, undone.stderr
    assert texts(root) == before


@pytest.mark.parametrize("flag", ["--dry-run", "--json"])
def test_whoever_reads_may_stop_early(root: Path, flag: str) -> None:
    """The exit status is a shell's for a program that wrote into a closed pipe; the work is done."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "lsp_aid", "apply", flag],
        cwd=root,
        input=SEARCH_REPLACE.encode(),
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=120,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
    assert texts(root) == (FILES if flag == "--dry-run" else WANTED)


def test_closed_standard_input(root: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m lsp_aid apply <&-', sys.executable], cwd=root, capture_output=True, timeout=120
    )
    assert done.returncode == 2, done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["apply", "undo"])
def test_help_teaches(tmp_path: Path, command: str) -> None:
    done = lsp_aid(command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert b"Exit status" in done.stdout


def test_what_was_broken_off_and_touched_since_is_told(root: Path) -> None:
    """Nothing older is undone in its place."""
    assert lsp_aid("apply", cwd=root, given=SEARCH_REPLACE).returncode == 0
    changes = ChangeSet([FileChange("m.ml", None, "1\n"), FileChange("n.ml", None, "2\n")])
    Journal(root, os.environ).note(changes, title="A reply", state=State.BEGUN)
    (root / "m.ml").write_text("1\n")
    (root / "n.ml").write_text("mine\n")
    now = texts(root)
    refused = lsp_aid("undo", "--json", cwd=root)
    assert refused.returncode == 1, refused.stderr
    data = answer(refused)
    assert (data["status"], data["touched"]) == ("refused", ["n.ml"])
    assert "“A reply” was broken off on its way" in data["message"]
    assert "by hand in m.ml" in data["message"]
    assert texts(root) == now
    (root / "n.ml").unlink()
    assert lsp_aid("undo", cwd=root).returncode == 0
    assert texts(root) == {path: text for path, text in now.items() if path not in ("m.ml", "n.ml")}
